"""How far a place is from land."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import shapely

from flows.derive.spoofing.pieces import Floats, east_north_m
from flows.home.resources import data_path

NEAR_DEG = 1.0


def land_km(lon: float, lat: float) -> float:
    """Distance to the nearest land, km; 0 on land, and 100 where none is within a degree.

    Land is that of `data/coast`, good to about a kilometre in the Gulf, without the newest quays.
    """
    land, ends = _land()
    if shapely.contains_xy(land, lon, lat):
        return 0.0
    near = ends[(np.abs(ends[:, :, 0] - lon) < 2 * NEAR_DEG).any(axis=1)]
    near = near[(np.abs(near[:, :, 1] - lat) < NEAR_DEG).any(axis=1)]
    if not len(near):
        return 100.0
    east, north = east_north_m(near[:, :, 0], near[:, :, 1], lon, lat)
    way_e, way_n = east[:, 1] - east[:, 0], north[:, 1] - north[:, 0]
    length2 = np.maximum(way_e**2 + way_n**2, 1e-9)
    part = np.clip(-(east[:, 0] * way_e + north[:, 0] * way_n) / length2, 0.0, 1.0)
    away_m = np.hypot(east[:, 0] + part * way_e, north[:, 0] + part * way_n)
    return float(min(away_m.min() / 1_000.0, 100.0))


@cache
def _land() -> tuple[shapely.Geometry, Floats]:
    """The land, and the two ends of each piece of its coast, shape (pieces, 2, 2)."""
    parsed = json.loads(data_path("coast", "land.geojson").read_text(encoding="utf-8"))
    land = shapely.from_geojson(json.dumps(parsed["features"][0]["geometry"]))
    lines = shapely.get_parts(shapely.boundary(land))
    xy, of = shapely.get_coordinates(lines, return_index=True)
    is_same = of[1:] == of[:-1]
    ends = np.stack([xy[:-1][is_same], xy[1:][is_same]], axis=1)
    shapely.prepare(land)
    return land, ends
