"""The oil of a week beside its count: which calls it adds up, and whose oil they moved."""

from __future__ import annotations

from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from flows.catalogue import check
from flows.home.settings import Settings
from tests.build.derivation import Connection, Row, at, derive, rows, session
from tests.build.ships import (
    BERTH,
    BLACK_SEA,
    NOVOROSSIYSK,
    ROADS,
    SEA,
    Place,
    Ship,
    home_of,
    reports,
    ship,
    voyage,
)
from tests.flows.derive.test_in_port import CASPIAN as SOUTH_CASPIAN
from tests.flows.derive.test_in_port import GULF, coast
from tests.flows.derive.test_in_port import lines as coast_lines

RUSSIA = 273
NORTH, MAKHACHKALA = (47.90, 42.99), (47.50, 42.99)
CASPIAN, NEKA = (53.00, 37.60), (53.26, 36.86)
GULF_OF_OMAN, RAJAEE = (57.5, 25.5), (56.06, 27.10)
RIVER_SEA = {"length_m": "140", "beam_m": "17", "mid": RUSSIA}
LOADS = voyage(SEA, BERTH, SEA)

LOADED, OTHER_FLAG = ship(701, "LOADED", RUSSIA), ship(702, "NOT LINKED")
WAITED, UNSIZED = ship(703, "WAITED", RUSSIA), ship(704, "NO SIZE", RUSSIA, length_m="", beam_m="")
CARRIER = ship(705, "CARRIER", RUSSIA, length_m="140", beam_m="17")
FROM_AFAR = ship(706, "FROM AFAR", RUSSIA, length_m="140", beam_m="17")
CONTRADICTS = ship(707, "CAME LADEN TO LOAD", RUSSIA)
DELIVERS, SENDS = ship(708, "FROM NOVOROSSIYSK", RUSSIA), ship(709, "TO NOVOROSSIYSK", RUSSIA)
COMES_TO_LOAD = ship(710, "BACK IN BALLAST", RUSSIA)
STILL_LOADS = ship(711, "STILL LOADS ON SUNDAY NIGHT", RUSSIA)
"""The crew has already set a laden draught when the data end."""


def sailed(of: Ship, day: float, *places: Place, before: str, after: str) -> list[str]:
    """A voyage with a stay of a day, in the middle of which the crew sets another draught."""
    way = voyage(*places)
    arriving = reports(of | {"draught_m": before}, day, way, heard=lambda hours: hours <= 18)
    leaving = reports(of | {"draught_m": after}, day, way, heard=lambda hours: hours > 18)
    return [*arriving, *leaving]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    at_kharg = (SEA, BERTH, SEA)
    at_rajaee = (GULF_OF_OMAN, RAJAEE, GULF_OF_OMAN)
    in_russia = (BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)
    lines = chain(
        sailed(LOADED, 2, *at_kharg, before="8", after="14.5"),
        sailed(OTHER_FLAG, 2, *at_kharg, before="8", after="14.5"),
        sailed(WAITED, 2, SEA, ROADS, SEA, before="9", after="9"),
        sailed(UNSIZED, 9, *at_kharg, before="", after=""),
        sailed(CARRIER, 1, NORTH, MAKHACHKALA, NORTH, before="2.5", after="4.2"),
        sailed(CARRIER, 4, CASPIAN, NEKA, CASPIAN, before="4.2", after="2.5"),
        sailed(FROM_AFAR, 5.4, CASPIAN, NEKA, CASPIAN, before="4.2", after="2.5"),
        sailed(CONTRADICTS, 16, *at_kharg, before="14.5", after="8"),
        sailed(DELIVERS, 1, *in_russia, before="8", after="14.5"),
        sailed(DELIVERS, 22, *at_rajaee, before="14.5", after="8"),
        sailed(SENDS, 22, *at_kharg, before="8", after="14.5"),
        sailed(SENDS, 42, *in_russia, before="14.5", after="8"),
        sailed(COMES_TO_LOAD, 24, *at_kharg, before="8", after="14.5"),
        sailed(COMES_TO_LOAD, 45, *in_russia, before="8", after="14.5"),
        reports(STILL_LOADS | {"draught_m": "8"}, 55.2, LOADS, heard=lambda hours: hours <= 15),
        reports(STILL_LOADS | {"draught_m": "14.5"}, 55.2, LOADS, heard=lambda h: 15 < h <= 18.7),
        coast_lines(coast(8, (*GULF, *SOUTH_CASPIAN))),
    )
    return home_of(tmp_path_factory.mktemp("volume"), lines)


