"""The simulator's traps: each is in the fixes, and what it holds for the true calls is so."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from flows.simulate import TRAPS, Tables, simulate_tables
from flows.simulate.fleet import OVERLAYS
from flows.simulate.tracks import OUT_AND_BACK_H
from flows.simulate.voyages import MARK_KM
from tests.build.simulated import (
    FALSE_PLACES,
    IN_FILES_ONLY,
    STILL_KN,
    away_km,
    between_km,
    calls_of,
    carriers,
    chart,
    clean,
    fixes_of,
    has_no_call,
    inside,
    iranian,
    is_local,
    made,
    near,
    nearest_km,
    span,
    speeds_kn,
    step_kn,
    trapped,
)


def hours(number: float) -> pd.Timedelta:
    return pd.Timedelta(hours=number)


def first_calls(trap: str) -> list[tuple[pd.Series, pd.DataFrame]]:
    """The first call of each ship with a trap, and the ship's fixes."""
    return [(calls.iloc[0], fixes) for _, fixes, calls in carriers(trapped(), trap)]


def test_every_trap_is_carried_when_asked_and_one_that_moves_a_ship_at_most() -> None:
    assert clean().traps == {}
    assert set(trapped().traps) == set(TRAPS)
    for trap, mmsis in trapped().traps.items():
        assert bool(mmsis) == (trap not in IN_FILES_ONLY), trap
    traps = trapped().traps
    moving = [mmsi for trap in FALSE_PLACES for mmsi in traps[trap]]
    assert len(moving) == len(set(moving))
    sailed = set(traps) - set(OVERLAYS) - {"static_silence", "hostile_names"}
    assert not {m for t in OVERLAYS for m in traps[t]} & {m for t in sailed for m in traps[t]}


@pytest.mark.parametrize("trap", sorted(set(TRAPS) - IN_FILES_ONLY))
def test_a_trap_alone_is_the_only_one(trap: str) -> None:
    # From a Thursday: a midnight between Sunday and Monday lies inside, and one between two months.
    tables = simulate_tables(start=date(2026, 3, 26), days=8, ships=4, seed=2, traps=[trap])
    assert set(tables.traps) == {trap}
    assert tables.traps[trap]


def test_the_order_of_the_traps_does_not_matter() -> None:
    names = list(TRAPS)
    first, second = (simulate_tables(days=7, ships=36, traps=t) for t in (names, names[::-1]))
    pd.testing.assert_frame_equal(first.fixes, second.fixes)
    assert first.traps == second.traps


# Sailing and stopping.


def test_passing_and_waiting_outside_a_port_are_no_calls() -> None:
    for _, fixes, calls in carriers(trapped(), "pass_by"):
        passing = near(fixes, 3.0, "sxi-pass", "nek-pass")
        passing = passing[passing["reported_at"] < passing["reported_at"].iloc[0] + hours(2)]
        assert passing["sog_kn"].min() > 5
        assert has_no_call(passing, calls)
    for _, fixes, calls in carriers(trapped(), "pilot_stop"):
        still = near(fixes, 1.0, "kmb-pilot", "amd-pilot").query("sog_kn < 0.9")
        still = still[still["reported_at"] < still["reported_at"].iloc[0] + hours(3)]
        assert hours(0.1) < span(still) < hours(0.75)
        assert has_no_call(still, calls)
    for _, fixes, calls in carriers(trapped(), "waiting_outside"):
        waiting = near(fixes, 2.0, "buz-wait", "casp-wait")
        assert span(waiting) > hours(40)
        assert has_no_call(waiting, calls)
        assert nearest_km(waiting, iranian()).min() > 25


def test_roads_then_berth_is_one_call_of_kind_berth() -> None:
    roads = [place for place in iranian() if place.place_id.endswith("-roads")]
    for call, fixes in first_calls("roads_then_berth"):
        assert call["area_kind"] == "berth"
        still = inside(fixes, call).query("sog_kn < 0.7")
        waits = [still[away_km(still, place) < 2] for place in roads]
        assert max(span(wait) for wait in waits if len(wait)) > hours(18)


