"""Limits, change test and word of the series, against published tables and by their laws."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from flows.derive import rates, series

GARWOOD = {
    **{0: ("0.00", "3.69"), 1: ("0.03", "5.57"), 2: ("0.24", "7.22"), 3: ("0.62", "8.77")},
    **{4: ("1.09", "10.24"), 5: ("1.62", "11.67"), 10: ("4.80", "18.39"), 20: ("12.22", "30.89")},
    50: ("37.11", "65.92"),
}
"""95 % limits of a Poisson mean after Garwood (1936), as printed in Pearson and Hartley, Biometrika
Tables for Statisticians I, table 40."""


def weeks_of(
    calls: list[int],
    *,
    share: list[float] | float = 1.0,
    at_call: list[int] | None = None,
    open_from: int | None = None,
    untyped: list[int] | int = 0,
) -> pd.DataFrame:
    """A table of weeks as `series.windows` takes it, from counts in a row, of one water."""
    start = date(2025, 1, 6)
    count = len(calls)
    water = pd.DataFrame(
        {
            "water": "Caspian",
            "weight": 67.0,
            "week": [f"{start + timedelta(weeks=n):%G-W%V}" for n in range(count)],
            "is_open": [open_from is not None and n >= open_from for n in range(count)],
            "observed_share": np.full(count, share) if isinstance(share, float) else share,
            "linked_calls": calls,
            "linked_at_call": calls if at_call is None else at_call,
            "untyped_linked_calls": untyped,
        }
    )
    return pd.concat([water.assign(water=None), water], ignore_index=True)


def coast_of(**waters: pd.DataFrame) -> pd.DataFrame:
    """The weeks of a coast of the waters `gulf` and `caspian`, each from `weeks_of`."""
    usual = {"gulf": 1222.0, "caspian": 67.0}
    rows = [
        weeks.loc[weeks["water"].notna()].assign(water=name, weight=usual[name])
        for name, weeks in waters.items()
    ]
    each = pd.concat(rows, ignore_index=True)
    weighed = each.assign(observed_share=each["observed_share"] * each["weight"])
    sums = ["observed_share", "weight", "linked_calls", "linked_at_call"]
    sums += ["untyped_linked_calls"]
    coast = weighed.groupby(["week", "is_open"], as_index=False)[sums].sum()
    coast["observed_share"] /= coast["weight"]
    return pd.concat([coast.assign(water=None), each], ignore_index=True)


def said(weeks: pd.DataFrame) -> pd.DataFrame:
    found = series.weekly(weeks, series.windows(weeks))
    return found.loc[found["water"].isna()]


def last(weeks: pd.DataFrame) -> dict[str, Any]:
    return dict(said(weeks).iloc[-1])


@pytest.mark.parametrize("calls", GARWOOD)
def test_the_limits_are_those_of_the_published_tables(calls: int) -> None:
    low, high = rates.poisson_limits(np.array([float(calls)]))
    assert (f"{low[0]:.2f}", f"{high[0]:.2f}") == GARWOOD[calls]


def test_a_complete_weeks_limits_are_not_divided_and_a_partial_ones_are() -> None:
    told = said(weeks_of([5, 5], share=[0.95, 0.5]))
    assert told["low_95"].tolist() == pytest.approx([1.6235, 2 * 1.6235], abs=1e-4)
    assert told["high_95"].tolist() == pytest.approx([11.6683, 2 * 11.6683], abs=1e-4)


ONE_ELEVEN = [9, 9, 1, 2, 0, 3, 1, 2, 2, 1, 6]
HEARD = [4, 5, 3, 4, 6, 4, 5, 3, 4, 5, 4, 5]
STEP = [2] * 30 + [20]
NEVER = ("low_95", "high_95", "index_100", "change_p", "word")

LATEST: dict[str, tuple[pd.DataFrame, dict[str, Any]]] = {
    "the test is the binomial one against eight weeks": (
        weeks_of(ONE_ELEVEN, share=[1.0] * 10 + [0.6]),
        {"change_p": stats.binomtest(6, 6 + 12, 0.6 / 8.6).pvalue}),
    "the index is a ratio of sums": (
        weeks_of([4, 0, 2, 0, 2, 3], share=[1.0, 0.5, 1.0, 0.2, 0.5, 0.75]),
        {"index_100": 100 * (3 / 0.75) / (8 / 3.0)}),
    "under four heard weeks": (
        weeks_of([1, 1, 1, 9]), {"change_p": None, "index_100": None, "word": series.UNHEARD}),
    "four heard weeks": (weeks_of([1] * 5), {"word": series.NO_CHANGE}),
    "an open week": (weeks_of([2] * 20, open_from=19), dict.fromkeys(NEVER)),
    "without the lost weeks": (weeks_of([*HEARD, 4]), {"word": series.NO_CHANGE}),
    "too little heard": (weeks_of([1] * 10 + [9], share=[1.0] * 10 + [0.2]),
                         {"change_p": None, "word": series.UNHEARD}),
    "a clear rise": (weeks_of(STEP), {"word": series.RISE}),
    "a clear fall": (weeks_of([20] * 30 + [2]), {"word": series.FALL}),
    "no change": (weeks_of([2] * 31), {"word": series.NO_CHANGE}),
    "too small for a week, shown over four": (
        weeks_of([2, 1, 2, 3, 2, 1, 3, 2] * 6 + [6, 5, 6, 7]),
        {"word": series.RISE, "word_weeks": 4}),
    "a rise as known today alone": (weeks_of(STEP, at_call=[2] * 31), {"word": series.NO_CHANGE}),
    "a rise as known at the call alone": (
        weeks_of([2] * 31, at_call=STEP), {"word": series.NO_CHANGE}),
    "a rise in both views": (weeks_of(STEP, at_call=STEP), {"word": series.RISE}),
    # By the links known today the newest weeks sag; by those known at the call they do not.
    "listings still to come": (
        weeks_of([8] * 40 + [1] * 4, at_call=[2] * 44), {"word": series.NO_CHANGE}),
    "a change over a silence is no clustering of the weeks after": (
        weeks_of([2] * 8 + [0] * 4 + [30] * 8, share=[1.0] * 8 + [0.0] * 4 + [1.0] * 8),
        {"dispersion": 0}),
    "a fall in the water that is heard": (
        coast_of(gulf=weeks_of([20] * 30 + [2]),
                 caspian=weeks_of([9] * 30 + [0], share=[1.0] * 30 + [0.0])),
        {"word": series.FALL}),
}  # fmt: skip


@pytest.mark.parametrize(("weeks", "expected"), LATEST.values(), ids=LATEST)
def test_what_is_said_of_the_last_week(weeks: pd.DataFrame, expected: dict[str, Any]) -> None:
    found = last(weeks)
    for name, value in expected.items():
        assert pd.isna(found[name]) if value is None else found[name] == pytest.approx(value), name


def test_a_change_over_four_weeks_is_none_of_the_last_and_a_call_little_heard_has_limits() -> None:
    weeks, _ = LATEST["too small for a week, shown over four"]
    assert last(weeks)["change_p"] > rates.WINDOW_P
    weeks, _ = LATEST["too little heard"]
    assert last(weeks)["low_95"] > 10


def test_a_textbook_case_of_the_exact_test() -> None:
    """Fay (2010), also in the examples of R's poisson.test: 11 in 800 against 21 in 3011."""
    assert rates.change_p(11, 800, 21, 3011) == pytest.approx(0.07967, abs=5e-6)


