"""What is counted: a ship under several transmitters once, two ships twice, a tanker by its size.

Each case has days of its own, so that nobody else is at the port, and ships of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import pytest

from flows.catalogue import check
from flows.home.settings import Settings
from flows.report.tables import records
from tests.build.derivation import Connection
from tests.build.ships import (
    BANDAR,
    BERTH,
    ROADS,
    SEA,
    START,
    List,
    Place,
    Ship,
    conflicts,
    home_of,
    ofac,
    reports,
    sdn,
    second,
    ship,
    voyage,
    without_imo,
)

INTO = voyage(SEA, BERTH, SEA)
WAIT_AND_LOAD = voyage(SEA, ROADS, BERTH, SEA)
LONG, STORING, VERY_LONG = (voyage(SEA, BERTH, SEA, stay_h=hours) for hours in (120, 340, 700))
OFF_MUSCAT: Place = (58.8, 23.9)
NO_SIZE = {"length_m": "", "beam_m": ""}
SMALL = {"length_m": "95", "beam_m": "18"}
TUG = {"length_m": "32", "beam_m": "10", "ship_type": "Tug"}
RUSSIA, GABON, COMOROS, LIBERIA = 273, 626, 620, 636
Rows = Callable[[float, list[Ship]], list[Iterable[str]]]
BESIDE_M = {"east_m": 39.0, "north_m": 33.0}
"""Where another antenna of the ship is."""


class Case(NamedTuple):
    """Ships and their reports, the number of calls, how many are linked, and the conflict."""

    name: str
    ships: list[Ship]
    rows: Rows
    calls: int
    linked: int
    conflict: str | None = None


def ships(first: int, *mids: int, **static: str) -> list[Ship]:
    """Ships with numbers of their own, by the first digits of their MMSI; the last sends other
    static data."""
    fleet = [ship(first + n, f"SHIP {first + n}", mid) for n, mid in enumerate(mids)]
    return [*fleet[:-1], fleet[-1] | static]


def hull(number: int, *mids: int) -> list[Ship]:
    """One hull under several MMSIs: only the flags differ."""
    first = ship(number, f"HULL {number}", mids[0])
    return [first, *(second(first, mid) for mid in mids[1:])]


def together(day: float, fleet: list[Ship]) -> list[Iterable[str]]:
    """All on one track, 20 seconds and an antenna's distance apart."""
    return [
        reports(of, day, INTO, late_s=20.0 * n, east_m=n * BESIDE_M["east_m"], north_m=n * 33.0)
        for n, of in enumerate(fleet)
    ]


def beside(every_min: tuple[float, float] = (30, 30), **other: float) -> Rows:
    """The second at a distance, later, or at other times than the first."""
    return lambda day, fleet: [
        reports(fleet[0], day, INTO, every_min=every_min[0]),
        reports(fleet[1], day, INTO, every_min=every_min[1], **({"late_s": 20.0} | other)),
    ]


def with_gaps(day: float, fleet: list[Ship]) -> list[Iterable[str]]:
    """One is not heard for hours in port, the other not on the way in."""
    return [
        reports(fleet[0], day, INTO, heard=lambda h: not 9 < h < 20),
        reports(fleet[1], day, INTO, late_s=20, **BESIDE_M, heard=lambda h: not 1 < h < 8),
    ]


def changing(*until_h: float, silent_h: float = 14.0, way: Any = INTO) -> Rows:
    """A hull that sends under each MMSI in turn until so many hours, and is silent after each."""
    times = list(zip([0.0, *(h + silent_h for h in until_h)], [*until_h, 1e9], strict=True))
    return lambda day, fleet: [
        reports(of, day, way, heard=lambda hours, start=start, end=end: start <= hours <= end)
        for of, (start, end) in zip(fleet, times, strict=True)
    ]


def away_and_back(day: float, fleet: list[Ship]) -> list[Iterable[str]]:
    """Heard to leave under one MMSI, and to arrive two days later under the other."""
    return [reports(fleet[0], day, INTO), reports(fleet[1], day + 3.5, INTO)]


def by_way_of_another_port(day: float, fleet: list[Ship]) -> list[Iterable[str]]:
    """Out unheard, to another port under a third MMSI, and back within days unheard."""
    return [
        reports(fleet[0], day, INTO, heard=lambda h: h < 20),
        reports(fleet[1], day + 2, voyage((56.3, 26.6), BANDAR, (56.3, 26.6), stay_h=12)),
        reports(fleet[2], day + 3.5, INTO, heard=lambda h: h > 8),
    ]


