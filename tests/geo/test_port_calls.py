"""Each rule of a port call, under dense, hourly and six-hourly reception."""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.fences import LAND
from geo.port_calls import COLUMNS, find_port_calls
from tests.build.drawn import law, tracks
from tests.build.tracks import (
    PORT_IDS,
    SERVES,
    START,
    always,
    calls_of,
    fixes_at,
    hour,
    judged,
    lie,
    sail,
    seen_at,
    shown,
    silence,
    slip,
    voyage,
)

RECEPTIONS = ("5min", "10min", "1h", "6h")
every_reception = pytest.mark.parametrize("every", RECEPTIONS)


# A stop makes a call.


@every_reception
@pytest.mark.parametrize("sog", ["true", "none"])
def test_a_berth_call(every: str, sog: str) -> None:
    calls = calls_of(voyage(sail("A berth"), lie(30), sail("sea"), every=every, sog=sog))
    assert shown(calls) == [("IRAAA", "berth", 4)]


@every_reception
@pytest.mark.parametrize("place", ["A anchorage", "A limit", "roads"])
def test_a_stop_of_hours_outside_a_berth_is_an_anchorage_call(every: str, place: str) -> None:
    calls = calls_of(voyage(sail(place), lie(15), sail("sea"), every=every))
    assert shown(calls) == [("IRRDS" if place == "roads" else "IRAAA", "anchorage", 4)]
    assert calls["berthed_at"].isna().all()


@every_reception
def test_anchoring_and_then_berthing_is_one_berth_call(every: str) -> None:
    calls = calls_of(
        voyage(sail("A anchorage"), lie(30), sail("A berth"), lie(30), sail("sea"), every=every)
    )
    assert shown(calls) == [("IRAAA", "berth", 4)]
    assert calls["berthed_at"][0] > calls["arrived_at"][0] + timedelta(hours=24)


@every_reception
@pytest.mark.parametrize("sog", ["true", "none", 0.0])
def test_sailing_through_is_no_call_whatever_speed_is_said(every: str, sog: str | float) -> None:
    through = voyage(
        sail("A berth", 9), sail("A anchorage", 9), sail("far", 9), every=every, sog=sog
    )
    calls = calls_of(through)
    assert calls.loc[calls["confidence"] > 1].empty
    assert calls.empty or every in ("1h", "6h")


@pytest.mark.parametrize("every", ["1min", "5min", "10min"])
def test_a_pilot_stop_under_an_hour_is_no_call(every: str) -> None:
    assert calls_of(voyage(sail("A limit"), lie(0.75), sail("sea"), every=every)).empty


@pytest.mark.parametrize("every", ["1min", "5min", "10min"])
def test_a_stop_of_little_over_an_hour_is_a_call(every: str) -> None:
    calls = calls_of(voyage(sail("A limit"), lie(1.3), sail("sea"), every=every))
    assert shown(calls) == [("IRAAA", "anchorage", 4)]


@pytest.mark.parametrize("every", ["1min", "5min", "10min"])
@pytest.mark.parametrize("sog", ["true", "none"])
def test_a_stop_under_an_hour_in_a_berth_is_a_call(every: str, sog: str) -> None:
    calls = calls_of(voyage(sail("A berth"), lie(0.6), sail("sea"), every=every, sog=sog))
    assert shown(calls) == [("IRAAA", "berth", 4)]


@every_reception
def test_waiting_outside_the_limit_is_no_call(every: str) -> None:
    assert calls_of(voyage(sail("off A"), lie(40), sail("sea"), every=every)).empty


def test_a_ship_at_anchor_swings_and_its_speed_is_noisy() -> None:
    hours = np.arange(0, 20, 1 / 6)
    turn = 2 * np.pi * hours / 12.4
    swinging = fixes_at(
        START + timedelta(hours=10),
        hours,
        52.05 + 0.004 * np.sin(turn),
        27.0 + 0.003 * np.cos(turn),
        0.5 + 0.5 * np.sin(hours * 7),
    )
    way_in = voyage(sail("A limit", 20), every="10min")
    assert shown(calls_of(way_in, swinging)) == [("IRAAA", "anchorage", 3)]


