"""Relations of sql/ derived from a few rows, and the rows of what the detector finds at Kharg."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from flows.catalogue import build as catalogue
from flows.catalogue import relations
from flows.catalogue.records import Record, given_table
from flows.catalogue.windows import READERS
from flows.derive import calls
from flows.home.resources import sql_text
from flows.home.settings import Settings
from flows.registers.bundled import Version
from flows.registers.held import version_entries, version_records
from flows.runner import run
from geo.plausibility import JUMP, REASONS

Connection = duckdb.DuckDBPyConnection
Row = dict[str, Any]


@contextmanager
def session(
    given: dict[str, list[Record]] | None = None, /, **tables: pa.Table
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that holds records of the home by kind, and tables by name."""
    with duckdb.connect(config={"threads": 1}) as con:
        relations.begin(con)
        con.register("given", given_table(given or {}))
        for name, held in tables.items():
            con.register(name, held)
        yield con


def derive(con: duckdb.DuckDBPyConnection, *wanted: str) -> None:
    """Create relations, each input that is not there before it."""
    query = "select count(*) from information_schema.tables where table_name = $name"
    for name in wanted:
        for need in relations.needs(name):
            if con.execute(query, {"name": need}).fetchone() == (0,):
                derive(con, need)
        relations.create(con, name)


def drop(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Drop relations that `derive` created, so that they are derived again."""
    for name in names:
        for schema in ("step", "main"):
            con.execute(f"drop table if exists {schema}.{name}")


def digested(con: duckdb.DuckDBPyConnection, of: str, *names: str) -> None:
    """Create views as the relations of `sql/digest/` that are made from another one there."""
    con.execute(f"create view new_{of} as from {of}")
    for name in names:
        con.execute(f"create view {name} as {sql_text(f'digest/{name}')}")


EVERY_RUN = ("meta", "run", "outbox", "alert_delivery", "worked_part")
"""Relations that the program itself reads of a catalogue."""


@contextmanager
def only(*wanted: str, publish: bool = False, kept: Sequence[str] = ()) -> Iterator[None]:
    """Homes derived meanwhile hold these relations and those on the way to them, without comments.

    A whole derivation makes some two hundred. With `publish`, there is what a run publishes too, if
    not what its reports need. The next run of such a home reads all windows again; but those of the
    relations `kept`, where it has the same.
    """
    published = catalogue.PUBLICATIONS if publish else {}
    wanted += (*published.values(), *kept, *(["flagged_position"] if kept else []))
    windows = tuple(sorted({*kept, *(READERS[name].relation for name in kept)}))
    plain = relations.in_order

    def in_order(derived: Mapping[str, tuple[str, ...]]) -> list[str]:
        reads = {name: relations.needs(name) for name in relations.files()} | dict(derived)
        made: set[str] = set()
        left = [*EVERY_RUN, *wanted]
        while left:
            name = left.pop()
            if name in reads and name not in made:
                made.add(name)
                left += [*reads[name], *(["changed_day"] if name in READERS else [])]
        assert made.issuperset(wanted), set(wanted) - made
        return [name for name in plain(derived) if name in made]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relations, "in_order", in_order)
        patch.setattr(relations, "add_comments", lambda *_: None)
        patch.setattr(catalogue, "PUBLICATIONS", published)
        patch.setattr(catalogue.reuse, "KEPT", windows)
        if not kept:
            patch.setattr(catalogue.reuse, "keep", lambda *_: None)
        yield


@contextmanager
def unshown(*wanted: str, publish: bool = False) -> Iterator[None]:
    """`only`, for runs that write no report and show no week: tests of what they do beside."""
    with only(*wanted, publish=publish), pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "write_reports", lambda *_: [])
        patch.setattr(run, "write_feed", lambda *_: False)
        patch.setattr(run, "newest_week", lambda _: None)
        yield


def in_a_rebuild(settings: Settings, name: str) -> list[tuple[Any, ...]]:
    """The rows that a relation of a home has when it is made from the lake anew."""
    with only(name), catalogue.built_beside(settings, from_scratch=True) as con:
        return con.table(name).order("all").fetchall()


@cache
def made_from(tables: frozenset[str], wanted: str) -> frozenset[str]:
    """The wanted relation and those on the way to it from these tables; empty if there is none."""
    needs = relations.needs(wanted)
    way = frozenset[str]().union(*(made_from(tables, need) for need in needs if need not in tables))
    return way | {wanted} if way or tables.intersection(needs) else way


def rows(con: Connection, query: str, *values: Any) -> list[Row]:
    """The rows of a query, by the names of their columns."""
    found = con.execute(query, list(values))
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, line, strict=True)) for line in found.fetchall()]


# The registers, from versions of lists alone


def register_rows(
    versions: Sequence[Version],
    known_on: date | None = None,
    relation: str = "register_entry",
    programmes: pa.Table | None = None,
) -> list[dict[str, Any]]:
    """The rows of a relation by these versions, as known on a day, or on 1 December 2026."""
    meta = {"as_of": "2026-12-01"} | ({"known_on": str(known_on)} if known_on else {})
    given = {
        "meta": [{"key": key, "value": value} for key, value in meta.items()],
        "register_version": version_records(versions),
    }
    with session(given, version_entry=version_entries(versions).read_all()) as con:
        if programmes is not None:
            con.register("programme", programmes)
        derive(con, relation)
        return list(con.table(relation).to_arrow_table().to_pylist())


def programme_schema() -> pa.Schema:
    """The columns of `programme`."""
    with session() as con:
        derive(con, "programme")
        return con.table("programme").to_arrow_table().schema


# Calls and displaced fixes at Kharg, hours after the start


def at(hours: float) -> datetime:
    return datetime(2026, 3, 2) + timedelta(hours=hours)


def table(schema: pa.Schema, rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in rows], schema=schema)


def call(mmsi: int, hours: float = 0.0, stay_h: float | None = 10.0, **changes: Any) -> Any:
    """A call at the berth, sure and seen near."""
    return {
        **{"port_call_id": f"{mmsi}-{hours}", "track_id": mmsi, "mmsi": mmsi},
        **{"port_id": "IRKHK", "area_kind": "berth", "arrived_after": at(hours - 1)},
        **{"arrived_at": at(hours), "departed_at": None if stay_h is None else at(hours + stay_h)},
        **{"fixes": 20, "longest_gap_h": 1.0, "outside_m": 5_000.0, "confidence": 4},
        **{"lon": 50.33, "lat": 29.23},
    } | changes


def jump(mmsi: int, hours: float = 0.0, reason: int = JUMP, **changes: Any) -> Any:
    """A displaced fix."""
    return {
        **{"mmsi": mmsi, "track_id": mmsi, "reported_at": at(hours), "port_id": "IRKHK"},
        **{"lon": 50.33, "lat": 29.23, "verdict": "implausible", "reason": REASONS[reason]},
    } | changes


def work(
    found: Sequence[Any], flagged: Sequence[Any] = (), ships: Sequence[Any] = ()
) -> calls.Work:
    return calls.Work(
        table(calls.CALL_SCHEMA, found),
        table(calls.FLAGGED_SCHEMA, flagged),
        table(calls.SHIP_SCHEMA, ships),
    )