def test_shared_roads_belong_to_the_port_of_the_berth() -> None:
    ports = []
    for seed in (0, 1, 5):
        tables = simulate_tables(days=7, ships=1, seed=seed, traps=["roads_then_berth"])
        [(_, fixes, calls)] = carriers(tables, "roads_then_berth")
        waited = near(fixes[fixes["sog_kn"] < STILL_KN], 2.0, "bnd-roads", "hor-roads")
        assert calls["arrived_at"].iloc[0] <= waited["reported_at"].iloc[0]
        ports.append(calls["port_id"].iloc[0])
    # None of these is the owner of the roads in which the ship waited.
    assert ports == ["IRBND", "IRBSR", "IRQSM"]


def test_stops_and_shifts_within_a_port_are_one_call() -> None:
    for call, _ in first_calls("roads_only"):
        assert call["area_kind"] == "anchorage" and call["port_id"] in {"IRKHK", "IRAMD"}
        assert call["departed_at"] - call["arrived_at"] > hours(20)
    for call, fixes in first_calls("harbour_shift"):
        pair = ("khk-t", "khk-sea") if call["port_id"] == "IRKHK" else ("amd-1", "amd-2")
        assert min(len(near(inside(fixes, call), 0.2, berth)) for berth in pair) > 10
    for call, fixes in first_calls("out_and_back"):
        during = inside(fixes, call)
        berth = chart().places["asa-1" if call["port_id"] == "IRASA" else "nek-1"]
        out = span(during[away_km(during, berth) > MARK_KM])
        assert hours(OUT_AND_BACK_H - 4) < out < hours(OUT_AND_BACK_H)
    for call, fixes in first_calls("silent_berth"):
        assert hours(24) < inside(fixes, call)["reported_at"].diff().max() < hours(96)


def test_neighbours_are_two_calls() -> None:
    pairs = set()
    for _, _, calls in carriers(trapped(), "neighbours"):
        first, second = calls.iloc[0], calls.iloc[1]
        assert second["arrived_at"] - first["departed_at"] < hours(12)
        pairs.add((first["port_id"], second["port_id"]))
    assert {("IRBSR", "IRBND"), ("IRAMD", "IRNEK"), ("IRASA", "IRTMB"), ("IRBKM", "IRMRX")} <= pairs


def test_silent_departure_is_next_heard_far_away() -> None:
    for call, fixes in first_calls("silent_departure"):
        last = fixes[fixes["reported_at"] == call["departed_at"]]
        after = fixes[fixes["reported_at"] > call["departed_at"]].iloc[:1]
        assert last["sog_kn"].iloc[0] < STILL_KN
        assert after["reported_at"].iloc[0] - call["departed_at"] > hours(43)
        assert between_km(last, after)[0] > 250


def test_calls_at_the_edges_of_the_data_begin_with_a_fix_or_stay_open() -> None:
    for call, fixes in first_calls("first_heard_in_berth"):
        assert fixes["reported_at"].iloc[0] == call["arrived_at"]
        assert fixes["sog_kn"].iloc[0] < STILL_KN
        assert call["area_kind"] == "berth"
    for _, fixes, calls in carriers(trapped(), "still_in_port_at_end"):
        assert pd.isna(calls["departed_at"].iloc[-1])
        assert fixes["sog_kn"].iloc[-1] < STILL_KN


@pytest.mark.parametrize(
    ("trap", "eve", "day_after"),
    [("week_edge", "%w %H=0 23", "%w=1"), ("month_edge", "%d %H=31 23", "%d=01")],
)
def test_a_call_over_midnight_arrives_before_it_and_berths_after(
    trap: str, eve: str, day_after: str
) -> None:
    for _, fixes, calls in carriers(trapped(), trap):
        form, expected = eve.split("=")
        call = calls[calls["arrived_at"].dt.strftime(form) == expected].iloc[0]
        still = fixes[(fixes["reported_at"] >= call["arrived_at"]) & (fixes["sog_kn"] < STILL_KN)]
        form, expected = day_after.split("=")
        assert still["reported_at"].iloc[0].strftime(form) == expected


