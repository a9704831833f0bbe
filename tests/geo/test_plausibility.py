"""What a ship can have sailed, and what it cannot."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from geo import plausibility
from geo.plausibility import CREDIBLE, DISPUTED, IMPLAUSIBLE, VERDICTS, can_sail
from tests.geo.tracks import START, fixes_at, lie, sail, seen_at, silence, together, voyage

KNOTS = 1852.0 / 3600.0


def judge(fixes: pd.DataFrame) -> np.ndarray:
    """The verdicts alone."""
    return plausibility.judge(fixes).verdict


def marked(true: pd.DataFrame, false: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Both tables as one, and which of its rows are false."""
    both = together(true.assign(is_false=False), false.assign(is_false=True))
    return both, both["is_false"].to_numpy()


@pytest.mark.parametrize("every", ["1min", "10min", "1h", "6h"])
def test_a_clean_voyage_is_credible(every: str) -> None:
    track = voyage(
        sail("A anchorage", 16), lie(30), sail("A berth", 6), sail("far", 29), every=every
    )
    assert (judge(track) == CREDIBLE).all()


def test_whole_minutes_do_not_make_a_ship_too_fast() -> None:
    track = voyage(sail("far", 20), every="40s")
    track["reported_at"] = track["reported_at"].dt.floor("1min")
    assert (judge(together(track)) == CREDIBLE).all()


@pytest.mark.parametrize("fixes", [1, 2, 40, 2000])
@pytest.mark.parametrize("every", ["10min", "1h"])
def test_a_cluster_neither_reached_nor_left_is_implausible_however_long(
    fixes: int, every: str
) -> None:
    true = voyage(lie(10), silence(10), lie(10), every=every)
    false = seen_at("far", np.linspace(10.1, 19.9, fixes))
    both, is_false = marked(true, false)
    verdict = judge(both)
    assert (verdict[is_false] == IMPLAUSIBLE).all()
    assert (verdict[~is_false] == CREDIBLE).all()


@pytest.mark.parametrize("times", [[3.05], [3.05, 6.05, 9.05], list(np.arange(3.05, 12, 0.2))])
def test_a_cluster_interleaved_with_the_true_track_is_implausible(times: list[float]) -> None:
    true = voyage(sail("A berth"), lie(20), sail("sea"), every="10min")
    both, is_false = marked(true, seen_at("far", times))
    verdict = judge(both)
    assert (verdict[is_false] == IMPLAUSIBLE).all()
    assert (verdict[~is_false] == CREDIBLE).all()


def test_fixes_that_take_turns_with_the_true_track_are_implausible() -> None:
    true = voyage(sail("A berth"), lie(20), sail("sea"), every="10min")
    both, is_false = marked(true, seen_at("far", np.arange(36, 72) / 6 + 0.05))
    verdict = judge(both)
    assert (verdict[is_false] == IMPLAUSIBLE).all()
    assert (verdict[~is_false] == CREDIBLE).all()


def test_clusters_in_a_row_are_implausible() -> None:
    true = voyage(lie(10), silence(3), lie(10), every="10min")
    false = together(seen_at("far", [10.5, 10.6]), seen_at("A berth", [11.0]), seen_at("far", 11.5))
    false = together(false, seen_at("B berth", [11.8, 12.0]))
    both, is_false = marked(true, false)
    verdict = judge(both)
    assert (verdict[is_false] == IMPLAUSIBLE).all()
    assert (verdict[~is_false] == CREDIBLE).all()


