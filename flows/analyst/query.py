"""`barometer sql`: a query on the catalogue, its result as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, BinaryIO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import ExpectedResultType, Statement
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.catalogue import access
from flows.home.settings import BarometerError, Settings
from flows.home.text import INVISIBLE, safe_text
from flows.report.tables import is_formula

MAX_TABLE_ROWS = 1000
"""Most rows of a printed table; the other formats give every row."""

BATCH_ROWS = 10_000
"""Rows written at a time: a result can be as large as the lake."""

INTEGERS = {
    *("tinyint", "smallint", "integer", "bigint", "hugeint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
}
NUMBERS = INTEGERS | {"float", "double", "decimal"}
TIMES = {
    *("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"),
    "timestamp with time zone",
}
NOT_TEXT = NUMBERS | TIMES | {"boolean", "date", "time", "time with time zone", "interval", "uuid"}
"""Types that hold no text of others: their values are never spreadsheet formulas."""
NESTED = {"list", "array", "struct", "map", "union"}
NOT_IN_PARQUET = {"interval", "time with time zone", "bit", "union", "variant"}
"""Types that pyarrow cannot write without loss: they go into Parquet as text."""

READ_ONLY = (
    "The catalogue is opened read-only, and every run rebuilds it. For tables of your own: "
    "create temp table, or attach a database of yours: attach 'mine.duckdb' as mine;"
)
REPLACED = (
    "A run has replaced the catalogue. This prompt still reads the old one, whose files may be "
    "removed: leave with Ctrl-D and start it again."
)

Kind = Any
"""A type of DuckDB (`duckdb.sqltypes.DuckDBPyType`): `id`, and `children` if it is nested."""


def statements(text: str) -> list[Statement]:
    """The statements of a text; none where it holds only comments and semicolons.

    Raises
    ------
    BarometerError
        If it is not SQL.
    """
    try:
        text.encode()
        return duckdb.extract_statements(text)
    except UnicodeEncodeError as error:
        raise BarometerError(
            "the query has bytes that are not UTF-8. Save it as UTF-8, or type it again."
        ) from error
    except duckdb.Error as error:
        raise BarometerError(str(error)) from error


def run_query(
    settings: Settings, queries: Sequence[Statement], output_format: str, out: BinaryIO
) -> None:
    """Run statements, and write the rows of each.

    Raises
    ------
    BarometerError
        With DuckDB's message if a query fails, and if several queries give rows in a format other
        than a table.
    """
    _check_one_result(queries, output_format)
    with access.reading(settings) as con:
        _warn_of_move(con, settings)
        with _explained(con, settings):
            for query in queries:
                _write(con.sql(query), output_format, out)


def _warn_of_move(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    if moved := access.moved_message(con, settings):
        _say(f"barometer: warning: {moved}")


def prompt(settings: Settings, output_format: str) -> None:
    """Read queries from a terminal, each ended by a semicolon, until the end of input."""
    import readline  # noqa: F401, PLC0415 gives input() history and editing

    _say("Queries end with ; and the prompt with Ctrl-D. Tables: show tables;")
    opened = access.existing(settings.home).stat()
    is_warned = False
    with access.reading(settings) as con:
        _warn_of_move(con, settings)
        for text in _typed():
            try:
                queries = statements(text)
                _check_one_result(queries, output_format)
                for query in queries:
                    with _explained(con, settings):
                        _write(con.sql(query), output_format, sys.stdout.buffer)
            except BarometerError as error:
                _say(str(error))
            except KeyboardInterrupt:
                _say("The query was stopped.")
            if not is_warned and _is_replaced(settings, opened.st_ino):
                _say(REPLACED)
                is_warned = True


def _typed() -> Iterator[str]:
    """The typed text up to each semicolon at the end of a line. Ctrl-C discards an unfinished
    query."""
    text = ""
    while True:
        try:
            text += input("barometer> " if not text else "       ... ") + "\n"
        except EOFError:
            return
        except KeyboardInterrupt:
            text = ""
            _say("")
        except UnicodeDecodeError:
            text = ""
            _say("the line has bytes that are not UTF-8. Type it again.")
        if text.rstrip().endswith(";"):
            yield text
            text = ""


def _is_replaced(settings: Settings, inode: int) -> bool:
    try:
        return access.existing(settings.home).stat().st_ino != inode
    except (BarometerError, OSError):
        return True


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


@contextmanager
def _explained(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """DuckDB's errors as messages; errors of reading files with damage found in the lake.

    After a query is stopped (Ctrl-C) the connection is still usable.
    """
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.InvalidInputException as error:
        message = str(error)
        raise BarometerError(
            f"{message}\n{READ_ONLY}" if "read-only mode" in message else message
        ) from error
    except duckdb.IOException as error:
        raise BarometerError(f"{error}\n{access.damage_hint(settings)}") from error
    except (duckdb.Error, pa.ArrowException) as error:
        message, line, text = str(error).partition("\n\nLINE 1: ")
        # Not the line of the cast that this module adds.
        is_own = "CAST(#1 AS VARCHAR)" in text
        raise BarometerError(message if is_own else message + line + text) from error
    except RuntimeError as error:
        if "interrupted" not in str(error):
            raise
        # DuckDB saw Ctrl-C first. Its threads run on until interrupted, and the next query waits.
        con.interrupt()
        raise KeyboardInterrupt from error
    except KeyboardInterrupt:
        con.interrupt()
        raise


def _check_one_result(queries: Sequence[Statement], output_format: str) -> None:
    giving = [q for q in queries if q.expected_result_type == [ExpectedResultType.QUERY_RESULT]]
    if len(giving) > 1 and output_format != "table":
        raise BarometerError(
            f"{len(giving)} of the queries give rows, and {output_format} can hold the rows of "
            "only one. Run them one by one."
        )


def _write(relation: duckdb.DuckDBPyRelation | None, output_format: str, out: BinaryIO) -> None:
    if relation is None:
        return  # a statement without a result
    write: Callable[[duckdb.DuckDBPyRelation, BinaryIO], None] = {
        "parquet": _write_parquet,
        "table": _write_table,
        "csv": _write_csv,
        "json": _write_json,
    }[output_format]
    write(relation, out)
    out.flush()


def _selected(
    relation: duckdb.DuckDBPyRelation, is_native: Callable[[Kind], bool]
) -> duckdb.DuckDBPyRelation:
    """The same columns, unchanged or cast to text; by position, as two may have the same name.

    DuckDB's text is exact (3.2 for a FLOAT, every digit of a DECIMAL, infinite times); Python's
    values are not.
    """
    columns = []
    for number, kind in enumerate(relation.types, 1):
        column = duckdb.SQLExpression(f"#{number}")
        columns.append(column if is_native(kind) else column.cast("varchar"))
    return relation.select(*columns)


def _printed(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return _selected(relation, lambda _: False)


def _write_rows(
    relation: duckdb.DuckDBPyRelation,
    line: Callable[[Sequence[Any]], str],
    out: BinaryIO,
    header: str = "",
) -> None:
    text = header  # not before the first rows: a query that fails writes nothing
    while rows := relation.fetchmany(BATCH_ROWS):
        out.write((text + "".join(line(row) for row in rows)).encode())
        text = ""
    out.write(text.encode())


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
    _write_rows(_printed(relation), line, out, header)


def _write_json(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """A JSON object a line. NaN and infinity, which JSON does not have, are null."""
    kinds = relation.types
    keys = [_json_text(name) for name in _unique(relation.columns)]

    def line(row: Sequence[Any]) -> str:
        values = map(_json, row, kinds)
        return "{" + ", ".join(map(": ".join, zip(keys, values, strict=True))) + "}\n"

    _write_rows(_selected(relation, lambda kind: kind.id in NESTED), line, out)


def _json(value: Any, kind: Kind) -> str:
    """A column's value as JSON: as DuckDB prints it, or Python's where the type is nested."""
    if value is None or kind.id in NESTED:
        return _json_value(_with_short_floats(value, kind))
    if kind.id in NUMBERS:
        return value if math.isfinite(float(value)) else "null"
    if kind.id == "boolean":
        return str(value)
    if str(kind) == "JSON":
        return _json_value(json.loads(value, parse_float=Decimal, parse_constant=lambda _: None))
    return _json_text(value.replace(" ", "T", 1) if kind.id in TIMES else value)


def _with_short_floats(value: Any, kind: Kind) -> Any:
    """A value with its single floats as the shortest equal decimals."""
    if value is None or kind.id not in NESTED | {"float"}:
        return value
    if kind.id == "float":
        return Decimal(str(np.float32(value)))
    children = dict(kind.children)
    if kind.id in ("list", "array"):
        return [_with_short_floats(item, children["child"]) for item in value]
    if kind.id == "map" and children["key"].id not in NESTED:
        return {key: _with_short_floats(item, children["value"]) for key, item in value.items()}
    if kind.id == "struct":
        return {key: _with_short_floats(item, children[key]) for key, item in value.items()}
    return value  # the type of a union's value is not known


def _json_value(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{_json_text(str(k))}: {_json_value(v)}" for k, v in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_json_value, value)) + "]"
    if isinstance(value, (float, Decimal)):
        return str(value) if math.isfinite(value) else "null"
    if value is None or isinstance(value, int):  # a bool is one
        return json.dumps(value)
    if isinstance(value, bytes):
        value = "".join(chr(b) if 32 <= b < 127 else f"\\x{b:02X}" for b in value)
    return _json_text(value.isoformat() if hasattr(value, "isoformat") else str(value))


def _json_text(text: str) -> str:
    """A text as JSON; control characters of a terminal are escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return INVISIBLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", quoted)


