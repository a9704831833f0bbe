"""`barometer vessel`: all that is known of a ship, for a terminal and for a script."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from flows.home.text import safe_text
from flows.report.tables import Rows, records

PARTS = {
    "identity": ("vessel/vessel_identity", ("hull_id",)),
    "evidence": ("vessel/vessel_evidence", ("hull_id", "imo", "mmsi")),
    "listings": ("vessel/vessel_listing", ("hull_id", "imo", "mmsi")),
    "calls": ("vessel/vessel_call", ("hull_id", "imo")),
    "doubts": ("vessel/vessel_doubt", ("hull_id", "imo")),
    "indicators": ("vessel/vessel_indicator", ("hull_id",)),
    "chains": ("vessel/vessel_chain", ("hull_id",)),
    "silences": ("vessel/vessel_silence", ("hull_id",)),
    "legs": ("vessel/vessel_leg", ("hull_id",)),
}
"""Part of a ship's record -> its query of `sql/`, and the parameters of that."""

MOST_SHOWN = 30
"""Most rows of a part printed; `--json` has all of them."""

Cells = tuple[str, ...]


class Section(NamedTuple):
    """A table on a ship: what it is about, its columns, and its rows."""

    heading: str
    columns: list[str]
    rows: list[Cells]


_HALF_SIGN = re.compile("[\ud800-\udfff]")
"""Unpaired surrogates, which Python reads from bytes that are not UTF-8 (PEP 383): in no name."""


_NUMBER = re.compile(
    r"(?:(?P<kind>IMO|MMSI)\s*)?(?P<number>[0-9]{7}|[0-9]{9})(?P<nth>(?<=[0-9]{9}) \([0-9]+\))?",
    re.IGNORECASE,
)


def find_ships(
    con: duckdb.DuckDBPyConnection, text: str, rows: Rows = records
) -> list[dict[str, Any]]:
    """The ships that match an IMO number, an MMSI, an id or a part of a name, heard ones first.

    A number has seven or nine digits, also as ``IMO 9187629``; all else is a name, in upper or
    lower case. Several ships may have one MMSI: an id, such as ``MMSI 352990102 (2)``, is of one.

    Returns
    -------
    list of dict
        The columns of `sql/vessel/vessel_find.sql`. A ship that is only listed has no first_at; if
        the list gives no IMO number either, hull_id is ``MMSI`` and the number, or the listed name.
        Empty for an empty text, and for bytes of a command line that are not UTF-8.
    """
    wanted = text.strip()
    if not wanted or _HALF_SIGN.search(wanted):
        return []
    number = _NUMBER.fullmatch(wanted)
    ships = rows(
        con,
        "vessel/vessel_find",
        number=int(number["number"]) if number else None,
        name=None if number else wanted,
    )
    if number and (number["kind"] or number["nth"]):
        kind = (number["kind"] or "MMSI").upper()
        hull_id = f"{kind} {number['number']}{number['nth'] or ''}"
        of_id = [ship for ship in ships if ship["hull_id"] == hull_id]
        return of_id if of_id or number["nth"] else ships
    return ships


def ship_record(
    con: duckdb.DuckDBPyConnection, ship: dict[str, Any], rows: Rows = records
) -> dict[str, Any]:
    """All that is known of one of the ships of `find_ships`, by the names of `PARTS`."""
    return {"ship": ship} | {
        part: rows(con, query, **{name: ship[name] for name in names})
        for part, (query, names) in PARTS.items()
    }


def ships_view(ships: Sequence[dict[str, Any]]) -> RenderableType:
    """Several ships, to choose from."""
    table = _table("ship", "id", "MMSI", "flag", "tanker", "heard")
    for ship in ships[:MOST_SHOWN]:
        cells = (
            *(text(ship[name]) for name in ("vessel_name", "hull_id", "mmsi", "flag")),
            {True: "yes", False: "no"}.get(ship["is_tanker"], ""),
            _span(ship["first_at"], ship["last_at"]) if ship["first_at"] else "never, only listed",
        )
        table.add_row(*map(Text, cells))
    more = len(ships) - MOST_SHOWN
    parts: list[RenderableType] = [table]
    if more > 0:
        parts.append(Text(f"and {more} more (--json shows all)"))
    parts.append(Text("\nFor one of them: barometer vessel ID"))
    return Group(*parts)


