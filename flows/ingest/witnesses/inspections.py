"""Inspections in port, as a table of one's own: ship, port and day.

A CSV with the columns mmsi or imo; port, port_id or locode, or lon and lat; and day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from flows.ingest.witnesses.rows import Event, Record, Records, Row, day, junk, point
from flows.registers.lists.entry import Junk, imo_number, ship_mmsi
from flows.registers.lists.letters import plain_text

WITNESS = "inspections"

PLACES = ("port", "port_id", "locode")
DAYS = ("day", "inspected_on")

_MOTION = ("sog", "cog", "speed", "course", "heading", "status")
"""Columns of positions: a table that has one is AIS of an unknown layout."""


class Ship(NamedTuple):
    """A ship by her numbers; None where one is not given or not valid."""

    mmsi: int | None
    imo: int | None


def fits(record: Record) -> bool:
    """Whether a record is a row of such a table."""
    names = set(record)
    is_table = bool(names & {"mmsi", "imo"}) and bool(names & set(DAYS))
    has_place = bool(names & set(PLACES)) or {"lon", "lat"} <= names
    return is_table and has_place and not any(m in name for name in names for m in _MOTION)


def rows(records: Records) -> Iterator[Row]:
    """An inspection for each row."""
    for record in records:
        yield record if isinstance(record, Junk) else _of_table(*record)


def _of_table(line: int, fields: Record) -> Row:
    ship = Ship(ship_mmsi(str(fields.get("mmsi") or "")), imo_number(str(fields.get("imo") or "")))
    if ship == (None, None):
        return junk(line, "neither an MMSI of nine digits nor a valid IMO number", fields)
    given = next((fields[name] for name in PLACES if fields.get(name)), "")
    place = re.sub(r"\s", "", str(given)).upper() or None
    if place and not re.fullmatch(r"[A-Z]{2}-?[A-Z0-9]{3}", place):
        return junk(line, f"port {str(given)[:40]!r} is neither a LOCODE nor a port_id", fields)
    at = point(fields)
    if place is None and at is None:
        return junk(line, "no port, and no lon and lat", fields)
    begun = next((fields[name] for name in DAYS if fields.get(name)), "")
    reference = plain_text(str(fields.get("reference") or ""))
    return inspection(line, fields, ship, begun, place, at, reference)


def inspection(
    line: int,
    record: Record,
    ship: Ship,
    begun: Any,
    place: str | None,
    at: tuple[float, float] | None,
    reference: str | None,
) -> Row:
    """An event of the whole day: the hour of an inspection is not published."""
    on = day(begun)
    if on is None:
        return junk(line, f"{str(begun)[:40]!r} is not a day such as 2026-04-13", record)
    began_at = datetime.combine(on, time())
    return Event(
        line=line,
        kind="inspection",
        mmsi=ship.mmsi,
        imo=ship.imo,
        began_at=began_at,
        ended_at=began_at + timedelta(days=1),
        place=place,
        lons=(at[0],) if at else (),
        lats=(at[1],) if at else (),
        reference=reference[:200] if reference else None,
    )
