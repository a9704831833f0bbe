"""What radar saw in Iranian ports against what AIS heard: both, either alone, or nothing said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.catalogue import check
from flows.home.rules import rule
from flows.home.settings import Settings
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import answer
from tests.build.ships import BERTH, ROADS, SEA, START, home_of, reports, ship, voyage
from tests.build.witness import detected, passed, sar_cell, table
from tests.sql.test_12_witnesses import taken_in

AS_OF = datetime(2026, 6, 29)
PASS = 2.5
"""Days after the start at which the radar passes: the ships lie at Kharg from 2.25 to 3.25."""

QUAY = [(BERTH[0] + 0.0005 * n, BERTH[1] + 0.004 * n) for n in range(4)]
"""Places at the berths of Kharg, 450 m apart."""
SHIPS = [ship(600 + n, f"SHIP {n}") for n in range(4)]
ROAD, FAR = ROADS, (ROADS[0] + 0.02, ROADS[1] + 0.01)


def at(days: float) -> str:
    return f"{START + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


OF_DETECTIONS = ("sensor_look", "detection_match", "dark_detection", "unseen_estimate")
COUNTS = ("port_call", "barometer", "weekly_port_calls")


def lying(every_min: float = 10.0, **said: Any) -> Iterator[str]:
    """Four ships that come to Kharg at once and stay for a day."""
    for own, place in zip(SHIPS, QUAY, strict=True):
        yield from reports(own, 2, voyage(SEA, place, SEA), every_min=every_min, **said)


def home_with(
    folder: Path,
    detections: list[dict[str, Any]],
    passes: list[dict[str, Any]],
    rows: Iterator[str] | None = None,
    also: Iterable[str] = (),
) -> Settings:
    """A home with ships, detections and passes, what follows of these, and other relations."""
    files = {"d.csv": table(detections)} if detections else {}
    files |= {"p.csv": table(passes)} if passes else {}
    return with_files(folder, files, lying() if rows is None else rows, also)


def with_files(
    folder: Path, files: dict[str, bytes], rows: Iterable[str], also: Iterable[str] = ()
) -> Settings:
    settings = home_of(folder, rows, as_of=AS_OF, wanted=())  # it is derived below
    taken_in(settings, folder / "seen", **files)
    with only(*OF_DETECTIONS, *also):
        run.derive(settings, [], publish=False)
    return settings


GIVEN = [
    detected(at(PASS), QUAY[0]),
    detected(at(PASS), (QUAY[1][0] + 0.001, QUAY[1][1]), 230),
    detected(at(PASS), QUAY[2], ""),
    # The fourth ship was not detected; these are no ships of AIS.
    detected(at(PASS), ROAD, 330),
    detected(at(PASS), (ROAD[0], ROAD[1] + 0.02), 40),
    detected(at(PASS), FAR, ""),
    # Outside of every limit, and in a week without AIS.
    detected(at(PASS), SEA),
    detected(at(20), FAR, 330),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("radar")
    return home_with(folder, GIVEN, [passed(at(PASS))], also=COUNTS)


def test_each_detection_is_a_ship_of_ais_or_says_why_not(home: Settings) -> None:
    query = """
        select match, mmsi, length_m, reason, is_counted
        from detection_match order by match, week, mmsi, length_m
    """
    mmsis = [int(own["mmsi"]) for own in SHIPS]
    assert answer(home, query) == [
        ("AIS alone", mmsis[3], None, "not detected", True),
        ("both", mmsis[0], 240, None, True),
        ("both", mmsis[1], 230, None, True),
        ("both", mmsis[2], None, None, True),
        ("sensor alone", None, 40, "shorter than a tanker", False),
        ("sensor alone", None, 330, "no ship that AIS heard", True),
        ("sensor alone", None, None, "of unknown length", False),
        ("sensor alone", None, 330, "AIS not heard well enough then", False),
    ]


def test_a_dark_detection_says_where_and_why(home: Settings) -> None:
    ((where, length, reasons),) = answer(
        home, "select (port_id, area_kind, week), length_m, reasons from dark_detection"
    )
    assert (where, length) == (("IRKHK", "anchorage", "2026-W23"), 330)
    assert reasons.startswith(
        "Made-up SAR detected a ship of 330 m in the anchorage of Kharg Island; confidence 90 %; "
        "4 of 4 ships that AIS heard before and after were heard within 1 h of it; the nearest "
        "ship that AIS heard, MMSI 352990"
    )
    assert "fixed object" not in reasons


def test_an_estimate_is_made_of_passes_alone_and_not_of_few_ships(home: Settings) -> None:
    """The detection of another week had no pass, so that the week has no row."""
    query = """
        select week, port_id, ais_ships, sensor_ships, both_ships, estimate, reason
        from unseen_estimate where ais_ships > 0 order by port_id nulls first
    """
    few = "fewer than 7 ships that both saw"
    assert answer(home, query) == [
        ("2026-W23", None, 4, 4, 3, None, few),
        ("2026-W23", "IRKHK", 4, 4, 3, None, few),
    ]
    assert answer(home, "select distinct week from unseen_estimate") == [("2026-W23",)]


def test_nothing_of_it_enters_a_count(home: Settings, tmp_path: Path) -> None:
    without = home_of(tmp_path, lying(), as_of=AS_OF, wanted=(*COUNTS, *OF_DETECTIONS))
    for relation in COUNTS:
        query = f"from {relation} order by all"
        assert answer(home, query) == answer(without, query)
    for relation in OF_DETECTIONS:
        assert answer(without, f"select count(*) from {relation}") == [(0,)]


MATCHES = """
    select match, mmsi, length_m, reason
    from detection_match where week = '2026-W23' order by all
