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
from tests.build.tracks import PLACES, always, calls_of, hour, judged, seen_at, together, voyage

EVERY = ("10s", "1min", "6min", "10min", "20min", "1h")
IMO, OTHER_IMO = 2000105, 2000117


def later(fixes: pd.DataFrame, by: str) -> pd.DataFrame:
    return fixes.assign(reported_at=fixes["reported_at"] + pd.Timedelta(by))


def tanker(every: str, imo: int = 0) -> pd.DataFrame:
    """She calls at A from the sea."""
    return voyage("6h, A berth@12 26h, sea@12 4h", every=every, imo=imo)


def coaster(every: str, imo: int = 0) -> pd.DataFrame:
    """She calls at B from the east, at other times of the minute."""
    legs = "east sea > 3h, B berth@9 30h, east sea@9 10h"
    return later(voyage(legs, every=every, imo=imo), "37s")


def liner(every: str) -> pd.DataFrame:
    """She sails to and fro in the upper Gulf."""
    return later(voyage("far > 1h, upper gulf@14 20h, far@14 20h", every=every), "17s")


def westbound(every: str) -> pd.DataFrame:
    """She sails the tanker's way against her and calls at D, beside A."""
    return later(voyage("east sea > 2h, sea@11 20h, D berth@10 20h", every=every), "37s")


def outbound(every: str) -> pd.DataFrame:
    """She lies in a berth of A, leaves, and sails away."""
    return voyage("A berth@12 14h, sea@12 30h", every=every)


def inbound(every: str) -> pd.DataFrame:
    """She comes by the same lane while the other sails away, and lies in another berth."""
    fixes = later(voyage("17h, A berth@11 20h", every=every), "37s")
    in_berth = fixes["sog_kn"].lt(0.5) & fixes["lon"].gt(51.9)
    return fixes.assign(lat=fixes["lat"].add(0.004 * in_berth).round(5))


def with_echoes(every: str, minutes: list[int], share: float) -> pd.DataFrame:
    """The tanker, with a share of its fixes again, each late by one of several receivers."""
    fixes, rng = tanker(every), np.random.default_rng(1)
    again = fixes[rng.random(len(fixes)) < share]
    lag = pd.to_timedelta(rng.choice(np.array(minutes), len(again)), unit="min")
    again = again.assign(reported_at=again["reported_at"] + lag)
    in_time = again["reported_at"].between(*fixes["reported_at"].agg(["min", "max"]))
    return together(fixes, again[in_time])


def one_of_two_late(every: str, hours: float) -> pd.DataFrame:
    """Half of the tanker's fixes late, by one of two receivers."""
    fixes = tanker(every)
    is_late = np.random.default_rng(2).random(len(fixes)) < 0.5
    return fixes.assign(
        reported_at=fixes["reported_at"] + pd.to_timedelta(hours * is_late, unit="h")
    )


def far_one_of_two_late(every: str, hours: float, seed: int, imo: int = 0) -> pd.DataFrame:
    """The same of a tanker from far away."""
    legs = "far > 0.5h, sea@12, A berth@12 40h, sea@12, far@12"
    fixes = voyage(legs, every=every, imo=imo)
    is_late = np.random.default_rng(seed).random(len(fixes)) < 0.5
    return fixes.assign(
        reported_at=fixes["reported_at"] + pd.to_timedelta(hours * is_late, unit="h")
    )


def frozen(every: str, hours: float, when: str) -> pd.DataFrame:
    """The tanker, its place held: in the berth after or before the stay, or on the way to it."""
    fixes = tanker(every)
    noise = np.random.default_rng(3).normal(0.0, 1e-4, (2, len(fixes)))
    fixes = fixes.assign(
        lon=(fixes["lon"] + noise[0]).round(5), lat=(fixes["lat"] + noise[1]).round(5)
    )
    in_berth = fixes["lon"].sub(PLACES["A berth"][0]).abs().lt(1e-3) & fixes["sog_kn"].lt(0.5)
    stay = fixes[in_berth]
    arrived, left = stay["reported_at"].iloc[[0, -1]]
    length = pd.Timedelta(hours=hours)
    begin, end = (left, left + length) if when == "after" else (arrived - length, arrived)
    held = fixes["reported_at"].between(begin, end)
    if when == "under way":
        held &= fixes["reported_at"].between(begin, end, inclusive="neither")
        place = fixes[fixes["reported_at"] <= begin].iloc[-1]
    else:
        place = stay.iloc[-1 if when == "after" else 0]
        fixes = fixes.assign(sog_kn=fixes["sog_kn"].mask(held, 0.0).astype(np.float32))
    columns = ("lon", "lat", "port", "area")
    return fixes.assign(
        **{c: fixes[c].mask(held, place[c]).astype(fixes[c].dtype) for c in columns}
    )


def frozen_on_passage(every: str) -> pd.DataFrame:
    """A tanker from far away, her place held for 3.5 h up to 100 minutes before she berths."""
    fixes = voyage("far > 0.5h, sea@12, A berth@12 26h, sea@12, far@12", every=every)
    arrived = fixes.loc[fixes["sog_kn"].lt(0.5) & fixes["lon"].gt(51.9), "reported_at"].iloc[0]
    end = arrived - pd.Timedelta("100min")
    begin = end - pd.Timedelta("3.5h")
    place = fixes[fixes["reported_at"] <= begin].iloc[-1]
    held = fixes["reported_at"].between(begin, end, inclusive="neither")
    columns = ("lon", "lat", "port", "area")
    return fixes.assign(
        **{c: fixes[c].mask(held, place[c]).astype(fixes[c].dtype) for c in columns}
    )