def week(con: Connection, name: str, **of: str | None) -> Row:
    """The week's row of `oil_volume`; what is not given is null, all of the dimension."""
    dimensions = {"direction": None, "water": None, "link_tier": None} | of
    found = rows(con, "from oil_volume where week = $1", name)
    (one,) = (row for row in found if dimensions.items() <= row.items())
    return one


def cargo(con: Connection, of: Ship) -> Row:
    """The ship's last call in Iran."""
    query = """
        select cargo.*, oil.* exclude (port_call_id) from call_cargo as cargo
        join call_oil as oil using (port_call_id) join port_call as call using (port_call_id)
        where call.mmsi = $1 order by call.arrived_at
    """
    return rows(con, query, int(of["mmsi"]))[-1]


def test_a_week_adds_up_what_linked_tankers_moved_at_berths(con: Connection) -> None:
    one = week(con, "2026-W23")
    moved = [cargo(con, of) for of in (LOADED, CARRIER, FROM_AFAR)]
    assert one["calls"] == one["calls_with_estimate"] == len(moved)
    assert one["payload_t"] == sum(call["payload_mean_t"] for call in moved) > 50_000
    assert one["payload_low_90_t"] < one["payload_t"] < one["payload_high_90_t"]
    methods = [call["method"] for call in moved]
    assert one["calls_by_two_draughts"] == methods.count("two draughts") > 0
    assert one["state"] == "complete"


def test_directions_waters_and_tiers_are_parts_of_it(con: Connection) -> None:
    loaded, brought = (week(con, "2026-W23", direction=d) for d in ("loading", "discharging"))
    assert loaded["payload_t"] == cargo(con, LOADED)["payload_mean_t"]
    assert brought["calls"] == 2
    caspian = week(con, "2026-W23", water="Caspian")
    assert caspian["payload_t"] == brought["payload_t"]
    there = week(con, "2026-W23", water="Caspian", direction="discharging")
    assert brought["payload_low_90_t"] >= there["payload_low_90_t"], "loading takes nothing"
    assert week(con, "2026-W23", link_tier="strong")["calls"] == 3
    assert week(con, "2026-W23", link_tier="moderate")["payload_t"] == 0


def test_draughts_that_contradict_the_terminal_leave_the_direction_open(con: Connection) -> None:
    call, one = cargo(con, CONTRADICTS), week(con, "2026-W25")
    loaded, brought = (week(con, "2026-W25", direction=d) for d in ("loading", "discharging"))
    unknown = week(con, "2026-W25", direction="unknown")
    assert (call["direction"], call["oil"]) == ("unknown", "not known")
    assert (loaded["calls"], brought["calls"], unknown["calls"]) == (0, 0, 1)
    assert (unknown["calls_by_two_draughts"], unknown["payload_t"]) == (1, None)
    assert loaded["payload_t"] == brought["payload_t"] == call["payload_mean_t"] / 2
    assert loaded["payload_low_90_t"] < 0.1 * one["payload_t"]
    assert loaded["payload_high_90_t"] > one["payload_t"] == call["payload_mean_t"]


def test_a_call_that_is_not_over_counts_by_its_arrival(con: Connection) -> None:
    call, one = cargo(con, STILL_LOADS), week(con, "2026-W30")
    assert (one["state"], one["calls"], one["calls_still_in_port"]) == ("complete", 1, 1)
    assert (call["method"], call["laden_in"], call["laden_out"]) == (
        *("one draught", "ballast", "unknown"),
    )
    assert one["payload_t"] == call["payload_mean_t"]
    assert one["payload_high_90_t"] - one["payload_low_90_t"] > 0.5 * one["payload_t"]
    assert week(con, "2026-W23")["calls_still_in_port"] == 0