def test_six_clusters_in_a_row_are_passed_over_at_once() -> None:
    true = voyage(lie(10), silence(3), lie(10), every="10min")
    lon = 50 + np.tile([0, 3, 1, 4, 2, 5], 2)
    false = fixes_at(START, 10.5 + np.arange(12) // 2 * 0.4 + np.arange(12) % 2 * 0.01, lon, 29.0)
    both, is_false = marked(true, false.iloc[:6])
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def test_a_cluster_within_a_cluster_is_implausible_with_it() -> None:
    true = voyage(lie(10), silence(10), lie(10), every="10min")
    outer = seen_at("far", [*np.arange(10.5, 13, 0.1), *np.arange(17.05, 19.5, 0.1)])
    inner = seen_at("B berth", [*np.arange(13.2, 14, 0.1), *np.arange(16.05, 16.9, 0.1)])
    innermost = seen_at("east sea", np.arange(14.5, 15.5, 0.1))
    both, is_false = marked(true, together(outer, inner, innermost))
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def test_of_three_fixes_the_middle_one_gives_way() -> None:
    both, is_false = marked(seen_at("sea", [0, 1]), seen_at("far", 0.5))
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def test_the_track_on_both_sides_wins_over_a_longer_one_between() -> None:
    true = seen_at("sea", [0.0, 0.1, 20.0, 39.9, 40.0])
    false = seen_at("far", [*np.linspace(0.3, 19.8, 500), *np.linspace(20.2, 39.7, 500)])
    both, is_false = marked(true, false)
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


@pytest.mark.parametrize("side", [1, -1])
def test_taking_turns_up_to_the_end_the_track_that_was_long_before_wins(side: int) -> None:
    hours = side * (10 + np.arange(80) * 0.1)
    long = seen_at("sea", side * np.arange(0, 10, 1 / 6))
    false = seen_at("far", [*(hours + side * 0.03), *(hours + side * 0.05)])
    both, is_false = marked(together(long, seen_at("sea", hours)), false)
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def test_single_fixes_at_both_ends_do_not_outweigh_the_track_between() -> None:
    true = seen_at("sea", [*np.arange(1, 20, 0.2), *np.arange(21, 40, 0.2)])
    both, is_false = marked(true, seen_at("far", [0.5, 20.5, 40.5]))
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def test_two_places_at_one_time_leave_the_one_on_the_track() -> None:
    true = voyage(lie(10), every="1h")
    both, is_false = marked(true, seen_at("B berth", [4.0, 5.0]))
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def test_a_fix_reached_after_a_silence_but_not_left_is_implausible() -> None:
    true = voyage(lie(10), silence(11), lie(10), every="10min")
    both, is_false = marked(true, seen_at("B berth", 20.9))
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()
    reversed_time = both.iloc[::-1].reset_index(drop=True)
    reversed_time["reported_at"] = both["reported_at"].max() - (
        reversed_time["reported_at"] - both["reported_at"].min()
    )
    assert (judge(reversed_time) == np.where(is_false[::-1], IMPLAUSIBLE, CREDIBLE)).all()


def test_a_jump_without_return_is_disputed_on_both_sides() -> None:
    track = together(voyage(lie(10), every="1h"), seen_at("far", np.arange(11, 21)))
    verdict = judge(track)
    assert verdict.tolist() == [CREDIBLE] * 10 + [DISPUTED] * 2 + [CREDIBLE] * 9


@pytest.mark.parametrize("hours", [-0.5, 30.5])
def test_a_stray_fix_at_the_end_of_a_long_track_is_implausible(hours: float) -> None:
    both, is_false = marked(voyage(lie(30), every="1h"), seen_at("far", hours))
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def test_one_fix_on_each_side_does_not_outweigh_a_track() -> None:
    track = together(seen_at("far", [0, 50.5]), voyage(lie(50), every="1h").iloc[1:])
    verdict = judge(track)
    assert (verdict[1:-1] == CREDIBLE).all()
    assert verdict[0] == verdict[-1] == IMPLAUSIBLE


def test_a_return_after_weeks_proves_nothing() -> None:
    true = voyage(lie(10), silence(24 * 15), lie(10), every="1h")
    both, is_false = marked(true, seen_at("far", np.linspace(10.2, 24 * 15 + 9.9, 400)))
    assert not (judge(both)[is_false] == IMPLAUSIBLE).any()


def test_tracks_do_not_touch_each_other() -> None:
    track = together(voyage(lie(10), every="1h"), seen_at("far", np.arange(5), track_id=422000002))
    assert (judge(track) == CREDIBLE).all()


def test_a_step_over_the_date_line_is_short() -> None:
    assert can_sail([179.99], [0.0], [-179.99], [0.0], [60e6]).tolist() == [True]


def test_the_limit_of_speed() -> None:
    hour_us = 3600e6
    slack_m = 1_000 + 30 * KNOTS * 60
    degrees = (np.array([-1.0, 1.0]) + 30 * 1852 + slack_m) / 111_195.08
    assert can_sail([0, 0], [0, 0], [0, 0], degrees, [hour_us] * 2).tolist() == [True, False]


def test_the_order_of_rows_changes_nothing() -> None:
    both, _ = marked(voyage(lie(10), every="1h"), seen_at("far", [3.5, 5.5, 5.6]))
    mixed = both.sample(frac=1.0, random_state=1)
    assert judge(mixed).tolist() == judge(both)[mixed.index].tolist()


def test_no_fix_and_one_fix() -> None:
    track = voyage(lie(1), every="1h")
    assert judge(track.iloc[:0]).size == 0
    assert judge(track.iloc[:1]).tolist() == [CREDIBLE]


def test_each_code_has_its_name() -> None:
    assert [VERDICTS[code] for code in (CREDIBLE, DISPUTED, IMPLAUSIBLE)] == [
        "credible",
        "disputed",
        "implausible",
    ]


def test_a_million_fixes_that_take_turns_stay_cheap() -> None:
    hours = np.arange(300_000) / 60
    lon = np.where(np.arange(hours.size) % 2, 51.0, 50.0)
    lat = np.where(np.arange(hours.size) % 3, 26.6, 29.0)
    began = time.perf_counter()
    judge(fixes_at(START, hours, lon, lat))
    assert time.perf_counter() - began < 10
