"""The chart of the series and the map of the week: what was not heard looks like no zero."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache, partial
from itertools import combinations, cycle
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pytest
import shapely
from defusedxml import ElementTree
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.text import Text
from shapely.geometry import Point

from flows.home.resources import data_path, port_files
from flows.report import charts, figures, maps
from geo.ports import load_ports

Row = dict[str, Any]

# --- any figure

HOSTILE = 'A$x_1$ <script>alert(1)</script> "&"'


def lines() -> Figure:
    with matplotlib.rc_context(figures.STYLE):
        figure = figures.new_figure(4, 3)
        axes = figure.add_subplot()
        axes.plot([1, 2, 3], [1, 3, 2], color=figures.LINKED, label="linked")
        axes.fill_between([1, 2, 3], [0, 1, 1], [2, 4, 3], color=figures.BAND)
        axes.set_title(HOSTILE)
        axes.legend()
    return figure


def ids_of(text: str) -> set[str]:
    """The ids in an SVG, each of which is there once."""
    ids = [node.get("id") for node in ElementTree.fromstring(text).iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    return set(ids)


def test_the_svg_is_whole_and_its_text_is_text() -> None:
    text = figures.svg(lines(), "series", HOSTILE, HOSTILE)
    root = ElementTree.fromstring(text)
    words = [node.text.strip() for node in root.iter() if node.text and node.text.strip()]
    assert words[:2] == [HOSTILE, HOSTILE] and HOSTILE in words[2:]
    assert "<script" not in text


def test_a_figure_that_stands_gets_the_words_of_today() -> None:
    def taken(text: str, standing: str, draw: Callable[[], Figure] = lines) -> str:
        return figures.standing_or_drawn(standing, "shown", draw, "chart", "A title", text)

    def never() -> Figure:
        raise AssertionError("drawn again")

    today = taken(HOSTILE, "")
    assert taken(HOSTILE, f"<p></p>{taken('so far', '')}<p></p>", never) == today
    assert taken(HOSTILE, today, never) == today


def test_colours_are_variables_and_ids_have_the_figures_name() -> None:
    text = figures.svg(lines(), "series", "t", "d")
    assert not [colour for colour in figures.VARIABLES.values() if colour in text]
    assert "var(--linked)" in text
    assert not ids_of(text) & ids_of(figures.svg(lines(), "map", "t", "d"))
    referred = set(re.findall(r'(?:url\(|href=")#([^)"]+)', text))
    assert referred and referred <= ids_of(text)


# --- the chart

START = date(2025, 12, 29)
LINKED = ("russian_linked_tanker_calls", "russian_linked_berth_calls")


def series(*calls: int | None, state: str = "complete") -> list[Row]:
    """A week for each count, from 2026-W01 on; None is a week that nobody heard."""
    rows: list[Row] = []
    for number, count in enumerate(calls):
        start = START + timedelta(weeks=number)
        row: Row = {"week": f"{start:%G-W%V}", "week_start": start, "observed_share": 0.05}
        row |= dict.fromkeys((*LINKED, "tanker_calls", "low_95", "high_95"))
        row |= {"state": "unobserved"}
        if count is not None:
            row |= dict(zip(LINKED, (count, count // 2), strict=True))
            row |= {"tanker_calls": count + 10, "low_95": 0.5 * count, "high_95": 2.0 * count + 4}
            row |= {"observed_share": 1.0, "state": state}
        rows.append(row)
    return rows


def drawn(rows: list[Row], size: Any = charts.WIDE, *usual: Any) -> list[Axes]:
    """The top, middle and bottom axes."""
    return charts.series_figure(rows, *size, *usual).axes


class Bar(NamedTuple):
    """A rectangle of a chart: the week under its middle, its lower end, its height, its colour."""

    week: int
    low: float
    height: float
    colour: str


def bars(axes: Axes, *, hatched: bool = False) -> dict[int, list[Bar]]:
    """Bars by the week that they stand over, from below; or what is hatched."""
    by_week: dict[int, list[Bar]] = {}
    for drawn_bars in (c for c in axes.collections if isinstance(c, PolyCollection)):
        if bool(drawn_bars.get_hatch()) == hatched:
            for path, colour in zip(
                drawn_bars.get_paths(), cycle(drawn_bars.get_facecolor()), strict=False
            ):
                (west, low), (east, high) = path.get_extents().get_points()
                bar = Bar(round((west + east) / 2), low, high - low, to_hex(colour))
                by_week.setdefault(bar.week, []).append(bar)
    return by_week


def colours(axes: Axes, week: int) -> list[str]:
    return [bar.colour for bar in bars(axes)[week]]


def gaps(axes: Axes) -> list[int]:
    """The weeks that are hatched."""
    return list(bars(axes, hatched=True))


def test_an_unheard_week_is_a_gap_and_not_zero() -> None:
    top, middle, bottom = drawn(series(4, None, None, 0, 3))
    assert set(bars(top)) == {0, 3, 4}
    assert gaps(top) == gaps(middle) == [1, 2], "a zero that was heard is no gap"
    limits = [c for c in top.collections if isinstance(c, LineCollection)]
    ends = {round(line[0][0]): line[1][1] for c in limits for line in c.get_segments()}
    assert set(ends) == {0, 3, 4}, "and has its limits"
    values = [str(value) for value in middle.lines[0].get_ydata()]
    assert values == ["14.0", "nan", "nan", "10.0", "13.0"]
    assert [round(bar[0].height, 2) for bar in bars(bottom).values()] == [1, 0.05, 0.05, 1, 1]
    rows = series(4, None)
    rows[1] |= {"tanker_calls": 12}
    top, middle, _ = drawn(rows)
    assert (gaps(top), gaps(middle)) == ([1], []), "all tankers may be counted where linked cannot"


def test_calls_at_a_berth_stand_below_those_at_anchor_and_an_open_week_is_hollow() -> None:
    top, _, _ = drawn(series(5))
    below, above = bars(top)[0]
    assert (below.low, below.height) == (0, 2)
    assert (above.low, above.height) == (2, 3)
    assert colours(top, 0) == [figures.BERTH, figures.LINKED]
    week = series(4, 4, state="open")[1] | {"low_95": None, "high_95": None}
    top, _, _ = drawn([*series(4), week])
    assert {*colours(top, 1)} == {figures.PAPER}
    assert figures.PAPER not in colours(top, 0)


def test_limits_of_a_week_hardly_heard_do_not_stretch_the_axis() -> None:
    rows = series(4, 4)
    rows[1] |= {"state": "partial", "observed_share": 0.1, "low_95": 11.0, "high_95": 102.0}
    top, _, _ = drawn(rows)
    assert top.get_ylim()[1] == pytest.approx(1.08 * 12)


def test_the_usual_is_drawn_over_the_weeks_that_it_is_of() -> None:
    usual = charts.Usual(2.1, weeks=4, before_weeks=8)
    (line,) = drawn(series(*[2] * 20), charts.WIDE, usual)[0].lines
    assert list(line.get_xdata()) == [7.5, 15.5], "weeks 8 to 15 of 0 to 19"
    assert list(line.get_ydata()) == [2.1, 2.1]


@pytest.mark.parametrize("size", [charts.WIDE, charts.NARROW, charts.CHAT])
def test_only_the_last_weeks_are_drawn(size: tuple[float, int]) -> None:
    _, _, bottom = drawn(series(*[1] * 120), size)
    assert len(bars(bottom)) == size[1]
    labels = [label.get_text() for label in bottom.get_xticklabels()]
    assert 2 <= len(labels) <= 13 and labels[-1].endswith(" 28")
    _, _, bottom = drawn(series(1, 2, 3), charts.NARROW)
    assert [label.get_text() for label in bottom.get_xticklabels()] == ["W01", "W02", "W03"]


@pytest.mark.parametrize("calls", [(None,), (0,), (None, None), (7,)])
def test_a_young_series_draws(calls: tuple[int | None, ...]) -> None:
    for size in (charts.WIDE, charts.NARROW):
        assert figures.svg(charts.series_figure(series(*calls), *size), "a", "t", "d")
    assert charts.series_png(series(*calls), ["Week"]).startswith(b"\x89PNG")


# --- the coast

PORTS = load_ports(*port_files())
IRANIAN = PORTS.port[PORTS.port["country"] == "IR"].set_index("port_id")["name"]
WIDTHS = (maps.WIDE_IN, maps.NARROW_IN)
WATER = {
    **{"middle of the Caspian": (51.0, 41.0), "southern Caspian": (51.5, 38.5)},
    **{"northern Caspian": (51.0, 45.0), "Persian Gulf": (52.0, 27.0)},
    **{"Strait of Hormuz": (56.5, 26.5), "Gulf of Oman": (59.0, 25.0)},
    **{"Sea of Azov": (36.0, 46.0), "Gulf of Finland": (28.0, 60.0)},
    "Sea of Japan": (133.0, 42.0),
}
GROUND = {
    **{"Tehran": (51.4, 35.7), "Qeshm Island": (55.8, 26.8), "Arabia": (45.0, 24.0)},
    "Chukotka west of the antimeridian": (179.0, 67.5),
    "Chukotka east of it": (-175.0, 66.8),
}


def test_the_coast_is_one_valid_area_rounded_and_small_and_land_is_land() -> None:
    assert data_path("coast", "land.geojson").stat().st_size < 400_000
    assert maps.land().is_valid
    places = shapely.get_coordinates(maps.land())
    assert np.abs(places * 1000 - np.round(places * 1000)).max() < 1e-6
    on_land = {name for name, at in (WATER | GROUND).items() if maps.land().covers(Point(at))}
    assert on_land == set(GROUND)


def test_berths_are_in_drawn_water_or_near_it_except_on_rivers() -> None:
    # data/coast/README.md names the rivers and canals that the coast does not have.
    up_river = {"IRABD", "IRKHO", "RUASF", "RURND", "RUKGD"}
    berths = PORTS.port_area[PORTS.port_area["kind"] == "berth"]
    shore = shapely.boundary(maps.land())
    inside = (berth.representative_point() for berth in berths["geometry"])
    places = zip(berths["port_id"], inside, strict=True)
    inland = {port: shore.distance(at) * 111 for port, at in places if maps.land().covers(at)}
    assert {port_id for port_id, km in inland.items() if km > 15} == up_river
    assert max(inland.values()) < 75


# --- the week's map


def port(port_id: str, tanker_calls: int | None, linked_calls: int | None = 0, **more: Any) -> Row:
    """A row of report_by_port; `tanker_calls` None: not heard."""
    heard = tanker_calls is not None
    return {
        **{"port_id": port_id, "name": IRANIAN[port_id], "tanker_calls": tanker_calls},
        "linked_calls": linked_calls if heard else None,
        **{"observed_share": 1.0 if heard else 0.0, "is_open": False},
    } | more


def week(seed: int) -> list[Row]:
    """A week at all ports: some with calls, some heard and without, some not heard."""
    dice = random.Random(seed)
    rows = []
    for port_id in IRANIAN.index:
        calls = dice.choice([None, 0, 0, 1, 1, 2, 4, 9, 14])
        rows.append(port(port_id, calls, dice.randint(0, calls) if calls else 0))
    return rows


@cache
def busy(width_in: float, seed: int = 3) -> Figure:
    return maps.week_map(week(seed), width_in=width_in)


def circles(figure: Figure) -> dict[str, Any]:
    """The drawn circles by their id, such as ``unheard-IRKHK``, without the legend's."""
    found = figure.findobj(lambda part: isinstance(part, Circle) and part.get_gid() is not None)
    return {circle.get_gid(): circle for circle in found if "-key-" not in circle.get_gid()}


