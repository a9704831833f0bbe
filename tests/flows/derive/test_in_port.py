"""Ships that lie in port when hearing begins are shown and counted apart: they are no arrivals.

Tankers that lie in port, tankers that call, and a cargo ship that lends the port its hearing. What
is heard of them is cut in many ways, each at a port of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest
import shapely

from flows.catalogue import access, relations
from flows.home.resources import port_files, sql_text
from flows.home.settings import Settings
from flows.report import limits, words
from flows.report.tables import key_figures, records
from geo.ports import load_ports
from tests.build.derivation import Connection, Row, only, rows
from tests.build.files import LAYOUTS, SOURCES, answer, day, row
from tests.build.ships import (
    BERTH,
    NOVOROSSIYSK,
    ROADS,
    SEA,
    START,
    List,
    Place,
    Ship,
    home_of,
    home_with,
    second,
    ship,
)

SERIES = ("barometer", "weekly_water", "weekly_split")
"""Relations that tests of the series look at."""
SHOWN = ("report/barometer", "report/weekly_water", "report/by_port", "report/notes")
"""What they look at in a report, with its calls."""
REPORTED = {of for name in (*SHOWN, "report/port_calls") for of in relations.inputs(sql_text(name))}
DANISH, AMERICAN = LAYOUTS[2], LAYOUTS[1]
LYING, WEEKLY = 20, 3

GULF, CASPIAN = ("Persian Gulf", "Gulf of Oman"), ("Caspian",)


class Fix(NamedTuple):
    """A report: hours since `START`, the ship, place and speed."""

    hour: float
    of: Ship
    place: Place
    sog_kn: float = 0.1


class Port(NamedTuple):
    """Where ships come from, berth and lie, and a number from which its ships are numbered."""

    port_id: str
    first: int
    berth: Place
    roads: Place
    north: float = -0.735
    """Of the sea from the berth, degrees."""

    def ship(self, number: int, **static: str) -> Ship:
        return ship(self.first + number, f"{self.port_id} {number}", mid=273, **static)


KHARG = Port("IRKHK", 0, BERTH, ROADS)
LAVAN = Port("IRLVP", 200, (53.3417, 26.787), (53.4143, 26.7657))
LINGEH = Port("IRLIN", 400, (54.884, 26.5475), (54.9389, 26.5553))
AMIRABAD = Port("IRAMD", 600, (53.366, 36.8513), (53.3833, 36.8855), north=0.735)
ANZALI = Port("IRBAZ", 800, (49.463, 37.475), (49.4558, 37.54), north=0.735)
CHABAHAR = Port("IRZBR", 1000, (60.611, 25.3035), (60.611, 25.3035))
NOWSHAHR = Port("IRNSH", 1200, (51.5085, 36.6585), (51.5085, 36.6585), north=0.735)


def lies(of: Ship, place: Place, first_h: float, last_h: float) -> list[Fix]:
    """A ship in one place, a fix an hour."""
    return [Fix(first_h + n, of, place) for n in range(int(last_h - first_h) + 1)]


def calls(of: Ship, arrival_h: float, stay_h: int = 30, port: Port = KHARG) -> Iterator[Fix]:
    """From the sea to the berth, a stay there, and back: six hours each way, a fix an hour."""
    x, y = port.berth
    for part in range(7):
        away = 1 - part / 6
        place = x + away * (SEA[0] - BERTH[0]), y + away * port.north
        yield Fix(arrival_h - 6 + part, of, place, 9.0)
        yield Fix(arrival_h + stay_h + 7 - part, of, place, 9.0)
    yield from lies(of, port.berth, arrival_h + 1, arrival_h + stay_h)


def lender(port: Port, end_h: float) -> list[Fix]:
    """A cargo ship that lies in the port."""
    x, y = port.roads
    return lies(port.ship(190, ship_type="Cargo"), (x, y + 0.012), 0, end_h)


def world(weeks: int, port: Port = KHARG) -> list[Fix]:
    """Tankers in port from long before to long after, and three calls in each week."""
    end_h = 168.0 * weeks
    found = lender(port, end_h)
    for number in range(LYING):
        east, north = number % 5 - 2, number // 5 - 1.5
        place = port.roads[0] + 0.004 * east, port.roads[1] + 0.004 * north
        found += lies(port.ship(number), place, number / 60, end_h)
    for number in range(WEEKLY * weeks):
        found += calls(port.ship(100 + number), 168 / WEEKLY * (number + 0.5), port=port)
    return [fix for fix in found if fix.hour < end_h]


def coast(weeks: int, waters: tuple[str, ...] = GULF) -> list[Fix]:
    """A cargo ship that lies near each port of some waters and lends it its hearing."""
    port = load_ports(*port_files()).port.query("country == 'IR'")
    places = port.loc[port["water"].isin(waters), "geometry"].map(shapely.centroid)
    return [
        Fix(hour, ship(800 + number, f"NEAR {number}", ship_type="Cargo"), (place.x, place.y))
        for number, place in enumerate(places)
        for hour in range(0, 168 * weeks, 6)
    ]


def lines(fixes: Iterable[Fix], layout: str = DANISH) -> list[str]:
    form = "%d/%m/%Y %H:%M:%S" if layout == DANISH else "%Y-%m-%dT%H:%M:%S"
    return [
        row(
            layout,
            **(fix.of if layout == DANISH else {**fix.of, "ship_type": "80"}),
            reported_at=f"{START + timedelta(hours=fix.hour):{form}}",
            lon=f"{fix.place[0]:.5f}",
            lat=f"{fix.place[1]:.5f}",
            sog_kn=f"{fix.sog_kn}",
            nav_status="Moored" if layout == DANISH else "5",
        )
        for fix in fixes
    ]


EVERY_SIX: Callable[[Fix], bool] = lambda fix: round(fix.hour) % 6 == 0  # noqa: E731


def half_lost(fix: Fix) -> bool:
    """A fix in six hours, half of them lost."""
    seed = f"{fix.of['mmsi']} {fix.hour:.2f}"
    return (round(fix.hour) + int(fix.of["mmsi"])) % 6 == 0 and random.Random(seed).random() < 0.5


# Who arrives. The same world at several ports, each heard from another hour on.


class Heard(NamedTuple):
    """From which hour on a port is heard, and which of the fixes."""

    port: Port
    begin_h: float
    hears: Callable[[Fix], bool] = EVERY_SIX


WHOLE = Heard(LAVAN, 0)
CUT = [Heard(LINGEH, 66), Heard(AMIRABAD, 162), Heard(ANZALI, 200)]
THINNED = Heard(KHARG, 162, half_lost)


class Comer(NamedTuple):
    """A ship in one berth, and which of its calls are arrivals; hours in which nobody is heard."""

    name: str
    fixes: Callable[[Ship, Port], Iterable[Fix]]
    is_arrival: bool
    silent_h: tuple[int, int] = (-1, -1)


def comes(hour: float) -> Callable[[Ship, Port], Iterable[Fix]]:
    return lambda of, port: calls(of, hour, stay_h=60, port=port)


def changes_mmsi(of: Ship, port: Port) -> list[Fix]:
    return [*lies(of, port.berth, 0, 100), *lies(second(of), port.berth, 101, 220)]


COMERS = [
    Comer("a hull that changes its MMSI in the berth does not arrive then", changes_mmsi, False),
    Comer("first sends in a heard port", lambda of, port: lies(of, port.berth, 200, 260), True),
    Comer("comes in a silence of 8 hours", comes(305), True, (298, 306)),
    Comer("comes in a silence of 20 hours", comes(809), True, (794, 814)),
    Comer("comes in a silence of 130 hours", comes(1313), False, (1208, 1338)),
]


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home in which each port is heard in its own way."""
    heard = [
        fix
        for port, begin_h, hears in (WHOLE, *CUT, THINNED)
        for fix in world(3, port)
        if fix.hour >= begin_h and hears(fix)
    ]
    at_nowshahr = lender(NOWSHAHR, 1511)
    for number, comer in enumerate(COMERS):
        at_nowshahr += comer.fixes(NOWSHAHR.ship(number), NOWSHAHR)
    silences = [comer.silent_h for comer in COMERS]
    heard += [f for f in at_nowshahr if not any(a <= f.hour <= b for a, b in silences)]
    # At Chabahar the first source hears a ship at the edge of the surroundings, and no other.
    x, y = CHABAHAR.berth
    far_off = CHABAHAR.ship(191, ship_type="Cargo")
    heard += lies(far_off, (x + 0.21, y - 0.385), 0, 335)
    late = [fix for fix in world(2, CHABAHAR) if fix.hour >= 220 and EVERY_SIX(fix)]
    files = (day(*lines(fixes, of), layout=of) for of, fixes in ((DANISH, heard), (AMERICAN, late)))
    with only("weekly_port_calls", "port_call"):
        return home_with(tmp_path_factory.mktemp("ports"), *files)


