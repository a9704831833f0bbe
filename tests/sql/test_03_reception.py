"""Which hours count as heard: by source, against the usual, and not where interference was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import duckdb
import pytest

from flows.catalogue import relations
from tests.build.derivation import derive

START = datetime(2026, 3, 2)
DAYS = 28
ALL = range(4 * DAYS)
"""The slots of 6 hours of four weeks, numbered from 0."""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("set timezone = 'UTC'")
        relations.define(made)
        made.execute("create table meta as select 'as_of' as key, '2026-03-30 06:00' as value")
        made.execute("""
            create table week as
            select
                timestamp '2026-03-02' + to_days(7 * n::integer) as starts_at,
                starts_at + interval 7 day as ends_at
            from range(4) as number(n)
        """)
        made.execute("""
            create table heard_ship_slot (
                port_id text, source text, slot_at timestamp, mmsi integer,
                fixes bigint, hour_bits tinyint
            )
        """)
        made.execute("""
            create table flagged_position (
                mmsi integer, reported_at timestamp, lon double, lat double, verdict text
            )
        """)
        made.execute(
            "create table surrounding_cell as select 0 as cell_x, 0 as cell_y, 'P' as port_id"
        )
        made.execute("set variable near = {'cells_per_degree': 20}")
        yield made


RELATIONS = (
    *("heard_slot", "heard_hour", "source_hour", "reception_hour", "jammed_slot"),
    "observed_hour",
)


def hear(
    con: duckdb.DuckDBPyConnection, ships: int, slots: Sequence[int], source: str = "a"
) -> None:
    """So many ships, each with a fix in every hour, in each of the slots."""
    con.executemany(
        "insert into heard_ship_slot values ('P', ?, ?, ?, 6, 63)",
        [[source, START + timedelta(hours=6 * n), 200 + k] for n in slots for k in range(ships)],
    )


def throw(con: duckdb.DuckDBPyConnection, ships: int, slot: int) -> None:
    """So many of the ships are shown at the port in a slot and were not there."""
    con.executemany(
        "insert into flagged_position values (?, ?, 0.01, 0.01, 'implausible')",
        [[200 + k, START + timedelta(hours=6 * slot, minutes=k)] for k in range(ships)],
    )


def unheard(con: duckdb.DuckDBPyConnection) -> set[int]:
    """The hours of the four weeks, numbered from 0, that do not count as heard."""
    derive(con, "observed_hour")
    hours = {row[0] for row in con.execute("select hour from observed_hour").fetchall()}
    return {n for n in range(24 * DAYS) if START + timedelta(hours=n) not in hours}


def without(*slots: int) -> list[int]:
    return [n for n in ALL if n not in slots]


def hours(*slots: int) -> set[int]:
    return {6 * slot + n for slot in slots for n in range(6)}


def test_a_quiet_port_with_one_ship_in_reach_is_heard(con: duckdb.DuckDBPyConnection) -> None:
    hear(con, 1, ALL)
    assert not unheard(con)


def test_one_ship_lends_its_hearing_to_six_hours_around(con: duckdb.DuckDBPyConnection) -> None:
    hear(con, 1, without(20, 21, 22, 23))
    assert unheard(con) == hours(21, 22)


def test_far_below_the_usual_for_half_a_day_is_not_heard(con: duckdb.DuckDBPyConnection) -> None:
    hear(con, 30, without(40, 41, 42, 43))
    hear(con, 2, [40, 41, 42, 43])
    assert unheard(con) == hours(41, 42)


def test_a_hole_that_six_hours_on_either_side_bridge_is_none(
    con: duckdb.DuckDBPyConnection,
) -> None:
    hear(con, 30, without(40, 50, 51))
    hear(con, 1, [50, 51])
    assert not unheard(con)


def test_a_fifth_of_the_usual_is_heard(con: duckdb.DuckDBPyConnection) -> None:
    hear(con, 30, without(*range(40, 46)))
    hear(con, 6, range(40, 46))
    assert not unheard(con)


def test_twice_a_day_is_heard_also_where_many_ships_are_for_a_day(
    con: duckdb.DuckDBPyConnection,
) -> None:
    hear(con, 1, [n for n in ALL if n % 2 == 0])
    hear(con, 9, range(40, 44), "a")
    assert not unheard(con)


def test_few_ships_tell_no_usual(con: duckdb.DuckDBPyConnection) -> None:
    hear(con, 4, without(40, 41, 42))
    assert unheard(con) == hours(41)
    assert not con.execute("from heard_slot where is_suspect").fetchall()


def test_a_source_that_fails_is_no_loss_where_another_hears_its_usual(
    con: duckdb.DuckDBPyConnection,
) -> None:
    hear(con, 30, without(*range(40, 50)))
    hear(con, 2, range(41, 49), "a")
    hear(con, 1, ALL, "b")
    assert not unheard(con)


def test_a_strong_source_that_comes_late_is_no_failure_before(
    con: duckdb.DuckDBPyConnection,
) -> None:
    hear(con, 6, ALL, "a")
    hear(con, 90, range(60, 112), "b")
    assert not unheard(con)


def test_a_lasting_change_of_traffic_becomes_the_usual(con: duckdb.DuckDBPyConnection) -> None:
    """War in the strait: from 50 ships to 5 for good. Only days next to the change are in doubt."""
    hear(con, 50, range(4 * 14))
    hear(con, 5, range(4 * 14, 4 * DAYS))
    found = unheard(con)
    assert max(found) < 24 * 16
    assert min(found) >= 24 * 14


def test_a_slow_hour_of_the_day_is_held_against_its_like(con: duckdb.DuckDBPyConnection) -> None:
    hear(con, 60, [n for n in ALL if n % 4 != 2])
    hear(con, 8, [n for n in ALL if n % 4 == 2])
    assert not unheard(con)


def test_interference_takes_hearing_away(con: duckdb.DuckDBPyConnection) -> None:
    hear(con, 6, ALL)
    throw(con, 3, 50)
    assert unheard(con) == hours(50)


def test_three_thrown_among_many_take_nothing(con: duckdb.DuckDBPyConnection) -> None:
    hear(con, 7, ALL)
    throw(con, 3, 50)
    assert not unheard(con)


def test_one_mistaken_ship_is_no_interference_and_proves_no_hearing_alone(
    con: duckdb.DuckDBPyConnection,
) -> None:
    hear(con, 2, without(50))
    hear(con, 1, [50])
    throw(con, 1, 50)
    throw(con, 1, 60)
    assert unheard(con) == hours(50)


def test_the_order_of_rows_changes_nothing(con: duckdb.DuckDBPyConnection) -> None:
    hear(con, 30, without(40, 41, 42))
    hear(con, 2, [40, 41], "b")
    throw(con, 20, 70)
    found = unheard(con)
    con.execute("create table turned as from heard_ship_slot order by hash(mmsi, slot_at)")
    con.execute("drop table heard_ship_slot")
    con.execute("alter table turned rename to heard_ship_slot")
    for name in RELATIONS:
        con.execute("drop table if exists " + name)
    assert unheard(con) == found