def test_a_ship_at_anchor_may_say_that_she_makes_a_knot() -> None:
    fixes = voyage(sail("A limit"), lie(15), sail("sea"), every="1h")
    fixes["sog_kn"] = fixes["sog_kn"].replace(0, 0.9)
    assert shown(calls_of(fixes)) == [("IRAAA", "anchorage", 4)]


def test_a_turn_of_an_hour_back_to_the_same_place_is_no_stop() -> None:
    turn = (sail("A anchorage", 9), sail("A limit", 9)) * 3
    fixes = voyage(*turn, start="A limit", every="10min", sog="none")
    assert (fixes["port"] == 0).all()
    assert calls_of(fixes).empty


def test_an_arrival_under_way_begins_a_stop_in_thin_reception_only() -> None:
    thin = [
        seen_at("sea", 0, 9),
        seen_at("A limit", 6, 8),
        seen_at("A limit", 12),
        seen_at("sea", 18),
    ]
    assert shown(calls_of(*thin)) == [("IRAAA", "anchorage", 4)]
    dense = voyage(sail("A limit"), lie(0.9), sail("A anchorage", 3), sail("sea"), every="10min")
    assert calls_of(dense).empty


def test_a_ship_that_drifts_a_knot_does_not_stop() -> None:
    drifting = voyage(sail("A anchorage", 0.9), sail("sea"), start="A edge", every="10min")
    assert calls_of(drifting).empty


def test_out_along_the_way_in_is_no_stop() -> None:
    passing = [seen_at("A limit", 5.0, 10), seen_at("A limit", 25.0, 10)]
    assert calls_of(seen_at("sea", 0.0, 10), *passing, seen_at("sea", 31.0, 10)).empty


def test_a_ship_that_shifted_unheard_between_two_still_fixes_stopped() -> None:
    calls = calls_of(seen_at("sea", 0), seen_at("A limit", 10), seen_at("A anchorage", 25))
    assert shown(calls) == [("IRAAA", "anchorage", 2)]


# When it begins and ends.


def test_the_times_of_a_call() -> None:
    fixes = voyage(sail("A berth"), lie(30), sail("sea"), every="10min")
    inside = fixes.loc[fixes["port"] == 0, "reported_at"]
    in_berth = fixes.loc[(fixes["area"] == 3) & (fixes["sog_kn"] == 0), "reported_at"]
    call = calls_of(fixes).iloc[0]
    assert call["arrived_at"] == inside.iloc[0]
    assert call["departed_at"] == inside.iloc[-1]
    assert call["arrived_after"] == inside.iloc[0] - timedelta(minutes=10)
    assert abs(call["berthed_at"] - in_berth.iloc[0]) <= timedelta(minutes=10)
    assert pd.isna(call["departed_by"])
    assert call["fixes"] == len(inside)
    assert call["longest_gap_h"] == pytest.approx(1 / 6)


@every_reception
def test_a_call_under_way_is_open(every: str) -> None:
    calls = calls_of(voyage(sail("A berth"), lie(30), every=every))
    assert shown(calls) == [("IRAAA", "berth", 3)]
    assert calls["departed_at"].isna().all()
    assert calls["departed_by"].isna().all()


def test_a_track_that_begins_in_port_has_no_arrival_seen() -> None:
    calls = calls_of(voyage(lie(20), sail("sea"), start="A berth", every="1h"))
    assert shown(calls) == [("IRAAA", "berth", 3)]
    assert calls["arrived_after"].isna().all()


