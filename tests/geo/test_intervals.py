"""The law of the reporting interval: how often a ship reports changes no verdict and no call.

Each scenario is the same voyage, pair of voyages or fault of reception, heard at intervals from 10
seconds to an hour. The calls are compared by port, kind and number, their arrival to one interval.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from geo.plausibility import CLOCK, FROZEN, IMPLAUSIBLE, REASONS
from tests.build.tracks import (
    PLACES,
    always,
    calls_of,
    hour,
    judged,
    lie,
    sail,
    seen_at,
    together,
    voyage,
)

EVERY = ("10s", "1min", "6min", "10min", "20min", "1h")
IMO, OTHER_IMO = 2000105, 2000117
NEVER = pd.Timedelta(0)


def tanker(every: str, imo: int = 0) -> pd.DataFrame:
    """She calls at A from the sea."""
    legs = (lie(6), sail("A berth", 12), lie(26), sail("sea", 12), lie(4))
    return voyage(*legs, every=every, imo=imo)


def coaster(every: str, imo: int = 0) -> pd.DataFrame:
    """She calls at B from the east, at other times of the minute."""
    legs = (lie(3), sail("B berth", 9), lie(30), sail("east sea", 9), lie(10))
    return later(voyage(*legs, start="east sea", every=every, imo=imo), "37s")


def liner(every: str) -> pd.DataFrame:
    """She sails to and fro in the upper Gulf."""
    legs = (lie(1), sail("upper gulf", 14), lie(20), sail("far", 14), lie(20))
    return later(voyage(*legs, start="far", every=every), "17s")


def westbound(every: str) -> pd.DataFrame:
    """She sails the tanker's way against her and calls at D, beside A."""
    legs = (lie(2), sail("sea", 11), lie(20), sail("D berth", 10), lie(20))
    return later(voyage(*legs, start="east sea", every=every), "37s")


def outbound(every: str) -> pd.DataFrame:
    """She lies in a berth of A, leaves, and sails away."""
    legs = (sail("A berth", 12), lie(14), sail("sea", 12), lie(30))
    return voyage(*legs, every=every)


def inbound(every: str) -> pd.DataFrame:
    """She comes by the same lane while the other sails away, and lies in another berth."""
    legs = (lie(17), sail("A berth", 11), lie(20))
    found = later(voyage(*legs, every=every), "37s")
    in_berth = found["sog_kn"].lt(0.5) & found["lon"].gt(51.9)
    return found.assign(lat=found["lat"].add(0.004 * in_berth).round(5))


def later(fixes: pd.DataFrame, by: str) -> pd.DataFrame:
    """The fixes at later times."""
    return fixes.assign(reported_at=fixes["reported_at"] + pd.Timedelta(by))


def echoes(fixes: pd.DataFrame, minutes: list[int], share: float) -> pd.DataFrame:
    """A share of the fixes again, each so many minutes late by one of several receivers."""
    rng = np.random.default_rng(1)
    again = fixes[rng.random(len(fixes)) < share]
    lag = pd.to_timedelta(rng.choice(np.array(minutes), len(again)), unit="min")
    again = again.assign(reported_at=again["reported_at"] + lag)
    return again[again["reported_at"].between(*fixes["reported_at"].agg(["min", "max"]))]


def one_of_two_late(fixes: pd.DataFrame, hours: float) -> pd.DataFrame:
    """Half of the fixes late, by one of two receivers."""
    is_late = np.random.default_rng(2).random(len(fixes)) < 0.5
    return fixes.assign(
        reported_at=fixes["reported_at"] + pd.to_timedelta(hours * is_late, unit="h")
    )


def moored_with_noise(fixes: pd.DataFrame) -> pd.DataFrame:
    """The fixes with some metres of noise, as any receiver has."""
    lon, lat = np.random.default_rng(3).normal(0.0, 1e-4, (2, len(fixes)))
    return fixes.assign(
        lon=(fixes["lon"] + lon).round(5),
        lat=(fixes["lat"] + lat).round(5),
    )


def frozen(fixes: pd.DataFrame, hours: float, *, after: bool) -> pd.DataFrame:
    """The place in the berth of A held for hours after the stay, or before it."""
    fixes = moored_with_noise(fixes)
    in_berth = fixes["lon"].sub(PLACES["A berth"][0]).abs().lt(1e-3) & fixes["sog_kn"].lt(0.5)
    stay = fixes[in_berth]
    begin, end = stay["reported_at"].iloc[[0, -1]]
    length = pd.Timedelta(hours=hours)
    held = fixes["reported_at"].between(
        *((end, end + length) if after else (begin - length, begin))
    )
    place = stay.iloc[-1 if after else 0][["lon", "lat", "port", "area"]]
    return fixes.assign(
        **{
            name: fixes[name].mask(held, place[name]).astype(fixes[name].dtype)
            for name in place.index
        },
        sog_kn=fixes["sog_kn"].mask(held, 0.0).astype(np.float32),
    )


