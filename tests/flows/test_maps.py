"""Maps: the coast, the week's ports drawn honestly, and a page that runs and fetches nothing."""

from __future__ import annotations

import io
import json
import math
import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
import shapely
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from shapely.geometry import LineString, Point

from flows.analyst import layers, portmap, vessel
from flows.catalogue import access
from flows.cli import main
from flows.home.resources import data_path, port_files
from flows.home.settings import Settings
from flows.report import figures, maps
from geo.ports import load_ports

PORTS = load_ports(*port_files())
IRANIAN = PORTS.port[PORTS.port["country"] == "IR"]
HOSTILE = '<script>window.__pwned=1</script>"\'><img src=x onerror="window.__pwned=2">$x_1$\u202e'
SHOWN = HOSTILE.removesuffix("\u202e")


def port(port_id: str, tanker_calls: int | None, linked_calls: int | None = 0, **more: Any) -> Any:
    """A row of report_by_port; `tanker_calls` None: not heard."""
    heard = tanker_calls is not None
    name = IRANIAN.set_index("port_id")["name"].get(port_id, port_id)
    return {
        "port_id": port_id,
        "name": name,
        "water": "",
        "linked_berth_calls": linked_calls if heard else None,
        "linked_calls": linked_calls if heard else None,
        "tanker_calls": tanker_calls,
        "observed_share": 1.0 if heard else 0.0,
        "is_open": False,
    } | more


def week(seed: int) -> list[Any]:
    """A week at all ports: some with calls, some heard and without, some not heard."""
    dice = random.Random(seed)
    rows = []
    for port_id in IRANIAN["port_id"]:
        calls = dice.choice([None, 0, 0, 1, 1, 2, 4, 9, 14])
        rows.append(port(port_id, calls, dice.randint(0, calls) if calls else 0))
    return rows


def circles(figure: Figure) -> dict[str, Any]:
    """The drawn circles by their id, such as ``unheard-IRKHK``, without the legend's."""
    found = figure.findobj(lambda part: isinstance(part, Circle) and part.get_gid() is not None)
    return {circle.get_gid(): circle for circle in found if "-key-" not in circle.get_gid()}


# --- the coast


def test_the_coast_is_one_valid_area_rounded_and_small() -> None:
    path = data_path("coast", "land.geojson")
    assert path.stat().st_size < 400_000
    assert maps.land().is_valid
    places = shapely.get_coordinates(maps.land())
    assert np.abs(places * 1000 - np.round(places * 1000)).max() < 1e-6


@pytest.mark.parametrize(
    ("lon", "lat", "is_land"),
    [
        pytest.param(51.0, 41.0, False, id="middle of the Caspian"),
        pytest.param(51.5, 38.5, False, id="southern Caspian"),
        pytest.param(51.0, 45.0, False, id="northern Caspian"),
        pytest.param(52.0, 27.0, False, id="Persian Gulf"),
        pytest.param(56.5, 26.5, False, id="Strait of Hormuz"),
        pytest.param(59.0, 25.0, False, id="Gulf of Oman"),
        pytest.param(36.0, 46.0, False, id="Sea of Azov"),
        pytest.param(28.0, 60.0, False, id="Gulf of Finland"),
        pytest.param(133.0, 42.0, False, id="Sea of Japan"),
        pytest.param(51.4, 35.7, True, id="Tehran"),
        pytest.param(55.8, 26.8, True, id="Qeshm Island"),
        pytest.param(45.0, 24.0, True, id="Arabia"),
        pytest.param(179.0, 67.5, True, id="Chukotka west of the antimeridian"),
        pytest.param(-175.0, 66.8, True, id="Chukotka east of it"),
    ],
)
def test_land_is_land_and_water_is_water(lon: float, lat: float, is_land: bool) -> None:
    assert maps.land().covers(Point(lon, lat)) == is_land


def test_berths_lie_in_drawn_water_or_near_it_but_on_rivers() -> None:
    # data/coast/README.md names the rivers and canals that the coast does not have.
    up_river = {"IRABD", "IRKHO", "RUASF", "RURND", "RUKGD"}
    berths = PORTS.port_area[PORTS.port_area["kind"] == "berth"]
    shore = shapely.boundary(maps.land())
    inland = {
        berth["port_id"]: shore.distance(berth["geometry"].representative_point()) * 111
        for berth in berths.to_dict("records")
        if maps.land().covers(berth["geometry"].representative_point())
    }
    assert {port_id for port_id, km in inland.items() if km > 15} == up_river
    assert max(inland.values()) < 75