def _unique(names: Sequence[str]) -> list[str]:
    """The names of columns; repeated ones get `_1`, `_2` and so on."""
    unique: list[str] = []
    for name in names:
        other, number = name, 0
        while other in unique:
            number += 1
            other = f"{name}_{number}"
        unique.append(other)
    return unique


def _write_parquet(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    names = _unique(relation.columns)
    typed = _selected(relation, lambda kind: not _kinds(kind) & NOT_IN_PARQUET)
    with typed.to_arrow_reader(BATCH_ROWS * 10) as reader:
        schema = pa.schema(
            [field.with_name(name) for field, name in zip(reader.schema, names, strict=True)]
        )
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch.rename_columns(names))


def _kinds(kind: Kind) -> set[str]:
    """The ids of a type and of the types nested in it."""
    inner = kind.children if kind.id in NESTED else ()
    return {kind.id}.union(*(_kinds(child) for name, child in inner if name != "size"))


def _write_table(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    table = Table(header_style="bold")
    for name in relation.columns:
        table.add_column(Text(safe_text(name)), overflow="fold")
    rows = _printed(relation).fetchmany(MAX_TABLE_ROWS + 1)
    for row in rows[:MAX_TABLE_ROWS]:
        table.add_row(*(Text("" if value is None else safe_text(value)) for value in row))
    console = Console()
    width = console.width if console.is_terminal else 200
    text = io.StringIO()
    Console(file=text, width=width).print(table)
    if len(rows) > MAX_TABLE_ROWS:
        text.write(f"... more than {MAX_TABLE_ROWS} rows; --format csv gives all of them\n")
    out.write(text.getvalue().encode())
