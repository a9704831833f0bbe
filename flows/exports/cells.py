"""The values of a result: exact texts by DuckDB, and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

import duckdb

from flows.home.text import INVISIBLE

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

Kind = Any
"""A type of DuckDB (`duckdb.sqltypes.DuckDBPyType`): `id`, and `children` if it is nested."""


def selected(
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


def printed(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The same columns, all as text."""
    return selected(relation, lambda _: False)


def write_rows(
    relation: duckdb.DuckDBPyRelation,
    line: Callable[[Sequence[Any]], str],
    out: BinaryIO,
    header: str = "",
) -> None:
    """Write a line for each row after the header, all of them, a batch at a time."""
    text = header  # not before the first rows: a query that fails writes nothing
    while rows := relation.fetchmany(BATCH_ROWS):
        out.write((text + "".join(line(row) for row in rows)).encode())
        text = ""
    out.write(text.encode())


def json_cell(value: Any, kind: Kind) -> str:
    """A column's value as JSON: as DuckDB prints it, or Python's where the type is nested."""
    if value is None or kind.id in NESTED:
        return _json_value(_with_short_floats(value, kind))
    if kind.id in NUMBERS:
        return value if math.isfinite(float(value)) else "null"
    if kind.id == "boolean":
        return str(value)
    if str(kind) == "JSON":
        return _json_value(json.loads(value, parse_float=Decimal, parse_constant=lambda _: None))
    return json_text(value.replace(" ", "T", 1) if kind.id in TIMES else value)


def _with_short_floats(value: Any, kind: Kind) -> Any:
    """A value with its single floats as the shortest equal decimals."""
    if value is None or kind.id not in NESTED | {"float"}:
        return value
    if kind.id == "float":
        import numpy as np  # noqa: PLC0415 takes a fifth of a second

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
        members = (f"{json_text(str(k))}: {_json_value(v)}" for k, v in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_json_value, value)) + "]"
    if isinstance(value, (float, Decimal)):
        return str(value) if math.isfinite(value) else "null"
    if value is None or isinstance(value, int):  # a bool is one
        return json.dumps(value)
    if isinstance(value, bytes):
        value = "".join(chr(b) if 32 <= b < 127 else f"\\x{b:02X}" for b in value)
    return json_text(value.isoformat() if hasattr(value, "isoformat") else str(value))


def json_text(text: str) -> str:
    """A text as JSON; control characters of a terminal are escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return INVISIBLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", quoted)


def unique(names: Sequence[str]) -> list[str]:
    """The names of columns; repeated ones get `_1`, `_2` and so on."""
    unique: list[str] = []
    for name in names:
        other, number = name, 0
        while other in unique:
            number += 1
            other = f"{name}_{number}"
        unique.append(other)
    return unique


def kinds_in(kind: Kind) -> set[str]:
    """The ids of a type and of the types nested in it."""
    inner = kind.children if kind.id in NESTED else ()
    return {kind.id}.union(*(kinds_in(child) for name, child in inner if name != "size"))
