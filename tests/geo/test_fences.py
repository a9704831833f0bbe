"""Points against fences: exact against plain shapely, and sensible against real positions."""

from __future__ import annotations

import time
import zipfile

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely

from geo.earth import great_circle_m
from geo.fences import ANCHORAGE, BERTH, BLOCK, OUTSIDE, PORT_LIMIT, locate, near
from geo.ports import Ports
from tests.conftest import ROOT

REAL = ROOT.parent / "shared" / "data" / "ais"
RANKS = {"port_limit": PORT_LIMIT, "anchorage": ANCHORAGE, "berth": BERTH}
KHARG = 50.33, 29.23

Floats = npt.NDArray[np.float64]


def by_hand(x: Floats, y: Floats, ports: Ports) -> tuple[list[int], list[int], list[bool]]:
    """Each point against every polygon, the slow and plain way."""
    port, area = np.full(x.size, -1), np.full(x.size, OUTSIDE)
    shared = np.zeros(x.size, np.bool_)
    ids, points = ports.port["port_id"].tolist(), shapely.points(x, y)
    columns = ["port_id", "kind", "geometry", "serves"]
    for port_id, kind, geometry, serves in ports.port_area[columns].itertuples(index=False):
        inside = shapely.covers(geometry, points)
        port[inside] = ids.index(port_id)
        area[inside] = np.maximum(area[inside], RANKS[kind])
        shared[inside] |= bool(serves)
    return port.tolist(), area.tolist(), shared.tolist()