def test_a_lost_week_is_no_fall_and_counts_for_nothing() -> None:
    lost = weeks_of([*HEARD, 0, 0, 4], share=[1.0] * 12 + [0.0, 0.1, 1.0])
    words = said(lost)["word"].tolist()
    assert words[-3:] == [series.UNHEARD, series.UNHEARD, series.NO_CHANGE]
    past = series.windows(lost).query("view == 'today' and weeks == 1").iloc[-1]
    assert past["before_calls"] == sum(HEARD[-6:])


@settings(deadline=None, max_examples=50)
@given(
    calls=st.integers(0, 60),
    before=st.integers(0, 400),
    share=st.floats(0.02, 0.6),
    wide=st.floats(1, 5),
)
def test_what_a_window_could_show_is_where_its_test_turns(
    calls: int, before: int, share: float, wide: float
) -> None:
    table = tuple(np.array([float(value)]) for value in (before, share, wide))
    rise, fall = series._rise_from(*table)[0], series._fall_to(*table)[0]

    def p(count: float) -> float:
        return float(rates.tail_p(np.array([count]), *table)[0])

    expected = before * share / (1 - share)
    if calls > expected:
        assert (p(calls) < rates.WINDOW_P) == (calls >= rise)
    if calls < expected:
        assert (p(calls) < rates.WINDOW_P) == (calls <= fall)