@pytest.mark.parametrize("width_in", WIDTHS)
def test_every_port_is_drawn_once_by_what_is_known_of_it(width_in: float) -> None:
    kinds = {None: "unheard", 0: "none"}
    expected = {f"{kinds.get(row['tanker_calls'], 'calls')}-{row['port_id']}" for row in week(3)}
    linked = {f"linked-calls-{row['port_id']}" for row in week(3) if row["linked_calls"]}
    assert set(circles(busy(width_in))) == expected | linked


def test_what_was_not_heard_does_not_look_like_a_zero() -> None:
    figure = maps.week_map([port("IRKHK", None), port("IRBUZ", 0)])
    unheard, none = circles(figure)["unheard-IRKHK"], circles(figure)["none-IRBUZ"]
    assert unheard.get_facecolor()[3] == 0 and unheard.get_linestyle() != "solid"
    assert none.get_facecolor()[3] == 1 and none.get_linestyle() == "solid"
    assert unheard.radius > 1.5 * none.radius
    text = figures.svg(figure, "map", "t", "d")
    assert "<pattern" in text and "stroke-dasharray" in text
    assert maps.week_map([]).axes, "a week without any port has a map"


def test_areas_are_to_each_other_as_calls() -> None:
    found = circles(maps.week_map([port("IRKHK", 16, 4), port("IRASA", 4, 4), port("IRBUZ", 1)]))
    area = {gid: circle.radius**2 for gid, circle in found.items()}
    unit = area["calls-IRBUZ"]
    assert area["calls-IRKHK"] == pytest.approx(16 * unit)
    assert area["linked-calls-IRKHK"] == pytest.approx(4 * unit)
    assert area["linked-calls-IRASA"] == pytest.approx(area["calls-IRASA"])
    assert "linked-calls-IRBUZ" not in found


