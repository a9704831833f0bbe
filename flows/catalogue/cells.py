"""The grid cells near ports, by which SQL preselects fixes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from flows.home.rules import rule
from geo.fences import METRES_A_DEGREE, near
from geo.ports import Ports

Cells = np.ndarray[Any, Any]

SURROUNDINGS_KM = rule("surroundings_km")
"""How far from a port its reception is judged (docs/method.md, "Heard")."""

COARSEST_M = 1_000 * rule("coarsest_km")
"""A coarse fix outside a limit may be of a ship in a berth near its edge (geo/fences.py)."""

LIMIT_STEP_DEG = 0.02
"""Points along a port's limit, to measure how far off a ship is, lie no further apart: 2 km."""

CELLS_PER_DEGREE = 20
"""A cell is 0.05 degrees, some 5 km: the surroundings' edge is that rough."""


def with_geometry(frame: pd.DataFrame) -> pd.DataFrame:
    """Ports or areas with their geometry as WKB and GeoJSON, and lon, lat of a point inside."""
    shapes = frame["geometry"].to_numpy()
    inside = shapely.point_on_surface(shapes)
    described = frame.drop(columns="geometry").assign(
        geometry_wkb=shapely.to_wkb(shapes),
        geometry_geojson=shapely.to_geojson(shapes),
        lon=np.round(shapely.get_x(inside), 5),
        lat=np.round(shapely.get_y(inside), 5),
    )
    if "serves" in described:
        served = described["serves"]
        described["serves"] = [json.dumps(list(ids)) if ids else None for ids in served]
    return described


def grid(ports: Ports) -> tuple[Cells, Cells]:
    """Column and row numbers of the cells around all ports, one array each.

    For each port, the cells up to the edge of its surroundings: the ports lie from the Gulf to the
    Pacific, so one box around all would be large.
    """
    boxes = []
    for west, south, east, north in shapely.bounds(ports.port["geometry"].to_numpy()):
        reach = 1.1 * SURROUNDINGS_KM * 1000 / METRES_A_DEGREE
        wide = reach / np.cos(np.radians(north + reach))
        boxes.append(_cells_of(west - wide, south - reach, east + wide, north + reach))
    return _distinct(boxes)


def _cells_of(west: float, south: float, east: float, north: float) -> tuple[Cells, Cells]:
    """Column and row numbers of the cells that a box of degrees touches."""
    x = np.arange(np.floor(west * CELLS_PER_DEGREE), np.floor(east * CELLS_PER_DEGREE) + 1)
    y = np.arange(np.floor(south * CELLS_PER_DEGREE), np.floor(north * CELLS_PER_DEGREE) + 1)
    cell_x, cell_y = np.meshgrid(x.astype(np.int32), y.astype(np.int32))
    return cell_x.ravel(), cell_y.ravel()


def _distinct(cells: Iterable[tuple[Cells, Cells]]) -> tuple[Cells, Cells]:
    """The cells of all, each once, by column and row."""
    x, y = (np.concatenate(numbers) for numbers in zip(*cells, strict=True))
    both = np.unique(x.astype(np.int64) << 32 | y.astype(np.uint32))
    return (both >> 32).astype(np.int32), both.astype(np.int32)


def near_box(ports: Ports) -> dict[str, Any]:
    """The box round all surroundings, four degrees of longitude and one of latitude beyond the
    limits: 60 km are 1.5 degrees of longitude at 69 N, where the northernmost port lies."""
    west, south, east, north = shapely.total_bounds(ports.port["geometry"].to_numpy())
    return {
        "cells_per_degree": CELLS_PER_DEGREE,
        "west": float(west) - 4,
        "south": float(south) - 1,
        "east": float(east) + 4,
        "north": float(north) + 1,
    }


def surrounding_cells(ports: Ports, cell_x: Cells, cell_y: Cells) -> pa.Table:
    """The cells whose centre is within `SURROUNDINGS_KM` of a port: cell_x, cell_y, port_id."""
    point, port = near(
        (cell_x + 0.5) / CELLS_PER_DEGREE, (cell_y + 0.5) / CELLS_PER_DEGREE, ports, SURROUNDINGS_KM
    )
    port_ids = ports.port["port_id"].to_numpy()
    return pa.table(
        {"cell_x": cell_x[point], "cell_y": cell_y[point], "port_id": pa.array(port_ids[port])}
    )


def limit_cells(ports: Ports) -> pa.Table:
    """The cells that touch a limit, or the reach of the coarsest fix about one of its berths:
    cell_x, cell_y. Touching counts, as positions are rounded."""
    cells = []
    areas = ports.port_area
    for port_id, fence in zip(ports.port["port_id"], ports.port["geometry"], strict=True):
        berths = areas.loc[(areas["port_id"] == port_id) & (areas["kind"] == "berth"), "geometry"]
        north = fence.bounds[3]
        reach = COARSEST_M / METRES_A_DEGREE / np.cos(np.radians(north))
        limit = shapely.union_all([fence, *shapely.buffer(berths.to_numpy(), reach)])
        west, south, east, north = limit.bounds
        cell = 1 / CELLS_PER_DEGREE
        x, y = _cells_of(west - cell, south - cell, east + cell, north + cell)
        in_cells = shapely.transform(limit, lambda degrees: degrees * CELLS_PER_DEGREE)
        touched = shapely.intersects(in_cells, shapely.box(x, y, x + 1, y + 1))
        cells.append((x[touched], y[touched]))
    cell_x, cell_y = _distinct(cells)
    return pa.table({"cell_x": cell_x, "cell_y": cell_y})


def limit_points(ports: Ports) -> pa.Table:
    """Points along the limits of Iran's ports: port_id, lon, lat."""
    port = ports.port.loc[ports.port["country"] == "IR"]
    edges = shapely.segmentize(shapely.boundary(port["geometry"].to_numpy()), LIMIT_STEP_DEG)
    points, row = shapely.get_coordinates(edges, return_index=True)
    distinct = np.unique(np.column_stack([row, points]), axis=0)
    ids = port["port_id"].to_numpy()[distinct[:, 0].astype(np.int64)]
    return pa.table({"port_id": pa.array(ids), "lon": distinct[:, 1], "lat": distinct[:, 2]})
