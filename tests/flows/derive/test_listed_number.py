"""A listed ship's IMO number that another transmitter sends too: nobody can end a link by that.

Each case is a listed tanker that calls at Kharg under a name that no list knows, and an impostor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import duckdb
import pytest

from flows.catalogue import access
from flows.home.settings import Settings
from tests.build.ships import (
    BANDAR,
    BERTH,
    SEA,
    List,
    Place,
    Ship,
    conflicts,
    home_of,
    ofac,
    reports,
    sdn,
    ship,
    voyage,
)

SINGAPORE: Place = (103.8, 1.2)
CALL = voyage(SEA, BERTH, SEA)
OTHER_CALL = voyage((56.3, 26.6), BANDAR, (56.3, 26.6))
Rows = Iterable[str]


def still(hours: float) -> tuple[Callable[[float], tuple[Place, bool]], float]:
    return (lambda _: (SINGAPORE, True)), hours


class Case(NamedTuple):
    """What the impostor sends and does, and which of the two have a linked call."""

    name: str
    said: dict[str, str]
    rows: Callable[[int, Ship], Rows]
    gross: str = "-0- "
    calls: int = 1


CASES = [
    Case("three fixes far away", {}, lambda day, of: reports(of, day, still(2), every_min=60)),
    Case("as many fixes", {}, lambda day, of: reports(of, day, still(36))),
    Case("more fixes", {}, lambda day, of: reports(of, day, still(36), every_min=2)),
    Case("before", {}, lambda day, of: reports(of, day - 3, still(36))),
    Case("before and during", {}, lambda day, of: reports(of, day - 3, still(96))),
    Case("after", {}, lambda day, of: reports(of, day + 2, still(36))),
    Case("before and after", {}, lambda day, of: reports(of, day - 3, still(200))),
    Case(
        "of another size than the other",
        {"length_m": "120", "beam_m": "18"},
        lambda day, of: reports(of, day, still(36)),
    ),
    Case(
        "of another size than the register's",
        {"length_m": "60", "beam_m": "11"},
        lambda day, of: reports(of, day, still(36)),
        gross="57,000",
    ),
    Case(
        "with the name of the list, for hours",
        {"vessel_name": "OLD LADY"},
        lambda day, of: reports(of, day, still(2), every_min=30),
    ),
    Case("in Iran too", {}, lambda day, of: reports(of, day, OTHER_CALL), calls=2),
]
DAYS = {case.name: 10 + 20 * number for number, case in enumerate(CASES)}


def listed(number: int) -> Ship:
    return ship(400 + 2 * number, f"NEW PAINT {number}")


def impostor(number: int) -> Ship:
    said = {"imo": listed(number)["imo"]} | CASES[number].said
    return ship(401 + 2 * number, f"ZOMBIE {number}", 620) | said


def rows() -> Iterator[str]:
    for number, case in enumerate(CASES):
        yield from reports(listed(number), DAYS[case.name], CALL)
        yield from case.rows(DAYS[case.name], impostor(number))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    entries = [
        sdn(
            number + 1,
            listed(number) | {"vessel_name": "OLD LADY"},
            "RUSSIA-EO14024",
            gross=case.gross,
        )
        for number, case in enumerate(CASES)
    ]
    lists = [List("sdn.csv", ofac(*entries), "2026-05-20")]
    return home_of(tmp_path_factory.mktemp("listed_number"), rows(), lists)


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with access.reading(home) as opened:
        yield opened


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_the_listed_ships_call_is_linked(con: duckdb.DuckDBPyConnection, number: int) -> None:
    query = """
        select port_call.link_tier from counted_call inner join port_call using (port_call_id)
        where counted_call.is_headline and port_call.mmsi in ($1, $2)
    """
    ships = [int(of["mmsi"]) for of in (listed(number), impostor(number))]
    assert con.execute(query, ships).fetchall() == [("strong",)] * CASES[number].calls


def test_who_sends_the_number_at_the_same_time_is_told(con: duckdb.DuckDBPyConnection) -> None:
    number = [case.name for case in CASES].index("as many fixes")
    for of in (listed(number), impostor(number)):
        assert "imo_on_two_hulls" in conflicts(con, of)
    query = """
        select distinct matched_by from call_evidence
        inner join port_call using (port_call_id) where mmsi = $1
    """
    assert con.execute(query, [int(listed(number)["mmsi"])]).fetchall() == [("contested imo",)]
