"""One ship under several transmitters is one ship and one call, and two ships are two.

Each case has days of its own, so that nobody else is at the port, and ships of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from flows.catalogue import access, check
from flows.home.settings import Settings
from flows.ingest.stage import ingest_file
from flows.lake.prepare import prepare_home
from flows.runner import run
from flows.sources.definitions import load_sources
from flows.sources.packings import find_files
from tests.build.sailing import Place, reports, voyage
from tests.build.ships import (
    AS_OF,
    BANDAR,
    BERTH,
    ROADS,
    SEA,
    Ship,
    conflicts,
    home_of,
    imported,
    second,
    ship,
    without_imo,
)

INTO = voyage(SEA, BERTH, SEA)
WAIT_AND_LOAD = voyage(SEA, ROADS, BERTH, SEA)
BESIDE_M = {"east_m": 39.0, "north_m": 33.0}
"""Where another antenna of the ship stands."""


class Case(NamedTuple):
    """Ships and their reports, how many calls they are, how many of them linked, and by what."""

    name: str
    ships: list[Ship]
    rows: Callable[[float, list[Ship]], Iterable[Iterable[str]]]
    calls: int
    linked: int
    conflict: str | None = None


def numbered(first: int, *mids: int, **said: str) -> list[Ship]:
    """Ships with numbers of their own, by the first digits of their MMSI."""
    return [ship(first + n, f"SHIP {first + n}", mid, **said) for n, mid in enumerate(mids)]


def one_hull(number: int, *mids: int, **said: str) -> list[Ship]:
    """One hull under several MMSIs: only the flags tell them apart."""
    first = ship(number, f"HULL {number}", mids[0], **said)
    return [first, *(second(first, mid) for mid in mids[1:])]


def together(day: float, ships: list[Ship]) -> list[Iterable[str]]:
    """All on one way, 20 seconds and an antenna's distance apart."""
    return [
        reports(of, day, INTO, late_s=20.0 * n, east_m=n * BESIDE_M["east_m"], north_m=n * 33.0)
        for n, of in enumerate(ships)
    ]


def beside(
    *, every_min: tuple[float, float] = (30, 30), **other: float
) -> Callable[[float, list[Ship]], list[Iterable[str]]]:
    """The second at a distance, later, or at other times than the first."""

    def rows(day: float, ships: list[Ship]) -> list[Iterable[str]]:
        return [
            reports(ships[0], day, INTO, every_min=every_min[0]),
            reports(ships[1], day, INTO, every_min=every_min[1], **({"late_s": 20.0} | other)),
        ]

    return rows


def with_gaps(day: float, ships: list[Ship]) -> list[Iterable[str]]:
    """One is not heard for hours in port, the other not on the way in."""
    return [
        reports(ships[0], day, INTO, heard=lambda h: not 9 < h < 20),
        reports(ships[1], day, INTO, late_s=20, **BESIDE_M, heard=lambda h: not 1 < h < 8),
    ]


def changing(
    *until_h: float, silent_h: float = 14.0, way: object = INTO
) -> Callable[[float, list[Ship]], list[Iterable[str]]]:
    """One hull that sends under each MMSI in turn until so many hours, and is silent after each."""

    def rows(day: float, ships: list[Ship]) -> list[Iterable[str]]:
        starts = [0.0, *(hours + silent_h for hours in until_h)]
        ends = [*until_h, 1e9]

        def heard(start: float, end: float) -> Callable[[float], bool]:
            return lambda hours: start <= hours <= end

        return [
            reports(of, day, way, heard=heard(start, end))  # type: ignore[arg-type]
            for of, start, end in zip(ships, starts, ends, strict=True)
        ]

    return rows


LONG = voyage(SEA, BERTH, SEA, stay_h=120)
STORING = voyage(SEA, BERTH, SEA, stay_h=340)
VERY_LONG = voyage(SEA, BERTH, SEA, stay_h=700)
OFF_MUSCAT: Place = (58.8, 23.9)
NO_SIZE = {"length_m": "", "beam_m": ""}
RUSSIA, GABON, COMOROS, LIBERIA = 273, 626, 620, 636


def away_and_back(day: float, ships: list[Ship]) -> list[Iterable[str]]:
    """Heard to leave under one MMSI, and to come again two days later under the other."""
    return [reports(ships[0], day, INTO), reports(ships[1], day + 3.5, INTO)]


def by_way_of_another_port(day: float, ships: list[Ship]) -> list[Iterable[str]]:
    """Out unheard, to another port under a third MMSI, and back within days unheard."""
    return [
        reports(ships[0], day, INTO, heard=lambda h: h < 20),
        reports(ships[1], day + 2, voyage((56.3, 26.6), BANDAR, (56.3, 26.6), stay_h=12)),
        reports(ships[2], day + 3.5, INTO, heard=lambda h: h > 8),
    ]


def in_two_places(day: float, ships: list[Ship]) -> list[Iterable[str]]:
    """Sent from off Muscat too, in turns, for most of the stay."""
    elsewhere = (lambda _: (OFF_MUSCAT, False)), 28.0
    return [
        reports(ships[0], day, INTO, every_min=10),
        reports(ships[0], day, elsewhere, every_min=20, late_s=300, heard=lambda hours: hours > 8),
    ]