def test_an_unheard_departure_is_bounded() -> None:
    fixes = voyage(sail("A berth"), lie(30), slip("sea"), lie(5), every="1h")
    call = calls_of(fixes).iloc[0]
    outside = fixes.loc[fixes["port"] < 0, "reported_at"]
    assert call["departed_at"] == fixes.loc[fixes["port"] == 0, "reported_at"].iloc[-1]
    assert call["departed_by"] == outside[outside > call["departed_at"]].iloc[0]
    assert call["confidence"] == 3


def test_a_call_with_neither_end_seen() -> None:
    calls = calls_of(seen_at("sea", 0), seen_at("A berth", [20, 21, 30]), seen_at("sea", 50))
    assert shown(calls) == [("IRAAA", "berth", 2)]


@pytest.mark.parametrize(("gap", "confidence"), [(6.0, 4), (6.1, 3)])
def test_seen_means_within_six_hours(gap: float, confidence: int) -> None:
    fixes = [seen_at("off A", 0), seen_at("A berth", [6, 9, 12]), seen_at("off A", 12 + gap)]
    assert calls_of(*fixes)["confidence"].tolist() == [confidence]


def test_a_ship_that_has_just_left_has_departed() -> None:
    calls = calls_of(voyage(sail("A berth"), lie(30), sail("off A"), every="10min"))
    assert shown(calls) == [("IRAAA", "berth", 4)]
    assert calls["departed_at"].notna().all()


# Silence.


@pytest.mark.parametrize("days", [1, 6.5, 20])
def test_silence_in_an_unheard_port_does_not_end_a_call(days: float) -> None:
    calls = calls_of(
        voyage(sail("A berth"), lie(5), silence(24 * days), lie(5), sail("sea"), every="1h")
    )
    assert shown(calls) == [("IRAAA", "berth", 4)]
    assert calls["longest_gap_h"][0] == pytest.approx(24 * days, abs=1.01)


@pytest.mark.parametrize(("days", "is_heard", "expected"), [(6.9, True, 1), (7.2, True, 2)])
def test_silence_in_a_heard_port_ends_a_call_after_seven_days(
    days: float, is_heard: bool, expected: int
) -> None:
    """Where the ship is next seen in another spot of the port."""
    legs = (sail("A berth"), lie(5), silence(24 * days), slip("A anchorage"), lie(5), sail("sea"))
    calls = calls_of(voyage(*legs, every="1h"), heard=always() if is_heard else {})
    assert len(calls) == expected


@pytest.mark.parametrize("place", ["A berth", "A anchorage"])
@pytest.mark.parametrize("days", [7.2, 8, 9.5, 20.5])
def test_a_storage_tanker_that_is_heard_seldom_makes_one_call(place: str, days: float) -> None:
    """The next fix is in the very spot, and nothing was heard elsewhere."""
    stays = [leg for _ in range(12) for leg in (lie(0.1), silence(24 * days))]
    calls = calls_of(voyage(*stays, lie(0.1), start=place, every="6min"), heard=always())
    assert len(calls) == 1
    assert pd.isna(calls["departed_at"][0])


def test_a_storage_tanker_that_was_heard_elsewhere_makes_two_calls() -> None:
    away = (lie(5), silence(24 * 8), lie(5), sail("sea"), lie(24), sail("A berth"), lie(5))
    calls = calls_of(voyage(*away, start="A berth", every="1h"), heard=always())
    assert shown(calls) == [("IRAAA", "berth", 3)] * 2


@pytest.mark.parametrize("said_kn", [2.1, 3.0, 12.0])
@pytest.mark.parametrize("every", ["10s", "1min", "10min", "30min", "1h"])
@pytest.mark.parametrize("place", ["A berth", "A anchorage"])
def test_places_outweigh_a_speed_that_is_stuck(place: str, every: str, said_kn: float) -> None:
    calls = calls_of(voyage(sail(place), lie(30), sail("sea"), every=every, sog=said_kn))
    assert shown(calls) == [("IRAAA", place.split()[1], 4)]