def frozen_under_way(fixes: pd.DataFrame, hours: float) -> pd.DataFrame:
    """The place held on the way in, from so many hours before the first fix in the berth of A."""
    fixes = moored_with_noise(fixes)
    in_berth = fixes["lon"].sub(PLACES["A berth"][0]).abs().lt(1e-3) & fixes["sog_kn"].lt(0.5)
    end = fixes.loc[in_berth, "reported_at"].iloc[0]
    begin = end - pd.Timedelta(hours=hours)
    place = fixes[fixes["reported_at"] <= begin].iloc[-1]
    held = fixes["reported_at"].between(begin, end, inclusive="neither")
    return fixes.assign(
        **{
            name: fixes[name].mask(held, place[name]).astype(fixes[name].dtype)
            for name in ("lon", "lat", "port", "area")
        }
    )


def thrown(
    fixes: pd.DataFrame, place: str, begin_h: float, end_h: float, every: str
) -> pd.DataFrame:
    """The ship shown at a place from one hour to another, and nowhere else."""
    step_h = pd.Timedelta(every) / pd.Timedelta("1h")
    rest = fixes[~fixes["reported_at"].between(hour(begin_h), hour(end_h))]
    return together(rest, seen_at(place, np.arange(begin_h + 0.01, end_h, step_h)))


ONE_CALL = [("IRAAA", "berth")]
TWO_CALLS = [("IRAAA", "berth"), ("IRBBB", "berth")]
SCENARIOS: dict[str, tuple[Callable[[str], pd.DataFrame], list[tuple[str, str]]]] = {
    "one ship": (tanker, ONE_CALL),
    "two hulls, no IMO number": (lambda e: together(tanker(e), coaster(e)), TWO_CALLS),
    "two hulls, two IMO numbers": (
        lambda e: together(tanker(e, IMO), coaster(e, OTHER_IMO)),
        TWO_CALLS,
    ),
    "two hulls, one IMO number known": (
        lambda e: together(tanker(e, IMO), coaster(e)),
        TWO_CALLS,
    ),
    "three hulls": (lambda e: together(tanker(e), coaster(e), liner(e)), TWO_CALLS),
    "two hulls against each other": (
        lambda e: together(tanker(e), westbound(e)),
        [("IRAAA", "berth"), ("IRDDD", "berth")],
    ),
    "two hulls that meet in a lane": (
        lambda e: together(outbound(e), inbound(e)),
        [("IRAAA", "berth"), ("IRAAA", "berth")],
    ),
    "copies 14 minutes late": (
        lambda e: together(tanker(e), echoes(tanker(e), [14], 0.5)),
        ONE_CALL,
    ),
    "copies 95 minutes early": (
        lambda e: together(tanker(e), echoes(tanker(e), [-95], 0.25)),
        ONE_CALL,
    ),
    "copies 3.5 hours late": (
        lambda e: together(tanker(e), echoes(tanker(e), [210], 0.5)),
        ONE_CALL,
    ),
    "copies by five clocks": (
        lambda e: together(tanker(e), echoes(tanker(e), [14, 32, 55, 80, 110], 0.04)),
        ONE_CALL,
    ),
    "one of two receivers 3.5 hours late": (
        lambda e: one_of_two_late(tanker(e), 3.5),
        ONE_CALL,
    ),
    "frozen for 1.5 h after the stay": (
        lambda e: frozen(tanker(e), 1.5, after=True),
        ONE_CALL,
    ),
    "frozen for 3 h after the stay": (lambda e: frozen(tanker(e), 3, after=True), ONE_CALL),
    "frozen for 1.5 h before the stay": (
        lambda e: frozen(tanker(e), 1.5, after=False),
        ONE_CALL,
    ),
    "frozen for 1.5 h under way": (lambda e: frozen_under_way(tanker(e), 1.5), ONE_CALL),
    "frozen for 2.5 h under way": (lambda e: frozen_under_way(tanker(e), 2.5), ONE_CALL),
    "thrown to a berth for an hour": (
        lambda e: thrown(tanker(e), "B berth", 2, 3, e),
        ONE_CALL,
    ),
    "thrown to a berth out of another": (
        lambda e: thrown(tanker(e), "B berth", 14, 28, e),
        ONE_CALL,
    ),
    "at anchor far off, thrown to a berth": (
        lambda e: thrown(voyage(lie(60), every=e), "B berth", 12, 40, e),
        [],
    ),
}


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_calls_do_not_depend_on_how_often_a_ship_reports(scenario: str, every: str) -> None:
    heard, expected = SCENARIOS[scenario]
    calls = calls_of(heard(every), heard=always())
    counted = calls[calls["confidence"] >= 2]
    found = sorted(counted[["port_id", "area_kind"]].itertuples(index=False, name=None))
    assert found == expected


@pytest.mark.parametrize("every", EVERY)
def test_an_arrival_is_known_to_one_interval(every: str) -> None:
    first = calls_of(tanker("10s"))["arrived_at"][0]
    found = calls_of(tanker(every))["arrived_at"][0]
    assert first <= found < first + pd.Timedelta(every)


@pytest.mark.parametrize("every", ["10s", "10min"])
def test_what_copies_and_frozen_places_are_is_told(every: str) -> None:
    late = judged(together(tanker(every), echoes(tanker(every), [210], 0.3)))
    assert set(late.loc[late["verdict"] == IMPLAUSIBLE, "reason"]) <= {CLOCK, FROZEN}
    held = judged(frozen(tanker(every), 2, after=True))
    assert set(held.loc[held["verdict"] == IMPLAUSIBLE, "reason"]) == {FROZEN}
    assert "still reported" in str(REASONS[FROZEN])
