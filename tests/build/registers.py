"""The relations of the registers, from versions of lists alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from flows.catalogue import histories
from flows.home.resources import sql_path
from flows.registers.bundled import Version
from flows.registers.codes import load_programmes, load_vessel_types

_RELATIONS = ("register_version", "programme", "register_entry", "register_ship")


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    """One for all tests: the relations are views, which see what is registered last."""
    con = duckdb.connect(config={"threads": 1})
    con.register("vessel_type", load_vessel_types())
    return con


def register_rows(
    versions: Sequence[Version],
    known_on: date | None = None,
    relation: str = "register_entry",
    programmes: pa.Table | None = None,
) -> list[dict[str, Any]]:
    """The rows of a relation by these versions, as known on a day, or on 1 December 2026."""
    meta = {"as_of": "2026-12-01"} | ({"known_on": str(known_on)} if known_on else {})
    con = _connection()
    con.register("version_record", histories.version_records(list(versions)))
    con.register("version_entry", histories.version_entries(list(versions)))
    con.register("programme_table", load_programmes() if programmes is None else programmes)
    con.register("meta", pa.table({"key": list(meta), "value": list(meta.values())}))
    for name in _RELATIONS[: _RELATIONS.index(relation) + 1]:
        con.execute(f"drop table if exists {name}")
        con.sql(sql_path(f"{name}.sql").read_text(encoding="utf-8")).create(name)
    return list(con.table(relation).to_arrow_table().to_pylist())