def test_a_ship_that_sails_at_the_speed_it_says_does_not_stop() -> None:
    passing = [sail("A limit", 3), sail("A anchorage", 3), sail("A limit", 3), sail("sea", 3)]
    assert calls_of(voyage(*passing, every="10min", sog=3.0)).empty


def test_a_stop_on_dry_land_is_none() -> None:
    stay = voyage(sail("A limit"), lie(20), sail("sea"), every="30min")
    assert shown(calls_of(stay)) == [("IRAAA", "anchorage", 4)]
    ashore = stay["area"].eq(1) & stay["sog_kn"].lt(1)
    assert calls_of(stay.assign(area=stay["area"].mask(ashore, LAND).astype(np.int8))).empty


@pytest.mark.parametrize("every", ["1min", "10min", "1h"])
def test_a_ship_that_sends_from_two_places_while_it_loads_is_shown_contested(every: str) -> None:
    elsewhere = voyage(sail("sea"), lie(70), start="upper gulf", every=every)
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


def test_hours_heard_add_up_to_seven_days() -> None:
    legs = (sail("A berth"), lie(5), silence(24 * 16), slip("A anchorage"), lie(5), sail("sea"))
    every_second_hour = {0: always([0])[0][::2]}
    every_third_hour = {0: always([0])[0][::3]}
    assert len(calls_of(voyage(*legs, every="1h"), heard=every_second_hour)) == 2
    assert len(calls_of(voyage(*legs, every="1h"), heard=every_third_hour)) == 1
    assert len(calls_of(voyage(*legs, every="1h"), heard=always([1, 2, 3]))) == 1


def test_a_silence_that_ends_a_call_bounds_it_and_opens_another() -> None:
    calls = calls_of(
        voyage(sail("A berth"), lie(5), silence(24 * 22), lie(5), sail("sea"), every="1h")
    )
    assert shown(calls) == [("IRAAA", "berth", 3)] * 2
    assert calls["departed_at"][0] < calls["arrived_at"][1] - timedelta(days=21)
    assert calls["departed_by"].isna().all()
    assert calls["arrived_after"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("days", "is_heard", "is_open"),
    [(6.9, True, True), (7.3, True, False), (20.9, False, True), (21.1, False, False)],
)
def test_silence_at_the_end_of_the_data(days: float, is_heard: bool, is_open: bool) -> None:
    fixes = voyage(sail("A berth"), lie(5), every="1h")
    last = fixes["reported_at"].max()
    call = calls_of(
        fixes, end=last + timedelta(days=days), heard=always() if is_heard else {}
    ).iloc[0]
    assert pd.isna(call["departed_at"]) == is_open
    assert is_open or call["departed_at"] == last
    assert pd.isna(call["departed_by"])
    assert call["confidence"] == 3


@pytest.mark.parametrize("sog", [0.0, np.nan])
def test_one_fix_before_and_one_after_such_a_silence_show_no_stop_together(sog: float) -> None:
    assert calls_of(seen_at("sea", 0), seen_at("A limit", [9, 9 + 24 * 22], sog)).empty
    calls = calls_of(seen_at("sea", 0), seen_at("A berth", [9, 9 + 24 * 22], sog))
    assert calls["confidence"].tolist() == [1, 1] if np.isnan(sog) else [2, 2]


# Out and back.


@pytest.mark.parametrize("every", ["5min", "10min", "1h"])
@pytest.mark.parametrize(("hours_out", "expected"), [(6.0, 1), (15.0, 2)])
def test_out_and_back_within_twelve_hours_is_one_call(
    every: str, hours_out: float, expected: int
) -> None:
    calls = calls_of(
        voyage(
            *(sail("A berth"), lie(30), sail("off A"), lie(hours_out)),
            *(sail("A berth"), lie(30), sail("sea")),
            every=every,
        )
    )
    assert shown(calls) == [("IRAAA", "berth", 4)] * expected


