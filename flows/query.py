"""`barometer sql`: a query on the catalogue, its result as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any, BinaryIO

import duckdb
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows import catalogue
from flows.report.tables import safe_cell, safe_text
from flows.settings import BarometerError, Settings

OF_THE_QUERY = (
    *(duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException),
    *(duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.TypeMismatchException),
    *(duckdb.PermissionException, duckdb.NotImplementedException),
)
"""What a query that does not hold ends in; anything else may come from a damaged file."""

MAX_TABLE_ROWS = 1000
"""A longer table is no reading; the other formats give every row."""


def run_query(settings: Settings, query: str, output_format: str, out: BinaryIO) -> None:
    """Run one query and write its result.

    Raises
    ------
    BarometerError
        With DuckDB's message where the query does not hold.
    """
    with catalogue.reading(settings) as con:
        _warn_of_move(con, settings)
        try:
            _write(con.sql(query), output_format, out)
        except duckdb.Error as error:
            raise BarometerError(_explained(settings, error)) from error


def _warn_of_move(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    if moved := catalogue.told_of_move(con, settings):
        print(f"barometer: warning: {moved}", file=sys.stderr)  # noqa: T201


def _explained(settings: Settings, error: duckdb.Error) -> str:
    """DuckDB's message; where the query may be right, with what of the lake is damaged."""
    if isinstance(error, OF_THE_QUERY):
        return str(error)
    return f"{error}\n{catalogue.damage_hint(settings)}"


def prompt(settings: Settings) -> None:
    """Read queries from a terminal, each ended by a semicolon, until the end of input."""
    import readline  # noqa: F401, PLC0415 gives input() history and editing

    print("Queries end with ; and the prompt with Ctrl-D. Tables: show tables;", file=sys.stderr)  # noqa: T201
    with catalogue.reading(settings) as con:
        _warn_of_move(con, settings)
        text = ""
        while True:
            try:
                text += input("barometer> " if not text else "       ... ") + "\n"
            except EOFError:
                return
            if not text.rstrip().endswith(";"):
                continue
            try:
                _write(con.sql(text), "table", sys.stdout.buffer)
            except duckdb.Error as error:
                print(_explained(settings, error), file=sys.stderr)  # noqa: T201
            text = ""


def _write(relation: duckdb.DuckDBPyRelation | None, output_format: str, out: BinaryIO) -> None:
    if relation is None:
        return  # a statement without a result
    if output_format == "parquet":
        pq.write_table(relation.to_arrow_table(), out, compression="zstd")
    elif output_format == "table":
        _write_table(relation, out)
    elif output_format == "csv":
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(relation.columns)
        _write_rows(relation, lambda row: writer.writerow([safe_cell(v) for v in row]), text, out)
    else:
        text = io.StringIO()

        def write(row: tuple[Any, ...]) -> None:
            record = dict(zip(relation.columns, row, strict=True))
            text.write(json.dumps(record, default=_plain, ensure_ascii=False) + "\n")

        _write_rows(relation, write, text, out)
    out.flush()


def _write_rows(
    relation: duckdb.DuckDBPyRelation, write: Any, text: io.StringIO, out: BinaryIO
) -> None:
    """Rows to text to bytes, ten thousand at a time: a result can be as large as the lake."""
    out.write(text.getvalue().encode())
    while rows := relation.fetchmany(10_000):
        text.seek(0)
        text.truncate()
        for row in rows:
            write(row)
        out.write(text.getvalue().encode())


def _write_table(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    table = Table(header_style="bold")
    for name in relation.columns:
        table.add_column(Text(name), overflow="fold")
    rows = relation.fetchmany(MAX_TABLE_ROWS + 1)
    for row in rows[:MAX_TABLE_ROWS]:
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console()
    width = console.width if console.is_terminal else 200
    text = io.StringIO()
    Console(file=text, width=width).print(table)
    if len(rows) > MAX_TABLE_ROWS:
        text.write(f"... more than {MAX_TABLE_ROWS} rows; --format csv gives them all\n")
    out.write(text.getvalue().encode())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return safe_text(str(value))


def _plain(value: Any) -> Any:
    """What JSON has no word for: times as ISO texts, the rest as DuckDB prints it."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