def displaced(fixes: pd.DataFrame, begin_h: float, end_h: float, every: str) -> pd.DataFrame:
    """The ship shown in a berth of B from one hour to another, and nowhere else."""
    step_h = pd.Timedelta(every) / pd.Timedelta("1h")
    rest = fixes[~fixes["reported_at"].between(hour(begin_h), hour(end_h))]
    return together(rest, seen_at("B berth", np.arange(begin_h + 0.01, end_h, step_h)))


A, B, D = ("IRAAA", "berth"), ("IRBBB", "berth"), ("IRDDD", "berth")
SCENARIOS: dict[str, tuple[Callable[[str], pd.DataFrame], list[tuple[str, str]]]] = {
    "one ship": (tanker, [A]),
    "two hulls": (lambda e: together(tanker(e), coaster(e)), [A, B]),
    "two IMO numbers": (lambda e: together(tanker(e, IMO), coaster(e, OTHER_IMO)), [A, B]),
    "one IMO number known": (lambda e: together(tanker(e, IMO), coaster(e)), [A, B]),
    "three hulls": (lambda e: together(tanker(e), coaster(e), liner(e)), [A, B]),
    "two hulls against each other": (lambda e: together(tanker(e), westbound(e)), [A, D]),
    "two hulls that meet in a lane": (lambda e: together(outbound(e), inbound(e)), [A, A]),
    "copies 14 minutes late": (lambda e: with_echoes(e, [14], 0.5), [A]),
    "copies 95 minutes early": (lambda e: with_echoes(e, [-95], 0.25), [A]),
    "copies 3.5 hours late": (lambda e: with_echoes(e, [210], 0.5), [A]),
    "copies by five clocks": (lambda e: with_echoes(e, [14, 32, 55, 80, 110], 0.04), [A]),
    "copies by three late clocks": (lambda e: with_echoes(e, [180, 200, 220], 0.9), [A]),
    "one of two receivers 3.5 hours late": (lambda e: one_of_two_late(e, 3.5), [A]),
    "one of two receivers 4.5 hours late": (lambda e: far_one_of_two_late(e, 4.5, 1), [A]),
    "one of two receivers 8 hours late": (lambda e: far_one_of_two_late(e, 8, 1), [A]),
    "one of two receivers 3.5 hours early": (lambda e: far_one_of_two_late(e, -3.5, 0), [A]),
    "the same, known, 4.5 hours late": (lambda e: far_one_of_two_late(e, 4.5, 8, IMO), [A]),
    "the same, known, 8 hours early": (lambda e: far_one_of_two_late(e, -8, 4, IMO), [A]),
    "frozen for 1.5 h after the stay": (lambda e: frozen(e, 1.5, "after"), [A]),
    "frozen for 3 h after the stay": (lambda e: frozen(e, 3, "after"), [A]),
    "frozen for 1.5 h before the stay": (lambda e: frozen(e, 1.5, "before"), [A]),
    "frozen for 1.5 h under way": (lambda e: frozen(e, 1.5, "under way"), [A]),
    "frozen for 2.5 h under way": (lambda e: frozen(e, 2.5, "under way"), [A]),
    "frozen for 3.5 h on passage": (frozen_on_passage, [A]),
    "in a false berth for an hour": (lambda e: displaced(tanker(e), 2, 3, e), [A]),
    "in a false berth out of another": (lambda e: displaced(tanker(e), 14, 28, e), [A]),
    "in a false berth, at anchor": (lambda e: displaced(voyage("60h", every=e), 12, 40, e), []),
}


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_calls_do_not_depend_on_how_often_a_ship_reports(scenario: str, every: str) -> None:
    received, expected = SCENARIOS[scenario]
    calls = calls_of(received(every), heard=always())
    counted = calls.loc[calls["confidence"] >= 2, ["port_id", "area_kind"]]
    assert sorted(counted.itertuples(index=False, name=None)) == expected


@pytest.mark.parametrize("every", EVERY)
def test_an_arrival_is_known_to_one_interval(every: str) -> None:
    first = calls_of(tanker("10s"))["arrived_at"][0]
    arrived = calls_of(tanker(every))["arrived_at"][0]
    assert first <= arrived < first + pd.Timedelta(every)


@pytest.mark.parametrize("every", EVERY)
def test_anchoring_and_the_times_at_the_berth_are_known_to_one_interval(every: str) -> None:
    def times(every: str) -> pd.Series:
        legs = "6h, A anchorage@12 20h, A berth@8 26h, A anchorage@8 15h, sea@12 4h"
        return calls_of(voyage(legs, every=every)).iloc[0]

    true, known, interval = times("10s"), times(every), pd.Timedelta(every)
    for name in ("anchored_at", "berthed_at"):
        assert true[name] <= known[name] < true[name] + interval, name
    assert true["unberthed_at"] - interval < known["unberthed_at"] <= true["unberthed_at"]


@pytest.mark.parametrize("every", ["10s", "10min"])
def test_the_reasons_of_copies_and_frozen_places(every: str) -> None:
    copies = judged(with_echoes(every, [210], 0.3))
    assert set(copies.loc[copies["verdict"] == IMPLAUSIBLE, "reason"]) <= {CLOCK, FROZEN}
    held = judged(frozen(every, 2, "after"))
    assert set(held.loc[held["verdict"] == IMPLAUSIBLE, "reason"]) == {FROZEN}
    assert "still reported" in str(REASONS[FROZEN])