def ship_view(record: dict[str, Any]) -> RenderableType:
    """One ship on a terminal."""
    lines = [f"{heard_of(record)} {verdict_of(record['evidence'])}"]
    return view(title_of(record), lines, sections_of(record))


def view(title: str, lines: Sequence[str], sections: Sequence[Section]) -> RenderableType:
    """A title, sentences and tables on a terminal."""
    parts: list[RenderableType] = [Text(title, style="bold"), *map(Text, lines)]
    for section in sections:
        parts += [Text(f"\n{section.heading}", style="bold"), _shown(section)]
    return Group(*parts)


def _shown(section: Section) -> RenderableType:
    if not section.rows:
        return Text("none")
    table = _table(*section.columns)
    for row in section.rows[:MOST_SHOWN]:
        table.add_row(*map(Text, row))
    if len(section.rows) > MOST_SHOWN:
        table.add_row(f"and {len(section.rows) - MOST_SHOWN} more (--json)")
    return table


def title_of(record: dict[str, Any]) -> str:
    """Name and number of a ship."""
    ship = record["ship"]
    return f"{safe_text(ship['vessel_name'] or 'A ship without a name')}, {ship['hull_id']}"


def heard_of(record: dict[str, Any]) -> str:
    """When a ship was heard, and whether she is a tanker."""
    ship = record["ship"]
    heard = (
        f"Heard {_span(ship['first_at'], ship['last_at'])}"
        if ship["first_at"]
        else "Never heard in this lake; only listed"
    )
    kind = {True: "a tanker", False: "not a tanker", None: "of unknown type"}[ship["is_tanker"]]
    return f"{heard}; {kind}."


def verdict_of(evidence: Sequence[dict[str, Any]]) -> str:
    """The best tier of the evidence of a link to Russia."""
    tiers = {piece["link_tier"] for piece in evidence}
    for tier in ("strong", "moderate", "weak"):
        if tier in tiers:
            outside = ", not counted in the headline" if tier == "weak" else ""
            return f"Linked to Russia by {tier} evidence{outside}; a call by evidence valid then."
    return "No evidence of a link to Russia."


def sections_of(record: dict[str, Any]) -> list[Section]:
    """The tables on a ship, in the order of reading; all texts are safe to print."""
    return [
        Section(heading, columns.split(", "), [row_of(row) for row in record[part]])
        for part, (heading, columns, row_of) in SECTIONS.items()
    ]


def _identity(row: dict[str, Any]) -> Cells:
    by = {"carried": ", number carried", "decision": ", by decision"}.get(row["imo_by"] or "", "")
    return (
        moment(row["valid_from"]),
        moment(row["valid_to"]),
        text(row["mmsi"]),
        text(row["flag"]),
        text(row["vessel_name"]),
        text(row["call_sign"]),
        f"{row['length_m']:.0f} m" if row["length_m"] else "",
        row["source"] + by,
    )


def evidence_cells(row: dict[str, Any]) -> Cells:
    """A piece of evidence of a link to Russia."""
    programme = f", {row['programme']}" if row["programme"] else ""
    return (
        row["link_tier"],
        row["link_reason"],
        text(row["link_source"]),
        text(f"{row['reference']}{programme}"),
        str(row["listed_on"] or ("day unknown" if row["link_reason"] == "listed" else "")),
        text(row["delisted_on"]),
    )


def _evidence(row: dict[str, Any]) -> Cells:
    holds = f"{moment(row['valid_from']) or 'always'} to {moment(row['valid_to']) or 'now'}"
    by = "" if row["matched_by"] == "imo" else f", by {row['matched_by']}"
    return (*evidence_cells(row), holds + by)


def indicator_cells(row: dict[str, Any]) -> Cells:
    """An indicator, with its dates and its source."""
    source = row["source"] + (f", {row['reference']}" if row["reference"] else "")
    dates = (moment(row["began_at"]), moment(row["ended_at"]))
    return (row["indicator"], *dates, text(row["detail"]), text(source))


def _listing(row: dict[str, Any]) -> Cells:
    off = row["delisted_on"] or (f"by {row['gone_by']}" if row["gone_by"] else "")
    return (
        text(row["link_source"]),
        text(row["programme"]),
        text(row["country"]),
        text(row["vessel_name"]),
        text(row["vessel_type"]),
        text(row["listed_on"]) or f"by {row['first_seen_on']}",
        text(off),
    )


