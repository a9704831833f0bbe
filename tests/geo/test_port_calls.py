"""Each rule of a port call, under dense, hourly and six-hourly reception."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flows.home.rules import rule
from geo.fences import BERTH, LAND
from geo.port_calls import COLUMNS, find_port_calls
from tests.build.tracks import (
    PORT_IDS,
    SERVES,
    START,
    always,
    calls_of,
    fixes_at,
    hour,
    judged,
    seen,
    seen_at,
    shown,
    voyage,
)

DENSE = ("1min", "5min", "10min")
HEARD_H = int(rule("heard_within_h"))
ANY = ("5min", "10min", "1h", f"{HEARD_H}h")
TEN = ("10min",)
A_BERTH, A_ANCHORAGE = ("IRAAA", "berth", 4), ("IRAAA", "anchorage", 4)
D_BERTH, ROADS = ("IRDDD", "berth", 4), ("IRRDS", "anchorage", 4)
A_UNSURE = ("IRAAA", "berth", 3)
UNKNOWN = ("true", "none")
STUCK = (2.1, 3.0, 12.0)

VOYAGES = [
    ("berth", ANY, UNKNOWN, "A berth 30h, sea", [A_BERTH]),
    ("anchorage", ANY, UNKNOWN, "A anchorage 15h, sea", [A_ANCHORAGE]),
    ("limit only", ANY, UNKNOWN, "A limit 15h, sea", [A_ANCHORAGE]),
    ("roads", ANY, UNKNOWN, "roads 15h, sea", [ROADS]),
    ("anchorage, berth", ANY, UNKNOWN, "A anchorage 30h, A berth 30h, sea", [A_BERTH]),
    ("passes", DENSE, (*UNKNOWN, 0.0), "A berth@9, A anchorage@9, far@9", []),
    ("pilot stop", DENSE, UNKNOWN, "A limit 0.75h, sea", []),
    ("over an hour", DENSE, UNKNOWN, "A limit 1.3h, sea", [A_ANCHORAGE]),
    ("under an hour in a berth", DENSE, UNKNOWN, "A berth 0.6h, sea", [A_BERTH]),
    ("outside the limit", ANY, UNKNOWN, "off A 40h, sea", []),
    ("turns", TEN, ("none",), "A limit > A anchorage@9, A limit@9, A anchorage@9, A limit@9", []),
    ("slows down", TEN, ("true",), "A limit 0.9h, A anchorage@3, sea", []),
    ("drifts", TEN, ("true",), "A edge > A anchorage@0.9, sea", []),
    ("slow", TEN, (3.0,), "A limit@3, A anchorage@3, A limit@3, sea@3", []),
    ("speed stuck, berth", ("10s", "10min", "30min", "1h"), STUCK, "A berth 30h, sea", [A_BERTH]),
    ("speed stuck", ("10s", "30min", "1h"), STUCK, "A anchorage 30h, sea", [A_ANCHORAGE]),
    ("just left", TEN, ("true",), "A berth 30h, off A", [A_BERTH]),
    ("begins in port", ("1h",), ("true",), "A berth > 20h, sea", [A_UNSURE]),
    ("under way", ANY, ("true",), "A berth 30h", [A_UNSURE]),
    ("6 h out", ("5min", "1h"), ("true",), "A berth 30h, off A 6h, A berth 30h, sea", [A_BERTH]),
    ("15 h out", TEN, ("true",), "A berth 9h, off A 15h, A berth 9h, sea", [A_BERTH] * 2),
    (
        *("a call elsewhere between", TEN, ("true",)),
        *("A berth 30h, D berth@15 3h, A berth@15 30h, sea", [A_BERTH, D_BERTH, A_BERTH]),
    ),
    ("a port between", TEN, ("true",), "A berth 9h, D berth@15, A berth@15 9h, sea", [A_BERTH]),
    (
        *("roads of another port", ("1h",), ("true",)),
        *("roads@12 30h, B berth 30h, sea", [ROADS, ("IRBBB", "berth", 4)]),
    ),
    ("roads twice", TEN, ("true",), "roads 20h, A anchorage 20h, A berth 20h, sea", [A_BERTH]),
    ("roads between", TEN, ("true",), "A berth 20h, roads 40h, A berth 20h, sea", [A_BERTH]),
]


@pytest.mark.parametrize(
    ("legs", "every", "sog", "expected"),
    [
        pytest.param(legs, every, sog, expected, id=f"{name}-{every}-{sog}")
        for name, intervals, speeds, legs, expected in VOYAGES
        for every in intervals
        for sog in speeds
    ],
)
def test_the_calls_of_a_voyage(
    legs: str, every: str, sog: float | str, expected: list[Any]
) -> None:
    calls = calls_of(voyage(legs, every=every, sog=sog))
    assert shown(calls) == expected
    assert calls["berthed_at"].notna().tolist() == [kind == "berth" for _, kind, _ in expected]


@pytest.mark.parametrize("every", ["1h", "6h"])
@pytest.mark.parametrize("sog", ["true", "none", 0.0])
def test_sailing_through_heard_thinly_is_contested_at_most(every: str, sog: str | float) -> None:
    calls = calls_of(voyage("A berth@9, A anchorage@9, far@9", every=every, sog=sog))
    assert (calls["confidence"] == 1).all()


def test_a_ship_at_anchor_swings_and_reports_up_to_a_knot() -> None:
    hours = np.arange(0, 20, 1 / 6)
    turn = 2 * np.pi * hours / 12.4
    lon, lat = 52.05 + 0.004 * np.sin(turn), 27.0 + 0.003 * np.cos(turn)
    swinging = fixes_at(hour(10), hours, lon, lat, 0.5 + 0.5 * np.sin(hours * 7))
    calls = calls_of(voyage("A limit@20", every="10min"), swinging)
    assert shown(calls) == [("IRAAA", "anchorage", 3)]


LONG = 9 + 24 * 22
UNSEEN = ("IRAAA", "berth", 2)
OUT, OUT_H = "A berth 9 20, off A 30", rule("out_and_back_h")
"""Out at 25 h: half-way to the next fix. Back half-way between 30 h and the fix in the berth."""
THEN = f"A limit {2 * HEARD_H}, sea {3 * HEARD_H}"
FIXES = [
    ("under way at arrival", f"sea 0 @9, A limit {HEARD_H} @8, {THEN}", [A_ANCHORAGE]),
    ("in and out", "sea 0 @10, A limit 5 @10, A limit 25 @10, sea 31 @10", []),
    ("shifts unheard", "sea 0, A limit 10, A anchorage 25", [("IRAAA", "anchorage", 2)]),
    ("neither end seen", "sea 0, A berth 20 21 30, sea 50", [UNSEEN]),
    ("one fix, time for a stop", "sea 0 @9, A berth 20, sea 40 @9", [UNSEEN]),
    ("one fix, no time", "sea 0 @9, A berth 4.5, sea 9 @9", [("IRAAA", "berth", 1)]),
    ("one fix, speed unknown", "sea 0, A berth 20 @nan, sea 40", [("IRAAA", "berth", 1)]),
    ("one moving fix", "sea 0 @9, A berth 20 @8, sea 40 @9", []),
    ("one fix at anchor", "sea 0 @9, A anchorage 20, sea 40", []),
    ("22 days at anchor", f"sea 0, A limit 9 {LONG}", []),
    ("22 days in a berth", f"sea 0, A berth 9 {LONG}", [UNSEEN] * 2),
    ("22 days, speed unknown", f"sea 0, A berth 9 {LONG} @nan", [("IRAAA", "berth", 1)] * 2),
    ("seen in time", f"off A 0, A berth {HEARD_H} 12, off A {12 + HEARD_H}", [A_BERTH]),
    ("too late", f"off A 0, A berth {HEARD_H} 12, off A {12.1 + HEARD_H:.1f}", [A_UNSURE]),
    ("out half an hour less", f"sea 0, {OUT}, A berth {2 * OUT_H + 19} 70, sea 80", [UNSEEN]),
    ("out half an hour more", f"sea 0, {OUT}, A berth {2 * OUT_H + 21} 70, sea 80", [UNSEEN] * 2),
]
"""The limit is crossed half-way between the fixes on its two sides."""


@pytest.mark.parametrize(
    ("fixes", "expected"), [pytest.param(*case[1:], id=case[0]) for case in FIXES]
)
def test_the_calls_of_single_fixes(fixes: str, expected: list[Any]) -> None:
    assert shown(calls_of(seen(fixes))) == expected


# Begin and end.


def test_the_times_of_a_call() -> None:
    fixes = voyage("A berth 30h, sea", every="10min")
    inside = fixes.loc[fixes["port"] == 0, "reported_at"]
    in_berth = fixes.loc[(fixes["area"] == 3) & (fixes["sog_kn"] == 0), "reported_at"]
    call = calls_of(fixes).iloc[0]
    assert (call["arrived_at"], call["departed_at"]) == (inside.iloc[0], inside.iloc[-1])
    assert call["arrived_after"] == inside.iloc[0] - timedelta(minutes=10)
    assert abs(call["berthed_at"] - in_berth.iloc[0]) <= timedelta(minutes=10)
    assert pd.isna(call["departed_by"])
    assert call["fixes"] == len(inside)
    assert call["longest_gap_h"] == pytest.approx(1 / 6)
    assert pd.isna(calls_of(voyage("A berth > 20h, sea", every="1h"))["arrived_after"][0])
    last = calls_of(voyage("A berth 30h", every="1h"))
    assert last[["departed_at", "departed_by"]].isna().all(axis=None)
    unheard = voyage("A berth 30h, ~sea 5h", every="1h")
    call, last_inside = calls_of(unheard).iloc[0], int(np.flatnonzero(unheard["port"] == 0)[-1])
    assert call["departed_at"] == unheard["reported_at"][last_inside]
    assert call["departed_by"] == unheard["reported_at"][last_inside + 1]
    assert call["confidence"] == 3


BERTHED = [
    ("waits, then berths", "A anchorage 20h, A berth 20h, sea", "abr"),
    ("waits in shared roads", "east sea > roads@12 30h, A berth 30h, sea", "abr"),
    ("straight to the berth", "A berth 20h, sea", "br"),
    ("slowly to the berth", "A anchorage, A berth@1.5 20h, sea", "br"),
    ("anchors after the berth", "A berth 20h, A anchorage 20h, sea", "bra"),
    ("anchors only", "A anchorage 20h, sea", "a"),
    ("stops in no anchorage", "A limit 20h, sea", "a"),
    ("two berths of one call", "A berth 9h, A limit, A berth 9h, sea", "br"),
    ("in the berth yet", "A anchorage 20h, A berth 20h", "ab"),
    ("left the berth, not the port", "A berth 20h, A anchorage 0.5h", "br"),
    ("out of the berth unheard", "A berth 20h, -20h, sea", "br"),
]
"""What is seen, in order: a anchored, b berthed, r left the berth."""


@pytest.mark.parametrize(
    ("legs", "order"), [pytest.param(*case[1:], id=case[0]) for case in BERTHED]
)
@pytest.mark.parametrize("every", ["1min", "10min", "1h"])
def test_when_a_ship_anchored_berthed_and_left_the_berth(legs: str, order: str, every: str) -> None:
    fixes = voyage(legs, every=every)
    call = calls_of(fixes).iloc[0]
    names = {"a": "anchored_at", "b": "berthed_at", "r": "unberthed_at"}
    seen_times = {key: call[name] for key, name in names.items() if pd.notna(call[name])}
    assert "".join(sorted(seen_times, key=lambda key: seen_times[key])) == order
    area = fixes.set_index("reported_at")["area"]
    for key, time_ in seen_times.items():
        assert (area[time_] == BERTH) == (key in "br"), key


def test_a_place_beside_the_edge_of_a_berth_is_no_way_out_of_it() -> None:
    berth = voyage("A berth 20h", every="10min")
    beside = berth.assign(area=berth["area"].mask(berth.index == len(berth) - 1, 1))
    assert pd.isna(calls_of(beside)["unberthed_at"][0])


def test_waiting_before_and_after_belongs_to_the_call() -> None:
    before = voyage("east sea > roads@12 30h, A berth 30h, sea", every="1h")
    call = calls_of(before).iloc[0]
    assert call["arrived_at"] == before.loc[before["port"] == 2, "reported_at"].iloc[0]
    assert call["fixes"] == before["port"].isin([0, 2]).sum()
    after = voyage("A berth 20h, roads 20h, east sea", every="10min")
    call = calls_of(after).iloc[0]
    assert call["departed_at"] > call["berthed_at"] + timedelta(hours=40)
    fixes = voyage("A limit, off A 3h, A berth 9h, sea", every="10min")
    first = fixes.loc[fixes["port"] == 0, "reported_at"].iloc[0]
    assert calls_of(fixes)["arrived_at"].tolist() == [first]
    calls = calls_of(voyage("A berth 20h, roads 20h, D berth 20h, sea"))
    assert shown(calls) == [A_BERTH, D_BERTH]
    assert calls["arrived_at"][1] < calls["berthed_at"][1] - timedelta(hours=20)


@pytest.mark.parametrize(
    "legs",
    [
        "roads@12 30h, off A 13h, A berth 9h",
        "roads@12 30h, B limit 13h, A berth 9h",
        "R limit 20h, A berth 20h, sea",
    ],
    ids=["13 h before", "a stop between", "a stop beside the roads"],
)
def test_roads_that_are_a_call_of_their_own(legs: str) -> None:
    places = [call[:2] for call in shown(calls_of(voyage(legs, every="10min")))]
    assert places[0] == ("IRRDS", "anchorage")
    assert places[-1] == ("IRAAA", "berth")


# Silence.


@pytest.mark.parametrize("days", [1, 6.5, 20])
def test_silence_in_an_unheard_port_does_not_end_a_call(days: float) -> None:
    calls = calls_of(voyage(f"A berth 5h, -{24 * days}h, 5h, sea", every="1h"))
    assert shown(calls) == [A_BERTH]
    assert calls["longest_gap_h"][0] == pytest.approx(24 * days, abs=1.01)


def test_a_silence_of_over_21_days_bounds_a_call_and_opens_another() -> None:
    calls = calls_of(voyage("A berth 5h, -528h, 5h, sea", every="1h"))
    assert shown(calls) == [A_UNSURE] * 2
    assert calls["departed_at"][0] < calls["arrived_at"][1] - timedelta(days=21)
    assert calls["departed_by"].isna().all()
    assert calls["arrived_after"].isna().tolist() == [False, True]


HALF, THIRD = ({0: always([0])[0][::step]} for step in (2, 3))


@pytest.mark.parametrize(
    ("days", "heard", "expected"),
    [(6.9, always(), 1), (7.2, always(), 2), (7.2, {}, 1), (16, HALF, 2), (16, THIRD, 1)],
    ids=["under seven days", "over", "not heard", "every second hour", "every third hour"],
)
def test_silence_in_a_heard_port_ends_a_call(days: float, heard: Any, expected: int) -> None:
    """After 168 hours heard, where the ship is next seen in another spot of the port."""
    legs = f"A berth 5h, -{24 * days}h, ~A anchorage 5h, sea"
    assert len(calls_of(voyage(legs, every="1h"), heard=heard)) == expected


@pytest.mark.parametrize("place", ["A berth", "A anchorage"])
@pytest.mark.parametrize("days", [7.2, 20.5])
def test_a_storage_tanker_that_is_heard_seldom_makes_one_call(place: str, days: float) -> None:
    legs = f"{place} > " + f"0.1h, -{24 * days}h, " * 12 + "0.1h"
    calls = calls_of(voyage(legs, every="6min"), heard=always())
    assert calls["departed_at"].isna().tolist() == [True]
    elsewhere = voyage("A berth > 5h, -192h, 5h, sea 24h, A berth 5h", every="1h")
    assert shown(calls_of(elsewhere, heard=always())) == [A_UNSURE] * 2


@pytest.mark.parametrize(
    ("days", "is_heard", "is_open"),
    [(6.9, True, True), (7.3, True, False), (20.9, False, True), (21.1, False, False)],
)
def test_silence_at_the_end_of_the_data(days: float, is_heard: bool, is_open: bool) -> None:
    fixes = voyage("A berth 5h", every="1h")
    last = fixes["reported_at"].max()
    end = last + timedelta(days=days)
    call = calls_of(fixes, end=end, heard=always() if is_heard else {}).iloc[0]
    assert pd.isna(call["departed_at"]) == is_open
    assert is_open or call["departed_at"] == last
    assert pd.isna(call["departed_by"])
    assert call["confidence"] == 3


# Limits and land.


@pytest.mark.parametrize(
    ("way", "lon", "lat", "ports"),
    [
        pytest.param("off A", 0, 26.8895, {0, -1}, id="on the edge of a limit"),
        pytest.param("A-D border", 51.88, 0, {0, 3}, id="on the border of two limits"),
    ],
)
def test_a_ship_that_swings_across_a_limit_makes_one_call(
    way: str, lon: float, lat: float, ports: set[int]
) -> None:
    hours = np.arange(0, 30, 1 / 6)
    swing = 0.003 * np.sin(hours * 0.9)
    swinging = fixes_at(hour(20), hours, lon + swing if lon else 52.0, lat + swing if lat else 27.0)
    assert set(swinging["port"]) == ports
    assert len(calls_of(voyage(f"{way}@5", every="10min").iloc[:-1], swinging)) == 1


def test_a_stop_on_dry_land_is_none() -> None:
    stay = voyage("A limit 20h, sea", every="30min")
    ashore = stay["area"].eq(1) & stay["sog_kn"].lt(1)
    assert calls_of(stay.assign(area=stay["area"].mask(ashore, LAND).astype(np.int8))).empty


# Interference.


@pytest.mark.parametrize("every", ["1min", "1h"])
def test_a_ship_that_sends_from_two_places_while_it_loads_is_contested(every: str) -> None:
    elsewhere = voyage("upper gulf > sea 70h", every=every)
    step_h = pd.Timedelta(every) / pd.Timedelta("1h")
    loading = seen_at("B berth", np.arange(30.007, 50, step_h))
    calls = calls_of(elsewhere, loading, heard=always())
    assert shown(calls) == [("IRBBB", "berth", 1)]
    assert calls["arrived_at"][0] == loading["reported_at"].min()
    assert calls["departed_at"][0] == loading["reported_at"].max()
    short = loading[loading["reported_at"] < hour(41)]
    assert calls_of(elsewhere, short, heard=always()).empty
    alone = elsewhere[~elsewhere["reported_at"].between(hour(29), hour(51))]
    assert calls_of(alone, loading, heard=always()).empty


def test_fixes_displaced_into_or_out_of_port_change_no_call() -> None:
    hours = np.arange(25.05, 35, 0.1)
    assert calls_of(voyage("far 30h, sea"), seen_at("A berth", hours)).empty
    in_port = voyage("A berth 60h, sea")
    calls = calls_of(in_port, seen_at("far", hours))
    assert calls.drop(columns="fixes").equals(calls_of(in_port).drop(columns="fixes"))


AT_SEA, IN_PORT = voyage("far > 20h"), voyage("A berth > 20h", at=hour(21))
BRIEF = voyage("A berth 10h, off A@20 5h")
JAMMED = [
    ("mostly jammed", [voyage("A berth 60h, sea", every="1h"), ("far", 9.005, 60, 1_020)], [3]),
    ("beside 20 jammed fixes", [BRIEF, ("far", 5.17, 5.32, 20)], [4]),
    ("beside 200 jammed fixes", [BRIEF, ("far", 5.17, 5.32, 200)], [3]),
    ("begins with a jump", [AT_SEA, IN_PORT], [1]),
    ("arrives beside a jump", [AT_SEA, voyage("A berth > 20h, sea", at=hour(21))], [3]),
    ("far from a jump", [BRIEF, voyage("far > 9h, B berth 9h", at=hour(48))], [4, 3]),
]


@pytest.mark.parametrize(
    ("tracks", "expected"), [pytest.param(*case[1:], id=case[0]) for case in JAMMED]
)
def test_the_confidence_beside_interference(tracks: list[Any], expected: list[int]) -> None:
    fixes = [seen_at(t[0], np.linspace(*t[1:])) if isinstance(t, tuple) else t for t in tracks]
    assert calls_of(*fixes)["confidence"].tolist() == expected


# The table.


def test_the_columns_and_types_with_and_without_calls() -> None:
    calls = calls_of(voyage("A berth 30h, sea", every="1h"))
    assert tuple(calls.columns) == COLUMNS
    times = ("arrived_after", "arrived_at", "anchored_at", "berthed_at", "unberthed_at")
    kinds = dict.fromkeys(("departed_at", "departed_by"), "datetime64[us]")
    kinds |= dict.fromkeys(times, "datetime64[us]") | {"track_id": "int64", "mmsi": "int32"}
    kinds |= {"longest_gap_h": "float32", "confidence": "int8"}
    for name, kind in kinds.items():
        assert str(calls[name].dtype) == kind, name
    assert calls["port_call_id"].str.fullmatch(r"[0-9a-f]{32}").all()
    outside = voyage("30h", every="1h")
    none = find_port_calls(
        judged(outside.iloc[:0]), port_ids=PORT_IDS, serves=SERVES, heard={}, data_end=START
    )
    for empty in (calls_of(outside), none):
        assert empty.empty
        assert empty.dtypes.equals(calls.dtypes)


def test_a_port_call_id_depends_on_track_port_and_arrival() -> None:
    fixes = voyage("A berth 30h, sea", every="1h")
    calls = calls_of(fixes, fixes.assign(mmsi=422000002))
    assert calls["port_call_id"].nunique() == 2
    assert calls_of(fixes, end=hour(2000))["port_call_id"][0] == calls["port_call_id"][0]


def test_a_million_fixes_of_one_ship_in_port_stay_cheap() -> None:
    fixes = voyage("A berth 16000h, sea", every="1min")
    assert len(fixes) > 900_000
    began = time.process_time()
    assert shown(calls_of(fixes)) == [A_BERTH]
    assert time.process_time() - began < 10