def at(place: Place, east_m: float) -> Place:
    return place[0] + east_m / 97_000, place[1]


def neighbours(day: float, ships: list[Ship]) -> list[Iterable[str]]:
    """The second takes the berth beside, after the first has fallen silent in its own."""
    other = voyage(SEA, at(BERTH, 500), SEA)
    return [
        reports(ships[0], day, INTO, heard=lambda h: h < 15),
        reports(ships[1], day, other, heard=lambda h: h > 25),
    ]


CASES = [
    Case("two transmitters", numbered(1, RUSSIA, COMOROS), together, 1, 1, "two_transmitters"),
    Case(
        "three transmitters",
        numbered(3, GABON, COMOROS, RUSSIA),
        together,
        1,
        1,
        "two_transmitters",
    ),
    Case(
        "one sends no IMO number",
        [numbered(6, GABON)[0], without_imo(numbered(7, RUSSIA)[0])],
        together,
        1,
        1,
        "two_transmitters",
    ),
    Case(
        "neither sends an IMO number",
        [without_imo(of) for of in numbered(8, GABON, RUSSIA)],
        together,
        1,
        1,
        "two_transmitters",
    ),
    Case(
        "one sends no size",
        [numbered(10, GABON)[0], numbered(11, RUSSIA, **NO_SIZE)[0]],
        together,
        1,
        1,
        "two_transmitters",
    ),
    Case(
        "neither sends a size",
        numbered(12, GABON, RUSSIA, **NO_SIZE),
        together,
        1,
        1,
        "two_transmitters",
    ),
    Case(
        "every 10 and every 60 minutes",
        numbered(14, GABON, RUSSIA),
        beside(every_min=(10, 60), late_s=200, **BESIDE_M),
        1,
        1,
        "two_transmitters",
    ),
    Case(
        "every minute and every 10 minutes",
        numbered(16, GABON, RUSSIA),
        beside(every_min=(1, 10), late_s=7, **BESIDE_M),
        1,
        1,
        "two_transmitters",
    ),
    Case(
        "hourly, half an hour apart",
        numbered(18, GABON, RUSSIA),
        beside(every_min=(60, 60), late_s=1800, **BESIDE_M),
        1,
        1,
        "two_transmitters",
    ),
    Case(
        "the linked one sends another type",
        [numbered(22, GABON)[0], numbered(23, RUSSIA, ship_type="Cargo")[0]],
        together,
        1,
        1,
        "two_transmitters",
    ),
    Case("different gaps", numbered(20, GABON, RUSSIA), with_gaps, 1, 1, "two_transmitters"),
    Case(
        "sisters side by side, hours apart",
        numbered(30, GABON, RUSSIA),
        beside(behind_h=4, **BESIDE_M),
        2,
        1,
    ),
    Case(
        "sisters side by side, an hour apart",
        numbered(32, GABON, RUSSIA),
        beside(behind_h=1, **BESIDE_M),
        2,
        1,
    ),
    Case("a convoy to neighbouring berths", numbered(34, GABON, RUSSIA), beside(north_m=400), 2, 1),
    Case(
        "a close convoy, hourly",
        numbered(36, GABON, RUSSIA),
        beside(every_min=(60, 60), late_s=900, north_m=300),
        2,
        1,
    ),
    Case(
        "a convoy five minutes behind, in one berth",
        numbered(38, GABON, RUSSIA),
        beside(behind_h=1 / 12, **BESIDE_M),
        2,
        1,
    ),
    Case(
        "a barge of another size",
        [numbered(40, GABON)[0], numbered(41, RUSSIA, length_m="95", beam_m="18")[0]],
        together,
        2,
        1,
    ),
    Case(
        "a tug",
        [
            numbered(42, GABON)[0],
            numbered(43, RUSSIA, length_m="32", beam_m="10", ship_type="Tug")[0],
        ],
        together,
        1,
        0,
    ),
    Case(
        "a tug that sends no size",
        [numbered(44, GABON)[0], numbered(45, RUSSIA, ship_type="Tug", **NO_SIZE)[0]],
        together,
        1,
        0,
    ),
    Case("five on one track", numbered(46, GABON, GABON, GABON, GABON, RUSSIA), together, 5, 1),
    Case("MMSI changed in the berth", one_hull(60, RUSSIA, GABON), changing(12), 1, 1),
    Case(
        "reflagged to Russia in the berth",
        one_hull(61, GABON, RUSSIA),
        changing(15, silent_h=0.4),
        1,
        1,
    ),
    Case(
        "silent for four days",
        one_hull(62, GABON, RUSSIA),
        changing(12, silent_h=100, way=LONG),
        1,
        1,
    ),
    Case(
        "silent for twelve days in one berth",
        one_hull(74, GABON, RUSSIA),
        changing(12, silent_h=290, way=STORING),
        1,
        1,
    ),
    Case(
        # Two calls, but it may never have left: the second is no arrival.
        "silent for 23 days",
        one_hull(63, GABON, LIBERIA),
        changing(12, silent_h=560, way=VERY_LONG),
        1,
        0,
    ),
    Case(
        "changed twice",
        one_hull(64, GABON, RUSSIA, LIBERIA),
        changing(10, 50, silent_h=14, way=LONG),
        1,
        1,
    ),
    Case(
        "changed at anchor",
        one_hull(65, RUSSIA, GABON),
        changing(10, silent_h=14, way=WAIT_AND_LOAD),
        1,
        1,
    ),
    Case(
        "changed between anchorage and berth",
        one_hull(66, GABON, RUSSIA),
        changing(26, silent_h=15, way=WAIT_AND_LOAD),
        1,
        1,
    ),
    Case(
        "changed on the way in, and first heard again in the berth",
        one_hull(98, GABON, RUSSIA),
        changing(4),
        1,
        1,
    ),
    Case("sent from two places", one_hull(99, RUSSIA), in_two_places, 1, 1, "sent_from_two_places"),
    Case("left and came again", one_hull(67, GABON, LIBERIA), away_and_back, 2, 0),
    Case("elsewhere between", one_hull(68, GABON, LIBERIA, COMOROS), by_way_of_another_port, 3, 0),
    Case(
        "IMO number under the first MMSI alone",
        [one_hull(69, GABON)[0], without_imo(second(one_hull(69, GABON)[0], RUSSIA))],
        changing(12),
        1,
        1,
        "mmsi_changed_in_port",
    ),
    Case(
        "IMO number under the second MMSI alone",
        [without_imo(second(one_hull(70, GABON)[0], RUSSIA)), one_hull(70, GABON)[0]],
        changing(12),
        1,
        1,
        "mmsi_changed_in_port",
    ),
    Case(
        "another name and call sign in the berth",
        [numbered(71, GABON)[0], without_imo(numbered(72, RUSSIA)[0])],
        changing(12),
        2,
        1,
    ),
    Case(
        "the same name in the berth beside",
        [one_hull(73, GABON)[0], without_imo(second(one_hull(73, GABON)[0], RUSSIA))],
        neighbours,
        2,
        1,
    ),
]
DAYS = {case.name: 6.5 * number for number, case in enumerate(CASES)}


