"""The simulator's ships: who they are, how they move, what is received, and their true calls."""

from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from flows.simulate import TRAPS, Tables, simulate_tables
from flows.simulate.fleet import (
    HOSTILE_NAMES,
    MID_OF_FLAG,
    Ship,
    build_fleet,
    build_locals,
    cast_roles,
    imo_check_digit,
    share_mmsis,
)
from flows.simulate.hulls import load_classes
from flows.simulate.places import distance_km, route
from flows.simulate.reception import RECEPTIONS, one_per_slot
from tests.build.simulated import (
    STILL_KN,
    away_km,
    between_km,
    calls_of,
    chart,
    clean,
    iranian,
    is_local,
    made,
    nearest_km,
    speeds_kn,
    trapped,
    without_false_places,
)
from tests.conftest import ROOT

SHARED = ROOT.parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is missing")


# Ships.


def build(ships: int) -> list[Ship]:
    rng, hull_rng = np.random.default_rng(1), np.random.default_rng(2)
    roles, classes = cast_roles(ships, list(TRAPS)), load_classes()
    fleet = build_fleet(roles, rng, hull_rng, classes, None, hostile_names=True)
    return fleet + build_locals(["tug", "fishing"] * 8, rng, None)


def test_numbers_are_well_formed_unique_and_shared_in_pairs_only() -> None:
    fleet = build(5000)
    numbers = [ship.imo for ship in fleet if ship.imo]
    assert all(imo_check_digit(number // 10) == number % 10 for number in numbers)
    assert 2_000_000 <= min(numbers) < max(numbers) <= 3_999_999
    assert len(set(numbers)) == len(numbers)
    mmsis = [ship.mmsi for ship in fleet] + [s.later_mmsi for s in fleet if s.later_mmsi]
    assert len(set(mmsis)) == len(mmsis)
    assert Counter(Counter(ship.mmsi for ship in share_mmsis(fleet)).values())[2] == 50


@needs_shared
def test_no_simulated_number_is_in_a_register() -> None:
    files = [p for p in (SHARED / "registers").iterdir() if p.suffix in {".csv", ".json"}]
    text = "\n".join(path.read_text("utf-8", errors="replace") for path in files)
    in_registers = set(re.findall(r"(?<!\d)\d{7}(?!\d)|(?<!\d)\d{9}(?!\d)", text))
    assert "9179842" in in_registers
    ours = {str(n) for ship in build(5000) for n in (ship.imo, ship.mmsi, ship.later_mmsi)}
    assert not ours & in_registers


@needs_shared
def test_country_digits_are_those_of_the_flag() -> None:
    with (SHARED / "codes" / "mid.csv").open(newline="") as file:
        country = {row["prefix"]: row["country"] for row in csv.DictReader(file)}
    words = {"RU": "Russia", "IR": "Iran", "AZ": "Azerb", "TM": "Turkmen", "KZ": "Kazakh"}
    words |= {"OM": "Oman", "AE": "Emirates", "CK": "Cook", "MH": "Marshall", "CM": "Cameroon"}
    words |= {"KM": "Comoros", "GA": "Gabon", "LR": "Liberia", "PA": "Panama"}
    assert set(words) == set(MID_OF_FLAG)
    assert all(words[flag] in country[str(mid)] for flag, mid in MID_OF_FLAG.items())


def test_the_fleet_names_who_is_linked_and_why() -> None:
    fleet = trapped().fleet
    assert ((fleet["why"] != "") == fleet["is_russian_linked"]).all()
    assert fleet.loc[fleet["flag"] == "RU", "is_russian_linked"].all()
    assert (fleet["is_tanker"] == fleet["ship_type"].between(80, 89)).all()
    assert fleet["vessel_name"].str.len().max() <= 20
    plain = fleet[~fleet["vessel_name"].isin(HOSTILE_NAMES)]
    assert plain["vessel_name"].str.startswith("SIM ").all()
    digits = [str(MID_OF_FLAG[flag]) for flag in fleet["flag"]]
    assert fleet["mmsi"].astype(str).str[:3].tolist() == digits


def test_only_linked_ships_go_to_russian_ports() -> None:
    fleet, fixes = clean().fleet, clean().fixes
    russian = [place for place in chart().places.values() if place.country == "RU"]
    seen = set(fixes["mmsi"][nearest_km(fixes, russian) < 5])
    trade = fleet[fleet["why"].str.startswith("trade")]
    assert set(trade["mmsi"]) <= seen <= set(fleet.loc[fleet["is_russian_linked"], "mmsi"])
    assert len(trade) > 0
    assert not (trade["flag"] == "RU").any()


# Movement.


def test_no_ship_is_faster_than_15_knots() -> None:
    assert speeds_kn(clean().fixes).max() < 15
    assert speeds_kn(without_false_places(trapped())).max() < 15


def test_measures_and_static_data_go_with_the_track() -> None:
    fixes = clean().fixes
    moving = fixes[fixes["sog_kn"] > 8]
    turn = (moving["cog_deg"] - moving["heading_deg"] + 180) % 360 - 180
    assert turn.abs().quantile(0.99) < 10
    assert fixes["cog_deg"].between(0, 359.99).all()
    assert fixes["heading_deg"].dropna().between(0, 359).all()
    has_name = fixes["vessel_name"].notna()
    assert 0.65 < has_name.mean() < 0.75
    assert (fixes["ship_type"].notna() == has_name).all()
    ordered = moving.sort_values(["mmsi", "reported_at"])
    minutes = (ordered["reported_at"].diff() / pd.Timedelta(minutes=1)).to_numpy()[1:]
    same = (ordered["mmsi"].diff() == 0).to_numpy()[1:] & (minutes < 12)
    made_kn = between_km(ordered.iloc[:-1], ordered.iloc[1:]) / 1.852 / (minutes / 60)
    assert np.median(np.abs(made_kn - ordered["sog_kn"].to_numpy()[1:])[same]) < 0.5
    class_a = fixes[fixes["transceiver"] == "A"]
    moored = class_a[class_a["nav_status"] == 5]
    assert (moored["sog_kn"] < 0.5).mean() > 0.97
    assert (class_a.loc[class_a["sog_kn"] > 8, "nav_status"] == 0).mean() > 0.97
    # The crew is late: some ships move while they report that they are moored.
    assert (moored["sog_kn"] > 2).any()
    assert set(class_a["nav_status"].dropna()) == {0, 1, 5}


def test_report_minutes_sets_the_interval_and_another_seed_other_voyages() -> None:
    tables = made(days=7, ships=3, traps=(), report_minutes=120)
    assert not tables.truth.equals(made(days=7, ships=3, seed=2, traps=()).truth)
    fixes = tables.fixes
    gaps = fixes.groupby("mmsi")["reported_at"].diff().dropna()
    assert pd.Timedelta(minutes=110) < gaps[gaps < "1D"].median() < pd.Timedelta(minutes=130)


def test_lanes_keep_off_other_ports() -> None:
    """Only where the water leaves no choice does a way pass within 7 km of another berth."""
    places = sorted(p for p in chart().places.values() if p.kind != "offshore")
    for start, end in combinations(places, 2):
        if start.water != end.water:
            continue
        bends = [chart().waypoints[n] for n in route(chart(), start.place_id, end.place_id)]
        way = [start, *bends, end]
        t = np.linspace(0, len(way) - 1, 40 * len(way))
        lon = np.interp(t, range(len(way)), [point.lon for point in way])
        lat = np.interp(t, range(len(way)), [point.lat for point in way])
        for berth in iranian("berth"):
            if berth.port_id not in {start.port_id, end.port_id, "IRABD", "IRBKM"}:
                away = distance_km(lon, lat, berth.lon, berth.lat).min()
                assert away > 7, (start.place_id, end.place_id, berth.place_id)


# True calls.


def test_a_ship_of_every_call_is_still_at_its_port_then() -> None:
    by_ship = dict(list(without_false_places(trapped()).groupby("mmsi")))
    end = trapped().fixes["reported_at"].max()
    checked = trapped().truth[trapped().truth["mmsi"].isin(by_ship)]
    assert len(checked) > 250
    for call in checked.itertuples():
        at_berth = call.area_kind == "berth"
        fixes = by_ship[call.mmsi].set_index("reported_at").sort_index()
        during = fixes.loc[call.arrived_at : end if pd.isna(call.departed_at) else call.departed_at]
        spots = [p for p in iranian("berth" if at_berth else "") if p.port_id == call.port_id]
        is_near = nearest_km(during, spots) < (0.3 if at_berth else 2.0)
        assert (is_near & (during["sog_kn"].to_numpy() < STILL_KN)).any(), call
        if not pd.isna(call.departed_at):
            assert call.departed_at < end
            assert fixes.index[fixes.index > call.departed_at].size > 0


def test_clean_voyages_have_whole_calls_and_stop_nowhere_else_in_iran() -> None:
    """The other way round: no ship is still near an Iranian port without a true call there."""
    ships = clean().truth[~is_local(clean().truth)]
    assert ships["departed_at"].notna().all()
    assert (ships["arrived_at"] > clean().fixes["reported_at"].min() + pd.Timedelta("2h")).all()
    assert set(ships["area_kind"]) == {"berth"}
    still = clean().fixes[clean().fixes["sog_kn"] < STILL_KN]
    checked = 0
    for place in iranian():
        for mmsi, fixes in still[away_km(still, place) < 4].groupby("mmsi"):
            calls = calls_of(clean(), mmsi)
            calls = calls[calls["port_id"] == place.port_id]
            begins = calls["arrived_at"].to_numpy()[:, None]
            ends = calls["departed_at"].fillna(pd.Timestamp("2100-01-01")).to_numpy()[:, None]
            at = fixes["reported_at"].to_numpy()[None, :]
            assert ((begins <= at) & (at <= ends)).any(axis=0).all(), (place.place_id, mmsi)
            checked += len(fixes)
    assert checked > 1000


def test_calls_of_a_ship_do_not_overlap() -> None:
    for _, calls in trapped().truth.sort_values("arrived_at").groupby(["mmsi", "imo"]):
        assert (calls["departed_at"].iloc[:-1].to_numpy() < calls["arrived_at"].iloc[1:]).all()
    assert (trapped().truth["arrived_at"] <= trapped().truth["departed_at"].fillna("2100")).all()


def test_a_week_of_traps_leaves_no_call_open_by_chance() -> None:
    tables = simulate_tables(days=7, ships=150, seed=9)
    # A ship jammed when the data end is not heard to have left.
    by_trap = [*tables.traps["still_in_port_at_end"], *tables.traps["jamming"]]
    others = tables.truth[~is_local(tables.truth) & ~tables.truth["mmsi"].isin(by_trap)]
    assert others["departed_at"].notna().all()
    assert tables.traps["week_edge"] == []


def test_began_and_ended_are_when_a_ship_crossed_the_mark() -> None:
    assert clean().truth["ended_at"].isna().sum() == clean().truth["departed_at"].isna().sum()
    truth = clean().truth.dropna(subset=["departed_at"])
    first = (truth["arrived_at"] - truth["began_at"]) / pd.Timedelta("1min")
    last = (truth["ended_at"] - truth["departed_at"]) / pd.Timedelta("1min")
    assert min(first.min(), last.min()) >= -0.1
    # Ships heard in passes only have some hours between fixes.
    assert first.median() < 20
    assert max(first.max(), last.max()) < 240


# Reception.


def received(reception: str) -> Tables:
    more = {} if reception == "all" else {"reception": reception}
    return made(days=14, ships=60, seed=3, traps=(), **more)


THINNED = [reception for reception in RECEPTIONS if reception not in ("all", "ashore")]


@pytest.mark.parametrize("share", [0.02, 0.4])
def test_the_jammed_share_is_reached(share: float) -> None:
    jammed, bare = (
        made(days=7, ships=60, seed=2, traps=(), jammed_share=s).fixes for s in (share, 0.0)
    )
    is_false = jammed["lon"] != bare["lon"]
    ship_day = bare["mmsi"].astype(str) + bare["reported_at"].dt.strftime(" %j")
    local = is_local(bare)
    assert not (is_false & local).any()
    reached = ship_day[is_false].nunique() / ship_day[~local].nunique()
    assert share <= reached < share + 0.01


def test_a_receiver_on_land_hears_every_few_seconds_under_way_and_minutes_at_rest() -> None:
    fixes = made(days=7, ships=2, seed=6, traps=(), reception="ashore").fixes
    step_s = fixes.groupby("mmsi")["reported_at"].diff().dt.total_seconds()
    assert 2 <= step_s[fixes["sog_kn"] > 4].median() <= 10
    assert 150 <= step_s[fixes["nav_status"].isin([1, 5])].median() <= 200


SLOTS = {
    "1h-most": (1, 0.5, 0.85),
    "2h": (2, 1.0, 1.0),
    "6h": (6, 1.0, 1.0),
    "6h-half": (6, 0.2, 0.8),
}
"""Hours of a slot, and the least and the largest share of a ship's slots with a fix."""


@pytest.mark.parametrize("reception", THINNED)
def test_thin_reception_keeps_one_fix_a_slot_and_the_calls_heard(reception: str) -> None:
    thin, full = received(reception), received("all")
    merged = thin.fixes.merge(full.fixes, how="left", indicator=True)
    assert (merged["_merge"] == "both").all()
    hours, least, most = SLOTS.get(reception, (None, 0.0, 0.0))
    by_ship = full.fixes.groupby("mmsi")["reported_at"]
    for mmsi, fixes in thin.fixes.groupby("mmsi"):
        if hours is None:
            at_h = (fixes["reported_at"] - pd.Timestamp("2026-03-02")) / pd.Timedelta("1h")
            assert at_h.diff().max() > 17.9
            # Folded by its period, half a day and more is empty for all the time.
            folded = np.sort(at_h % 36)
            assert max(np.diff(folded).max(), folded[0] + 36 - folded[-1]) >= 18
        else:
            slots = fixes["reported_at"].dt.floor(f"{hours}h")
            assert not slots.duplicated().any()
            share = len(slots) / by_ship.get_group(mmsi).dt.floor(f"{hours}h").nunique()
            assert least <= share <= most
    # The true calls are those of which a fix was received.
    key = ["mmsi", "port_id", "began_at"]
    calls = full.truth.merge(thin.truth, on=key, how="left", suffixes=("", "_thin"))
    assert calls["arrived_at_thin"].notna().sum() == len(thin.truth)
    heard = thin.fixes.groupby("mmsi")["reported_at"]
    for call in calls.itertuples():
        times = heard.get_group(call.mmsi)
        until = times.max() if pd.isna(call.departed_at) else call.departed_at
        during = times[times.between(call.arrived_at, until)]
        if pd.isna(call.arrived_at_thin):
            assert len(during) <= 4
            continue
        assert call.arrived_at_thin == during.iloc[0] >= call.arrived_at
        assert pd.isna(call.departed_at_thin) or call.departed_at_thin == during.iloc[-1]
    if reception == "6h":
        assert len(thin.truth) == len(full.truth)


def test_one_fix_a_slot_is_not_always_the_first() -> None:
    seconds = np.arange(0, 864_000, 600)
    kept = one_per_slot(seconds, 7200.0, np.random.default_rng(0))
    assert kept.sum() == 120
    assert len(set(seconds[kept] % 7200)) == 12
    assert one_per_slot(seconds[:0], 7200.0, np.random.default_rng(0)).sum() == 0