"""


@pytest.mark.parametrize("every_min", [1 / 6, 1.0, 60.0])
def test_how_often_ships_report_decides_nothing(
    home: Settings, tmp_path: Path, every_min: float
) -> None:
    other = home_with(tmp_path, GIVEN, [passed(at(PASS))], lying(every_min))
    assert answer(other, MATCHES) == answer(home, MATCHES)


def test_a_moving_ship_is_matched_where_she_was_at_the_time(tmp_path: Path) -> None:
    """She sails into port at 9 knots, and the radar sees her between two hourly reports."""
    way, length_h = voyage(SEA, BERTH, SEA)
    rows = [*lying(60.0), *reports(ship(650, "IN"), 2.3, (way, length_h), every_min=60.0)]
    (lon, lat), _ = way(5.5)
    moment = at(2.3 + 5.5 / 24)
    seen = [detected(moment, (lon, lat)), detected(moment, ROAD, 330)]
    settings = home_with(tmp_path, seen, [passed(moment)], iter(rows))
    query = "select match, mmsi::varchar, reason from detection_match where match <> 'AIS alone'"
    assert sorted(answer(settings, query), key=str) == [
        ("both", ship(650, "IN")["mmsi"], None),
        ("sensor alone", None, "no ship that AIS heard"),
    ]


def test_a_ship_that_fell_silent_is_named_beside_the_detection(tmp_path: Path) -> None:
    """She was last heard at anchor near there an hour within the rule, and AIS was heard since."""
    until_h = 24 * (PASS - 2) - (rule("heard_within_h") - 1)
    away = ship(660, "AWAY")
    silent = reports(away, 2, voyage(SEA, ROAD, SEA), heard=lambda hours: hours < until_h)
    moved = (ROAD[0] + 0.025, ROAD[1])
    settings = home_with(
        tmp_path, [detected(at(PASS), moved, 330)], [passed(at(PASS))], iter([*lying(), *silent])
    )
    ((mmsi, reasons),) = answer(settings, "select silent_mmsi, reasons from dark_detection")
    assert str(mmsi) == away["mmsi"]
    assert f"MMSI {mmsi}, silent at the time, may be it" in reasons


def test_a_ship_that_may_be_the_one_seen_keeps_it_from_being_dark(tmp_path: Path) -> None:
    """She sails at 12 knots with a report an hour, and turns: no one knows where she was."""
    moving = ship(661, "MOVING")
    places = (BERTH[0] - 0.15, BERTH[1] - 0.05), (BERTH[0] + 0.15, BERTH[1] + 0.1)
    rows = reports(moving, PASS - 1 / 48, voyage(*places, leg_h=2.0), every_min=60.0)
    middle = (BERTH[0] - 0.075 + 0.04, BERTH[1] - 0.0125 - 0.06)
    settings = home_with(
        tmp_path, [detected(at(PASS), middle, 330)], [passed(at(PASS))], iter([*lying(), *rows])
    )
    query = "select match, reason, is_counted from detection_match where reason like 'may be%'"
    assert ("sensor alone", f"may be MMSI {moving['mmsi']}", False) in answer(settings, query)
    assert answer(settings, "from dark_detection") == []


@pytest.mark.parametrize("heard_share", [0.0, 0.5])
def test_where_ais_is_heard_thinly_nothing_is_called_dark(
    tmp_path: Path, heard_share: float
) -> None:
    """Half of the ships, or none, are heard within an hour of the pass."""
    rows = []
    for number, (own, place) in enumerate(zip(SHIPS, QUAY, strict=True)):
        is_heard = number < 4 * heard_share
        rows += reports(
            own,
            2,
            voyage(SEA, place, SEA),
            heard=lambda h, is_heard=is_heard: is_heard or not 9.0 < h < 15.0,
        )
    settings = home_with(tmp_path, [detected(at(PASS), ROAD, 330)], [passed(at(PASS))], iter(rows))
    assert answer(settings, "select count(*) from dark_detection") == [(0,)]
    query = "select looks_unheard from unseen_estimate where port_id = 'IRKHK'"
    assert answer(settings, query) == [(1,)]


def test_without_passes_a_detection_may_be_dark_but_there_is_no_estimate(tmp_path: Path) -> None:
    settings = home_with(tmp_path, GIVEN, [])
    assert answer(settings, "select length_m from dark_detection") == [(330,)]
    assert answer(settings, "from unseen_estimate") == []
    assert answer(settings, "from detection_match where match = 'AIS alone'") == []


def test_a_pass_without_detections_shows_that_the_ships_were_not_detected(tmp_path: Path) -> None:
    settings = home_with(tmp_path, [], [passed(at(PASS)), passed(at(1))])
    query = """
        select ais_ships, sensor_ships, looks from unseen_estimate
        where port_id = 'IRKHK' order by all
    """
    assert answer(settings, query) == [(4, 0, 2)]


def test_an_echo_that_is_always_there_is_named_as_such(tmp_path: Path) -> None:
    moments = [PASS - 0.1, PASS, PASS + 0.1]
    settings = home_with(
        tmp_path,
        [detected(at(day), ROAD, 330) for day in moments],
        [passed(at(d)) for d in moments],
    )
    rows = answer(settings, "select looks_at_place, looks, reasons from dark_detection")
    assert [row[:2] for row in rows] == [(3, 3)] * 3
    assert all("an echo within 200 m in 3 of 3 looks" in row[2] for row in rows)


def test_cells_of_an_hour_are_compared_with_the_way_in_it(tmp_path: Path) -> None:
    """What the publisher matched to a ship of AIS is not dark; what has no length neither."""
    hour = f"{START + timedelta(days=PASS):%Y-%m-%d %H}:00"
    cells = [sar_cell(hour, QUAY[0]), sar_cell(hour, ROAD), sar_cell(hour, FAR, MMSI=352_999_888)]
    settings = with_files(tmp_path, {"report.csv": table(cells)}, lying())
    query = "select match, mmsi, reason from detection_match order by all"
    mmsis = [int(own["mmsi"]) for own in SHIPS]
    (both, *alone) = answer(settings, query)
    assert both[0] == "both" and both[1] in mmsis
    assert alone == [
        ("sensor alone", 352_999_888, "of unknown length"),
        ("sensor alone", None, "of unknown length"),
    ]
    assert answer(settings, "from dark_detection") == []


def test_files_in_another_order_or_cut_give_the_same(home: Settings, tmp_path: Path) -> None:
    parts = [GIVEN[5:], GIVEN[:3], GIVEN[3:6]]
    files = {f"{number}.csv": table(part) for number, part in enumerate(parts)}
    passes = {"0-passes.csv": table([passed(at(PASS))])}
    settings = with_files(tmp_path, files | passes, lying())
    for relation in ("detection_match", "dark_detection", "unseen_estimate"):
        query = f"from {relation} order by all"
        assert answer(settings, query) == answer(home, query)


def test_what_came_later_gives_the_same_as_what_came_at_once(
    home: Settings, tmp_path: Path
) -> None:
    settings = home_with(tmp_path, GIVEN[:1], [passed(at(PASS))])
    taken_in(settings, tmp_path / "later", **{"more.csv": table(GIVEN[1:])})
    with only(*OF_DETECTIONS):
        run.derive(settings, [], publish=False)
        assert check.check_rebuild(settings) == []
    query = "from dark_detection order by all"
    assert answer(settings, query) == answer(home, query)
