"""The simulator's own map: berths, roads, places at sea, and the lanes between them.

Nothing here is read from ``data/ports``: a fence must be tested against points that were not
drawn from it.
"""

from __future__ import annotations

import csv
import heapq
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flows.home.resources import data_path

Floats = npt.NDArray[np.float64]

KM_PER_DEGREE = 111.2
"""Length of a degree of latitude, km (2 pi R / 360 of the mean Earth)."""

NO_LIMIT_KN = 99.0

GULF, CASPIAN = "gulf", "caspian"


class Place(NamedTuple):
    """A point where a simulated ship can be.

    ``kind`` is the table that it comes from: berth, anchorage (roads) or offshore. ``port_id`` is
    empty where no call is counted, ``cargo`` is oil, dry or both, ``weight`` is how often ships
    choose it, and ``lane`` is the waypoint where its approach begins. At an Iranian berth
    ``loads_share`` is how often tankers load there, else they discharge, and ``cargo_t_m3`` the
    lightest and the heaviest oil there, NaN for dry cargo.
    """

    place_id: str
    kind: str
    port_id: str
    country: str
    water: str
    cargo: str
    weight: float
    lon: float
    lat: float
    heading_deg: float
    lane: str
    loads_share: float = 0.0
    cargo_t_m3: tuple[float, float] = (float("nan"), float("nan"))


class Waypoint(NamedTuple):
    """A bend in a sea lane; tracks keep within ``spread_km`` of it, and below ``limit_kn``."""

    lon: float
    lat: float
    spread_km: float
    limit_kn: float


class Local(NamedTuple):
    """A craft that never leaves its port, or its fishing ground: what a receiver always hears."""

    local_id: str
    kind: str
    place_id: str
    lon: float
    lat: float
    radius_km: float
    silent_from_day: float
    silent_to_day: float


class Chart(NamedTuple):
    """All places, the waypoints, and the shortest way from each waypoint to each other one."""

    places: dict[str, Place]
    waypoints: dict[str, Waypoint]
    routes: dict[tuple[str, str], list[str]]
    locals: list[Local]


def distance_km(lon1: Floats | float, lat1: Floats | float, lon2: float, lat2: float) -> Floats:
    """Distance on a plane tangent at the second point, km: 1 % good to 300 km at 25 to 47 N."""
    middle = np.radians((np.asarray(lat1) + lat2) / 2.0)
    east = (np.asarray(lon1) - lon2) * np.cos(middle)
    return np.asarray(np.hypot(east, np.asarray(lat1) - lat2) * KM_PER_DEGREE)


def lengths_km(lon: Floats, lat: Floats) -> Floats:
    """Lengths of the pieces of a track, km: one fewer than its corners."""
    east = np.diff(lon) * np.cos(np.radians(lat[1:]))
    return np.asarray(np.hypot(east, np.diff(lat)) * KM_PER_DEGREE)


def moved(lon: float, lat: float, east_km: float, north_km: float) -> tuple[float, float]:
    """Return the point that lies ``east_km`` and ``north_km`` from a point, as (lon, lat)."""
    return (
        lon + east_km / (KM_PER_DEGREE * float(np.cos(np.radians(lat)))),
        lat + north_km / KM_PER_DEGREE,
    )


def load_chart(data_dir: Path | None = None) -> Chart:
    """Read the tables in ``data/simulator``.

    Parameters
    ----------
    data_dir : Path, optional
        Folder of the tables; by default the project's own.

    Raises
    ------
    FileNotFoundError
        If a table is missing.
    KeyError
        If a place or a lane names a waypoint that the table of waypoints does not have.
    """
    folder = data_path("simulator") if data_dir is None else data_dir
    waypoints = {
        row["node"]: Waypoint(
            float(row["lon"]),
            float(row["lat"]),
            float(row["spread_km"]),
            float(row["limit_kn"] or NO_LIMIT_KN),
        )
        for row in _rows(folder / "waypoints.csv")
    }
    edges: dict[str, list[tuple[float, str]]] = {node: [] for node in waypoints}
    for row in _rows(folder / "lanes.csv"):
        a, b = waypoints[row["from_node"]], waypoints[row["to_node"]]
        length_km = float(distance_km(a.lon, a.lat, b.lon, b.lat))
        edges[row["from_node"]].append((length_km, row["to_node"]))
        edges[row["to_node"]].append((length_km, row["from_node"]))
    places = {
        row["place_id"]: Place(
            row["place_id"],
            kind,
            row["port_id"],
            row["country"],
            row["water"],
            row["cargo"],
            float(row["weight"]),
            float(row["lon"]),
            float(row["lat"]),
            float(row["heading_deg"]),
            row["lane"],
            float(row.get("loads_share") or 0.0),
            (
                float(row.get("lightest_t_m3") or "nan"),
                float(row.get("heaviest_t_m3") or "nan"),
            ),
        )
        for kind, name in (
            ("berth", "berths.csv"),
            ("anchorage", "anchorages.csv"),
            ("offshore", "offshore.csv"),
        )
        for row in _rows(folder / name)
    }
    for place in places.values():
        if place.lane not in waypoints:
            raise KeyError(f"{place.place_id}: no waypoint {place.lane} in {folder}")
    crafts = [
        Local(
            row["local_id"],
            row["kind"],
            row["place_id"],
            float(row["lon"] or "nan"),
            float(row["lat"] or "nan"),
            float(row["radius_km"]),
            float(row["silent_from_day"] or "nan"),
            float(row["silent_to_day"] or "nan"),
        )
        for row in _rows(folder / "local_traffic.csv")
    ]
    return Chart(places, waypoints, _all_routes(edges), crafts)


def route(chart: Chart, start: str, end: str) -> list[str]:
    """Return the waypoints from one place to another, both places' own waypoints included.

    Raises
    ------
    KeyError
        If no lane joins them: the Gulf and the Caspian have none in common.
    """
    return chart.routes[chart.places[start].lane, chart.places[end].lane]


def route_km(chart: Chart, start: str, end: str) -> float:
    """Length of the way between two places, km."""
    first, last = chart.places[start], chart.places[end]
    nodes = [chart.waypoints[node] for node in route(chart, start, end)]
    lon = np.array([first.lon, *(node.lon for node in nodes), last.lon])
    lat = np.array([first.lat, *(node.lat for node in nodes), last.lat])
    return float(lengths_km(lon, lat).sum())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _all_routes(edges: dict[str, list[tuple[float, str]]]) -> dict[tuple[str, str], list[str]]:
    """Dijkstra from every waypoint; a hundred waypoints need no better."""
    routes: dict[tuple[str, str], list[str]] = {}
    for origin in edges:
        open_ways: list[tuple[float, str, list[str]]] = [(0.0, origin, [origin])]
        while open_ways:
            length_km, node, way = heapq.heappop(open_ways)
            if (origin, node) in routes:
                continue
            routes[origin, node] = way
            for step_km, neighbour in edges[node]:
                heapq.heappush(open_ways, (length_km + step_km, neighbour, [*way, neighbour]))
    return routes