def test_sts_outside_are_two_ships_side_by_side() -> None:
    ships = carriers(trapped(), "sts_outside")
    assert len(ships) == 4
    met = 0
    # Later they go their own ways, and may meet in a port.
    until = trapped().fixes["reported_at"].min() + hours(120)
    for (_, fixes, calls), (_, others, _) in combinations(ships, 2):
        first = fixes[(fixes["sog_kn"] < STILL_KN) & (fixes["reported_at"] < until)]
        first = first.set_index("reported_at", drop=False)
        second = others[others["sog_kn"] < STILL_KN].set_index("reported_at")
        beside = second.reindex(first.index, method="nearest", tolerance=hours(2 / 3))
        close = first[between_km(first, beside) < 0.25]
        if len(close) < 5:
            continue
        met += 1
        assert span(close) > hours(19)
        assert has_no_call(close, calls)
        assert nearest_km(close, iranian()).min() > 15
    assert met == 2


def test_flag_change_keeps_the_hull_and_changes_the_mmsi() -> None:
    for mmsi, fixes, _ in carriers(trapped(), "flag_change"):
        rows = trapped().fleet[trapped().fleet["imo"] == fixes["imo"].dropna().iloc[0]]
        assert rows["flag"].tolist() == ["RU", "CM"]
        assert rows["is_russian_linked"].all()
        later = fixes_of(trapped(), rows["mmsi"].iloc[1])
        assert str(mmsi).startswith("273")
        assert set(later["imo"].dropna()) == set(fixes["imo"].dropna())
        assert fixes["reported_at"].max() < later["reported_at"].min()


def test_static_silence_lasts_for_days() -> None:
    def longest(fixes: pd.DataFrame) -> pd.Timedelta:
        return fixes.loc[fixes["vessel_name"].notna(), "reported_at"].diff().max()

    for _, fixes, _ in carriers(trapped(), "static_silence"):
        assert longest(fixes) > hours(70)
    # The one fishing boat that is silent for a week aside.
    ships = clean().fixes[~is_local(clean().fixes)]
    assert max(longest(fixes) for _, fixes in ships.groupby("mmsi")) < hours(48)


# False places, times and names.


def test_fix_jumps_are_few_far_and_no_call() -> None:
    for mmsi, fixes, calls in carriers(trapped(), "fix_jumps"):
        leaps = np.flatnonzero(step_kn(fixes) > 45)
        # Out and back: two leaps a jump.
        assert len(leaps) % 2 == 0
        assert len(leaps) >= 2
        for out, back in zip(leaps[::2], leaps[1::2], strict=True):
            displaced = fixes.iloc[out + 1 : back + 1]
            assert len(displaced) <= 3
            assert nearest_km(displaced, iranian("berth"))[0] < 0.3
            assert has_no_call(displaced, calls), mmsi
    # With six hours between fixes, 300 km are a day's work of a launch, not a jump.
    thin = simulate_tables(days=14, ships=12, traps=["fix_jumps"], report_minutes=360)
    assert thin.traps["fix_jumps"] == []


def laid(trap: str) -> tuple[Tables, Tables]:
    """The simulation with one trap that is laid on plain ships, and without it."""
    return made(days=14, ships=60, seed=3, traps=(trap,)), clean()


def displaced_by(trap: str) -> tuple[Tables, pd.DataFrame, pd.DataFrame]:
    """All tables with a trap, the fixes that it displaced, and the true ones in the same order."""
    planted, bare = laid(trap)
    assert planted.fixes["reported_at"].equals(bare.fixes["reported_at"])
    is_false = (planted.fixes[["lon", "lat"]] != bare.fixes[["lon", "lat"]]).any(axis=1)
    false, true = planted.fixes[is_false], bare.fixes[is_false]
    assert set(false["mmsi"]) == set(planted.traps[trap])
    same = ["mmsi", "reported_at", "vessel_name", "nav_status"]
    pd.testing.assert_frame_equal(false[same], true[same])
    # Of the calls as they were sailed some may be lost, and none is added.
    key = ["mmsi", "imo", "port_id", "began_at", "ended_at"]
    assert len(planted.truth.merge(bare.truth, on=key)) == len(planted.truth)
    return planted, false, true


def test_jamming_displaces_ships_to_few_places_far_off() -> None:
    planted, false, true = displaced_by("jamming")
    away = between_km(false, true)
    assert 18 < away.min() < away.max() < 402
    assert len(false) > 50
    # One place an event: six events, each within a kilometre or so of its place.
    spots, rest = 0, false
    while len(rest):
        spots, rest = spots + 1, rest[away_km(rest, rest.iloc[0]) >= 3]
    assert spots <= 6
    assert (nearest_km(false, iranian("berth")) < 1.5).any()
    fixes = planted.fixes[planted.fixes["mmsi"].isin(planted.traps["jamming"])]
    assert speeds_kn(fixes).max() > 100


