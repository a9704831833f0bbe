"""Dry land inside port limits, as polygons of `data/ports/land.geojson`.

    python -m geo.dry_land data/ports/iran.geojson data/coast/land.geojson > data/ports/land.geojson

A ship that seems to stop there was displaced. The coast is good to a kilometre, so only what lies
further inland than that counts, and nothing within a kilometre of a berth that lies on land by this
coast: harbours were dug since it was drawn, and rivers are missing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.affinity import scale
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from flows.home.rules import rule
from geo.fences import METRES_A_DEGREE
from geo.ports import Ports, load_ports

COAST_ERROR_M = 1_000.0 * rule("coast_error_km")
"""Natural Earth at 1:10m is good to a kilometre or so (data/coast/README.md)."""
GAP_M = 50.0
"""Between dry land and any other berth or anchorage: areas of one port may not touch."""
LEAST_M2 = 100_000.0
"""Smaller polygons are slivers."""
SOURCE = (
    "Natural Earth 1:10m, more than 1 km inland, without the surroundings of berths that lie there "
    "by this coast (geo/dry_land.py)"
)


def dry_land(ports: Ports, land: BaseGeometry) -> Iterator[tuple[str, BaseGeometry]]:
    """Each port with the dry land inside its limit, ports without any left out.

    Parameters
    ----------
    ports : Ports
        Limits, berths and anchorages.
    land : shapely geometry
        Polygons, WGS 84 degrees.

    Yields
    ------
    port_id, geometry : str, Polygon or MultiPolygon
        WGS 84 degrees, rounded to 1e-5. A port of which a berth lies on dry land by more than half
        is left out: the coast does not show its water.
    """
    inner = ports.port_area[ports.port_area["kind"].isin(["berth", "anchorage"])]
    for port_id, limit in zip(ports.port["port_id"], ports.port["geometry"], strict=True):
        squeeze = float(np.cos(np.radians(limit.centroid.y)))
        inland = _buffered(land.intersection(limit.buffer(0.1)), -COAST_ERROR_M, squeeze)
        own = inner.loc[inner["port_id"] == port_id, "geometry"]
        if any(area.intersection(inland).area > 0.5 * area.area for area in own):
            continue
        water = shapely.union_all(
            [
                _buffered(area, COAST_ERROR_M if area.intersects(inland) else GAP_M, squeeze)
                for area in own
            ]
        )
        # A hair smaller than the limit, so that rounding leaves it inside.
        dry = inland.intersection(limit.buffer(-0.0005)).difference(water)
        dry = shapely.set_precision(dry.simplify(0.0005), 1e-5)
        parts = [
            part
            for part in shapely.get_parts(dry)
            if part.area * squeeze * METRES_A_DEGREE**2 >= LEAST_M2
        ]
        if parts:
            yield str(port_id), shapely.union_all(parts)


def _buffered(geometry: BaseGeometry, metres: float, squeeze: float) -> BaseGeometry:
    """A geometry grown or shrunk by metres, in a plane that is true at its latitude."""
    flat = scale(geometry, squeeze, 1, origin=(0, 0)).buffer(metres / METRES_A_DEGREE)
    return scale(flat, 1 / squeeze, 1, origin=(0, 0))


def features(ports: Ports, land: BaseGeometry) -> list[dict[str, Any]]:
    """The dry land as GeoJSON features of kind ``land``, in the form that `load_ports` reads."""
    port = ports.port.set_index("port_id")
    return [
        {
            "type": "Feature",
            "properties": {
                "area_id": f"{port_id}-land",
                "port_id": port_id,
                "port_name": port.at[port_id, "name"],
                "area_name": str(port.at[port_id, "name"]) + ", dry land",
                "kind": "land",
                "water": port.at[port_id, "water"],
                "country": port.at[port_id, "country"],
                "port_kind": port.at[port_id, "kind"],
                "source": SOURCE,
                "accuracy_m": int(COAST_ERROR_M),
            },
            "geometry": json.loads(json.dumps(mapping(geometry))),
        }
        for port_id, geometry in dry_land(ports, land)
    ]


def main() -> None:
    """Write the features for the ports and the coast named on the command line."""
    ports_file, coast_file = (str(name) for name in sys.argv[1:])
    coast = json.loads(Path(coast_file).read_text(encoding="utf-8"))
    lines = [
        json.dumps(feature)
        for feature in features(load_ports(ports_file), shape(coast["features"][0]["geometry"]))
    ]
    head = '{"type": "FeatureCollection", "name": "dry land inside port limits", "features": [\n'
    sys.stdout.write(head + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()