def in_two_places(day: float, fleet: list[Ship]) -> list[Iterable[str]]:
    """Sent from off Muscat too, in turns, for most of the stay."""
    elsewhere = (lambda _: (OFF_MUSCAT, False)), 28.0
    return [
        reports(fleet[0], day, INTO, every_min=10),
        reports(fleet[0], day, elsewhere, every_min=20, late_s=300, heard=lambda h: h > 8),
    ]


def neighbours(day: float, fleet: list[Ship]) -> list[Iterable[str]]:
    """The second takes the berth beside, after the first has fallen silent in its own."""
    other = voyage(SEA, (BERTH[0] + 500 / 97_000, BERTH[1]), SEA)
    return [
        reports(fleet[0], day, INTO, heard=lambda h: h < 15),
        reports(fleet[1], day, other, heard=lambda h: h > 25),
    ]


def nameless(first: Ship, mid: int = RUSSIA) -> Ship:
    """The same hull under another MMSI, without its IMO number."""
    return without_imo(second(first, mid))


TWO, CHANGED, PLACES = "two_transmitters", "mmsi_changed_in_port", "sent_from_two_places"
CASES = [
    Case("two transmitters", ships(1, RUSSIA, COMOROS), together, 1, 1, TWO),
    Case("three transmitters", ships(3, GABON, COMOROS, RUSSIA), together, 1, 1, TWO),
    Case("one sends no IMO number", ships(6, GABON, RUSSIA, imo=""), together, 1, 1, TWO),
    Case("neither sends an IMO number", [without_imo(of) for of in ships(8, GABON, RUSSIA)],
         together, 1, 1, TWO),
    Case("one sends no size", ships(10, GABON, RUSSIA, **NO_SIZE), together, 1, 1, TWO),
    Case("neither sends a size", [of | NO_SIZE for of in ships(12, GABON, RUSSIA)],
         together, 1, 1, TWO),
    Case("every 10 and every 60 minutes", ships(14, GABON, RUSSIA),
         beside((10, 60), late_s=200, **BESIDE_M), 1, 1, TWO),
    Case("every minute and every 10 minutes", ships(16, GABON, RUSSIA),
         beside((1, 10), late_s=7, **BESIDE_M), 1, 1, TWO),
    Case("hourly, half an hour apart", ships(18, GABON, RUSSIA),
         beside((60, 60), late_s=1800, **BESIDE_M), 1, 1, TWO),
    Case("the linked one sends another type", ships(22, GABON, RUSSIA, ship_type="Cargo"),
         together, 1, 1, TWO),
    Case("different gaps", ships(20, GABON, RUSSIA), with_gaps, 1, 1, TWO),
    Case("sisters side by side, hours apart", ships(30, GABON, RUSSIA),
         beside(behind_h=4, **BESIDE_M), 2, 1),
    Case("sisters side by side, an hour apart", ships(32, GABON, RUSSIA),
         beside(behind_h=1, **BESIDE_M), 2, 1),
    Case("a convoy to neighbouring berths", ships(34, GABON, RUSSIA), beside(north_m=400), 2, 1),
    Case("a close convoy, hourly", ships(36, GABON, RUSSIA),
         beside((60, 60), late_s=900, north_m=300), 2, 1),
    Case("a convoy five minutes behind, in one berth", ships(38, GABON, RUSSIA),
         beside(behind_h=1 / 12, **BESIDE_M), 2, 1),
    Case("a barge of another size", ships(40, GABON, RUSSIA, **SMALL), together, 2, 1),
    Case("a tug", ships(42, GABON, RUSSIA, **TUG), together, 1, 0),
    Case("a tug that sends no size", ships(44, GABON, RUSSIA, **TUG | NO_SIZE), together, 1, 0),
    Case("five on one track", ships(46, GABON, GABON, GABON, GABON, RUSSIA), together, 5, 1),
    Case("MMSI changed in the berth", hull(60, RUSSIA, GABON), changing(12), 1, 1),
    Case("reflagged to Russia in the berth", hull(61, GABON, RUSSIA),
         changing(15, silent_h=0.4), 1, 1),
    Case("silent for four days", hull(62, GABON, RUSSIA),
         changing(12, silent_h=100, way=LONG), 1, 1),
    Case("silent for twelve days in one berth", hull(74, GABON, RUSSIA),
         changing(12, silent_h=290, way=STORING), 1, 1),
    # Two calls, but it may never have left: the second is no arrival.
    Case("silent for 23 days", hull(63, GABON, LIBERIA),
         changing(12, silent_h=560, way=VERY_LONG), 1, 0),
    Case("changed twice", hull(64, GABON, RUSSIA, LIBERIA), changing(10, 50, way=LONG), 1, 1),
    Case("changed at anchor", hull(65, RUSSIA, GABON), changing(10, way=WAIT_AND_LOAD), 1, 1),
    Case("changed between anchorage and berth", hull(66, GABON, RUSSIA),
         changing(26, silent_h=15, way=WAIT_AND_LOAD), 1, 1),
    Case("changed on the way in, and first heard again in the berth", hull(98, GABON, RUSSIA),
         changing(4), 1, 1),
    Case("sent from two places", hull(99, RUSSIA), in_two_places, 1, 1, PLACES),
    Case("left and came again", hull(67, GABON, LIBERIA), away_and_back, 2, 0),
    Case("elsewhere between", hull(68, GABON, LIBERIA, COMOROS), by_way_of_another_port, 3, 0),
    Case("IMO number under the first MMSI alone", [*hull(69, GABON), nameless(*hull(69, GABON))],
         changing(12), 1, 1, CHANGED),
    Case("IMO number under the second MMSI alone", [nameless(*hull(70, GABON)), *hull(70, GABON)],
         changing(12), 1, 1, CHANGED),
    # Long enough in port for the second arrival to be known: to the port it is another ship.
    Case("another name and call sign in the berth", ships(71, GABON, RUSSIA, imo=""),
         changing(48, way=LONG), 2, 1),
    Case("the same name in the berth beside", [*hull(73, GABON), nameless(*hull(73, GABON))],
         neighbours, 2, 1),
]  # fmt: skip
# The longest stays come last, so that they overlap with no other.
DAYS = {case.name: 6.5 * number for number, case in enumerate(CASES)}