@pytest.mark.parametrize(("back", "expected"), [(23, 1), (25, 2)])
def test_the_border_is_crossed_half_way_between_fixes(back: float, expected: int) -> None:
    fixes = [seen_at("sea", 0), seen_at("A berth", [9, 20]), seen_at("off A", 30)]
    calls = calls_of(*fixes, seen_at("A berth", [20 + back, 60]), seen_at("sea", 70))
    assert len(calls) == expected


def test_a_call_elsewhere_in_between_makes_two() -> None:
    calls = calls_of(
        voyage(
            *(sail("A berth"), lie(30), sail("D berth", 15), lie(3)),
            *(sail("A berth", 15), lie(30), sail("sea")),
            every="10min",
        )
    )
    assert shown(calls) == [("IRAAA", "berth", 4), ("IRDDD", "berth", 4), ("IRAAA", "berth", 4)]


def test_sailing_through_another_port_in_between_makes_no_two() -> None:
    calls = calls_of(
        voyage(
            *(sail("A berth"), lie(30), sail("D berth", 15), sail("A berth", 15)),
            *(lie(30), sail("sea")),
            every="10min",
        )
    )
    assert shown(calls) == [("IRAAA", "berth", 4)]


def test_a_way_through_shortly_before_belongs_to_the_call() -> None:
    fixes = voyage(
        *(sail("A limit"), sail("off A"), lie(3), sail("A berth"), lie(9), sail("sea")),
        every="10min",
    )
    call = calls_of(fixes).iloc[0]
    assert call["arrived_at"] == fixes.loc[fixes["port"] == 0, "reported_at"].iloc[0]


def test_a_ship_at_anchor_on_the_edge_of_a_limit_makes_one_call() -> None:
    hours = np.arange(0, 30, 1 / 6)
    lat = 26.893 - 0.0035 + 0.003 * np.sin(hours * 0.9)
    swinging = fixes_at(START + timedelta(hours=20), hours, 52.0, lat)
    assert 0 < (swinging["port"] == 0).sum() < len(swinging)
    calls = calls_of(voyage(sail("off A"), every="10min"), swinging)
    assert [kind for _, kind, _ in shown(calls)] == ["anchorage"]


def test_a_ship_at_anchor_on_the_border_of_two_ports_makes_one_call() -> None:
    hours = np.arange(0, 30, 1 / 6)
    lon = 51.88 + 0.003 * np.sin(hours * 0.9)
    swinging = fixes_at(START + timedelta(hours=20), hours, lon, 27.0)
    assert set(swinging["port"]) == {0, 3}
    calls = calls_of(voyage(sail("A-D border", 5), every="10min").iloc[:-1], swinging)
    assert len(calls) == 1


# Shared roads.


@every_reception
def test_waiting_in_shared_roads_belongs_to_the_port_of_the_next_berth(every: str) -> None:
    fixes = voyage(
        *(sail("roads", 12), lie(30), sail("A berth"), lie(30), sail("sea")),
        every=every,
        start="east sea",
    )
    calls = calls_of(fixes)
    assert shown(calls) == [("IRAAA", "berth", 4)]
    in_roads = fixes.loc[fixes["port"] == 2, "reported_at"]
    assert calls["arrived_at"][0] == in_roads.iloc[0]
    assert calls["fixes"][0] == fixes["port"].isin([0, 2]).sum()


def test_a_port_the_roads_do_not_serve_has_its_own_call() -> None:
    calls = calls_of(
        voyage(sail("roads", 12), lie(30), sail("B berth"), lie(30), sail("sea"), every="1h")
    )
    assert shown(calls) == [("IRRDS", "anchorage", 4), ("IRBBB", "berth", 4)]