@pytest.mark.parametrize("width_in", WIDTHS)
@pytest.mark.parametrize("seed", [3, 4])
def test_circles_and_labels_do_not_overlap(seed: int, width_in: float) -> None:
    figure = busy(width_in, seed)
    discs = [c for gid, c in circles(figure).items() if not gid.startswith("linked")]
    for disc, other in combinations(discs, 2):
        assert math.dist(disc.center, other.center) > disc.radius + other.radius
    renderer = FigureCanvasAgg(figure).get_renderer()
    (sheet,) = (axes for axes in figure.axes if axes.get_zorder() == 5)
    # A renderer rounds the height of a line up; names and their numbers touch.
    boxes = [
        text.get_window_extent(renderer).transformed(sheet.transData.inverted()).shrunk(1, 0.6)
        for text in sheet.texts
    ]
    assert not any(label.overlaps(other) for label, other in combinations(boxes, 2))
    areas = [shapely.box(*label.extents) for label in boxes]
    assert all(shapely.box(0, 0, *figure.get_size_inches()).contains(area) for area in areas)
    symbols = [Point(disc.center).buffer(disc.radius) for disc in discs]
    assert not any(symbol.intersects(area) for symbol in symbols for area in areas)


@pytest.mark.parametrize("width_in", WIDTHS)
def test_ports_with_calls_are_named_with_their_number(width_in: float) -> None:
    hostile = "$a$ <b>&"
    rows = [
        *(port("IRKHK", 9, 4), port("IRNEK", 4, 4), port("IRBND", 2, None, observed_share=0.2)),
        port("IRASA", 5, 1, observed_share=0.8, name=hostile),
    ]
    figure = maps.week_map(rows, width_in=width_in)
    texts = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert {"Kharg Island", "Neka oil terminal", "4 of 9", "4 of 4", hostile} <= texts
    assert {"? of 2", "at least 1 of 5"} <= texts
    text = figures.svg(figure, "map", "t", "d")
    assert hostile in {node.text for node in ElementTree.fromstring(text).iter()}
    assert ids_of(text)