# What a tanker is that counts: by the types that it sends, and by its size

TUG_BOAT = ship(501, "TUG_BOAT", length_m="32", beam_m="10")
BUNKER = ship(502, "BUNKER", length_m="62", beam_m="12")
COASTER = ship(503, "COASTER", length_m="79", beam_m="13")
RIVER_SEA = ship(504, "RIVER SEA", length_m="110", beam_m="13")
SMALL_ONE = ship(505, "JUST LARGE ENOUGH", length_m="80", beam_m="13")
SIZELESS = ship(506, "NO SIZE", **NO_SIZE)
LISTED_SMALL = ship(507, "LISTED SMALL", length_m="60", beam_m="11")
LISTED_TONS = ship(508, "LISTED TONS", **NO_SIZE)
SELDOM, OFTEN_OTHER = ship(520, "SELDOM"), ship(521, "OFTEN OTHER")
RESERVED, DENSE_WRONG = ship(522, "RESERVED"), ship(523, "DENSE WRONG")
ONE_BAD_LENGTH = ship(524, "ONE BAD LENGTH")
WRONG_AT_LAST = ship(525, "WRONG AT LAST")
AS_DELIVERED = ship(526, "AS DELIVERED", length_m="1", beam_m="1")
MIXED_UP = ship(527, "MIXED UP", length_m="17", beam_m="110")
LISTED_MIXED_UP = ship(528, "LISTED MIXED UP", length_m="42", beam_m="244")
"""Type and length change from report to report; see `sized_rows`."""
SIZES = {
    "tug": (TUG_BOAT, False),
    "bunker barge": (BUNKER, False),
    "coaster of 79 m": (COASTER, False),
    "80 m": (SMALL_ONE, True),
    "river-sea ship": (RIVER_SEA, True),
    "no size sent": (SIZELESS, True),
    "small, and a tanker by a register": (LISTED_SMALL, False),
    "small by a register's tonnage": (LISTED_TONS, False),
    "a type in two of five reports, none in the rest": (SELDOM, True),
    "a tanker in two of five, cargo in the rest": (OFTEN_OTHER, False),
    "a code that is no type in the rest": (RESERVED, True),
    "cargo for hours, but reported each minute": (DENSE_WRONG, True),
    "a wrong length now and then": (ONE_BAD_LENGTH, True),
    "a wrong size on the last day": (WRONG_AT_LAST, True),
    "1 by 1 m": (AS_DELIVERED, True),
    "broader than long": (MIXED_UP, True),
    "broader than long, of a listed ship": (LISTED_MIXED_UP, True),
}
CHANGING = (SELDOM, OFTEN_OTHER, RESERVED, DENSE_WRONG, ONE_BAD_LENGTH, WRONG_AT_LAST)
SIZE_DAYS = {of["mmsi"]: 10 * number - 180 for number, (of, _) in enumerate(SIZES.values())}


def sending(of: Ship, every: int, first: dict[str, str], other: dict[str, str]) -> Iterator[str]:
    """In two of so many reports the ship says the first, else the other."""
    day = SIZE_DAYS[of["mmsi"]]
    said = [list(reports(of | words, day, INTO)) for words in (first, other)]
    for number, (one, two) in enumerate(zip(*said, strict=True)):
        yield one if number % every < 2 else two


