"""Ships thrown to one place at one time, and crowds that no port sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.interference import CELL_DEG, WINDOW_US, Events, find_crowds, find_interference, reach_m
from tests.build.drawn import law

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
QUAY = (56.01, 27.11)

Thrown = tuple[int, float, float, float, bool]
"""A displaced fix: ship, hours, lon, lat, and whether it is certain."""


def thrown(*ships: int, hours: float = 0.0, east: float = 0.0, sure: bool = True) -> list[Thrown]:
    """One fix of each ship at a time, so many degrees east of the quay."""
    return [(ship, hours, QUAY[0] + east, QUAY[1], sure) for ship in ships]


def events(*fixes: list[Thrown]) -> Events:
    """The events in displaced fixes."""
    rows = [fix for some in fixes for fix in some]
    mmsi, hours, lon, lat, sure = (list(column) for column in zip(*rows, strict=True))
    return find_interference(
        np.array(mmsi, dtype=np.int64),
        np.rint(np.array(hours) * HOUR_US).astype(np.int64),
        np.array(lon),
        np.array(lat),
        np.array(sure, dtype=np.bool_),
    )


# Events.


def test_three_ships_thrown_to_one_place_are_an_event() -> None:
    found = events(thrown(1, 2), thrown(3, hours=2, east=0.01), thrown(2, hours=1))
    assert found.ships.tolist() == [3]
    assert found.fixes.tolist() == [4]
    assert found.event.tolist() == [0, 0, 0, 0]
    assert (found.began_us[0], found.ended_us[0]) == (0, 2 * HOUR_US)
    assert (found.lon[0], found.lat[0]) == pytest.approx(QUAY)
    assert found.radius_m[0] == pytest.approx(990, abs=5)


@pytest.mark.parametrize("fixes", [1, 100])
def test_two_ships_are_none_however_often_they_are_thrown(fixes: int) -> None:
    found = events(*(thrown(1, 2, hours=number / 100) for number in range(fixes)))
    assert found.lon.size == 0
    assert (found.event == -1).all()


def test_no_displaced_fix_is_no_event() -> None:
    nothing = np.empty(0)
    whole = nothing.astype(np.int64)
    found = find_interference(whole, whole, nothing, nothing, nothing.astype(np.bool_))
    assert [column.size for column in found] == [0] * 8
    assert [column.dtype.kind for column in found] == ["f"] * 3 + ["i"] * 5


def test_neighbouring_places_and_times_in_a_chain_are_one_event() -> None:
    chain = [
        thrown(1, 2, 3, hours=step * WINDOW_US / HOUR_US, east=step * CELL_DEG) for step in range(6)
    ]
    found = events(*chain)
    assert found.ships.tolist() == [3]
    assert found.fixes.tolist() == [18]
    assert found.ended_us[0] == 5 * WINDOW_US


def test_one_ship_beside_an_event_belongs_to_it_and_carries_it_no_further() -> None:
    trail = [thrown(4, east=step * CELL_DEG) for step in (1, 2, 3)]
    assert events(thrown(1, 2, 3), *trail).event.tolist() == [0, 0, 0, 0, 0, -1]


def test_places_fifty_kilometres_apart_are_two_events() -> None:
    found = events(thrown(1, 2, 3), thrown(1, 2, 3, hours=1, east=0.5))
    assert found.ships.tolist() == [3, 3]
    assert found.event.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_day_apart_are_two_events_in_order_of_time() -> None:
    found = events(thrown(1, 2, 3, hours=30), thrown(1, 2, 3))
    assert found.event.tolist() == [1, 1, 1, 0, 0, 0]
    assert found.began_us.tolist() == [0, 30 * HOUR_US]


def test_fixes_that_ships_can_have_made_are_no_event_by_themselves() -> None:
    assert events(thrown(1, 2, 3, sure=False)).lon.size == 0
    found = events(thrown(1, 2, sure=False), thrown(3))
    assert found.ships.tolist() == [3]
    assert found.event.tolist() == [0, 0, 0]


def test_the_place_of_an_event_is_not_moved_by_a_few_scattered_fixes() -> None:
    found = events(*(thrown(ship, hours=ship / 10) for ship in range(1, 31)), thrown(31, east=0.06))
    assert (found.lon[0], found.lat[0]) == pytest.approx(QUAY)
    assert found.radius_m[0] == 0.0
    assert found.ships[0] == 31


def test_the_radius_holds_nearly_all() -> None:
    lat = 27.0 + np.arange(100) / 1000
    assert reach_m(np.full(100, 56.0), lat, 56.0, 27.0) == pytest.approx(94 * 111.2, abs=5)


displaced = st.lists(
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
@given(displaced, st.randoms(use_true_random=False))
def test_the_order_of_fixes_changes_nothing(fixes: list[Thrown], random) -> None:
    order = random.sample(range(len(fixes)), len(fixes))
    one, other = events(fixes), events([fixes[row] for row in order])
    for name in Events._fields[:-1]:
        assert getattr(other, name).tolist() == getattr(one, name).tolist()
    assert other.event.tolist() == one.event[order].tolist()


@law
@given(displaced)
def test_what_holds_for_every_event(fixes: list[Thrown]) -> None:
    found = events(fixes)
    for number in range(found.lon.size):
        mine = [fix for fix, event in zip(fixes, found.event, strict=True) if event == number]
        assert found.fixes[number] == len(mine)
        assert found.ships[number] == len({fix[0] for fix in mine}) >= 3
        assert any(fix[4] for fix in mine)
        assert found.began_us[number] == min(fix[1] for fix in mine) * HOUR_US
        assert found.ended_us[number] == max(fix[1] for fix in mine) * HOUR_US
    began = found.began_us.tolist()
    assert began == sorted(began)


# Crowds.


def crowds(glimpses: list[float], stays: list[float], days: float) -> list[int]:
    """The crowd of each glimpse, from the days at which calls began."""
    at = np.array([*glimpses, *stays])
    is_glimpse = np.arange(at.size) < len(glimpses)
    order = np.argsort(at, kind="stable")
    at_us = (at[order] * DAY_US).astype(np.int64)
    found = find_crowds(at_us, is_glimpse[order], int(days * DAY_US))
    assert (found[~is_glimpse[order]] == -1).all()
    return found[is_glimpse[order]].tolist()


QUIET = [1.0, 9.0, 17.0, 25.0]
BURST = [20.0, 20.1, 20.3, 20.4, 20.6]


def test_usual_traffic_is_no_crowd() -> None:
    every_day = [day + part for day in range(28) for part in (0.1, 0.3, 0.6, 0.8)]
    assert set(crowds(every_day, [], 28)) == {-1}
    assert set(crowds(QUIET, [], 28)) == {-1}


def test_a_burst_of_glimpses_at_a_quiet_port_is_a_crowd() -> None:
    assert crowds(BURST, QUIET, 28) == [0] * 5
    assert crowds([*QUIET[:2], *BURST], QUIET[2:], 28) == [-1, -1, 0, 0, 0, 0, 0]


def test_two_ships_at_once_are_no_crowd_even_where_none_ever_comes() -> None:
    assert crowds([20.0, 20.1], [], 4_000) == [-1, -1]


def test_a_burst_at_a_busy_port_is_no_crowd() -> None:
    every_hour = [hour / 24 for hour in range(28 * 24)]
    glimpsed, seen = every_hour[::4], [at for at in every_hour if at not in every_hour[::4]]
    assert set(crowds([*glimpsed, 20.001, 20.002, 20.003], seen, 28)) == {-1}


def test_arrivals_after_a_storm_that_stay_are_no_crowd() -> None:
    assert crowds([], [*QUIET, *BURST], 28) == []
    many_stay = [20.0 + number / 40 for number in range(30)]
    assert crowds([20.2, 20.4, 20.6], [*QUIET, *many_stay], 28) == [-1, -1, -1]


def test_bursts_days_apart_are_two_crowds() -> None:
    again = [at + 100 for at in BURST]
    assert crowds([*BURST, *again], [], 2_000) == [0] * 5 + [1] * 5


def test_no_call_is_no_crowd() -> None:
    assert crowds([], [], 28) == []