def numbers(ports: Settings, port: Port, name: str = "port_calls") -> list[int]:
    """The port's numbers of Russian-linked tankers in three weeks, 0 where nothing is said."""
    query = f"""
        select coalesce({name}, 0) from weekly_port_calls
        where series = getvariable('series') and link_tier = 'strong'
            and port_id = '{port.port_id}' and week <= '2026-W25'
        order by week
    """
    return [number for (number,) in answer(ports, query)]


@pytest.mark.parametrize("heard", [*CUT[:2], THINNED], ids=lambda heard: heard.port.port_id)
def test_the_first_week_has_about_its_heard_share_of_the_calls(
    ports: Settings, heard: Heard
) -> None:
    found = numbers(ports, heard.port)
    assert found[0] <= WEEKLY
    assert sum(abs(count - WEEKLY) for count in found[1:]) <= 1
    assert LYING <= sum(numbers(ports, heard.port, "in_port_calls")) <= LYING + 1


@pytest.mark.clock
@pytest.mark.parametrize("cut", CUT, ids=lambda cut: f"{cut.begin_h:.0f} h")
def test_cutting_the_beginning_adds_no_arrival(ports: Settings, cut: Heard) -> None:
    whole = numbers(ports, WHOLE.port)
    assert whole == [WEEKLY] * 3
    found = numbers(ports, cut.port)
    assert all(some <= all_ for some, all_ in zip(found, whole, strict=True))