def sized_rows() -> Iterator[str]:
    for of, _ in SIZES.values():
        if of not in CHANGING:
            yield from reports(of, SIZE_DAYS[of["mmsi"]], INTO)
    for of, other in ((SELDOM, ""), (OFTEN_OTHER, "Cargo"), (RESERVED, "Reserved")):
        yield from sending(of, 5, {"ship_type": "Tanker"}, {"ship_type": other})
    # A cargo ship for the hours under way, at a report each minute; a tanker on most days.
    day = SIZE_DAYS[DENSE_WRONG["mmsi"]]
    stay = voyage(SEA, BERTH, SEA, stay_h=72)
    yield from reports(DENSE_WRONG, day, stay, every_min=60, heard=lambda h: h > 6)
    wrong = DENSE_WRONG | {"ship_type": "Cargo"}
    yield from reports(wrong, day, stay, every_min=1, late_s=10, heard=lambda h: h < 6)
    yield from sending(ONE_BAD_LENGTH, 60, {"length_m": "24", "beam_m": "4"}, {})
    day = SIZE_DAYS[WRONG_AT_LAST["mmsi"]]
    yield from reports(WRONG_AT_LAST, day, stay, heard=lambda h: h < 72)
    wrong = WRONG_AT_LAST | {"length_m": "333", "beam_m": "60"}
    yield from reports(wrong, day, stay, heard=lambda h: h >= 72)


LISTED = ofac(
    sdn(1, LISTED_SMALL, "RUSSIA-EO14024"),
    sdn(2, LISTED_TONS, "RUSSIA-EO14024", gross="600"),
    sdn(3, LISTED_MIXED_UP, "RUSSIA-EO14024", gross="60,000"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    rows = (line for case in CASES for of in case.rows(DAYS[case.name], case.ships) for line in of)
    lists = [List("sdn.csv", LISTED, "2026-05-20")]
    return home_of(tmp_path_factory.mktemp("counted"), chain(rows, sized_rows()), lists)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_ship_is_counted_once(con: Connection, case: Case) -> None:
    query = """
        select counted_call.is_russian_linked
        from counted_call inner join port_call using (port_call_id)
        where counted_call.is_headline and port_call.mmsi in (select unnest($1))
    """
    calls = con.execute(query, [[int(of["mmsi"]) for of in case.ships]]).fetchall()
    assert (len(calls), sum(is_linked for (is_linked,) in calls)) == (case.calls, case.linked)
    for of in case.ships:
        expected = {case.conflict} if case.conflict else set()
        assert conflicts(con, of) & {TWO, CHANGED, PLACES} == expected


def test_the_checks_find_nothing_at_fault(home: Settings) -> None:
    assert [fault for fault in check.check(home) if fault.is_fault] == []


@pytest.mark.parametrize(("of", "expected"), SIZES.values(), ids=SIZES)
def test_a_tanker_that_counts_has_a_size_and_most_of_what_gives_a_type_tells(
    con: Connection, of: Ship, expected: bool
) -> None:
    query = """
        select counted_call.port_call_id is not null
        from port_call left join counted_call using (port_call_id) where port_call.mmsi = $1
    """
    assert con.execute(query, [int(of["mmsi"])]).fetchall() == [(expected,)]


@pytest.mark.parametrize(
    ("of", "size"),
    [(WRONG_AT_LAST, (244, 42)), (AS_DELIVERED, (None, None)), (MIXED_UP, (None, None))],
    ids=lambda value: value.get("vessel_name") if isinstance(value, dict) else None,
)
def test_the_size_of_a_hull_is_the_usual_one_and_one_that_a_ship_may_have(
    con: Connection, of: Ship, size: tuple[int | None, int | None]
) -> None:
    query = "select length_m, beam_m from hull where mmsi = $1"
    assert con.execute(query, [int(of["mmsi"])]).fetchall() == [size]


def test_a_size_mixed_up_is_no_reason_to_refuse_the_number_of_a_listed_ship(
    con: Connection,
) -> None:
    query = "select imo, link_tier from port_call where mmsi = $1"
    of = LISTED_MIXED_UP
    assert con.execute(query, [int(of["mmsi"])]).fetchall() == [(int(of["imo"]), "strong")]


def test_the_report_has_how_many_were_too_small(con: Connection) -> None:
    query = "select week from week where week_start < $1"
    weeks = [week for (week,) in con.execute(query, [START]).fetchall()]
    too_small = sum(records(con, "report/notes", week=week)[0]["too_small"] for week in weeks)
    small = [of for of, is_counted in SIZES.values() if not is_counted and of not in CHANGING]
    assert too_small == len(small)