@pytest.mark.parametrize("via", ["off A", "B limit"])
def test_roads_long_before_a_berth_are_a_call_of_their_own(via: str) -> None:
    calls = calls_of(
        voyage(sail("roads", 12), lie(30), sail(via), lie(13), sail("A berth"), lie(9), every="1h")
    )
    assert calls["port_id"].tolist()[0] == "IRRDS"
    assert calls["port_id"].tolist()[-1] == "IRAAA"
    assert calls["area_kind"].tolist()[0] == "anchorage"


def test_a_stop_beside_the_roads_is_a_call_of_its_own() -> None:
    calls = calls_of(
        voyage(sail("R limit"), lie(20), sail("A berth"), lie(20), sail("sea"), every="10min")
    )
    assert shown(calls)[-2:] == [("IRRDS", "anchorage", 4), ("IRAAA", "berth", 4)]


def test_roads_then_anchorage_then_berth_is_one_call() -> None:
    calls = calls_of(
        voyage(
            *(sail("roads"), lie(20), sail("A anchorage"), lie(20), sail("A berth"), lie(20)),
            sail("sea"),
            every="10min",
        )
    )
    assert shown(calls) == [("IRAAA", "berth", 4)]


def test_waiting_in_shared_roads_after_the_berth_belongs_to_that_call() -> None:
    calls = calls_of(
        voyage(sail("A berth"), lie(20), sail("roads"), lie(20), sail("east sea"), every="10min")
    )
    assert shown(calls) == [("IRAAA", "berth", 4)]
    assert calls["departed_at"][0] > calls["berthed_at"][0] + timedelta(hours=40)


def test_roads_between_two_berths_belong_to_the_next() -> None:
    calls = calls_of(
        voyage(
            *(sail("A berth"), lie(20), sail("roads"), lie(20), sail("D berth"), lie(20)),
            sail("sea"),
            every="10min",
        )
    )
    assert shown(calls) == [("IRAAA", "berth", 4), ("IRDDD", "berth", 4)]
    assert calls["arrived_at"][1] < calls["berthed_at"][1] - timedelta(hours=20)


def test_berth_roads_and_the_same_berth_again_is_one_call() -> None:
    calls = calls_of(
        voyage(
            *(sail("A berth"), lie(20), sail("roads"), lie(40), sail("A berth"), lie(20)),
            sail("sea"),
            every="10min",
        )
    )
    assert shown(calls) == [("IRAAA", "berth", 4)]


# How sure.


def test_one_still_fix_in_a_berth_with_time_for_a_stop_counts() -> None:
    calls = calls_of(seen_at("sea", 0, 9), seen_at("A berth", 20), seen_at("sea", 40, 9))
    assert shown(calls) == [("IRAAA", "berth", 2)]


def test_one_still_fix_in_a_berth_without_time_for_a_stop_is_contested() -> None:
    calls = calls_of(seen_at("sea", 0, 9), seen_at("A berth", 4.5), seen_at("sea", 9, 9))
    assert shown(calls) == [("IRAAA", "berth", 1)]


def test_one_fix_in_a_berth_of_unknown_speed_is_contested() -> None:
    calls = calls_of(seen_at("sea", 0), seen_at("A berth", 20, np.nan), seen_at("sea", 40))
    assert shown(calls) == [("IRAAA", "berth", 1)]


def test_one_moving_fix_in_a_berth_is_no_call() -> None:
    assert calls_of(seen_at("sea", 0, 9), seen_at("A berth", 20, 8), seen_at("sea", 40, 9)).empty


def test_one_still_fix_outside_a_berth_is_no_call() -> None:
    assert calls_of(seen_at("sea", 0, 9), seen_at("A anchorage", 20), seen_at("sea", 40)).empty


def test_a_ship_thrown_into_port_makes_no_call() -> None:
    at_sea = voyage(sail("far"), lie(30), sail("sea"), every="10min")
    assert calls_of(at_sea, seen_at("A berth", np.arange(25.05, 35, 0.1))).empty


