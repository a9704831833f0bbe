"""Calls behind false tracks: tankers off Kharg that show one, and come back deeper or not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.home.resources import data_path, data_rows
from flows.home.settings import Settings
from tests.build.derivation import Connection, Row
from tests.build.derivation import rows as records
from tests.build.false_tracks import (
    FALSE,
    FALSE_H,
    HONEST,
    START_US,
    Way,
    adrift,
    between,
    circling,
    still_at,
    track,
)
from tests.build.files import answer, row
from tests.build.ships import BERTH, DANISH, SEA, START, Ship, home_of, ship, way

BALLAST, LADEN = 8.0, 14.2
SET_H = sum(FALSE_H) / 2.0


def tanker(number: int, name: str, mid: int = 273) -> Ship:
    """A tanker under the Russian flag, of 244 by 42 m."""
    return ship(700 + number, name, mid=mid)


FALSE_SHIP = {name: tanker(number, name.upper()) for number, name in enumerate(FALSE)}
HONEST_SHIP = {name: tanker(20 + number, name.upper()) for number, name in enumerate(HONEST)}
EMPTIED, UNCHANGED, CALLED = tanker(40, "EMPTIED"), tanker(41, "UNCHANGED"), tanker(42, "CALLED")
SHORT, ONGOING = tanker(43, "SHORT"), tanker(44, "ONGOING")
STRANGER = tanker(45, "NOT LINKED", mid=352)
HOSTILE = tanker(46, "<SCRIPT>ALERT(1)")
BACK_AND_FORTH = tanker(47, "EMPTIED AT ONCE")
JAMMED = [tanker(50 + number, f"JAMMED {number}") for number in range(3)]
THROWN = tanker(53, "THROWN ALONE")
MOORED = tanker(54, "MOORED")
RING = between(circling(3.0, 9.0))
ONTO_KHARG = between(still_at(27.6, 137.0))
LATER_H = 500.0
ACROSS = tanker(55, "ACROSS A BORDER")
BORDER_H = (
    date(1, 1, 1) + timedelta(64 * ((START.date() - date(1, 1, 1)).days // 64 + 1))
) - START.date()
"""From the start to the next border of two periods of `followed_track`."""


def sent(
    of: Ship,
    shown: Way,
    every_min: float,
    *draughts: tuple[float, float],
    later_h: float = 0.0,
    **options: Any,
) -> Iterator[str]:
    """The rows of a way, with draughts each from an hour on."""
    fixes = track(shown, every_min, is_thinned=False, **options)
    for at, lon, lat, sog, cog, heading, _ in zip(*fixes, strict=True):
        hours = (at - START_US) / 3.6e9
        draught_m = [metres for from_h, metres in draughts if hours >= from_h][-1]
        yield row(
            DANISH,
            **of | {"draught_m": str(draught_m)},
            reported_at=f"{START + timedelta(hours=hours + later_h):%d/%m/%Y %H:%M:%S}",
            lon=f"{lon:.5f}",
            lat=f"{lat:.5f}",
            sog_kn="" if np.isnan(sog) else f"{sog:.1f}",
            cog_deg=f"{cog % 360:.1f}",
            heading_deg=f"{heading // 1 % 360:.0f}",
            nav_status="Under way using engine",
        )


LOADS = ((0.0, BALLAST), (SET_H, LADEN))


def tracks_alone(every_min: float) -> Iterator[str]:
    """What the ships of each false and each honest track sent."""
    for name, (_, shown) in FALSE.items():
        yield from sent(FALSE_SHIP[name], shown, every_min, *LOADS)
    for name, shown in HONEST.items():
        yield from sent(HONEST_SHIP[name], shown, every_min, *LOADS)


def all_rows(every_min: float) -> Iterator[str]:
    """What every ship sent."""
    yield from tracks_alone(every_min)
    yield from sent(EMPTIED, RING, every_min, (0.0, LADEN), (SET_H, BALLAST))
    yield from sent(UNCHANGED, RING, every_min, (0.0, BALLAST), (SET_H, BALLAST + 1.0))
    yield from sent(BACK_AND_FORTH, RING, every_min, *LOADS, (FALSE_H[1] + 30.0, BALLAST))
    # She left the berth with the draught of her arrival, and set it only in the ring.
    yield from way(CALLED | {"draught_m": str(BALLAST)}, -3, SEA, BERTH, SEA)
    yield from sent(CALLED, RING, every_min, *LOADS)
    yield from sent(STRANGER, RING, every_min, *LOADS)
    yield from sent(HOSTILE, RING, every_min, *LOADS)

    def brief(hours: Any) -> Any:
        inside = (hours > FALSE_H[0]) & (hours < FALSE_H[0] + 20.0)
        return tuple(
            np.where(inside, *both) for both in zip(RING(hours), adrift(hours), strict=True)
        )

    yield from sent(SHORT, brief, every_min, *LOADS)
    yield from sent(ONGOING, RING, every_min, *LOADS, whole_h=FALSE_H[1] - 1.0)
    for of in JAMMED:
        yield from sent(of, ONTO_KHARG, every_min, *LOADS)
    to_border_h = BORDER_H / timedelta(hours=1) - SET_H
    yield from sent(ACROSS, RING, every_min, *LOADS, later_h=to_border_h)
    yield from sent(THROWN, ONTO_KHARG, every_min, *LOADS, later_h=LATER_H)
    # 5 km off Al-Basra Oil Terminal, 40 km from land, and as still as a fake anchorage.
    yield from sent(MOORED, between(still_at(-121.0, 182.0)), every_min, *LOADS)


FALSE_CALLS = ("possible_spoofed_call", "spoofed_span", "counted_call")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home_of(tmp_path_factory.mktemp("spoofing"), all_rows(10.0), wanted=FALSE_CALLS)


def calls(con: Connection, of: Ship) -> list[Row]:
    return records(con, "from possible_spoofed_call where mmsi = $1", int(of["mmsi"]))


def spans(con: Connection, of: Ship) -> list[Row]:
    return records(con, "from spoofed_span where mmsi = $1", int(of["mmsi"]))


@pytest.mark.parametrize("name", FALSE)
def test_a_false_track_and_a_new_draught_may_be_a_call(con: Connection, name: str) -> None:
    (call,) = calls(con, FALSE_SHIP[name])
    assert FALSE[name][0] in call["kinds"].split(", ")
    begin, end = (START + timedelta(hours=hours) for hours in FALSE_H)
    slack = timedelta(hours=3.2)
    assert begin - slack <= call["spoofed_from"] <= begin + slack
    assert end - slack <= call["spoofed_to"] <= end + slack
    assert call["week"] == f"{call['spoofed_to']:%G-W%V}"
    drawn = (call["draught_before_m"], call["draught_after_m"])
    assert drawn == pytest.approx((BALLAST, LADEN))
    assert "8.0 -> 14.2 m" in call["reasons"] and ": loading" in call["reasons"]
    terminals = call["terminals"]
    assert call["port_id"] == terminals[0]["port_id"] == "IRKHK"
    assert sum(each["likelihood"] for each in terminals) == pytest.approx(1, abs=0.01)
    likely = [each["likelihood"] for each in terminals]
    assert likely == sorted(likely, reverse=True)
    assert call["foreign_ports"] > 0


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_track_is_none(con: Connection, name: str) -> None:
    assert spans(con, HONEST_SHIP[name]) == calls(con, HONEST_SHIP[name]) == []


@pytest.mark.parametrize(
    "of", [UNCHANGED, CALLED, SHORT, ONGOING], ids=lambda of: of["vessel_name"]
)
def test_a_false_track_alone_is_none(con: Connection, of: Ship) -> None:
    """Without another draught, with a call that explains it, too short for a terminal, not over."""
    assert [span["kinds"] for span in spans(con, of)] == ["circle"]
    assert calls(con, of) == []


def test_a_ship_that_is_still_at_a_port_is_moored(con: Connection) -> None:
    assert "still" not in str([span["kinds"] for span in spans(con, MOORED)])


def test_a_ship_that_nothing_links_is_not_looked_at(con: Connection) -> None:
    assert spans(con, STRANGER) == calls(con, STRANGER) == []


def test_a_ship_that_came_lighter_may_have_discharged(con: Connection) -> None:
    """Terminals that only load are none for her."""
    (call,) = calls(con, EMPTIED)
    only_load = {
        each["port_id"]
        for each in data_rows(data_path("ports", "terminal_trade.csv"))
        if each["terminal_trade"] == "loading"
    }
    terminals = {each["port_id"] for each in call["terminals"]}
    assert terminals and only_load and not terminals & only_load
    assert ": discharging" in call["reasons"]


def test_a_cargo_that_is_discharged_the_day_after_was_loaded(con: Connection) -> None:
    (call,) = calls(con, BACK_AND_FORTH)
    assert call["draught_after_m"] == pytest.approx(LADEN)


def test_many_ships_in_one_place_are_interference(con: Connection) -> None:
    for of in JAMMED:
        assert spans(con, of) == calls(con, of) == []
    (span,) = spans(con, THROWN)
    assert span["kinds"] in ("jump", "offset") and span["jammed_hours"] == 0


def test_the_border_of_two_periods_cuts_no_span(con: Connection) -> None:
    (span,), (call,) = spans(con, ACROSS), calls(con, ACROSS)
    border = START + BORDER_H
    assert span["began_at"] < border < span["ended_at"]
    assert (span["ended_at"] - span["began_at"]) / timedelta(hours=1) == pytest.approx(54, abs=1)
    assert call["spoofed_from"] == span["spoofed_from"]


def test_what_a_ship_calls_herself_is_in_no_reason(con: Connection) -> None:
    (call,) = calls(con, HOSTILE)
    assert call["vessel_name"] == HOSTILE["vessel_name"]
    assert "SCRIPT" not in call["reasons"]


def test_no_count_holds_them(con: Connection) -> None:
    ((count,),) = con.execute("select count(*) from counted_call").fetchall()
    assert count == 1  # that of the ship which called before


FOUND = "select mmsi, kinds, week, port_id from possible_spoofed_call where {} order by all"
OF_TRACKS = f"mmsi in {tuple(int(of['mmsi']) for of in (FALSE_SHIP | HONEST_SHIP).values())}"


@pytest.mark.parametrize(
    ("every_min", "rows", "of"),
    [(4.0, tracks_alone, OF_TRACKS), (60.0, all_rows, "true")],
    ids=["4 min", "60 min"],
)
def test_the_reporting_interval_changes_no_row(
    home: Settings,
    tmp_path: Path,
    every_min: float,
    rows: Callable[[float], Iterator[str]],
    of: str,
) -> None:
    other = home_of(tmp_path, rows(every_min), wanted=FALSE_CALLS)
    assert answer(other, FOUND.format(of)) == answer(home, FOUND.format(of)) != []


def test_neither_do_the_order_of_rows_nor_the_time_zone(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [*all_rows(10.0)]
    np.random.default_rng(3).shuffle(rows)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        other = home_of(tmp_path, rows, wanted=FALSE_CALLS)
    finally:
        monkeypatch.undo()
        time.tzset()
    for relation in ("spoofed_span", "possible_spoofed_call"):
        query = f"from {relation} order by all"
        assert answer(other, query) == answer(home, query) != []
