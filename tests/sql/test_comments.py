"""What the comments of the catalogue promise holds on the sample: nulls, words, keys, ends."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations, groupby
from typing import Any

import duckdb
import pytest
import shapely

from flows.home.settings import Settings
from tests.build.derivation import Connection
from tests.sql.test_catalogue import COLUMNS

NULLS = "select count(*) - count(columns(*)) from query_table([$table])"

WORDS = {
    *("area_kind", "link_tier", "verdict", "state", "imo_by", "met_by", "conflict", "decision"),
    *("direction", "direction_by", "deadweight_by", "tanker_kind", "dimension", "view", "word"),
    *("evidence", "matched_by", "kind"),
}
"""Columns of a few fixed words: each word that occurs is one that the comment names."""
ELSEWHERE = re.compile(r"\bas in \w+|\w+\.\w+ as published|\bsuch as\b")
"""Where a comment leaves the words to another, or gives some of many."""

KEY = re.compile(r"key of (\w+)(?!, which lacks|\w)")
NUMBERED = {"run": "run_id", "link_decision": "line"}

FEW = 10
"""Two relations of fewer calls or ships may have none in common; each meets another one."""

KEYS = ("hull_id", "port_call_id", "port_id", "file_id", "run_id", "track_id", "week")
"""Not by mmsi and imo: what is said of few ships need not meet what is said of a few others."""
APART = {
    ("port_call_id", "trade_call"),  # calls in Russia; the others are in Iran
    ("port_id", "trade_call"),
    ("port_id", "russian_destination"),
}
"""Relations that share a key's name, and by what they hold have no row in common with others."""


@pytest.fixture(scope="module")
def home(sample_home: Settings) -> Settings:
    return sample_home


def rows(con: Connection, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def values(con: Connection, table: str, column: str) -> set[str]:
    relation = con.table(table).select(duckdb.ColumnExpression(column).cast("varchar")).distinct()
    return {value for (value,) in relation.fetchall() if value is not None}


def test_a_column_with_nulls_says_what_they_mean(con: Connection) -> None:
    unexplained, denied, seen = [], [], 0
    for table, columns in groupby(rows(con, COLUMNS), key=lambda row: row[0]):
        counts = con.execute(NULLS, {"table": table}).fetchone() or ()
        for (_, column, _, comment), nulls in zip(columns, counts, strict=True):
            if nulls:
                seen += 1
                unexplained += [] if re.search(r"\bNull\b", comment) else [(table, column)]
                denied += [(table, column)] if "Never null" in comment else []
    assert seen > 50
    assert unexplained == denied == []


def test_of_two_limits_both_comments_say_what_null_means(con: Connection) -> None:
    """The sample's weeks are heard, so that some limits have no null there."""
    comments = {(table, column): comment for table, column, _, comment in rows(con, COLUMNS)}
    pairs = [
        (comment, comments[upper])
        for (table, column), comment in comments.items()
        if "low" in column and (upper := (table, column.replace("low", "high"))) in comments
    ]
    assert len(pairs) > 5
    assert [pair for pair in pairs if ("Null" in pair[0]) != ("Null" in pair[1])] == []


def test_what_a_comment_says_of_shares_words_and_keys_holds(con: Connection) -> None:
    """A share lies between 0 and 1; a word is one that is named; a key is in its relation."""
    wrong, seen = [], Counter[str]()
    for table, column, _, comment in rows(con, COLUMNS):
        found = values(con, table, column)
        allowed = found
        if re.search(r"\b0 to 1\b", comment):
            seen["share"] += 1
            allowed = {value for value in found if 0 <= float(value) <= 1}
        if column in WORDS and not ELSEWHERE.search(comment):
            seen["word"] += len(found)
            allowed = {word for word in found if word in comment}
        if key := KEY.search(comment):
            seen["key"] += 1
            allowed = values(con, key[1], NUMBERED.get(key[1], column))
        wrong += [(table, column, value) for value in found - allowed]
    assert wrong == []
    assert (seen["share"] > 5, seen["word"] > 30, seen["key"] > 12) == (True, True, True)


@pytest.mark.parametrize("key", KEYS)
def test_relations_that_share_a_key_join_by_it(con: Connection, key: str) -> None:
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
    for table, found in having.items():
        others = (other for name, other in having.items() if name != table)
        unmet += [] if any(found & other for other in others) else [(table, "any")]
    assert unmet == []


# A comment on port_call, and a condition that a row which breaks it would meet.
BROKEN = {
    "arrived_after": "arrived_after >= arrived_at",
    "berthed_at": "(berthed_at is null) <> (area_kind = 'anchorage') or berthed_at < arrived_at",
    "anchored_at": "anchored_at not between arrived_at and coalesce(departed_at, 'infinity')",
    "unberthed_at": "unberthed_at < berthed_at or unberthed_at > departed_at"
    " or (unberthed_at is null and area_kind = 'berth' and departed_at is not null)",
    "departed_at": "departed_at < coalesce(berthed_at, arrived_at)",
    "departed_by": "departed_by is not null and coalesce(departed_by <= departed_at, true)",
    "longest_gap_h": "(fixes = 1) <> (longest_gap_h = 0)",
    "confidence is 1 to 4": "confidence not between 1 and 4",
    "4: all seen": "confidence = 4 and (departed_at is null or departed_by is not null"
    " or arrived_after is null"
    " or arrived_at - arrived_after > to_hours(rule('heard_within_h')::integer))",
    "3: arrival or departure seen": "confidence = 3 and departed_by is not null"
    " and (arrived_after is null"
    " or arrived_at - arrived_after > to_hours(rule('heard_within_h')::integer))",
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
def test_a_promise_of_port_call_holds(con: Connection, condition: str) -> None:
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


def test_ends_of_a_call_lie_where_the_comments_have_them(con: Connection) -> None:
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


def test_coverage_agrees_with_its_hours(con: Connection) -> None:
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
