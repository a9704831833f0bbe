"""Ships that lie in port when hearing begins are shown and counted apart: they are no arrivals.

A made-up Kharg: tankers that lie in the roads, tankers that call, and a cargo ship that lends the
port its hearing. What is heard of it is cut in many ways.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import shapely

from flows.catalogue import access
from flows.home.resources import port_files
from flows.home.settings import Settings
from flows.ingest.outcome import Outcome
from flows.lake.prepare import prepare_home
from flows.report import tables, words
from flows.runner import run
from geo.ports import load_ports
from tests.build.files import LAYOUTS, SOURCES, day, ingest, row, write
from tests.build.ships import BERTH, ROADS, SEA, START, Ship, second, ship

pytestmark = pytest.mark.usefixtures("undrawn")

AS_OF = datetime(2027, 2, 1)

DANISH, AMERICAN = LAYOUTS[2], LAYOUTS[1]
LYING, WEEKLY = 20, 3
AT_ANCHOR = (50.39, 29.30)
"""Within Kharg's limit, where a cargo ship lies and lends the port its hearing."""


GULF, CASPIAN = ("Persian Gulf", "Gulf of Oman"), ("Caspian",)


class Fix(NamedTuple):
    """A report: hours since `START`, the ship, place and speed."""

    hour: float
    of: Ship
    place: tuple[float, float]
    sog_kn: float = 0.1


def lies(of: Ship, place: tuple[float, float], first_h: float, last_h: float) -> Iterator[Fix]:
    """A ship in one place, a fix an hour."""
    hour = first_h
    while hour <= last_h:
        yield Fix(hour, of, place)
        hour += 1


def calls(of: Ship, arrival_h: float, stay_h: int = 30) -> Iterator[Fix]:
    """From the sea to the berth, a stay there, and back: six hours each way, a fix an hour."""
    for part in range(7):
        yield Fix(arrival_h - 6 + part, of, between(SEA, BERTH, part / 6), 9.0)
    yield from lies(of, BERTH, arrival_h + 1, arrival_h + stay_h)
    for part in range(7):
        yield Fix(arrival_h + stay_h + 1 + part, of, between(BERTH, SEA, part / 6), 9.0)


def between(a: tuple[float, float], b: tuple[float, float], part: float) -> tuple[float, float]:
    return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])


def world(weeks: int, lying: int = LYING) -> list[Fix]:
    """Tankers in the roads from long before to long after, and three calls in each week."""
    end_h = 168.0 * weeks
    cargo = ship(900, "CARGO", ship_type="Cargo")
    found = list(lies(cargo, AT_ANCHOR, 0, end_h))
    for number in range(lying):
        lon, lat = ROADS[0] + 0.002 * number, ROADS[1]
        found += lies(ship(number, f"LIES {number}", mid=273), (lon, lat), number / 60, end_h)
    for number in range(WEEKLY * weeks):
        of = ship(100 + number, f"CALLS {number}", mid=273)
        found += calls(of, 168 / WEEKLY * (number + 0.5))
    return [fix for fix in found if fix.hour < end_h]


