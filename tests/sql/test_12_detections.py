"""What radar saw in Iranian ports against what AIS heard: both, either alone, or nothing said.

One world: each case has a week, a sensor and four ships of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from tests.build.ships import BERTH, ROADS, SEA, START, Ship, home_of, reports, ship, voyage
from tests.build.witness import detected, passed, sar_cell, table
from tests.sql.test_12_witnesses import taken_in

AS_OF = datetime(2026, 10, 31)
PASS = 2.5
"""Days after a case's start at which the radar passes: its ships lie at Kharg from 2.25 to 3.25."""

QUAY = [(BERTH[0] + 0.0005 * n, BERTH[1] + 0.004 * n) for n in range(4)]
"""Places at the berths of Kharg, 450 m apart."""
ROAD, FAR = ROADS, (ROADS[0] + 0.02, ROADS[1] + 0.01)

EVERY_MIN = {"every 10 s": 1 / 6, "every minute": 1.0, "hourly": 60.0}
HEARD_SHARE = {"none heard": 0.0, "half heard": 0.5}
CASES = (
    *("given", *EVERY_MIN, "moving", "silent", "may be another", *HEARD_SHARE),
    *("no pass", "passes alone", "echo", "cells", "no AIS"),
)
"""Each has the week after the one before it."""

OF_DETECTIONS = ("sensor_look", "detection_match", "dark_detection", "unseen_estimate")
COUNTS = ("port_call", "barometer", "weekly_port_calls")


def of(case: str, days: float) -> float:
    """Days after the start of the world, from those after the case's."""
    return 7 * CASES.index(case) + days


def at(case: str, days: float = PASS) -> str:
    return f"{START + timedelta(days=of(case, days)):%Y-%m-%dT%H:%M:%SZ}"


def week(case: str) -> str:
    return f"{START + timedelta(days=of(case, PASS)):%G-W%V}"


def ships(case: str) -> list[Ship]:
    return [ship(1000 + 10 * CASES.index(case) + n, f"SHIP {n} {case}") for n in range(4)]


def mmsis(case: str) -> list[int]:
    return [int(own["mmsi"]) for own in ships(case)]


def lying(case: str, every_min: float = 30.0, **said: Any) -> Iterator[str]:
    """Four ships that come to Kharg at once and stay for a day."""
    for own, place in zip(ships(case), QUAY, strict=True):
        yield from reports(own, of(case, 2), voyage(SEA, place, SEA), every_min=every_min, **said)


def seen(
    case: str, place: tuple[float, float], length_m: object = 330, days: float = PASS
) -> dict[str, Any]:
    return detected(at(case, days), place, length_m, sensor=f"SAR {case}")


def overhead(case: str, days: float = PASS) -> dict[str, Any]:
    return passed(at(case, days), sensor=f"SAR {case}")


def given(case: str) -> list[dict[str, Any]]:
    return [
        seen(case, QUAY[0], 240),
        seen(case, (QUAY[1][0] + 0.001, QUAY[1][1]), 230),
        seen(case, QUAY[2], ""),
        # The fourth ship was not detected; these are no ships of AIS.
        seen(case, ROAD),
        seen(case, (ROAD[0], ROAD[1] + 0.02), 40),
        seen(case, FAR, ""),
        # Outside of every limit, and in a week without AIS.
        seen(case, SEA, 240),
        *([seen("no AIS", FAR)] if case == "given" else []),
    ]


# She sails into port at 9 knots, and the radar sees her between two hourly reports.
IN, (IN_WAY, IN_H), IN_FROM = ship(650, "IN"), voyage(SEA, BERTH, SEA), 2.3
IN_SEEN = IN_FROM + 5.5 / 24

# She was last heard at anchor near there an hour within the rule, and AIS was heard since.
SILENT = ship(660, "SILENT")
SILENT_FROM_H = 24 * (PASS - 2) - (rule("heard_within_h") - 1)

# She sails at 12 knots with a report an hour, and turns: no one knows where she was.
TURNING = ship(661, "TURNING")
TURNING_WAY = voyage(
    (BERTH[0] - 0.15, BERTH[1] - 0.05), (BERTH[0] + 0.15, BERTH[1] + 0.1), leg_h=2.0
)
MIDDLE = (BERTH[0] - 0.075 + 0.04, BERTH[1] - 0.0125 - 0.06)

ECHOES = (PASS - 0.1, PASS, PASS + 0.1)
HOUR = f"{START + timedelta(days=of('cells', PASS)):%Y-%m-%d %H}:00"


