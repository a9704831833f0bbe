"""The interactive map: it draws, runs no foreign script and fetches nothing."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from flows.analyst import layers, portmap, vessel
from flows.catalogue import access
from flows.cli import main
from flows.home.resources import port_files
from flows.home.settings import Settings
from geo.ports import load_ports

PORTS = load_ports(*port_files())
HOSTILE = '<script>window.__pwned=1</script>"\'><img src=x onerror="window.__pwned=2">$x_1$\u202e'
SHOWN = HOSTILE.removesuffix("\u202e")
MONDAY = datetime(2026, 3, 2)


def track(places: Any, **more: Any) -> pd.DataFrame:
    """Fixes a minute apart at (lon, lat) of `places`, credible by default."""
    lon, lat = np.asarray(places, dtype=float).reshape(-1, 2).T
    at = [MONDAY + timedelta(minutes=i) for i in range(len(lon))]
    fix = {"mmsi": 273000001, "reported_at": at, "lon": lon, "lat": lat, "sog_kn": np.float32(10)}
    verdict = {"is_own": True, "verdict": "credible", "reason": None, "kind": "credible"}
    return pd.DataFrame({**fix, "track_id": 273000001, **verdict, **more})


def hostile_ship(fix: pd.DataFrame) -> dict[str, Any]:
    """What `ship_on_map` gives of a ship, with hostile texts."""
    ship = {"hull_id": "IMO 9187629", "imo": 9187629, "mmsi": 273000001, "vessel_name": HOSTILE}
    ship |= {"flag": "RU", "is_tanker": True, "first_at": MONDAY, "last_at": MONDAY}
    call = {"port_id": "IRKHK", "port_name": HOSTILE, "area_kind": "berth", "port_call_id": "a"}
    call |= {"arrived_at": MONDAY, "departed_at": None, "country": "IR", "confidence": 1}
    call |= {"link_tier": "strong", "link_reasons": HOSTILE, "lon": 50.33, "lat": 29.23}
    event = {"interference_id": 1, "place": HOSTILE, "lon": 56.06, "lat": 27.10, "radius_m": 34.0}
    event |= {"began_at": MONDAY, "ended_at": MONDAY, "ships": 4, "evidence": HOSTILE}
    return {"ship": ship, "fix": fix, "calls": [call], "events": [event], "is_simulated": True}


@settings(max_examples=20, deadline=None)
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


def test_what_is_long_makes_no_huge_file_and_the_map_says_what_it_left_out() -> None:
    dice = np.random.default_rng(1)
    still, tolerance_m = layers.thin(track(dice.normal((50.33, 29.23), 1e-4, (30_000, 2))))
    assert len(still) < 10 and tolerance_m == layers.FIRST_TOLERANCE_M
    fix = track((54, 26) + np.cumsum(dice.normal(0, 0.002, (200_000, 2)), axis=0) % 2)
    page = portmap.map_page(PORTS, hostile_ship(fix))
    assert len(page) < 5_000_000
    assert "Thinned out: " in page and "of 200,000 credible fixes are not drawn" in page
    assert "Thinned out" not in portmap.map_page(PORTS, hostile_ship(fix[:100]))


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open a page from a file; errors of the page and requests that it makes fail the test."""
    context = browser.new_context(viewport={"width": 900, "height": 700})
    wrong: list[str] = []

    def open_page(page_text: str, *, may_refuse: bool = False) -> Any:
        path = tmp_path / "map.html"
        path.write_text(page_text, encoding="utf-8")
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))

        def listen(message: Any) -> None:
            is_refusal = "Content Security Policy" in message.text
            if message.type in ("error", "warning") and not (may_refuse and is_refusal):
                wrong.append(message.text)

        def watch(route: Any) -> None:
            if route.request.url != path.as_uri():
                wrong.append(f"asked for {route.request.url}")
                route.abort()
            else:
                route.continue_()

        page.on("console", listen)
        page.route("**/*", watch)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn=yes]", timeout=30_000)
        page.wait_for_timeout(200)  # the plot paints in the frame after
        return page

    yield open_page
    context.close()
    assert wrong == []


def test_the_map_of_the_ports_draws_and_its_layers_can_be_switched_off(visit: Any) -> None:
    page = visit(portmap.map_page(PORTS))
    assert page.title() == "Ports and fences"
    assert "SIMULATED" not in page.inner_text("header")
    before = page.locator("#map").screenshot()
    picture = matplotlib.image.imread(io.BytesIO(before))[..., :3]
    assert len(np.unique((picture * 255).astype(int).reshape(-1, 3), axis=0)) > 50
    for box in page.locator("input[data-layer]").all():
        box.uncheck()
    page.wait_for_timeout(200)
    assert page.locator("#map").screenshot() != before


