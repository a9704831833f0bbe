"""Which hours count as heard: by source, against the usual, and not where interference was."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from flows.derive.calls import FLAGGED_SCHEMA
from tests.build.derivation import Connection, derive, digested, session

pytestmark = pytest.mark.clock

START = datetime(2026, 3, 2)
DAYS = 28
ALL = range(4 * DAYS)
"""The slots of 6 hours of four weeks, numbered from 0."""
Slots = Sequence[int] | range


class Hear(NamedTuple):
    """So many ships, each with a fix in every hour, in each of the slots."""

    ships: int
    slots: Slots
    source: str = "a"


class Throw(NamedTuple):
    """So many of the ships are shown at the port in a slot and were not there."""

    ships: int
    slot: int


@contextmanager
def reception(*given: Hear | Throw, turned: bool = False) -> Iterator[Connection]:
    """What is derived of four weeks at one port."""
    heard = [
        ("P", one.source, START + timedelta(hours=6 * n), 200 + k, 6, 63)
        for one in given
        if isinstance(one, Hear)
        for n in one.slots
        for k in range(one.ships)
    ]
    thrown = [
        (200 + k, START + timedelta(hours=6 * one.slot, minutes=k), 0.01, 0.01, "implausible")
        for one in given
        if isinstance(one, Throw)
        for k in range(one.ships)
    ]
    if turned:
        random.Random(1).shuffle(heard)
    with derived(heard, thrown) as con:
        yield con


@contextmanager
def derived(
    heard: list[tuple[Any, ...]],
    thrown: list[tuple[Any, ...]],
    *,
    as_of: datetime = datetime(2026, 3, 30, 6),
    reach_h: int | None = None,
) -> Iterator[Connection]:
    """The relations of reception; `reach_h` in the place of the rule `heard_within_h`."""
    slots = table("port_id source slot_at mmsi fixes hour_bits", heard)
    flagged = table("mmsi reported_at lon lat verdict", thrown)
    if not thrown:
        flagged = FLAGGED_SCHEMA.empty_table()
    with session(heard=slots, flagged_position=flagged) as con:
        digested(con, "heard", "heard_by_slot", "heard_by_day")
        con.execute("create table meta as select 'as_of' as key, $1 as value", [f"{as_of}"])
        con.execute("""
            create table week as
            select
                timestamp '2026-03-02' + to_days(7 * n::integer) as starts_at,
                starts_at + interval 7 day as ends_at
            from range(4) as number(n)
        """)
        con.execute("create table surrounding_cell as select 0 cell_x, 0 cell_y, 'P' port_id")
        con.execute("set variable near = {'cells_per_degree': 20}")
        if reach_h is not None:
            con.execute(f"set variable rule_heard_within_h = {reach_h}::double")
        derive(con, "heard_hour", "observed_hour")
        yield con


def table(names: str, lines: list[tuple[Any, ...]]) -> pa.Table:
    return pa.table(dict(zip(names.split(), zip(*lines, strict=True), strict=False)))


def unheard(*given: Hear | Throw, turned: bool = False) -> set[int]:
    """The hours of the four weeks, numbered from 0, that do not count as heard."""
    with reception(*given, turned=turned) as con:
        heard = {at for (at,) in con.execute("select hour from observed_hour").fetchall()}
    return {n for n in range(24 * DAYS) if START + timedelta(hours=n) not in heard}


def without(*slots: int) -> list[int]:
    return [n for n in ALL if n not in slots]


def hours(*slots: int) -> set[int]:
    return {6 * slot + n for slot in slots for n in range(6)}


DAYTIME = [n for n in ALL if n % 4 != 2]
CASES = {
    "a quiet port with one ship in reach": ([Hear(1, ALL)], set()),
    "one ship lends its hearing to six hours around":
        ([Hear(1, without(20, 21, 22, 23))], hours(21, 22)),
    "far below the usual for half a day is not heard":
        ([Hear(30, without(40, 41, 42, 43)), Hear(2, range(40, 44))], hours(41, 42)),
    "a hole that six hours on either side bridge":
        ([Hear(30, without(40, 50, 51)), Hear(1, [50, 51])], set()),
    "a fifth of the usual": ([Hear(30, without(*range(40, 46))), Hear(6, range(40, 46))], set()),
    "twice a day also where many ships are for a day":
        ([Hear(1, range(0, 4 * DAYS, 2)), Hear(9, range(40, 44))], set()),
    "few ships tell no usual": ([Hear(4, without(40, 41, 42))], hours(41)),
    "a source fails where another hears its usual":
        ([Hear(30, without(*range(40, 50))), Hear(2, range(41, 49)), Hear(1, ALL, "b")], set()),
    "a strong source that comes late is no failure before":
        ([Hear(6, ALL), Hear(90, range(60, 112), "b")], set()),
    "a slow hour of the day is held against its like":
        ([Hear(60, DAYTIME), Hear(8, [n for n in ALL if n not in DAYTIME])], set()),
    "interference takes hearing away": ([Hear(6, ALL), Throw(3, 50)], hours(50)),
    "three thrown among many take nothing": ([Hear(7, ALL), Throw(3, 50)], set()),
    "one mistaken ship is no interference and proves no hearing alone":
        ([Hear(2, without(50)), Hear(1, [50]), Throw(1, 50), Throw(1, 60)], hours(50)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), CASES.values(), ids=CASES)
def test_hours_that_do_not_count_as_heard(given: list[Hear | Throw], expected: set[int]) -> None:
    assert unheard(*given) == expected


def test_of_few_ships_no_slot_is_suspect() -> None:
    with reception(Hear(4, without(40, 41, 42))) as con:
        assert not con.execute("from heard_slot where is_suspect").fetchall()


def test_a_lasting_change_of_traffic_becomes_the_usual() -> None:
    """War in the strait: from 50 ships to 5 for good. Only days next to the change are in doubt."""
    found = unheard(Hear(50, range(4 * 14)), Hear(5, range(4 * 14, 4 * DAYS)))
    assert max(found) < 24 * 16
    assert min(found) >= 24 * 14


def test_the_order_of_rows_changes_nothing() -> None:
    given = (Hear(30, without(40, 41, 42)), Hear(2, [40, 41], "b"), Throw(20, 70))
    assert unheard(*given, turned=True) == unheard(*given)


@pytest.mark.parametrize("reach_h", [0, 1, 5, 6, 7, 13])
def test_an_hour_is_heard_by_a_fix_within_reach_and_once_it_is_over(reach_h: int) -> None:
    chosen = random.Random(reach_h)
    fixes = {chosen.randrange(-12, 24 * DAYS + 12) for _ in range(40)}
    rows = [
        ("P", "a", START + timedelta(hours=n - n % 6), 200, 1, 1 << n % 6) for n in sorted(fixes)
    ]
    as_of = START + timedelta(hours=24 * DAYS - 8, minutes=30)
    expected = [
        START + timedelta(hours=n)
        for n in range(24 * DAYS - 8)
        if any(abs(n - fix) <= reach_h for fix in fixes)
    ]
    with derived(rows, [], as_of=as_of, reach_h=reach_h) as con:
        heard = con.execute("select hour from observed_hour order by hour").fetchall()
        with_fix = con.execute("select hour from heard_hour order by hour").fetchall()
    assert [at for (at,) in heard] == expected
    assert [at for (at,) in with_fix] == [START + timedelta(hours=n) for n in sorted(fixes)]
