"""The values of a result: exact texts by DuckDB, and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Sequence
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
SHAPES = {"list", "array", "struct", "map"}
NESTED = SHAPES | {"union"}
NOT_IN_PARQUET = {"interval", "time with time zone", "bit", "union", "variant", "uhugeint"}
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


def json_texts(
    relation: duckdb.DuckDBPyRelation, unchanged: Collection[str] = ()
) -> duckdb.DuckDBPyRelation:
    """The same columns as `json_cell` takes them: texts, in the shape of what they are nested in.

    Columns named in `unchanged` stay as they are.
    """
    columns = []
    for number, (name, kind) in enumerate(zip(relation.columns, relation.types, strict=True), 1):
        column = duckdb.SQLExpression(f"#{number}")
        columns.append(column if name in unchanged else column.cast(_shape_of_texts(kind)))
    return relation.select(*columns)


def _shape_of_texts(kind: Kind) -> Kind:
    """A type of the same shape whose values are texts."""
    if kind.id not in SHAPES:
        return duckdb.sqltypes.VARCHAR
    children = kind.children
    if kind.id == "array":
        return duckdb.array_type(_shape_of_texts(children[0][1]), children[1][1])
    inner = [_shape_of_texts(child) for _, child in children]
    if kind.id == "list":
        return duckdb.list_type(inner[0])
    if kind.id == "map":
        return duckdb.map_type(*inner)
    # A row without names, as of (lon, lat), gets some.
    names = (name or f"v{number}" for number, (name, _) in enumerate(children))
    return duckdb.struct_type(dict(zip(names, inner, strict=True)))


def json_object(relation: duckdb.DuckDBPyRelation) -> Callable[[Sequence[Any]], str]:
    """Makes a JSON object of a row of `json_texts` of a relation."""
    kinds = relation.types
    keys = [json_text(name) for name in unique(relation.columns)]

    def line(row: Sequence[Any]) -> str:
        values = map(json_cell, row, kinds)
        return "{" + ", ".join(map(": ".join, zip(keys, values, strict=True))) + "}"

    return line


def json_cell(value: Any, kind: Kind) -> str:
    """A value of `json_texts` as JSON; a row without names is a list."""
    if value is None:
        return "null"
    if kind.id in SHAPES:
        return _json_nested(value, kind)
    if kind.id in NUMBERS:
        return str(value) if math.isfinite(float(value)) else "null"
    if kind.id == "boolean":
        return str(value)
    if str(kind) == "JSON":
        return _json_value(json.loads(value, parse_float=Decimal, parse_constant=lambda _: None))
    return json_text(value.replace(" ", "T", 1) if kind.id in TIMES else value)


def _json_nested(value: Any, kind: Kind) -> str:
    if kind.id in ("list", "array"):
        return _json_list(value, kind.children[0][1])
    if kind.id == "struct":
        names = [name for name, _ in kind.children]
        kinds = [child for _, child in kind.children]
        keys, items = map(json_text, names), map(json_cell, value.values(), kinds)
        if not names[0]:
            return "[" + ", ".join(items) + "]"
        return "{" + ", ".join(map(": ".join, zip(keys, items, strict=True))) + "}"
    (_, of_key), (_, of_item) = kind.children
    if of_key.id in SHAPES:  # no key of Python's: DuckDB gives two lists
        of_keys, of_items = _json_list(value["key"], of_key), _json_list(value["value"], of_item)
        return f'{{"key": {of_keys}, "value": {of_items}}}'
    members = (f"{json_text(key)}: {json_cell(item, of_item)}" for key, item in value.items())
    return "{" + ", ".join(members) + "}"


def _json_list(values: Sequence[Any], kind: Kind) -> str:
    return "[" + ", ".join(json_cell(value, kind) for value in values) + "]"


def _json_value(value: Any) -> str:
    """A value of Python's JSON as JSON; a number that JSON cannot have is null."""
    if isinstance(value, dict):
        members = (f"{json_text(k)}: {_json_value(v)}" for k, v in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json_value, value)) + "]"
    if isinstance(value, Decimal):
        return str(value) if math.isfinite(value) else "null"
    return json_text(value) if isinstance(value, str) else json.dumps(value)


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
