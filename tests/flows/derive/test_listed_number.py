"""A listed ship's IMO number that another transmitter sends too: nobody can end a link by that.

Each case is a listed tanker that calls at Kharg under a name that no list knows, and an impostor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from flows.catalogue import access
from tests.build.derivation import Connection
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
OLD_NAME = {"vessel_name": "OLD LADY"}


class Case(NamedTuple):
    """From when to when the impostor lies off Singapore, how often it reports, what it sends."""

    from_day: int = 0
    hours: float = 36
    every_min: float = 30
    said: Ship = {}  # noqa: RUF012 not changed
    gross: str = "-0- "
    calls: int = 1


CASES = {
    "three fixes far away": Case(hours=2, every_min=60),
    "as many fixes": Case(),
    "more fixes": Case(every_min=2),
    "before": Case(-3),
    "before and during": Case(-3, hours=96),
    "after": Case(2),
    "before and after": Case(-3, hours=200),
    "of another size than the other": Case(said={"length_m": "120", "beam_m": "18"}),
    "of another size than the register's": Case(
        said={"length_m": "60", "beam_m": "11"}, gross="57,000"
    ),
    "with the name of the list, for hours": Case(hours=2, said=OLD_NAME),
    "in Iran too": Case(hours=0, calls=2),
}
LISTED = {name: ship(400 + 2 * n, f"NEW PAINT {n}") for n, name in enumerate(CASES)}
IMPOSTOR = {
    name: ship(401 + 2 * n, f"ZOMBIE {n}", 620) | {"imo": LISTED[name]["imo"]} | case.said
    for n, (name, case) in enumerate(CASES.items())
}


def rows() -> Iterator[str]:
    for n, (name, case) in enumerate(CASES.items()):
        day, of = 10 + 20 * n, IMPOSTOR[name]
        lying = (lambda _: (SINGAPORE, True)), case.hours
        yield from reports(LISTED[name], day, CALL)
        way = lying if case.hours else OTHER_CALL
        yield from reports(of, day + case.from_day, way, every_min=case.every_min)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    entries = [
        sdn(n, LISTED[name] | OLD_NAME, "RUSSIA-EO14024", gross=case.gross)
        for n, (name, case) in enumerate(CASES.items(), 1)
    ]
    lists = [List("sdn.csv", ofac(*entries), "2026-05-20")]
    folder, wanted = tmp_path_factory.mktemp("listed"), ("counted_call", "vessel_conflict")
    with access.reading(home_of(folder, rows(), lists, wanted=wanted)) as opened:
        yield opened


@pytest.mark.parametrize("name", CASES)
def test_the_listed_ships_call_is_linked(con: Connection, name: str) -> None:
    query = """
        select port_call.link_tier from counted_call inner join port_call using (port_call_id)
        where counted_call.is_headline and port_call.mmsi in ($1, $2)
    """
    ships = [int(of["mmsi"]) for of in (LISTED[name], IMPOSTOR[name])]
    assert con.execute(query, ships).fetchall() == [("strong",)] * CASES[name].calls


def test_who_sends_the_number_at_the_same_time_is_told(con: Connection) -> None:
    both = LISTED["as many fixes"], IMPOSTOR["as many fixes"]
    assert all("imo_on_two_hulls" in conflicts(con, of) for of in both)
    query = """
        select distinct matched_by from call_evidence
        inner join port_call using (port_call_id) where mmsi = $1
    """
    assert con.execute(query, [int(both[0]["mmsi"])]).fetchall() == [("contested imo",)]
