"""Which of our ports a witness's event was at: by its place, never by a port's name."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from flows.home.rules import rule
from geo.fences import locate, near
from geo.ports import Ports


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