def test_a_call_without_an_estimate_may_be_of_any_tanker_after_one_with(con: Connection) -> None:
    one = week(con, "2026-W24")
    assert cargo(con, UNSIZED)["method"] == "none"
    assert (one["calls"], one["calls_with_estimate"]) == (1, 0)
    assert one["payload_low_90_t"] < 0.1 * one["payload_t"]
    assert one["payload_high_90_t"] > 2 * one["payload_t"]


def test_tonne_miles_are_of_voyages_with_both_ends_heard(con: Connection) -> None:
    carried = cargo(con, CARRIER)
    assert carried["oil"] == "Russian oil likely delivered"
    # Makhachkala 42.99 N 47.53 E and Neka 36.8 N 53.3 E: 450 nautical miles on the great circle.
    assert 450 <= carried["voyage_nm"] < 1.05 * 450
    assert carried["tonne_miles"] == carried["payload_mean_t"] * carried["voyage_nm"]
    assert cargo(con, FROM_AFAR)["voyage_nm"] is None
    one = week(con, "2026-W23")
    assert (one["tonne_miles"], one["tonne_mile_calls"]) == (carried["tonne_miles"], 1)
    assert week(con, "2026-W24")["tonne_miles"] is None


def test_tonne_miles_of_other_seas_are_by_suez_and_only_of_oil_that_came_there(
    con: Connection,
) -> None:
    carried = [cargo(con, of) for of in (DELIVERS, SENDS)]
    assert [call["direction"] for call in carried] == ["discharging", "loading"]
    # Novorossiysk to Port Said 1,240 nautical miles, to Suez 87, to Aden 1,307, to Hormuz 1,450.
    assert [call["voyage_nm"] for call in carried] == pytest.approx([4_120, 4_500], rel=0.04)
    assert cargo(con, COMES_TO_LOAD)["voyage_nm"] is None
    one = week(con, "2026-W26")
    assert one["tonne_miles"] == sum(call["tonne_miles"] for call in carried)
    assert (one["calls"], one["tonne_mile_calls"]) == (3, 2)


def test_no_check_finds_a_fault(home: Settings) -> None:
    assert [fault for fault in check.check(home) if fault.is_fault] == []


BY = {False: "draught", True: "draught, against the terminal"}
WAY_NM = 460
"""From Makhachkala to Neka, in the tables of a case."""


class Case(NamedTuple):
    """A call in Iran, the Russian port before it (days before, tier), and what it says."""

    oil: str
    direction: str = "discharging"
    laden_in: str = "unknown"
    from_russia: tuple[float, str] | None = (5.0, "moderate")
    loaded_days_before: float | None = None
    is_contested: bool = False
    was_contested: bool = False
    """Of the call before."""
    to_russia: tuple[float, str] | None = None
    """The Russian port after (days after, state of the ship on arrival)."""
    port_id: str = "IRNEK"


