"""Ways by sea between Iranian and Russian ports: what the network promises, and its lengths."""

from __future__ import annotations

import csv
import heapq
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from shapely.geometry import LineString, shape

from flows.catalogue.cells import with_geometry
from flows.derive.sea_ways import sea_distances
from flows.home.resources import data_path, port_files
from flows.home.rules import rule
from geo.ports import load_ports
from tests.build.derivation import Connection, derive, rows, session

PORTS = with_geometry(load_ports(*port_files()).port)
IRANIAN = frozenset(PORTS.loc[PORTS["country"] == "IR", "port_id"])
RUSSIAN = frozenset(PORTS.loc[PORTS["trade_tier"].notna(), "port_id"])
CASPIAN = frozenset(PORTS.loc[PORTS["water"] == "Caspian", "port_id"])
LIMITS = dict(zip(PORTS["port_id"], shapely.from_wkb(PORTS["geometry_wkb"]), strict=True))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


POINTS, LEGS = (read(data_path("sea_ways", name)) for name in ("point.csv", "leg.csv"))
LEGS += [
    {"from_point": port_id, "to_point": point, "narrow_water": ""}
    for port_id, points in zip(PORTS["port_id"], PORTS["waypoints"], strict=True)
    for point in points
]
PLACES = {row["point"]: (float(row["lon"]), float(row["lat"])) for row in POINTS} | {
    port_id: (lon, lat)
    for port_id, lon, lat in zip(PORTS["port_id"], PORTS["lon"], PORTS["lat"], strict=True)
}
PUBLISHED = read(Path(__file__).parent / "sea_distances.csv")


@contextmanager
def derived(ports: pd.DataFrame) -> Iterator[Connection]:
    with session(fenced_port=pa.Table.from_pandas(ports, preserve_index=False)) as con:
        derive(con, "sea_leg")
        legs, found = con.table("sea_leg").df(), con.table("port").df()
        con.from_arrow(sea_distances(legs, found)).create("sea_distance")
        yield con


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with derived(PORTS) as con:
        yield con


@pytest.fixture(scope="module")
def distances(con: Connection) -> dict[tuple[str, str], int]:
    found = rows(con, "from sea_distance")
    return {(row["port_id"], row["russian_port_id"]): row["distance_nm"] for row in found}


def shortest(con: Connection, start: str) -> dict[str, float]:
    """Nautical miles from a point to each that can be reached, by Dijkstra's algorithm."""
    legs: dict[str, list[tuple[str, int]]] = {}
    for row in rows(con, "from sea_leg"):
        legs.setdefault(row["from_point"], []).append((row["to_point"], row["length_m"]))
    reached: dict[str, int] = {}
    waiting = [(0, start)]
    while waiting:
        metres, point = heapq.heappop(waiting)
        if point not in reached:
            reached[point] = metres
            for neighbour, length in legs[point]:
                heapq.heappush(waiting, (metres + length, neighbour))
    return {point: metres / 1852 for point, metres in reached.items()}


def great_circle(start: str, end: str) -> np.ndarray:
    """Points of the great circle, lon and lat in degrees, at most a kilometre apart."""
    (lon, lat), (end_lon, end_lat) = np.radians([PLACES[start], PLACES[end]])
    ends = [
        np.array([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])
        for x, y in ((lon, lat), (end_lon, end_lat))
    ]
    angle = np.arctan2(np.linalg.norm(np.cross(*ends)), ends[0] @ ends[1])
    share = np.linspace(0, 1, 2 + int(angle * rule("earth_radius_km")))[:, None]
    way = (np.sin((1 - share) * angle) * ends[0] + np.sin(share * angle) * ends[1]) / np.sin(angle)
    return np.degrees(np.column_stack([np.arctan2(way[:, 1], way[:, 0]), np.arcsin(way[:, 2])]))


