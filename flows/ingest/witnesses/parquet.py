"""The records of a witness's Parquet file. The primary geometry of a GeoParquet gives `lon` and
`lat`, and its `footprint`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from flows.ingest.tables.geometry import Geometry, check_geometry, coordinates, geometry_of
from flows.ingest.tables.parquet import BATCH_ROWS, explained, parquet_file
from flows.ingest.witnesses.rows import Numbered
from flows.registers.lists.letters import plain_text

PARTS = ("lon", "lat", "footprint")


def column_names(path: Path) -> list[str]:
    """The names of the columns in lower case, with those that the geometry gives.

    Raises
    ------
    BarometerError
        If the file is damaged.
    """
    with explained(), path.open("rb") as source:
        schema = parquet_file(source).schema_arrow
        parts = PARTS if geometry_of(schema.metadata) is not None else ()
        return [*(name.lower() for name in schema.names), *parts]


def parquet_records(path: Path) -> Iterator[Numbered]:
    """Every row with its number from 1; nested columns are left out.

    Raises
    ------
    BarometerError
        If the file is damaged, or its geometry is in another reference system than WGS 84.
    """
    with explained(), path.open("rb") as source:
        file = parquet_file(source)
        schema = file.schema_arrow
        geometry = geometry_of(schema.metadata)
        if geometry is not None:
            check_geometry(geometry, schema)
        shape = geometry and geometry.column
        plain = [n for n in schema.names if not pa.types.is_nested(schema.field(n).type)]
        wanted = list(dict.fromkeys([*plain, shape] if shape else plain))
        line = 0
        for batch in file.iter_batches(BATCH_ROWS, columns=wanted, use_threads=False):
            columns = {n.lower(): batch.column(n) for n in plain if n != shape}
            rows = pa.RecordBatch.from_pydict(columns).to_pylist() if columns else []
            places = _places(batch, geometry) if geometry is not None else [{}] * len(rows)
            for row, place in zip(rows, places, strict=True):
                line += 1
                yield line, {name: _plain(value) for name, value in row.items()} | place


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain_text(value) or ""
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.isoformat() if isinstance(value, datetime | date) else value


def _places(batch: pa.RecordBatch, geometry: Geometry) -> Iterator[dict[str, Any]]:
    """Of each row the place of a point, or the outline of a polygon."""
    column = batch.column(geometry.column)
    lons, lats = coordinates(column, geometry.encoding)
    outlines = np.full(len(column), None, object)
    if geometry.encoding == "WKB":
        shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
        outlines = shapely.to_wkt(shapes, rounding_precision=6)
    for lon, lat, outline in zip(lons.tolist(), lats.tolist(), outlines.tolist(), strict=True):
        is_point = bool(np.isfinite(lon) and np.isfinite(lat))
        yield {"lon": lon, "lat": lat} if is_point else {"footprint": outline or ""}
