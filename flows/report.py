"""Step 9, report: a week's numbers as CSV files for a team, and as a table for a terminal."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from flows.lake import write_durably
from flows.resources import sql_path

FILES = {
    "weekly_port_calls.csv": "report_weekly_port_calls",
    "port_calls.csv": "report_port_calls",
    "barometer.csv": "report_barometer",
    "interference.csv": "report_interference",
}

SIMULATED = "SIMULATED DATA: ships and voyages here were made up by barometer simulate."

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# Control, bidirectional and other invisible signs: they can forge a line or turn a text round.
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def safe_text(text: str) -> str:
    """Foreign text on one line, without signs that a screen does not show.

    >>> safe_text("SEA\\x1b[31m STAR\\u202e")
    'SEA [31m STAR'
    """
    return re.sub(r"\s+", " ", _INVISIBLE.sub(" ", text)).strip()


def safe_cell(value: Any) -> Any:
    """A value for a CSV that people open in a spreadsheet.

    A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV
    injection). Numbers stay numbers, times are UTC without an offset, null is empty.

    >>> safe_cell("=HYPERLINK(1)"), safe_cell(-1.5), safe_cell(None), safe_cell(True)
    ("'=HYPERLINK(1)", -1.5, '', 'true')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = safe_text(value)
        return f"'{text}" if text.startswith(_FORMULA) else text
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value


def write_report(con: duckdb.DuckDBPyConnection, folder: Path, week: str) -> bool:
    """Write the CSV files of a week to a folder.

    Parameters
    ----------
    con : DuckDBPyConnection
        On a catalogue.
    folder : Path
        It is made where it is missing.
    week : str
        ISO week such as ``2026-W16``, one of the relation `barometer`.

    Returns
    -------
    bool
        Whether any file is new or changed; one that would be the same is left as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {name: _csv(con, query, week) for name, query in FILES.items()}
    if records(con, "report_notes", week=week)[0]["is_simulated"]:
        contents["SIMULATED.txt"] = f"{SIMULATED}\n".encode()
    changed = False
    for name, content in contents.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            write_durably(path, content)
            changed = True
    return changed


def week_folder(home: Path, week: str) -> Path:
    """Where a week's report lies in a home."""
    return home / "reports" / week


