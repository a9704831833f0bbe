"""The rows of a query in a format: for a terminal, for scripts, for a spreadsheet, for a map."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import duckdb

from flows.exports.cells import NOT_TEXT, json_object, json_texts, printed, write_rows
from flows.home.text import safe_text
from flows.report.tables import is_formula

LEAST_CELL_WIDTH = 9
"""Columns of a terminal that a cell of a table needs to be read, with its border (a choice)."""

MAX_TABLE_ROWS = 1000
"""Most rows of a printed table; the other formats give every row."""


def _write_csv(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """Like DuckDB's COPY, but formulas of a spreadsheet are escaped, and on a terminal its control
    characters are removed."""
    is_text = [kind.id not in NOT_TEXT for kind in relation.types]
    is_shown = out.isatty()

    def cell(value: str | None, is_text: bool) -> str:
        if value is None:
            return ""
        if is_text and is_formula(value):
            value = f"'{value}"
        if is_shown:
            value = safe_text(value)
        if value == "" or any(sign in value for sign in ',"\r\n'):
            return '"' + value.replace('"', '""') + '"'
        return value

    def line(row: Sequence[Any]) -> str:
        return ",".join(map(cell, row, is_text)) + "\n"

    header = ",".join(cell(name, True) for name in relation.columns) + "\n"
    write_rows(printed(relation), line, out, header)


def _write_json(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """A JSON object a line. NaN and infinity, which JSON does not have, are null."""
    line = json_object(relation)
    write_rows(json_texts(relation), lambda row: f"{line(row)}\n", out)


def _write_parquet(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    from flows.exports import parquet  # noqa: PLC0415 takes a third of a second

    parquet.write_parquet(relation, out)


def _write_table(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    # Takes a tenth of a second, which the other formats need not wait for.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(header_style="bold")
    for name in relation.columns:
        table.add_column(Text(safe_text(name)), overflow="fold")
    rows = printed(relation).fetchmany(MAX_TABLE_ROWS + 1)
    for row in rows[:MAX_TABLE_ROWS]:
        table.add_row(*(Text("" if value is None else safe_text(value)) for value in row))
    console = Console()
    width = console.width if console.is_terminal else 200
    text = io.StringIO()
    Console(file=text, width=width).print(table)
    if not rows:
        text.write("0 rows\n")
    elif console.is_terminal and width < LEAST_CELL_WIDTH * len(relation.columns):
        text.write("too wide here: select fewer columns, or use .mode vertical at the prompt\n")
    if len(rows) > MAX_TABLE_ROWS:
        text.write(f"... more than {MAX_TABLE_ROWS} rows; --format csv gives all of them\n")
    out.write(text.getvalue().encode())


def _write_vertical(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """A line for each value, for rows that are wider than the terminal."""
    names = [safe_text(name) for name in relation.columns]
    width = max(map(len, names))
    rows = printed(relation).fetchmany(MAX_TABLE_ROWS + 1)
    for number, row in enumerate(rows[:MAX_TABLE_ROWS], 1):
        values = ("" if value is None else safe_text(value) for value in row)
        lines = [f"{name:>{width}}  {value}" for name, value in zip(names, values, strict=True)]
        out.write("\n".join([f"-- row {number}", *lines, ""]).encode())
    if not rows:
        out.write(b"0 rows\n")
    if len(rows) > MAX_TABLE_ROWS:
        out.write(f"... more than {MAX_TABLE_ROWS} rows\n".encode())


def _write_xlsx(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    from flows.exports import workbook  # noqa: PLC0415 a package that the others do without

    workbook.write(relation, out)


def _write_geojson(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    from flows.exports import features  # noqa: PLC0415 takes half a second

    features.write_geojson(relation, out)


def _write_geoparquet(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    from flows.exports import features  # noqa: PLC0415 takes half a second

    features.write_geoparquet(relation, out)


Writer = Callable[[duckdb.DuckDBPyRelation, BinaryIO], None]

FORMATS: dict[str, Writer] = {
    "table": _write_table,
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
    "geojson": _write_geojson,
    "geoparquet": _write_geoparquet,
}
"""The formats of `barometer sql`; `VERTICAL` is for its prompt alone."""

VERTICAL: dict[str, Writer] = {"vertical": _write_vertical}

BINARY = ("parquet", "xlsx", "geoparquet")
"""Formats that a terminal cannot show."""


def write(relation: duckdb.DuckDBPyRelation | None, output_format: str, out: BinaryIO) -> None:
    """Write the rows of a relation; nothing for None, which a statement without a result gives.

    Parameters
    ----------
    relation : DuckDBPyRelation or None
    output_format : str
        A key of `FORMATS` or `VERTICAL`.
    out : binary file
        Opened for writing. A query that fails, or that the format cannot hold, may leave a part.

    Raises
    ------
    BarometerError
        If the format cannot hold the rows.
    """
    if relation is not None:
        (FORMATS | VERTICAL)[output_format](relation, out)
        out.flush()