def test_the_map_in_words_says_what_the_picture_says() -> None:
    half = port("IRLVP", 1, 0, observed_share=0.5)
    rows = [port("IRKHK", 9, 4), port("IRBUZ", 0), port("IRZBR", None), half]
    assert maps.week_map_text(rows) == (
        "Map of 4 Iranian ports. Tanker calls, Russian-linked of all: Kharg Island 4 of 9; "
        "Lavan Island 0 of 1 seen. Heard, and no tanker call seen: Bushehr. "
        "Too little heard for a number: Chabahar."
    )
    assert "so far" in maps.week_map_text([port("IRKHK", 1, is_open=True)])


def test_the_map_of_another_series_names_its_cargo() -> None:
    rows = [port("IRNSH", 3, 1), port("IRBUZ", 0)]
    words = [
        maps.week_map_text(rows, "dry cargo"),
        *(text.get_text() for text in maps.week_map(rows, cargo="dry cargo").findobj(Text)),
    ]
    assert any("dry cargo call seen" in text for text in words[1:])
    assert not any("anker" in text for text in words)


def test_a_map_is_drawn_again_only_where_it_shows_something_else() -> None:
    heard = [port("IRKHK", 4, 1), port("IRBUZ", 0), port("IRASA", None)]
    other = [row | {"observed_share": 0.97 if row["tanker_calls"] else 0.4} for row in heard]
    assert maps.shown(heard) == maps.shown(other[::-1])
    same = [figures.svg(maps.week_map(rows), "a", "t", "d") for rows in (heard, other)]
    assert same[0] == same[1]
    for change in ({"linked_calls": 2}, {"tanker_calls": 5}, {"observed_share": 0.9}):
        assert maps.shown([heard[0] | change, *heard[1:]]) != maps.shown(heard)


# --- the same bytes

ROWS, USUAL = series(3, None, 5), charts.Usual(2.0, 1, 8)


def map_svg(width_in: float, step: int) -> str:
    figure = maps.week_map(week(3)[::-1], width_in=width_in) if step < 0 else busy(width_in)
    return figures.svg(figure, "a", "t", "d")


TWICE: dict[str, Callable[[int], object]] = {
    "a figure": lambda _: figures.svg(lines(), "a", "t", "d"),
    "a picture": lambda _: figures.png(lines()),
    "the chart": lambda _: charts.series_png(ROWS, ["A"], USUAL),
    **{
        f"the map of {width_in} inches, in any order": partial(map_svg, width_in)
        for width_in in WIDTHS
    },
}


@pytest.mark.parametrize("name", TWICE)
def test_the_same_data_give_the_same_bytes(name: str) -> None:
    assert TWICE[name](1) == TWICE[name](-1)
