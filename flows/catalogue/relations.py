"""The relations of `sql/01_given` to `sql/14_ships`: their order, and their comments."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from flows.catalogue.windows import BATCH_PERIOD, READERS, open_unread, take_over
from flows.derive.batches import batches
from flows.home.resources import data_path, sql_path, sql_text
from flows.home.rules import rules, with_rules

if TYPE_CHECKING:
    import pyarrow as pa

HEADLINE = "set variable series = 'russian_linked_tankers'"
"""The series that the reports, and with them page, mail and terminal, are about, and witnesses."""

BATCHED = {
    "register_ship": (
        "select imo, count(*) from register_entry where imo is not null group by imo order by imo",
        100_000,
    ),
    "ship_spell": (
        """
        select mmsi, count(*) from static_report anti join steady_ship using (mmsi) group by mmsi
        order by mmsi
        """,
        100_000,
    ),
    "claim_spell": (
        """
        select mmsi, count(*) from ship_spell group by mmsi
        union all
        select mmsi, 1 from steady_ship
        order by mmsi
        """,
        1_000_000,
    ),
    "hull": (
        "select hash(hull_id) as h, count(*) from hull_spell group by h order by h",
        1_000_000,
    ),
    "vessel": ("select mmsi, count(*) from hull_spell group by mmsi order by mmsi", 1_000_000),
    "company": ("select number, 1 from unread order by number", 500),
    "near_pair": ("select number, 1 from unread order by number", 26),
    "encounter_spell": ("select number, 1 from unread order by number", 500),
    "flagged_report": ("select number, 1 from unread order by number", 100_000),
    "look_track": ("select number, 1 from unread order by number", 200),
}
"""Relations that are created in batches: a query of the keys of their input, each with its number
of rows, and the most rows of a batch.

DuckDB does not spill aggregates over texts or windows over structs. At its limit of 300 MB,
`ship_spell` needs some 100 MB for 100,000 rows and fails at 600,000 (at 600 MB, at a million); the
others fail at three to five million. A batch's file reads its range from the variable `batch`.
"""

TIME_ZONE = (
    "All times are in UTC, without a zone. A client's own zone enters where they meet now(), "
    "current_date, a cast to timestamptz or a time with an offset. In another client, first: "
    "set TimeZone = 'UTC'"
)
"""For people who open the catalogue with another client: a session's zone is not in the file."""

STEPS = """
create schema memory.step;
create schema memory.before;
set search_path = 'memory.step,main'
"""
"""Without a schema a relation is a step; `_place` gives the others their schema. Steps do not stay:
they are in memory, as the catalogue's file would keep the space of what is dropped."""

ABOUT = re.compile(r"^\s*comment on (table|view|column) (\w+)", re.MULTILINE)
"""What a statement of a `comments.sql` describes, and the relation that it belongs to."""


@cache
def files() -> Mapping[str, Path]:
    """The file of each relation, by the relation's name."""
    return {path.stem: path for path in _relation_files() if path.stem != "comments"}


@cache
def query(name: str) -> str:
    """The SELECT of a relation."""
    return files()[name].read_text(encoding="utf-8")


def _relation_files() -> list[Path]:
    return sorted(sql_path().glob("[0-9][0-9]_*/*.sql"))


@cache
def kinds() -> Mapping[str, str]:
    """The relations that have a comment, each with what it is: table or view.

    A relation without a comment is a step on the way to others: it does not stay in the catalogue.
    """
    return {
        name: kind
        for statement in _comments()
        for kind, name in ABOUT.findall(statement)
        if kind != "column"
    }


@cache
def _comments() -> list[str]:
    texts = [path.read_text("utf-8") for path in _relation_files() if path.stem == "comments"]
    return [
        statement.query
        for text in texts
        for statement in duckdb.extract_statements(with_rules(text))
    ]


@cache
def inputs(select: str) -> tuple[str, ...]:
    """The tables and views that a SELECT reads: first those that it names outside of its CTEs.

    >>> inputs("with b as (from a) select b.x from b inner join c on b.x = c.x")
    ('c', 'a')
    """
    row = duckdb.execute("select json_serialize_sql($1)", [select]).fetchone()
    assert row is not None
    nodes = list(_nodes(json.loads(row[0])))
    ctes = {entry["key"] for node in nodes if "cte_map" in node for entry in node["cte_map"]["map"]}
    tables = (node["table_name"] for node in nodes if node.get("type") == "BASE_TABLE")
    return tuple(dict.fromkeys(name for name in tables if name not in ctes))


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in a parse of DuckDB's, those of CTEs after the rest of their SELECT."""
    if isinstance(tree, dict):
        yield tree
        inner = [child for key, child in tree.items() if key != "cte_map"]
        tree = [*inner, tree.get("cte_map")]
    for child in tree:
        if isinstance(child, dict | list):
            yield from _nodes(child)


