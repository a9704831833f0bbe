"""Which way a call moved oil and how much that may have been, the ship's Russian calls around it,
and the week split by all of that.

One world holds all the ships; what needs only numbers is asked of the query with tables laid under.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from flows.home.settings import Settings
from tests.build.derivation import Connection, Row
from tests.build.derivation import rows as records
from tests.build.files import row
from tests.build.ships import (
    BERTH,
    BLACK_SEA,
    DANISH,
    NOVOROSSIYSK,
    ROADS,
    SEA,
    START,
    Ship,
    call,
    home_of,
    second,
    ship,
    way,
)

CASPIAN, NEKA = (53.00, 37.60), (53.26, 36.86)
GULF_OF_OMAN, RAJAEE = (57.5, 25.5), (56.06, 27.10)
ASSALUYEH = (52.53, 27.40)

LOADED, NOT_KEYED = ship(301, "LOADED"), ship(302, "DRAUGHT LEFT AS IT WAS")
SWAPPED, CAME_FULL = ship(303, "SWAP CRUDE"), ship(304, "DISCHARGES AT KHARG")
BOTH_WAYS, TOPPED = ship(305, "BOTH WAYS"), ship(306, "A LITTLE BALLAST")
WAITS, SAILED_ON = ship(307, "ONLY WAITS"), ship(308, "STILL IN PORT")
ABSURD = ship(309, "CENTIMETRES FOR METRES")
GUEST, REGULAR = ship(310, "COMES LATE"), ship(311, "COMES EARLY AND LATE")
TOO_SOON = ship(315, "COMES IN THE TENTH WEEK")
TRADER = ship(312, "RUSSIAN TRADER")
LISTENER, FAR_LISTENER = ship(313, "COASTER", ship_type="Cargo"), ship(314, "C2", ship_type="Cargo")

LATE = 112
"""A day after sixteen weeks in which the coast was heard."""


def with_draught(
    of: Ship, day_number: float, *places: tuple[float, float], before: float, after: float
) -> list[str]:
    """A way on which the crew sets the draught anew at the end of the stay, 24 hours long."""
    arriving = way(of | {"draught_m": str(before)}, day_number, *places)
    leaving = way(of | {"draught_m": str(after)}, day_number, *places)
    return arriving[:24] + leaving[24:]


def heard_twice_a_day(of: Ship, place: tuple[float, float], days: int) -> Iterator[str]:
    """A ship that lies at a place outside all limits, so that the ports around are heard."""
    fix = {"lon": str(place[0]), "lat": str(place[1]), "sog_kn": "0.1", "nav_status": "At anchor"}
    for half_day in range(2 * days):
        at = f"{START + timedelta(hours=12 * half_day):%d/%m/%Y %H:%M:%S}"
        yield row(DANISH, **of, **fix, reported_at=at)


def rows() -> Iterator[str]:
    """What every ship sent."""
    at_kharg = (SEA, BERTH, SEA)
    yield from with_draught(LOADED, 2, *at_kharg, before=8, after=14.5)
    yield from with_draught(NOT_KEYED, 2, *at_kharg, before=8, after=8)
    yield from with_draught(CAME_FULL, 2, *at_kharg, before=14.5, after=8)
    yield from with_draught(TOPPED, 2, *at_kharg, before=8, after=9.5)
    yield from with_draught(ABSURD, 2, *at_kharg, before=8, after=25.2)
    yield from with_draught(SWAPPED, 2, CASPIAN, NEKA, CASPIAN, before=9, after=5)
    yield from with_draught(BOTH_WAYS, 2, GULF_OF_OMAN, RAJAEE, GULF_OF_OMAN, before=9, after=9)
    yield from with_draught(WAITS, 2, SEA, ROADS, SEA, before=9, after=9)
    yield from with_draught(SAILED_ON, LATE + 3, SEA, BERTH, SEA, before=8, after=14)[:28]
    for listener, place in ((LISTENER, (50.6, 29.0)), (FAR_LISTENER, ASSALUYEH)):
        yield from heard_twice_a_day(listener, place, LATE + 7)
    yield from call(GUEST, LATE)
    yield from call(TOO_SOON, 65)
    yield from call(REGULAR, 5)
    yield from call(second(REGULAR), LATE)
    # Under one MMSI in Russia, in Iran, and back in Russia under another.
    yield from way(TRADER, 0, BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)
    yield from call(TRADER, 30)
    yield from way(second(TRADER), 60, BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    wanted = ("call_voyage", "call_cargo", "weekly_split", "barometer", "counted_call")
    return home_of(tmp_path_factory.mktemp("cargo"), rows(), wanted=wanted)


def of_calls(con: Connection, of: Ship, columns: str) -> list[tuple[Any, ...]]:
    """Columns of a ship's calls under any of its MMSIs, the oldest first."""
    query = f"""
        select {columns}
        from port_call as call
        inner join call_cargo as cargo using (port_call_id)
        inner join call_voyage as voyage using (port_call_id)
        where call.mmsi % 1000000 = $1::integer % 1000000
        order by call.arrived_at
    """
    return con.execute(query, [of["mmsi"]]).fetchall()


