"""Inspections and detentions of port state control, in OpenSanctions' data sets.

Shapes: entities of FollowTheMoney, one a line, of the data sets of memoranda on port state control
(opensanctions/opensanctions, datasets/_global/tokyo_mou_detention/crawler.py: a Vessel, and a
Sanction with `entity` and `startDate`; of data sets of inspections an UnknownLink between the ship
and a company, with `date`). They give no place. Built on the documentation; not yet run on a file
of the publisher.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.ingest.witnesses.inspections import Ship, inspection
from flows.ingest.witnesses.rows import Aside, Record, Records, Row, junk
from flows.registers.lists.entry import Junk, imo_number, ship_mmsi
from flows.registers.lists.letters import plain_text

WITNESS = "psc"

_DATASET = re.compile(r"(^|_)mou_(banned|detention|psc)$")
_BANNED = re.compile(r"(^|_)mou_banned$")
"""A ban from a region is no visit to a port."""


def fits(record: Record) -> bool:
    """Whether a record is an entity of such a data set."""
    return {"schema", "properties"} <= set(record) and _is_of(record, _DATASET)


def _is_of(entity: Record, names: re.Pattern[str]) -> bool:
    datasets = entity.get("datasets")
    return isinstance(datasets, list) and any(names.search(str(name)) for name in datasets)


def rows(records: Records) -> Iterator[Row]:
    """An inspection for each detention, and for each link of a ship with a day.

    Other entities are set aside: a Vessel alone was inspected on no day that is given.
    """
    ships: dict[str, Ship] = {}
    inspected: list[tuple[int, Record]] = []
    for record in records:
        if isinstance(record, Junk):
            yield record
            continue
        line, fields = record
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


def _ship(entity: Record) -> Ship:
    return Ship(ship_mmsi(_first(entity, "mmsi")), imo_number(_first(entity, "imoNumber")))


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


def _of_entity(line: int, entity: Record, ship: Ship | None) -> Row:
    if ship is None or ship == (None, None):
        return junk(line, "an inspection of a ship without IMO number or MMSI", entity)
    reference = plain_text(str(entity.get("id") or ""))
    begun = _first(entity, "startDate") or _first(entity, "date")
    return inspection(line, entity, ship, begun, None, None, reference)
