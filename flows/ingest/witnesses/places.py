"""Which of our ports a witness's event was at, in which area, and which a sensor looked at: by
place, never by a port's name."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely

from flows.home.rules import rule
from geo.fences import ANCHORAGE, BERTH, LAND, PORT_LIMIT, locate, near
from geo.ports import Ports

AREAS = {PORT_LIMIT: "port_limit", ANCHORAGE: "anchorage", BERTH: "berth", LAND: "land"}


def port_ids(lons: pa.ChunkedArray, lats: pa.ChunkedArray, ports: Ports) -> pa.Array:
    """The port of each event, null for none of ours.

    Parameters
    ----------
    lons, lats : ChunkedArray of list of double, length n
        The places of each event, degrees, the best first.
    ports : Ports
        As `geo.ports.load_ports` gives it.

    Returns
    -------
    Array of string, length n
        The port whose limit holds the first of its places that lies in one. Where none does, the
        port within `witness_near_km` of one of them, if there is only one: Global Fishing Watch's
        anchorages are the middles of cells of half a kilometre, and some lie outside of a fence.
    """
    counts = np.array([len(places) for places in lons.to_pylist()], np.intp)
    event = np.repeat(np.arange(counts.size), counts)
    lon, lat = (np.array([v for vs in c.to_pylist() for v in vs], float) for c in (lons, lats))
    port = np.full(counts.size, -1)
    inside = locate(lon, lat, ports).port
    hit = np.flatnonzero(inside >= 0)[::-1]  # the first place is assigned last
    port[event[hit]] = inside[hit]
    point, close = near(lon, lat, ports, rule("witness_near_km"))
    pairs = np.unique(np.column_stack([event[point], close]), axis=0)
    alone, place, times = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    is_only = (times == 1) & (port[alone] < 0)
    port[alone[is_only]] = pairs[place[is_only], 1]
    names = ports.port["port_id"].to_numpy()
    return pa.array([names[row] if row >= 0 else None for row in port], pa.string())


def area_kinds(lons: pa.ChunkedArray, lats: pa.ChunkedArray, ports: Ports) -> pa.Array:
    """The kind of area that the first place of each event lies in; null outside of every limit.

    Parameters are those of `port_ids`. `AREAS` has the words; land is dry land inside a limit.
    """
    first = np.array(
        [
            (x[0], y[0]) if x else (np.nan, np.nan)
            for x, y in zip(lons.to_pylist(), lats.to_pylist(), strict=True)
        ],
        float,
    ).reshape(-1, 2)
    areas = locate(first[:, 0], first[:, 1], ports).area
    return pa.array([AREAS.get(int(area)) for area in areas], pa.string())


def covered_ports(footprints: pa.ChunkedArray, ports: Ports) -> pa.Array:
    """Of each footprint (WKT) the ports whose limit it covers in part or whole, sorted."""
    names = ports.port["port_id"].to_numpy()
    tree = shapely.STRtree(ports.port["geometry"].to_numpy())
    covered: list[list[str]] = [[] for _ in range(len(footprints))]
    shapes = shapely.from_wkt(footprints.to_numpy())
    for footprint, port in zip(*tree.query(shapes, predicate="intersects"), strict=True):
        covered[footprint].append(str(names[port]))
    return pa.array([sorted(ids) for ids in covered], pa.list_(pa.string()))
