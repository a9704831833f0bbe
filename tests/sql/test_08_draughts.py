"""Which draughts are believed where a ship sent several: `sql/08_cargo` from her reports on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as of_examples
from hypothesis import strategies as st

from tests.build.cargo import AFRAMAX, HULL, Stay, lay, prepared
from tests.build.derivation import Connection, Row, at, derive, drop, made_from, rows

BALLAST, LADEN = 7.5, 14.2
ARRIVES, SAILS = 0.0, 30.0
Sent = Callable[[float], float]
"""Hours after arrival -> the draught in the reports of that time."""


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with prepared() as con:
        yield con


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


def cargo(
    con: Connection, sent: Sent, every_min: int = 30, hours: tuple[int, int] = (-96, 96)
) -> Row:
    """The row of `call_cargo` of a call that lasts from `ARRIVES` to `SAILS`."""
    lay(con, (AFRAMAX, Stay(stay_h=SAILS - ARRIVES)))
    times = [minute / 60 for minute in range(60 * hours[0], 60 * hours[1], every_min)]
    spell = {"hull_id": HULL, "track_id": 1, "mmsi": 1}
    of_hull = pa.table({"hull_id": pa.array([HULL])})
    days = {"first_day": at(hours[0]).date(), "last_day": at(hours[1]).date()}
    fixes = [
        {"mmsi": 1, "track_id": 1, "verdict": "plausible"}
        | {"reported_at": at(moment), "draught_m": sent(moment)}
        for moment in times
    ]
    calls = con.table("track_call").to_arrow_table()
    tables = {
        "hull_spell": pa.Table.from_pylist([spell | days]),
        **dict.fromkeys(("linked_tanker", "tanker_gap", "spoofed_span"), of_hull),
        "track_fix": pa.Table.from_pylist(fixes),
        "track_call": calls.append_column("mmsi", pa.array([1] * calls.num_rows)),
    }
    for name, table in tables.items():
        con.register(name, table)
    con.unregister("draught_spell")
    drop(con, *made_from(frozenset({*tables, "hull"}), "draught_spell"))
    derive(con, "draught_spell")
    derive(con, "call_cargo")
    (row,) = rows(con, "from call_cargo")
    return row


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


@pytest.mark.parametrize(("sent", "expected"), CASES.values(), ids=CASES)
def test_draughts_that_come_and_go_within_hours_are_no_cargo(
    con: Connection, sent: Sent, expected: Row
) -> None:
    row = cargo(con, sent)
    assert {name: row[name] for name in expected} == expected


@of_examples(max_examples=12, deadline=None)
@given(st.sampled_from(sorted(CASES)), st.sampled_from([5, 10, 20]))
def test_how_often_a_ship_reports_changes_nothing(con: Connection, name: str, minutes: int) -> None:
    sent, _ = CASES[name]
    assert cargo(con, sent, minutes) == cargo(con, sent, 30)
