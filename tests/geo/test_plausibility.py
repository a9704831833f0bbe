"""What a ship can have sailed, and what it cannot."""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import plausibility
from geo.plausibility import (
    CLOCK,
    CREDIBLE,
    DISPUTED,
    IMPLAUSIBLE,
    JUMP,
    OPEN_JUMP,
    PLAIN,
    REASONS,
    SECOND_HULL,
    VERDICTS,
    Judgement,
)
from geo.tracks import can_sail
from tests.build.drawn import law, torn_tracks, tracks
from tests.build.tracks import (
    START,
    Leg,
    calls_of,
    fixes_at,
    lie,
    sail,
    seen_at,
    shown,
    silence,
    together,
    voyage,
)

KNOTS = 1852.0 / 3600.0
MMSI = 422000001
IMO, OTHER_IMO, THIRD_IMO = 9074729, 9321483, 9176187


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
    true = seen_at("sea", [0.0, 0.2, 20.0, 39.8, 40.0])
    false = seen_at("far", [*np.linspace(0.5, 19.8, 500), *np.linspace(20.2, 39.5, 500)])
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


# Several hulls on one MMSI.


def hulls(*tracks: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """The tracks of several hulls as one table, and whose each fix is."""
    both = together(*(track.assign(hull=number) for number, track in enumerate(tracks)))
    return both, both["hull"].to_numpy()


def tanker(every: str = "10min", imo: int = 0) -> pd.DataFrame:
    """She calls at A from the sea."""
    return voyage(sail("A berth"), lie(20), sail("sea"), every=every, imo=imo)


def coaster(every: str = "10min", imo: int = 0) -> pd.DataFrame:
    """She calls at B from the east, 100 km and more from the tanker."""
    legs = (lie(5), sail("B berth"), lie(9), sail("east sea"), lie(9))
    return voyage(*legs, start="east sea", every=every, imo=imo)


def liner(every: str = "10min", imo: int = 0) -> pd.DataFrame:
    """She sails to and fro in the upper Gulf."""
    legs = (sail("upper gulf", 16), lie(2), sail("far", 16)) * 3
    return voyage(*legs, start="far", every=every, imo=imo)


def owners(found: Judgement, hull: np.ndarray) -> list[set[int]]:
    """The tracks that the fixes of each hull are on."""
    return [set(found.track_id[hull == one].tolist()) for one in range(hull.max() + 1)]


@pytest.mark.parametrize("imos", [(0, 0), (IMO, OTHER_IMO), (0, IMO)])
@pytest.mark.parametrize("every", ["7min", "10min", "1h"])
def test_two_hulls_on_one_mmsi_are_two_credible_tracks(every: str, imos: tuple[int, int]) -> None:
    both, hull = hulls(tanker("10min", imos[0]), coaster(every, imos[1]))
    found = plausibility.judge(both)
    assert (found.verdict == CREDIBLE).all()
    assert sorted(owners(found, hull), key=min) == [{MMSI}, {10**9 + MMSI}]
    assert (found.reason == np.where(found.track_id > MMSI, SECOND_HULL, PLAIN)).all()
    assert REASONS[SECOND_HULL] == "a track of its own on the same MMSI"


@pytest.mark.parametrize("every", ["7min", "10min", "1h"])
def test_the_calls_of_both_hulls_are_found(every: str) -> None:
    both = calls_of(tanker(), coaster(every))
    assert sorted(shown(both)) == [("IRAAA", "berth", 4), ("IRBBB", "berth", 4)]
    assert sorted(both["track_id"]) == [MMSI, 10**9 + MMSI]
    assert (both["mmsi"] == MMSI).all()
    alone = pd.concat([calls_of(tanker()), calls_of(coaster(every))])
    facts = ["port_id", "arrived_after", "arrived_at", "berthed_at", "departed_at", "fixes"]
    by_port = both.sort_values("port_id", ignore_index=True)
    pd.testing.assert_frame_equal(by_port[facts], alone[facts].reset_index(drop=True))


def test_three_hulls_are_three_tracks() -> None:
    three, hull = hulls(tanker(), coaster("7min"), liner("13min"))
    found = plausibility.judge(three)
    assert (found.verdict == CREDIBLE).all()
    assert sorted(owners(found, hull), key=min) == [
        {MMSI},
        {10**9 + MMSI},
        {2 * 10**9 + MMSI},
    ]


def test_further_hulls_are_numbered_as_they_are_first_heard() -> None:
    three, hull = hulls(voyage(*(sail("A berth"), lie(20), sail("sea")) * 2), coaster(), liner())
    for late in (1, 2):
        at = three["reported_at"]
        found = plausibility.judge(three[(hull != late) | (at > START + timedelta(hours=12))])
        further = found.track_id[found.track_id > MMSI]
        assert further[0] == 10**9 + MMSI
        assert set(further) == {10**9 + MMSI, 2 * 10**9 + MMSI}


@pytest.mark.parametrize("hours", [-12, -3, 3, 12])
def test_a_hull_that_is_heard_before_or_after_the_other_is_one_too(hours: int) -> None:
    other = liner()
    other["reported_at"] += timedelta(hours=hours, minutes=4)
    both, hull = hulls(tanker(), other)
    found = plausibility.judge(both)
    assert (found.verdict == CREDIBLE).all()
    assert sorted(owners(found, hull), key=min) == [{MMSI}, {10**9 + MMSI}]


def in_turns(every: str, imos: tuple[int, int]) -> tuple[pd.DataFrame, np.ndarray]:
    """Two hulls heard together once, then each while the other is silent, twelve hours and more."""
    one = (lie(12), sail("A berth"), lie(6), silence(24), sail("sea"), silence(24), lie(9))
    other = (lie(12), sail("B berth"), silence(24), lie(9), sail("east sea"), silence(18), lie(9))
    return hulls(
        voyage(*one, every=every, imo=imos[0]),
        voyage(*other, start="east sea", every=every, imo=imos[1]),
    )


@pytest.mark.parametrize("every", ["10min", "1h"])
def test_hulls_of_two_imo_numbers_that_are_silent_in_turns_are_kept_apart(every: str) -> None:
    both, hull = in_turns(every, (IMO, OTHER_IMO))
    found = plausibility.judge(both)
    assert (found.verdict == CREDIBLE).all()
    assert sorted(owners(found, hull), key=min) == [{MMSI}, {10**9 + MMSI}]


def any_of_two(size: int) -> np.ndarray:
    """IMO numbers as a publisher sends them that joins static data by MMSI alone."""
    return np.random.default_rng(7).choice([IMO, OTHER_IMO], size)


def test_imo_numbers_mixed_by_the_publisher_change_no_verdict_on_a_clean_ship() -> None:
    clean = voyage(*(sail("A berth"), lie(20), silence(30), lie(5), sail("sea")) * 2)
    mixed = clean.assign(imo=any_of_two(len(clean)))
    assert (judge(mixed) == CREDIBLE).all()
    both, is_false = marked(clean, seen_at("far", [7.05, 25.55, 25.65, 60.05]))
    mixed = both.assign(imo=any_of_two(len(both)))
    assert (judge(mixed) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()
    assert (plausibility.judge(mixed).track_id == MMSI).all()


def test_imo_numbers_mixed_by_the_publisher_part_hulls_neither_better_nor_worse() -> None:
    both, _ = hulls(tanker(), coaster("7min"))
    plain = plausibility.judge(both)
    mixed = plausibility.judge(both.assign(imo=any_of_two(len(both))))
    assert [found.tolist() for found in mixed] == [found.tolist() for found in plain]


def test_one_imo_number_in_two_places_is_one_hull() -> None:
    both, hull = hulls(tanker(imo=IMO), coaster(imo=IMO))
    found = plausibility.judge(both)
    assert set(found.track_id) == {MMSI}
    dropped = [set(found.verdict[hull == one].tolist()) for one in (0, 1)]
    assert sorted(dropped, key=min) == [{CREDIBLE}, {IMPLAUSIBLE}]
    assert len(calls_of(both)) == 1


# No hull: what does not sail.


def weeks_at_sea() -> pd.DataFrame:
    """Three weeks to and fro, far from the ports."""
    return voyage(*(sail("far", 12), lie(9), sail("sea", 12), lie(30)) * 7, every="30min")


def test_a_still_cluster_is_no_hull_however_many_weeks_it_takes_turns() -> None:
    at_sea = weeks_at_sea()
    hours = np.arange(3.05, 24 * 18, 0.5)
    wobble = np.random.default_rng(3).normal(0, 0.003, (2, hours.size))
    still = fixes_at(START, hours, 53.0 + wobble[0], 27.05 + wobble[1])
    both, is_false = marked(at_sea, still)
    found = plausibility.judge(both)
    assert (found.verdict == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()
    assert (found.track_id == MMSI).all()
    assert (found.reason[is_false] == JUMP).all()
    # Two places sent in turns for hours: shown, and not counted.
    assert set(calls_of(both)["confidence"]) == {1}


def test_who_hops_between_false_places_is_no_hull_whatever_speed_is_said() -> None:
    random = np.random.default_rng(5)
    hours = np.arange(3.05, 24 * 6, 0.25)
    lon = random.choice([52.0, 52.25, 53.0], hours.size)
    hopping = fixes_at(START, hours, lon, 27.05, random.uniform(0, 20, hours.size))
    both, is_false = marked(weeks_at_sea(), hopping)
    found = plausibility.judge(both)
    assert (found.verdict == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()
    assert (found.track_id == MMSI).all()


@pytest.mark.parametrize("every_h", [0.5, 1.0])
def test_a_ring_is_no_hull(every_h: float) -> None:
    hours = np.arange(3.03, 24 * 3, every_h)
    turn = hours * 20 * 1.852 / 3
    lon, lat = 53.0 + 3 / 99.2 * np.cos(turn), 27.05 + 3 / 111.2 * np.sin(turn)
    both, is_false = marked(weeks_at_sea(), fixes_at(START, hours, lon, lat, 20.0))
    found = plausibility.judge(both)
    assert (found.verdict == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()
    assert (found.track_id == MMSI).all()


@pytest.mark.parametrize("stay_h", [5, 30])
@pytest.mark.parametrize(("hours", "share"), [(3.5, 2), (3.5, 4), (6.0, 4)])
def test_the_same_voyage_by_a_wrong_clock_is_no_second_call(
    stay_h: float, hours: float, share: int
) -> None:
    true = voyage(lie(10), sail("A berth"), lie(stay_h), sail("sea"), lie(20), sail("far"))
    is_late = np.arange(len(true)) % share == 1
    late = true[is_late]
    late = late.assign(reported_at=late["reported_at"] + timedelta(hours=hours, minutes=3))
    both, is_false = marked(true, late[late["reported_at"] < true["reported_at"].max()])
    found = plausibility.judge(both)
    assert (found.verdict[~is_false] == CREDIBLE).all()
    assert (found.track_id == MMSI).all()
    thrown_out = found.verdict == IMPLAUSIBLE
    assert thrown_out.sum() > 20
    assert (found.reason[thrown_out] == CLOCK).all()
    assert REASONS[CLOCK] == "the way of the same ship at another time"
    times = ["arrived_at", "berthed_at", "departed_at"]
    assert calls_of(both)[times].equals(calls_of(true)[times])


# False places at the ends of a track.


@pytest.mark.parametrize("legs", [(lie(5), sail("sea")), (lie(40),)], ids=["sails on", "lies on"])
def test_a_call_after_drifting_away_and_before_a_jump_back_is_contested(
    legs: tuple[Leg, ...],
) -> None:
    drifting = voyage(lie(10), sail("B berth", 6), lie(20), start="east sea")
    jumped_at = drifting["reported_at"].max() + timedelta(minutes=10)
    back = voyage(*legs, start="east sea", at=jumped_at)
    assert shown(calls_of(drifting)) == [("IRBBB", "berth", 3)]
    assert (calls_of(drifting, back)["confidence"] == 1).all()


def test_a_spoofed_stay_abroad_is_implausible() -> None:
    true = voyage(sail("off B"), lie(5), silence(60), lie(5), sail("sea"), every="10min")
    left = true.loc[true["reported_at"].diff() > timedelta(hours=50), "reported_at"].iloc[0]
    hours = (left - pd.Timestamp(START)) / timedelta(hours=1) - np.arange(1, 360) / 6
    both, is_false = marked(true, seen_at("upper gulf", hours))
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def held_beyond_the_track(hours: float) -> tuple[pd.DataFrame, np.ndarray]:
    """A false place that takes turns with a track for ten hours and goes on after it fell silent.

    With the hours since the track fell silent.
    """
    true = voyage(sail("A berth"), lie(20), sail("sea"), lie(10), every="10min")
    last_h = (true["reported_at"].max() - pd.Timestamp(START)) / timedelta(hours=1)
    both = together(true, seen_at("far", np.arange(last_h - 10, last_h + hours, 1 / 6) + 0.05))
    return both, ((both["reported_at"] - true["reported_at"].max()) / timedelta(hours=1)).to_numpy()


def test_a_place_held_for_an_hour_after_the_track_fell_silent_is_implausible() -> None:
    both, since_h = held_beyond_the_track(1)
    is_false = both["lat"] > 28
    assert (since_h > 0).sum() >= 5
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def test_a_place_held_for_more_than_a_day_after_the_track_fell_silent_is_disputed() -> None:
    both, since_h = held_beyond_the_track(30)
    found = plausibility.judge(both)
    is_false = (both["lat"] > 28).to_numpy()
    assert (found.verdict[is_false & (since_h < 0)] == IMPLAUSIBLE).all()
    kept = found.verdict[is_false & (since_h > 0)].tolist()
    assert kept == [DISPUTED] + [CREDIBLE] * (len(kept) - 1)
    assert set(found.reason[found.verdict == DISPUTED]) == {OPEN_JUMP}
    assert (found.verdict[~is_false] != IMPLAUSIBLE).all()


# Many false places.


def test_thousands_of_false_places_between_two_parts_of_a_track_are_passed_over() -> None:
    true = voyage(sail("A berth"), lie(10), silence(2), lie(10), sail("sea"), every="10min")
    silent_h = (true["reported_at"].diff().max() / timedelta(hours=1)) - 0.2
    gap = int(true["reported_at"].diff().argmax())
    began_h = (true["reported_at"].iloc[gap - 1] - pd.Timestamp(START)) / timedelta(hours=1)
    random = np.random.default_rng(11)
    hours = began_h + 0.1 + np.sort(random.uniform(0, silent_h, 5_000))
    false = fixes_at(
        START, hours, random.uniform(54, 60, hours.size), random.uniform(20, 25, hours.size)
    )
    both, is_false = marked(true, false)
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()
    assert shown(calls_of(both))[0][:2] == ("IRAAA", "berth")


# Fast and slow ships.


@pytest.mark.parametrize("every", ["5min", "20min", "1h"])
@pytest.mark.parametrize("hours", [1.02, 2.52, 5.03])
def test_one_stray_fix_leaves_the_way_of_a_fast_ferry_credible(every: str, hours: float) -> None:
    ferry = voyage(*(sail("east sea", 28), lie(1), sail("sea", 28), lie(1)) * 4, every=every)
    both, is_false = marked(ferry, seen_at("far", hours))
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


@pytest.mark.parametrize("false_fixes", [1, 3])
def test_a_slow_ship_thrown_as_far_as_a_fast_one_sails_was_thrown(false_fixes: int) -> None:
    away_h = 150 / 1.852 / 25
    true = voyage(
        *(sail("A berth", 12), lie(10), silence(2 * away_h), lie(10), sail("sea", 12)), every="5min"
    )
    gap = int(true["reported_at"].diff().argmax())
    left = true["reported_at"].iloc[gap - 1]
    hours = away_h + np.arange(false_fixes) * 0.01
    thrown = fixes_at(left.to_pydatetime(), hours, 52.0, 27.05 + 150 / 111.2)
    both, is_false = marked(true, together(thrown, seen_at("far", 2.02)))
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


# Laws.

any_track = st.one_of(tracks(), torn_tracks())


def same(one: Judgement, other: Judgement) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@law
@given(any_track, st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_rows_change_no_verdict(fixes: pd.DataFrame, random) -> None:
    rows = list(range(len(fixes))) + random.choices(range(len(fixes)), k=5)
    random.shuffle(rows)
    assert same(plausibility.judge(fixes.iloc[rows]), plausibility.judge(fixes).rows(rows))


@law
@given(any_track, st.integers(-50, 50))
def test_a_shift_by_weeks_changes_no_verdict(fixes: pd.DataFrame, weeks: int) -> None:
    moved = fixes.assign(reported_at=fixes["reported_at"] + timedelta(weeks=weeks))
    assert same(plausibility.judge(moved), plausibility.judge(fixes))


@law
@given(any_track)
def test_a_world_in_the_mirror_has_the_same_verdicts(fixes: pd.DataFrame) -> None:
    # Fixes of one time are taken in the order of their places, which a mirror turns round.
    fixes = fixes[~fixes["reported_at"].duplicated(keep=False)]
    mirrored = fixes.assign(lon=(104 - fixes["lon"]).round(5))
    assert same(plausibility.judge(mirrored), plausibility.judge(fixes))


@law
@given(any_track, any_track)
def test_another_ship_changes_no_verdict(fixes: pd.DataFrame, other: pd.DataFrame) -> None:
    far_away = other.assign(lon=other["lon"] - 130, mmsi=366000001)
    both = pd.concat([far_away, fixes, far_away.assign(mmsi=636000001)], ignore_index=True)
    found = plausibility.judge(both)
    rows = np.flatnonzero(both["mmsi"] == MMSI)
    assert same(found.rows(rows), plausibility.judge(fixes))


# Cost.


def seconds_for(fixes: int) -> float:
    """Processor time to judge one MMSI that takes turns between places from fix to fix."""
    number = np.arange(fixes)
    lon, lat = np.where(number % 2, 51.0, 50.0), np.where(number % 3, 26.6, 29.0)
    table = fixes_at(START, number / 60, lon, lat)
    began = time.process_time()
    plausibility.judge(table)
    return time.process_time() - began


def test_the_cost_of_fixes_that_take_turns_grows_with_their_number() -> None:
    assert seconds_for(80_000) < 8 * max(seconds_for(20_000), 0.1)


def test_another_ship_in_the_table_changes_no_anchor_of_the_path() -> None:
    one = together(
        seen_at("east sea", [0, 0.02, 0.04, 0.06]),
        seen_at("A berth", 4.08),
        seen_at("east sea", [12.12, 12.14, 12.16]),
        seen_at("far", [12.8, 12.82, 12.84, 12.86]),
    )
    other = together(
        seen_at("sea", np.arange(6), track_id=200000000),
        seen_at("far", np.arange(6) + 0.5, track_id=200000000),
    )
    assert judge(pd.concat([other, one]))[len(other) :].tolist() == judge(one).tolist()


@pytest.mark.parametrize("thrown", [[5.03], [4.03, 5.03], [3.03, 4.03, 5.03]])
def test_a_ship_thrown_to_the_very_berth_she_sails_to_keeps_her_call(thrown: list[float]) -> None:
    true = voyage(sail("A berth"), lie(20), sail("sea"), every="1h")
    calls = calls_of(true, seen_at("A berth", thrown))
    assert shown(calls) == [("IRAAA", "berth", 4)]


@pytest.mark.parametrize("minutes", [15, 30])
def test_a_ring_denser_than_the_true_track_does_not_become_the_ship(minutes: int) -> None:
    legs = (sail("far", 12), lie(9), sail("sea", 12), lie(30)) * 7
    true = voyage(*legs, every="30min")
    hours = np.arange(3.03, 72, minutes / 60)
    turn = hours * 20 * 1.852 / 3
    ring = fixes_at(
        START, hours, 53 + 3 / 99.2 * np.cos(turn), 27.05 + 3 / 111.2 * np.sin(turn), 20
    )
    both, is_false = marked(true, ring)
    assert (judge(both) == np.where(is_false, IMPLAUSIBLE, CREDIBLE)).all()


def test_copies_of_the_way_by_an_early_clock_cost_no_call() -> None:
    true = voyage(sail("A berth"), lie(20), sail("sea"), every="10min")
    early = true.iloc[1::3]
    early = early.assign(reported_at=early["reported_at"] - pd.Timedelta("3h27min"))
    calls = calls_of(true, early[early["reported_at"] >= true["reported_at"].min()])
    assert shown(calls) == [("IRAAA", "berth", 4)]
