"""Where ships lay alongside: areas known for transfers, the nearest anchorage, and the coast."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely
from shapely.geometry import shape

from flows.derive.spoofing.land import land_km
from flows.home.resources import data_path
from flows.home.rules import rule
from geo.earth import great_circle_m
from geo.ports import Ports

Floats = npt.NDArray[np.float64]

REACH_DEG = 1.5 * rule("sts_off_km") / 111.2
"""Of latitude: an anchorage further off is not looked at."""

BY_COAST_KM = 5.0
"""A choice: most quays and anchorages lie as near to land, those too that no file of this project
has. The coast is good to a kilometre in these waters (data/coast/README.md)."""

PLACED = pa.schema(
    [
        ("encounter_id", pa.string()),
        ("sts_area_id", pa.string()),
        ("anchorage", pa.string()),
        ("anchorage_km", pa.float64()),
        ("is_in_berth", pa.bool_()),
        ("is_by_coast", pa.bool_()),
    ]
)
"""The columns of `encounter_place`: nulls where there is no such area or anchorage near."""


@cache
def sts_areas() -> pd.DataFrame:
    """The areas of `data/sts_areas`, sorted by id: sts_area_id, name, kind, has_bunkering,
    geometry, source, accuracy_m."""
    features = json.loads(data_path("sts_areas", "areas.geojson").read_text("utf-8"))["features"]
    rows = [f["properties"] | {"geometry": shape(f["geometry"])} for f in features]
    return pd.DataFrame(rows).sort_values("sts_area_id", ignore_index=True)


def placed(encounters: pd.DataFrame, ports: Ports) -> pa.Table:
    """For each encounter the area that it lies in, the nearest anchorage or berth, and the coast.

    Parameters
    ----------
    encounters : pandas.DataFrame
        encounter_id, lon and lat.
    ports : Ports
        With their anchorages and berths.

    Returns
    -------
    pyarrow.Table
        A row per encounter, in the same order. Of areas that overlap, the first by id.
    """
    areas, own = sts_areas(), ports.port_area
    roads = pd.concat(
        [
            own.loc[own["kind"].isin(["anchorage", "berth"]), ["name", "kind", "geometry"]],
            areas.loc[areas["kind"] == "anchorage", ["name", "kind", "geometry"]],
        ],
        ignore_index=True,
    )
    area_tree = shapely.STRtree(areas["geometry"].to_numpy())
    roads_tree = shapely.STRtree(roads["geometry"].to_numpy())
    shapes, kinds, names = roads["geometry"].to_numpy(), list(roads["kind"]), list(roads["name"])
    places = zip(encounters["lon"].to_numpy(), encounters["lat"].to_numpy(), strict=True)
    rows = []
    for lon, lat in places:
        inside = sorted(area_tree.query(shapely.Point(lon, lat), predicate="intersects"))
        wide = REACH_DEG / max(float(np.cos(np.radians(lat))), 0.05)
        box = shapely.box(lon - wide, lat - REACH_DEG, lon + wide, lat + REACH_DEG)
        near = [(_away_km(shapes[i], lon, lat), names[i], kinds[i]) for i in roads_tree.query(box)]
        km, name, _ = min(near, default=(None, None, None))
        rows.append(
            {
                "sts_area_id": areas["sts_area_id"][inside[0]] if inside else None,
                "anchorage": name,
                "anchorage_km": km,
                "is_in_berth": any(kind == "berth" and away == 0 for away, _, kind in near),
                "is_by_coast": land_km(lon, lat) <= BY_COAST_KM,
            }
        )
    lying = pa.Table.from_pylist(rows, schema=PLACED.remove(0))
    return lying.add_column(0, PLACED.field(0), pa.array(encounters["encounter_id"], pa.string()))


def _away_km(area: shapely.Geometry, lon: float, lat: float) -> float:
    """Kilometres from a place to an area, 0 inside it."""
    narrow = float(np.cos(np.radians(lat)))

    def flat(degrees: Floats) -> Floats:
        return degrees * [narrow, 1.0]

    line = shapely.shortest_line(shapely.Point(lon * narrow, lat), shapely.transform(area, flat))
    (x0, y0), (x1, y1) = shapely.get_coordinates(line)
    return float(great_circle_m(x0 / narrow, y0, x1 / narrow, y1)) / 1000
