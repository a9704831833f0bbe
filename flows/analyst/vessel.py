"""`barometer vessel`: all that is known of a ship, for a terminal and for a script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from flows.home.text import safe_text
from flows.report.tables import records

PARTS = {
    "identity": ("vessel/vessel_identity", ("hull_id",)),
    "evidence": ("vessel/vessel_evidence", ("hull_id", "imo", "mmsi")),
    "listings": ("vessel/vessel_listing", ("hull_id", "imo", "mmsi")),
    "calls": ("vessel/vessel_call", ("hull_id", "imo")),
    "doubts": ("vessel/vessel_doubt", ("hull_id", "imo")),
    "silences": ("vessel/vessel_silence", ("hull_id",)),
    "legs": ("vessel/vessel_leg", ("hull_id",)),
    "loadings": ("vessel/vessel_loading", ("hull_id",)),
}
"""Part of a ship's record -> its query of `sql/`, and the parameters of that."""

MOST_SHOWN = 30
"""Most rows of a part printed; `--json` has all of them."""

_HALF_SIGN = re.compile("[\ud800-\udfff]")
"""Unpaired surrogates, which Python reads from bytes that are not UTF-8 (PEP 383): in no name."""


def find_ships(con: duckdb.DuckDBPyConnection, text: str) -> list[dict[str, Any]]:
    """The ships that match an IMO number, an MMSI or a part of a name, heard ones first.

    A number has seven or nine digits, also as ``IMO 9187629``; all else is a name, in upper or
    lower case.

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
    number = re.fullmatch(r"(?:IMO|MMSI)?\s*([0-9]{7}|[0-9]{9})", wanted, re.IGNORECASE)
    return records(
        con,
        "vessel/vessel_find",
        number=int(number[1]) if number else None,
        name=None if number else wanted,
    )


def ship_record(con: duckdb.DuckDBPyConnection, ship: dict[str, Any]) -> dict[str, Any]:
    """All that is known of one of the ships of `find_ships`, by the names of `PARTS`."""
    return {"ship": ship} | {
        part: records(con, query, **{name: ship[name] for name in names})
        for part, (query, names) in PARTS.items()
    }


def ships_view(ships: Sequence[dict[str, Any]]) -> RenderableType:
    """Several ships, to choose from."""
    table = _table("ship", "IMO", "MMSI", "flag", "tanker", "heard")
    for ship in ships[:MOST_SHOWN]:
        table.add_row(
            _text(ship["vessel_name"]),
            _text(ship["imo"]),
            _text(ship["mmsi"]),
            _text(ship["flag"]),
            _text({True: "yes", False: "no"}.get(ship["is_tanker"])),
            _span(ship["first_at"], ship["last_at"]) if ship["first_at"] else "never, only listed",
        )
    more = len(ships) - MOST_SHOWN
    parts: list[RenderableType] = [table]
    if more > 0:
        parts.append(Text(f"and {more} more (--json shows all)"))
    parts.append(Text("\nFor one of them: barometer vessel IMO-or-MMSI"))
    return Group(*parts)


def ship_view(record: dict[str, Any]) -> RenderableType:
    """One ship: identity, evidence, calls, laden or not, doubts, silences."""
    ship = record["ship"]
    title = f"{safe_text(ship['vessel_name'] or 'A ship without a name')}, {ship['hull_id']}"
    heard = (
        f"Heard {_span(ship['first_at'], ship['last_at'])}"
        if ship["first_at"]
        else "Never heard in this lake; only listed"
    )
    kind = {True: "a tanker", False: "not a tanker", None: "of unknown type"}[ship["is_tanker"]]
    parts: list[RenderableType] = [
        Text(title, style="bold"),
        Text(f"{heard}; {kind}. {_verdict(record['evidence'])}"),
    ]
    sections = (
        ("Identity", _identity(record["identity"])),
        ("Evidence of a link to Russia", _evidence(record["evidence"])),
        ("Lists", _listings(record["listings"])),
        ("Calls", _calls(record["calls"])),
        ("Laden or in ballast between them (estimates)", _legs(record["legs"])),
        ("Contradictions", _doubts(record["doubts"])),
        ("Silences of 24 hours or more (no proof of intent)", _silences(record["silences"])),
        (
            "Deeper after a silence, without a heard call (not counted)",
            _loadings(record["loadings"]),
        ),
    )
    for heading, table in sections:
        parts += [Text(f"\n{heading}", style="bold"), table if table.rows else Text("none")]
    return Group(*parts)


def _verdict(evidence: Sequence[dict[str, Any]]) -> str:
    tiers = {piece["link_tier"] for piece in evidence}
    for tier in ("strong", "moderate", "weak"):
        if tier in tiers:
            outside = ", not counted in the headline" if tier == "weak" else ""
            return f"Linked to Russia by {tier} evidence{outside}; a call by evidence valid then."
    return "No evidence of a link to Russia."


def _identity(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table("from", "to", "MMSI", "flag", "name", "call sign", "length", "source")
    for row in rows[:MOST_SHOWN]:
        size = f"{row['length_m']:.0f} m" if row["length_m"] else ""
        by = row["source"] + {"carried": ", number carried", "decision": ", by decision"}.get(
            row["imo_by"] or "", ""
        )
        table.add_row(
            _moment(row["valid_from"]),
            _moment(row["valid_to"]),
            _text(row["mmsi"]),
            _text(row["flag"]),
            _text(row["vessel_name"]),
            _text(row["call_sign"]),
            size,
            by,
        )
    return _cut(table, rows)


def _evidence(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table("tier", "reason", "source", "reference", "listed", "delisted", "valid")
    for row in rows[:MOST_SHOWN]:
        holds = f"{_moment(row['valid_from']) or 'always'} to {_moment(row['valid_to']) or 'now'}"
        programme = f", {row['programme']}" if row["programme"] else ""
        table.add_row(
            row["link_tier"],
            row["link_reason"],
            _text(row["link_source"]),
            _text(f"{row['reference']}{programme}"),
            _day(row["listed_on"], row["link_reason"]),
            _text(row["delisted_on"]),
            holds + ("" if row["matched_by"] == "imo" else f", by {row['matched_by']}"),
        )
    return _cut(table, rows)


def _listings(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table("list", "programme", "about", "listed name", "listed type", "listed", "delisted")
    for row in rows[:MOST_SHOWN]:
        off = row["delisted_on"] or (f"by {row['gone_by']}" if row["gone_by"] else "")
        table.add_row(
            _text(row["link_source"]),
            _text(row["programme"]),
            _text(row["country"]),
            _text(row["vessel_name"]),
            _text(row["vessel_type"]),
            _text(row["listed_on"]) or f"by {row['first_seen_on']}",
            _text(off),
        )
    return _cut(table, rows)


def _calls(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table("arrived (UTC)", "departed (UTC)", "port", "stop", "confidence", "linked by")
    for row in rows[:MOST_SHOWN]:
        linked = f"{row['link_reasons']} ({row['link_tier']})" if row["link_reasons"] else ""
        table.add_row(
            _moment(row["arrived_at"]),
            _moment(row["departed_at"]) or "in port",
            f"{safe_text(row['port_name'])} ({row['country']})",
            _stop(row),
            str(row["confidence"]),
            linked,
        )
    return _cut(table, rows)


def _stop(call: dict[str, Any]) -> str:
    """Where a ship lay, and the times of it that were seen, a line each."""
    times = {
        "anchored": call["anchored_at"],
        "berthed": call["berthed_at"],
        "left": call["unberthed_at"],
    }
    known = sorted((at, word) for word, at in times.items() if at is not None)
    return "\n".join([call["area_kind"], *(f"{word} {at:%-d %b %H:%M}" for at, word in known)])


def _doubts(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table("kind", "MMSI", "IMO", "from", "to", "detail")
    for row in rows[:MOST_SHOWN]:
        table.add_row(
            row["kind"],
            _text(row["mmsi"]),
            _text(row["imo"]),
            _moment(row["valid_from"]),
            _moment(row["valid_to"]),
            _text(row["detail"]),
        )
    return _cut(table, rows)


def _silences(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table(
        *("from (UTC)", "to (UTC)", "hours", "last fix at", "next fix at", "moved"),
        "others heard there",
    )
    for row in rows[:MOST_SHOWN]:
        table.add_row(
            _moment(row["silent_from"]),
            _moment(row["silent_to"]),
            str(row["hours"]),
            f"{row['from_lat']:.2f}, {row['from_lon']:.2f}",
            f"{row['to_lat']:.2f}, {row['to_lon']:.2f}",
            f"{row['moved_km']:.0f} km",
            f"{row['neighbours_heard']} ships, {row['heard_share']:.0%} of the hours"
            if row["neighbours_heard"]
            else "none: unobserved",
        )
    return _cut(table, rows)


def _legs(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table("left (UTC)", "from", "reached (UTC)", "to", "draught", "state", "laden", "by")
    for row in rows[:MOST_SHOWN]:
        chance = row["laden_probability"]
        table.add_row(
            _moment(row["began_at"]),
            _text(row["from_port_name"] or "not heard"),
            _moment(row["ended_at"]),
            _text(row["to_port_name"] or "not heard"),
            f"{row['draught_m']:.1f} m" if row["draught_m"] else "",
            row["state"],
            f"{chance:.0%}" if chance is not None else "",
            _text(row["state_by"]),
        )
    return _cut(table, rows)


def _loadings(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table("from (UTC)", "to (UTC)", "reasons")
    for row in rows[:MOST_SHOWN]:
        table.add_row(_moment(row["silent_from"]), _moment(row["silent_to"]), _text(row["reasons"]))
    return _cut(table, rows)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _cut(table: Table, rows: Sequence[Any]) -> Table:
    if len(rows) > MOST_SHOWN:
        table.add_row(f"and {len(rows) - MOST_SHOWN} more (--json)")
    return table


def _text(value: Any) -> Text:
    return Text("" if value is None else safe_text(str(value)))


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value is not None else ""


def _day(value: Any, reason: str) -> str:
    return str(value or ("day unknown" if reason == "listed" else ""))


def _span(first: Any, last: Any) -> str:
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
