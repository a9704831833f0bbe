"""The entries of a list in DuckDB, to be compared with the version before: there may be a million.

A session (`flows.lake.manifest.connect`) has the tables `entry`, the new list, and `entry_before`,
the version that it is compared with: the columns of `ENTRY_SCHEMA`, and what `sql/lists/entry.sql`
adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from flows.home.resources import sql_text
from flows.registers.codes import programme_meaning
from flows.registers.lists.entry import ENTRY_SCHEMA, Entry, Junk, as_table

BATCH_ROWS = 20_000
"""Entries that Python holds at a time."""

PART_ROWS = 40_000
"""Entries of a part: DuckDB does not spill aggregates over texts; these take it some 40 MB."""


def stage_list(
    con: duckdb.DuckDBPyConnection, rows: Iterable[Entry | Junk], register: str
) -> list[Junk]:
    """Read the rows of a list into `entry`, and return what is left out."""
    junk: list[Junk] = []

    def batches() -> Iterator[pa.Table]:
        remaining = iter(rows)
        while taken := list(islice(remaining, BATCH_ROWS)):
            junk.extend(row for row in taken if isinstance(row, Junk))
            yield as_table([row for row in taken if isinstance(row, Entry)])

    _stage(con, "entry", batches(), register)
    return junk


def stage_before(
    con: duckdb.DuckDBPyConnection, entries: ds.Dataset | None, register: str, day: date
) -> None:
    """Read a version into `entry_before`, as a list of a day can have it; without one it is empty.

    A list cannot contain what was listed after its day.
    """
    listed_on = ds.field("listed_on")
    is_then = listed_on.is_null() | (listed_on <= pa.scalar(day))
    _stage(con, "entry_before", _batches(entries, is_then), register)


def stage_version(con: duckdb.DuckDBPyConnection, entries: ds.Dataset, register: str) -> None:
    """Read a version into `entry`."""
    _stage(con, "entry", _batches(entries), register)


def entries(con: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
    """The table `entry` in `ENTRY_SCHEMA`, in the order of the list."""
    rows = con.table("entry").order("place").select(*ENTRY_SCHEMA.names)
    batches = (batch.cast(ENTRY_SCHEMA) for batch in rows.to_arrow_reader(BATCH_ROWS))
    return pa.RecordBatchReader.from_batches(ENTRY_SCHEMA, batches)


def _batches(
    entries: ds.Dataset | None, condition: ds.Expression | None = None
) -> Iterator[pa.Table]:
    if entries is not None:
        for batch in entries.to_batches(filter=condition, batch_size=BATCH_ROWS):
            yield pa.Table.from_batches([batch])


def _stage(
    con: duckdb.DuckDBPyConnection, name: str, batches: Iterable[pa.Table], register: str
) -> None:
    con.from_arrow(_placed(ENTRY_SCHEMA.empty_table(), 0)).create("staged")
    count = 0
    for batch in batches:
        con.from_arrow(_placed(batch, count)).insert_into("staged")
        count += batch.num_rows
    con.register("tag", _tags(con, register))
    for part in parts(count):
        entries = con.from_arrow(con.execute(sql_text("lists/entry"), part).to_arrow_table())
        entries.insert_into(name) if part["part"] else entries.create(name)
    con.execute("drop table staged")


def _placed(batch: pa.Table, first: int) -> pa.Table:
    places = pa.array(range(first, first + batch.num_rows), pa.int64())
    return batch.cast(ENTRY_SCHEMA).append_column("place", places)


def _tags(con: duckdb.DuckDBPyConnection, register: str) -> pa.Table:
    """What the programme keys of the staged entries mean."""
    keys = [key for (key,) in con.execute("select distinct programme from staged").fetchall()]
    meanings = [programme_meaning(register, key) for key in keys]
    return pa.table(
        {
            "programme": pa.array(keys, pa.string()),
            "is_known": pa.array([m is not None for m in meanings], pa.bool_()),
            "is_linked": pa.array(
                [bool(m and m["country"] == "RU" and m["link_tier"]) for m in meanings], pa.bool_()
            ),
        }
    )


def parts(entries: int) -> list[dict[str, int]]:
    """The parameters of a query that takes the hulls of so many entries part by part."""
    count = entries // PART_ROWS + 1
    return [{"part": part, "parts": count} for part in range(count)]