@given(st.integers(0, 40), st.integers(0, 300), st.floats(0.02, 0.9))
def test_without_clustering_the_doubled_tail_is_the_binomial_one(
    calls: int, before: int, share: float
) -> None:
    tails = stats.binom(calls + before, share)
    wanted = min(1.0, 2 * min(tails.cdf(calls), tails.sf(calls - 1)))
    found = rates.tail_p(
        np.array([float(calls)]), np.array([float(before)]), np.array([share]), np.array([1.0])
    )
    assert found[0] == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_clustered_calls_widen_the_limits_and_silence_the_word() -> None:
    """The same counts three at a time: voyages in convoys."""
    single = [1, 2, 0, 1, 3, 1, 0, 2, 1, 1, 2, 0, 3, 1, 1, 0, 2, 1, 0, 1] * 2
    found = last(weeks_of([*(3 * n for n in single), 12]))
    assert found["dispersion"] > series.LEAST_DISPERSION
    low, high = rates.poisson_limits(np.array([12.0]))
    assert found["low_95"] < low[0]
    assert found["high_95"] > high[0]
    assert found["change_p"] < rates.WINDOW_P
    assert found["word"] == series.NO_CHANGE


def test_a_true_step_is_not_taken_for_clustering() -> None:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(800):
        calls = np.concatenate([rng.poisson(2, 26), rng.poisson(8, 26)]).astype(float)
        assert calls.var(ddof=1) / calls.mean() > series.LEAST_DISPERSION
        found.append(rates.dispersion(calls, np.ones(52))[0])
    assert np.mean(np.array(found) > series.LEAST_DISPERSION) < 0.06


@pytest.mark.parametrize(("weeks", "most"), [(14, 0.16), (52, 0.04)])
def test_a_poisson_series_seldom_looks_clustered(weeks: int, most: float) -> None:
    rng = np.random.default_rng(6)
    for rate in (2, 8):
        found = [
            rates.dispersion(rng.poisson(rate, weeks).astype(float), np.ones(weeks))[0]
            for _ in range(800)
        ]
        assert np.mean(np.array(found) > series.LEAST_DISPERSION) < most


def test_the_dispersion_of_calls_by_threes_is_three() -> None:
    rng = np.random.default_rng(7)
    exposure = rng.uniform(0.5, 1, 5000)
    calls = 3.0 * rng.poisson(2 * exposure)
    assert rates.dispersion(calls, exposure)[0] == pytest.approx(3, rel=0.06)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.integers(0, 79))
def test_a_later_week_changes_nothing_of_an_earlier_one(calls: list[int], cut: int) -> None:
    cut = cut % len(calls) + 1
    whole = said(weeks_of(calls)).iloc[:cut].reset_index(drop=True)
    pd.testing.assert_frame_equal(said(weeks_of(calls[:cut])), whole)


def test_no_week_gives_no_row() -> None:
    weeks = weeks_of([])
    found = series.windows(weeks)
    assert found.empty and series.weekly(weeks, found).empty


