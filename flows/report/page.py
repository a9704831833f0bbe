"""The week as one page that needs no network: what the tables hold, laid out by its template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flows.report import charts, dictionary, figures, maps, words
from flows.report.tables import FILES, Table, as_records, records, safe_text

Row = dict[str, Any]

LIGHT = figures.VARIABLES | {
    "card": "#f3f5f6",
    "complete": "#cfe3df",
    "partial": "#f4e3b5",
    "warn": "#7a4b00",
}
"""CSS variable -> its colour by day, those of the figures among them."""

DARK = {
    "ink": "#e8edf0",
    "muted": "#a9b7c1",
    "grid": "#3a464f",
    "paper": "#14191d",
    "linked": "#f08a6b",
    "berth": "#d9583a",
    "all": "#7fb4dc",
    "band": "#6b3b2d",
    "unheard": "#66737d",
    "land": "#3a3931",
    "sea": "#1b2a36",
    "fence": "#6fbdb3",
    "card": "#1e252b",
    "complete": "#1f4a44",
    "partial": "#54431a",
    "warn": "#f2c46d",
}
"""The same in the dark."""

MOST_RESTATED = 40
"""Rows of restatements on the page: a late file can change hundreds, and the CSV has them all."""

RESTATED = {
    "russian_linked_tanker_calls": "linked calls",
    "russian_linked_berth_calls": "linked calls at a berth",
    "tanker_calls": "calls of all tankers",
    "port_calls": "calls",
    "state": "state",
}
"""What the numbers of `restatement` are called here."""

DIMENSIONS = {
    "water": "Water",
    "direction": "Direction",
    "link_tier": "Strength of the link",
    "link_reason": "Reason of the link",
    "tanker_kind": "Kind of tanker",
    "iran_listed": "On a list about Iran too",
}
"""Splits of the week, in the order of `report_weekly_split`."""


def gather(con: duckdb.DuckDBPyConnection, week: str, tables: Mapping[str, Table]) -> Row:
    """All that the page of a week says.

    Parameters
    ----------
    con : DuckDBPyConnection
        On a catalogue.
    week : str
        One of the relation `barometer`.
    tables : mapping of str to Table
        The week's CSV files (`tables.FILES`) by name: the page shows these very numbers.

    Returns
    -------
    dict
        What `render` takes.
    """
    rows = {name.removesuffix(".csv"): as_records(table) for name, table in tables.items()}
    evidence = _by(records(con, "report_call_evidence", week=week), "port_call_id")
    calls = [
        call | {"pieces": evidence.get(call["port_call_id"], [])}
        for call in rows["port_calls"]
        if call["is_russian_linked"]
    ]
    return rows | {
        "week": week,
        "series": rows["barometer"][-1],
        "waters": [row for row in rows["weekly_water"] if row["week"] == week],
        "ports": records(con, "report_by_port", week=week),
        "linked": calls,
        "notes": records(con, "report_notes", week=week)[0],
        "sources": records(con, "report_ais_source", week=week),
        "registers": records(con, "report_register", week=week),
        "files": [
            (name, len(table.rows), dictionary.grain(FILES[name])) for name, table in tables.items()
        ],
    }


def render(found: Row) -> str:
    """The page: HTML that is whole in itself, without script, link or picture from elsewhere.

    The same input gives the same bytes. All text is escaped; what ships and lists call themselves
    stands on one line and apart from the direction of the text around it.
    """
    series = found["series"]
    start: date = series["week_start"]
    template = _environment().get_template("page.html.j2")
    return template.render(
        found
        | {
            "light": LIGHT,
            "dark": DARK,
            "week_end": start + timedelta(days=6),
            "headline": words.headline(series),
            "numbers": words.numbers(series),
            "word": words.word(series, found["series_window"]),
            "clustering": words.clustering(series),
            "never_heard": words.never_heard(found["notes"]),
            "known_on": words.known_on(found["notes"]),
            "simulated": words.SIMULATED if found["notes"]["is_simulated"] else None,
            "told": _told(found),
            "doubts_mark": words.doubts_mark(words.doubtful_lists(found["registers"])),
            "changed": words.changed(found["restatement"], found["week"]),
            "interference_note": words.interference_note(
                found["interference"], found["notes"]["made_less_sure"]
            ),
            "maps": _maps(found["ports"]),
            "charts": _charts(found["barometer"], usual_of(found)),
            "shown_ports": [port for port in found["ports"] if port["tanker_calls"]],
            "unheard_ports": sum(not port["observed_share"] for port in found["ports"]),
            "days": [start + timedelta(days=n) for n in range(7)],
            "reception": reception(found["coverage"]),
            "dimensions": DIMENSIONS,
            "restated": RESTATED,
            "most_restated": MOST_RESTATED,
        }
    )


def in_short(found: Row) -> list[str]:
    """What a picture of the series must say where the page is not beside it."""
    series = found["series"]
    told = [
        words.SIMULATED if found["notes"]["is_simulated"] else None,
        words.known_on(found["notes"]),
        f"Week {found['week']}. {words.headline(series)}",
        words.word(series, found["series_window"]),
    ]
    return [sentence for sentence in told if sentence]


def usual_of(found: Row) -> charts.Usual | None:
    """The rate that the week's word is held against; None where nothing is."""
    window = words.window_of(found["series"], found["series_window"])
    if window is None or window["before_rate_a_week"] is None:
        return None
    return charts.Usual(window["before_rate_a_week"], window["weeks"], window["before_weeks"])


