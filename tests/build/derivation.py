"""Relations of sql/ derived from a few rows, without a lake and a home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from flows.catalogue import relations
from flows.catalogue.given import Record, given_table


@contextmanager
def session(
    given: dict[str, list[Record]] | None = None, /, **tables: pa.Table
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that holds records of the home by kind, and tables by name."""
    with duckdb.connect(config={"threads": 1}) as con:
        relations.begin(con)
        con.register("given", given_table(given or {}))
        for name, table in tables.items():
            con.register(name, table)
        yield con


def derive(con: duckdb.DuckDBPyConnection, *wanted: str) -> None:
    """Create relations, each input that is not there before it."""
    for name in wanted:
        for need in relations.inputs(relations.query(name)):
            if not _exists(con, need):
                derive(con, need)
        relations.create(con, name)


def _exists(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    query = "select count(*) from information_schema.tables where table_name = $name"
    (count,) = con.execute(query, {"name": name}).fetchone() or (0,)
    return bool(count)
