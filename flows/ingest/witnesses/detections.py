"""Detections of ships by a sensor that needs no AIS, as a table of one's own: time, place, sensor.

A CSV or Parquet with the columns detected_at, lon, lat and sensor, or a GeoParquet with points;
where they are known also length_m, confidence (0 to 1), accuracy_m and reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from flows.home.rules import rule
from flows.ingest.witnesses.rows import (
    Event,
    Record,
    Records,
    Row,
    junk,
    moment,
    number,
    point,
    sensor_name,
)
from flows.registers.lists.entry import LONGEST_SHIP_M, Junk
from flows.registers.lists.letters import plain_text

WITNESS = "detections"

ACCURACY_M = 100.0
"""Where a table gives none, a choice: images of Sentinel-1 are placed to some ten metres, but the
middle of an echo is not that of the ship."""

MOST_ACCURACY_M = 1_000 * rule("coarsest_km")


def fits(record: Record) -> bool:
    """Whether a record is a row of such a table."""
    return {"detected_at", "sensor", "lon", "lat"} <= set(record)


def rows(records: Records) -> Iterator[Row]:
    """A detection for each row."""
    for record in records:
        yield record if isinstance(record, Junk) else _detection(*record)


def _detection(line: int, fields: Record) -> Row:
    at, place = moment(fields.get("detected_at")), point(fields)
    sensor = sensor_name(fields.get("sensor"))
    length_m, confidence, accuracy_m = (
        _measure(fields, name) for name in ("length_m", "confidence", "accuracy_m")
    )
    faults = {
        "detected_at is not a time such as 2026-04-13T02:21:05Z": at is None,
        "no lon and lat on Earth": place is None,
        "sensor is not a name of letters, digits and - . / alone": sensor is None,
        f"length_m is not a length of a ship, 0 to {LONGEST_SHIP_M}": length_m is not None
        and not 0 < length_m <= LONGEST_SHIP_M,
        "confidence is not a share from 0 to 1": confidence is not None
        and not 0 <= confidence <= 1,
        f"accuracy_m is not between 0 and {MOST_ACCURACY_M:.0f}": accuracy_m is not None
        and not 0 < accuracy_m <= MOST_ACCURACY_M,
    }
    fault = next((reason for reason, is_so in faults.items() if is_so), None)
    if fault or at is None or place is None:
        return junk(line, str(fault), fields)
    reference = plain_text(str(fields.get("reference") or ""))
    return Event(
        line=line,
        kind="detection",
        mmsi=None,
        imo=None,
        began_at=at,
        ended_at=at,
        lons=(place[0],),
        lats=(place[1],),
        length_m=length_m,
        confidence=None if confidence is None else round(100 * confidence),
        reference=reference[:200] if reference else None,
        sensor=sensor,
        accuracy_m=ACCURACY_M if accuracy_m is None else accuracy_m,
    )


def _measure(fields: Record, name: str) -> float | None:
    """A number; None where the cell is empty, and -1, which no range allows, for another text."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    read = number(value)
    return -1.0 if read is None else read