def test_jamming_interleaves_true_and_false_fixes_and_hits_several_ships() -> None:
    mixed, most = 0, 0
    for seed in range(2):
        planted, bare = (made(days=14, ships=30, seed=seed, traps=t) for t in (("jamming",), ()))
        is_false = planted.fixes["lon"] != bare.fixes["lon"]
        for mmsi in planted.traps["jamming"]:
            own = is_false[planted.fixes["mmsi"] == mmsi].to_numpy()
            mixed += (np.diff(own.astype(int)) == 1).sum() >= 5
        most = max(most, len(planted.traps["jamming"]))
    assert mixed >= 2
    assert most >= 4


def test_a_jammed_call_counts_only_if_a_true_fix_is_left() -> None:
    """At a high share, some calls have no true fix; the rest begin and end with one."""
    planted, bare = made(days=14, ships=60, seed=3, traps=(), jammed_share=0.5), clean()
    is_true = (planted.fixes["lon"] == bare.fixes["lon"]).to_numpy()
    heard = planted.fixes[is_true].set_index(["mmsi", "reported_at"]).index
    for name in ("arrived_at", "departed_at"):
        ends = planted.truth.dropna(subset=name)
        assert pd.MultiIndex.from_frame(ends[["mmsi", name]]).isin(heard).all()
    assert len(planted.truth) <= len(bare.truth)
    assert not planted.truth["arrived_at"].equals(bare.truth["arrived_at"])


def test_circles_keep_to_a_ring() -> None:
    _, false, true = displaced_by("circles")
    away = between_km(false, true)
    assert 24 < away.min() < away.max() < 306
    for _, fixes in false.groupby("mmsi"):
        east = (fixes["lon"] - fixes["lon"].mean()) * np.cos(np.radians(fixes["lat"])) * 111.2
        north = (fixes["lat"] - fixes["lat"].mean()) * 111.2
        # x^2 + y^2 = 2ax + 2by + c is linear in the middle (a, b) of the ring.
        corners = np.column_stack([2 * east, 2 * north, np.ones(len(east))])
        a, b, _ = np.linalg.lstsq(corners, east**2 + north**2, rcond=None)[0]
        radius_km = np.hypot(east - a, north - b)
        assert radius_km.std() < 0.03
        assert 0.19 < radius_km.mean() < 5.1
        assert 7 < fixes["sog_kn"].min() < fixes["sog_kn"].max() < 31
        assert fixes["sog_kn"].std() < 1
        assert hours(1.5) < span(fixes) < hours(14)


def test_drift_away_ends_in_a_berth_and_jumps_back() -> None:
    planted, false, true = displaced_by("drift_away")
    for mmsi, fixes in false.groupby("mmsi"):
        off_km = between_km(fixes, true.loc[fixes.index])
        at_berth = nearest_km(fixes, iranian("berth")) < 0.05
        assert hours(1.5) < span(fixes[at_berth]) < hours(12.1)
        assert at_berth[np.flatnonzero(at_berth)[0] :].all()
        step_h = np.diff(fixes["reported_at"].to_numpy()) / np.timedelta64(3600, "s")
        drifts_kn = (np.diff(off_km) / 1.852 / step_h)[: (~at_berth).sum() - 1]
        # A swinging anchor and noise apart.
        assert 3.5 < np.median(drifts_kn) < 9.5
        assert drifts_kn.std() < 1.0
        own = fixes_of(planted, mmsi)
        back = own.index[own["reported_at"] > fixes["reported_at"].max()][0]
        assert step_kn(own.loc[back - 1 : back])[0] > 49
        assert has_no_call(fixes, calls_of(planted, mmsi))


