"""The week as one page that needs no network: the tables of a report, laid out by its template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from flows.home.text import safe_text
from flows.report import (
    beside,
    charts,
    dictionary,
    figures,
    limits,
    maps,
    witnesses,
    words,
)
from flows.report.citable import citations, to_cite
from flows.report.tables import FILES, Table, as_records, records

Row = dict[str, Any]

LIGHT = figures.VARIABLES | {
    "card": "#f3f5f6",
    "complete": "#cfe3df",
    "partial": "#f4e3b5",
    "warn": "#7a4b00",
}
"""CSS variable -> its colour in light mode, including those of the figures."""

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
"""The same in dark mode."""

MOST_RESTATED = 40
"""Most rows of restatements on the page: a late file can change hundreds; the CSV has them all."""

MOST_HIDDEN = 5
"""Rows of a kind of what may hide above which they are folded (a choice)."""

MOST_NEARBY = 20
"""Most listed ships nearby on the page (a choice): in a busy week the strait has more."""

MOST_NAMED = 3
"""Most ports never heard that are named beside the number (a choice); "Reception" names all."""

RESTATED = {
    "russian_linked_tanker_calls": "linked calls",
    "russian_linked_berth_calls": "linked calls at a berth",
    "tanker_calls": "calls of all tankers",
    "port_calls": "calls",
    "state": "state",
}
"""Names of the numbers of `restatement` on the page."""

DIMENSIONS = {
    "water": "Water",
    "direction": "Direction",
    "link_tier": "Strength of the link",
    "oil": "Whose oil",
    "link_reason": "Reason of the link",
    "tanker_kind": "Kind of tanker",
    "iran_listed": "On a list about Iran too",
}
"""Splits of the week, in the order of `report_weekly_split`."""


def gather(
    con: duckdb.DuckDBPyConnection, week: str, tables: Mapping[str, Table], citation: str
) -> Row:
    """The data of a week's page.

    Parameters
    ----------
    con : DuckDBPyConnection
        On a catalogue.
    week : str
        One of the relation `barometer`.
    tables : mapping of str to Table
        The week's CSV files (`tables.FILES`) by name: the page shows these very numbers.
    citation : str
        How to cite them.

    Returns
    -------
    dict
        What `render` takes.
    """
    rows = {name.removesuffix(".csv"): as_records(table) for name, table in tables.items()}
    evidence = _by(records(con, "report/call_evidence", week=week), "port_call_id")
    calls = [
        call | {"pieces": evidence.get(call["port_call_id"], [])}
        for call in rows["port_calls"]
        if call["is_russian_linked"]
    ]
    return rows | {
        "week": week,
        "series": rows["barometer"][-1],
        "waters": [row for row in rows["weekly_water"] if row["week"] == week],
        "ports": records(con, "report/by_port", week=week),
        "linked": calls,
        "notes": records(con, "report/notes", week=week)[0],
        "sources": records(con, "report/ais_source", week=week),
        "registers": records(con, "report/register", week=week),
        "not_fetched": records(con, "report/not_fetched", week=week),
        "nowcast": records(con, "report/nowcast", week=week),
        "witness_scores": records(con, "report/witness_score", week=week),
        "witnesses": records(con, "report/witness"),
        "acts": records(con, "report/act"),
        "published": records(con, "report/published", week=week),
        "citation": citation,
        "files": [
            (name, len(table.rows), dictionary.grain(FILES[name])) for name, table in tables.items()
        ],
    }


def render(data: Row, standing: str = "") -> str:
    """The page: self-contained HTML without scripts, and without pictures from elsewhere.

    Its links lead to its own parts and files, and to the texts of acts.

    The same input gives the same bytes, whatever page stands: of that, figures that show the same
    are taken, for drawing them takes a second. All text is escaped; names from ships and lists are
    put on one line and isolated from the text direction around them.
    """
    series = data["series"]
    start: date = series["week_start"]
    return template().render(
        data
        | {
            "light": LIGHT,
            "dark": DARK,
            "week_end": start + timedelta(days=6),
            "headline": words.headline(series, data["waters"]),
            "numbers": words.numbers(series),
            "has_series": any(
                row["russian_linked_tanker_calls"] is not None for row in data["barometer"]
            ),
            "is_compared": any(row["change_p"] is not None for row in data["series_window"]),
            "is_oil_compared": any(row["change_p"] is not None for row in data["volume_window"]),
            "has_oil": any(row["moved_low_90_t"] is not None for row in data["barometer"]),
            "oil": _oil(data),
            "cite": to_cite(series, data["waters"], data["notes"], data["published"]),
            "act_url": {act["programme"]: act["act_url"] for act in data["acts"]},
            "nearby": words.nearby(data["listed_nearby"]),
            "most_nearby": MOST_NEARBY,
            "hidden": beside.hidden(data),
            "unseen": beside.unseen(data["unseen_estimate"]),
            "hidden_tables": [(kind, data[name]) for name, kind in beside.HIDDEN.items()],
            "most_hidden": MOST_HIDDEN,
            "others": beside.others(data["other_series"], data["week"]),
            "word": words.word(series, data["series_window"]),
            "untyped": limits.untyped(data["notes"], series),
            "is_quotable": words.is_quotable(series),
            "clustering": words.clustering(series),
            "never_heard": limits.never_heard(data["notes"], MOST_NAMED),
            "known_on": words.known_on(data["notes"]),
            "simulated": words.SIMULATED if data["notes"]["is_simulated"] else None,
            "limits": _limits(data),
            "estimate": beside.nowcast(data["nowcast"]),
            "alarms": witnesses.alarms(data["agreement"]),
            "doubts_mark": limits.doubts_mark(
                limits.doubts_of(data["registers"], data["not_fetched"]),
                beside.nowcast(data["nowcast"]),
            ),
            "news_of_lists": limits.news_of_lists(data["listing_news"]),
            "changed": words.changed(data["restatement"], data["week"]),
            "interference_note": limits.interference_note(
                data["interference"], data["notes"]["made_less_sure"]
            ),
            "chart_mark": chart_mark(data),
            "maps": _maps(data["ports"], standing),
            "charts": _charts(data["barometer"], usual_of(data), standing),
            "oil_charts": _oil_charts(data["barometer"], standing),
            "shown_ports": [port for port in data["ports"] if port["tanker_calls"]],
            "unheard_ports": sum(not port["observed_share"] for port in data["ports"]),
            "days": [start + timedelta(days=n) for n in range(7)],
            "reception": reception(data["coverage"]),
            "is_whole": all(
                row["state"] == "complete" for row in data["coverage"] if row["observed_hours"]
            ),
            "by_source": by_source(data["port_reception"]),
            "hear_the_rest": limits.HEAR_THE_REST,
            "citations": citations([*data["sources"], *data["registers"]]),
            "dimensions": DIMENSIONS,
            "restated": RESTATED,
            "most_restated": MOST_RESTATED,
            "compared": witnesses.compared(data["agreement"]),
            "beside": witnesses.beside(data["agreement"]),
            "credits": witnesses.credits(data["witnesses"]),
            "no_witness": witnesses.NONE_GIVEN,
        }
    )


def _oil(data: Row) -> Row | None:
    """The sentences and tables on the oil of the week; None for a series of other ships."""
    volume = data["oil_volume"]
    if not volume:
        return None
    waters = [None, *(row["water"] for row in data["waters"])]
    change = beside.change(data["volume_window"])
    return {
        "figure": beside.number(volume),
        "moved": beside.oil(volume, data["series"], data["notes"]),
        "sentences": [each for each in (change, beside.whose(data["weekly_split"])) if each],
        "waters": [(water or "both waters", beside.oil_of(volume, water)) for water in waters],
        "methods": beside.methods(volume),
    }


def in_short(data: Row) -> list[str]:
    """The title of the chart where it is sent without the page, in sentences."""
    series = data["series"]
    sentences = [
        words.SIMULATED if data["notes"]["is_simulated"] else None,
        words.known_on(data["notes"]),
        f"Week {data['week']}. {words.headline(series, data['waters'])}",
        words.word(series, data["series_window"]),
        beside.oil(data["oil_volume"], series, data["notes"]) if data["oil_volume"] else None,
    ]
    return [sentence for sentence in sentences if sentence]


def usual_of(data: Row) -> charts.Usual | None:
    """The rate that the week is compared with; None where nothing is."""
    window = words.window_of(data["series"], data["series_window"])
    if window is None or window["before_rate_a_week"] is None:
        return None
    return charts.Usual(window["before_rate_a_week"], window["weeks"], window["before_weeks"])


def reception(coverage: Iterable[Row]) -> list[Row]:
    """A row a port: its name, its coverage by day, and whether anything was heard."""
    return [
        {
            "name": days[0]["port_name"],
            "days": {row["day"]: row for row in days},
            "is_heard": any(row["observed_hours"] for row in days),
        }
        for days in _by(coverage, "port_id").values()
    ]


def by_source(rows: Iterable[Row]) -> Row:
    """What each source heard of each port in the week: the sources, and a row a port that any did.

    A row has the port's name and, by source, its row of `report/port_reception`.
    """
    rows = list(rows)
    ports = [
        {"name": of_port[0]["port_name"], "cells": {row["source"]: row for row in of_port}}
        for of_port in _by(rows, "port_id").values()
        if any(row["heard_hours"] for row in of_port)
    ]
    return {"sources": sorted({row["source"] for row in rows}), "ports": ports}


def chart_mark(data: Row) -> str:
    """The mark of the chart that is sent without the page; see `charts.series_png`."""
    rows = _shown(data["barometer"], charts.SERIES_COLUMNS, charts.CHAT[1])
    return figures.mark_of("chart", rows, in_short(data), usual_of(data))


def _charts(rows: Sequence[Row], usual: charts.Usual | None, standing: str) -> dict[str, str]:
    title = "Russian-linked tanker calls at Iranian ports by week"
    return {
        name: figures.standing_or_drawn(
            standing,
            (shown := _shown(rows, charts.SERIES_COLUMNS, most_weeks), usual),
            partial(charts.series_figure, shown, width_in, most_weeks, usual),
            f"series-{name}",
            title,
            words.series_text(rows),
        )
        for name, (width_in, most_weeks) in (("wide", charts.WIDE), ("narrow", charts.NARROW))
    }


def _oil_charts(rows: Sequence[Row], standing: str) -> dict[str, str]:
    title = "Oil loaded and discharged by Russian-linked tankers, by week"
    return {
        name: figures.standing_or_drawn(
            standing,
            shown := _shown(rows, charts.OIL_COLUMNS, most_weeks),
            partial(charts.oil_figure, shown, width_in, most_weeks),
            f"oil-{name}",
            title,
            charts.oil_text(rows),
        )
        for name, (width_in, most_weeks) in (("wide", charts.WIDE), ("narrow", charts.NARROW))
    }


def _shown(rows: Sequence[Row], columns: Sequence[str], most_weeks: int) -> list[Row]:
    """What a chart draws of the series: another number beside it does not draw it again."""
    return [{column: row[column] for column in columns} for row in rows[-most_weeks:]]


def _maps(ports: Sequence[Row], standing: str) -> dict[str, str]:
    text = maps.week_map_text(ports)
    return {
        name: figures.standing_or_drawn(
            standing,
            maps.shown(ports),
            partial(maps.week_map, ports, width_in=width_in),
            f"map-{name}",
            "By port",
            text,
        )
        for name, width_in in (("wide", maps.WIDE_IN), ("narrow", maps.NARROW_IN))
    }


def _limits(data: Row) -> list[str]:
    """The limits of the week's data, in sentences.

    The age of lists is that at the week's end, not at the run's: the page of a week stays as it
    is. Ports never heard are left out, as the page names them at the top.
    """
    old = [
        f"{register['link_source']} of {register['published_on']}"
        for register in data["registers"]
        if register["is_old"]
    ]
    sentences = [
        limits.quiet_ports(data["ports"]),
        *limits.notes(
            data["notes"] | {"old_registers": "; ".join(old), "never_heard": None},
            data["series"],
        ),
        *limits.doubts_of(data["registers"], data["not_fetched"]),
    ]
    sentences = [*witnesses.alarms(data["agreement"]), *sentences]
    return [sentence for sentence in sentences if sentence]


def _by(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    """Rows by the value of a column, in the order in which the values come first."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


@cache
def template() -> Template:
    """The page's template; to compile it takes a sixth of a second."""
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
        "moments": words.moments,
        "result": words.result,
        "tonnes": _tonnes,
        "nm": lambda value: f"{value:,} nautical miles by sea",
        "estimate": beside.in_short,
        "a_week": beside.a_week,
        "about": lambda value: "–" if value is None else beside.tonnes(value),
        "theirs": witnesses.theirs,
        "ratio": _ratio,
        "agreeing": witnesses.result,
        "scored": witnesses.score,
        "seen": lambda row, name: words.cell(row[name], row["state"], "–"),
    }
    return environment.get_template("page.html.j2")


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


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
