"""Simulated ships with known cargoes through the whole program: its calls, legs and weeks.

SIMULATED. The simulator has hulls, cargoes and crews of its own (`flows.simulate.hulls`, `cargoes`,
`draughts`): no coefficient of the program's curves is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from flows.catalogue import access
from flows.home.settings import load_settings
from flows.lake.prepare import prepare_home
from flows.registers.store import import_list
from flows.runner import run
from flows.simulate import Simulation, simulate
from flows.sources.packings import FLEET_LIST
from tests.build.files import ingest

START = date(2026, 3, 2)
WEEK_H = 168
STATIC = ("vessel_type", "length", "width", "draft", "cargo")


class World(NamedTuple):
    """How ships are simulated and heard.

    ``silent_share`` of each week's hours nothing is received, in one piece; ``blind_share`` of the
    ships send neither size nor draught; of a ship's legs between calls the draught is received on
    every ``draught_legs``-th, 0 for none.
    """

    label: str
    seeds: tuple[int, ...]
    ships: int
    days: int
    draughts: str = "entered"
    layout: str = "marinecadastre-2025"
    silent_share: float = 0.0
    blind_share: float = 0.0
    draught_legs: int = 1


CELLS = "global-fishing-watch"
WORLDS = {
    "entered": World("draughts as crews enter them", (901, 902, 903), 150, 42),
    "measured": World("true draughts", (911,), 150, 42, draughts="measured"),
    "cells": World("hourly cells: no draught, no size", (921,), 150, 42, layout=CELLS),
    "weeks": World("all heard", tuple(range(931, 939)), 30, 182),
    "half": World("half of the hours heard", (941, 942, 943, 944), 30, 182, silent_share=0.5),
    "blind": World("a third of the ships of unknown size", (951, 952), 30, 182, blind_share=1 / 3),
    "weeks-one": World("all heard, one draught a call", (981, 982, 983), 30, 182, draught_legs=2),
    "weeks-none": World("all heard, no draughts", (991, 992, 993), 30, 182, draught_legs=0),
    "weeks-measured": World("all heard, true draughts", (961, 962), 30, 182, draughts="measured"),
    "weeks-cells": World("all heard in hourly cells", (971, 972), 30, 182, layout=CELLS),
}
"""Many ships for the calls, since those of one ship err alike; many weeks of fewer ships for sums.
Seeds that nothing was set with."""

REPORT_MINUTES = 60.0
ANY = "all"
"""Of waters and directions: null in the program."""


class Answers(NamedTuple):
    """What is true and what the program says, row by row: calls, legs, weeks."""

    calls: pd.DataFrame
    legs: pd.DataFrame
    weeks: pd.DataFrame


def ask(world: World, seed: int, folder: Path) -> Answers:
    """Simulate below a folder, run the program on it, and set its answers beside the truth."""
    made = simulate(
        folder / "sim",
        start=START,
        days=world.days,
        ships=world.ships,
        seed=seed,
        traps=(),
        draughts=world.draughts,
        layout=world.layout,
        report_minutes=REPORT_MINUTES,
        compression="none",
    )
    _spoil(made, world, np.random.default_rng([seed, 6]))
    data_end = datetime.combine(START, datetime.min.time()) + timedelta(days=world.days)
    as_of = (data_end + timedelta(hours=6)).isoformat()
    settings = load_settings({"home": folder / "home", "as_of": as_of}, {})
    prepare_home(settings.home)
    import_list(settings, folder / "sim" / FLEET_LIST, published_on=START)
    outcomes = ingest(settings, folder / "sim" / "ais")
    assert {outcome.state for outcome in outcomes} == {"ingested"}
    run.derive(settings, outcomes, publish=False)
    known = ["mmsi", "hull_class", "deadweight_t", "draughts", "is_tanker", "is_russian_linked"]
    fleet = made.fleet[known].rename(columns={"deadweight_t": "true_deadweight_t"})
    true = made.truth.dropna(subset="payload_t").merge(fleet, on="mmsi").query("is_tanker")
    true = true.rename(columns={name: f"true_{name}" for name in TRUE})
    with access.reading(settings) as con:
        calls = _beside(true, con.sql(CALLS).df())
        legs = _legs(calls, con.sql(LEGS).df())
        weeks = con.sql(WEEKS).df()
        waters = dict(con.sql("select port_id, water from port").fetchall())
    water = true["port_id"].map(waters)
    coast = water.where(water == "Caspian", "Gulf and Gulf of Oman")
    return Answers(
        calls=calls.assign(water=calls["port_id"].map(waters), seed=seed),
        legs=legs.assign(seed=seed),
        weeks=_true_sums(weeks, true.assign(water=coast), calls).assign(seed=seed),
    )


TRUE = ("direction", "payload_t", "laden_in", "laden_out", "draught_in_m", "draught_out_m")

CALLS = """
    select
        call.port_call_id, call.mmsi, call.port_id, call.arrived_at as from_at,
        coalesce(call.departed_at, call.departed_by, call.arrived_at) as to_at, call.area_kind,
        call.draught_in_m, call.draught_out_m,
        cargo.direction, cargo.laden_in, cargo.laden_out, cargo.payload_t,
        cargo.payload_mean_t,
        cargo.payload_low_90_t, cargo.payload_high_90_t, cargo.method, cargo.deadweight_t,
        cargo.deadweight_by
    from call_cargo as cargo
    inner join port_call as call using (port_call_id)
    order by call.port_call_id
