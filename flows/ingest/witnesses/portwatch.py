"""Daily series of IMF PortWatch: tanker calls and tonnes by port or country, transits of Hormuz.

Shapes: the layers `Daily_Ports_Data` and `Daily_Chokepoints_Data` of its ArcGIS feature service
(https://services9.arcgis.com/weJ1QsnbMYJlCHdG/arcgis/rest/services/Daily_Ports_Data/FeatureServer/0),
their CSV downloads, and a CSV of `country,date,tanker_calls` that analysts derive from them. The
field `date` was called `date_` for some time in April 2026. Built on the documentation; not yet run
against the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flows.home.resources import data_path, data_rows
from flows.ingest.witnesses.rows import Aside, Record, Records, Row, Value, day, junk, number
from flows.registers.lists.entry import Junk
from flows.registers.lists.letters import plain_text

WITNESS = "portwatch"

DATES = ("date", "date_")

PORT_SERIES = {
    "portcalls_tanker": ("tanker_calls", "calls"),
    "import_tanker": ("tanker_import_t", "t"),
    "export_tanker": ("tanker_export_t", "t"),
}
"""Field of a port's day -> our series and its unit."""

STRAIT_SERIES = {"n_tanker": ("tanker_transits", "transits")}

COAST_SERIES = {"tanker_calls": ("tanker_calls", "calls")}

MOST = {"calls": 1e4, "transits": 1e4, "t": 1e9}
"""More than the whole world has in a day: a slip, or made to drown the test of agreement."""

STRAIT = "Strait of Hormuz"


def fits(record: Record) -> bool:
    """Whether a record is a day of a port, a strait or a country."""
    names = {name.lower() for name in record}
    has_day = bool(names & set(DATES)) or {"year", "month", "day"} <= names
    is_place = "portid" in names and bool(names & {*PORT_SERIES, *STRAIT_SERIES})
    return has_day and (is_place or {"country", "tanker_calls"} <= names)


def rows(records: Records) -> Iterator[Row]:
    """A value a field that is given; days of other countries and straits are set aside."""
    ports = frozenset(row["portid"] for row in data_rows(data_path("witnesses", "portwatch.csv")))
    for record in records:
        if isinstance(record, Junk):
            yield record
        else:
            line, fields = record
            yield from _values(line, {k.lower(): v for k, v in fields.items()}, ports)


def _values(line: int, fields: Record, ports: frozenset[str]) -> Iterator[Row]:
    if not fits(fields):
        yield junk(line, "not a day of PortWatch", fields)
        return
    place_id = plain_text(str(fields.get("portid") or ""))
    name = plain_text(str(fields.get("portname") or ""))
    if "n_tanker" in fields and "portcalls_tanker" not in fields:
        scope, series, is_ours = "strait", STRAIT_SERIES, name == STRAIT
    elif "portid" in fields:
        scope, series, is_ours = "port", PORT_SERIES, _is_iran(fields, place_id in ports)
    else:
        scope, series, is_ours = "coast", COAST_SERIES, _is_iran(fields, False)
    if not is_ours:
        yield Aside(line)
        return
    at = _day(fields)
    if at is None:
        yield junk(line, "no day in date, date_ or year, month, day", fields)
        return
    place = "Iran" if scope == "coast" else name or place_id or "?"
    if scope == "port" and not place_id:
        yield junk(line, "a port without portid", fields)
        return
    values = {key: fields[key] for key in series if fields.get(key) not in (None, "")}
    if not values:
        yield junk(line, f"none of {', '.join(series)} is given", fields)
    for key, given in values.items():
        value, (named, unit) = number(given), series[key]
        if value is None or not 0 <= value <= MOST[unit]:
            yield junk(line, f"{key} {str(given)[:40]!r} is no number of {unit} of a day", fields)
        else:
            yield Value(line, named, scope, place_id, place, at, value, unit)


def _is_iran(fields: Record, is_known_port: bool) -> bool:
    iso3 = str(fields.get("iso3") or "").strip().upper()
    country = str(fields.get("country") or "").casefold()
    if not iso3 and not country:
        return is_known_port
    return iso3 == "IRN" if iso3 else "iran" in country


def _day(fields: Record) -> date | None:
    given = next((fields[name] for name in DATES if fields.get(name) not in (None, "")), None)
    if given is not None:
        return day(given)
    return day("-".join(str(fields.get(part) or "") for part in ("year", "month", "day")))