def reception(coverage: Iterable[Row]) -> list[Row]:
    """A row a port: its name, what was heard on each of its days, and whether anything was."""
    return [
        {
            "name": days[0]["port_name"],
            "days": {row["day"]: row for row in days},
            "is_heard": any(row["observed_hours"] for row in days),
        }
        for days in _by(coverage, "port_id").values()
    ]


def _charts(rows: Sequence[Row], usual: charts.Usual | None) -> dict[str, str]:
    title = "Russian-linked tanker calls at Iranian ports by week"
    told = words.series_told(rows)
    return {
        name: figures.svg(charts.series_figure(rows, *size, usual), f"series-{name}", title, told)
        for name, size in (("wide", charts.WIDE), ("narrow", charts.NARROW))
    }


def _maps(ports: Sequence[Row]) -> dict[str, str]:
    told = maps.week_map_text(ports)
    return {
        name: figures.svg(maps.week_map(ports, width_in=width), f"map-{name}", "By port", told)
        for name, width in (("wide", maps.WIDE_IN), ("narrow", maps.NARROW_IN))
    }


def _told(found: Row) -> list[str]:
    """The limits of the week's data, in sentences. Lists grow old by the week, not by the clock of
    the run: the page of a week stays as it is. Ports never heard stand beside the number."""
    old = [
        f"{register['link_source']} of {register['published_on']}"
        for register in found["registers"]
        if register["is_old"]
    ]
    told = [
        words.quiet_ports(found["ports"]),
        *words.notes(
            found["notes"] | {"old_registers": "; ".join(old), "never_heard": None},
            found["series"],
        ),
        *words.doubtful_lists(found["registers"]),
    ]
    return [note for note in told if note]


def _by(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    """Rows by the value of a column, in the order in which the values come first."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "name": _name,
        "count": _count,
        "at": _at,
        "day": _day,
        "share": _share,
        "rate": _rate,
        "reference": _reference,
        "matched": _matched,
        "not_counted": words.not_counted,
        "tonnes": _tonnes,
    }
    return environment


def _name(text: str | None) -> str:
    return "–" if text is None else safe_text(text) or "–"


def _count(value: float | None) -> str:
    """A number as the CSV has it; a dash where there is none."""
    return "–" if value is None else str(value)


def _at(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%a %-d %b %H:%M}"


def _day(moment: date | None) -> str:
    return "–" if moment is None else f"{moment:%-d %b %Y}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _reference(text: str) -> str:
    """A piece of evidence's reference, without the key of a call that only the CSV needs."""
    return re.sub(r", call [0-9a-f]{32}$", "", safe_text(text))


def _matched(by: str) -> str:
    return by.upper() if by in ("imo", "mmsi") else by


def _tonnes(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} t"