def test_a_ship_thrown_out_of_port_keeps_its_call() -> None:
    in_port = voyage(sail("A berth"), lie(60), sail("sea"), every="10min")
    calls = calls_of(in_port, seen_at("far", np.arange(25.05, 35, 0.1)))
    assert calls.drop(columns="fixes").equals(calls_of(in_port).drop(columns="fixes"))


def test_a_call_with_more_jammed_than_true_fixes_is_less_sure() -> None:
    in_port = voyage(sail("A berth"), lie(60), sail("sea"), every="1h")
    calls = calls_of(in_port, seen_at("far", np.arange(9.005, 60, 0.05)))
    assert calls["confidence"].tolist() == [3]


@pytest.mark.parametrize(("jammed", "confidence"), [(20, 4), (200, 3)])
def test_a_call_beside_more_jammed_fixes_is_less_sure(jammed: int, confidence: int) -> None:
    in_port = voyage(sail("A berth"), lie(10), sail("off A", 20), lie(5), every="10min")
    calls = calls_of(in_port, seen_at("far", np.linspace(5.17, 5.32, jammed)))
    assert calls["confidence"].tolist() == [confidence]


def test_a_call_that_begins_with_a_jump_is_contested() -> None:
    at_sea = voyage(lie(20), start="far", every="10min")
    in_port = voyage(lie(20), start="A berth", at=START + timedelta(hours=21), every="10min")
    assert shown(calls_of(at_sea, in_port)) == [("IRAAA", "berth", 1)]


def test_an_arrival_beside_a_jump_is_not_seen() -> None:
    from_afar = voyage(lie(20), start="far")
    at = START + timedelta(hours=21)
    calls = calls_of(from_afar, voyage(lie(20), sail("sea"), start="A berth", at=at))
    assert shown(calls) == [("IRAAA", "berth", 3)]


def test_calls_far_from_a_jump_are_not_contested() -> None:
    first = voyage(sail("A berth"), lie(20), sail("sea"), every="10min")
    then = voyage(lie(9), sail("B berth"), lie(9), start="far", at=START + timedelta(days=2))
    assert shown(calls_of(first, then)) == [("IRAAA", "berth", 4), ("IRBBB", "berth", 3)]


# The table.


def test_the_columns_and_their_types() -> None:
    calls = calls_of(voyage(sail("A berth"), lie(30), sail("sea"), every="1h"))
    assert tuple(calls.columns) == COLUMNS
    times = ["arrived_after", "arrived_at", "berthed_at", "departed_at", "departed_by"]
    assert {str(calls[name].dtype) for name in times} == {"datetime64[us]"}
    assert str(calls["track_id"].dtype) == "int64"
    assert str(calls["mmsi"].dtype) == "int32"
    assert str(calls["longest_gap_h"].dtype) == "float32"
    assert str(calls["confidence"].dtype) == "int8"
    assert calls["port_call_id"].str.fullmatch(r"[0-9a-f]{32}").all()


def test_no_fixes_and_no_fix_in_port_give_an_empty_table_of_the_same_types() -> None:
    outside = voyage(lie(30), every="1h")
    full = calls_of(voyage(sail("A berth"), lie(30), every="1h"))
    none = find_port_calls(
        judged(outside.iloc[:0]), port_ids=PORT_IDS, serves=SERVES, heard={}, data_end=START
    )
    assert calls_of(outside).dtypes.equals(full.dtypes)
    assert none.dtypes.equals(full.dtypes)
    assert none.empty


def test_a_port_call_id_names_track_port_and_arrival() -> None:
    fixes = voyage(sail("A berth"), lie(30), sail("sea"), every="1h")
    calls = calls_of(fixes, fixes.assign(mmsi=422000002))
    assert calls["port_call_id"].nunique() == 2
    later_end = calls_of(fixes, end=hour(2000))
    assert later_end["port_call_id"][0] == calls["port_call_id"][0]


# Laws.