def test_a_second_source_that_hears_the_port_first_adds_none(ports: Settings) -> None:
    found = numbers(ports, CHABAHAR)
    assert found[0] == 0
    assert found[1] <= WEEKLY
    assert numbers(ports, CHABAHAR, "in_port_calls")[1] >= LYING
    assert SOURCES[DANISH].source_id != SOURCES[AMERICAN].source_id


@pytest.mark.parametrize("comer", COMERS, ids=lambda comer: comer.name)
def test_who_arrives_without_being_seen_to_come(ports: Settings, comer: Comer) -> None:
    imo = NOWSHAHR.ship(COMERS.index(comer))["imo"]
    query = f"""
        select counted.is_arrival from counted_call as counted join port_call using (port_call_id)
        where counted.series = getvariable('series') and port_call.imo = {imo}
    """
    assert answer(ports, query) == [(comer.is_arrival,)]


# The series, and what its reports say.


def series(settings: Settings) -> list[Row]:
    with access.reading(settings) as con:
        return rows(con, "from barometer where series = getvariable('series') order by week")


def notes(con: Connection, week: str) -> list[str]:
    """The limits that the report of a week names."""
    return limits.notes(
        records(con, "report/notes", week=week)[0], key_figures(con, week)["series"]
    )


OUTAGE = range(168 * 7, 168 * 10)


