"""What counts once, what a passage and a destination prove and for how long, and odd decisions.

One world holds all the ships that call at a port; what needs only fixes is asked of the queries.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from flows.derive.calls import FLAGGED_SCHEMA
from flows.home.resources import sql_text
from flows.home.settings import Settings
from flows.lake.schema import POSITION_SCHEMA
from tests.build.derivation import Connection, derive, session
from tests.build.ships import BERTH, ROADS, SEA, Ship, call, home_of, second, ship, way, without_imo

OFF_KHARG = (50.60, 28.95)
"""Outside the limit, near enough for the same hull to be heard from both places in one hour."""

LAST_DAY = 120

AT_ONCE = ship(201, "TWO TRANSMITTERS")
NEARLY = ship(205, "TEN HOURS LATER")
SILENT = ship(206, "SILENT IN PORT")
WAITED = ship(207, "WAITED UNDER ANOTHER")
SPANNED = ship(208, "LEFT AND CAME BACK")
ONE, OTHER = ship(209, "ONE OF TWO"), ship(210, "OTHER OF TWO")
MUTE = ship(211, "NO NUMBER YET")
BOUND = ship(212, "BOUND AGAIN", destination="RU NVS")
WAITS_TWICE = ship(214, "WAITED AND CAME BACK")


def rows() -> Iterator[str]:
    """What every ship sent: a row an hour, six from sea to port and six back."""
    yield from call(AT_ONCE, 2)
    yield from call(second(AT_ONCE), 2)
    # The first transmitter is last heard in port ten hours before the second, which is there.
    yield from call(NEARLY, 2)[:16]
    yield from call(second(NEARLY), 2)[26:]
    # In port to the end of what is heard, and three days later another call by another MMSI.
    yield from call(SILENT, LAST_DAY - 6)[:20]
    yield from call(second(SILENT), LAST_DAY - 3)
    yield from way(WAITED, 2, SEA, ROADS, SEA)[:24]
    yield from way(second(WAITED), 3, ROADS, BERTH, SEA)[2:]
    # One transmitter tells two calls apart; the other is heard only in port, on both of them.
    for of, place in ((SPANNED, BERTH), (WAITS_TWICE, ROADS)):
        for day_number in (2, 4):
            yield from way(of, day_number, OFF_KHARG, place, OFF_KHARG)
        alike = way(second(of), 2 - 1 / 24, OFF_KHARG, place, OFF_KHARG, stay_h=72)
        yield from [*alike[4:28], *alike[57:76]]
    yield from call(ONE, 2)
    yield from call(OTHER, 2)
    yield from way(without_imo(MUTE, vessel_name="OLD", call_sign="OLD"), 2, SEA, ROADS, SEA)
    yield from call(MUTE, 6)
    yield from way(BOUND, -300, SEA, (50.8, 28.4))
    yield from call(BOUND | {"destination": "KHARG"}, 2)
    yield from way(BOUND, 100, SEA, (50.8, 28.4))
    yield from call(BOUND | {"destination": "KHARG"}, 110)
    yield from call(ship(213, "LAST OF ALL"), LAST_DAY)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    wanted = ("counted_call", "russian_destination")
    return home_of(tmp_path_factory.mktemp("evidence"), rows(), wanted=wanted)


def made(con: Connection, of: Ship) -> list[tuple[Any, ...]]:
    """The calls of a ship under any of its MMSIs: area_kind, MID, and whether each is counted and
    in the headline."""
    query = """
        select
            call.area_kind,
            call.mmsi // 1000000,
            counted.port_call_id is not null,
            coalesce(counted.is_headline, false)
        from port_call as call
        left join counted_call as counted using (port_call_id)
        where call.mmsi % 1000000 = $1::integer % 1000000
        order by call.arrived_at, call.mmsi
    """
    return con.execute(query, [of["mmsi"]]).fetchall()


def calls(con: Connection, of: Ship, column: str) -> list[tuple[Any, ...]]:
    query = f"select {column} from port_call where mmsi = $1 order by arrived_at"
    return con.execute(query, [int(of["mmsi"])]).fetchall()


@pytest.mark.parametrize(
    ("of", "calls", "expected"),
    [
        pytest.param(AT_ONCE, 2, [("berth", 352)], id="two transmitters"),
        pytest.param(NEARLY, 2, [("berth", 352)], id="ten hours later"),
        pytest.param(ONE, 1, [("berth", 352)], id="one of two hulls at one berth"),
        pytest.param(OTHER, 1, [("berth", 352)], id="the other of two"),
        pytest.param(SPANNED, 3, [("berth", 352)] * 2, id="one track tells two calls apart"),
        pytest.param(WAITS_TWICE, 3, [("anchorage", 352)] * 2, id="and two waits"),
        pytest.param(
            SILENT, 2, [("berth", 352), ("berth", 636)], id="silent in port, then another"
        ),
    ],
)
def test_a_call_of_a_hull_is_counted_once(
    con: Connection, of: Ship, calls: int, expected: list[tuple[str, int]]
) -> None:
    found = made(con, of)
    assert len(found) == calls  # port_call keeps them all
    assert [(kind, mid) for kind, mid, is_counted, _ in found if is_counted] == expected


def test_a_wait_is_counted_apart_or_explained_by_the_berth_call(con: Connection) -> None:
    assert made(con, WAITED) == [("anchorage", 352, False, False), ("berth", 636, True, True)]
    # Before its number is sent, it is part of the voyage.
    assert made(con, MUTE) == [("anchorage", 352, True, False), ("berth", 352, True, True)]
    assert calls(con, MUTE, "imo") == [(None,), (int(MUTE["imo"]),)]
    assert (True,) in calls(con, SILENT, "departed_at is null")


def test_a_destination_of_another_year_is_no_evidence(con: Connection) -> None:
    query = "select destination, first_at::date = last_at::date from russian_destination"
    said = con.execute(f"{query} where mmsi = $1", [int(BOUND["mmsi"])]).fetchall()
    assert said == [("RU NVS", True)] * 2
    assert calls(con, BOUND, "link_tier") == [("none",), ("weak",)]


NOON = datetime(2026, 6, 1, 12)
EAST, WEST = (13.6, 54.8), (11.2, 57.4)
"""On either side of the Danish straits."""

Fix = dict[str, Any]


def fix(days: float, at: tuple[float, float] = EAST, **said: Any) -> Fix:
    """A fix so many days after the first noon of June 2026."""
    return {
        "mmsi": 352999201,
        "reported_at": NOON + timedelta(days=days),
        "lon": at[0],
        "lat": at[1],
    } | said


def asked(query: str, fixes: Sequence[Fix]) -> list[tuple[Any, ...]]:
    """The rows of a query of `sql/` over a few fixes, none of them flagged."""
    with session(
        new_position=pa.Table.from_pylist(list(fixes), schema=POSITION_SCHEMA),
        flagged_position=FLAGGED_SCHEMA.empty_table(),
    ) as con:
        derive(con, "strait_side")
        for name in ("static_report", "strait_fix"):
            con.sql(sql_text(f"digest/{name}")).create(name)
        derive(con, query)
        return con.table(query).fetchall()


SIZED = {"length_m": 240.0}
LADEN, BALLAST = SIZED | {"draught_m": 14.5}, SIZED | {"draught_m": 7.0}
OUT = fix(1, WEST)
ANCHORED = [fix(0.5 * n) for n in range(1, 24)]


@pytest.mark.parametrize(
    ("fixes", "expected"),
    [
        pytest.param([fix(0, **LADEN), OUT], [(14.5, True)], id="laden"),
        pytest.param([fix(0), fix(1, WEST, **LADEN)], [(14.5, True)], id="sent in the west"),
        pytest.param([fix(0, **LADEN), fix(9.9, WEST)], [(14.5, True)], id="a long wait"),
        pytest.param([fix(0, **LADEN), fix(10.1, WEST)], [], id="too long a wait"),
        pytest.param([fix(0), OUT], [(None, None)], id="no static data"),
        pytest.param([fix(0, **SIZED), OUT], [(None, None)], id="its length only"),
        pytest.param([fix(0, **LADEN), OUT, fix(300), fix(301, WEST)],
                     [(14.5, True), (None, None)], id="laden 300 days before"),
        pytest.param([fix(-3, WEST, **LADEN), fix(0), OUT], [(None, None)],
                     id="sent before it came in"),
        pytest.param([fix(-3, **BALLAST), fix(0), OUT], [(None, None)],
                     id="came in in ballast, then a port"),
        pytest.param([fix(-3, **BALLAST), fix(0, **LADEN), OUT], [(14.5, True)],
                     id="came in in ballast, and loaded"),
        pytest.param([fix(-0.9, **LADEN), fix(0), OUT], [(14.5, True)], id="a few hours before"),
        pytest.param([fix(0, **LADEN), *ANCHORED, fix(12, WEST)], [(None, None)],
                     id="sent more than ten days ago at anchor"),
        pytest.param([fix(0, WEST, **LADEN), fix(1)], [], id="inbound"),
    ],
)  # fmt: skip
def test_a_passage_has_the_draught_that_was_said_on_it(
    fixes: list[Fix], expected: list[tuple[float | None, bool | None]]
) -> None:
    found = asked("strait_passage", fixes)
    assert [(draught, is_laden) for *_, draught, _, is_laden in found] == expected


def test_passages_are_the_same_whatever_the_order_of_the_fixes() -> None:
    """At one second a ship is heard twice, with two draughts and two lengths."""
    fixes = [
        fix(days, (lon, lat), draught_m=draught, length_m=length)
        for days, (lon, lat) in ((0, EAST), (0, (13.5, 54.8)), (1, WEST), (1, (11.1, 57.4)))
        for draught in (7.0, 14.5, None)
        for length in (100.0, 240.0)
    ]
    found = asked("strait_passage", fixes)
    assert len(found) == 1
    for seed in range(5):
        random.Random(seed).shuffle(fixes)
        assert asked("strait_passage", fixes) == found


NVS = {"destination": "RU NVS"}
FUJAIRAH = [fix(n, destination="FUJAIRAH") for n in range(1, 31)]


@pytest.mark.parametrize(
    ("fixes", "expected"),
    [
        pytest.param([fix(0, **NVS), fix(29.9, **NVS)], [("RU NVS", 0, 29.9)],
                     id="silent for less than 30 days"),
        pytest.param([fix(0, **NVS), fix(30, **NVS)], [("RU NVS", 0, 0), ("RU NVS", 30, 30)],
                     id="silent for 30 days"),
        pytest.param([fix(n, **NVS) for n in (0, 29, 58)], [("RU NVS", 0, 58)],
                     id="sent now and then"),
        pytest.param([fix(0, **NVS), *FUJAIRAH, fix(31, **NVS)],
                     [("RU NVS", 0, 0), ("RU NVS", 31, 31)], id="another port for a month"),
        pytest.param([fix(0, **NVS), fix(20, destination="NOVOROSSIYSK"), fix(40, **NVS)],
                     [("NOVOROSSIYSK", 0, 40)], id="in two spellings"),
        pytest.param([fix(0, destination="ST.PETERSBURG FL")], [], id="the one in Florida"),
    ],
)  # fmt: skip
def test_a_destination_holds_while_it_is_said(
    fixes: list[Fix], expected: list[tuple[str, float, float]]
) -> None:
    found = asked("russian_destination", fixes)
    assert [(words, first_at, last_at) for *_, words, first_at, last_at in found] == [
        (words, NOON + timedelta(days=first), NOON + timedelta(days=last))
        for words, first, last in expected
    ]


def test_destinations_are_told_apart_by_the_number_sent() -> None:
    found = asked("russian_destination", [fix(0, **NVS), fix(1, imo=9990004, **NVS)])
    assert [imo for _, imo, *_ in found] == [9990004, None]
