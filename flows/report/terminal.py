"""The week for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from flows.report.tables import safe_text, summary
from flows.report.words import (
    SIMULATED,
    changed,
    doubtful_lists,
    headline,
    interference_note,
    known_on,
    not_counted,
    notes,
    quiet_ports,
    word,
)


def week_view(con: duckdb.DuckDBPyConnection, week: str) -> RenderableType:
    """The week for a person at a terminal: the number, the ports, the ships, the limits."""
    found = summary(con, week)
    series = found["series"]
    start: date = series["week_start"]
    span = f"{start:%-d %B} to {start + timedelta(days=6):%-d %B %Y}"
    parts: list[RenderableType] = []
    if known := known_on(found["notes"]):
        parts.append(Text(known, style="bold reverse"))
    if found["notes"]["is_simulated"]:
        parts.append(Text(SIMULATED, style="bold reverse"))
    parts += [
        Text(f"Week {week}, {span}", style="bold"),
        Text(headline(series), style="bold"),
    ]
    if said := word(series, found["windows"]):
        parts.append(Text(said))
    if found["restatement"]:
        parts.append(Text(changed(found["restatement"], week)))
    parts += [Text(""), _waters_table(found["waters"])]
    if any(port["tanker_calls"] for port in found["ports"]):
        parts += [Text(""), _ports_table(found["ports"])]
    if found["calls"]:
        parts += [Text(""), _calls_table(found["calls"])]
    told = [
        quiet_ports(found["ports"]),
        interference_note(found["interference"], found["notes"]["made_less_sure"]),
        *notes(found["notes"], series),
        *doubtful_lists(found["registers"]),
    ]
    parts += [Text(""), *(Text(f"- {note}") for note in told if note)]
    return Group(*parts)


def _waters_table(waters: Sequence[dict[str, Any]]) -> Table:
    """What was counted and heard in each water."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("water", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for name in ("Russian-linked\nat berth", "Russian-linked\nin all", "all\ntankers", "heard"):
        table.add_column(name, justify="right")
    for water in waters:
        table.add_row(
            water["water"],
            water["state"],
            _count(water["russian_linked_berth_calls"]),
            _count(water["russian_linked_tanker_calls"]),
            _count(water["tanker_calls"]),
            f"{water['observed_share'] or 0:.0%}",
        )
    return table


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


def _calls_table(calls: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("ship", "IMO", "flag", "port", "arrived (UTC)", "departed (UTC)", "kind"):
        table.add_column(name, no_wrap=name != "port", min_width=12 if name == "port" else None)
    table.add_column("linked by")
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
            + ("; Iran's lists too" if call["is_iran_listed"] else "")
            + (f"; {why}" if (why := not_counted(call)) else ""),
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
