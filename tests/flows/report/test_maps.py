"""The map of the week: the coast, and ports drawn by what was heard of them."""

from __future__ import annotations

import math
import random
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import shapely
from defusedxml import ElementTree
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from shapely.geometry import Point

from flows.home.resources import data_path, port_files
from flows.report import figures, maps
from geo.ports import load_ports

PORTS = load_ports(*port_files())
IRANIAN = PORTS.port[PORTS.port["country"] == "IR"].set_index("port_id")["name"]
WIDTHS = (maps.WIDE_IN, maps.NARROW_IN)


def port(port_id: str, tanker_calls: int | None, linked_calls: int | None = 0, **more: Any) -> Any:
    """A row of report_by_port; `tanker_calls` None: not heard."""
    heard = tanker_calls is not None
    return {
        "port_id": port_id,
        "name": IRANIAN[port_id],
        "linked_calls": linked_calls if heard else None,
        "tanker_calls": tanker_calls,
        "observed_share": 1.0 if heard else 0.0,
        "is_open": False,
    } | more


def week(seed: int) -> list[Any]:
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
    drawn = figure.findobj(lambda part: isinstance(part, Circle) and part.get_gid() is not None)
    return {circle.get_gid(): circle for circle in drawn if "-key-" not in circle.get_gid()}


def texts_of(figure: Figure) -> set[str]:
    return {text.get_text() for axes in figure.axes for text in axes.texts}


# --- the coast


def test_the_coast_is_one_valid_area_rounded_and_small() -> None:
    path = data_path("coast", "land.geojson")
    assert path.stat().st_size < 400_000
    assert maps.land().is_valid
    places = shapely.get_coordinates(maps.land())
    assert np.abs(places * 1000 - np.round(places * 1000)).max() < 1e-6


def test_land_is_land_and_water_is_water() -> None:
    water = {
        "middle of the Caspian": (51.0, 41.0),
        "southern Caspian": (51.5, 38.5),
        "northern Caspian": (51.0, 45.0),
        "Persian Gulf": (52.0, 27.0),
        "Strait of Hormuz": (56.5, 26.5),
        "Gulf of Oman": (59.0, 25.0),
        "Sea of Azov": (36.0, 46.0),
        "Gulf of Finland": (28.0, 60.0),
        "Sea of Japan": (133.0, 42.0),
    }
    ground = {
        "Tehran": (51.4, 35.7),
        "Qeshm Island": (55.8, 26.8),
        "Arabia": (45.0, 24.0),
        "Chukotka west of the antimeridian": (179.0, 67.5),
        "Chukotka east of it": (-175.0, 66.8),
    }
    on_land = {name for name, at in (water | ground).items() if maps.land().covers(Point(at))}
    assert on_land == set(ground)


def test_berths_are_in_drawn_water_or_near_it_except_on_rivers() -> None:
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


@pytest.mark.parametrize("width_in", WIDTHS)
def test_the_same_rows_in_any_order_give_the_same_map(width_in: float) -> None:
    again = maps.week_map(week(3)[::-1], width_in=width_in)
    assert figures.svg(busy(width_in), "a", "t", "d") == figures.svg(again, "a", "t", "d")


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


def test_a_week_without_any_port_has_a_map() -> None:
    assert maps.week_map([]).axes


def test_areas_are_to_each_other_as_calls() -> None:
    drawn = circles(maps.week_map([port("IRKHK", 16, 4), port("IRASA", 4, 4), port("IRBUZ", 1)]))
    area = {gid: circle.radius**2 for gid, circle in drawn.items()}
    unit = area["calls-IRBUZ"]
    assert area["calls-IRKHK"] == pytest.approx(16 * unit)
    assert area["linked-calls-IRKHK"] == pytest.approx(4 * unit)
    assert area["linked-calls-IRASA"] == pytest.approx(area["calls-IRASA"])
    assert "linked-calls-IRBUZ" not in drawn


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
        port("IRKHK", 9, 4),
        port("IRNEK", 4, 4),
        port("IRBND", 2, None, observed_share=0.2),
        port("IRASA", 5, 1, observed_share=0.8, name=hostile),
    ]
    figure = maps.week_map(rows, width_in=width_in)
    expected = {"Kharg Island", "Neka oil terminal", "4 of 9", "4 of 4", hostile}
    assert expected | {"at least ? of 2", "at least 1 of 5"} <= texts_of(figure)
    root = ElementTree.fromstring(figures.svg(figure, "map", "t", "d"))
    assert hostile in {node.text for node in root.iter()}, "names stay text"
    ids = [node.get("id") for node in root.iter() if node.get("id")]
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
