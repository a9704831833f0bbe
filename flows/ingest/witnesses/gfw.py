"""Events of Global Fishing Watch: port visits, gaps, encounters and loitering.

Shapes: the Events API v3 (https://globalfishingwatch.org/our-apis/documentation#events-api) and the
models of its Python client (gfw-api-python-client 1.4.0,
src/gfwapiclient/resources/events/base/models/response.py). Numbers come as numbers or as texts.
Built on the documentation; not yet run against the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from flows.ingest.witnesses.rows import (
    Aside,
    Event,
    Record,
    Records,
    Row,
    junk,
    moment,
    number,
    point,
)
from flows.registers.lists.entry import Junk, ship_mmsi
from flows.registers.lists.letters import plain_text

WITNESS = "gfw-events"

KINDS = ("port_visit", "gap", "encounter", "loitering")

_DETAILS = {
    "port_visit": "port_visit",
    "portVisit": "port_visit",
    "gap": "gap",
    "encounter": "encounter",
    "loitering": "loitering",
    "fishing": "fishing",
}
"""The key of an event's details, as the API and as its client write it, to the kind."""


def fits(record: Record) -> bool:
    """Whether a record is an event: a ship, a start, and details of one of the kinds."""
    return isinstance(record.get("vessel"), dict) and "start" in record and bool(_kind(record))


def rows(records: Records) -> Iterator[Row]:
    """An event a record."""
    for record in records:
        yield record if isinstance(record, Junk) else _event(*record)


def _kind(record: Record) -> str:
    named = str(record.get("type") or "").lower().removesuffix("s")
    if named in _DETAILS:
        return _DETAILS[named]
    return next((kind for key, kind in _DETAILS.items() if record.get(key)), "")


def _event(line: int, record: Record) -> Row:
    if not fits(record):
        return junk(line, "not an event of Global Fishing Watch", record)
    kind = _kind(record)
    if kind not in KINDS:
        return Aside(line)
    of_kind = (record[key] for key in record if _DETAILS.get(key) == kind)
    details = next((given for given in of_kind if isinstance(given, dict)), {})
    mmsi = _mmsi(record["vessel"])
    began_at, ended_at = moment(record["start"]), moment(record.get("end"))
    points = [place for place in map(point, _places(record, kind, details)) if place]
    if mmsi is None or began_at is None or not points or _is_bad_end(record, began_at, ended_at):
        return junk(line, _fault(record, mmsi, began_at, points), record)
    confidence = number(details.get("confidence"))
    is_intentional = details.get("intentionalDisabling")
    return Event(
        line=line,
        kind=kind,
        mmsi=mmsi,
        imo=None,
        began_at=began_at,
        ended_at=ended_at,
        lons=tuple(lon for lon, _ in points),
        lats=tuple(lat for _, lat in points),
        confidence=int(confidence) if confidence in (1, 2, 3, 4) else None,
        reference=(plain_text(str(record.get("id") or "")) or "")[:200] or None,
        other_mmsi=_mmsi(details.get("vessel")),
        is_intentional=is_intentional if isinstance(is_intentional, bool) else None,
    )


def _is_bad_end(record: Record, began_at: datetime, ended_at: datetime | None) -> bool:
    """Whether an event ends before it begins, or at what is no time; one may still go on."""
    return ended_at < began_at if ended_at else bool(record.get("end"))


def _fault(
    record: Record, mmsi: int | None, began_at: datetime | None, points: list[tuple[float, float]]
) -> str:
    if mmsi is None:
        return "no ship's MMSI (ssvid)"
    if began_at is None:
        return "start is not a time"
    return "end is not a time after the start" if points else "no place"


def _mmsi(vessel: Any) -> int | None:
    return ship_mmsi(str(vessel.get("ssvid") or "")) if isinstance(vessel, Mapping) else None


def _places(record: Record, kind: str, details: Record) -> list[Any]:
    """The places of an event, the best first.

    Of a port visit its anchorages: one at a dock, then the one in between, the first and the last.
    """
    if kind == "port_visit":
        names = ("intermediateAnchorage", "startAnchorage", "endAnchorage")
        anchorages = [a for a in map(details.get, names) if isinstance(a, Mapping)]
        anchorages.sort(key=lambda anchorage: anchorage.get("atDock") is not True)
        return [*anchorages, record.get("position")]
    if kind == "gap":
        return [details.get("offPosition"), record.get("position"), details.get("onPosition")]
    return [record.get("position")]
