"""The tables of a report: the queries of a week, and safe cells for CSV files."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.catalogue import access
from flows.exports.cells import json_object, json_texts
from flows.home.resources import sql_text
from flows.home.settings import BarometerError
from flows.home.text import safe_text

FILES = {
    "weekly_port_calls.csv": "report/weekly_port_calls",
    "port_calls.csv": "report/port_calls",
    "barometer.csv": "report/barometer",
    "weekly_water.csv": "report/weekly_water",
    "series_window.csv": "report/series_window",
    "weekly_split.csv": "report/weekly_split",
    "oil_volume.csv": "report/oil_volume",
    "volume_window.csv": "report/volume_window",
    "other_series.csv": "report/other_series",
    "other_series_calls.csv": "report/other_series_call",
    "listed_nearby.csv": "report/listed_nearby",
    "restatement.csv": "report/restatement",
    "possible_dark_calls.csv": "report/possible_dark_call",
    "unexplained_loadings.csv": "report/unexplained_loading",
    "possible_spoofed_calls.csv": "report/possible_spoofed_call",
    "sts_encounters.csv": "report/sts_encounter",
    "dark_detections.csv": "report/dark_detection",
    "unseen_estimate.csv": "report/unseen_estimate",
    "coverage.csv": "report/coverage",
    "port_reception.csv": "report/port_reception",
    "interference.csv": "report/interference",
    "listing_news.csv": "report/listing_news",
    "agreement.csv": "report/agreement",
    "witness_match.csv": "report/witness_match",
}
"""CSV file of a week -> the query of `sql/` that gives it."""

BESIDE = (
    *("report/register", "report/not_fetched", "report/ais_source", "report/published"),
    "report/nowcast",
)
"""Queries of a week whose rows a report shows beside its numbers, and that write it again."""

UP_TO_WEEK = ("report/barometer", "report/weekly_water", "report/other_series")
"""Queries that give for a week their rows of the last week, but for those of later weeks."""

MARKS = "select week, count(*), sum(hash(report)::hugeint) from report_row group by week"

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would read a text as a formula (OWASP, CSV injection).

    >>> is_formula("=SUM(1)"), is_formula(" +1"), is_formula("\\u200b@A1"), is_formula("A=B")
    (True, True, True, False)
    """
    return text.startswith(_FORMULA) or safe_text(text).startswith(_FORMULA)


def safe_cell(value: Any) -> Any:
    """A value for a CSV that people open in a spreadsheet.

    A text that a spreadsheet would read as a formula gets an apostrophe in front (OWASP, CSV
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


Rows = Callable[..., list[dict[str, Any]]]
"""How the rows of a query are read: `records`, or `json_records` for JSON."""


class Table(NamedTuple):
    """The result of a query: names and SQL types of the columns, and rows as tuples."""

    names: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]


def week_table(con: duckdb.DuckDBPyConnection, query: str, week: str) -> Table:
    """The result of a query of `sql/` that takes a week."""
    return _fetch(con, query, {"week": week})


def fingerprints(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """For each week, oldest first, a text that changes when a row of its report does.

    Each query is asked once for all weeks: for one after the other it takes seconds a year. Hashes
    are those of DuckDB, of 64 bits, added up; of `UP_TO_WEEK` each row once, and not for each week
    from its own on, which grows with the square of the weeks.
    """
    marks: dict[str, list[Any]] = {week: [] for week in weeks(con)}
    for query in (*FILES.values(), *BESIDE):
        is_up_to = query in UP_TO_WEEK
        (_create_last_report_row if is_up_to else _create_report_row)(con, query)
        of_week = {week: of for week, *of in con.execute(MARKS).fetchall()}
        rows = total = 0
        for week, mark in marks.items():
            more, added = of_week.get(week, (0, 0))
            rows, total = (rows + more, total + added) if is_up_to else (more, added)
            mark += [query, rows, total]
    return {week: str(mark) for week, mark in marks.items()}


def records_by_week(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a query of `sql/` for every week, in no order; asked once, as `fingerprints`."""
    _create_report_row(con, query)
    rows: dict[str, list[dict[str, Any]]] = {week: [] for week in weeks(con)}
    for week, row in con.execute("select week, report from report_row").fetchall():
        rows[week].append(row)
    return rows


