"""Whether two counts moved apart: chance seldom fires, a doubled series does; exact limits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from flows.derive import agreement

START = date(2026, 1, 5)
WEEKS = 40
CHANGE = 34
"""The week from which a doubled series is doubled; more than thirty weeks lie before it."""


def weeks(
    ours: Any, theirs: Any, share: Any = 1.0, days: Any = 7, is_open: Any = False, **said: Any
) -> pd.DataFrame:
    """Rows of `agreement_week` of one place, from a count a week of each."""
    starts = [START + timedelta(weeks=number) for number in range(len(theirs))]
    return pd.DataFrame(
        {
            "week": [f"{start:%G-W%V}" for start in starts],
            "week_start": starts,
            "is_open": is_open,
            "publisher": "PortWatch",
            "series": "tanker_calls",
            "scope": "coast",
            "place_key": "Iran",
            "place": "Iran",
            "port_id": None,
            "unit": "calls",
            "theirs": np.asarray(theirs, float),
            "theirs_days": days,
            "published_on": START,
            "ours": pd.array(ours, "Int64"),
            "observed_share": share,
        }
        | said
    )


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    table = agreement.agreement(frame)
    assert table.schema == agreement.SCHEMA
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def fired(frame: pd.DataFrame, first: int) -> set[int]:
    """The weeks from number `first` on in which a window diverges."""
    numbers = {week: number for number, week in enumerate(frame["week"])}
    return {numbers[r["week"]] for r in rows(frame) if r["diverges"]} & set(range(first, WEEKS))


RATES = ((12, 24), (24, 24), (3, 24), (60, 80))
"""Ours and theirs a week: thinner, as dense, much thinner, many."""


@pytest.mark.parametrize("ours_rate, theirs_rate", RATES)
@pytest.mark.parametrize("is_part", [False, True], ids=["independent", "ours a part of theirs"])
def test_poisson_noise_fires_in_at_most_one_week_of_twenty(
    ours_rate: float, theirs_rate: float, is_part: bool
) -> None:
    """And it does so where reception changes from week to week: exposure is allowed for."""
    draw = np.random.default_rng(18)
    weeks_seen, alarms = 0, 0
    for _ in range(10):
        share = draw.choice([0.4, 0.7, 1.0], WEEKS)
        theirs = draw.poisson(theirs_rate, WEEKS)
        least = min(ours_rate / theirs_rate, 1.0)
        ours = draw.binomial(theirs, least * share) if is_part else draw.poisson(ours_rate * share)
        alarms += len(fired(weeks(ours, theirs, share), 4))
        weeks_seen += WEEKS - 4
    # Weeks overlap in what they compare, so alarms come in runs: some may exceed the share.
    assert alarms / weeks_seen <= 0.05


@pytest.mark.parametrize("ours_rate, theirs_rate", RATES[:2] + RATES[3:])
@pytest.mark.parametrize("doubled", [0, 1], ids=["ours", "theirs"])
def test_a_doubled_series_fires_within_four_weeks(
    ours_rate: float, theirs_rate: float, doubled: int
) -> None:
    draw, found = np.random.default_rng(18), 0
    for _ in range(15):
        rates = np.tile([[ours_rate], [theirs_rate]], WEEKS)
        rates[doubled, CHANGE:] *= 2
        found += bool(fired(weeks(*draw.poisson(rates)), CHANGE) & set(range(CHANGE, CHANGE + 4)))
    assert found >= 14, "nine in ten at least; of these rates the test could hardly miss one"


def test_calls_that_cluster_fire_no_more_often() -> None:
    """Ours come by threes: the ratio of the weeks before varies more, and so may that of this."""
    draw, alarms = np.random.default_rng(18), 0
    for _ in range(20):
        alarms += len(fired(weeks(3 * draw.poisson(5, WEEKS), draw.poisson(24, WEEKS)), 12))
    assert alarms / (20 * (WEEKS - 12)) <= 0.05


COUNT = st.integers(0, 40)


@given(COUNT, COUNT, COUNT, COUNT)
def test_without_a_difference_in_hearing_it_is_fishers_exact_test(
    a: int, b: int, c: int, d: int
) -> None:
    ours = agreement.apart_p((a, b, 0.5), (c, d, 0.5))
    assert ours == pytest.approx(stats.fisher_exact([[a, b], [c, d]]).pvalue, rel=1e-6)


@given(COUNT, COUNT, COUNT, COUNT, st.sampled_from([0.3, 0.5, 1.0]), st.sampled_from([0.3, 1.0]))
def test_it_is_the_same_from_either_side(
    a: int, b: int, c: int, d: int, share: float, before: float
) -> None:
    one = agreement.apart_p((a, b, share), (c, d, before))
    assert 0 <= one <= 1
    assert one == pytest.approx(agreement.apart_p((c, d, before), (a, b, share)), rel=1e-6)


def test_what_cannot_be_compared_has_its_reason_and_no_number() -> None:
    """One row a week and window; a week is left out of the weeks before for the same reasons."""
    frame = weeks(
        [5, 5, 5, 5, 5, None, 5, 5, 5],
        [9, 9, 9, 9, 9, 9, 9, 9, 9],
        share=[1, 1, 1, 1, 0.2, 0, 1, 1, 1],
        days=[7, 7, 7, 7, 7, 7, 6, 7, 7],
        is_open=[False] * 8 + [True],
    )
    found = [row for row in rows(frame) if row["weeks"] == 1]
    few = "too few weeks"
    states = [few, few, few, few, "unheard", "unheard", "incomplete", "agrees", "open"]
    assert [row["state"] for row in found] == states
    assert [row["before_heard_weeks"] for row in found] == [0, 1, 2, 3, None, None, None, 4, None]
    untested = [row for row in found if row["state"] != "agrees"]
    assert {(row["p"], row["diverges"]) for row in untested} == {(None, None)}
    assert found[7]["ratio"] == pytest.approx(5 / 9)
    assert [row["ours"] for row in found] == [5, 5, 5, 5, 5, None, 5, 5, 5]


def test_a_series_of_another_thing_is_shown_and_not_compared() -> None:
    (only,) = rows(weeks([None], [70], series="tanker_transits", scope="strait", days=7))
    assert (only["theirs"], only["ours"], only["state"]) == (70, None, "no number of ours")


def test_ports_share_the_level_among_them() -> None:
    ports = [
        weeks([9] * 12, [9] * 12, scope="port", place_key=name, place=name, port_id=name)
        for name in ("IRKHK", "IRBUZ", "IRLVP")
    ]
    last = [
        row for row in rows(pd.concat(ports)) if row["week"] == f"{START + timedelta(77):%G-W%V}"
    ]
    assert [row["p_needed"] for row in last] == pytest.approx([0.05 / 6] * 6)


@given(st.integers(0, 60), st.integers(0, 60))
def test_limits_of_a_share_are_those_of_clopper_and_pearson(hits: int, misses: int) -> None:
    (low,), (high,) = agreement.share_limits([hits], [hits + misses])
    if hits + misses == 0:
        assert np.isnan([low, high]).all()
        return
    exact = stats.binomtest(hits, hits + misses).proportion_ci(0.95, "exact")
    assert (low, high) == pytest.approx((exact.low, exact.high), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20))
def test_a_visit_has_one_call_at_most_and_a_call_one_visit(pairs: list[tuple[int, int]]) -> None:
    frame = pd.DataFrame(
        [("GFW", f"v{visit}", f"c{call}") for visit, call in dict.fromkeys(pairs)],
        columns=["witness", "witness_event_id", "port_call_id"],
    )
    chosen: pa.Table = agreement.paired(frame)
    visits, calls = (chosen[name].to_pylist() for name in chosen.column_names[1:])
    assert len(set(visits)) == len(visits) == len(set(calls)) == len(calls)
    # No pair is left of which both could still be had.
    assert all(f"v{visit}" in visits or f"c{call}" in calls for visit, call in pairs)


@given(
    st.tuples(st.integers(0, 60), st.integers(0, 90), st.floats(0.3, 1.0)),
    st.tuples(st.integers(0, 200), st.integers(0, 400), st.floats(0.3, 1.0)),
)
def test_the_test_is_fishers_by_scipy_too(
    now: tuple[int, int, float], before: tuple[int, int, float]
) -> None:
    mine, later = now[0] + before[0], now[0] + now[1]
    total = later + before[0] + before[1]
    support = np.arange(max(0, later + mine - total), min(later, mine) + 1)
    assume(support.size > 1)
    chance = stats.nchypergeom_fisher(total, mine, later, now[2] / before[2]).pmf(support)
    expected = chance[chance <= chance[now[0] - support[0]] * (1 + 1e-6)].sum()
    # Chances that are equal but for rounding may fall on either side of the bound.
    assert agreement.apart_p(now, before) == pytest.approx(min(expected, 1.0), rel=1e-3, abs=1e-12)