AT_CALL = """() => {
  const { el, frame } = Object.values(Bokeh.index.roots ?? Bokeh.index)[0];
  const [lon, lat, radius, rad] = [50.33, 29.23, 6378137, Math.PI / 180];
  const at = el.getBoundingClientRect();
  return [
    at.x + frame.x_scale.compute(lon * rad * radius),
    at.y + frame.y_scale.compute(radius * Math.log(Math.tan(Math.PI / 4 + lat * rad / 2))),
  ];
}"""


def test_hostile_names_are_text_wherever_they_are(visit: Any) -> None:
    kinds = list(layers.FIX_LAYERS)
    fix = pd.concat(
        [track([(50.30 + i / 100, 29.2), (50.31, 29.3)], kind=k) for i, k in enumerate(kinds)]
    )
    page = visit(portmap.map_page(PORTS, hostile_ship(fix)))
    assert page.title() == page.inner_text("h1") == f"{SHOWN}, IMO 9187629"
    assert "SIMULATED" in page.inner_text("header")
    x, y = page.evaluate(AT_CALL)
    page.mouse.move(x - 4, y)
    page.mouse.move(x, y)
    page.wait_for_selector("#hover:not([hidden])")
    shown = page.inner_text("#hover")
    assert f"Call at {SHOWN} (berth)" in shown and "still in port" in shown and "contested" in shown
    assert page.evaluate("window.__pwned") is None
    assert page.locator("main img, main script").count() == 0


def test_the_pages_own_policy_lets_no_other_script_run(visit: Any) -> None:
    page_text = portmap.map_page(PORTS)
    forged = page_text.replace("<main>", "<script>window.__pwned = 3</script><main>")
    assert visit(forged, may_refuse=True).evaluate("window.__pwned") is None
    # Without the policy the script runs, so the line above can fail.
    opened = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", forged)
    assert visit(opened).evaluate("window.__pwned") == 3


# --- of the sample, and from the command line


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("SIM UMBRA", {"credible", "second hull"}),  # she and the next are two on an MMSI
        ("SIM VEGA", {"credible", "second hull"}),
        ("SIM NAVI", {"credible", "implausible"}),
        ("SIM BELLATRIX", {"credible", "wrong clock"}),
    ],
)
def test_fixes_of_a_ship_have_their_verdicts(
    sample_home: Settings, name: str, kinds: set[str]
) -> None:
    with access.reading(sample_home) as con:
        (ship,) = vessel.find_ships(con, name)
        shown = portmap.ship_on_map(con, ship)
        calls = con.execute("select count(*) from port_call where imo = $1", [ship["imo"]])
        assert len(shown["calls"]) >= calls.fetchall()[0][0]
    assert set(shown["fix"]["kind"]) == kinds
    assert not shown["fix"].duplicated(["mmsi", "reported_at", "lon", "lat"]).any()
    assert shown["is_simulated"]


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ports_map(capsys: pytest.CaptureFixture[str]) -> Command:
    """`barometer ports --map`: exit code, output, messages."""
    return lambda *given: (main(["ports", "--map", *map(str, given)]), *capsys.readouterr())


def test_ports_map_needs_no_home_draws_a_ship_of_the_lake_and_replaces_a_file(
    sample_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ports_map: Command
) -> None:
    monkeypatch.setenv("BAROMETER_HOME", str(tmp_path / "home"))
    target = tmp_path / "ports.html"
    target.write_text("old")
    assert ports_map(target) == (0, f"Map: {target}\n", "")
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["ports.html"]
    code, out, _ = ports_map(target, "--ship", "sim umbra", "--home", sample_home.home, "--json")
    assert (code, len(json.loads(out))) == (0, len(PORTS.port))
    text = target.read_text(encoding="utf-8")
    assert "<title>SIM UMBRA, IMO 3722350</title>" in text and "SIMULATED DATA" in text


ONLY_LISTED = "select min(imo) from register_entry anti join hull using (imo)"


def test_without_one_ship_heard_there_is_no_map(
    sample_home: Settings, tmp_path: Path, ports_map: Command
) -> None:
    with access.reading(sample_home) as con:
        ((only_listed,),) = con.execute(ONLY_LISTED).fetchall()
    target = tmp_path / "ship.html"
    for ship, message in (
        ("sim", "ships. Give the id of one"),
        ("1234567", "no ship of that number or name"),
        ("\x1b[31mnobody", "no ship of that number or name"),
        (only_listed, "listed, but never received"),
    ):
        code, _, err = ports_map(target, "--ship", ship, "--home", sample_home.home)
        assert code == 1 and message in err and "\x1b" not in err
        assert not target.exists()


def test_a_map_that_cannot_be_written_says_so(
    tmp_path: Path, ports_map: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    for target in (tmp_path / "nowhere" / "map.html", tmp_path):
        code, _, err = ports_map(target)
        assert code == 1 and f"{target}: the page cannot be written" in err
    assert list(tmp_path.iterdir()) == []
    assert main(["ports", "--ship", "9187629"]) == 2
    assert "--ship needs --map" in capsys.readouterr().err