CASES = {
    "from Russia, and discharges": Case("Russian oil likely delivered"),
    "from Russia two months and more ago": Case(
        "oil of unknown origin delivered", from_russia=(61.0, "moderate")
    ),
    "no Russian port heard, as at Neka in 2017": Case(
        "oil of unknown origin delivered", from_russia=None
    ),
    "from the terminal of Kazakh oil": Case(
        "oil of unknown origin delivered", from_russia=(5.0, "weak")
    ),
    "loaded in Iran on the way": Case("oil of unknown origin delivered", loaded_days_before=2.0),
    "loaded in Iran before it went to Russia": Case(
        "Russian oil likely delivered", loaded_days_before=9.0
    ),
    "from Russia, and loads": Case("Iranian oil likely loaded", direction="loading"),
    "from Russia in ballast": Case("not known", laden_in="ballast"),
    "from Russia laden, direction unknown": Case(
        "Russian oil likely on board", direction="unknown", laden_in="laden"
    ),
    "direction and state unknown": Case("not known", direction="unknown"),
    "from Russia laden, against the terminal": Case(
        "not known", direction="unknown", laden_in="laden", is_contested=True
    ),
    "may have loaded in Iran on the way, against the terminal": Case(
        "oil of unknown origin delivered", loaded_days_before=2.0, was_contested=True
    ),
}
TO_RUSSIA = {
    "laden": (Case("", "loading", to_russia=(4.0, "laden")), WAY_NM),
    "to load there": (Case("", "loading", to_russia=(4.0, "ballast")), None),
    "laden or not": (Case("", "loading", to_russia=(4.0, "unknown")), None),
    "two months later": (Case("", "loading", to_russia=(61.0, "laden")), None),
    "to a terminal for Kazakh oil": (
        Case("", "loading", from_russia=(9.0, "weak"), to_russia=(4.0, "laden")),
        None,
    ),
    "against the terminal": (
        Case("", "unknown", is_contested=True, to_russia=(4.0, "laden")),
        None,
    ),
    "after it discharged": (
        Case("", "discharging", from_russia=None, to_russia=(4.0, "laden")),
        None,
    ),
}
FROM_RUSSIA = {
    "delivered": (Case(""), WAY_NM),
    "in ballast": (Case("", laden_in="ballast"), None),
    "against the terminal": (Case("", "unknown", laden_in="laden", is_contested=True), None),
    "no Russian port heard": (Case("", from_russia=None), None),
    "to a port without a way by sea": (Case("", port_id="IR-NEW"), None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_whose_oil_a_call_moved(case: Case) -> None:
    assert said(case)["oil"] == case.oil


@pytest.mark.parametrize(
    ("case", "voyage_nm"),
    [*FROM_RUSSIA.values(), *TO_RUSSIA.values()],
    ids=[
        *(f"from Russia, {name}" for name in FROM_RUSSIA),
        *(f"to Russia, {n}" for n in TO_RUSSIA),
    ],
)
def test_a_voyage_has_a_length_where_the_oil_went_it(case: Case, voyage_nm: int | None) -> None:
    row = said(case)
    tonne_miles = None if voyage_nm is None else 5_000 * voyage_nm
    assert (row["voyage_nm"], row["tonne_miles"]) == (voyage_nm, tonne_miles)


def said(case: Case) -> Row:
    """The row of `call_oil` of the case's call."""
    key = {"series": "russian_linked_tankers", "hull_id": "h", "port_id": case.port_id}
    call = key | {"port_call_id": "call", "arrived_at": at(0), "last_russian_call_id": "russian"}
    call |= {"direction": case.direction, "laden_in": case.laden_in, "payload_mean_t": 5000}
    call |= {"next_russian_call_id": None, "direction_by": BY[case.is_contested]}
    calls = [call]
    if case.loaded_days_before is not None:
        before = {"port_call_id": "before", "arrived_at": at(-24 * case.loaded_days_before)}
        before |= {"direction": "unknown" if case.was_contested else "loading"}
        before |= {"direction_by": BY[case.was_contested], "last_russian_call_id": None}
        calls.append(call | before)
    days, tier = case.from_russia or (0.0, "moderate")
    russian = {"port_call_id": "russian", "port_id": "RUMCX", "trade_tier": tier}
    russian |= {"arrived_at": at(-24 * days - 10), "departed_at": at(-24 * days)}
    trade = [russian]
    if case.from_russia is None:
        calls[0] |= {"last_russian_call_id": None}
    if case.to_russia is not None:
        days_after, _ = case.to_russia
        trade.append(russian | {"port_call_id": "next", "arrived_at": at(24 * days_after)})
        calls[0] |= {"next_russian_call_id": "next"}
    _, state = case.to_russia or (0.0, "unknown")
    laid = pa.Table.from_pylist(calls)
    for name in ("last_russian_call_id", "next_russian_call_id"):
        at_index = laid.schema.get_field_index(name)
        laid = laid.set_column(at_index, name, laid[name].cast(pa.string()))
    tables = dict.fromkeys(("counted_call", "port_call", "call_cargo", "call_voyage"), laid)
    others: dict[str, list[dict[str, Any]]] = {
        "trade_call": trade,
        "call_draught": [{"port_call_id": "next", "hull_id": "h", "draught_in_m": 4.2}],
        "draught_state": [{"hull_id": "h", "draught_m": 4.2, "state": state}],
        "sea_distance": [{"port_id": "IRNEK", "russian_port_id": "RUMCX", "distance_nm": WAY_NM}],
    }
    tables |= {name: pa.Table.from_pylist(lines) for name, lines in others.items()}
    with session(**tables) as con:
        derive(con, "call_oil")
        (one,) = rows(con, "from call_oil where port_call_id = 'call'")
    return one