def needs(name: str) -> tuple[str, ...]:
    """The relations that a relation is made from; the windows that it reads, for those of them."""
    names = inputs(query(name))
    if name not in READERS:
        return names
    return tuple(READERS[name].relation if need == "unread" else need for need in names)


def in_order(derived: Mapping[str, tuple[str, ...]]) -> list[str]:
    """All relations, each after those that it reads.

    Parameters
    ----------
    derived : mapping
        The relations that Python makes, each with the relations that it is made from.

    Raises
    ------
    graphlib.CycleError
        If two relations read each other.
    """
    reads = {name: needs(name) for name in files()} | dict(derived)
    # Which windows are read again depends on it.
    reads |= {name: (*reads[name], "changed_day") for name in READERS if name in reads}
    order = TopologicalSorter(reads).static_order()
    return [name for name in order if name in reads]


def define(con: duckdb.DuckDBPyConnection) -> None:
    """Give a session what the files of `sql/` use beside relations: rules, macros, code tables."""
    numbers = (f"set variable rule_{name} = {quoted(of)}::double" for name, of in rules().items())
    data = f"set variable data = {quoted(glob.escape(str(data_path())))}"
    with _unoptimised(con):
        con.execute(";".join((*numbers, data, HEADLINE, sql_text("macros"))))


@contextmanager
def _unoptimised(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """For many small statements: DuckDB takes half of their time to find nothing to optimise."""
    con.execute("pragma disable_optimizer")
    yield
    con.execute("pragma enable_optimizer")


def quoted(value: str | float) -> str:
    """A value as a literal of SQL.

    For a session's own values: with its first parameter DuckDB imports pandas, which takes longer
    than all else that a short query needs.

    >>> quoted("it's"), quoted(0.1)
    ("'it''s'", "'0.1'")
    """
    return "'" + str(value).replace("'", "''") + "'"


def begin(con: duckdb.DuckDBPyConnection) -> None:
    """Prepare a session in memory, with a catalogue's file attached or without, to make relations.

    Steps, which do not stay, get a schema of their own, and so does what the next session takes
    over.
    """
    define(con)
    con.execute(STEPS)


def end(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the steps and what was taken over, and add the comments."""
    path = con.execute("select current_setting('search_path')").fetchone()
    assert path is not None
    con.execute(f"use {path[0].partition(',')[2]}")
    con.execute("drop schema memory.step cascade; drop schema memory.before cascade")
    add_comments(con)


def create(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create the relation of a file.

    One statement with the file's text: DuckDB's relation API plans every query twice.
    """
    has_before = name in READERS and open_unread(con, name)
    if name in BATCHED:
        _create_in_batches(con, name)
    elif kinds().get(name) == "view":
        con.execute(f"create view {_place(name)} as {query(name)}")
    else:
        con.execute(f"create table {_place(name)} as {query(name)}")
    if has_before:
        take_over(con, name, _place(name))


def store(
    con: duckdb.DuckDBPyConnection, name: str, table: pa.Table | pa.RecordBatchReader
) -> None:
    """Create a relation that was made in Python."""
    con.from_arrow(table).create(_place(name))


def store_read(
    con: duckdb.DuckDBPyConnection, name: str, read: Callable[[duckdb.DuckDBPyConnection], pa.Table]
) -> None:
    """Create a relation of `READERS` of which Python reads the windows in `unread`."""
    has_before = open_unread(con, name)
    store(con, name, read(con))
    if has_before:
        take_over(con, name, _place(name))


def _place(name: str) -> str:
    return f"main.{name}" if name in kinds() else name


def _create_in_batches(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create a table of `BATCHED`: ranges of keys, one after the other."""
    query_of_keys, most_rows = BATCHED[name]
    keys = con.execute(query_of_keys).fetchall()
    for number, (first, last) in enumerate(list(batches(keys, most_rows)) or [(0, 0)]):
        con.execute("set variable batch = $range", {"range": {"first": first, "last": last}})
        if name in READERS:
            con.execute(BATCH_PERIOD)
        into = f"insert into {_place(name)}" if number else f"create table {_place(name)} as"
        con.execute(f"{into} {query(name)}")


def add_comments(con: duckdb.DuckDBPyConnection, *relations: str) -> None:
    """What every relation and column is, in one transaction: there are hundreds of them.

    With names of relations, of these alone.
    """
    chosen = (s for s in _comments() if not relations or ABOUT.findall(s)[0][1] in relations)
    with _unoptimised(con):
        con.begin()
        con.execute(";".join(chosen))
        con.commit()