# --- the week's map


@pytest.mark.parametrize("width_in", [maps.WIDE_IN, maps.NARROW_IN])
def test_the_same_rows_in_any_order_give_the_same_map(width_in: float) -> None:
    rows = week(1)
    first = figures.svg(maps.week_map(rows, width_in=width_in), "map", "t", "d")
    again = figures.svg(maps.week_map(rows[::-1], width_in=width_in), "map", "t", "d")
    assert first == again


@pytest.mark.parametrize("width_in", [maps.WIDE_IN, maps.NARROW_IN])
def test_every_port_is_drawn_once_as_what_is_known_of_it(width_in: float) -> None:
    rows = week(2)
    drawn = circles(maps.week_map(rows, width_in=width_in))
    kinds = {None: "unheard", 0: "none"}
    expected = {f"{kinds.get(row['tanker_calls'], 'calls')}-{row['port_id']}" for row in rows}
    linked = {f"linked-calls-{row['port_id']}" for row in rows if row["linked_calls"]}
    assert set(drawn) == expected | linked


def test_what_was_not_heard_does_not_look_like_a_zero() -> None:
    drawn = circles(maps.week_map([port("IRKHK", None), port("IRBUZ", 0)]))
    unheard, none = drawn["unheard-IRKHK"], drawn["none-IRBUZ"]
    assert unheard.get_facecolor()[3] == 0 and unheard.get_linestyle() != "solid"
    assert none.get_facecolor()[3] == 1 and none.get_linestyle() == "solid"
    assert unheard.radius > 1.5 * none.radius
    text = figures.svg(maps.week_map([port("IRKHK", None)]), "map", "t", "d")
    assert "<pattern" in text and "stroke-dasharray" in text


def test_a_week_in_which_nothing_was_heard_has_a_map() -> None:
    rows = [port(port_id, None) for port_id in IRANIAN["port_id"]]
    drawn = circles(maps.week_map(rows))
    assert {gid.split("-")[0] for gid in drawn} == {"unheard"}
    assert maps.week_map([]).axes  # and one without a port has land, sea and fences


def test_areas_are_to_each_other_as_calls() -> None:
    rows = [port("IRKHK", 16, 4), port("IRASA", 4, 4), port("IRBUZ", 1)]
    drawn = circles(maps.week_map(rows))
    area = {gid: circle.radius**2 for gid, circle in drawn.items()}
    one = area["calls-IRBUZ"]
    assert area["calls-IRKHK"] == pytest.approx(16 * one)
    assert area["linked-calls-IRKHK"] == pytest.approx(4 * one)
    assert area["linked-calls-IRASA"] == pytest.approx(area["calls-IRASA"])
    assert "linked-calls-IRBUZ" not in drawn


@pytest.mark.parametrize("width_in", [maps.WIDE_IN, maps.NARROW_IN])
@pytest.mark.parametrize("seed", [3, 4])
def test_circles_and_labels_do_not_hide_each_other(seed: int, width_in: float) -> None:
    rows = week(seed)
    figure = maps.week_map(rows, width_in=width_in)
    discs = {g: c for g, c in circles(figure).items() if not g.startswith("linked")}
    for (_, one), (_, other) in combinations(discs.items(), 2):
        apart = math.dist(one.center, other.center)
        assert apart > one.radius + other.radius
    renderer = FigureCanvasAgg(figure).get_renderer()
    (sheet,) = (axes for axes in figure.axes if axes.get_zorder() == 5)
    boxes = [
        (text.get_text(), text.get_window_extent(renderer).transformed(sheet.transData.inverted()))
        for text in sheet.texts
    ]
    for (one_text, one_box), (other_text, other_box) in combinations(boxes, 2):
        # A renderer rounds the height of a line up; names and their numbers touch.
        slim = other_box.shrunk(1, 0.6)
        assert not one_box.shrunk(1, 0.6).overlaps(slim), (one_text, other_text)
    for _, bounds in boxes:
        area = shapely.box(*bounds.shrunk(1, 0.6).extents)
        for gid, disc in discs.items():
            assert not Point(disc.center).buffer(disc.radius).intersects(area), gid


