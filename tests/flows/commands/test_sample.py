"""The sample: what the program finds is what the simulator put there."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from flows.catalogue import access
from flows.home.settings import Settings
from tests.conftest import SAMPLE

HULL = ["mmsi", "imo"]
"""A shared MMSI has two hulls, a hull that changes its flag two MMSIs."""

END_OF_TIME = pd.Timestamp("2100-01-01")
TOLERANCE = pd.Timedelta("5h")
"""The truth says when a ship was within 5 km of its stop, a call when it was in the limit. That of
Bandar Imam Khomeini has its outer anchorage, four hours down the channel."""


def _truth() -> pd.DataFrame:
    truth = pd.read_csv(SAMPLE / "truth.csv")
    for name in ("arrived_at", "departed_at"):
        truth[name] = pd.to_datetime(truth[name]).dt.tz_localize(None)
    return truth


def _fleet() -> pd.DataFrame:
    return pd.read_csv(SAMPLE / "fleet.csv")


def _expected() -> dict[str, Any]:
    expected: dict[str, Any] = json.loads((SAMPLE / "expected.json").read_text())
    return expected


def _found(settings: Settings, query: str) -> pd.DataFrame:
    with access.reading(settings) as con:
        return con.sql(query).df()


def test_every_true_call_is_found_once_and_no_other(sample_home: Settings) -> None:
    calls = _found(sample_home, "from port_call where confidence >= 2")
    truth = _truth()
    unmatched = []
    taken: set[int] = set()
    for true in truth.itertuples():
        ends = true.departed_at if pd.notna(true.departed_at) else END_OF_TIME
        match = calls[
            (calls["mmsi"] == true.mmsi)
            # Two hulls send one MMSI: each call is that of the hull that made it.
            & (calls["imo"] == true.imo)
            & (calls["port_id"] == true.port_id)
            & (calls["area_kind"] == true.area_kind)
            & (calls["arrived_at"] <= ends)
            & (calls["departed_at"].fillna(END_OF_TIME) >= true.arrived_at)
        ]
        if len(match) != 1 or match.index[0] in taken:
            unmatched.append(true)
        else:
            taken.add(match.index[0])
    assert not unmatched
    assert len(calls) == len(truth) > 150


def test_departures_are_the_true_ones_and_calls_still_open_are_open(sample_home: Settings) -> None:
    calls = _found(sample_home, "from port_call")
    truth = _truth()
    both = truth.merge(calls, on=[*HULL, "port_id", "area_kind"], suffixes=("_true", ""))
    closed = both[both["departed_at_true"].notna() & both["departed_at"].notna()]
    error = (closed["departed_at"] - closed["departed_at_true"]).abs()
    # Ships that call twice at a port also pair with their other call: only the nearest counts.
    true_call = [closed[name] for name in (*HULL, "port_id", "departed_at_true")]
    nearest = error.groupby(true_call).min()
    assert len(nearest) == truth["departed_at"].notna().sum() > 140
    assert (nearest <= TOLERANCE).all()
    assert calls["departed_at"].isna().sum() == truth["departed_at"].isna().sum() > 0


def test_weekly_numbers_are_those_of_the_truth(sample_home: Settings) -> None:
    """Counted anew from truth and fleet, without the program's SQL."""
    # Not by MMSI alone, which the two hulls of a shared one would double.
    truth = _truth().merge(_fleet(), how="left", on=HULL, validate="many_to_one")
    tankers = truth[truth["is_tanker"]]
    is_linked = tankers["is_russian_linked"].astype(bool)
    by_trade = is_linked & tankers["why"].fillna("").str.startswith("trade")
    week = tankers["arrived_at"].dt.strftime("%G-W%V")
    berths = tankers["area_kind"] == "berth"
    found = _found(sample_home, "from barometer where series = 'russian_linked_tankers'")
    series = found.set_index("week")
    linked = week[is_linked & berths].value_counts().sort_index()
    assert series["russian_linked_berth_calls"].to_dict() == linked.to_dict()
    # A ship under the flag may have been to Makhachkala too: its call is of both.
    assert series["trade_calls"].sum() >= (by_trade & berths).sum() > 0
    # A wait in the roads is not counted beside the call at a berth that it was for.
    assert (series["tanker_calls"] <= week.value_counts().sort_index()).all()
    assert (series["tanker_calls"] >= week[berths].value_counts().sort_index()).all()


def test_a_ship_that_left_the_russian_flag_stays_linked_for_a_year(sample_home: Settings) -> None:
    [mmsi] = _expected()["traps"]["flag_change"]
    fleet = _fleet().set_index("mmsi")
    ship = fleet[fleet["imo"] == fleet.loc[mmsi, "imo"]]
    assert list(ship["flag"]) == ["RU", "CM"]
    calls = _found(sample_home, "from port_call")
    changed = calls[calls["imo"] == ship["imo"].iloc[0]]
    assert set(changed["mmsi"]) == set(ship.index)
    assert set(changed["flag"]) == set(ship["flag"])
    assert set(changed["link_reasons"]) == {"flag"}
    assert changed["is_russian_linked"].all()


def test_rows_are_accounted_for_as_the_simulator_counted_them(sample_home: Settings) -> None:
    expected = _expected()
    totals = _found(
        sample_home,
        "select sum(rows_read) as r, sum(rows_kept) as k, sum(rows_repeated) as p,"
        " sum(rows_rejected) as x from source_file",
    ).iloc[0]
    assert totals["r"] == expected["rows"]
    assert totals["k"] + totals["p"] + totals["x"] == totals["r"]
    assert totals["k"] == expected["fixes"]
    dirty = sum(expected["dirty"].values()) + expected["either_way"]["future_time"]
    assert totals["x"] == dirty
    assert totals["p"] == expected["repeated"] + expected["either_way"]["latin1_name"]


def test_a_port_that_nobody_hears_has_no_number(sample_home: Settings) -> None:
    found = _found(sample_home, "from weekly_port_calls where port_id = 'IRZBR'")
    assert set(found["week"]) == {"2026-W10", "2026-W11", "2026-W12"}
    assert set(found["state"]) == {"unobserved"} and found["port_calls"].isna().all()
