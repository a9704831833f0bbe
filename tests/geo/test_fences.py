"""Points against fences: exact against plain shapely, and sensible against real positions."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely

from geo.earth import great_circle_m
from geo.fences import ANCHORAGE, BERTH, BLOCK, OUTSIDE, PORT_LIMIT, locate, near
from geo.ports import Ports, load_ports

ROOT = Path(__file__).resolve().parents[2]
HORMUZ = ROOT.parent / "shared" / "data" / "ais" / "hormuz-2026-04"
ONE_DAY = ROOT.parent / "shared" / "data" / "ais" / "global-one-day-2024-01-24.csv"

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def ports() -> Ports:
    return load_ports(ROOT / "data" / "ports" / "iran.geojson")


@pytest.fixture(scope="module")
def both() -> Ports:
    """The ports of Iran and Russia together: fences from the Baltic to the Sea of Okhotsk."""
    folder = ROOT / "data" / "ports"
    return load_ports(folder / "iran.geojson", folder / "russia.geojson")


def by_hand(x: float, y: float, ports: Ports) -> tuple[int, int, bool]:
    """One point against every polygon, the slow and plain way."""
    point = shapely.Point(x, y)
    port, area, shared = -1, OUTSIDE, False
    ids = ports.port["port_id"].tolist()
    ranks = {"port_limit": PORT_LIMIT, "anchorage": ANCHORAGE, "berth": BERTH}
    columns = ["port_id", "kind", "geometry", "serves"]
    for port_id, kind, geometry, serves in ports.port_area[columns].itertuples(index=False):
        if geometry.covers(point):
            port = ids.index(port_id)
            area = max(area, ranks[kind])
            shared = shared or bool(serves)
    return port, area, shared


def points_around(ports: Ports, count: int) -> tuple[Floats, Floats]:
    """Random points in the neighbourhood of every area, and some far away."""
    draw = np.random.default_rng(20260407)
    bounds = shapely.bounds(ports.port_area["geometry"].tolist())
    pick = bounds[draw.integers(0, len(bounds), count)]
    size = pick[:, 2:] - pick[:, :2]
    xy = pick[:, :2] + size * draw.uniform(-0.3, 1.3, (count, 2))
    far = draw.uniform([-180, -90], [180, 90], (count // 10, 2))
    every = np.vstack([xy, far])
    return every[:, 0], every[:, 1]


# --- locate -----------------------------------------------------------------------------------


def test_locate_agrees_with_plain_shapely(ports: Ports) -> None:
    x, y = points_around(ports, 1_500)
    place = locate(x, y, ports)
    expected = [by_hand(a, b, ports) for a, b in zip(x, y, strict=True)]
    assert place.port.tolist() == [port for port, _, _ in expected]
    assert place.area.tolist() == [area for _, area, _ in expected]
    assert place.is_shared_roads.tolist() == [shared for _, _, shared in expected]
    assert set(place.area.tolist()) == {OUTSIDE, PORT_LIMIT, ANCHORAGE, BERTH}
    assert place.is_shared_roads.any()


def test_locate_agrees_with_plain_shapely_over_both_files(both: Ports) -> None:
    x, y = points_around(both, 1_500)
    place = locate(x, y, both)
    expected = [by_hand(a, b, both) for a, b in zip(x, y, strict=True)]
    assert place.port.tolist() == [port for port, _, _ in expected]
    assert place.area.tolist() == [area for _, area, _ in expected]
    countries = both.port["country"].to_numpy()[place.port[place.port >= 0]]
    assert set(countries) == {"IR", "RU", "UA"}


def test_russian_ports_change_nothing_at_iranian_ones(ports: Ports, both: Ports) -> None:
    x, y = points_around(ports, 1_500)
    alone, together = locate(x, y, ports), locate(x, y, both)
    ids = [np.array([*files.port["port_id"], None], dtype=object) for files in (ports, both)]
    assert (ids[0][alone.port] == ids[1][together.port]).all()
    assert (alone.area == together.area).all()
    assert (alone.is_shared_roads == together.is_shared_roads).all()


def test_every_vertex_counts_as_inside(ports: Ports) -> None:
    ids = ports.port["port_id"].tolist()
    ranks = {"port_limit": PORT_LIMIT, "anchorage": ANCHORAGE, "berth": BERTH}
    for port_id, kind, geometry in ports.port_area[["port_id", "kind", "geometry"]].itertuples(
        index=False
    ):
        xy = shapely.get_coordinates(geometry)
        place = locate(xy[:, 0], xy[:, 1], ports)
        assert (place.port == ids.index(port_id)).all()
        assert (place.area >= ranks[kind]).all()


def test_a_straight_edge_counts_as_inside(ports: Ports) -> None:
    chabahar = ports.port.set_index("port_id")["geometry"]["IRZBR"]
    west, south, east, north = chabahar.bounds
    x = np.array([west, east, (west + east) / 2, west, np.nextafter(west, -180)])
    y = np.array([(south + north) / 2] * 2 + [south, north, (south + north) / 2])
    assert locate(x, y, ports).area.tolist() == [PORT_LIMIT] * 4 + [OUTSIDE]


def test_no_position_is_outside(ports: Ports) -> None:
    lat, lon = 29.23, 50.33
    x = np.array([np.nan, lon, np.nan, np.inf, -np.inf, lon, 181.0, 1e300, lon])
    y = np.array([lat, np.nan, np.nan, lat, lat, np.inf, 91.0, -1e300, lat])
    place = locate(x, y, ports)
    assert place.port[:-1].tolist() == [-1] * 8
    assert place.area.tolist() == [OUTSIDE] * 8 + [BERTH]
    assert not place.is_shared_roads.any()


def test_types_and_lengths(ports: Ports) -> None:
    empty = locate([], [], ports)
    assert [array.dtype.name for array in empty] == ["int16", "int8", "bool"]
    assert len(empty.port) == len(empty.area) == len(empty.is_shared_roads) == 0
    with pytest.raises(ValueError, match="of one length"):
        locate([1.0, 2.0], [1.0], ports)
    with pytest.raises(ValueError, match="of one length"):
        locate([[1.0]], [[1.0]], ports)


def test_blocks_are_no_borders(ports: Ports) -> None:
    x, y = points_around(ports, 1_000)
    many = BLOCK // len(x) * 2 + 1
    once, often = locate(x, y, ports), locate(np.tile(x, many), np.tile(y, many), ports)
    assert (often.port == np.tile(once.port, many)).all()
    assert (often.area == np.tile(once.area, many)).all()
    assert (often.is_shared_roads == np.tile(once.is_shared_roads, many)).all()
    point, port = near(x, y, ports)
    points, rows = near(np.tile(x, many), np.tile(y, many), ports)
    assert (rows == np.tile(port, many)).all()
    shift = np.repeat(np.arange(many) * len(x), len(point))
    assert (points == np.tile(point, many) + shift).all()


def test_locate_is_fast_where_most_points_are_far_away(ports: Ports) -> None:
    """3 million points a second are asked for; it does some ten times that."""
    draw = np.random.default_rng(1)
    x, y = draw.uniform(-180, 180, 2_000_000), draw.uniform(-80, 80, 2_000_000)
    locate(x[:1], y[:1], ports)
    start = time.perf_counter()
    locate(x, y, ports)
    assert time.perf_counter() - start < 2_000_000 / 3e6


# --- near -------------------------------------------------------------------------------------


def distance_km(x: Floats, y: Floats, geometry: shapely.Geometry) -> Floats:
    """Great-circle distance to a polygon by its edge in steps of 200 m; 0 inside."""
    edge = shapely.get_coordinates(shapely.segmentize(geometry.boundary, 0.002))
    apart = great_circle_m(x[:, None], y[:, None], edge[None, :, 0], edge[None, :, 1]).min(axis=1)
    return np.where(shapely.intersects_xy(geometry, x, y), 0.0, apart / 1000)


@pytest.mark.parametrize("reach_km", [0.0, 20.0, 60.0, 150.0])
def test_near_agrees_with_great_circles(ports: Ports, reach_km: float) -> None:
    draw = np.random.default_rng(int(reach_km))
    south = draw.uniform([46.5, 23.5], [62.5, 32.0], (1_500, 2))
    caspian = draw.uniform([47.5, 35.5], [55.0, 39.5], (700, 2))
    x, y = np.vstack([south, caspian]).T
    found = np.zeros((len(x), len(ports.port)), np.bool_)
    found[near(x, y, ports, reach_km)] = True
    # Half a cell's diagonal, and 1 % for a plane that is true at the port's own latitude.
    tolerance_km = 1.6 + 0.015 * reach_km
    for row, geometry in enumerate(ports.port["geometry"]):
        apart = distance_km(x, y, geometry)
        assert found[apart < reach_km - tolerance_km, row].all()
        assert not found[apart > reach_km + tolerance_km, row].any()


@pytest.mark.parametrize("port_id", ["RUMMK", "RULED", "RUNVS", "RUVVO"])
def test_near_agrees_with_great_circles_in_the_north(both: Ports, port_id: str) -> None:
    """Murmansk lies at 69 degrees, where a degree to the east is a third of one to the north."""
    row = both.port["port_id"].tolist().index(port_id)
    geometry = both.port["geometry"].iloc[row]
    west, south, east, north = geometry.bounds
    wide = 1 / np.cos(np.radians(north))
    draw = np.random.default_rng(row)
    x, y = draw.uniform([west - wide, south - 1], [east + wide, north + 1], (500, 2)).T
    point, port = near(x, y, both, 60.0)
    found = np.zeros(len(x), np.bool_)
    found[point[port == row]] = True
    apart = distance_km(x, y, geometry)
    # Half a cell's diagonal, and for a plane that is true at the port's own latitude only.
    assert found[apart < 57].all()
    assert not found[apart > 63].any()
    assert 0 < found.sum() < len(x)


def test_near_is_sorted_and_typed(ports: Ports) -> None:
    x, y = points_around(ports, 500)
    point, port = near(x, y, ports)
    assert (point.dtype.name, port.dtype.name) == (np.dtype(np.intp).name, "int16")
    order = np.lexsort((port, point))
    assert (order == np.arange(len(order))).all()
    assert len(np.unique(np.column_stack([point, port]), axis=0)) == len(point)


def test_near_holds_what_lies_inside(ports: Ports) -> None:
    x, y = points_around(ports, 500)
    place = locate(x, y, ports)
    pairs = set(zip(*(array.tolist() for array in near(x, y, ports)), strict=True))
    inside = np.flatnonzero(place.port >= 0)
    assert all((int(i), int(place.port[i])) in pairs for i in inside)


def test_near_of_no_position_is_nothing(ports: Ports) -> None:
    point, port = near([np.nan, 50.33, np.inf, 200.0], [29.23, np.nan, 29.23, 95.0], ports)
    assert len(point) == len(port) == 0
    point, port = near([], [], ports)
    assert len(point) == len(port) == 0


@pytest.mark.parametrize("reach_km", [-1.0, float("nan"), 501.0])
def test_near_refuses_an_odd_distance(ports: Ports, reach_km: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 500"):
        near([50.0], [29.0], ports, reach_km)


# --- real positions ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hormuz(ports: Ports) -> pd.DataFrame:
    """Positions around the Strait of Hormuz in April 2026, with their port and area."""
    if not HORMUZ.exists():
        pytest.skip(f"{HORMUZ} is missing: real positions are not part of the project")
    frames = []
    for path in sorted(HORMUZ.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                with archive.open(member) as file:
                    frames.append(pd.read_csv(file, low_memory=False))
    fixes = pd.concat(frames, ignore_index=True)
    place = locate(fixes["LON"].to_numpy(float), fixes["LAT"].to_numpy(float), ports)
    ids = np.array([*ports.port["port_id"], None], dtype=object)
    return fixes.assign(
        port_id=ids[place.port],
        area=place.area,
        is_shared=place.is_shared_roads,
        hour=fixes["BaseDateTime"].astype(str).str[:13],
        is_tanker=fixes["VesselType"].between(80, 89),
    )


def box(fixes: pd.DataFrame, west: float, south: float, east: float, north: float) -> pd.DataFrame:
    return fixes[fixes["LON"].between(west, east) & fixes["LAT"].between(south, north)]


def still_tanker_hours(fixes: pd.DataFrame) -> pd.DataFrame:
    still = fixes[fixes["is_tanker"] & (fixes["SOG"] <= 0.5)]
    return still.drop_duplicates(["MMSI", "hour"])


@pytest.mark.parametrize(
    ("name", "bounds", "fewest_hours"),
    [
        ("Bandar Abbas, Hormuz, north of Larak", (55.90, 26.92, 56.56, 27.20), 800),
        ("Lavan", (53.10, 26.60, 53.60, 26.90), 80),
        ("Kooh Mobarak to Jask", (57.20, 25.50, 57.90, 25.90), 190),
    ],
)
def test_still_tankers_lie_in_berths_and_anchorages(
    hormuz: pd.DataFrame, name: str, bounds: tuple[float, ...], fewest_hours: int
) -> None:
    hours = still_tanker_hours(box(hormuz, *bounds))
    assert len(hours) >= fewest_hours
    assert hours["area"].isin([ANCHORAGE, BERTH]).mean() >= 0.98, name


def test_tankers_under_way_in_the_strait_are_outside(hormuz: pd.DataFrame) -> None:
    under_way = hormuz[hormuz["is_tanker"] & (hormuz["SOG"] >= 8)]
    lanes = box(under_way, 55.8, 26.2, 57.0, 26.85)
    assert len(lanes) > 400
    assert (lanes["area"] == OUTSIDE).all()
    # The passage north of Larak, used in April 2026, crosses the roads of Hormuz and Larak.
    strait = box(under_way, 55.6, 26.2, 57.0, 27.0)
    assert (strait["area"] != OUTSIDE).mean() < 0.06


def test_the_uae_side_is_outside(hormuz: pd.DataFrame) -> None:
    for bounds in [(54.0, 24.0, 56.2, 25.7), (56.3, 24.4, 56.8, 25.6)]:
        side = box(hormuz, *bounds)
        assert len(side) > 10_000
        assert (side["area"] == OUTSIDE).all()


def test_the_queue_before_the_strait_is_no_port(hormuz: pd.DataFrame) -> None:
    """Dozens of tankers lay 25 to 40 km off Kooh Mobarak; none of them was seen at its mooring.

    Those that left went through the strait or back south (data/ports/README.md). A fence around
    them would make port calls of their waiting.
    """
    queue = still_tanker_hours(box(hormuz, 56.86, 25.60, 57.10, 26.05))
    assert queue["MMSI"].nunique() >= 35
    assert (queue["area"] == OUTSIDE).all()
    at_mooring = hormuz[(hormuz["port_id"] == "IR-KMB") & (hormuz["area"] == BERTH)]
    assert not at_mooring["MMSI"].isin(queue["MMSI"]).any()


def test_the_spot_of_interference_is_outside(hormuz: pd.DataFrame) -> None:
    """Seven ships, a 333 m tanker among them, on one spot of dry land west of Shahid Rajaee."""
    apart = great_circle_m(hormuz["LON"], hormuz["LAT"], 56.0161, 27.1112)
    spot = hormuz[apart < 150]
    assert spot["MMSI"].nunique() >= 7
    assert (spot["area"] == OUTSIDE).all()


def test_moored_tankers_are_at_berth_and_waiting_ones_in_shared_roads(
    hormuz: pd.DataFrame,
) -> None:
    """Three tankers that waited in the roads and then moored (their heading stood still)."""
    for mmsi in (307101466, 422102271, 422102272):
        track = hormuz[(hormuz["MMSI"] == mmsi) & (hormuz["SOG"] <= 0.5)].sort_values(
            "BaseDateTime"
        )
        track = box(track, 56.0, 26.9, 56.6, 27.2)
        waiting, moored = track[track["area"] == ANCHORAGE], track[track["area"] == BERTH]
        assert waiting["is_shared"].all()
        assert len(waiting) >= 3
        assert set(moored["port_id"]) == {"IRBSR"}
        assert waiting["BaseDateTime"].max() < moored["BaseDateTime"].max()
        headings = np.radians(moored["Heading"].to_numpy(float))
        assert np.hypot(np.cos(headings).mean(), np.sin(headings).mean()) > 0.99


@pytest.fixture(scope="module")
def one_day(both: Ports) -> pd.DataFrame:
    """Some positions of the whole world, 24 January 2024, with their port and area."""
    if not ONE_DAY.exists():
        pytest.skip(f"{ONE_DAY} is missing: real positions are not part of the project")
    fixes = pd.read_csv(ONE_DAY)
    place = locate(fixes["longitude"].to_numpy(float), fixes["latitude"].to_numpy(float), both)
    ids = np.array([*both.port["port_id"], None], dtype=object)
    return fixes.assign(port_id=ids[place.port], area=place.area)


def test_still_tankers_in_russian_waters_lie_in_a_fence(one_day: pd.DataFrame) -> None:
    still = one_day[(one_day["ship_type"] == "Tanker") & (one_day["speed"] < 1)]
    bounds = {"Luga Bay": (28.1, 59.6, 28.5, 59.95), "Neva Bay": (30.0, 59.8, 30.4, 60.0)}
    for name, (west, south, east, north) in bounds.items():
        ships = still[
            still["longitude"].between(west, east) & still["latitude"].between(south, north)
        ]
        assert len(ships) > 0, name
        assert ships["area"].isin([ANCHORAGE, BERTH]).all(), name


def test_russian_fences_hold_no_foreign_port(one_day: pd.DataFrame) -> None:
    """Ships at Klaipeda, Tallinn, Helsinki, Kotka and Muuga are nowhere near."""
    for west, south, east, north in [(20.9, 55.5, 21.3, 55.8), (23.5, 59.3, 27.9, 60.8)]:
        ships = one_day[
            one_day["longitude"].between(west, east) & one_day["latitude"].between(south, north)
        ]
        assert len(ships) > 4
        assert (ships["area"] == OUTSIDE).all()
