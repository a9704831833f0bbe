"""Inspections in port: OpenSanctions' data of port state control, and tables of ship, port and day.

Shapes: entities of FollowTheMoney, one a line, of the data sets of memoranda on port state control
(opensanctions/opensanctions, datasets/_global/tokyo_mou_detention/crawler.py: a Vessel, and a
Sanction with `entity` and `startDate`; of data sets of inspections an UnknownLink between the ship
and a company, with `date`). They give no place. A CSV of anybody's has the columns mmsi
or imo; port, port_id or locode, or lon and lat; and day. Built on the documentation; not yet run on
a file of the publisher.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from flows.lists.entry import Junk, imo_number, ship_mmsi
from flows.lists.letters import plain_text
from flows.witnesses.rows import Aside, Event, Record, Records, Row, day, junk, point

WITNESS = "psc"

PLACES = ("port", "port_id", "locode")
DAYS = ("day", "inspected_on")

_MOTION = ("sog", "cog", "speed", "course", "heading", "status")
"""Columns of positions: a table that has one is AIS of an unknown layout."""

_DATASET = re.compile(r"(^|_)mou_(banned|detention|psc)$")
_BANNED = re.compile(r"(^|_)mou_banned$")
"""A ban from a region is no visit to a port."""


def fits(record: Record) -> bool:
    """Whether a record is an inspection of a table, or an entity of such a dataset."""
    names = set(record)
    if {"schema", "properties"} <= names:
        return _is_of(record, _DATASET)
    is_table = bool(names & {"mmsi", "imo"}) and bool(names & set(DAYS))
    has_place = bool(names & set(PLACES)) or {"lon", "lat"} <= names
    return is_table and has_place and not any(m in name for name in names for m in _MOTION)


def _is_of(entity: Record, names: re.Pattern[str]) -> bool:
    datasets = entity.get("datasets")
    return isinstance(datasets, list) and any(names.search(str(name)) for name in datasets)


def rows(records: Records) -> Iterator[Row]:
    """An inspection a row of a table; of entities, one a detention, or link of a ship with a day.

    Other entities are set aside: a Vessel alone was inspected on no day that is given.
    """
    ships: dict[str, _Ship] = {}
    inspected: list[tuple[int, Record]] = []
    for record in records:
        if isinstance(record, Junk):
            yield record
            continue
        line, fields = record
        if "schema" not in fields:
            yield _of_table(line, fields)
            continue
        for entity in _nested(fields):
            is_link = entity.get("schema") == "UnknownLink" and bool(_first(entity, "date"))
            if is_link or (entity.get("schema") == "Sanction" and not _is_of(fields, _BANNED)):
                inspected.append((line, entity))
                continue
            if entity.get("schema") == "Vessel":
                ships[str(entity.get("id"))] = _ship(entity)
            yield Aside(line)
    for line, entity in inspected:
        ends = [ships.get(_first(entity, name)) for name in ("entity", "subject", "object")]
        yield _of_entity(line, entity, next((ship for ship in ends if ship is not None), None))


class _Ship(NamedTuple):
    mmsi: int | None
    imo: int | None


def _ship(entity: Record) -> _Ship:
    return _Ship(ship_mmsi(_first(entity, "mmsi")), imo_number(_first(entity, "imoNumber")))


def _nested(entity: Record) -> Iterator[Record]:
    """An entity, and the sanctions inside of it, which then name it."""
    yield entity
    properties = entity.get("properties")
    inner = properties.get("sanctions") if isinstance(properties, dict) else None
    for sanction in inner if isinstance(inner, list) else ():
        if isinstance(sanction, dict) and isinstance(sanction.get("properties"), dict):
            given = sanction["properties"] | {"entity": [str(entity.get("id"))]}
            yield {**sanction, "schema": "Sanction", "properties": given}


def _first(entity: Record, name: str) -> str:
    """The first value of a property as text; empty without one."""
    properties = entity.get("properties")
    values = properties.get(name) if isinstance(properties, dict) else None
    value = values[0] if isinstance(values, list) and values else ""
    return str(value.get("id")) if isinstance(value, dict) else str(value)


def _of_entity(line: int, entity: Record, ship: _Ship | None) -> Row:
    if ship is None or ship == (None, None):
        return junk(line, "an inspection of a ship without IMO number or MMSI", entity)
    reference = plain_text(str(entity.get("id") or ""))
    begun = _first(entity, "startDate") or _first(entity, "date")
    return _inspection(line, entity, ship, begun, None, None, reference)


def _of_table(line: int, fields: Record) -> Row:
    ship = _Ship(ship_mmsi(str(fields.get("mmsi") or "")), imo_number(str(fields.get("imo") or "")))
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
    return _inspection(line, fields, ship, begun, place, at, reference)


def _inspection(
    line: int,
    record: Record,
    ship: _Ship,
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