def test_ports_with_calls_are_named_with_their_number() -> None:
    for width_in in (maps.WIDE_IN, maps.NARROW_IN):
        rows = [
            port("IRKHK", 9, 4),
            port("IRNEK", 4, 4),
            port("IRBND", 2, None, observed_share=0.2),
            port("IRASA", 5, 1, observed_share=0.8),
        ]
        written = _words(figures.svg(maps.week_map(rows, width_in=width_in), "m", "t", "d"))
        assert {"Kharg Island", "Neka oil terminal", "4 of 9", "4 of 4"} <= written
        assert {"at least ? of 2", "at least 1 of 5"} <= written


def _words(svg: str) -> set[str]:
    root = ElementTree.fromstring(svg)
    return {node.text.strip() for node in root.iter() if node.text and node.text.strip()}


def test_names_stay_text_and_ids_are_unique() -> None:
    text = figures.svg(maps.week_map([port("IRKHK", 3, name="$a$ <b>&")]), "map", "t", "d")
    assert "$a$ <b>&" in _words(text)
    ids = [node.get("id") for node in ElementTree.fromstring(text).iter() if node.get("id")]
    assert len(ids) == len(set(ids))


def test_the_map_in_words_says_what_the_picture_says() -> None:
    rows = [
        port("IRKHK", 9, 4),
        port("IRBUZ", 0),
        port("IRZBR", None),
        port("IRLVP", 1, 0, observed_share=0.5),
    ]
    assert maps.week_map_text(rows) == (
        "Map of 4 Iranian ports. Tanker calls, Russian-linked of all: Kharg Island 4 of 9; "
        "Lavan Island at least 0 of 1. Heard, and no tanker call seen: Bushehr. "
        "Too little heard for a number: Chabahar."
    )
    assert "so far" in maps.week_map_text([port("IRKHK", 1, is_open=True)])


# --- the interactive map


def track(places: Any, **more: Any) -> pd.DataFrame:
    """Fixes a minute apart at (lon, lat) of `places`, credible unless told otherwise."""
    places = np.asarray(places, dtype=float).reshape(-1, 2)
    start = datetime(2026, 3, 2)
    return pd.DataFrame(
        {
            "mmsi": 273000001,
            "reported_at": [start + timedelta(minutes=i) for i in range(len(places))],
            "lon": places[:, 0],
            "lat": places[:, 1],
            "sog_kn": np.float32(10),
            "track_id": 273000001,
            "is_own": True,
            "verdict": "credible",
            "reason": None,
            "kind": "credible",
        }
        | more
    )


def found(fix: pd.DataFrame, **more: Any) -> dict[str, Any]:
    """What `ship_on_map` gives of a ship with a hostile name."""
    ship = {
        "hull_id": "IMO 9187629",
        "imo": 9187629,
        "mmsi": 273000001,
        "vessel_name": HOSTILE,
        "flag": "RU",
        "is_tanker": True,
        "first_at": datetime(2026, 3, 2),
        "last_at": datetime(2026, 3, 9),
    }
    call = {
        "arrived_at": datetime(2026, 3, 3),
        "departed_at": None,
        "port_id": "IRKHK",
        "port_name": HOSTILE,
        "country": "IR",
        "area_kind": "berth",
        "confidence": 1,
        "link_tier": "strong",
        "link_reasons": HOSTILE,
        "port_call_id": "a",
        "lon": 50.33,
        "lat": 29.23,
    }
    event = {
        "interference_id": 1,
        "place": HOSTILE,
        "lon": 56.06,
        "lat": 27.10,
        "radius_m": 34.0,
        "began_at": datetime(2026, 3, 3),
        "ended_at": datetime(2026, 3, 4),
        "ships": 4,
        "evidence": HOSTILE,
    }
    return {
        "ship": ship, "fix": fix, "calls": [call], "events": [event], "is_simulated": True,
    } | more  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 80), st.integers(2, 40))
def test_thinning_keeps_all_that_is_flagged_and_the_shape(seed: int, n: int, most: int) -> None:
    dice = np.random.default_rng(seed)
    fix = track(np.add((52, 27), np.cumsum(dice.normal(0, 0.01, (n, 2)), axis=0)))
    fix.loc[dice.random(n) < 0.2, "kind"] = "implausible"
    kept, tolerance_m = layers.thin(fix, most)
    assert (kept["kind"] != "credible").sum() == (fix["kind"] != "credible").sum()
    assert kept["reported_at"].is_monotonic_increasing
    assert set(kept.index) <= set(fix.index)
    credible, left = fix[fix["kind"] == "credible"], kept[kept["kind"] == "credible"]
    if len(credible) <= most:
        assert len(left) == len(credible) and tolerance_m == 0
        return
    assert len(left) <= most + 2
    assert left.index[0] == credible.index[0] and left.index[-1] == credible.index[-1]
    way = LineString(np.column_stack(layers.mercator(left["lon"], left["lat"])))
    x, y = layers.mercator(credible["lon"].to_numpy(), credible["lat"].to_numpy())
    # The tolerance is in metres on the ground at the middle latitude; the projection stretches.
    stretch = 1 / math.cos(math.radians(credible["lat"].median()))
    assert shapely.distance(way, shapely.points(x, y)).max() <= tolerance_m * stretch + 1e-6


