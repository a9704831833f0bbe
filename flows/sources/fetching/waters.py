"""The waters of the ports, as polygons that services are asked for."""

from __future__ import annotations

import math
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from flows.home.resources import port_files
from flows.home.rules import rule
from geo.fences import METRES_A_DEGREE
from geo.ports import load_ports


def waters(*, with_trade: bool = False) -> dict[str, BaseGeometry]:
    """The waters round the ports, by a name for files.

    Parameters
    ----------
    with_trade : bool
        Also those of the ports at which a tanker's call is evidence of trade with Russia.

    Returns
    -------
    dict of str to shapely geometry
        WGS 84. Of each water of Iran's ports one convex polygon, which holds all their
        surroundings (`surroundings_km`) and the way between them; of the trade ports, whose
        waters are wide, a polygon for each group of ports whose surroundings touch.
    """
    ports = load_ports(*port_files()).port
    iran = ports[ports["country"] == "IR"]
    around = {
        _slug(str(water)): shapely.union_all([_surroundings(limit) for limit in group["geometry"]])
        for water, group in iran.groupby("water", sort=True)
    }
    named = {name: shapely.convex_hull(area) for name, area in around.items()}
    if with_trade:
        trade = ports[ports["trade_tier"].notna()]
        for water, group in trade.groupby("water", sort=True):
            area = shapely.union_all([_surroundings(limit) for limit in group["geometry"]])
            hulls = shapely.convex_hull(shapely.get_parts(area))
            named[f"trade-{_slug(str(water))}"] = shapely.union_all(hulls)
    return {name: shapely.set_precision(area, 0.001) for name, area in named.items()}


def geojson(area: BaseGeometry) -> dict[str, Any]:
    """A polygon as GeoJSON, several as a collection of features; rings as RFC 7946 wants them."""
    polygons = [
        {"type": "Polygon", "coordinates": [[list(xy) for xy in orient(part).exterior.coords]]}
        for part in shapely.get_parts(area)
    ]
    if len(polygons) == 1:
        return polygons[0]
    features = [{"type": "Feature", "properties": {}, "geometry": p} for p in polygons]
    return {"type": "FeatureCollection", "features": features}


def _surroundings(limit: BaseGeometry) -> BaseGeometry:
    """A port's limit and what lies within `surroundings_km` of it. Meridians come together towards
    the pole: degrees of longitude are measured at the limit's end that is nearer to it."""
    south, north = limit.bounds[1], limit.bounds[3]
    margin_deg = rule("surroundings_km") * 1000 / METRES_A_DEGREE
    narrow = math.cos(math.radians(max(abs(south), abs(north)) + margin_deg))
    wide = shapely.transform(limit, lambda degrees: degrees * [narrow, 1])
    return shapely.transform(wide.buffer(margin_deg), lambda degrees: degrees / [narrow, 1])


def _slug(water: str) -> str:
    return water.lower().replace(" ", "-")