def weeks(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The weeks of the series, oldest first."""
    return [row[0] for row in con.execute("select week from barometer order by week").fetchall()]


def _csv(con: duckdb.DuckDBPyConnection, query: str, week: str) -> bytes:
    names, rows = _fetch(con, query, {"week": week})
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def _fetch(
    con: duckdb.DuckDBPyConnection, query: str, params: dict[str, Any]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    text = sql_path(f"{query}.sql").read_text(encoding="utf-8")
    result = con.execute(text, params)
    return [column[0] for column in result.description], result.fetchall()


def records(con: duckdb.DuckDBPyConnection, query: str, **params: Any) -> list[dict[str, Any]]:
    """The rows of a query of `sql/` with parameters, each a dict by column."""
    names, rows = _fetch(con, query, params)
    return [dict(zip(names, row, strict=True)) for row in rows]


def summary(con: duckdb.DuckDBPyConnection, week: str) -> dict[str, Any]:
    """The week's row of the series, its ports, linked calls, interference and notes."""
    return {
        "series": records(con, "report_barometer", week=week)[-1],
        "ports": records(con, "report_by_port", week=week),
        "calls": [
            c for c in records(con, "report_port_calls", week=week) if c["is_russian_linked"]
        ],
        "interference": records(con, "report_interference", week=week),
        "notes": records(con, "report_notes", week=week)[0],
    }


def headline(series: dict[str, Any]) -> str:
    """The week's number in a sentence that does not say more than was heard."""
    calls, berths = series["russian_linked_tanker_calls"], series["russian_linked_berth_calls"]
    heard = f"{series['observed_share'] or 0:.0%} of the coast's hours heard"
    if calls is None:
        return f"No number: {heard}, too little to say zero."
    so_far = " so far" if series["state"] == "open" else ""
    if calls == 0:
        seen = "none seen" if series["state"] == "partial" else "no call"
        return f"Russian-linked tankers at Iranian ports: {seen}{so_far}; {heard}."
    at_least = "at least " if series["state"] == "partial" else ""
    at_berth = "an unknown number" if berths is None else str(berths)
    return (
        f"Russian-linked tankers at Iranian ports: {at_least}{at_berth} at berth, "
        f"{at_least}{calls} calls in all{so_far}; {heard}."
    )


def notes(found: dict[str, Any], series: dict[str, Any]) -> list[str]:
    """What the data cannot support, in sentences."""
    told = []
    if series["state"] == "open":
        told.append("The week is open: its files are not all in, and the count will grow.")
    if series["russian_linked_tanker_calls"] == 0 and series["state"] == "partial":
        told.append(
            "The zero is of the hours and ports that were heard; unheard ports may have had calls."
        )
    if found["never_heard"]:
        told.append(f"No source ever heard these ports: {found['never_heard']}.")
    if found["of_unknown_type"]:
        calls = _counted(found["of_unknown_type"], "call")
        told.append(f"{calls} of ships that send no type not counted.")
    if found["contested"]:
        calls = _counted(found["contested"], "contested tanker call")
        told.append(f"{calls} (confidence 1) not counted.")
    if found["voyage_anchorages"]:
        waits = _counted(found["voyage_anchorages"], "wait")
        told.append(
            f"{waits} at anchor not counted again: part of a voyage with a berth call that is."
        )
    if found["arrived_maybe_earlier"]:
        calls = _counted(found["arrived_maybe_earlier"], "call")
        told.append(f"{calls} may have begun in an earlier week.")
    if found["lacks_owner"]:
        told.append("No register at hand names Russian owners: links are a lower bound.")
    if found["lacks_trade"]:
        told.append(
            "No source hears a Russian oil port, so no ship is linked by trade: links are a lower "
            "bound."
        )
    if found["old_registers"]:
        told.append(
            f"Registers older than 60 days: {found['old_registers']}. Later listings are missing; "
            "refresh with: barometer register import FILE."
        )
    if found["undecided"]:
        ships = _counted(found["undecided"], "ship")
        told.append(
            f"{ships} that called may be on a list, by name or by an IMO number in doubt: see "
            "link_candidate."
        )
    return told


def _counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> _counted(1, "call"), _counted(2, "call")
    ('1 call', '2 calls')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def interference_note(events: Sequence[dict[str, Any]], less_sure: int) -> str | None:
    """Where ships were shown falsely in the week, in a sentence; None where nothing was seen.

    `less_sure` is the number of tanker calls whose confidence that lowered.
    """
    if not events:
        return None
    most = max(events, key=lambda event: event["ships"])
    count = "an event" if len(events) == 1 else f"{len(events)} events, the largest"
    calls = _counted(less_sure, "tanker call") if less_sure else "no tanker call"
    return (
        f"Interference: {count} at {safe_text(most['place'])} from {most['began_at']:%a %d %H:%M}, "
        f"where {most['ships']} ships were shown and were not; {calls} less sure for it."
    )


def week_view(con: duckdb.DuckDBPyConnection, week: str) -> RenderableType:
    """The week for a person at a terminal: the number, the ports, the ships, the limits."""
    found = summary(con, week)
    series = found["series"]
    start: date = series["week_start"]
    span = f"{start:%-d %B} to {start + timedelta(days=6):%-d %B %Y}"
    parts: list[RenderableType] = []
    if found["notes"]["known_on"]:
        known = f"AS KNOWN ON {found['notes']['known_on']}: what was listed later is left out."
        parts.append(Text(known, style="bold reverse"))
    if found["notes"]["is_simulated"]:
        parts.append(Text(SIMULATED, style="bold reverse"))
    parts += [
        Text(f"Week {week}, {span}", style="bold"),
        Text(headline(series), style="bold"),
    ]
    if any(port["tanker_calls"] for port in found["ports"]):
        parts += [Text(""), _ports_table(found["ports"])]
    if found["calls"]:
        parts += [Text(""), _calls_table(found["calls"])]
    told = [
        _quiet_ports(found["ports"]),
        interference_note(found["interference"], found["notes"]["made_less_sure"]),
        *notes(found["notes"], series),
    ]
    parts += [Text(""), *(Text(f"- {note}") for note in told if note)]
    return Group(*parts)


def _ports_table(ports: Sequence[dict[str, Any]]) -> Table:
    """The ports where a tanker called."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("port", no_wrap=True)
    table.add_column("water", no_wrap=True)
    for name in ("Russian-linked\nat berth", "Russian-linked\nin all", "all\ntankers", "heard"):
        table.add_column(name, justify="right")
    for port in ports:
        if port["tanker_calls"]:
            table.add_row(
                safe_text(port["name"]),
                port["water"],
                _count(port["linked_berth_calls"]),
                _count(port["linked_calls"]),
                str(port["tanker_calls"]),
                f"{port['observed_share'] or 0:.0%}",
            )
    return table


def _quiet_ports(ports: Sequence[dict[str, Any]]) -> str | None:
    """The ports that were heard and where no tanker called; those never heard are in the notes."""
    quiet = [port for port in ports if not port["tanker_calls"] and port["observed_share"]]
    names = [
        safe_text(port["name"])
        + ("" if port["observed_share"] >= 0.95 else f" ({port['observed_share']:.0%} heard)")
        for port in quiet
    ]
    return f"No tanker call seen at: {'; '.join(names)}." if names else None


def _calls_table(calls: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("ship", "IMO", "flag", "port", "arrived (UTC)", "departed (UTC)", "kind"):
        table.add_column(name, no_wrap=name != "port")
    table.add_column("linked by", no_wrap=True)
    for call in calls:
        table.add_row(
            Text(safe_text(call["vessel_name"] or f"MMSI {call['mmsi']}")),
            str(call["imo"] or "?"),
            call["flag"] or "?",
            call["port_name"],
            f"{call['arrived_at']:%a %d %H:%M}",
            f"{call['departed_at']:%a %d %H:%M}" if call["departed_at"] else "in port",
            call["area_kind"],
            f"{call['link_tier']}: {call['link_reasons']}"
            + ("; Iran's lists too" if call["is_iran_listed"] else ""),
        )
    return table


def _count(value: int | None) -> str:
    return "?" if value is None else str(value)


def show(view: RenderableType) -> None:
    """Print to standard output; without a terminal wide enough for the tables."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    console.print(view)