@given(
    before=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    after=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    gap=st.integers(1, 10),
)
def test_unheard_weeks_between_two_levels_change_no_dispersion(
    before: list[int], after: list[int], gap: int
) -> None:
    """A change over the gap is no clustering, and how long the gap is does not matter."""

    def of(calls: list[int], heard: list[bool]) -> tuple[float, int]:
        counts = np.array(calls, float)
        return rates.dispersion(counts, np.ones(counts.size), np.array(heard))

    def with_gap(weeks: int) -> tuple[float, int]:
        heard = [True] * len(before) + [False] * weeks + [True] * len(after)
        return of([*before, *[0] * weeks, *after], heard)

    found, pairs = with_gap(gap)
    assert with_gap(1) == pytest.approx((found, pairs), nan_ok=True)
    parts = [of(part, [True] * len(part)) for part in (before, after)]
    assert pairs == parts[0][1] + parts[1][1]
    if all(count >= rates.LEAST_PAIRS for _, count in parts):
        wanted = sum(spread * count for spread, count in parts) / pairs
        assert found == pytest.approx(wanted)


def test_a_water_that_falls_silent_is_no_fall_and_heard_again_no_rise() -> None:
    gulf, caspian = (
        np.random.default_rng(seed).poisson(rate, 60).tolist() for rate, seed in ((6, 1), (9, 2))
    )
    silent = [30 <= week < 44 for week in range(60)]
    weeks = coast_of(
        gulf=weeks_of(gulf),
        caspian=weeks_of(
            [0 if s else n for n, s in zip(caspian, silent, strict=True)],
            share=[0.0 if s else 1.0 for s in silent],
        ),
    )
    told = said(weeks)
    assert set(told["word"].iloc[4:]) == {series.NO_CHANGE}
    waters = series.windows(weeks).query("view == 'today' and weeks == 1")["waters"].tolist()
    assert set(waters[8:30]) | set(waters[50:]) == {"caspian, gulf"}
    assert set(waters[30:44]) == {"gulf"}
    alone = said(coast_of(gulf=weeks_of(gulf)))
    pd.testing.assert_series_equal(told["index_100"].iloc[30:44], alone["index_100"].iloc[30:44])


def test_with_a_deaf_water_a_count_has_a_lower_limit_and_no_upper_one() -> None:
    weeks = coast_of(gulf=weeks_of([5, 0]), caspian=weeks_of([0, 0], share=0.0))
    told = said(weeks)
    assert told["low_95"].iloc[0] == pytest.approx(1.6235, abs=1e-4)
    assert np.isnan(told["high_95"].iloc[0])
    assert told[["low_95", "high_95"]].iloc[1].isna().all(), "no zero is said"
    both = series.weekly(weeks, series.windows(weeks))
    gulf = both.loc[both["water"] == "gulf"]
    assert gulf["high_95"].tolist() == pytest.approx([11.6683, 3.6889], abs=1e-4)


@settings(deadline=None, max_examples=12)
@given(st.floats(0.05, 1), st.floats(0.05, 1), st.floats(0, 1))
def test_limits_hold_however_the_calls_are_spread_over_the_waters(
    gulf: float, caspian: float, part: float
) -> None:
    rate = 8.0
    rng = np.random.default_rng(9)
    counts = [rng.poisson(rate * part * gulf, 300), rng.poisson(rate * (1 - part) * caspian, 300)]
    weeks = coast_of(
        gulf=weeks_of(list(counts[0]), share=gulf),
        caspian=weeks_of(list(counts[1]), share=caspian),
    )
    width = pd.Series(1.0, index=weeks["week"].unique())
    found = series._limits(weeks, width).query("water.isna()").dropna(subset=["low_95"])
    held = (found["low_95"] <= rate) & (rate <= found["high_95"])
    assert held.mean() > 0.92


def test_a_count_that_may_lack_ships_of_unknown_type_has_no_upper_limit_and_is_no_fall() -> None:
    usual = [10] * 12
    found = last(weeks_of([*usual, 0], untyped=[0] * 12 + [3]))
    assert np.isnan([found["low_95"], found["high_95"], found["change_p"]]).all()
    assert found["word"] == "not enough heard"
    at_least = last(weeks_of([*usual, 2], untyped=[0] * 12 + [3]))
    assert at_least["low_95"] > 0
    assert np.isnan(at_least["high_95"])
    assert at_least["word"] == "not enough heard"
    assert last(weeks_of([*usual, 0]))["word"] == "fall"
