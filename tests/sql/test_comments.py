"""What the comments of the catalogue promise holds on the sample: nulls, words, keys, ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

import duckdb
import pytest
import shapely

from flows.catalogue import access
from flows.home.settings import Settings

COLUMNS = """
select table_name, column_name, data_type, comment
from duckdb_columns()
where not internal and database_name = current_database()
order by table_name, column_index
"""
NULLS = "select count(*) - count(columns(*)) from query_table([$table])"
VALUES = "select distinct columns(lambda name: name = $column)::varchar from query_table([$table])"

WORDS = {
    *("area_kind", "link_tier", "verdict", "state", "imo_by", "met_by", "conflict", "decision"),
    *("direction", "direction_by", "deadweight_by", "tanker_kind", "dimension", "view", "word"),
    *("evidence", "matched_by"),
}
"""Columns of a few fixed words: each word that occurs is one that the comment names."""
ELSEWHERE = re.compile(r"\bas in \w+|\w+\.\w+ as published")
"""Where a comment leaves the words to another."""

KEY = re.compile(r"key of (\w+)(?!, which lacks|\w)")
NUMBERED = {"run": "run_id", "link_decision": "line"}

FEW = 10
"""Two relations of fewer calls or ships may have none in common; each meets the largest."""

KEYS = ("hull_id", "port_call_id", "port_id", "file_id", "run_id", "track_id", "week")
"""Not by mmsi and imo: what is said of few ships need not meet what is said of a few others."""
APART = {
    ("port_call_id", "trade_call"),  # calls in Russia; the others are in Iran
    ("port_id", "trade_call"),
    ("port_id", "russian_destination"),
}
"""Relations that share a key's name, and by what they hold have no row in common with others."""


