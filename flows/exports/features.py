"""A result with places as GeoJSON (RFC 7946) and as GeoParquet 1.1.

The place of a row is its polygon (`geometry_wkb`, as in `port` and `port_area`), or else the point
at its columns `lon` and `lat`, WGS 84.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from flows.exports.cells import (
    BATCH_ROWS,
    NOT_IN_PARQUET,
    NUMBERS,
    json_cell,
    json_text,
    json_texts,
    kinds_in,
    selected,
    unique,
)
from flows.home.settings import BarometerError

WKB, TEXT, POINT = "geometry_wkb", "geometry_geojson", "geometry"
"""Columns: the polygon in both forms, and the point that GeoParquet gets."""

VERSION = "1.1.0"
"""Of GeoParquet; without a CRS its coordinates are longitude and latitude (OGC:CRS84)."""


def write_geojson(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """Write a FeatureCollection with a feature a row; one without a place has a null geometry.

    Raises
    ------
    BarometerError
        If the result has no column of places, or a value there is no WKB.
    """
    place = _place(relation)
    keys = [json_text(name) for name in unique(relation.columns)]
    kinds = relation.types
    shown = [i for i, name in enumerate(relation.columns) if name not in (*place, WKB, TEXT)]
    rows = json_texts(relation, unchanged=(WKB,))
    separator = '{"type": "FeatureCollection", "features": [\n'
    while batch := rows.fetchmany(BATCH_ROWS):
        columns = [[row[relation.columns.index(name)] for row in batch] for name in place]
        for row, shape in zip(batch, _geojson(_shapes(columns)), strict=True):
            properties = ", ".join(f"{keys[i]}: {json_cell(row[i], kinds[i])}" for i in shown)
            feature = f'"type": "Feature", "geometry": {shape}, "properties": {{{properties}}}'
            out.write(f"{separator}{{{feature}}}".encode())
            separator = ",\n"
    out.write(f"{separator if '[' in separator else ''}\n]}}\n".encode())


def write_geoparquet(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """Write Parquet whose column of places geographic programs read.

    Raises
    ------
    BarometerError
        If the result has no column of places, or a value there is no WKB.
    """
    place = _place(relation)
    names = unique(relation.columns)
    column = WKB if place == (WKB,) else unique([*names, POINT])[-1]
    about = {"version": VERSION, "primary_column": column}
    about["columns"] = {column: {"encoding": "WKB", "geometry_types": []}}  # type: ignore[assignment]
    typed = selected(relation, lambda kind: not kinds_in(kind) & NOT_IN_PARQUET)
    with typed.to_arrow_reader(BATCH_ROWS * 10) as reader:
        fields = [field.with_name(name) for field, name in zip(reader.schema, names, strict=True)]
        if column != WKB:
            fields.append(pa.field(column, pa.binary()))
        schema = pa.schema(fields, {"geo": json.dumps(about)})
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in reader:
                arrays = list(batch.columns)
                if column == WKB:
                    _shapes([batch.column(relation.columns.index(WKB)).to_pylist()])
                else:
                    points = [
                        batch.column(relation.columns.index(name)).to_pylist() for name in place
                    ]
                    shapes = shapely.to_wkb(_shapes(points), byte_order=1)
                    arrays.append(pa.array(shapes.tolist(), pa.binary()))
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _place(relation: duckdb.DuckDBPyRelation) -> tuple[str, ...]:
    """The columns that say where a row is."""
    kinds = {name: kind.id for name, kind in zip(relation.columns, relation.types, strict=True)}
    if kinds.get(WKB) == "blob":
        return (WKB,)
    if kinds.get("lon") in NUMBERS and kinds.get("lat") in NUMBERS:
        return ("lon", "lat")
    raise BarometerError(
        f"the result has no places: columns lon and lat, or {WKB}. Add them to the select, or "
        "take another format."
    )


def _shapes(columns: Sequence[Sequence[Any]]) -> npt.NDArray[Any]:
    """Geometries of rows from their polygon, or longitude and latitude; None without.

    Raises
    ------
    BarometerError
        If a value is no WKB.
    """
    if len(columns) == 1:
        try:
            shapes: npt.NDArray[Any] = shapely.from_wkb(np.array(columns[0], dtype=object))
        except (shapely.errors.ShapelyError, NotImplementedError) as error:  # broken, or of arcs
            raise BarometerError(
                f"{WKB} holds a value that is not WKB, or not of points and straight lines "
                f"({error}). Leave the row out, or take another format."
            ) from error
        return shapes
    lon, lat = (np.array([_number(value) for value in column]) for column in columns)
    is_there = np.isfinite(lon) & np.isfinite(lat)
    points = np.full(len(lon), None, dtype=object)
    points[is_there] = shapely.points(lon[is_there], lat[is_there])
    return points


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _geojson(shapes: npt.NDArray[Any]) -> Iterator[str]:
    """Each as JSON, the outer ring counterclockwise, as RFC 7946 wants it."""
    for shape in shapely.orient_polygons(shapes):
        yield "null" if shape is None else shapely.to_geojson(shape)
