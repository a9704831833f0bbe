"""What a column is: from the catalogue's comments, for a data dictionary and as a Table Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import duckdb


class Field(NamedTuple):
    """A column: its name, its SQL type, and its meaning with the unit."""

    name: str
    kind: str
    meaning: str


SCHEMA_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "DOUBLE": "number",
    "FLOAT": "number",
    "BLOB": "any",
}
"""SQL type -> type of Table Schema; a list is an array, and all others are integers."""

CSV_TIME = "%Y-%m-%d %H:%M:%S"
"""A time in a CSV. Table Schema's own form has a T between date and time."""

TIERS = ("strong", "moderate", "weak", "none")
STATES = ("complete", "partial", "unobserved", "open")
HOLDS = ("laden", "ballast", "part", "unknown")
CONSTRAINTS: dict[str, dict[str, Any]] = {
    "link_tier": {"enum": TIERS},
    "area_kind": {"enum": ("berth", "anchorage")},
    "direction": {"enum": ("loading", "discharging", "unknown")},
    "laden_in": {"enum": HOLDS},
    "laden_out": {"enum": HOLDS},
    "old_state": {"enum": STATES},
    "new_state": {"enum": STATES},
    "confidence": {"minimum": 1, "maximum": 4},
    "observed_share": {"minimum": 0, "maximum": 1},
    "heard_share": {"minimum": 0, "maximum": 1},
    "lon": {"minimum": -180, "maximum": 180},
    "lat": {"minimum": -90, "maximum": 90},
    "week": {"pattern": r"\d{4}-W\d{2}"},
}
"""What holds for a column of that name in every table: as its comments say, in a program's form.

`state` has no row: of an agreement it is another word than of a week.
"""

_COMMENTS = """
select table_name, column_name, comment
from duckdb_columns()
where not internal and comment is not null
"""


def comments(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """The comment of each column of each relation of the catalogue."""
    by_relation: dict[str, dict[str, str]] = {}
    for relation, column, comment in con.execute(_COMMENTS).fetchall():
        by_relation.setdefault(relation, {})[column] = comment
    return by_relation


def key_of(select: str) -> list[str]:
    """The columns that tell the rows of a query apart, from its header; none without such a line.

    >>> key_of("-- Calls.\\n-- Grain: one port and week.\\n-- Key: week, port_id.\\nselect 1")
    ['week', 'port_id']
    """
    line = re.search(r"^-- Key: (.*)\.$", select, re.MULTILINE)
    return line[1].split(", ") if line else []


def table_schema(fields: Sequence[Field], key: Sequence[str], is_csv: bool) -> dict[str, Any]:
    """Columns as a Table Schema.

    >>> table_schema([Field("lon", "DOUBLE", "Longitude, degrees.")], ["lon"], True)["fields"]
    [{'name': 'lon', 'type': 'number', 'description': 'Longitude, degrees.', \
'constraints': {'minimum': -180, 'maximum': 180, 'required': True}}]
    """
    schema: dict[str, Any] = {"fields": [_described(field, key, is_csv) for field in fields]}
    if is_csv:
        schema["missingValues"] = [""]
    if key:
        schema["primaryKey"] = list(key)
    return schema


def _described(field: Field, key: Sequence[str], is_csv: bool) -> dict[str, Any]:
    kind = "array" if field.kind.endswith("[]") else SCHEMA_TYPES.get(field.kind, "integer")
    described: dict[str, Any] = {"name": field.name, "type": kind}
    if is_csv and kind == "datetime":
        described["format"] = CSV_TIME
    described["description"] = field.meaning
    constraints: Mapping[str, Any] = CONSTRAINTS.get(field.name, {})
    if field.name in key:
        constraints = {**constraints, "required": True}
    if constraints:
        described["constraints"] = dict(constraints)
    return described