def test_a_ship_that_lies_still_for_long_is_thinned_to_little() -> None:
    dice = np.random.default_rng(1)
    fix = track(dice.normal((50.33, 29.23), 1e-4, (30_000, 2)))
    kept, tolerance_m = layers.thin(fix)
    assert len(kept) < 10 and tolerance_m == layers.FIRST_TOLERANCE_M


def test_a_long_track_makes_no_huge_file_and_the_map_says_what_it_left_out() -> None:
    dice = np.random.default_rng(2)
    fix = track((54, 26) + np.cumsum(dice.normal(0, 0.002, (200_000, 2)), axis=0) % 2)
    page = portmap.map_page(PORTS, found(fix))
    assert len(page) < 5_000_000
    assert "Thinned out: " in page and "of 200,000 credible fixes are not drawn" in page
    assert "Thinned out" not in portmap.map_page(PORTS, found(fix[:100]))


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open a page from a file; errors of the page and requests that it makes fail the test."""
    context = browser.new_context(viewport={"width": 900, "height": 700})
    wrong: list[str] = []

    def open_page(page_text: str, *, may_refuse: bool = False) -> Any:
        path = tmp_path / "map.html"
        portmap.write_map(path, page_text)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))

        def listen(message: Any) -> None:
            is_refusal = "Content Security Policy" in message.text
            if message.type in ("error", "warning") and not (may_refuse and is_refusal):
                wrong.append(message.text)

        page.on("console", listen)

        def watch(route: Any) -> None:
            if route.request.url != path.as_uri():
                wrong.append(f"asked for {route.request.url}")
                route.abort()
            else:
                route.continue_()

        page.route("**/*", watch)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn=yes]", timeout=30_000)
        page.wait_for_timeout(200)  # the plot paints in the frame after
        return page

    yield open_page
    context.close()
    assert wrong == []


def _colours(page: Any) -> int:
    """How many colours the map's own part of the screen has."""
    picture = matplotlib.image.imread(io.BytesIO(page.locator("#map").screenshot()))
    return len(np.unique((picture[..., :3] * 255).astype(int).reshape(-1, 3), axis=0))


def test_the_map_of_the_ports_draws_and_fetches_nothing(visit: Any) -> None:
    page = visit(portmap.map_page(PORTS))
    assert page.title() == "Ports and fences"
    assert _colours(page) > 50
    assert "SIMULATED" not in page.inner_text("header")


def test_hostile_names_are_text_wherever_they_stand(visit: Any) -> None:
    kinds = list(layers.FIX_LAYERS)
    fix = pd.concat(
        [track([(50.30 + i / 100, 29.2), (50.31, 29.3)], kind=k) for i, k in enumerate(kinds)]
    )
    page = visit(portmap.map_page(PORTS, found(fix)))
    assert page.evaluate("window.__pwned") is None
    assert page.title() == page.inner_text("h1") == f"{SHOWN}, IMO 9187629"
    assert "SIMULATED" in page.inner_text("header")
    # The call lies under the pointer: its words come up as text too.
    x, y = page.evaluate(
        """() => {
          const [lon, lat] = [50.33, 29.23];
          const view = Object.values(Bokeh.index.roots ?? Bokeh.index)[0];
          const radius = 6378137, rad = Math.PI / 180;
          const at = view.el.getBoundingClientRect();
          const scale = view.frame;
          return [
            at.x + scale.x_scale.compute(lon * rad * radius),
            at.y + scale.y_scale.compute(radius * Math.log(Math.tan(Math.PI / 4 + lat * rad / 2))),
          ];
        }"""
    )
    page.mouse.move(x - 4, y)
    page.mouse.move(x, y)
    page.wait_for_selector("#hover:not([hidden])")
    told = page.inner_text("#hover")
    assert f"Call at {SHOWN} (berth)" in told and "still in port" in told and "contested" in told
    assert page.evaluate("window.__pwned") is None
    assert page.locator("main img, main script").count() == 0


