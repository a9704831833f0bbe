"""The simulator's hulls and cargoes, and what its crews enter as draught."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.registers.publishers import team
from flows.simulate import simulate
from flows.simulate.cargoes import Leg, entered
from flows.simulate.files import fleet_list
from flows.simulate.fleet import DRAUGHT_HABITS
from flows.simulate.hulls import (
    EXAMPLE,
    PERPENDICULARS,
    SEA_T_M3,
    build_hull,
    displacement_t,
    draught_at_m,
    load_classes,
)
from flows.simulate.places import CASPIAN, GULF
from tests.build.lists import read_list
from tests.build.simulated import chart, made

MANY: dict[str, Any] = {"days": 28, "ships": 150, "seed": 8, "traps": ()}
CLASSES = {one.hull_class: one for one in load_classes()}


def calls(**more: Any) -> pd.DataFrame:
    """The true calls of ships with a hull, with what the fleet's table says of them."""
    tables = made(**MANY, **more)
    return tables.truth.dropna(subset="payload_t").merge(tables.fleet, on=["mmsi", "imo"])


def water_of(port_ids: pd.Series) -> pd.Series:
    return port_ids.map({place.port_id: place.water for place in chart().places.values()})


# Hulls.


@pytest.mark.parametrize("name", CLASSES)
def test_published_values_of_a_class_make_a_ship(name: str) -> None:
    """Block coefficients of tankers and bulkers: 0.75 to 0.88, of river-sea ships up to 0.95."""
    kind = CLASSES[name]
    box_m3 = PERPENDICULARS[kind.water] * kind.length_m * kind.beam_m * kind.draught_m
    block = (kind.deadweight_t + kind.lightship_t) / SEA_T_M3 / box_m3
    assert 0.75 < block < (0.95 if kind.water == CASPIAN else 0.88)


def test_a_river_sea_tanker_carries_what_its_yard_says_at_another_draught() -> None:
    """RST27 carries 7,030 t at 4.20 m in the sea and 5,428 t at 3.60 m in a river."""
    rng = np.random.default_rng(1)
    carried = [
        displacement_t(hull, 3.60 * hull.draught_m / 4.20, 1.0) - hull.lightship_t
        for hull in (build_hull(CLASSES["rst27"], rng) for _ in range(400))
    ]
    assert np.mean(carried) == pytest.approx(5428, rel=0.02)


@given(st.floats(1.0, 20.0), st.floats(0.98, 1.04))
def test_draught_and_displacement_are_each_others_inverse(draught_m: float, water: float) -> None:
    weight_t = displacement_t(EXAMPLE, draught_m, water)
    assert draught_at_m(EXAMPLE, weight_t, water) == pytest.approx(draught_m)
    assert displacement_t(EXAMPLE, draught_m + 0.1, water) > weight_t


def test_ships_of_a_class_differ_and_are_of_the_class() -> None:
    fleet = made(**MANY).fleet.dropna(subset="deadweight_t")
    for name, ships in fleet.groupby("hull_class"):
        ratio = ships["deadweight_t"].astype(float) / CLASSES[str(name)].deadweight_t
        assert ratio.between(0.8, 1.2).all()
        assert len(ships) < 5 or 0.01 < ratio.std() < 0.1
    assert {GULF, CASPIAN} == {CLASSES[name].water for name in fleet["hull_class"]}


# Cargoes.


def test_no_ship_carries_more_than_it_can_or_lies_deeper_than_its_mark() -> None:
    found = calls()
    assert (found["payload_t"] < found["deadweight_t"]).all()
    for row in found.itertuples():
        # Hulls vary by some percent about their class.
        assert max(row.draught_in_m, row.draught_out_m) < 1.1 * CLASSES[row.hull_class].draught_m


def test_cargo_agrees_with_direction_states_and_draughts() -> None:
    found = calls()
    order = {"ballast": 0, "part": 1, "laden": 2}
    gained = found["laden_out"].map(order) - found["laden_in"].map(order)
    by = found.groupby("direction")
    assert set(by.groups) == {"loading", "discharging", "none"}
    idle, loads = by.get_group("none"), by.get_group("loading")
    assert (idle["payload_t"] == 0).all()
    assert (idle["draught_in_m"] == idle["draught_out_m"]).all()
    assert (gained[loads.index] >= 0).all()
    assert (gained[by.get_group("discharging").index] <= 0).all()
    whole = found[(found["laden_in"] == "ballast") & (found["laden_out"] == "laden")]
    assert (whole["payload_t"] > 0.5 * whole["deadweight_t"]).all()
    # A small ship in dry cargo gains less than a metre.
    assert (whole["draught_out_m"] > 1.15 * whole["draught_in_m"]).all()


def test_kharg_ships_and_neka_receives_mostly_full_cargoes_and_some_parts() -> None:
    tankers = calls().query("is_tanker and direction != 'none'")
    assert set(tankers.query("port_id == 'IRKHK'")["direction"]) == {"loading"}
    assert (tankers.query("port_id == 'IRNEK'")["direction"] == "discharging").mean() > 0.9
    assert tankers.query("port_id == 'IRBSR'")["direction"].nunique() == 2
    states = set(zip(tankers["laden_in"], tankers["laden_out"], strict=True))
    whole = {("ballast", "laden"), ("laden", "ballast")}
    parts = {("ballast", "part"), ("part", "laden"), ("laden", "part"), ("part", "ballast")}
    assert whole | parts <= states
    is_whole = pd.Series(list(zip(tankers["laden_in"], tankers["laden_out"], strict=True)))
    assert 0.55 < is_whole.isin(whole).mean() < 0.9


