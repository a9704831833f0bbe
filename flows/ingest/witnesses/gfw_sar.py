"""Radar detections of Global Fishing Watch, as its 4Wings report or its map gives them.

Shapes: `POST /v3/4wings/report` with `datasets[0]=public-global-sar-presence:latest`, hourly, at
high resolution, as CSV (https://globalfishingwatch.org/our-apis/documentation). A row is a cell of
0.01 degrees, an hour and the number of detections; its identity is empty where Global Fishing Watch
matched it to no AIS. There is no length. Built on the documentation; not yet run on the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from re import fullmatch

from flows.ingest.witnesses.rows import Event, Record, Records, Row, junk, moment, number, point
from flows.registers.lists.entry import Junk, imo_number, ship_mmsi

WITNESS = "gfw-sar"

SENSOR = "Sentinel-1 SAR"
"""Whose images the data set is made from (Paolo et al. 2024, Nature 625, 85-91)."""

CELL_ACCURACY_M = 800.0
"""The half diagonal of a cell of 0.01 degrees."""

MOST_IN_A_CELL = 1_000
"""A cell of a square kilometre and an hour holds no more ships: a slip, or made to fill memory."""


def fits(record: Record) -> bool:
    """Whether a record is a row of such a report, or of one that cannot be used."""
    return {"time range", "detections"} <= set(record)


def rows(records: Records) -> Iterator[Row]:
    """As many detections as each row counts."""
    for record in records:
        if isinstance(record, Junk):
            yield record
        else:
            yield from _detections(*record)


def _detections(line: int, fields: Record) -> Iterator[Row]:
    time, place = str(fields["time range"]), point(fields)
    at = moment(time) if fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:00", time) else None
    count = number(fields["detections"])
    if "lat" not in fields:
        yield junk(line, "summed over a region, without places: group it by cell", fields)
    elif at is None:
        yield junk(line, "Time Range is not an hour such as 2026-04-13 02:00", fields)
    elif place is None:
        yield junk(line, "no Lat and Lon on Earth", fields)
    elif count is None or count != int(count) or not 1 <= count <= MOST_IN_A_CELL:
        yield junk(line, "Detections is not a whole number from 1 to 1,000", fields)
    else:
        for index in range(1, int(count) + 1):
            yield Event(
                line=line,
                kind="detection",
                mmsi=ship_mmsi(str(fields.get("mmsi") or "")),
                imo=imo_number(str(fields.get("imo") or "")),
                began_at=at,
                ended_at=at + timedelta(hours=1),
                lons=(round(place[0], 5),),
                lats=(round(place[1], 5),),
                reference=f"{index} of {int(count)} in the cell" if count > 1 else None,
                sensor=SENSOR,
                accuracy_m=CELL_ACCURACY_M,
            )