def test_spoofed_stay_lies_abroad_for_days_and_no_call_is_heard() -> None:
    decoys = [chart().places[n] for n in ("irq-decoy", "jea-roads", "soh-roads", "bak-roads")]
    for _, fixes, calls in carriers(trapped(), "spoofed_stay"):
        leaps = np.flatnonzero(step_kn(fixes) > 20) + 1
        assert len(leaps) == 2
        stay = fixes.iloc[leaps[0] : leaps[1]]
        assert hours(45) < span(stay) < hours(120)
        assert min(away_km(stay, decoy).max() for decoy in decoys) < 1.0
        assert stay["sog_kn"].max() < STILL_KN
        assert (stay["nav_status"] == 1).all()
        assert has_no_call(stay, calls)


def test_shared_mmsi_has_two_hulls_and_the_calls_of_both() -> None:
    for mmsi, fixes, calls in carriers(trapped(), "shared_mmsi"):
        hulls = trapped().fleet[trapped().fleet["mmsi"] == mmsi]
        assert hulls["imo"].nunique() == hulls["vessel_name"].nunique() == 2
        assert set(calls["imo"]) == set(hulls["imo"])
        named = fixes.dropna(subset="imo")
        assert (named["imo"].diff() != 0).sum() > 0.2 * len(named)
        tracks = [named[named["imo"] == imo] for imo in hulls["imo"].tolist()]
        assert max(step_kn(track).max() for track in tracks) < 15
        first, second = (track.set_index("reported_at") for track in tracks)
        assert np.median(between_km(first, second.reindex(first.index, method="nearest"))) > 200


def test_still_twin_lies_in_a_berth_for_days_beside_the_true_track() -> None:
    planted, bare = laid("still_twin")
    pd.testing.assert_frame_equal(planted.truth, bare.truth)
    key = ["mmsi", "reported_at", "lon", "lat"]
    merged = planted.fixes.merge(bare.fixes[key], on=key, how="left", indicator=True)
    extra = merged[merged["_merge"] == "left_only"]
    assert len(planted.fixes) == len(bare.fixes) + len(extra)
    assert set(extra["mmsi"]) == set(planted.traps["still_twin"])
    for mmsi, fixes in extra.groupby("mmsi"):
        assert nearest_km(fixes, iranian("berth")).max() < 0.1
        assert span(fixes) > hours(60)
        own = fixes_of(bare, mmsi)
        during = own["reported_at"].between(fixes["reported_at"].min(), fixes["reported_at"].max())
        assert during.sum() > 40
        assert away_km(own, fixes.iloc[0]).min() > 59


def test_identity_swap_changes_who_is_where() -> None:
    swap = trapped().fixes["reported_at"].min().normalize() + hours(96)
    for mmsi, fixes, calls in carriers(trapped(), "identity_swap"):
        ship = trapped().fleet[trapped().fleet["mmsi"] == mmsi].iloc[0]
        assert set(fixes["imo"].dropna()) == set(calls["imo"]) == {ship["imo"]}
        assert set(fixes["vessel_name"].dropna()) == {ship["vessel_name"]}
        assert fixes["length_m"].dropna().nunique() == 1
        at = fixes["reported_at"].searchsorted(swap)
        around = fixes.iloc[at - 1 : at + 1]
        assert around["sog_kn"].max() < STILL_KN
        assert between_km(around.iloc[:1], around.iloc[1:])[0] > 200
        assert step_kn(around)[0] > 50
        assert (calls["arrived_at"] < swap).any()
    later = trapped().truth[trapped().truth["mmsi"].isin(trapped().traps["identity_swap"])]
    assert (later["arrived_at"] > swap).any()


def test_clock_error_moves_times_and_not_places() -> None:
    planted, bare = laid("clock_error")
    pd.testing.assert_frame_equal(planted.truth, bare.truth)
    begin, end = bare.fixes["reported_at"].min(), pd.Timestamp("2026-03-16")
    assert planted.fixes["reported_at"].between(begin.normalize(), end, inclusive="left").all()
    where = ["mmsi", "lon", "lat", "sog_kn", "cog_deg"]
    first, second = (
        tables.fixes.sort_values([*where, "reported_at"], ignore_index=True)
        for tables in (planted, bare)
    )
    pd.testing.assert_frame_equal(first[where], second[where])
    wrong_min = (first["reported_at"] - second["reported_at"]).dt.total_seconds() / 60
    assert set(first["mmsi"][wrong_min != 0]) == set(planted.traps["clock_error"])
    errors = set(wrong_min[wrong_min != 0])
    assert len(errors) == 1
    assert 19 < abs(errors.pop()) < 211
