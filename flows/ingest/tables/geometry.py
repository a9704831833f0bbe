"""GeoParquet: which column of a Parquet file holds places, in which reference system.

The metadata are those of https://geoparquet.org/releases/v1.1.0/ ("Metadata", "Column metadata"):
the key ``geo`` of the file, with ``primary_column`` and, for each geometry column, ``encoding`` and
``crs``. Coordinates are x and y, so longitude and latitude, whatever order the system has.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from flows.home.settings import BarometerError

MOST_METADATA_BYTES = 1 << 20
"""A description of columns and reference systems has some thousand bytes."""

LON, LAT = ".lon", ".lat"
"""Behind the name of a geometry column: its parts, as a source names them in [columns]."""

_WGS84 = {("OGC", "CRS84"), ("EPSG", "4326")}


class Geometry(NamedTuple):
    """A geometry column: `encoding` is ``WKB`` or ``point``; `fault` is why its places cannot be
    used, None where they can."""

    column: str
    encoding: str
    fault: str | None

    @property
    def parts(self) -> tuple[str, str]:
        """The names of its longitude and latitude in a header."""
        return self.column + LON, self.column + LAT


def geometry_of(metadata: dict[bytes, bytes] | None) -> Geometry | None:
    """The geometry column of a file by the metadata of its key ``geo``; None where it has none."""
    raw = (metadata or {}).get(b"geo", b"")
    if not raw or len(raw) > MOST_METADATA_BYTES:
        return None
    try:
        geo = json.loads(raw)
        name = geo["primary_column"]
        described = geo["columns"][name]
        encoding = described["encoding"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(name, str) or not isinstance(encoding, str):
        return None
    fault = None
    if encoding not in ("WKB", "point"):
        fault = f"is encoded as {encoding[:40]!r}. Write it as points in WKB."
    elif "crs" in described and not _is_wgs84(described["crs"]):
        fault = (
            f"is in the reference system {_name_of(described['crs'])}, not in WGS 84. Convert it "
            "to OGC:CRS84."
        )
    return Geometry(name, encoding, fault)


def coordinates(
    column: pa.Array, encoding: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitude and latitude of points; NaN where there is none, and infinity, which is outside of
    every range, where a value is no point."""
    if encoding == "point":
        lon, lat = (column.field(axis).cast(pa.float64()) for axis in ("x", "y"))
        missing = column.is_null().to_numpy(zero_copy_only=False)
        return tuple(  # type: ignore[return-value]
            np.where(missing, np.nan, axis.to_numpy(zero_copy_only=False)) for axis in (lon, lat)
        )
    values = column.to_numpy(zero_copy_only=False)
    points = shapely.from_wkb(values, on_invalid="ignore")
    is_junk = (shapely.get_type_id(points) != 0) & np.array(column.is_valid())
    return tuple(  # type: ignore[return-value]
        np.where(is_junk, np.inf, part) for part in (shapely.get_x(points), shapely.get_y(points))
    )


def check_geometry(geometry: Geometry, schema: pa.Schema) -> None:
    """Refuse a geometry column whose places cannot be used.

    Raises
    ------
    BarometerError
        With the column and the reason.
    """
    fault = geometry.fault
    field = schema.field(geometry.column) if geometry.column in schema.names else None
    kind = None if field is None else field.type
    if fault is None and geometry.encoding == "WKB":
        if kind is None or not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
            fault = f"holds no WKB but {kind}. Write the file again."
    elif fault is None:
        axes = (
            {} if kind is None or not pa.types.is_struct(kind) else {f.name: f.type for f in kind}
        )
        if not all(pa.types.is_floating(axes.get(axis, pa.null())) for axis in ("x", "y")):
            fault = f"holds no points but {kind}. Write the file again."
    if fault is not None:
        raise BarometerError(f"geometry column {geometry.column[:100]!r} {fault}")


def _is_wgs84(crs: Any) -> bool:
    """Whether a ``crs`` is WGS 84; of one without an identifier the name decides."""
    if isinstance(crs, str):
        return tuple(crs.upper().split(":")) in _WGS84
    if not isinstance(crs, dict):
        return False
    identity = crs.get("id")
    if isinstance(identity, dict):
        return (str(identity.get("authority")), str(identity.get("code"))) in _WGS84
    return crs.get("type") == "GeographicCRS" and str(crs.get("name")).startswith("WGS 84")


def _name_of(crs: Any) -> str:
    if isinstance(crs, dict):
        crs = crs.get("name") or crs.get("id")
    return "null (unknown)" if crs is None else repr(crs)[:100]
