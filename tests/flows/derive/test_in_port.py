"""Ships that lie in port when hearing begins are shown and counted apart: they are no arrivals.

A made-up Kharg: tankers that lie in the roads, tankers that call, and a cargo ship that lends the
port its hearing. What is heard of it is cut in many ways.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import shapely

from flows.catalogue import access
from flows.home.resources import port_files
from flows.home.settings import Settings
from flows.report import limits, tables, words
from flows.runner import run
from geo.ports import load_ports
from tests.build.derivation import Row, only, rows
from tests.build.files import LAYOUTS, SOURCES, day, ingested, row, settings_of
from tests.build.ships import (
    AS_OF,
    BERTH,
    NOVOROSSIYSK,
    ROADS,
    SEA,
    START,
    Place,
    Ship,
    home_with,
    imported,
    second,
    ship,
)

pytestmark = pytest.mark.usefixtures("undrawn")

ASKED = ("barometer", "port_call", "weekly_water", "weekly_split", "series_window")
"""Relations that these tests look at."""
DANISH, AMERICAN = LAYOUTS[2], LAYOUTS[1]
LYING, WEEKLY = 20, 3
AT_ANCHOR = (50.39, 29.30)
"""Within Kharg's limit, where a cargo ship lies and lends the port its hearing."""


GULF, CASPIAN = ("Persian Gulf", "Gulf of Oman"), ("Caspian",)
LENDER = ship(900, "CARGO", ship_type="Cargo")


class Fix(NamedTuple):
    """A report: hours since `START`, the ship, place and speed."""

    hour: float
    of: Ship
    place: Place
    sog_kn: float = 0.1


def lies(of: Ship, place: Place, first_h: float, last_h: float) -> list[Fix]:
    """A ship in one place, a fix an hour."""
    return [Fix(first_h + n, of, place) for n in range(int(last_h - first_h) + 1)]


def calls(of: Ship, arrival_h: float, stay_h: int = 30) -> Iterator[Fix]:
    """From the sea to the berth, a stay there, and back: six hours each way, a fix an hour."""
    for part in range(7):
        lon, lat = (a + part / 6 * (b - a) for a, b in zip(SEA, BERTH, strict=True))
        yield Fix(arrival_h - 6 + part, of, (lon, lat), 9.0)
        yield Fix(arrival_h + stay_h + 7 - part, of, (lon, lat), 9.0)
    yield from lies(of, BERTH, arrival_h + 1, arrival_h + stay_h)


def world(weeks: int, lying: int = LYING) -> list[Fix]:
    """Tankers in the roads from long before to long after, and three calls in each week."""
    end_h = 168.0 * weeks
    found = lies(LENDER, AT_ANCHOR, 0, end_h)
    for number in range(lying):
        place = ROADS[0] + 0.002 * number, ROADS[1]
        found += lies(ship(number, f"LIES {number}", mid=273), place, number / 60, end_h)
    for number in range(WEEKLY * weeks):
        of = ship(100 + number, f"CALLS {number}", mid=273)
        found += calls(of, 168 / WEEKLY * (number + 0.5))
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


def derived(folder: Path, heard: dict[str, list[Fix]], *, is_whole: bool = False) -> Settings:
    """A home with what each source heard; a report needs it whole."""
    files = (day(*lines(fixes, layout), layout=layout) for layout, fixes in heard.items())
    with nullcontext() if is_whole else only(*ASKED):
        return home_with(folder, *files)


def series(settings: Settings) -> list[Row]:
    with access.reading(settings) as con:
        return rows(con, "from barometer where series = getvariable('series') order by week")


def numbers(settings: Settings, name: str = "russian_linked_tanker_calls") -> list[int]:
    """The weeks' numbers, 0 where nothing is said."""
    return [week[name] or 0 for week in series(settings)]


EVERY_SIX: Callable[[Fix], bool] = lambda fix: round(fix.hour) % 6 == 0  # noqa: E731


def half_lost(fix: Fix) -> bool:
    """A fix in six hours, half of them lost."""
    seed = f"{fix.of['mmsi']} {fix.hour:.2f}"
    return (round(fix.hour) + int(fix.of["mmsi"])) % 6 == 0 and random.Random(seed).random() < 0.5


@pytest.mark.parametrize(
    ("begin_h", "hears"), [(66, EVERY_SIX), (162, EVERY_SIX), (162, half_lost)]
)
def test_the_first_week_has_about_its_heard_share_of_the_calls(
    hears: Callable[[Fix], bool], begin_h: float, tmp_path: Path
) -> None:
    heard = [fix for fix in world(3) if fix.hour >= begin_h and hears(fix)]
    settings = derived(tmp_path, {DANISH: heard})
    found = numbers(settings)
    assert found[0] <= WEEKLY
    assert sum(abs(count - WEEKLY) for count in found[1:]) <= 1
    assert LYING <= sum(numbers(settings, "in_port_calls")) <= LYING + 1