DIRECTION = "direction, direction_by"
FIRST = "is_first_call, heard_weeks_before >= 13"
CHANGE = "draught_change_m"
RUSSIAN = "last_russian_port, last_russian_at, next_russian_port, next_russian_at"
CASES = {
    "deeper at a loading terminal": (LOADED, DIRECTION, ("loading", "draught; terminal")),
    "a draught nobody changed says nothing": (NOT_KEYED, DIRECTION, ("loading", "terminal")),
    "neither draught nor terminal wins": (
        CAME_FULL, DIRECTION, ("unknown", "draught, against the terminal"),
    ),
    "less than a fifth may be ballast": (TOPPED, DIRECTION, ("loading", "terminal")),
    "a draught that the ship cannot have": (ABSURD, DIRECTION, ("loading", "terminal")),
    "lighter at Neka": (SWAPPED, DIRECTION, ("discharging", "draught; terminal")),
    "a port of both directions": (BOTH_WAYS, DIRECTION, ("unknown", None)),
    "an anchorage says nothing by its terminal": (WAITS, DIRECTION, ("unknown", None)),
    "in port the draught is not final": (SAILED_ON, DIRECTION, ("loading", "terminal")),
    "nor its change": (SAILED_ON, f"departed_at, {CHANGE}", (None, None)),
    "no change, no draughts": (NOT_KEYED, f"{CHANGE}, method", (None, "terminal")),
    "no change that the ship cannot have": (ABSURD, f"{CHANGE}, method", (None, "one draught")),
    "first by too little heard": (LOADED, FIRST, (None, False)),
    "first in the tenth week": (TOO_SOON, FIRST, (None, False)),
    "first after a quarter of a year heard": (GUEST, FIRST, (True, True)),
    # Under another MMSI, of the same hull.
    "the hull came before": (REGULAR, FIRST, (None, False), (False, True)),
    "never in Russia": (LOADED, RUSSIAN, (None, None, None, None)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_told_of_calls(con: Connection, case: tuple[Ship, str, *tuple[Any, ...]]) -> None:
    of, columns, *expected = case
    assert of_calls(con, of, columns) == expected


def test_an_estimate_says_so_and_moves_less_than_the_ship_carries(con: Connection) -> None:
    columns = "deadweight_t, deadweight_by, payload_low_90_t, payload_t, payload_high_90_t"
    ((deadweight_t, by, low, payload_t, high),) = of_calls(con, LOADED, columns)
    # 244 by 42 m: an Aframax tanker carries 105,000 to 115,000 t, at 90 t a centimetre.
    assert by == "estimate"
    assert 100_000 < deadweight_t < 120_000
    assert 6.5 * 100 * 91 < payload_t < deadweight_t
    assert low < payload_t < high <= deadweight_t


def test_russian_calls_around(con: Connection) -> None:
    ((before, left, after, there, arrived),) = of_calls(con, TRADER, f"{RUSSIAN}, arrived_at")
    assert before == after
    assert "Novorossiysk" in before
    assert left < arrived < there


def split(con: Connection, days: int) -> dict[tuple[str, str], Row]:
    """The split of the week so many days after the start."""
    week = f"{START + timedelta(days=days):%G-W%V}"
    found = records(
        con, "from weekly_split where series = getvariable('series') and week = $1", week
    )
    return {(line["dimension"], line["value"]): line for line in found}


def test_the_grid_is_full_and_a_split_adds_up_to_the_series(con: Connection) -> None:
    gaps = """
        select week, count(*) from week left join weekly_split using (week)
        where series = getvariable('series') group by week having count(*) <> 26
    """
    assert con.execute(gaps).fetchall() == []
    assert len(con.execute("from week").fetchall()) > 16
    sums = con.execute("""
        select
            barometer.week,
            dimension,
            -- Nobody hears the Caspian here: the Gulf has zeros, the coast has none.
            coalesce(sum(split.tanker_calls), 0) = coalesce(any_value(barometer.tanker_calls), 0)
            and (
                dimension = 'water'
                or (sum(split.tanker_calls) is null) = (any_value(barometer.tanker_calls) is null)
            ),
            coalesce(sum(split.linked_calls), 0)
                = coalesce(any_value(barometer.russian_linked_tanker_calls), 0),
            coalesce(sum(split.linked_berth_calls), 0)
                = coalesce(any_value(barometer.russian_linked_berth_calls), 0)
        from barometer
        inner join weekly_split as split using (series, week)
        where dimension <> 'link_reason'
        group by series, barometer.week, dimension
    """).fetchall()
    assert len(sums) > 16 * 5
    assert [line for line in sums if line[2:] != (True, True, True)] == []


def test_a_water_that_nobody_hears_has_no_zero(con: Connection) -> None:
    found = split(con, 77)
    counts = "linked_calls", "linked_payload_t", "tanker_calls"
    gulf = found["water", "Gulf and Gulf of Oman"]
    assert (gulf["linked_calls"], gulf["linked_payload_t"]) == (0, 0)
    for value in (
        ("water", "Caspian"),
        # Nor has the coast, of which it is a part.
        ("direction", "loading"),
        # No register names owners: no zero. What is not linked has no linked calls.
        *(("link_reason", "owner"), ("link_tier", "none")),
    ):
        assert [found[value][name] for name in counts] == [None, None, None], value


def test_the_split_has_the_oil_of_its_calls(con: Connection) -> None:
    trade = split(con, 30)["link_reason", "trade"]
    assert trade["linked_calls"] == trade["linked_vessels"] == trade["tanker_calls"] == 1
    assert trade["linked_payload_calls"] == 1
    assert 0 < trade["linked_payload_t"] < trade["linked_deadweight_t"]
    assert trade["linked_deadweight_calls"] == 1
    assert trade["linked_deadweight_t"] > 100_000