def points_around(ports: Ports, count: int) -> tuple[Floats, Floats]:
    """Random points in the neighbourhood of every area, and some far away."""
    draw = np.random.default_rng(20260407)
    bounds = shapely.bounds(ports.port_area["geometry"].tolist())
    pick = bounds[draw.integers(0, len(bounds), count)]
    xy = pick[:, :2] + (pick[:, 2:] - pick[:, :2]) * draw.uniform(-0.3, 1.3, (count, 2))
    far = draw.uniform([-180, -90], [180, 90], (count // 10, 2))
    every = np.vstack([xy, far])
    return every[:, 0], every[:, 1]


# --- locate -----------------------------------------------------------------------------------


def test_locate_agrees_with_plain_shapely(ports: Ports, both: Ports) -> None:
    for files, countries in ((ports, {"IR"}), (both, {"IR", "RU", "UA"})):
        x, y = points_around(files, 1_500)
        place = locate(x, y, files)
        assert tuple(column.tolist() for column in place) == by_hand(x, y, files)
        assert set(place.area.tolist()) == {OUTSIDE, PORT_LIMIT, ANCHORAGE, BERTH}
        assert place.is_shared_roads.any()
        assert set(files.port["country"].to_numpy()[place.port[place.port >= 0]]) == countries


def test_vertices_and_edges_count_as_inside(ports: Ports) -> None:
    ids = ports.port["port_id"].tolist()
    columns = ["port_id", "kind", "geometry"]
    for port_id, kind, geometry in ports.port_area[columns].itertuples(index=False):
        xy = shapely.get_coordinates(geometry)
        place = locate(xy[:, 0], xy[:, 1], ports)
        assert (place.port == ids.index(port_id)).all()
        assert (place.area >= RANKS[kind]).all()
    chabahar = ports.port.set_index("port_id")["geometry"]["IRZBR"]
    west, south, east, north = chabahar.bounds
    x = np.array([west, east, (west + east) / 2, west, np.nextafter(west, -180)])
    y = np.array([(south + north) / 2] * 2 + [south, north, (south + north) / 2])
    assert locate(x, y, ports).area.tolist() == [PORT_LIMIT] * 4 + [OUTSIDE]


def test_a_point_that_is_none_is_outside(ports: Ports) -> None:
    lon, lat = KHARG
    x = np.array([np.nan, lon, np.nan, np.inf, -np.inf, lon, 181.0, 1e300, lon])
    y = np.array([lat, np.nan, np.nan, lat, lat, np.inf, 91.0, -1e300, lat])
    place = locate(x, y, ports)
    assert place.port[:-1].tolist() == [-1] * 8
    assert place.area.tolist() == [OUTSIDE] * 8 + [BERTH]
    assert not place.is_shared_roads.any()
    assert [part.size for part in near(x[:-1], y[:-1], ports)] == [0, 0]


def test_types_and_lengths(ports: Ports) -> None:
    empty = locate([], [], ports)
    assert [(array.dtype.name, array.size) for array in empty] == [
        *(("int16", 0), ("int8", 0), ("bool", 0))
    ]
    assert [part.size for part in near([], [], ports)] == [0, 0]
    for lon, lat in (([1.0, 2.0], [1.0]), ([[1.0]], [[1.0]])):
        with pytest.raises(ValueError, match="of one length"):
            locate(lon, lat, ports)
    for reach_km in (-1.0, float("nan"), 501.0):
        with pytest.raises(ValueError, match="between 0 and 500"):
            near([50.0], [29.0], ports, reach_km)


def test_blocks_are_no_borders(ports: Ports) -> None:
    x, y = points_around(ports, 1_000)
    many = BLOCK // len(x) + 1
    once, often = locate(x, y, ports), locate(np.tile(x, many), np.tile(y, many), ports)
    for one, repeated in zip(once, often, strict=True):
        assert (repeated == np.tile(one, many)).all()
    point, port = near(x, y, ports)
    points, rows = near(np.tile(x, many), np.tile(y, many), ports)
    assert (rows == np.tile(port, many)).all()
    shift = np.repeat(np.arange(many) * len(x), len(point))
    assert (points == np.tile(point, many) + shift).all()


def test_locate_is_fast_where_most_points_are_far_away(ports: Ports) -> None:
    """3 million points a second are asked for; it does some ten times that."""
    draw = np.random.default_rng(1)
    x, y = draw.uniform(-180, 180, 1_000_000), draw.uniform(-80, 80, 1_000_000)
    locate(x[:1], y[:1], ports)
    start = time.process_time()
    locate(x, y, ports)
    assert time.process_time() - start < 1_000_000 / 3e6


# --- near -------------------------------------------------------------------------------------


def distance_km(x: Floats, y: Floats, geometry: shapely.Geometry) -> Floats:
    """Great-circle distance to a polygon by its edge in steps of 200 m; 0 inside."""
    edge = shapely.get_coordinates(shapely.segmentize(geometry.boundary, 0.002))
    apart = great_circle_m(x[:, None], y[:, None], edge[None, :, 0], edge[None, :, 1]).min(axis=1)
    return np.where(shapely.intersects_xy(geometry, x, y), 0.0, apart / 1000)


def assert_near(ports: Ports, rows: list[int], points: Floats, reach_km: float) -> npt.NDArray:
    """That points near these ports are found; gives which are found, by port."""
    x, y = points.T
    is_near = np.zeros((len(x), len(ports.port)), np.bool_)
    is_near[near(x, y, ports, reach_km)] = True
    # Half a cell's diagonal, and 1.5 % for a plane that is true at the port's own latitude.
    tolerance_km = 1.6 + 0.015 * reach_km
    for row in rows:
        apart = distance_km(x, y, ports.port["geometry"].iloc[row])
        assert is_near[apart < reach_km - tolerance_km, row].all()
        assert not is_near[apart > reach_km + tolerance_km, row].any()
    return is_near[:, rows]


@pytest.mark.parametrize("reach_km", [0.0, 20.0, 60.0, 150.0])
def test_near_agrees_with_great_circles(ports: Ports, reach_km: float) -> None:
    draw = np.random.default_rng(int(reach_km))
    south = draw.uniform([46.5, 23.5], [62.5, 32.0], (1_500, 2))
    caspian = draw.uniform([47.5, 35.5], [55.0, 39.5], (700, 2))
    assert_near(ports, [*range(len(ports.port))], np.vstack([south, caspian]), reach_km)


@pytest.mark.parametrize("port_id", ["RUMMK", "RULED", "RUNVS", "RUVVO"])
def test_near_agrees_with_great_circles_in_the_north(both: Ports, port_id: str) -> None:
    """Murmansk lies at 69 degrees, where a degree to the east is a third of one to the north."""
    row = both.port["port_id"].tolist().index(port_id)
    west, south, east, north = both.port["geometry"].iloc[row].bounds
    wide = 1 / np.cos(np.radians(north))
    draw = np.random.default_rng(row)
    points = draw.uniform([west - wide, south - 1], [east + wide, north + 1], (500, 2))
    assert 0 < assert_near(both, [row], points, 60.0).sum() < 500


def test_near_is_sorted_typed_and_holds_what_lies_inside(ports: Ports) -> None:
    x, y = points_around(ports, 500)
    point, port = near(x, y, ports)
    assert (point.dtype.name, port.dtype.name) == (np.dtype(np.intp).name, "int16")
    pairs = list(zip(point.tolist(), port.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    place = locate(x, y, ports)
    inside = np.flatnonzero(place.port >= 0)
    assert {(int(row), int(place.port[row])) for row in inside} <= set(pairs)


# --- real positions ---------------------------------------------------------------------------


def read_real(name: str) -> pd.DataFrame:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{path} is missing: real positions are not part of the project")
    if path.is_file():
        return pd.read_csv(path)
    frames = []
    for archive in map(zipfile.ZipFile, sorted(path.glob("*.zip"))):
        for member in archive.namelist():
            frames.append(pd.read_csv(archive.open(member), low_memory=False))
    return pd.concat(frames, ignore_index=True)


def with_places(fixes: pd.DataFrame, lon: str, lat: str, ports: Ports) -> pd.DataFrame:
    x, y = fixes[lon].to_numpy(float), fixes[lat].to_numpy(float)
    place = locate(x, y, ports)
    ids = np.array([*ports.port["port_id"], None], dtype=object)
    return fixes.assign(
        x=x, y=y, port_id=ids[place.port], area=place.area, is_shared=place.is_shared_roads
    )


@pytest.fixture(scope="module")
def hormuz(ports: Ports) -> pd.DataFrame:
    """Positions around the Strait of Hormuz in April 2026, with their port and area."""
    fixes = with_places(read_real("hormuz-2026-04"), "LON", "LAT", ports)
    hour = fixes["BaseDateTime"].astype(str).str[:13]
    return fixes.assign(hour=hour, is_tanker=fixes["VesselType"].between(80, 89))


def box(fixes: pd.DataFrame, west: float, south: float, east: float, north: float) -> pd.DataFrame:
    return fixes[fixes["x"].between(west, east) & fixes["y"].between(south, north)]


def still_tanker_hours(fixes: pd.DataFrame) -> pd.DataFrame:
    still = fixes[fixes["is_tanker"] & (fixes["SOG"] <= 0.5)]
    return still.drop_duplicates(["MMSI", "hour"])


INSIDE, OUT = [ANCHORAGE, BERTH], [OUTSIDE]
ALL = "MMSI > 0"
UNDER_WAY = "is_tanker and SOG >= 8"
STRAIT = {
    "still off Bandar Abbas": (None, (55.90, 26.92, 56.56, 27.20), 800, INSIDE, 0.98),
    "still off Lavan": (None, (53.10, 26.60, 53.60, 26.90), 80, INSIDE, 0.98),
    "still from Kooh Mobarak to Jask": (None, (57.20, 25.50, 57.90, 25.90), 190, INSIDE, 0.98),
    "under way in the strait": (UNDER_WAY, (55.8, 26.2, 57.0, 26.85), 401, OUT, 1),
    # Used in April 2026; it crosses the roads of Hormuz and Larak.
    "under way in the passage north of Larak": (
        UNDER_WAY,
        (55.6, 26.2, 57.0, 27.0),
        401,
        OUT,
        0.94,
    ),
    "off the UAE, in the Gulf": (ALL, (54.0, 24.0, 56.2, 25.7), 10_001, OUT, 1),
    "off the UAE, beyond the strait": (ALL, (56.3, 24.4, 56.8, 25.6), 10_001, OUT, 1),
}
"""Which fixes (None: of still tankers, one an hour), in which box, how many, and where."""


@pytest.mark.parametrize("case", STRAIT)
def test_where_ships_are_at_the_strait_of_hormuz(hormuz: pd.DataFrame, case: str) -> None:
    which, bounds, fewest, areas, least_share = STRAIT[case]
    fixes = box(hormuz, *bounds)
    fixes = fixes.query(which) if which else still_tanker_hours(fixes)
    assert len(fixes) >= fewest
    assert fixes["area"].isin(areas).mean() >= least_share


def test_the_queue_before_the_strait_is_no_port(hormuz: pd.DataFrame) -> None:
    """Dozens of tankers lay 25 to 40 km off Kooh Mobarak; none was seen at its mooring
    (data/ports/README.md). A fence around them would make port calls of their waiting."""
    queue = still_tanker_hours(box(hormuz, 56.86, 25.60, 57.10, 26.05))
    assert queue["MMSI"].nunique() >= 35
    assert (queue["area"] == OUTSIDE).all()
    at_mooring = hormuz[(hormuz["port_id"] == "IR-KMB") & (hormuz["area"] == BERTH)]
    assert not at_mooring["MMSI"].isin(queue["MMSI"]).any()


def test_the_spot_of_interference_is_outside(hormuz: pd.DataFrame) -> None:
    """Seven ships, a 333 m tanker among them, on one spot of dry land west of Shahid Rajaee."""
    spot = hormuz[great_circle_m(hormuz["x"], hormuz["y"], 56.0161, 27.1112) < 150]
    assert spot["MMSI"].nunique() >= 7
    assert (spot["area"] == OUTSIDE).all()


@pytest.mark.parametrize("mmsi", [307101466, 422102271, 422102272])
def test_a_tanker_that_waits_in_shared_roads_and_then_berths(
    hormuz: pd.DataFrame, mmsi: int
) -> None:
    """Moored: its heading stood still."""
    still = hormuz[(hormuz["MMSI"] == mmsi) & (hormuz["SOG"] <= 0.5)].sort_values("BaseDateTime")
    track = box(still, 56.0, 26.9, 56.6, 27.2)
    waiting, moored = track[track["area"] == ANCHORAGE], track[track["area"] == BERTH]
    assert waiting["is_shared"].all()
    assert len(waiting) >= 3
    assert set(moored["port_id"]) == {"IRBSR"}
    assert waiting["BaseDateTime"].max() < moored["BaseDateTime"].max()
    headings = np.radians(moored["Heading"].to_numpy(float))
    assert np.hypot(np.cos(headings).mean(), np.sin(headings).mean()) > 0.99


def test_russian_fences_hold_their_still_tankers_and_no_foreign_port(both: Ports) -> None:
    """In Luga and Neva Bay on 24 January 2024; not at Klaipeda, Tallinn, Helsinki, Kotka, Muuga."""
    world = with_places(read_real("global-one-day-2024-01-24.csv"), "longitude", "latitude", both)
    still = world[(world["ship_type"] == "Tanker") & (world["speed"] < 1)]
    for bounds in ((28.1, 59.6, 28.5, 59.95), (30.0, 59.8, 30.4, 60.0)):
        ships = box(still, *bounds)
        assert len(ships) > 0
        assert ships["area"].isin([ANCHORAGE, BERTH]).all()
    for bounds in ((20.9, 55.5, 21.3, 55.8), (23.5, 59.3, 27.9, 60.8)):
        ships = box(world, *bounds)
        assert len(ships) > 4
        assert (ships["area"] == OUTSIDE).all()
