"""Which draughts are believed where a ship sent several: `sql/08_cargo` from her reports on."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from tests.build.cargo import AFRAMAX, CALL, HULL, Stay, lay, named, prepared
from tests.build.derivation import Row, at, derive, drop, made_from, rows, session

BALLAST, LADEN = 7.5, 14.2
ARRIVES, SAILS = 0.0, 30.0
Sent = Callable[[float], float]
"""Hours after arrival -> the draught in the reports of that time."""


def usual(hours: float) -> float:
    """Set an hour before sailing."""
    return BALLAST if hours < SAILS - 1 else LADEN


def alternating(every_h: float, first: Sent, second: Sent) -> Sent:
    """Two transmitters, or two receivers of which one has old static data."""
    return lambda hours: (first, second)[int(hours // every_h) % 2](hours)


def within(began: float, ended: float, sent: Sent, otherwise: Sent) -> Sent:
    return lambda hours: (sent if began <= hours < ended else otherwise)(hours)


def ballast(hours: float) -> float:
    return BALLAST


def laden(hours: float) -> float:
    return LADEN


EVERY_MIN = (30, 20, 10, 5)


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, int], Row]:
    """The row of `call_cargo` of each case and interval of reports, each of a ship of her own.

    A call lasts from `ARRIVES` to `SAILS`.
    """
    with prepared() as con:
        keys = [(name, minutes) for name in CASES for minutes in EVERY_MIN]
        lay(con, *[(AFRAMAX, Stay(stay_h=SAILS - ARRIVES))] * len(keys))
        fixes = [
            {"mmsi": number, "track_id": number, "verdict": "plausible"}
            | {"reported_at": at(minute / 60), "draught_m": CASES[name][0](minute / 60)}
            for number, (name, every_min) in enumerate(keys)
            for minute in range(-96 * 60, 96 * 60, every_min)
        ]
        days = {"first_day": at(-96).date(), "last_day": at(96).date()}
        spells = [
            {"hull_id": named(HULL, number), "track_id": number, "mmsi": number} | days
            for number in range(len(keys))
        ]
        of_hulls = pa.table({"hull_id": [spell["hull_id"] for spell in spells]})
        calls = con.table("track_call").to_arrow_table()
        tables = {
            "hull_spell": pa.Table.from_pylist(spells),
            **dict.fromkeys(("linked_tanker", "tanker_gap", "spoofed_span"), of_hulls),
            "track_fix": pa.Table.from_pylist(fixes),
            "track_call": calls.append_column("mmsi", pa.array(range(len(keys)))),
        }
        for name, table in tables.items():
            con.register(name, table)
        con.unregister("draught_spell")
        drop(con, *made_from(frozenset({*tables, "hull"}), "draught_spell"))
        derive(con, "draught_spell", "call_cargo")
        cargoes = {row.pop("port_call_id"): row for row in rows(con, "from call_cargo")}
        return {key: cargoes[named(CALL, number)] for number, key in enumerate(keys)}


CHANGE = {"draught_change_m": pytest.approx(LADEN - BALLAST, abs=0.11)}
BOTH = {"method": "two draughts", "laden_in": "ballast", "laden_out": "laden"} | CHANGE
LEAVING = {"method": "one draught", "laden_in": "unknown", "laden_out": "laden"}
NEITHER = {"method": "terminal", "laden_in": "unknown", "laden_out": "unknown"}
CASES: dict[str, tuple[Sent, Row]] = {
    "set once": (usual, BOTH),
    "alternating from hour to hour": (alternating(1, ballast, laden), NEITHER),
    "alternating from report to report": (alternating(0.5, ballast, laden), NEITHER),
    "alternating every eight hours": (alternating(8, ballast, laden), NEITHER),
    "one right, the other the design draught for ever": (alternating(1, usual, laden), LEAVING),
    "alternating until she sails": (
        within(-96, SAILS + 1, alternating(1, ballast, laden), laden),
        LEAVING,
    ),
    "alternating while in port": (within(5, 20, alternating(1, ballast, laden), usual), BOTH),
    "laden for a short voyage that was entered late": (
        within(SAILS + 6, SAILS + 26, laden, ballast),
        LEAVING | {"method": "two draughts", "laden_in": "ballast"},
    ),
    "mistyped for an hour on the way": (within(-24, -23, laden, usual), BOTH),
    "mistyped twice on the way": (within(-24, -23, laden, within(-20, -19, laden, usual)), BOTH),
    "set too early, taken back, and set again": (within(10, 12, laden, usual), BOTH),
    "taken back by mistake after sailing": (within(40, 43, ballast, usual), BOTH),
    "mistyped, and put right to what it was, all through the call": (
        within(28, 33, laden, ballast),
        NEITHER,
    ),
    "a sensor that swings by a decimetre": (
        lambda hours: round(usual(hours) + 0.1 * (int(hours) % 2), 1),
        BOTH,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_draughts_that_come_and_go_within_hours_are_no_cargo(
    found: dict[tuple[str, int], Row], name: str
) -> None:
    row, (_, expected) = found[name, EVERY_MIN[0]], CASES[name]
    assert {column: row[column] for column in expected} == expected


@pytest.mark.parametrize("name", CASES)
def test_how_often_a_ship_reports_changes_nothing(
    found: dict[tuple[str, int], Row], name: str
) -> None:
    first, *others = (found[name, minutes] for minutes in EVERY_MIN)
    assert others == [first] * len(others)


@pytest.mark.parametrize("sent", [(BALLAST, LADEN), (LADEN, BALLAST)])
@pytest.mark.parametrize("hours", [(-1, SAILS + 1), (ARRIVES + 1, SAILS - 1)])
def test_of_two_draughts_at_one_time_the_lesser_is_that_of_the_call(
    sent: tuple[float, float], hours: tuple[float, float]
) -> None:
    ship = {"mmsi": 1, "track_id": 1}
    call = ship | {"arrived_at": at(ARRIVES), "departed_at": at(SAILS), "port_call_id": CALL}
    fixes = [
        ship | {"reported_at": at(hour), "draught_m": draught_m, "verdict": "plausible"}
        for hour in hours
        for draught_m in sent
    ]
    of_calls, of_fixes = pa.Table.from_pylist([call]), pa.Table.from_pylist(fixes)
    with session(track_call=of_calls, track_fix=of_fixes) as con:
        derive(con, "draught_around_call")
        [row] = rows(con, "from draught_around_call")
    assert row == {"port_call_id": CALL, "draught_in_m": BALLAST, "draught_out_m": BALLAST}
