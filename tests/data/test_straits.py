"""The boxes of the Danish straits: apart, and on every way from the Baltic to the Atlantic."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import shapely

ROOT = Path(__file__).parents[2]
STRAITS = ROOT / "data" / "straits" / "danish.csv"
DANISH_DAY = ROOT.parent / "shared" / "data" / "ais" / "dma-2018-06-01.csv"

# Turning points of the ways, lat and lon, from general knowledge. From the Gulf of Finland, north
# about Bornholm, or south about it:
NORTH_ABOUT = [(59.0, 21.5), (56.5, 18.0), (55.55, 15.3), (55.3, 14.45), (55.1, 13.6)]
SOUTH_ABOUT = [(59.0, 21.5), (56.0, 18.5), (54.85, 15.2), (54.8, 13.8)]
# On to Skagen, by the Sound, or by the Kadet channel and the Great Belt:
SOUND = [(55.3, 12.8), (55.53, 12.71), (56.03, 12.65), (56.4, 12.2), (56.8, 11.95), (57.85, 10.9)]
GREAT_BELT = [
    *((54.75, 12.7), (54.5, 12.2), (54.6, 11.1), (54.9, 10.85), (55.34, 11.03)),
    *((55.9, 10.95), (56.3, 11.3), (56.9, 11.5), (57.85, 10.9)),
]
WAYS = {
    "north about Bornholm, the Sound": NORTH_ABOUT + SOUND,
    "north about Bornholm, the Great Belt": NORTH_ABOUT + GREAT_BELT,
    "south about Bornholm, the Sound": SOUTH_ABOUT + SOUND,
    "south about Bornholm, the Great Belt": SOUTH_ABOUT + GREAT_BELT,
}


def read() -> list[dict[str, str]]:
    with STRAITS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def boxes() -> dict[str, shapely.Polygon]:
    edges = ("west", "south", "east", "north")
    return {row["side"]: shapely.box(*(float(row[edge]) for edge in edges)) for row in read()}


def on_the_plane(way: list[tuple[float, float]]) -> shapely.LineString:
    return shapely.LineString([(lon, lat) for lat, lon in way])


def length_km(line: shapely.Geometry) -> float:
    squeeze = np.cos(np.radians(line.centroid.y))
    flat = shapely.transform(line, lambda xy: xy * [squeeze, 1] * 111.195)
    return float(flat.length)


def test_table_is_well_formed_and_no_fix_is_on_both_sides(
    boxes: dict[str, shapely.Polygon],
) -> None:
    assert b"\r" not in STRAITS.read_bytes()
    rows = read()
    assert list(rows[0]) == ["strait", "side", "west", "south", "east", "north", "source"]
    assert {row["strait"] for row in rows} == {"Danish straits"}
    assert [row["side"] for row in rows] == ["east", "west"]
    assert all(row["source"] == row["source"].strip() != "" for row in rows)
    assert all(box.is_valid and box.area > 0 for box in boxes.values())
    assert shapely.distance(boxes["east"], boxes["west"]) > 1  # a degree


@pytest.mark.parametrize("name", WAYS)
def test_every_way_out_of_the_baltic_passes_east_and_then_west(
    boxes: dict[str, shapely.Polygon], name: str
) -> None:
    """And is in each for 60 km: two hours and more at 15 knots, so an hourly fix falls into it."""
    way = on_the_plane(WAYS[name])
    inside = {side: way.intersection(box) for side, box in boxes.items()}
    assert min(length_km(part) for part in inside.values()) > 60
    along = {side: way.project(part.centroid) for side, part in inside.items()}
    assert along["east"] < along["west"]


# Ways that make no passage: which box they touch at most.
OTHER_WAYS = {
    "the Kiel canal": ([(54.8, 13.8), (54.75, 12.7), (54.5, 12.2), (54.45, 10.2)], "east"),
    "Rostock to Trelleborg": ([(54.18, 12.09), (54.7, 12.6), (55.36, 13.15)], "east"),
    "Gothenburg to Frederikshavn": ([(57.69, 11.85), (57.6, 11.3), (57.43, 10.54)], "west"),
    "Kiel to Copenhagen": ([(54.45, 10.2), (54.5, 11.3), (54.45, 12.1), (54.9, 12.5)], ""),
    "Gdansk to Klaipeda": ([(54.5, 18.9), (55.0, 20.0), (55.7, 21.0)], ""),
    "Hamburg to Bergen": ([(54.0, 8.3), (56.0, 6.5), (60.3, 5.0)], ""),
}


@pytest.mark.parametrize("name", OTHER_WAYS)
def test_other_ways_touch_one_box_at_most(boxes: dict[str, shapely.Polygon], name: str) -> None:
    way, side = OTHER_WAYS[name]
    touched = [key for key, box in boxes.items() if box.intersects(on_the_plane(way))]
    assert touched == ([side] if side else [])


@pytest.mark.skipif(not DANISH_DAY.exists(), reason=f"{DANISH_DAY} is not here")
def test_ships_are_heard_in_both_boxes(boxes: dict[str, shapely.Polygon]) -> None:
    """One second of the Danish day has ships under way in each, on the water of the ways."""
    with DANISH_DAY.open(encoding="utf-8", newline="") as file:
        ships = [row for row in csv.DictReader(file) if row["Type of mobile"].startswith("Class")]
    moving = [row for row in ships if float(row["SOG"] or 0) > 3]
    fixes = [shapely.Point(float(row["Longitude"]), float(row["Latitude"])) for row in moving]
    under_way = {side: sum(map(box.intersects, fixes)) for side, box in boxes.items()}
    assert under_way["east"] >= 4
    assert under_way["west"] >= 4