def test_river_sea_ships_are_shallow_and_seagoing_ones_keep_marpols_ballast() -> None:
    tankers = calls()[calls()["is_tanker"]]
    river = tankers[(tankers["deadweight_t"] < 9000) & (water_of(tankers["port_id"]) == CASPIAN)]
    full = river.query("laden_in == 'laden' and payload_t > 0.85 * deadweight_t")
    assert full["draught_in_m"].between(3.1, 5.5).all()
    assert river["draught_out_m"].min() > 1.5
    sea = tankers[tankers["length_m"] > 175]
    least_m = 2.0 + 0.02 * 0.93 * sea["length_m"]
    assert (sea["draught_in_m"] > least_m).all()
    assert (sea["draught_out_m"] > least_m).all()


def test_what_a_ship_left_with_it_comes_with_where_it_was_nowhere_between() -> None:
    tables = made(days=14, ships=36, seed=5)
    for mmsi in tables.traps["neighbours"]:
        own = tables.truth[tables.truth["mmsi"] == mmsi].sort_values("began_at")
        first, second = own.iloc[0], own.iloc[1]
        assert first["port_id"] != second["port_id"]
        assert first["laden_out"] == second["laden_in"]
        assert first["draught_out_m"] == second["draught_in_m"]


# Draughts.


def draughts_at(found: pd.DataFrame, **more: Any) -> tuple[np.ndarray, np.ndarray]:
    """What was sent last before each call and a day after it; what was true."""
    sent, true = [], []
    reports = made(**MANY, **more).fixes.dropna(subset="draught_m").set_index("reported_at")
    draughts = {mmsi: of_ship["draught_m"] for mmsi, of_ship in reports.groupby("mmsi")}
    for call in found.dropna(subset="departed_at").itertuples():
        if call.mmsi not in draughts:
            continue
        before = draughts[call.mmsi][: call.arrived_at]
        after = draughts[call.mmsi][call.departed_at :]
        if len(before) and len(after):
            sent += [before.iloc[-1], after.iloc[0]]
            true += [call.draught_in_m, call.draught_out_m]
    return np.array(sent), np.array(true)


def test_measured_draughts_are_the_true_ones_to_a_tenth() -> None:
    sent, true = draughts_at(calls(draughts="measured"), draughts="measured")
    assert len(sent) > 500
    assert np.abs(sent - true).max() < 0.06


def test_entered_draughts_are_mostly_right_at_times_old_and_seldom_absurd() -> None:
    sent, true = draughts_at(calls())
    assert np.allclose(sent * 10, np.round(sent * 10))
    error = np.abs(sent - true)
    assert 0.5 < (error < 0.3).mean() < 0.85
    assert 0.1 < (error > 1.0).mean() < 0.45
    is_absurd = (sent < 0.15 * true) | (sent > 4 * true) | (sent == 25.5)
    assert 0 < is_absurd.mean() < 0.05


def test_what_crews_enter_changes_no_voyage_and_no_cargo() -> None:
    first, second = made(**MANY), made(**MANY, draughts="measured")
    pd.testing.assert_frame_equal(first.truth, second.truth)
    pd.testing.assert_frame_equal(
        first.fixes.drop(columns="draught_m"), second.fixes.drop(columns="draught_m")
    )


def test_each_habit_is_what_the_fleets_table_says() -> None:
    tables = made(**MANY)
    fixes = tables.fixes.groupby("mmsi")["draught_m"]
    distinct = fixes.nunique()
    by_habit = {
        habit: distinct[ships["mmsi"]]
        for habit, ships in tables.fleet.dropna(subset="hull_class").groupby("draughts")
    }
    assert set(by_habit) == set(DRAUGHT_HABITS)
    assert by_habit["none"].max() == 0
    assert set(by_habit["design"]) == {1}
    assert by_habit["kept"].median() > by_habit["careless"].median() > 1


LEGS = [
    Leg(-np.inf, -np.inf, 7.0, False),
    *(Leg(k * 9e5, k * 9e5 + 4e4, 12.0, True) for k in (1, 2)),
]


@given(st.integers(0, 2**32), st.sampled_from(DRAUGHT_HABITS))
def test_entries_are_in_order_of_time_and_fit_the_field(seed: int, habit: str) -> None:
    entries = entered(LEGS, EXAMPLE, habit, np.random.default_rng(seed))
    times = [entry.from_s for entry in entries]
    assert times == sorted(set(times))
    assert times[0] == -np.inf
    assert all(0 <= entry.draught_m <= 25.5 for entry in entries)


# The list beside the files.


def test_a_fleet_of_which_nothing_is_listed_has_an_empty_list() -> None:
    fleet = made(days=1, ships=1, traps=()).fleet
    empty = fleet_list(fleet.assign(is_tanker=False))
    assert list(empty.columns)[:2] == ["imo", "name"]
    assert empty.empty


def test_the_fleets_list_imports_with_the_true_deadweight(tmp_path: Path) -> None:
    fleet = simulate(tmp_path, days=7, ships=60, seed=3).fleet
    listed = read_list(team, tmp_path / "simulated-fleet-list.csv")
    assert listed.register == "team:simulated-fleet-list"
    assert not listed.junk
    true = fleet.drop_duplicates("imo").set_index("imo")
    linked = true[true["is_tanker"] & true["is_russian_linked"]]
    assert 0.2 < len(listed.entries) / len(linked) < 0.8
    for entry in listed.entries:
        assert entry.deadweight_t == linked.loc[entry.imo, "deadweight_t"]
        assert entry.link_reason in {"flag", "trade"}