def coast(weeks: int, waters: tuple[str, ...] = GULF) -> list[Fix]:
    """A cargo ship that lies near each port of some waters and lends it its hearing."""
    port = load_ports(*port_files()).port.query("country == 'IR'")
    places = port.loc[port["water"].isin(waters), "geometry"].map(shapely.centroid)
    ships = [
        ship(800 + number, f"NEAR {number}", ship_type="Cargo") for number in range(len(places))
    ]
    return [
        Fix(hour, of, (place.x, place.y))
        for of, place in zip(ships, places, strict=True)
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


def derived(folder: Path, heard: dict[str, list[Fix]]) -> Settings:
    """A home with what each source heard."""
    settings = Settings(folder / "home", AS_OF, 1, "300MB")
    settings.home.mkdir(parents=True)
    prepare_home(settings.home)
    outcomes: list[Outcome] = []
    for layout, fixes in heard.items():
        content = day(*lines(fixes, layout), layout=layout)
        outcomes += ingest(settings, write(folder, content, name=f"{layout}.csv"))
    assert {outcome.state for outcome in outcomes} == {"ingested"}, outcomes
    run.derive(settings, outcomes, publish=False)
    return settings


def series(settings: Settings) -> list[dict[str, Any]]:
    with access.reading(settings) as con:
        found = con.execute("from barometer order by week")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


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
    whole = numbers(derived(tmp_path / "whole", {DANISH: fixes}))
    for cut_h in (20, 140, 200):
        cut = [fix for fix in fixes if fix.hour >= cut_h]
        found = numbers(derived(tmp_path / f"from {cut_h}", {DANISH: cut}))
        assert all(some <= all_ for some, all_ in zip(found[::-1], whole[::-1], strict=False))


def test_a_second_source_that_hears_the_port_first_adds_none(tmp_path: Path) -> None:
    """The first one hears a ship at the edge of the port's surroundings, and no other."""
    edge = list(lies(ship(901, "FAR OFF", ship_type="Cargo"), (50.55, 28.85), 0, 335))
    late = [fix for fix in world(2) if fix.hour >= 220 and EVERY_SIX(fix)]
    settings = derived(tmp_path, {DANISH: edge, AMERICAN: late})
    assert numbers(settings)[0] == 0
    assert numbers(settings)[1] <= WEEKLY
    assert numbers(settings, "in_port_calls")[1] >= LYING


@pytest.mark.parametrize(
    ("silent_h", "is_arrival"), [((298, 306), True), ((290, 310), True), ((200, 330), False)]
)
def test_who_comes_in_a_silence_is_an_arrival_if_it_was_short(
    silent_h: tuple[int, int], is_arrival: bool, tmp_path: Path
) -> None:
    fixes = world(3, lying=0)
    fixes = [fix for fix in fixes if "CARGO" in fix.of["vessel_name"]]
    fixes += calls(ship(1, "COMES", mid=273), 305, stay_h=60)
    heard = [fix for fix in fixes if not silent_h[0] <= fix.hour <= silent_h[1]]
    settings = derived(tmp_path, {DANISH: heard})
    with access.reading(settings) as con:
        found = con.sql("select is_arrival from port_call where is_tanker").fetchall()
    assert found == [(is_arrival,)]


def test_who_first_sends_in_a_port_that_was_heard_is_an_arrival(tmp_path: Path) -> None:
    cargo = lies(ship(900, "CARGO", ship_type="Cargo"), AT_ANCHOR, 0, 335)
    silent = lies(ship(1, "SWITCHES ON", mid=273), BERTH, 200, 260)
    settings = derived(tmp_path, {DANISH: [*cargo, *silent]})
    assert numbers(settings) == [0, 1]
    assert numbers(settings, "in_port_calls") == [0, 0]


def test_a_hull_that_changes_its_mmsi_in_the_berth_does_not_arrive_then(tmp_path: Path) -> None:
    cargo = lies(ship(900, "CARGO", ship_type="Cargo"), AT_ANCHOR, 0, 335)
    before = ship(1, "TWO MMSIS", mid=273)
    fixes = [*cargo, *lies(before, BERTH, 0, 100), *lies(second(before), BERTH, 101, 220)]
    settings = derived(tmp_path, {DANISH: fixes})
    assert numbers(settings) == [0, 0]
    assert sum(numbers(settings, "in_port_calls")) == 1


def test_the_report_says_so_and_lists_them_apart(tmp_path: Path) -> None:
    heard = [fix for fix in world(1, lying=3) if EVERY_SIX(fix)]
    settings = derived(tmp_path, {DANISH: heard})
    with access.reading(settings) as con:
        found = tables.summary(con, "2026-W23")
        (tier,) = con.execute(
            "select port_calls, in_port_calls from weekly_port_calls"
            " where port_id = 'IRKHK' and link_tier = 'strong'"
        ).fetchall()
    notes = words.notes(found["notes"], found["series"])
    assert (
        "3 tankers were in port when reception began (3 linked to Russia); not counted as arrivals."
    ) in notes
    why = [words.not_counted(call) for call in found["calls"] if not call["is_arrival"]]
    assert why == ["in port when reception began: not counted"] * 3
    assert tier == (WEEKLY, 3)


def test_the_two_layouts_are_two_sources() -> None:
    assert SOURCES[DANISH].source_id != SOURCES[AMERICAN].source_id