@pytest.fixture(scope="module")
def kharg(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """13 weeks, heard from the evening of the first Sunday on, with an outage; one without a
    tanker; one with a single call; and one that is open. Of the Caspian nothing is heard."""
    fixes = [*world(13), *coast(16), *calls(KHARG.ship(150), 168 * 14 + 40)]
    heard = [f for f in fixes if f.hour >= 162 and EVERY_SIX(f) and int(f.hour) not in OUTAGE]
    return home_of(tmp_path_factory.mktemp("kharg"), lines(heard), wanted=(*SERIES, *REPORTED))


def test_ships_in_port_are_in_no_base(kharg: Settings) -> None:
    """Twenty beside three a week would hide a rise, or make one after an outage."""
    found = series(kharg)[:12]
    assert [week["russian_linked_tanker_calls"] for week in found] == pytest.approx(
        [None, *[WEEKLY] * 6, None, None, None, *[WEEKLY] * 2], abs=1
    )
    assert found[0]["state"] == "unobserved"
    assert {week["word"] for week in found} <= {"no clear change", "not enough heard"}
    assert found[-1]["index_100"] == pytest.approx(100, abs=35)


def test_the_report_says_so_and_lists_them_apart(kharg: Settings) -> None:
    week, in_port = "2026-W23", LYING + 1  # and the one that arrived on Saturday
    with access.reading(kharg) as con:
        said = notes(con, week)
        found = records(con, "report/port_calls", week=week)
        (tier,) = con.execute(
            "select in_port_calls from weekly_port_calls where series = getvariable('series')"
            " and port_id = 'IRKHK' and link_tier = 'strong' and week = $1",
            [week],
        ).fetchall()
    expected = f"{in_port} tankers were in port when reception began ({in_port} linked to Russia)"
    assert f"{expected}; not counted as arrivals." in said
    why = [words.not_counted(call) for call in found if not call["is_arrival"]]
    assert why == ["in port when reception began: not counted"] * in_port
    assert tier == (in_port,)


def test_a_deaf_caspian_leaves_the_coast_without_zero_and_without_complete(kharg: Settings) -> None:
    none, one, _ = series(kharg)[13:]
    assert none["observed_share"] > 0.94
    assert (none["russian_linked_tanker_calls"], none["state"]) == (None, "unobserved")
    assert (none["worst_water"], none["worst_share"]) == ("Caspian", 0)
    assert (one["russian_linked_tanker_calls"], one["state"]) == (1, "partial")
    assert one["low_95"] == pytest.approx(0.0253, abs=1e-3)
    assert one["high_95"] is None
    with access.reading(kharg) as con:
        waters = con.sql(
            "select water, russian_linked_tanker_calls, state from weekly_water"
            " where week in ('2026-W36', '2026-W37') and series = getvariable('series')"
            " order by all"
        ).fetchall()
        found = key_figures(con, "2026-W37")
        zero = con.sql(
            "select max(linked_calls) from weekly_split where week = '2026-W36'"
            " and dimension <> 'water' and series = getvariable('series')"
        ).fetchone()
    assert waters == [
        *[("Caspian", None, "unobserved")] * 2,
        *[("Gulf and Gulf of Oman", calls_of_week, "complete") for calls_of_week in (0, 1)],
    ]
    assert zero == (None,)
    assert words.headline(found["series"], []) == (
        "Russian-linked tankers at Iranian ports: at least 1 at berth, at least 1 call in all; "
        "95% of the coast's hours heard (Caspian 0%)."
    )
    assert [w["state"] for w in found["waters"]] == ["complete", "unobserved"]


# A zero is said only where it could have been seen: of each reason week by week, of each water.

WEEKS = 34


def zeros(settings: Settings, name: str) -> list[int]:
    """The numbers of the weeks, from 0, whose count by a reason is a zero; the others are null."""
    found = [week[name] for week in series(settings)]
    assert set(found) <= {0, None}
    return [number for number, count in enumerate(found) if count == 0]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A coast without tankers; a Russian port heard for 86 days, an owner listed for two weeks."""
    of = ship(950, "OFF NOVOROSSIYSK", ship_type="Cargo")
    heard = [Fix(hour, of, NOVOROSSIYSK) for hour in range(0, 168 * 12 + 48, 6)]
    first, last = START + timedelta(days=7), START + timedelta(days=20)
    owned = f"{ship(1, 'OWNED')['imo']},OWNED,strong,owner,desk,{first:%F},{last:%F}\n"
    fleet = List("fleet.csv", f"imo,name,tier,reason,source,from,to\n{owned}", "2026-06-01")
    return home_of(
        tmp_path_factory.mktemp("quiet"),
        lines([*coast(WEEKS, GULF + CASPIAN), *heard]),
        [fleet],
        wanted=(*SERIES, *REPORTED),
    )


def test_a_zero_by_trade_needs_a_russian_port_heard_in_the_180_days_before(quiet: Settings) -> None:
    # 0.3 of 180 days are 54: heard by the end of the eighth week, and no more 180 days after the
    # 33rd of the 86 days.
    assert zeros(quiet, "trade_calls") == list(range(7, 30))
    assert zeros(quiet, "flag_calls") == list(range(WEEKS))
    assert zeros(quiet, "listed_calls") == list(range(WEEKS))


@pytest.mark.parametrize(("week", "is_short"), [("2026-W25", True), ("2026-W40", False)])
def test_the_report_says_that_russian_ports_were_heard_too_little(
    quiet: Settings, week: str, is_short: bool
) -> None:
    words = "Russian oil ports were heard on less than 30% of the 180 days before"
    with access.reading(quiet) as con:
        assert any(words in note for note in notes(con, week)) == is_short


def test_a_zero_by_owner_needs_a_list_with_owners_in_force(quiet: Settings) -> None:
    assert zeros(quiet, "owner_calls") == [1, 2]
    split = answer(
        quiet,
        "select distinct week from weekly_split where value = 'owner' and linked_calls = 0"
        " and series = getvariable('series')",
    )
    assert sorted(split) == [("2026-W24",), ("2026-W25",)]


def test_a_coast_heard_in_both_waters_has_its_zero(quiet: Settings) -> None:
    found = [(week["state"], week["russian_linked_tanker_calls"]) for week in series(quiet)]
    assert found == [*[("complete", 0)] * (WEEKS - 1), ("open", 0)]