def test_layers_can_be_switched_off(visit: Any) -> None:
    page = visit(portmap.map_page(PORTS))
    before = page.locator("#map").screenshot()
    for box in page.locator("input[data-layer]").all():
        box.uncheck()
    page.wait_for_timeout(200)
    assert page.locator("#map").screenshot() != before


def test_the_pages_own_policy_lets_no_other_script_run(visit: Any) -> None:
    page_text = portmap.map_page(PORTS)
    forged = page_text.replace("<main>", "<script>window.__pwned = 3</script><main>")
    assert forged != page_text
    page = visit(forged, may_refuse=True)
    assert page.evaluate("window.__pwned") is None
    # Else the browser would refuse nothing, and the line above prove nothing.
    opened = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", forged)
    assert visit(opened).evaluate("window.__pwned") == 3


# --- of the sample, and from the command line


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        pytest.param("SIM UMBRA", {"credible", "second hull"}, id="first of two on an MMSI"),
        pytest.param("SIM VEGA", {"credible", "second hull"}, id="second of two on an MMSI"),
        pytest.param("SIM NAVI", {"credible", "implausible"}, id="jammed"),
        pytest.param("SIM BELLATRIX", {"credible", "wrong clock"}, id="wrong clock"),
    ],
)
def test_fixes_of_a_ship_have_their_verdicts(
    sample_home: Settings, name: str, kinds: set[str]
) -> None:
    with access.reading(sample_home) as con:
        (ship,) = vessel.find_ships(con, name)
        shown = portmap.ship_on_map(con, ship)
        calls = con.execute(
            "select count(*) from port_call where imo = $imo", {"imo": ship["imo"]}
        ).fetchone()
    assert set(shown["fix"]["kind"]) == kinds
    assert not shown["fix"].duplicated(["mmsi", "reported_at", "lon", "lat"]).any()
    assert len(shown["calls"]) >= calls[0]
    assert shown["is_simulated"]


def test_ports_map_needs_no_home_and_replaces_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAROMETER_HOME", str(tmp_path / "home"))
    target = tmp_path / "ports.html"
    target.write_text("old")
    assert main(["ports", "--map", str(target)]) == 0
    assert capsys.readouterr().out == f"Map: {target}\n"
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ports.html"]


def test_ports_map_draws_a_ship_of_the_lake(
    sample_home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "ship.html"
    home = ["--home", str(sample_home.home)]
    assert main(["ports", "--map", str(target), "--ship", "sim umbra", *home, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(PORTS.port)
    text = target.read_text(encoding="utf-8")
    assert "<title>SIM UMBRA, IMO 3722350</title>" in text and "SIMULATED DATA" in text


@pytest.mark.parametrize(
    ("ship", "message"),
    [
        pytest.param("sim", "ships. Give the number of one", id="several"),
        pytest.param("1234567", "no ship of that number or name", id="unknown"),
        pytest.param("\x1b[31mnobody", "no ship of that number or name", id="hostile"),
    ],
)
def test_a_ship_that_is_not_one_makes_no_map(
    sample_home: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    ship: str,
    message: str,
) -> None:
    target = tmp_path / "ship.html"
    home = ["--home", str(sample_home.home)]
    assert main(["ports", "--map", str(target), "--ship", ship, *home]) == 1
    told = capsys.readouterr().err
    assert message in told and "\x1b" not in told
    assert not target.exists()


def test_a_ship_that_is_only_listed_makes_no_map(
    sample_home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with access.reading(sample_home) as con:
        row = con.execute(
            "select min(imo) from register_entry "
            "where imo not in (select imo from hull where imo is not null)"
        ).fetchone()
    target = tmp_path / "ship.html"
    home = ["--home", str(sample_home.home)]
    assert main(["ports", "--map", str(target), "--ship", str(row[0]), *home]) == 1
    assert "listed, but never received" in capsys.readouterr().err


def test_a_map_that_cannot_be_written_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for target in (tmp_path / "nowhere" / "map.html", tmp_path):
        assert main(["ports", "--map", str(target)]) == 1
        assert f"{target}: the map cannot be written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_ship_without_a_map_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "--ship", "9187629"]) == 2
    assert "--ship needs --map" in capsys.readouterr().err