def rows() -> Iterator[str]:
    for case in CASES:
        # The longest stays come last, so that they overlap with nobody.
        for one in case.rows(DAYS[case.name], case.ships):
            yield from one


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home_of(tmp_path_factory.mktemp("one_ship"), rows())


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with access.reading(home) as opened:
        yield opened


def counted(con: duckdb.DuckDBPyConnection, ships: list[Ship]) -> list[tuple[bool, bool]]:
    """Of each counted call whether it is linked, and whether the headline has it."""
    query = """
        select counted_call.is_russian_linked, counted_call.is_headline
        from counted_call inner join port_call using (port_call_id)
        where port_call.mmsi in (select unnest($1))
    """
    return con.execute(query, [[int(of["mmsi"]) for of in ships]]).fetchall()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_ship_is_counted_once(con: duckdb.DuckDBPyConnection, case: Case) -> None:
    found = [is_linked for is_linked, in_headline in counted(con, case.ships) if in_headline]
    assert (len(found), sum(found)) == (case.calls, case.linked)
    told = {"two_transmitters", "mmsi_changed_in_port", "sent_from_two_places"}
    for of in case.ships:
        assert conflicts(con, of) & told == ({case.conflict} if case.conflict else set())


def test_the_checks_find_nothing_at_fault(home: Settings) -> None:
    faults = [f for f in [*check.check(home), *check.check_rebuild(home)] if f.is_fault]
    assert faults == [], faults


SHARED = Path(__file__).parents[3] / "shared" / "cases"
LISTED = "tracks/second_transmitter_of_listed_imo"
SEEN_BY_OTHERS = {
    "two_transponders.csv": None,
    "tracks/mmsi_change_14_h_silent.csv": None,
    "tracks/reflagged_to_russia_in_berth.csv": None,
    f"{LISTED}.csv": f"{LISTED}_sdn.csv",
}


@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")
@pytest.mark.parametrize(("file", "listed_in"), SEEN_BY_OTHERS.items())
def test_a_case_of_others_is_counted_once_and_linked(
    tmp_path: Path, file: str, listed_in: str | None
) -> None:
    settings = Settings(home=tmp_path / "home", as_of=AS_OF, threads=1, memory_limit="300MB")
    settings.home.mkdir()
    prepare_home(settings.home)
    sources = load_sources(settings.home)
    outcomes = [
        o for f in find_files([str(SHARED / file)]) for o in ingest_file(f, sources, settings)
    ]
    if listed_in:
        text = (SHARED / listed_in).read_text(encoding="utf-8")
        imported(settings, tmp_path / "sdn.csv", text, "2026-05-20")
    run.derive(settings, outcomes, publish=False)
    with access.reading(settings) as con:
        query = "select sum(tanker_calls), sum(russian_linked_tanker_calls) from barometer"
        assert con.execute(query).fetchone() == (1, 1)