def ais() -> Iterator[str]:
    """What the ships of all cases sent."""
    yield from lying("given", 10.0)
    for case in ("silent", "may be another", "no pass", "passes alone", "echo", "cells"):
        yield from lying(case)
    for case, every_min in EVERY_MIN.items():
        yield from lying(case, every_min, heard=lambda h: 6 < h < 18)
    yield from lying("moving", 60.0)
    yield from reports(IN, of("moving", IN_FROM), (IN_WAY, IN_H), every_min=60.0)
    road = voyage(SEA, ROAD, SEA)
    yield from reports(SILENT, of("silent", 2), road, heard=lambda h: h < SILENT_FROM_H)
    yield from reports(TURNING, of("may be another", PASS - 1 / 48), TURNING_WAY, every_min=60.0)
    for case, share in HEARD_SHARE.items():
        for number, (own, place) in enumerate(zip(ships(case), QUAY, strict=True)):
            yield from reports(
                own,
                of(case, 2),
                voyage(SEA, place, SEA),
                every_min=10.0,
                heard=lambda h, is_heard=number < 4 * share: is_heard or not 9.0 < h < 15.0,
            )


def detections() -> list[dict[str, Any]]:
    """What the sensors of all cases saw."""
    return [
        *(row for case in ("given", *EVERY_MIN, "no pass") for row in given(case)),
        seen("moving", IN_WAY(24 * (IN_SEEN - IN_FROM))[0], 240, IN_SEEN),
        seen("moving", ROAD, 330, IN_SEEN),
        seen("silent", (ROAD[0] + 0.025, ROAD[1])),
        seen("may be another", MIDDLE),
        *(seen(case, ROAD) for case in HEARD_SHARE),
        *(seen("echo", ROAD, 330, days) for days in ECHOES),
    ]


def passes() -> list[dict[str, Any]]:
    of_cases = ("given", *EVERY_MIN, "silent", "may be another", *HEARD_SHARE, "passes alone")
    return [
        *(overhead(case) for case in of_cases),
        overhead("moving", IN_SEEN),
        overhead("passes alone", 1),
        *(overhead("echo", days) for days in ECHOES),
    ]


CELLS = [sar_cell(HOUR, QUAY[0]), sar_cell(HOUR, ROAD), sar_cell(HOUR, FAR, MMSI=352_999_888)]


Counts = dict[str, list[tuple[Any, ...]]]


def counts(settings: Settings) -> Counts:
    return {name: answer(settings, f"from {name} order by all") for name in COUNTS}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Counts]:
    """A home, and its counts from before the detections, which came after AIS, in two runs."""
    folder = tmp_path_factory.mktemp("radar")
    settings = home_of(folder, ais(), as_of=AS_OF, wanted=(*COUNTS, *OF_DETECTIONS))
    before = counts(settings)
    for relation in OF_DETECTIONS:
        assert answer(settings, f"select count(*) from {relation}") == [(0,)]
    every = detections()
    for name, files in (
        ("first", {"d.csv": table(every[::2]), "p.csv": table(passes())}),
        ("later", {"more.csv": table(every[1::2]), "report.csv": table(CELLS)}),
    ):
        taken_in(settings, folder / name, **files)
        with only(*COUNTS, *OF_DETECTIONS):
            run.derive(settings, [], publish=False)
    return settings, before


@pytest.fixture(scope="module")
def home(world: tuple[Settings, Counts]) -> Settings:
    return world[0]


def test_each_detection_is_a_ship_of_ais_or_says_why_not(home: Settings) -> None:
    query = f"""
        select match, mmsi, length_m, reason, is_counted
        from detection_match where week in ('{week("given")}', '{week("no AIS")}')
        order by match, week, mmsi, length_m
    """
    own = mmsis("given")
    assert answer(home, query) == [
        ("AIS alone", own[3], None, "not detected", True),
        ("both", own[0], 240, None, True),
        ("both", own[1], 230, None, True),
        ("both", own[2], None, None, True),
        ("sensor alone", None, 40, "shorter than a tanker", False),
        ("sensor alone", None, 330, "no ship that AIS heard", True),
        ("sensor alone", None, None, "of unknown length", False),
        ("sensor alone", None, 330, "AIS not heard well enough then", False),
    ]


def dark(home: Settings, case: str, what: str) -> list[tuple[Any, ...]]:
    return answer(home, f"select {what} from dark_detection where week = '{week(case)}'")


def estimates(home: Settings, case: str, what: str) -> list[tuple[Any, ...]]:
    """Those of the coast and of Kharg."""
    query = f"""
        select {what} from unseen_estimate
        where week = '{week(case)}' and coalesce(port_id, 'IRKHK') = 'IRKHK'
        order by port_id nulls first
    """
    return answer(home, query)


def test_a_dark_detection_says_where_and_why(home: Settings) -> None:
    ((where, length, reasons),) = dark(home, "given", "(port_id, area_kind), length_m, reasons")
    assert (where, length) == (("IRKHK", "anchorage"), 330)
    assert reasons.startswith(
        "SAR given detected a ship of 330 m in the anchorage of Kharg Island; confidence 90 %; "
        "4 of 4 ships that AIS heard before and after were heard within 1 h of it; the nearest "
        "ship that AIS heard, MMSI 352991"
    )
    assert "fixed object" not in reasons