def on_land(leg: dict[str, str], land: shapely.Geometry) -> float:
    """Degrees of the leg on land, more than 2 km off the limits of the ports at its ends.

    Harbours and quays lie on land by a coast that is good to a kilometre or two.
    """
    crossed = LineString(great_circle(leg["from_point"], leg["to_point"])).intersection(land)
    for end in (leg["from_point"], leg["to_point"]):
        if end in LIMITS:
            crossed = crossed.difference(LIMITS[end].buffer(0.02))
    return float(crossed.length)


@pytest.fixture(scope="module")
def land() -> shapely.Geometry:
    drawn = json.loads(data_path("coast", "land.geojson").read_text(encoding="utf-8"))
    geometry = shape(drawn["features"][0]["geometry"])
    shapely.prepare(geometry)
    return geometry


def test_no_leg_crosses_land_but_in_narrow_water(land: shapely.Geometry) -> None:
    crossing = [leg for leg in LEGS if on_land(leg, land) > 0]
    assert crossing == [leg for leg in LEGS if leg["narrow_water"]]


def test_every_leg_joins_two_places_and_is_sailed_both_ways(con: Connection) -> None:
    names = {(leg["from_point"], leg["to_point"]) for leg in LEGS}
    found = {(row["from_point"], row["to_point"]) for row in rows(con, "from sea_leg")}
    assert len(names) == len(LEGS)
    assert found == names | {(end, start) for start, end in names}
    assert {row["point"] for row in POINTS} <= {point for leg in names for point in leg}


def test_every_port_is_reached_and_the_caspian_is_a_sea_apart(
    distances: dict[tuple[str, str], int],
) -> None:
    pairs = {
        (port_id, russian)
        for port_id in IRANIAN
        for russian in RUSSIAN
        if (port_id in CASPIAN) == (russian in CASPIAN)
    }
    lacking = {port_id for port_id, _ in pairs - distances.keys()}
    assert lacking == set(), "no waypoints in data/ports, and no leg in data/sea_ways/leg.csv"
    assert distances.keys() == pairs
    assert CASPIAN & IRANIAN and CASPIAN & RUSSIAN and IRANIAN - CASPIAN and RUSSIAN - CASPIAN


@pytest.mark.parametrize(
    "row", PUBLISHED, ids=[f"{row['from_point']}-{row['to_point']}" for row in PUBLISHED]
)
def test_a_length_is_that_of_other_tables(con: Connection, row: dict[str, str]) -> None:
    length = shortest(con, row["from_point"])[row["to_point"]]
    assert length == pytest.approx(float(row["distance_nm"]), rel=0.04)


def test_the_distance_is_the_shortest_way_from_either_end(
    con: Connection, distances: dict[tuple[str, str], int]
) -> None:
    for russian in RUSSIAN:
        ways = shortest(con, russian)
        for port_id in IRANIAN & ways.keys():
            assert distances[port_id, russian] == pytest.approx(ways[port_id], abs=0.501)


def test_no_way_is_shorter_than_a_great_circle_or_longer_than_a_detour(
    distances: dict[tuple[str, str], int],
) -> None:
    for (port_id, russian), nm in distances.items():
        lon, lat = np.radians(great_circle(port_id, russian)).T
        parts = np.hypot(np.diff(lon) * np.cos((lat[1:] + lat[:-1]) / 2), np.diff(lat))
        assert nm > 0.99 * parts.sum() * rule("earth_radius_km") / 1.852
        for (other, last), far in distances.items():
            if other != port_id and last == russian:
                back = min(
                    distances[other, via] + distances[port_id, via]
                    for via in RUSSIAN
                    if (other, via) in distances
                )
                assert nm <= far + back + 2  # each distance is rounded


def test_a_port_without_a_leg_has_no_distance(distances: dict[tuple[str, str], int]) -> None:
    new = PORTS[PORTS["port_id"] == "IRKHK"].assign(port_id="IR-NEW", waypoints=[()])
    with derived(pd.concat([PORTS, new], ignore_index=True)) as con:
        found = rows(con, "from sea_distance")
        assert "IR-NEW" not in {row["port_id"] for row in found}
        assert len(found) == len(distances)