"""

LEGS = """
    select leg_id, from_port_call_id, to_port_call_id, state, state_by, laden_probability
    from leg_state
    order by leg_id
"""

WEEKS = """
    select
        week, direction, water, state, calls, calls_with_estimate, observed_share,
        payload_t, payload_low_90_t, payload_high_90_t
    from oil_volume
    where series = 'russian_linked_tankers' and link_tier is null
    order by all
"""


def _spoil(made: Simulation, world: World, rng: np.random.Generator) -> None:
    """Take silent hours, statics of blind ships, and draughts of legs out of the day files."""
    if not world.silent_share and not world.blind_share and world.draught_legs == 1:
        return
    half = (made.truth["ended_at"] - made.truth["began_at"]) / 2
    turned = (made.truth["began_at"] + half).groupby(made.truth["mmsi"].astype(str))
    turns = {mmsi: np.sort(times.to_numpy()) for mmsi, times in turned}
    blind = {str(mmsi) for mmsi in made.fleet["mmsi"] if rng.random() < world.blind_share}
    silent_h = WEEK_H * world.silent_share
    begins_h = rng.uniform(0.0, WEEK_H - silent_h, world.days // 7 + 1)
    for path in made.files:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        since = pd.to_datetime(rows["base_date_time"]) - pd.Timestamp(START)
        at_h = (since / pd.Timedelta("1h")).to_numpy()
        begin_h = begins_h[(at_h // WEEK_H).astype(int)]
        is_silent = (at_h % WEEK_H >= begin_h) & (at_h % WEEK_H < begin_h + silent_h)
        rows.loc[rows["mmsi"].isin(blind), ["length", "width", "draft"]] = ""
        if world.draught_legs != 1:
            legs = _legs_of(rows, turns)
            is_kept = legs % world.draught_legs == 0 if world.draught_legs else legs < 0
            rows.loc[~is_kept, "draft"] = ""
        rows[~is_silent].to_csv(path, index=False)
        if is_silent.all():
            path.unlink()


def _legs_of(rows: pd.DataFrame, turns: Mapping[str, np.ndarray]) -> pd.Series:
    """Which of the ship's legs each row is of, from 0: one ends in the middle of each call."""
    legs = pd.Series(0, index=rows.index)
    for mmsi, own in pd.to_datetime(rows["base_date_time"]).groupby(rows["mmsi"]):
        legs[own.index] = np.searchsorted(turns.get(str(mmsi), np.array([])), own.to_numpy())
    return legs


def _beside(true: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """Each true call with the program's call of that ship and port that overlaps it longest."""
    pairs = true.merge(said, on=["mmsi", "port_id"], suffixes=("_true", ""))
    ends = pairs["ended_at"].fillna(pairs["to_at"])
    common = np.minimum(ends, pairs["to_at"]) - np.maximum(pairs["began_at"], pairs["from_at"])
    pairs = pairs.assign(common=common).query("common >= @pd.Timedelta(0)")
    pairs = pairs.sort_values("common", ascending=False, kind="stable")
    pairs = pairs.drop_duplicates("port_call_id").drop_duplicates(["mmsi", "began_at"])
    return pairs.sort_values(["began_at", "mmsi"], ignore_index=True)


def _legs(calls: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """Each leg that ends or begins at a call that was found, with the ship's true state on it."""
    into = calls.set_index("port_call_id")["true_laden_in"]
    out_of = calls.set_index("port_call_id")["true_laden_out"]
    state = said["to_port_call_id"].map(into)
    state = state.fillna(said["from_port_call_id"].map(out_of))
    return said.assign(true_state=state).dropna(subset="true_state")


def _true_sums(weeks: pd.DataFrame, true: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The weeks with the true sum of the linked tankers' cargoes, none being zero.

    A call belongs to the week in which the program has it, as fences are not the simulator's 5 km;
    one that it has not found to that in which it began.
    """
    linked = true[true["is_russian_linked"] & (true["true_payload_t"] > 0)]
    key = ["mmsi", "began_at"]
    linked = linked.merge(found[[*key, "from_at"]], on=key, how="left")
    linked = linked.assign(week=linked["from_at"].fillna(linked["began_at"]).dt.strftime("%G-W%V"))
    parts = [
        linked.assign(direction=direction, water=water)
        for direction in (linked["true_direction"], ANY)
        for water in (linked["water"], ANY)
    ]
    by = ["week", "direction", "water"]
    sums = pd.concat(parts).groupby(by)["true_payload_t"].agg(["sum", "size"]).reset_index()
    sums = sums.rename(columns={"sum": "true_t", "size": "true_calls"})
    sums["true_t"] = sums["true_t"].astype(float)
    said = weeks.fillna({"water": ANY, "direction": ANY})
    return said.merge(sums, on=by, how="left").fillna({"true_t": 0.0, "true_calls": 0})


def pooled(answers: Iterator[Answers]) -> Answers:
    """The answers of several seeds as one."""
    tables: Any = zip(*answers, strict=True)
    return Answers(*(pd.concat(list(some), ignore_index=True) for some in tables))
