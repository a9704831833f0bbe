"""A week's report on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from flows.home.text import safe_text
from flows.report.beside import nowcast, sentences
from flows.report.citable import citations
from flows.report.limits import (
    doubts_of,
    interference_note,
    news_of_lists,
    notes,
    quiet_ports,
    untyped,
)
from flows.report.tables import summary
from flows.report.witnesses import alarms, lines
from flows.report.words import (
    SIMULATED,
    cell,
    changed,
    headline,
    known_on,
    nearby,
    not_counted,
    word,
)

WIDE = 110
"""Columns that a line of the calls needs."""


def week_view(con: duckdb.DuckDBPyConnection, week: str) -> RenderableType:
    """A week's report: headline, waters, ports, calls, limits of the data."""
    report = summary(con, week)
    series = report["series"]
    start: date = series["week_start"]
    span = f"{start:%-d %B} to {start + timedelta(days=6):%-d %B %Y}"
    parts: list[RenderableType] = []
    if known := known_on(report["notes"]):
        parts.append(Text(known, style="bold reverse"))
    if report["notes"]["is_simulated"]:
        parts.append(Text(SIMULATED, style="bold reverse"))
    parts += [
        Text(f"Week {week}, {span}", style="bold"),
        Text(headline(series, report["waters"]), style="bold"),
    ]
    if sentence := word(series, report["windows"]):
        parts.append(Text(sentence))
    if estimate := nowcast(report["nowcast"]):
        parts.append(Text(estimate))
    if doubt := untyped(report["notes"], series):
        parts.append(Text(doubt))
    parts += [Text(sentence) for sentence in sentences(report, week)]
    if report["restatement"]:
        parts.append(Text(changed(report["restatement"], week)))
    parts += [Text(""), _waters_table(report["waters"])]
    if any(port["tanker_calls"] for port in report["ports"]):
        parts += [Text(""), _ports_table(report["ports"])]
    if report["calls"]:
        parts += [Text(""), _calls_table(report["calls"])]
    remarks = [
        *alarms(report["agreement"]),
        *lines(report["agreement"], report["witness_scores"]),
        nearby(report["listed_nearby"]),
        quiet_ports(report["ports"]),
        interference_note(report["interference"], report["notes"]["made_less_sure"]),
        *notes(report["notes"], series),
        *citations([*report["sources"], *report["registers"]]),
        *doubts_of(report["registers"], report["not_fetched"]),
        news_of_lists(report["listing_news"]),
    ]
    parts += [Text(""), *(Text(f"- {note}") for note in remarks if note)]
    return Group(*parts)


def _waters_table(waters: Sequence[dict[str, Any]]) -> Table:
    """Counts and reception of each water."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("water", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for name in ("Russian-linked\nat berth", "Russian-linked\nin all", "all\ntankers", "heard"):
        table.add_column(name, justify="right")
    for water in waters:
        table.add_row(
            water["water"],
            water["state"],
            cell(water["russian_linked_berth_calls"], water["state"], "?"),
            cell(water["russian_linked_tanker_calls"], water["state"], "?"),
            cell(water["tanker_calls"], water["state"], "?"),
            f"{water['observed_share'] or 0:.0%}",
        )
    return table


def _ports_table(ports: Sequence[dict[str, Any]]) -> Table:
    """The ports with a tanker call."""
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
    """The calls of Russian-linked tankers; on a narrow terminal two lines each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    if _console().width < WIDE:
        for name in ("ship", "port", "in port (UTC)", "linked by"):
            table.add_column(name)
        for call in calls:
            ship, imo, flag, port, arrived, departed, kind, linked_by = _call_cells(call)
            table.add_row(
                Text(f"{ship}\n{imo} {flag}"),
                f"{port}\n{kind}",
                f"{arrived}\n{departed}",
                linked_by,
            )
        return table
    for name in ("ship", "IMO", "flag", "port", "arrived (UTC)", "departed (UTC)", "kind"):
        table.add_column(name, no_wrap=name != "port", min_width=12 if name == "port" else None)
    table.add_column("linked by")
    for call in calls:
        ship, *cells = _call_cells(call)
        table.add_row(Text(ship), *cells)
    return table


def _call_cells(call: dict[str, Any]) -> tuple[str, ...]:
    return (
        safe_text(call["vessel_name"] or f"MMSI {call['mmsi']}"),
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


def _count(value: int | None) -> str:
    return "?" if value is None else str(value)


def _console() -> Console:
    """Standard output; if it is not a terminal, 140 columns wide."""
    console = Console()
    return console if console.is_terminal else Console(width=140)


def show(view: RenderableType) -> None:
    """Print to standard output; if it is not a terminal, 140 columns wide."""
    _console().print(view)