def _create_report_row(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """A temporary view of the rows of a query for every week, each a struct."""
    of_weeks = sql_text(query).replace("$week", "report_of.week")
    con.execute(
        "create or replace temp view report_row as "
        f"from week as report_of, lateral ({of_weeks}) as report "
        "select report_of.week as week, report"
    )


def _create_last_report_row(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """The same of the last week's rows of a query of `UP_TO_WEEK`, each with its own week."""
    of_last = sql_text(query).replace("$week", "(select max(week) from week)")
    con.execute(
        "create or replace temp view report_row as "
        f"from ({of_last}) as report select report.week as week, report"
    )


def csv_bytes(table: Table) -> bytes:
    """A table as a CSV file: UTF-8, a header, lines end with a newline, each cell made safe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows([safe_cell(value) for value in row] for row in table.rows)
    return out.getvalue().encode()


def as_records(table: Table) -> list[dict[str, Any]]:
    """The rows of a table, each a dict by column."""
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def records(con: duckdb.DuckDBPyConnection, query: str, **params: Any) -> list[dict[str, Any]]:
    """The rows of a query of `sql/` with parameters, each a dict by column."""
    return as_records(_fetch(con, query, params))


def json_records(con: duckdb.DuckDBPyConnection, query: str, **params: Any) -> list[dict[str, Any]]:
    """The same rows as `barometer sql --format json` has them: 3.2 for a FLOAT, times as text."""
    try:
        relation = con.sql(sql_text(query), params=params)
    except access.OTHER_VERSION as error:
        raise BarometerError(access.other_version(error)) from error
    to_json = json_object(relation)
    return [json.loads(to_json(row)) for row in json_texts(relation).fetchall()]


def _fetch(con: duckdb.DuckDBPyConnection, query: str, params: dict[str, Any]) -> Table:
    text = sql_text(query)
    try:
        result = con.execute(text, params)
    except access.OTHER_VERSION as error:
        raise BarometerError(access.other_version(error)) from error
    names = [column[0] for column in result.description]
    return Table(names, [str(column[1]) for column in result.description], result.fetchall())


def key_figures(con: duckdb.DuckDBPyConnection, week: str, rows: Rows = records) -> dict[str, Any]:
    """A week's number: its row of the series, those of the two waters, and those of the ports."""
    return {
        "series": rows(con, "report/barometer", week=week)[-1],
        "waters": [w for w in rows(con, "report/weekly_water", week=week) if w["week"] == week],
        "ports": rows(con, "report/by_port", week=week),
    }


def summary(con: duckdb.DuckDBPyConnection, week: str, rows: Rows = records) -> dict[str, Any]:
    """A week in short: `key_figures`, windows, linked calls and their limits."""
    return key_figures(con, week, rows) | {
        "windows": rows(con, "report/series_window", week=week),
        "nowcast": rows(con, "report/nowcast", week=week),
        "volume": rows(con, "report/oil_volume", week=week),
        "volume_windows": rows(con, "report/volume_window", week=week),
        "split": rows(con, "report/weekly_split", week=week),
        "other_series": rows(con, "report/other_series", week=week),
        "calls": [c for c in rows(con, "report/port_calls", week=week) if c["is_russian_linked"]],
        "listed_nearby": rows(con, "report/listed_nearby", week=week),
        "interference": rows(con, "report/interference", week=week),
        "restatement": rows(con, "report/restatement", week=week),
        "notes": rows(con, "report/notes", week=week)[0],
        "registers": rows(con, "report/register", week=week),
        "not_fetched": rows(con, "report/not_fetched", week=week),
        "listing_news": rows(con, "report/listing_news", week=week),
        "possible_dark_calls": rows(con, "report/possible_dark_call", week=week),
        "unexplained_loadings": rows(con, "report/unexplained_loading", week=week),
        "possible_spoofed_calls": rows(con, "report/possible_spoofed_call", week=week),
        "sts_encounters": rows(con, "report/sts_encounter", week=week),
        "dark_detections": rows(con, "report/dark_detection", week=week),
        "unseen_estimate": rows(con, "report/unseen_estimate", week=week),
        "agreement": rows(con, "report/agreement", week=week),
        "witness_scores": rows(con, "report/witness_score", week=week),
        "sources": rows(con, "report/ais_source", week=week),
    }


def week_folder(home: Path, week: str) -> Path:
    """The folder of a week's report in a home."""
    return home / "reports" / week


def weeks(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The weeks of the series, oldest first."""
    return [row[0] for row in con.execute("select week from week order by week").fetchall()]
