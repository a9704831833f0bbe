"""Ships displaced to one place at one time, and crowds that no port sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.interference import CELL_DEG, WINDOW_US, Events, find_crowds, find_interference, reach_m
from tests.build.tracks import law

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
QUAY = (56.01, 27.11)

Displaced = tuple[int, float, float, float, bool]
"""A displaced fix: ship, hours, lon, lat, and whether it is certain."""


def moved(*ships: int, hours: float = 0.0, east: float = 0.0, sure: bool = True) -> list[Displaced]:
    """One fix of each ship at a time, so many degrees east of the quay."""
    return [(ship, hours, QUAY[0] + east, QUAY[1], sure) for ship in ships]


def events(*fixes: list[Displaced]) -> Events:
    """The events in displaced fixes."""
    rows = [fix for group in fixes for fix in group]
    mmsi, hours, lon, lat, sure = (list(column) for column in zip(*rows, strict=True))
    return find_interference(
        np.array(mmsi, dtype=np.int64),
        np.rint(np.array(hours) * HOUR_US).astype(np.int64),
        np.array(lon),
        np.array(lat),
        np.array(sure, dtype=np.bool_),
    )


def test_three_ships_displaced_to_one_place_are_an_event() -> None:
    event = events(moved(1, 2), moved(3, hours=2, east=0.01), moved(2, hours=1))
    assert (event.ships.tolist(), event.fixes.tolist()) == ([3], [4])
    assert event.event.tolist() == [0, 0, 0, 0]
    assert (event.began_us[0], event.ended_us[0]) == (0, 2 * HOUR_US)
    assert (event.lon[0], event.lat[0]) == pytest.approx(QUAY)
    assert event.radius_m[0] == pytest.approx(990, abs=5)


WINDOW_H = WINDOW_US / HOUR_US
TRAIL = [moved(4, east=step * CELL_DEG) for step in (1, 2, 3)]
CHAIN = [moved(1, 2, 3, hours=step * WINDOW_H, east=step * CELL_DEG) for step in range(6)]
UNSURE = moved(1, 2, 3, sure=False)
CASES: dict[str, tuple[list[list[Displaced]], list[int]]] = {
    "two ships, once": ([moved(1, 2)], [-1] * 2),
    "two ships, often": ([moved(1, 2, hours=number / 100) for number in range(100)], [-1] * 200),
    "a chain in place and time": (CHAIN, [0] * 18),
    "a ship beside it carries it no further": ([moved(1, 2, 3), *TRAIL], [0, 0, 0, 0, 0, -1]),
    "50 km apart": ([moved(1, 2, 3), moved(1, 2, 3, hours=1, east=0.5)], [0] * 3 + [1] * 3),
    "a day apart, in time order": ([moved(1, 2, 3, hours=30), moved(1, 2, 3)], [1] * 3 + [0] * 3),
    "possible fixes alone": ([UNSURE], [-1] * 3),
    "possible fixes and a certain one": ([moved(1, 2, sure=False), moved(3)], [0] * 3),
}


@pytest.mark.parametrize("case", CASES)
def test_the_event_of_each_fix(case: str) -> None:
    fixes, expected = CASES[case]
    event = events(*fixes)
    assert event.event.tolist() == expected
    assert event.lon.size == max(expected) + 1


def test_no_displaced_fix_is_no_event() -> None:
    nothing = np.empty(0)
    whole = nothing.astype(np.int64)
    columns = find_interference(whole, whole, nothing, nothing, nothing.astype(np.bool_))
    assert [column.size for column in columns] == [0] * 8
    assert [column.dtype.kind for column in columns] == ["f"] * 3 + ["i"] * 5


def test_the_place_of_an_event_is_not_moved_by_a_few_scattered_fixes() -> None:
    event = events(*(moved(ship, hours=ship / 10) for ship in range(1, 31)), moved(31, east=0.06))
    assert (event.lon[0], event.lat[0]) == pytest.approx(QUAY)
    assert event.radius_m[0] == 0.0
    assert event.ships[0] == 31


def test_the_radius_holds_nearly_all() -> None:
    lat = 27.0 + np.arange(100) / 1000
    assert reach_m(np.full(100, 56.0), lat, 56.0, 27.0) == pytest.approx(94 * 111.2, abs=5)


fixes_drawn = st.lists(
    st.builds(
        lambda ship, hours, cell, sure: (ship, hours, *cell, sure),
        st.integers(1, 6),
        st.sampled_from([0.0, 1.0, 5.9, 6.0, 13.0, 30.0]),
        st.sampled_from([(56.01, 27.11), (56.06, 27.11), (56.12, 27.16), (56.5, 27.1)]),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


@law
@given(fixes_drawn, st.randoms(use_true_random=False))
def test_the_order_of_fixes_changes_nothing(fixes: list[Displaced], random) -> None:
    order = random.sample(range(len(fixes)), len(fixes))
    first, second = events(fixes), events([fixes[row] for row in order])
    for name in Events._fields[:-1]:
        assert getattr(second, name).tolist() == getattr(first, name).tolist()
    assert second.event.tolist() == first.event[order].tolist()


@law
@given(fixes_drawn)
def test_what_holds_for_every_event(fixes: list[Displaced]) -> None:
    event = events(fixes)
    for number in range(event.lon.size):
        own = [fix for fix, event in zip(fixes, event.event, strict=True) if event == number]
        assert event.fixes[number] == len(own)
        assert event.ships[number] == len({fix[0] for fix in own}) >= 3
        assert any(fix[4] for fix in own)
        assert event.began_us[number] == min(fix[1] for fix in own) * HOUR_US
        assert event.ended_us[number] == max(fix[1] for fix in own) * HOUR_US
    began = event.began_us.tolist()
    assert began == sorted(began)


# Crowds.


def crowds(glimpses: list[float], stays: list[float], days: float) -> list[int]:
    """The crowd of each glimpse, from the days at which calls began."""
    at = np.array([*glimpses, *stays])
    is_glimpse = np.arange(at.size) < len(glimpses)
    order = np.argsort(at, kind="stable")
    at_us = (at[order] * DAY_US).astype(np.int64)
    event = find_crowds(at_us, is_glimpse[order], int(days * DAY_US))
    assert (event[~is_glimpse[order]] == -1).all()
    return event[is_glimpse[order]].tolist()


QUIET = [1.0, 9.0, 17.0, 25.0]
BURST = [20.0, 20.1, 20.3, 20.4, 20.6]


EVERY_HOUR = [hour / 24 for hour in range(28 * 24)]
EVERY_DAY = [day + part for day in range(28) for part in (0.1, 0.3, 0.6, 0.8)]
STAYING = [20.0 + number / 40 for number in range(30)]
CROWDS: dict[str, tuple[list[float], list[float], float, list[int]]] = {
    "usual traffic": (EVERY_DAY, [], 28, [-1] * 112),
    "a quiet port": (QUIET, [], 28, [-1] * 4),
    "a burst at a quiet port": (BURST, QUIET, 28, [0] * 5),
    "a burst after two glimpses": ([*QUIET[:2], *BURST], QUIET[2:], 28, [-1, -1, 0, 0, 0, 0, 0]),
    "two ships where none ever comes": ([20.0, 20.1], [], 4_000, [-1, -1]),
    "a burst at a busy port": (
        *([*EVERY_HOUR[::4], 20.001, 20.002, 20.003], [h for h in EVERY_HOUR if h * 24 % 4]),
        *(28, [-1] * 171),
    ),
    "arrivals that stay": ([], [*QUIET, *BURST], 28, []),
    "glimpses beside arrivals that stay": ([20.2, 20.4, 20.6], [*QUIET, *STAYING], 28, [-1] * 3),
    "bursts days apart": ([*BURST, *(at + 100 for at in BURST)], [], 2_000, [0] * 5 + [1] * 5),
    "no call": ([], [], 28, []),
}


@pytest.mark.parametrize("case", CROWDS)
def test_the_crowd_of_each_glimpse(case: str) -> None:
    glimpses, stays, days, expected = CROWDS[case]
    assert crowds(glimpses, stays, days) == expected