def found(fixes: pd.DataFrame, shift: timedelta = timedelta(0), days: float = 200) -> pd.DataFrame:
    """The calls in fixes, unsorted, with everything heard and the data's end long after."""
    hours = int(shift / timedelta(hours=1))
    return find_port_calls(
        judged(fixes),
        port_ids=PORT_IDS,
        serves=SERVES,
        heard={port: values + hours for port, values in always().items()},
        data_end=START + timedelta(days=days) + shift,
    )


@law
@given(tracks(), st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_rows_change_nothing(fixes: pd.DataFrame, random) -> None:
    rows = list(range(len(fixes))) + random.choices(range(len(fixes)), k=5)
    random.shuffle(rows)
    pd.testing.assert_frame_equal(found(fixes.iloc[rows]), found(fixes))


@law
@given(tracks(), st.integers(-50, 50))
def test_a_shift_by_weeks_shifts_the_calls(fixes: pd.DataFrame, weeks: int) -> None:
    shift = timedelta(weeks=weeks)
    moved = found(fixes.assign(reported_at=fixes["reported_at"] + shift), shift)
    for name in ("arrived_after", "arrived_at", "berthed_at", "departed_at", "departed_by"):
        moved[name] -= shift
    pd.testing.assert_frame_equal(
        moved.drop(columns="port_call_id"), found(fixes).drop(columns="port_call_id")
    )


@law
@given(tracks(), tracks())
def test_another_ship_changes_nothing(fixes: pd.DataFrame, other: pd.DataFrame) -> None:
    both = pd.concat([other.assign(mmsi=200000000), fixes, other.assign(mmsi=700000000)])
    calls = found(both)
    of_ship = calls.loc[calls["track_id"] == fixes["track_id"][0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_ship, found(fixes))


@law
@given(tracks(), st.floats(0, 1))
def test_later_fixes_leave_calls_that_ended_three_weeks_before(
    fixes: pd.DataFrame, share: float
) -> None:
    at = fixes["reported_at"]
    cut = at.min() + (at.max() - at.min()) * share
    days = (cut - pd.Timestamp(START)) / timedelta(days=1)
    before = found(fixes.loc[at <= cut], days=days)
    after = found(fixes)

    def old(calls: pd.DataFrame) -> pd.DataFrame:
        ended = calls["departed_at"].fillna(cut)
        return calls.loc[ended < cut - timedelta(days=21)].reset_index(drop=True)

    bounded = ["departed_by"]  # what was heard outside later says by when a silent ship had left
    pd.testing.assert_frame_equal(
        old(before).drop(columns=bounded), old(after).drop(columns=bounded)
    )


@law
@given(tracks())
def test_what_holds_for_every_call(fixes: pd.DataFrame) -> None:
    calls = found(fixes)
    departed = calls["departed_at"].fillna(pd.Timestamp.max)
    assert not calls["port_call_id"].duplicated().any()
    assert (calls["arrived_at"] <= departed).all()
    assert (calls["fixes"] >= 1).all()
    assert calls["confidence"].between(1, 4).all()
    assert not (calls["arrived_after"] > calls["arrived_at"]).any()
    assert not (calls["departed_by"] < calls["departed_at"]).any()
    assert not (calls["berthed_at"] < calls["arrived_at"]).any()
    assert not (calls["berthed_at"] > calls["departed_at"]).any()
    assert (calls["berthed_at"].notna() == (calls["area_kind"] == "berth")).all()
    following = calls["arrived_at"].shift(-1)
    assert not (departed.iloc[:-1] > following.iloc[:-1]).any()


# Cost.


def test_a_million_fixes_of_one_ship_in_port_stay_cheap() -> None:
    fixes = voyage(sail("A berth"), lie(16_000), sail("sea"), every="1min")
    assert len(fixes) > 900_000
    began = time.perf_counter()
    calls = calls_of(fixes)
    assert time.perf_counter() - began < 10
    assert shown(calls) == [("IRAAA", "berth", 4)]
