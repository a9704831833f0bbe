"""Passes of a sensor, as a table of one's own: when it looked at which piece of the sea.

A CSV or Parquet with the columns passed_at, sensor, and footprint (a polygon as WKT) or west,
south, east and north; or a GeoParquet with polygons. Also ended_at and reference, where known.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import shapely

from flows.ingest.witnesses.rows import (
    Pass,
    Record,
    Records,
    Row,
    junk,
    moment,
    number,
    sensor_name,
)
from flows.registers.lists.entry import Junk
from flows.registers.lists.letters import plain_text

WITNESS = "passes"

BOX = ("west", "south", "east", "north")

LONGEST = timedelta(hours=1)
"""A choice: a satellite of the lower orbits crosses a sea in minutes."""

MOST_POINTS = 10_000
"""Of a footprint, a choice: a published one has some tens."""


def fits(record: Record) -> bool:
    """Whether a record is a row of such a table."""
    names = set(record)
    return {"passed_at", "sensor"} <= names and ("footprint" in names or set(BOX) <= names)


def rows(records: Records) -> Iterator[Row]:
    """A pass for each row."""
    for record in records:
        yield record if isinstance(record, Junk) else _pass(*record)


def _pass(line: int, fields: Record) -> Row:
    began_at, sensor = moment(fields.get("passed_at")), sensor_name(fields.get("sensor"))
    if began_at is None:
        return junk(line, "passed_at is not a time such as 2026-04-13T02:21:05Z", fields)
    if sensor is None:
        return junk(line, "sensor is not a name of letters, digits and - . / alone", fields)
    ended_at = moment(fields["ended_at"]) if fields.get("ended_at") else began_at
    if ended_at is None or not began_at <= ended_at <= began_at + LONGEST:
        return junk(line, "ended_at is not a time up to an hour after passed_at", fields)
    footprint = _footprint(fields)
    if footprint is None:
        return junk(
            line,
            "no footprint: a valid polygon as WKT in degrees, or west < east and south < north",
            fields,
        )
    reference = plain_text(str(fields.get("reference") or ""))
    return Pass(line, sensor, began_at, ended_at, footprint, reference[:200] if reference else None)


def _footprint(fields: Record) -> str | None:
    """The footprint as WKT; None where it is none on Earth. One across the 180th meridian is two
    polygons."""
    if text := str(fields.get("footprint") or ""):
        shape = shapely.from_wkt(text, on_invalid="ignore")
        if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon"):
            return None
    else:
        west, south, east, north = (number(fields.get(name)) for name in BOX)
        if west is None or south is None or east is None or north is None:
            return None
        if west >= east or south >= north:
            return None
        shape = shapely.box(west, south, east, north)
    if shape.is_empty or shapely.get_num_coordinates(shape) > MOST_POINTS or not shape.is_valid:
        return None
    west, south, east, north = shape.bounds
    if west < -180 or south < -90 or east > 180 or north > 90:
        return None
    return str(shapely.to_wkt(shape, rounding_precision=6))