def test_ships_in_port_are_in_no_base(tmp_path: Path) -> None:
    """Twenty beside three a week would hide a rise, or make one after an outage."""
    weeks = 13
    outage = range(168 * 7, 168 * 10)
    fixes = [*world(weeks), *coast(weeks)]
    heard = [f for f in fixes if f.hour >= 162 and EVERY_SIX(f) and int(f.hour) not in outage]
    settings = derived(tmp_path, {DANISH: heard})
    found = series(settings)[:-1]  # the last one is open
    assert [week["russian_linked_tanker_calls"] for week in found] == pytest.approx(
        [None, *[WEEKLY] * 6, None, None, None, *[WEEKLY] * 2], abs=1
    )
    assert found[0]["state"] == "unobserved"
    assert {week["word"] for week in found} <= {"no clear change", "not enough heard"}
    assert found[-1]["index_100"] == pytest.approx(100, abs=35)


def test_cutting_the_beginning_adds_no_arrival(tmp_path: Path) -> None:
    fixes = [fix for fix in world(2, lying=5) if EVERY_SIX(fix)]
    whole, *cut = (
        numbers(derived(tmp_path / f"{hour}", {DANISH: [f for f in fixes if f.hour >= hour]}))
        for hour in (0, 20, 140, 200)
    )
    for found in cut:
        assert all(some <= all_ for some, all_ in zip(found[::-1], whole[::-1], strict=False))


def test_a_second_source_that_hears_the_port_first_adds_none(tmp_path: Path) -> None:
    """The first one hears a ship at the edge of the port's surroundings, and no other."""
    edge = lies(ship(901, "FAR OFF", ship_type="Cargo"), (50.55, 28.85), 0, 335)
    late = [fix for fix in world(2) if fix.hour >= 220 and EVERY_SIX(fix)]
    settings = derived(tmp_path, {DANISH: edge, AMERICAN: late})
    assert numbers(settings)[0] == 0
    assert numbers(settings)[1] <= WEEKLY
    assert numbers(settings, "in_port_calls")[1] >= LYING
    assert SOURCES[DANISH].source_id != SOURCES[AMERICAN].source_id


@pytest.mark.parametrize(
    ("silent_h", "is_arrival"), [((298, 306), True), ((290, 310), True), ((200, 330), False)]
)
def test_who_comes_in_a_silence_is_an_arrival_if_it_was_short(
    silent_h: tuple[int, int], is_arrival: bool, tmp_path: Path
) -> None:
    comes = calls(ship(1, "COMES", mid=273), 305, stay_h=60)
    fixes = [*lies(LENDER, AT_ANCHOR, 0, 503), *comes]
    heard = [fix for fix in fixes if not silent_h[0] <= fix.hour <= silent_h[1]]
    with access.reading(derived(tmp_path, {DANISH: heard})) as con:
        found = con.sql("select is_arrival from port_call where is_tanker").fetchall()
    assert found == [(is_arrival,)]


ONE = ship(1, "ONE", mid=273)


@pytest.mark.parametrize(
    ("fixes", "arrivals", "in_port"),
    [
        pytest.param(lies(ONE, BERTH, 200, 260), [0, 1], [0, 0], id="first sends in a heard port"),
        pytest.param(
            [*lies(ONE, BERTH, 0, 100), *lies(second(ONE), BERTH, 101, 220)],
            *([0, 0], [1, 0]),
            id="a hull that changes its MMSI in the berth does not arrive then",
        ),
    ],
)
def test_who_arrives_without_being_seen_to_come(
    fixes: list[Fix], arrivals: list[int], in_port: list[int], tmp_path: Path
) -> None:
    settings = derived(tmp_path, {DANISH: [*lies(LENDER, AT_ANCHOR, 0, 335), *fixes]})
    assert numbers(settings) == arrivals
    assert numbers(settings, "in_port_calls") == in_port


def test_the_report_says_so_and_lists_them_apart(tmp_path: Path) -> None:
    heard = [fix for fix in world(1, lying=3) if EVERY_SIX(fix)]
    settings = derived(tmp_path, {DANISH: heard}, is_whole=True)
    with access.reading(settings) as con:
        found = tables.summary(con, "2026-W23")
        (tier,) = con.execute(
            "select port_calls, in_port_calls from weekly_port_calls"
            " where port_id = 'IRKHK' and link_tier = 'strong'"
        ).fetchall()
    notes = limits.notes(found["notes"], found["series"])
    said = "3 tankers were in port when reception began (3 linked to Russia)"
    assert f"{said}; not counted as arrivals." in notes
    why = [words.not_counted(call) for call in found["calls"] if not call["is_arrival"]]
    assert why == ["in port when reception began: not counted"] * 3
    assert tier == (WEEKLY, 3)


