"""What a ship can have sailed, and what it cannot."""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

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
    Judgement,
    judge,
)
from geo.tracks import can_sail
from tests.build.tracks import START, calls_of, fixes_at, seen, seen_at, shown, together, voyage

MMSI = 422000001
SECOND, THIRD = 10**9 + MMSI, 2 * 10**9 + MMSI
IMO, OTHER_IMO = 9074729, 9321483


def marked(true: pd.DataFrame, false: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Both tables as one, and which of its rows are false."""
    fixes = together(true.assign(is_false=False), false.assign(is_false=True))
    return fixes, fixes["is_false"].to_numpy()


def assert_told_apart(true: pd.DataFrame, false: pd.DataFrame) -> Judgement:
    """Exactly the false fixes are implausible, and no second hull is found."""
    fixes, is_false = marked(true, false)
    judgement = judge(fixes)
    assert judgement.verdict.tolist() == np.where(is_false, IMPLAUSIBLE, CREDIBLE).tolist()
    assert (judgement.track_id == MMSI).all()
    return judgement.rows(is_false)


def with_any_imo(fixes: pd.DataFrame) -> pd.DataFrame:
    """IMO numbers as a publisher sends them that joins static data by MMSI alone."""
    return fixes.assign(imo=np.random.default_rng(7).choice([IMO, OTHER_IMO], len(fixes)))


def ring(hours: np.ndarray) -> pd.DataFrame:
    """A ring of 3 km at 20 knots."""
    turn = hours * 20 * 1.852 / 3
    lon, lat = 53.0 + 3 / 99.2 * np.cos(turn), 27.05 + 3 / 111.2 * np.sin(turn)
    return fixes_at(START, hours, lon, lat, 20.0)


def hops() -> pd.DataFrame:
    """From one of three places to another, with any speed."""
    random, hours = np.random.default_rng(5), np.arange(3.05, 24 * 6, 0.25)
    lon = random.choice([52.0, 52.25, 53.0], hours.size)
    return fixes_at(START, hours, lon, 27.05, random.uniform(0, 20, hours.size))


def in_turns_to_the_end(side: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The track that was long before is true."""
    hours = side * (10 + np.arange(80) * 0.1)
    long = seen_at("sea", side * np.arange(0, 10, 1 / 6))
    false = seen_at("far", [*(hours + side * 0.03), *(hours + side * 0.05)])
    return together(long, seen_at("sea", hours)), false


def gap_hours(fixes: pd.DataFrame) -> tuple[float, float]:
    """Begin of the longest silence, in hours after the start, and its length."""
    hours = ((fixes["reported_at"] - pd.Timestamp(START)) / timedelta(hours=1)).to_numpy()
    row = int(np.diff(hours).argmax())
    return hours[row], hours[row + 1] - hours[row]


def in_turns_with(true: pd.DataFrame, hours: float) -> pd.DataFrame:
    """A place elsewhere, held for the track's last ten hours and some after it."""
    last_h = (true["reported_at"].max() - pd.Timestamp(START)) / timedelta(hours=1)
    return seen_at("far", np.arange(last_h - 10, last_h + hours, 1 / 6) + 0.05)


def displaced_far(false_fixes: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A slow ship, in a silence displaced as far as a fast one sails."""
    away_h = 150 / 1.852 / 25
    true = voyage(f"A berth@12 10h, -{2 * away_h}h, 10h, sea@12", every="5min")
    hours = gap_hours(true)[0] + away_h + np.arange(false_fixes) * 0.01
    false = fixes_at(START, hours, 52.0, 27.05 + 150 / 111.2)
    return true, together(false, seen("far 2.02"))


CALL = voyage("A berth 20h, sea")
AT_SEA = voyage(", ".join(["far@12 9h, sea@12 30h"] * 7), every="30min")
"""Three weeks to and fro, far from the ports."""
STILL = voyage("A berth 20h, sea 10h")
STORED = voyage("A berth 20h, -30h, 5h, sea, A berth 20h, -30h, 5h, sea")
SIX = fixes_at(
    START, 10.5 + np.repeat(np.arange(3), 2) * 0.4 + [0, 0.01] * 3, [50, 53, 51, 54, 52, 55], 29.0
)
CASES = {
    **{
        f"{size} fixes in a silence, {step}": (
            voyage("10h, -10h, 10h", every=step),
            seen_at("far", np.linspace(10.1, 19.9, size)),
        )
        for size in (1, 2, 40, 2000)
        for step in ("10min", "1h")
    },
    "one between others": (CALL, seen_at("far", 3.05)),
    "three between others": (CALL, seen("far 3.05 6.05 9.05")),
    "many between others": (CALL, seen_at("far", np.arange(3.05, 12, 0.2))),
    "in turns": (CALL, seen_at("far", np.arange(36, 72) / 6 + 0.05)),
    "clusters in a row": (
        voyage("10h, -3h, 10h"),
        seen("far 10.5 10.6 11.5, A berth 11, B berth 11.8 12"),
    ),
    "six places in a row": (voyage("10h, -3h, 10h"), SIX),
    "a cluster within a cluster": (
        voyage("10h, -10h, 10h"),
        together(
            seen_at("far", [*np.arange(10.5, 13, 0.1), *np.arange(17.05, 19.5, 0.1)]),
            seen_at("B berth", [*np.arange(13.2, 14, 0.1), *np.arange(16.05, 16.9, 0.1)]),
            seen_at("east sea", np.arange(14.5, 15.5, 0.1)),
        ),
    ),
    "the middle one of three": (seen("sea 0 1"), seen("far 0.5")),
    "a longer track between": (
        seen("sea 0 0.2 20 39.8 40"),
        seen_at("far", [*np.linspace(0.5, 19.8, 500), *np.linspace(20.2, 39.5, 500)]),
    ),
    "single fixes at both ends": (
        seen_at("sea", [*np.arange(1, 20, 0.2), *np.arange(21, 40, 0.2)]),
        seen("far 0.5 20.5 40.5"),
    ),
    "at one time": (voyage("10h", every="1h"), seen("B berth 4 5")),
    "not left": (voyage("10h, -11h, 10h"), seen("B berth 20.9")),
    "not reached": (voyage("10h, -11h, 10h"), seen("B berth 10.1")),
    "one on each side": (voyage("50h", every="1h").iloc[1:], seen("far 0 50.5")),
    "before the track": (voyage("30h", every="1h"), seen("far -0.5")),
    "after the track": (voyage("30h", every="1h"), seen("far 30.5")),
    "a stay abroad": (
        voyage("off B 5h, -60h, 5h, sea"),
        seen_at("upper gulf", np.arange(17, 70, 1 / 6)),
    ),
    "with IMO numbers mixed by the publisher": (
        *(with_any_imo(STORED), with_any_imo(seen("far 7.05 25.55 25.65 60.05"))),
    ),
    **{f"in turns to the end, side {side}": in_turns_to_the_end(side) for side in (1, -1)},
    "hops between false places": (AT_SEA, hops()),
    **{f"a ring, {h} h": (AT_SEA, ring(np.arange(3.03, 24 * 3, h))) for h in (0.25, 0.5, 1.0)},
    "held for an hour after the track": (STILL, in_turns_with(STILL, 1)),
    **{
        f"one stray fix beside a fast ferry, {step}, {hours} h": (
            voyage(", ".join(["east sea@28 1h, sea@28 1h"] * 4), every=step),
            seen_at("far", hours),
        )
        for step in ("5min", "20min", "1h")
        for hours in (1.02, 2.52, 5.03)
    },
    **{f"displaced far, {fixes}": displaced_far(fixes) for fixes in (1, 3)},
}


@pytest.mark.parametrize("case", CASES)
def test_false_fixes_are_implausible_and_the_others_credible(case: str) -> None:
    assert_told_apart(*CASES[case])


CLEAN = "A anchorage@16 30h, A berth@6, far@29"
MINUTES = voyage("far@20", every="40s")
CREDIBLE_TRACKS = {
    **{step: voyage(CLEAN, every=step) for step in ("1min", "10min", "1h", "6h")},
    "one fix": voyage(CLEAN).iloc[:1],
    "no fix": voyage(CLEAN).iloc[:0],
    "whole minutes": together(MINUTES.assign(reported_at=MINUTES["reported_at"].dt.floor("1min"))),
    "IMO numbers mixed by the publisher": with_any_imo(STORED),
}


@pytest.mark.parametrize("case", CREDIBLE_TRACKS)
def test_a_voyage_that_can_be_sailed_is_credible(case: str) -> None:
    assert (judge(CREDIBLE_TRACKS[case]).verdict == CREDIBLE).all()


def test_a_jump_without_return_is_disputed_on_both_sides() -> None:
    track = together(voyage("10h", every="1h"), seen_at("far", np.arange(11, 21)))
    assert judge(track).verdict.tolist() == [CREDIBLE] * 10 + [DISPUTED] * 2 + [CREDIBLE] * 9


def test_a_way_that_joins_the_track_at_one_end_of_a_silence_belongs_to_it() -> None:
    track = voyage("A berth 20h, sea 6h, off A@9, east sea@9")
    for legs, hours in (("upper gulf > 30h, far, upper gulf", 0.5), ("sea > 40h", 40)):
        at = track["reported_at"].max() + timedelta(hours=hours)
        track = together(track, voyage(legs, at=at))
    judgement = judge(track)
    assert np.bincount(judgement.verdict).tolist() == [len(track) - 2, 2]
    assert (judgement.track_id == MMSI).all()


def test_a_return_after_weeks_proves_nothing() -> None:
    true = voyage("10h, -360h, 10h", every="1h")
    fixes, is_false = marked(true, seen_at("far", np.linspace(10.2, 369.9, 400)))
    assert not (judge(fixes).verdict[is_false] == IMPLAUSIBLE).any()


def test_the_limit_of_speed_and_the_date_line() -> None:
    slack_m = 1_000 + 30 * 1852 / 60
    degrees = (np.array([-1.0, 1.0]) + 30 * 1852 + slack_m) / 111_195.08
    assert can_sail([0, 0], [0, 0], [0, 0], degrees, [3600e6] * 2).tolist() == [True, False]
    assert can_sail([179.99], [0.0], [-179.99], [0.0], [60e6]).tolist() == [True]


# Several hulls on one MMSI.


def tanker(step: str = "10min", imo: int = 0) -> pd.DataFrame:
    """She calls at A from the sea."""
    return voyage("A berth 20h, sea", every=step, imo=imo)


def coaster(step: str = "10min", imo: int = 0) -> pd.DataFrame:
    """She calls at B from the east, 100 km and more from the tanker."""
    return voyage("east sea > 5h, B berth 9h, east sea 9h", every=step, imo=imo)


def liner(step: str = "10min") -> pd.DataFrame:
    """She sails to and fro in the upper Gulf."""
    legs = "far > " + ", ".join(["upper gulf@16 2h, far@16"] * 3)
    return voyage(legs, every=step)


def owners(*hulls: pd.DataFrame) -> tuple[list[set[int]], Judgement]:
    """The tracks that the fixes of each hull are on, and the verdicts."""
    fixes = together(*(track.assign(hull=number) for number, track in enumerate(hulls)))
    judgement, hull = judge(fixes), fixes["hull"].to_numpy()
    tracks = [set(judgement.track_id[hull == number].tolist()) for number in range(len(hulls))]
    return sorted(tracks, key=min), judgement


def late(fixes: pd.DataFrame, hours: float) -> pd.DataFrame:
    return fixes.assign(reported_at=fixes["reported_at"] + timedelta(hours=hours))


def in_turns(step: str) -> list[pd.DataFrame]:
    """Two hulls heard together once, then each while the other is silent, twelve hours and more."""
    first = "12h, A berth 6h, -24h, sea, -24h, 9h"
    second = "east sea > 12h, B berth, -24h, 9h, east sea, -18h, 9h"
    return [voyage(first, every=step, imo=IMO), voyage(second, every=step, imo=OTHER_IMO)]


HULLS = {
    **{
        f"IMO numbers {imos}, {step}": [tanker(imo=imos[0]), coaster(step, imos[1])]
        for imos in ((0, 0), (IMO, OTHER_IMO), (0, IMO))
        for step in ("7min", "10min", "1h")
    },
    **{f"{h} h": [tanker(), late(liner(), h + 1 / 15)] for h in (-12, -3, 3, 12)},
    **{f"in turns, {step}": in_turns(step) for step in ("10min", "1h")},
    "three": [tanker(), coaster("7min"), liner("13min")],
}


@pytest.mark.parametrize("case", HULLS)
def test_hulls_on_one_mmsi_are_tracks_of_their_own(case: str) -> None:
    tracks, judgement = owners(*HULLS[case])
    assert tracks == [{MMSI}, {SECOND}, {THIRD}][: len(HULLS[case])]
    assert (judgement.verdict == CREDIBLE).all()
    assert (judgement.reason == np.where(judgement.track_id > MMSI, SECOND_HULL, PLAIN)).all()
    assert REASONS[SECOND_HULL] == "a track of its own on the same MMSI"


def test_the_calls_of_both_hulls_are_told_by_track() -> None:
    both = calls_of(tanker(), coaster())
    assert sorted(zip(both["track_id"], both["mmsi"], strict=True)) == [
        (MMSI, MMSI),
        (SECOND, MMSI),
    ]
    alone = pd.concat([calls_of(tanker()), calls_of(coaster())], ignore_index=True)
    facts = ["port_id", "arrived_after", "arrived_at", "berthed_at", "departed_at", "fixes"]
    by_port = both.sort_values("port_id", ignore_index=True)
    pd.testing.assert_frame_equal(by_port[facts], alone[facts])


@pytest.mark.parametrize("last", [0, 1])
def test_further_hulls_are_numbered_as_they_are_first_heard(last: int) -> None:
    hulls = [coaster(), liner()]
    hulls[last] = hulls[last].loc[hulls[last]["reported_at"] > START + timedelta(hours=12)]
    _, judgement = owners(voyage("A berth 20h, sea, A berth 20h, sea"), *hulls)
    further = judgement.track_id[judgement.track_id > MMSI]
    assert further[0] == SECOND
    assert set(further) == {SECOND, THIRD}


def test_imo_numbers_mixed_by_the_publisher_part_no_hulls() -> None:
    both = together(tanker(), coaster("7min"))
    mixed, plain = judge(with_any_imo(both)), judge(both)
    assert all(np.array_equal(a, b) for a, b in zip(mixed, plain, strict=True))


def test_one_imo_number_in_two_places_is_one_hull() -> None:
    true, other = tanker(imo=IMO), coaster(imo=IMO)
    tracks, judgement = owners(true, other)
    assert tracks == [{MMSI}, {MMSI}]
    assert (judgement.verdict == IMPLAUSIBLE).sum() in (len(true), len(other))
    assert len(calls_of(true, other)) == 1


# What does not sail is no hull.


def test_a_still_cluster_is_no_hull_however_many_weeks_it_takes_turns() -> None:
    hours = np.arange(3.05, 24 * 18, 0.5)
    wobble = np.random.default_rng(3).normal(0, 0.003, (2, hours.size))
    still = fixes_at(START, hours, 53.0 + wobble[0], 27.05 + wobble[1])
    assert (assert_told_apart(AT_SEA, still).reason == JUMP).all()
    assert set(calls_of(AT_SEA, still)["confidence"]) == {1}  # two places in turns for hours


@pytest.mark.parametrize("stay_h", [5, 30])
@pytest.mark.parametrize(("hours", "share"), [(3.5, 2), (3.5, 4), (6.0, 4)])
def test_the_same_voyage_by_a_wrong_clock_is_no_second_call(
    stay_h: float, hours: float, share: int
) -> None:
    true = voyage(f"10h, A berth {stay_h}h, sea 20h, far")
    copies = late(true[np.arange(len(true)) % share == 1], hours + 0.05)
    copies = copies[copies["reported_at"] < true["reported_at"].max()]
    fixes, is_false = marked(true, copies)
    judgement = judge(fixes)
    assert (judgement.verdict[~is_false] == CREDIBLE).all()
    assert (judgement.track_id == MMSI).all()
    is_implausible = judgement.verdict == IMPLAUSIBLE
    assert is_implausible.sum() > 20
    assert (judgement.reason[is_implausible] == CLOCK).all()
    assert REASONS[CLOCK] == "the way of the same ship at another time"
    times = ["arrived_at", "berthed_at", "departed_at"]
    assert calls_of(fixes)[times].equals(calls_of(true)[times])


def test_copies_of_the_way_by_an_early_clock_cost_no_call() -> None:
    early = late(CALL.iloc[1::3], -3.45)
    calls = calls_of(CALL, early[early["reported_at"] >= CALL["reported_at"].min()])
    assert shown(calls) == [("IRAAA", "berth", 4)]


# False places at the ends of a track.


@pytest.mark.parametrize("legs", ["5h, sea", "40h"], ids=["sails on", "lies on"])
def test_a_call_after_drifting_away_and_before_a_jump_back_is_contested(legs: str) -> None:
    drifting = voyage("east sea > 10h, B berth@6 20h")
    jumped_at = drifting["reported_at"].max() + timedelta(minutes=10)
    back = voyage(f"east sea > {legs}", at=jumped_at)
    assert shown(calls_of(drifting)) == [("IRBBB", "berth", 3)]
    assert (calls_of(drifting, back)["confidence"] == 1).all()


def test_a_place_held_for_over_a_day_after_the_track_fell_silent_may_be_true() -> None:
    fixes, is_false = marked(STILL, in_turns_with(STILL, 30))
    judgement = judge(fixes)
    is_after = (fixes["reported_at"] > STILL["reported_at"].max()).to_numpy()
    assert (judgement.verdict[is_false & ~is_after] == IMPLAUSIBLE).all()
    kept = judgement.verdict[is_after].tolist()
    assert kept == [DISPUTED] + [CREDIBLE] * (len(kept) - 1)
    assert set(judgement.reason[judgement.verdict == DISPUTED]) == {OPEN_JUMP}
    assert (judgement.verdict[~is_false] != IMPLAUSIBLE).all()


def test_thousands_of_false_places_between_two_parts_of_a_track_are_passed_over() -> None:
    true = voyage("A berth 10h, -2h, 10h, sea")
    begin, length = gap_hours(true)
    random = np.random.default_rng(11)
    hours = begin + 0.1 + np.sort(random.uniform(0, length - 0.2, 5_000))
    places = random.uniform(54, 60, hours.size), random.uniform(20, 25, hours.size)
    false = fixes_at(START, hours, *places)
    assert_told_apart(true, false)
    assert shown(calls_of(true, false))[0][:2] == ("IRAAA", "berth")


@pytest.mark.parametrize("hours", [[5.03], [4.03, 5.03], [3.03, 4.03, 5.03]])
def test_a_ship_displaced_to_the_very_berth_she_sails_to_keeps_her_call(hours: list[float]) -> None:
    calls = calls_of(voyage("A berth 20h, sea", every="1h"), seen_at("A berth", hours))
    assert shown(calls) == [("IRAAA", "berth", 4)]


def test_another_ship_in_the_table_changes_no_anchor_of_the_path() -> None:
    ship = seen(
        "east sea 0 0.02 0.04 0.06 12.12 12.14 12.16, A berth 4.08, far 12.8 12.82 12.84 12.86"
    )
    other = together(seen_at("sea", np.arange(6)), seen_at("far", np.arange(6) + 0.5))
    fixes = pd.concat([other.assign(mmsi=200000000), ship])
    assert judge(fixes).verdict[len(other) :].tolist() == judge(ship).verdict.tolist()


def test_the_cost_of_fixes_that_take_turns_grows_with_their_number() -> None:
    def seconds_for(fixes: int) -> float:
        number = np.arange(fixes)
        lon, lat = np.where(number % 2, 51.0, 50.0), np.where(number % 3, 26.6, 29.0)
        table = fixes_at(START, number / 60, lon, lat)
        began = time.process_time()
        judge(table)
        return time.process_time() - began

    assert seconds_for(20_000) < 8 * max(seconds_for(5_000), 0.1)
