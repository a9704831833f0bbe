"""A ship's page and the evidence card of a call: HTML that needs no network, and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import RenderableType

from flows import __version__
from flows.analyst.vessel import (
    Section,
    evidence_cells,
    heard_of,
    indicator_cells,
    moment,
    sections_of,
    ship_record,
    text,
    title_of,
    verdict_of,
    view,
)
from flows.report.beside import interval
from flows.report.page import DARK, LIGHT
from flows.report.tables import Rows, records
from flows.report.words import SIMULATED, moments, not_counted

CONFIDENCE = {
    4: "arrival, stop and departure were heard",
    3: "the stop and one of arrival and departure were heard",
    2: "only the stop was heard",
    1: "contested: a single fix, or interference",
}
"""What the confidence of a call means; see docs/method.md."""


def call_record(
    con: duckdb.DuckDBPyConnection, port_call_id: str, rows: Rows = records
) -> dict[str, Any] | None:
    """A call with the evidence for it and for its ship; None if there is no such call.

    Returns
    -------
    dict
        ``call``, the columns of `sql/vessel/call_card.sql`; ``evidence``, that valid at the call;
        ``indicators`` of the ship, each with ``when`` it was: before, during or after the call;
        ``interference`` at the port meanwhile; ``about``, of which catalogue.
    """
    cards = rows(con, "vessel/call_card", port_call_id=port_call_id)
    if not cards:
        return None
    (call,) = cards
    indicators = rows(con, "vessel/vessel_indicator", hull_id=call["hull_id"])
    return {
        "call": call,
        "evidence": rows(con, "vessel/card_evidence", port_call_id=port_call_id),
        "indicators": [row | {"when": _when(row, call)} for row in indicators],
        "interference": rows(con, "vessel/card_interference", port_call_id=port_call_id),
        "about": _about(con),
    }


def _when(row: Mapping[str, Any], call: Mapping[str, Any]) -> str:
    """Whether an indicator began before, during or after a call.

    >>> _when({"began_at": 3}, {"arrived_at": 1, "departed_at": 2})
    'after'
    >>> _when({"began_at": 3}, {"arrived_at": 1, "departed_at": None})
    'during'
    >>> _when({"began_at": None}, {"arrived_at": 1, "departed_at": 2})
    'not known'
    """
    began_at, departed_at = row["began_at"], call["departed_at"]
    if began_at is None:
        return "not known"
    if began_at < call["arrived_at"]:
        return "before"
    return "after" if departed_at is not None and began_at > departed_at else "during"


def call_title(record: Mapping[str, Any]) -> str:
    """The ship, the port and the day of a call."""
    call = record["call"]
    name = text(call["vessel_name"]) or "A ship without a name"
    return f"{name}, {call['hull_id']}: {call['port_name']}, {call['arrived_at']:%-d %B %Y}"


def call_sections(record: Mapping[str, Any]) -> list[Section]:
    """The tables of a call's card, in the order of reading; all texts are safe to print."""
    evidence = [
        (*evidence_cells(row), "yes" if row["was_known_at_call"] else "no")
        for row in record["evidence"]
    ]
    indicators = [(row["when"], *indicator_cells(row)) for row in record["indicators"]]
    return [
        Section("The call", ["what", "as found"], _facts(record)),
        Section(
            "Evidence of a link to Russia, valid at the call",
            ["tier", "reason", "source", "reference", "listed", "delisted", "known at the call"],
            evidence,
        ),
        Section(
            "Indicators of the ship (no score is made of them)",
            ["call", "indicator", "from (UTC)", "to (UTC)", "detail", "source"],
            indicators,
        ),
    ]


def _facts(record: Mapping[str, Any]) -> list[tuple[str, ...]]:
    call, jammed = record["call"], record["interference"]
    share = call["observed_share"]
    cargo = "none" if call["method"] is None else f"{interval(call)}, by {call['method']}"
    facts = {
        "port": f"{call['port_name']} ({call['water']}), {call['area_kind']}",
        "heard (UTC)": "; ".join(f"{word} {moment(at)}" for word, at in moments(call)),
        "confidence": f"{call['confidence']} of 4: {CONFIDENCE[call['confidence']]}",
        "fixes": f"{call['fixes']}, the longest silence {call['longest_gap_h']} hours",
        "in the number": not_counted(call) or "counted"
        if call["is_russian_linked"] and call["is_tanker"]
        else "no: not a tanker with a link that counts",
        "draught": " to ".join(
            "not sent" if value is None else f"{value} m"
            for value in (call["draught_in_m"], call["draught_out_m"])
        ),
        "direction": f"{call['direction'] or 'unknown'}"
        + (f", by {call['direction_by']}" if call["direction_by"] else ""),
        "estimate of the oil": cargo,
        "port heard in that week": "not known" if share is None else f"{share:.0%} of the hours",
        "interference": "; ".join(
            f"{moment(row['began_at'])} to {moment(row['ended_at'])}, {row['ships']} ships"
            for row in jammed
        )
        or "none found",
    }
    return list(facts.items())


def ship_page(con: duckdb.DuckDBPyConnection, ship: dict[str, Any]) -> str:
    """All that is known of a ship, as a page."""
    record = ship_record(con, ship)
    lines = [heard_of(record), verdict_of(record["evidence"])]
    return _page(title_of(record), lines, sections_of(record), _about(con))


def call_page(record: Mapping[str, Any]) -> str:
    """The evidence card of a call, as a page."""
    return _page(call_title(record), _lines(record), call_sections(record), record["about"])


def call_view(record: Mapping[str, Any]) -> RenderableType:
    """The evidence card of a call, on a terminal."""
    simulated = [SIMULATED] if record["about"]["is_simulated"] else []
    return view(call_title(record), [*simulated, *_lines(record)], call_sections(record))


def _lines(record: Mapping[str, Any]) -> list[str]:
    call = record["call"]
    return [
        f"Call {call['port_call_id']}, week {call['week']}.",
        verdict_of(record["evidence"]).partition(";")[0].rstrip(".") + ".",
    ]


def _about(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    (notes,) = records(con, "report/notes", week="")
    (row,) = con.execute("select value from meta where key = 'as_of'").fetchall()
    return {
        "as_of": f"{row[0][:16]} UTC",
        "version": __version__,
        "is_simulated": bool(notes["is_simulated"]),
    }


def _page(
    title: str, lines: Sequence[str], sections: Sequence[Section], about: Mapping[str, Any]
) -> str:
    template = _environment().get_template("card.html.j2")
    return template.render(
        title=title,
        lines=lines,
        sections=sections,
        about=about,
        simulated=SIMULATED if about["is_simulated"] else None,
        light=LIGHT,
        dark=DARK,
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
