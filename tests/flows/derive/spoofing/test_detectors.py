"""False tracks are told from honest ones, by their shape alone and at every reporting interval."""

from __future__ import annotations

import numpy as np
import pytest

from flows.derive.spoofing.pieces import HOUR_US, Stretch, Track
from flows.derive.spoofing.stretches import stretches_of
from tests.build.false_tracks import (
    FALSE,
    FALSE_H,
    HERE,
    HONEST,
    LIKE_A_CLOCK,
    START_US,
    at_anchor,
    between,
    circling,
    still_at,
    track,
)

INTERVALS = (1.0, 10.0, 30.0, 60.0)


def hours_of(fixes: Track, stretch: Stretch) -> tuple[float, float]:
    begin, end = ((fixes.at[row] - START_US) / HOUR_US for row in (stretch.first, stretch.last))
    return float(begin), float(end)


@pytest.mark.parametrize("every_min", INTERVALS)
@pytest.mark.parametrize("name", FALSE)
def test_a_false_track_is_found_at_every_interval(name: str, every_min: float) -> None:
    kind, way = FALSE[name]
    fixes = track(way, every_min)
    found = [stretch for stretch in stretches_of(fixes) if stretch.kind == kind]
    assert len(found) == 1
    begin, end = hours_of(fixes, found[0])
    # Of a way too uniform the ends are those of whole pieces, three hours apart.
    assert abs(begin - FALSE_H[0]) <= 3.1
    assert abs(end - FALSE_H[1]) <= 3.1


@pytest.mark.parametrize("every_min", INTERVALS)
@pytest.mark.parametrize("name", HONEST)
def test_an_honest_track_is_not_taken_for_a_false_one(name: str, every_min: float) -> None:
    assert stretches_of(track(HONEST[name], every_min)) == []


@pytest.mark.parametrize("every_min", INTERVALS)
def test_a_swing_like_a_clock_is_found_and_a_swing_with_noise_is_not(every_min: float) -> None:
    (found,) = stretches_of(track(LIKE_A_CLOCK, every_min, noise_m=0.0))
    assert found.kind == "circle"
    assert found.numbers["radius_m"] == pytest.approx(80.0, rel=0.02)
    assert stretches_of(track(LIKE_A_CLOCK, every_min)) == []


@pytest.mark.parametrize("step_deg", [1e-4 / 60, 1e-3 / 60, 1e-5, 1e-4])
def test_nor_is_one_whose_places_are_rounded(step_deg: float) -> None:
    assert stretches_of(track(at_anchor(0.25, 0.3), 10.0, step_deg=step_deg)) == []


def test_of_places_too_coarse_nothing_is_said() -> None:
    """A ship at anchor in calm, and a fake anchorage, are the same dot on a grid of 11 m."""
    way = between(still_at(0.3, 0.2))
    assert {s.kind for s in stretches_of(track(way, 10.0))} == {"still"}
    assert stretches_of(track(way, 10.0, step_deg=1e-4)) == []


def test_of_a_few_fixes_a_day_nothing_is_said() -> None:
    assert stretches_of(track(FALSE["circle"][1], 360.0)) == []


def test_a_ship_that_moves_a_hundred_metres_is_not_still() -> None:
    found = stretches_of(track(between(at_anchor(0.06, 1.2)), 10.0))
    assert found == []


def test_a_place_that_is_frozen_is_a_receiver_that_lost_its_satellites() -> None:
    fixes = track(between(still_at(0.0, 0.0)), 10.0)
    hours = (fixes.at - START_US) / HOUR_US
    inside = (hours >= FALSE_H[0]) & (hours < FALSE_H[1])
    frozen = [np.where(inside, column[inside][0], column) for column in (fixes.lon, fixes.lat)]
    assert stretches_of(fixes._replace(lon=frozen[0], lat=frozen[1])) == []


def test_a_slow_circle_is_the_tide() -> None:
    assert stretches_of(track(between(circling(2.0, 1.0)), 10.0)) == []


def test_a_speed_that_is_stuck_is_a_fault_and_one_that_lies_for_a_day_is_not() -> None:
    fixes = track(HONEST["on passage"], 10.0)
    assert stretches_of(fixes._replace(sog_kn=np.full(fixes.at.size, 3.0))) == []
    hours = (fixes.at - START_US) / HOUR_US
    lying = (hours > 80.0) & (hours < 110.0)
    (found,) = stretches_of(fixes._replace(sog_kn=np.where(lying, 0.2, fixes.sog_kn)))
    assert found.kind == "contradiction"
    begin, end = hours_of(fixes, found)
    assert 75.0 < begin < end < 115.0


def test_a_second_transmitter_that_takes_turns_makes_no_stretch() -> None:
    """Hour by hour here and 160 km off: neither is a stay."""
    fixes = track(HONEST["at anchor"], 30.0)
    is_other = np.arange(fixes.at.size) % 2 == 1
    assert stretches_of(fixes._replace(lon=np.where(is_other, fixes.lon + 1.6, fixes.lon))) == []


def test_of_two_sides_of_a_jump_the_one_that_was_taken_aside_is_false() -> None:
    _, way = FALSE["offset"]
    fixes = track(way, 10.0, whole_h=150.0)
    hours = (fixes.at - START_US) / HOUR_US
    inside = (hours >= FALSE_H[0]) & (hours < FALSE_H[1])
    # The stretch of 54 hours is longer than the 24 hours after it: by itself it is not told.
    assert [s.kind for s in stretches_of(fixes) if s.kind == "offset"] == []
    (found,) = [s for s in stretches_of(fixes._replace(is_flagged=inside)) if s.kind == "offset"]
    assert found.numbers["offset_km"] == pytest.approx(np.hypot(90.0, 60.0), rel=0.02)


def test_an_empty_track_and_one_fix_have_no_stretch() -> None:
    fixes = track(HONEST["adrift"], 10.0)
    for count in (0, 1, 2):
        assert stretches_of(Track(*(column[:count] for column in fixes))) == []


def test_a_stretch_does_not_depend_on_where_the_map_is_cut() -> None:
    """Across the 180th meridian as elsewhere."""
    fixes = track(FALSE["circle"][1], 10.0)
    lon = (fixes.lon - HERE[0] + 180.0 + 180.0) % 360.0 - 180.0
    found, moved = stretches_of(fixes), stretches_of(fixes._replace(lon=lon))
    assert [(s.kind, s.first, s.last) for s in found] == [(s.kind, s.first, s.last) for s in moved]
