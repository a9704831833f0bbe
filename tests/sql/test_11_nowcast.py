"""What a number becomes by late data: the interval holds; of a short ledger there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from tests.build.derivation import Row, derive, rows, session

AS_OF = datetime(2026, 11, 30, 6)
"""A Monday: the newest closed week ended six hours ago."""
LAST = datetime(2026, 11, 30)
DAY = timedelta(days=1)

TEXT, FLAG, NUMBER, TIME = pa.string(), pa.bool_(), pa.int64(), pa.timestamp("us")
SCHEMAS = {
    "week": {"week": TEXT, "ends_at": TIME, "is_open": FLAG},
    "barometer": {"series": TEXT, "week": TEXT, "russian_linked_tanker_calls": NUMBER},
    "published_week": {
        **{"series": TEXT, "week": TEXT, "published_at": TIME, "run_id": NUMBER},
        **{"russian_linked_tanker_calls": NUMBER},
    },
    "published_call": {
        **{"series": TEXT, "week": TEXT, "published_at": TIME, "run_id": NUMBER},
        **{"port_call_id": TEXT, "is_counted": FLAG, "is_headline": FLAG, "link_tier": TEXT},
    },
}


class Change(NamedTuple):
    """A call as published so many whole weeks after the end of its week."""

    after: int
    is_counted: bool = True
    tier: str = "strong"
    is_headline: bool = True


Calls = list[list[Change]]
"""The calls of a week, each with its versions."""


def name(age: int) -> str:
    """The week that ended so many weeks before the last."""
    return f"{LAST - timedelta(weeks=age + 1):%G-W%V}"


def nowcast(ledger: dict[str, list[Calls]], late_start: int = 99) -> list[Row]:
    """The estimates from ledgers by series: the calls of each week, that which closed last first.

    Runs are weekly, from the one `late_start` weeks ago on; each publishes what is new to it.
    """
    found: dict[str, list[dict[str, Any]]] = {table: [] for table in SCHEMAS}
    versions: list[tuple[Any, ...]] = []  # of calls: there are hundreds of thousands
    ages = max(len(weeks) for weeks in ledger.values())
    found["week"] = [
        {"week": name(age), "ends_at": LAST - timedelta(weeks=age), "is_open": age < 0}
        for age in range(-1, ages)
    ]
    for series, weeks in ledger.items():
        for age, calls in enumerate(weeks):
            of_week = {"series": series, "week": name(age)}
            first = max(0, age - late_start)
            # Of each call, by how much it changes the number when it changes.
            steps = Counter[int]()
            for call in calls:
                for before, change in pairwise([None, *call]):
                    steps[max(change.after, first)] += counts(change) - counts(before)
            numbers = dict(
                zip(
                    range(first, age + 1),
                    accumulate(steps[after] for after in range(first, age + 1)),
                    strict=True,
                )
            )
            runs = {
                after: of_week | {"published_at": at(age, after), "run_id": 99 - age + after}
                for after in numbers
            }
            for number, call in enumerate(calls):
                for change in call:
                    if change.after <= age:
                        run = runs[max(change.after, first)]
                        counted = (change.is_counted, change.is_headline, change.tier)
                        versions.append((*run.values(), f"{series} {age} {number}", *counted))
            found["published_week"] += [
                runs[after] | {"russian_linked_tanker_calls": calls_then}
                for after, calls_then in numbers.items()
                if after == first or calls_then != numbers[after - 1]
            ]
            found["barometer"].append(of_week | {"russian_linked_tanker_calls": numbers[age]})
    tables = {
        table: pa.Table.from_pylist(of, schema=pa.schema(list(SCHEMAS[table].items())))
        for table, of in found.items()
    }
    columns = zip(SCHEMAS["published_call"].items(), zip(*versions, strict=True), strict=True)
    tables["published_call"] = pa.table(
        {column: pa.array(cells, kind) for (column, kind), cells in columns}
    )
    given = {"meta": [{"key": "as_of", "value": AS_OF.isoformat()}]}
    with session(given, **tables) as con:
        derive(con, "nowcast")
        return rows(con, "from nowcast order by series, week desc")


def counts(change: Change | None) -> bool:
    """Whether a call counts as of a change, None for before it was known."""
    return change is not None and (
        change.is_counted and change.is_headline and change.tier != "none"
    )


def at(age: int, after: int) -> datetime:
    """The run after so many weeks."""
    return AS_OF - timedelta(weeks=age - after)


def of(known: int, late: int = 0, after: int = 1, *others: list[Change]) -> Calls:
    """So many calls at once, so many late, and others."""
    return [*[[Change(0)]] * known, *[[Change(after)]] * late, *others]


def said(row: Row) -> tuple[Any, ...]:
    return row["pairs"], row["settled_calls"], row["low_80"], row["high_80"]


def newest(ledger: Iterable[Calls], **given: Any) -> tuple[Any, ...]:
    return said(nowcast({"s": list(ledger)}, **given)[0])


def test_without_growth_the_estimate_is_the_number_itself() -> None:
    found = nowcast({"s": [of(3 + age % 5) for age in range(20)]})
    assert [row["week"] for row in found] == [name(age) for age in range(4)]
    assert [said(row)[1:] for row in found] == [(3 + age,) * 3 for age in range(4)]
    assert [row["age_days"] for row in found] == [0, 7, 14, 21]
    assert found[0]["settles_at"] == LAST + timedelta(weeks=4)


@pytest.mark.parametrize(("weeks", "pairs", "is_said"), [(12, 8, False), (13, 9, True)])
def test_nothing_is_said_before_nine_weeks_settled(weeks: int, pairs: int, is_said: bool) -> None:
    assert newest([of(5, 5)] * weeks) == (pairs, *([10] * 3 if is_said else [None] * 3))


def test_the_interval_of_nine_weeks_is_from_the_least_to_the_largest_growth() -> None:
    growths = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    ledger = [of(9), *[of(9)] * 3, *[of(9, late) for late in growths]]
    assert newest(ledger) == (9, 13, 9, 17)


def test_an_older_week_has_less_before_it() -> None:
    """Half of what is late comes after one week, half after two."""
    late = [[Change(0)]] * 8 + [[Change(1)]] * 4 + [[Change(2)]] * 4
    found = nowcast({"s": [late] * 16})
    assert [row["published_calls"] for row in found] == [8, 12, 16, 16]
    assert [row["settled_calls"] for row in found] == [16, 16, 16, 16]


def test_what_comes_after_a_week_is_settled_is_not_expected() -> None:
    assert newest([of(5, 5, 5)] * 16)[1:] == (5, 5, 5)


def test_new_links_are_kept_apart() -> None:
    """Calls that were there, of ships listed since; and ships delisted since."""
    listed = [Change(0, tier="none"), Change(1, tier="strong")]
    delisted = [Change(0), Change(2, tier="none")]
    assert newest([of(5, 0, 1, *[listed] * 4, delisted)] * 16)[1:] == (6, 6, 6)


def test_a_late_call_counts_by_the_link_that_it_has_when_settled() -> None:
    late_and_listed = [Change(1, tier="none"), Change(2)]
    assert newest([of(5, 0, 1, *[late_and_listed] * 6)] * 16)[1:] == (11, 11, 11)


def test_calls_that_go_make_the_number_smaller() -> None:
    gone = [Change(0), Change(1, is_counted=False)]
    merged = [Change(0), Change(1, is_headline=False)]
    assert newest([of(4, 0, 1, gone, merged)] * 16) == (12, 4, 4, 4)


def test_weeks_that_were_published_late_are_no_pairs() -> None:
    """A home that began 14 weeks ago: the weeks before were published settled."""
    assert newest([of(5, 5)] * 40, late_start=14)[:2] == (11, 10)
    assert newest([of(5, 5)] * 40, late_start=11)[:2] == (8, None)


def test_each_series_has_an_estimate_of_its_own() -> None:
    found = nowcast({"a": [of(5, 5)] * 16, "b": [of(5)] * 16})
    assert {row["series"]: row["settled_calls"] for row in found if row["age_days"] == 0} == {
        "a": 10,
        "b": 5,
    }


# Simulated ledgers

HISTORIES, WEEKS = 200, 24


def simulated(kind: str, seed: int) -> tuple[dict[str, list[Calls]], dict[str, int]]:
    """Ledgers of many histories, and what the newest week of each becomes."""
    rng = np.random.default_rng(seed)
    ledger: dict[str, list[Calls]] = {}
    truth: dict[str, int] = {}
    for history in range(HISTORIES):
        weeks = []
        for age in range(WEEKS):
            mean = {"few": 4.0, "many": 40.0, "growing": 20 * 0.98**age}.get(kind, 15.0)
            calls = int(rng.poisson(mean))
            share = float(rng.beta(4, 12))
            if kind == "steady":
                share = 0.25
            elif kind == "late files":
                share = float(rng.uniform(0.3, 0.6)) if rng.random() < 0.4 else 0.03
            late = int(rng.binomial(calls, share))
            delays = rng.integers(1, 4, late)
            weeks.append([*of(calls - late), *([Change(int(delay))] for delay in delays)])
        ledger[str(history)] = weeks
        truth[str(history)] = len(weeks[0])
    return ledger, truth


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        *(("steady", 0.9), ("uneven", 0.9), ("growing", 0.9), ("many", 0.9)),
        # Of few calls, and where most weeks do not grow, no whole numbers hold just 80 %.
        *(("few", 0.97), ("late files", 0.97)),
    ],
)
def test_the_interval_holds_what_it_says(kind: str, most: float) -> None:
    ledger, truth = simulated(kind, seed=11)
    found = [row for row in nowcast(ledger) if row["age_days"] == 0]
    assert len(found) == HISTORIES
    held = [row["low_80"] <= truth[row["series"]] <= row["high_80"] for row in found]
    assert 0.75 <= np.mean(held) <= most, np.mean(held)
    # The number as it stands would be held far less often.
    stood = [row["published_calls"] == truth[row["series"]] for row in found]
    assert np.mean(stood) < 0.5