# A zero is said only where it could have been seen: of each reason week by week, of each water.

WEEKS = 34


def off_novorossiysk(first_h: int, last_h: int) -> list[Fix]:
    of = ship(950, "OFF NOVOROSSIYSK", ship_type="Cargo")
    return [Fix(hour, of, NOVOROSSIYSK) for hour in range(first_h, last_h, 6)]


def zeros(settings: Settings, name: str) -> list[int]:
    """The numbers of the weeks, from 0, whose count by a reason is a zero; the others are null."""
    found = [week[name] for week in series(settings)]
    assert set(found) <= {0, None}
    return [number for number, count in enumerate(found) if count == 0]


def test_one_hour_off_a_russian_port_is_no_zero_by_trade(tmp_path: Path) -> None:
    heard = [*coast(6, GULF + CASPIAN), *off_novorossiysk(60, 61)]
    settings = derived(tmp_path, {DANISH: heard}, is_whole=True)
    assert zeros(settings, "trade_calls") == []
    with access.reading(settings) as con:
        note = limits.notes(
            tables.summary(con, "2026-W25")["notes"],
            {"state": "x", "russian_linked_tanker_calls": None},
        )
    assert any(
        "Russian oil ports were heard on less than 30% of the 180 days before" in n for n in note
    )


def test_a_zero_by_trade_needs_a_russian_port_heard_in_the_180_days_before(tmp_path: Path) -> None:
    heard = [*coast(WEEKS, GULF + CASPIAN), *off_novorossiysk(0, 168 * 12 + 48)]
    settings = derived(tmp_path, {DANISH: heard})
    # 0.3 of 180 days are 54: heard by the end of the eighth week, and no more 180 days after the
    # 33rd of the 86 days.
    assert zeros(settings, "trade_calls") == list(range(7, 30))
    assert zeros(settings, "flag_calls") == list(range(WEEKS))
    assert zeros(settings, "listed_calls") == list(range(WEEKS))


def test_a_zero_by_owner_needs_a_list_with_owners_in_force(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home", as_of=AS_OF, threads=1)
    outcomes = ingested(settings, day(*lines(coast(6, GULF + CASPIAN)), layout=DANISH))
    first, last = START + timedelta(days=7), START + timedelta(days=20)
    owned = f"{ship(1, 'OWNED')['imo']},OWNED,strong,owner,desk,{first:%F},{last:%F}\n"
    text = f"imo,name,tier,reason,source,from,to\n{owned}"
    imported(settings, tmp_path / "fleet.csv", text, "2026-06-01")
    with only(*ASKED):
        run.derive(settings, outcomes, publish=False)
    assert zeros(settings, "owner_calls") == [1, 2]
    with access.reading(settings) as con:
        split = con.sql(
            "select distinct week from weekly_split where value = 'owner' and linked_calls = 0"
            " and series = getvariable('series')"
        ).fetchall()
    assert sorted(split) == [("2026-W24",), ("2026-W25",)]


def test_a_deaf_caspian_leaves_the_coast_without_zero_and_without_complete(tmp_path: Path) -> None:
    heard = [*coast(4, GULF), *calls(ship(1, "COMES", mid=273), 200)]
    settings = derived(tmp_path, {DANISH: heard}, is_whole=True)
    none, one, *_ = series(settings)
    assert none["observed_share"] > 0.94
    assert (none["russian_linked_tanker_calls"], none["state"]) == (None, "unobserved")
    assert (none["worst_water"], none["worst_share"]) == ("Caspian", 0)
    assert (one["russian_linked_tanker_calls"], one["state"]) == (1, "partial")
    assert one["low_95"] == pytest.approx(0.0253, abs=1e-3)
    assert one["high_95"] is None
    with access.reading(settings) as con:
        waters = con.sql(
            "select water, russian_linked_tanker_calls, state from weekly_water"
            " where week in ('2026-W23', '2026-W24') and series = getvariable('series')"
            " order by all"
        ).fetchall()
        found = tables.summary(con, "2026-W24")
        zero = con.sql(
            "select max(linked_calls) from weekly_split where week = '2026-W23'"
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


def test_a_coast_heard_in_both_waters_has_its_zero(tmp_path: Path) -> None:
    told = series(derived(tmp_path, {DANISH: coast(3, GULF + CASPIAN)}))
    assert [(week["state"], week["russian_linked_tanker_calls"]) for week in told] == [
        *[("complete", 0)] * 2,
        ("open", 0),
    ]