@pytest.fixture(scope="module")
def con(sample_home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with access.reading(sample_home) as opened:
        yield opened


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return con.execute(query).fetchall()


def values(con: duckdb.DuckDBPyConnection, table: str, column: str) -> set[str]:
    relation = con.table(table).select(duckdb.ColumnExpression(column).cast("varchar")).distinct()
    return {value for (value,) in relation.fetchall() if value is not None}


def test_a_column_with_nulls_says_what_they_mean(con: duckdb.DuckDBPyConnection) -> None:
    held = {}
    for table, column, _, comment in rows(con, COLUMNS):
        held.setdefault(table, []).append((column, comment))
    unexplained, denied, seen = [], [], 0
    for table, columns in held.items():
        counts = con.execute(NULLS, {"table": table}).fetchone()
        assert counts is not None
        for (column, comment), nulls in zip(columns, counts, strict=True):
            seen += nulls > 0
            if nulls and not re.search(r"\bNull\b", comment):
                unexplained.append((table, column))
            if nulls and "Never null" in comment:
                denied.append((table, column))
    assert seen > 50
    assert unexplained == []
    assert denied == []


def test_a_share_and_a_p_value_lie_between_0_and_1(con: duckdb.DuckDBPyConnection) -> None:
    shares = [row for row in rows(con, COLUMNS) if re.search(r"\b0 to 1\b", str(row[3]))]
    assert len(shares) > 5
    for table, column, _, _ in shares:
        assert all(0 <= float(value) <= 1 for value in values(con, table, column)), (table, column)


def test_a_word_in_a_column_is_one_that_its_comment_names(con: duckdb.DuckDBPyConnection) -> None:
    unnamed, seen = [], 0
    for table, column, _, comment in rows(con, COLUMNS):
        if column in WORDS and not ELSEWHERE.search(str(comment)):
            words = values(con, str(table), str(column))
            seen += len(words)
            unnamed += [(table, column, word) for word in words if word not in str(comment)]
    assert seen > 30
    assert unnamed == []


def test_a_key_of_a_relation_is_in_it(con: duckdb.DuckDBPyConnection) -> None:
    keyed = [row for row in rows(con, COLUMNS) if KEY.search(str(row[3]))]
    assert len(keyed) > 12
    for table, column, _, comment in keyed:
        other = KEY.findall(str(comment))[0]
        known = values(con, other, NUMBERED.get(other, str(column)))
        assert values(con, str(table), str(column)) <= known, (table, column, other)


@pytest.mark.parametrize("key", KEYS)
def test_relations_that_share_a_key_join_by_it(con: duckdb.DuckDBPyConnection, key: str) -> None:
    having = {
        table: found
        for table, column, *_ in rows(con, COLUMNS)
        if column == key and (key, table) not in APART and (found := values(con, table, key))
    }
    assert len(having) > 1
    unmet = [
        (one, other)
        for one, other in combinations(having, 2)
        if not having[one] & having[other] and min(len(having[one]), len(having[other])) >= FEW
    ]
    most = max(having.values(), key=len)
    unmet += [(table, "any") for table, found in having.items() if not found & most]
    assert unmet == []


# A comment on port_call, and a condition that a row which breaks it would meet.
BROKEN = {
    "arrived_after": "arrived_after >= arrived_at",
    "berthed_at": "(berthed_at is null) <> (area_kind = 'anchorage') or berthed_at < arrived_at",
    "departed_at": "departed_at < coalesce(berthed_at, arrived_at)",
    "departed_by": "departed_by is not null and coalesce(departed_by <= departed_at, true)",
    "longest_gap_h": "(fixes = 1) <> (longest_gap_h = 0)",
    "confidence is 1 to 4": "confidence not between 1 and 4",
    "4: all seen": "confidence = 4 and (departed_at is null or departed_by is not null"
    " or arrived_after is null or arrived_at - arrived_after > interval 6 hour)",
    "3: arrival or departure seen": "confidence = 3 and departed_by is not null"
    " and (arrived_after is null or arrived_at - arrived_after > interval 6 hour)",
    "4: in no interference event": "confidence = 4 and port_call_id in"
    " (select port_call_id from call_interference)",
    "tanker, number and kind are the hull's": "exists (from hull where hull_id = port_call.hull_id"
    " and (hull.is_tanker, hull.imo, hull.tanker_kind) is distinct from"
    " (port_call.is_tanker, port_call.imo, port_call.tanker_kind))",
    "the name is one of the hull's": "vessel_name not in"
    " (select vessel_name from vessel where hull_id = port_call.hull_id and source = 'AIS')",
    "the port's name": "port_name is distinct from"
    " (select name from port where port.port_id = port_call.port_id)",
    "weak reasons stand alone": "link_tier in ('strong', 'moderate') and link_reasons is distinct"
    " from (select string_agg(distinct link_reason, ', ' order by link_reason) from call_evidence"
    " where port_call_id = port_call.port_call_id and link_tier <> 'weak')",
    "no evidence": "(link_tier = 'none') <> (link_reasons is null)",
    "known at the call": "(was_known_at_call is null) <> (not is_russian_linked)",
    "linked": "is_russian_linked <> (link_tier in ('strong', 'moderate'))",
    "week and day": "week <> strftime(arrived_at, '%G-W%V') or arrived_on <> arrived_at::date",
}


@pytest.mark.parametrize("condition", BROKEN.values(), ids=BROKEN)
def test_a_promise_of_port_call_holds(con: duckdb.DuckDBPyConnection, condition: str) -> None:
    assert rows(con, f"from port_call where {condition}") == []
    assert len(rows(con, f"from port_call where not coalesce({condition}, false)")) > 150


ENDS = """
select
    call.port_call_id, call.port_id, call.arrived_at, call.departed_at,
    fix.reported_at, fix.lon, fix.lat
from port_call as call
inner join position_verdict as fix
    on
        call.track_id = fix.track_id
        and fix.verdict <> 'implausible'
        and fix.reported_at in (
            call.arrived_after, call.arrived_at, call.departed_at, call.departed_by
        )
order by all
"""


def test_ends_of_a_call_lie_where_the_comments_have_them(con: duckdb.DuckDBPyConnection) -> None:
    """Inside at its ends, outside just before and after; of shared roads, inside theirs."""
    areas = con.execute("select port_id, kind, serves, geometry_wkb from port_area").fetchall()
    limits = {
        port: shapely.buffer(shapely.from_wkb(shape), 1e-5)  # rounded places on an edge
        for port, kind, _, shape in areas
        if kind == "port_limit"
    }
    roads = {port: set(re.findall(r'"([^"]+)"', serves)) for port, _, serves, _ in areas if serves}
    in_roads = 0
    ends: dict[str, dict[str, set[str]]] = {}
    for call, port, arrived, departed, at, lon, lat in con.execute(ENDS).fetchall():
        inside = {name for name, limit in limits.items() if limit.covers(shapely.Point(lon, lat))}
        found = ends.setdefault(call, {})
        if at in (arrived, departed):
            own = {port} | {owner for owner, served in roads.items() if port in served}
            assert inside & own, (call, at)
            in_roads += port not in inside
            found["arrived" if at == arrived else "departed"] = inside
        else:
            found["before" if at < arrived else "after"] = inside
    assert len(ends) > 150 and in_roads > 0
    for call, found in ends.items():
        for end, beyond in (("arrived", "before"), ("departed", "after")):
            if beyond in found and end in found:
                assert not found[end] & found[beyond], (call, end)


def test_coverage_agrees_with_its_hours(con: duckdb.DuckDBPyConnection) -> None:
    """A port that no source hears has no zero, and a day's state is that of its hours."""
    unheard = """
        select port_id, count(port_calls), list(distinct state), max(observed_share)
        from weekly_port_calls
        where port_id in (
            select port_id from coverage group by port_id having sum(observed_hours) = 0
        )
        group by port_id
    """
    assert rows(con, unheard) == [("IRZBR", 0, ["unobserved"], 0.0)]
    contrary = """
        from coverage
        where
            observed_hours not between 0 and 24
            or (state = 'unobserved') <> (observed_hours = 0)
            or (state = 'complete') <> (observed_hours >= 23)
    """
    assert rows(con, contrary) == []
    assert rows(con, "select count(distinct state) from coverage") == [(3,)]
