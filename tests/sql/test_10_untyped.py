"""Ships whose type nothing gives, as of a source without types: no zero and no whole count."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain

import pytest

from flows.catalogue import check
from flows.home.settings import Settings
from flows.runner import run
from tests.build.derivation import Connection
from tests.build.ships import BERTH, ROADS, SEA, START, home_of, reports, ship, voyage
from tests.build.witness import port_day, table
from tests.sql.test_12_witnesses import taken_in

RUSSIA, GABON = 273, 626
LOADS = voyage(SEA, BERTH, SEA)
UNTYPED = {"ship_type": "", "imo": ""}
WEEKS = {
    "2026-W23": [ship(601, "TANKER", RUSSIA)],
    "2026-W24": [ship(602, "UNKNOWN", RUSSIA, **UNTYPED)],
    "2026-W25": [ship(603, "TANKER TOO", RUSSIA), ship(604, "UNKNOWN TOO", RUSSIA, **UNTYPED)],
    "2026-W26": [ship(605, "GABONESE", GABON, **UNTYPED)],
}
"""The ships that load at Kharg in each week."""
GUARD, OTHER = (ship(609 + n, "GUARD", GABON, ship_type="Cargo") for n in range(2))
MAHSHAHR = (49.4, 29.3), (49.25, 29.9)
"""With Kharg heard, three tenths of the Gulf are."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    calls = (
        reports(of, 7 * week + 1 + number, LOADS)
        for week, ships in enumerate(WEEKS.values())
        for number, of in enumerate(ships)
    )
    heard = chain(
        reports(GUARD, 0, voyage(SEA, ROADS, SEA, stay_h=29 * 24), every_min=60),
        reports(OTHER, 0, voyage(*MAHSHAHR, SEA, stay_h=29 * 24), every_min=60),
    )
    folder = tmp_path_factory.mktemp("untyped")
    settings = home_of(folder, chain(*calls, heard), wanted=())
    days = (START + timedelta(days=number) for number in range(28))
    taken_in(settings, folder / "theirs", **{"1.csv": table(port_day(f"{d:%F}", 1) for d in days)})
    run.derive(settings, [], publish=False)
    return settings


@pytest.mark.parametrize(
    ("week", "linked", "unlinked", "state", "lacking", "tankers"),
    [
        ("2026-W23", 1, 0, "complete", 0, 1),
        ("2026-W24", None, 0, "unobserved", 1, None),
        ("2026-W25", 1, 0, "partial", 1, 1),
        ("2026-W26", 0, 0, "complete", 0, None),
    ],
)
def test_linked_ships_of_unknown_type_leave_no_zero_and_no_whole_count(
    con: Connection,
    week: str,
    linked: int | None,
    unlinked: int,
    state: str,
    lacking: int,
    tankers: int | None,
) -> None:
    query = """
        select port_calls, state from weekly_port_calls
        where week = $1 and port_id = 'IRKHK' and link_tier = $2
    """
    assert con.execute(query, [week, "strong"]).fetchall() == [(linked, state)]
    assert con.execute(query, [week, "none"]).fetchall() == [(unlinked, "complete")]
    series = """
        select untyped_linked_calls, tanker_calls from barometer
        where week = $1 and series = getvariable('series')
    """
    assert con.execute(series, [week]).fetchall() == [(lacking, tankers)]


def test_no_split_has_a_zero_that_its_water_has_not(con: Connection) -> None:
    query = """
        select split.week, split.value, split.tanker_calls, weekly_water.tanker_calls
        from weekly_split as split
        inner join weekly_water
            on split.week = weekly_water.week and split.value = weekly_water.water
            and split.series = weekly_water.series
        where split.dimension = 'water' and split.series = 'russian_linked_tankers'
            and split.value <> 'Caspian' and split.week <= '2026-W26'
        order by split.week
    """
    found = con.execute(query).fetchall()
    assert [row[2:] for row in found] == [(1, 1), (None, None), (1, 1), (None, None)]


def test_no_zero_of_a_port_is_held_against_another_s_count(con: Connection) -> None:
    query = """
        select ours from agreement
        where port_id = 'IRKHK' and series = 'tanker_calls' and weeks = 1 order by week
    """
    assert con.execute(query).fetchall() == [(1,), (None,), (1,), (None,)]


def test_the_checks_find_nothing_at_fault(home: Settings) -> None:
    assert [fault for fault in check.check(home) if fault.is_fault] == []