def test_an_estimate_is_made_of_passes_alone_and_not_of_few_ships(home: Settings) -> None:
    """The detection of another week had no pass, so that the week has no row."""
    row = (4, 4, 3, None, "fewer than 7 ships that both saw")
    what = "ais_ships, sensor_ships, both_ships, estimate, reason"
    assert estimates(home, "given", what) == [row, row]
    query = f"from unseen_estimate where week = '{week('given')}' and ais_ships > 0"
    assert len(answer(home, query)) == 2
    assert estimates(home, "no AIS", "week") == []


def test_nothing_of_it_enters_a_count(world: tuple[Settings, Counts]) -> None:
    home, before = world
    assert all(before.values()) and counts(home) == before


@pytest.mark.parametrize("case", EVERY_MIN)
def test_how_often_ships_report_decides_nothing(home: Settings, case: str) -> None:
    def matches(of: str) -> list[tuple[Any, ...]]:
        query = f"""
            select match, mmsi - {mmsis(of)[0]}, length_m, reason
            from detection_match where week = '{week(of)}' order by all
        """
        return answer(home, query)

    assert matches(case) == matches("given") != []


def test_a_moving_ship_is_matched_where_she_was_at_the_time(home: Settings) -> None:
    query = f"""
        select match, mmsi::varchar, reason from detection_match
        where match <> 'AIS alone' and week = '{week("moving")}' order by all
    """
    assert answer(home, query) == [
        ("both", IN["mmsi"], None),
        ("sensor alone", None, "no ship that AIS heard"),
    ]


def test_a_ship_that_fell_silent_is_named_beside_the_detection(home: Settings) -> None:
    ((mmsi, reasons),) = dark(home, "silent", "silent_mmsi, reasons")
    assert str(mmsi) == SILENT["mmsi"]
    assert f"MMSI {mmsi}, silent at the time, may be it" in reasons


def test_a_ship_that_may_be_the_one_seen_keeps_it_from_being_dark(home: Settings) -> None:
    query = "select match, reason, is_counted from detection_match where reason like 'may be%'"
    assert ("sensor alone", f"may be MMSI {TURNING['mmsi']}", False) in answer(home, query)
    assert dark(home, "may be another", "*") == []


@pytest.mark.parametrize("case", HEARD_SHARE)
def test_where_ais_is_heard_thinly_nothing_is_called_dark(home: Settings, case: str) -> None:
    """Half of the ships, or none, are heard within an hour of the pass."""
    assert dark(home, case, "*") == []
    assert estimates(home, case, "port_id, looks_unheard")[1] == ("IRKHK", 1)


def test_without_passes_a_detection_may_be_dark_but_there_is_no_estimate(home: Settings) -> None:
    assert dark(home, "no pass", "length_m") == [(330,)]
    assert estimates(home, "no pass", "*") == []
    query = f"from detection_match where match = 'AIS alone' and week = '{week('no pass')}'"
    assert answer(home, query) == []


def test_a_pass_without_detections_shows_that_the_ships_were_not_detected(home: Settings) -> None:
    found = estimates(home, "passes alone", "port_id, ais_ships, sensor_ships, looks")
    assert found[1] == ("IRKHK", 4, 0, 2)


def test_an_echo_that_is_always_there_is_named_as_such(home: Settings) -> None:
    rows = dark(home, "echo", "looks_at_place, looks, reasons")
    assert [row[:2] for row in rows] == [(3, 3)] * 3
    assert all("an echo within 200 m in 3 of 3 looks" in row[2] for row in rows)


def test_cells_of_an_hour_are_compared_with_the_way_in_it(home: Settings) -> None:
    """What the publisher matched to a ship of AIS is not dark; what has no length neither."""
    query = f"""
        select match, mmsi, reason from detection_match where week = '{week("cells")}' order by all
    """
    (both, *alone) = answer(home, query)
    assert both[0] == "both" and both[1] in mmsis("cells")
    assert alone == [
        ("sensor alone", 352_999_888, "of unknown length"),
        ("sensor alone", None, "of unknown length"),
    ]
    assert dark(home, "cells", "*") == []


def test_files_in_another_order_or_cut_give_the_same(home: Settings, tmp_path: Path) -> None:
    own = given("given")
    files = {f"{n}.csv": table(part) for n, part in enumerate((own[5:], own[:3], own[3:6]))}
    settings = home_of(tmp_path, lying("given", 10.0), as_of=AS_OF, wanted=())
    taken_in(settings, tmp_path / "seen", **files, **{"0-p.csv": table([overhead("given")])})
    with only(*OF_DETECTIONS):
        run.derive(settings, [], publish=False)
    for relation in ("detection_match", "dark_detection", "unseen_estimate"):
        weeks = f"('{week('given')}', '{week('no AIS')}')"
        query = f"from {relation} where week in {weeks} order by all"
        assert answer(settings, query) == answer(home, query) != []


def test_what_came_later_gives_the_same_as_what_came_at_once(home: Settings) -> None:
    with only(*COUNTS, *OF_DETECTIONS):
        assert check.check_rebuild(home) == []