def _call(row: dict[str, Any]) -> Cells:
    linked = f"{row['link_reasons']} ({row['link_tier']})" if row["link_reasons"] else ""
    return (
        moment(row["arrived_at"]),
        moment(row["departed_at"]) or "in port",
        f"{safe_text(row['port_name'])} ({row['country']})",
        _stop(row),
        str(row["confidence"]),
        linked,
    )


def _stop(call: dict[str, Any]) -> str:
    """Where a ship lay, and the times of it that were seen, a line each."""
    times = {
        "anchored": call["anchored_at"],
        "berthed": call["berthed_at"],
        "left": call["unberthed_at"],
    }
    known = sorted((at, word) for word, at in times.items() if at is not None)
    return "\n".join([call["area_kind"], *(f"{word} {at:%-d %b %H:%M}" for at, word in known)])


def _hop(row: dict[str, Any]) -> Cells:
    return (
        f"{safe_text(row['port_name'])}, {moment(row['departed_at'])}",
        f"{row['hop']} of {row['hops']}",
        moment(row["began_at"]),
        text(f"{row['from_name'] or ''} {row['from_hull_id']}"),
        text(f"{row['to_name'] or ''} {row['to_hull_id']}"),
        text(row["reasons"]),
    )


def _leg(row: dict[str, Any]) -> Cells:
    chance = row["laden_probability"]
    return (
        moment(row["began_at"]),
        text(row["from_port_name"] or "not heard"),
        moment(row["ended_at"]),
        text(row["to_port_name"] or "not heard"),
        f"{row['draught_m']:.1f} m" if row["draught_m"] else "",
        row["state"],
        f"{chance:.0%}" if chance is not None else "",
        text(row["state_by"]),
    )


def _doubt(row: dict[str, Any]) -> Cells:
    return (
        row["kind"],
        text(row["mmsi"]),
        text(row["imo"]),
        moment(row["valid_from"]),
        moment(row["valid_to"]),
        text(row["detail"]),
    )


def _silence(row: dict[str, Any]) -> Cells:
    return (
        moment(row["silent_from"]),
        moment(row["silent_to"]),
        str(row["hours"]),
        f"{row['from_lat']:.2f}, {row['from_lon']:.2f}",
        f"{row['to_lat']:.2f}, {row['to_lon']:.2f}",
        f"{row['moved_km']:.0f} km",
        f"{row['neighbours_heard']} ships, {row['heard_share']:.0%} of the hours"
        if row["neighbours_heard"]
        else "none: unobserved",
    )


SECTIONS: dict[str, tuple[str, str, Callable[[dict[str, Any]], Cells]]] = {
    "identity": (
        "Identity",
        "from, to, MMSI, flag, name, call sign, length, source",
        _identity,
    ),
    "evidence": (
        "Evidence of a link to Russia",
        "tier, reason, source, reference, listed, delisted, valid",
        _evidence,
    ),
    "indicators": (
        "Indicators (no score is made of them)",
        "indicator, from (UTC), to (UTC), detail, source",
        indicator_cells,
    ),
    "listings": (
        "Lists",
        "list, programme, about, listed name, listed type, listed, delisted",
        _listing,
    ),
    "calls": (
        "Calls",
        "arrived (UTC), departed (UTC), port, stop, confidence, linked by",
        _call,
    ),
    "chains": (
        "On the way of a cargo from Iran over ships to Russia's trade (not counted)",
        "loaded at, transfer, when (UTC), from, to, reasons",
        _hop,
    ),
    "legs": (
        "Laden or in ballast between them (estimates)",
        "left (UTC), from, reached (UTC), to, draught, state, laden, by",
        _leg,
    ),
    "doubts": ("Contradictions", "kind, MMSI, IMO, from, to, detail", _doubt),
    "silences": (
        "Silences of 24 hours or more (no proof of intent)",
        "from (UTC), to (UTC), hours, last fix at, next fix at, moved, others heard there",
        _silence,
    ),
}
"""Part of a ship's record -> its heading, its columns and the cells of a row, in this order."""


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def text(value: Any) -> str:
    """A value on one line, without signs that a terminal would act on; empty for none."""
    return "" if value is None else safe_text(str(value))


def moment(value: datetime | None) -> str:
    """A time to the minute; empty for none."""
    return f"{value:%Y-%m-%d %H:%M}" if value is not None else ""


def _span(first: datetime, last: datetime) -> str:
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
