"""Visits that witnesses saw against our calls, and series that others publish beside our count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.catalogue import access, check
from flows.home.settings import Settings
from flows.ingest.inputs import find_inputs, inputs_of
from flows.ingest.outcome import Outcome
from flows.ingest.stage import ingest_input
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import copy_of
from tests.build.ships import BANDAR, BERTH, SEA, START, home_of, second, ship, way
from tests.build.witness import DUBAI, lines, port_day, table, visit

SEEN, TWICE, MISSED, QUIET = (ship(n, f"SHIP {n}") for n in (401, 402, 403, 404))
OURS, NAMELESS, NEAR = (ship(n, f"SHIP {n}") for n in (405, 406, 407))
ABSENT = "352999408"

Row = dict[str, Any]


def at(days: float) -> str:
    return f"{START + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def rows() -> Iterator[str]:
    """Calls at Kharg, two days apart, so that the port is heard from day 2 to day 16.

    Two ships send by a second transmitter too: their calls are one each.
    """
    yield from way(SEEN, 2, SEA, BERTH, SEA)
    yield from way(second(SEEN), 2, SEA, BERTH, SEA)
    yield from way(TWICE, 4, SEA, BERTH, SEA)
    yield from way(TWICE, 7, SEA, BERTH, SEA)
    yield from way(OURS, 9, SEA, BERTH, SEA)
    yield from way(second(OURS), 9, SEA, BERTH, SEA)
    yield from way(NAMELESS, 11, SEA, BERTH, SEA)
    yield from way(NEAR, 13, SEA, (50.60, 28.75), SEA)


VISITS = (
    visit(SEEN["mmsi"], at(2.2), at(3.4), id="seen"),
    # Two visits and two calls, each within a day of both of the other: the nearest go together.
    visit(TWICE["mmsi"], at(7.3), at(8.3), id="second"),
    visit(TWICE["mmsi"], at(4.3), at(5.3), id="first"),
    visit(ABSENT, at(5), at(6), id="absent"),
    visit(NEAR["mmsi"], at(13), at(14), id="near"),
    visit(SEEN["mmsi"], at(6), at(7), place=BANDAR, id="unheard port"),
    visit(SEEN["mmsi"], at(-40), at(-39), id="before our data"),
    visit(SEEN["mmsi"], at(10), at(11), place=DUBAI, id="abroad"),
    visit(SEEN["mmsi"], at(400), at(401), id="after the as-of time"),
    visit(SEEN["mmsi"], at(15), at(15.5), id="loiters", type="loitering"),
)
AGAIN = (visit(SEEN["mmsi"], at(2.2), at(3.5), id="drawn anew"),)


def taken_in(settings: Settings, folder: Path, **files: bytes) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for item in inputs_of(find_inputs([folder])[0]):
        assert not isinstance(item, Outcome)
        assert ingest_input(item, {}, settings).state == "ingested"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("world")
    settings = home_of(folder, rows(), as_of=datetime(2026, 6, 29), wanted=())
    inspected = f"imo,port,day\n{NAMELESS['imo']},IRKHK,{START + timedelta(days=11):%F}\n"
    taken_in(
        settings,
        folder / "seen",
        **{"1.jsonl": lines(VISITS), "2-fetched-2026-07-01.jsonl": lines(AGAIN)},
        **{"inspections.csv": inspected.encode()},
    )
    run.derive(settings, [], publish=False)
    return settings


def found(con: duckdb.DuckDBPyConnection, query: str, *params: Any) -> list[tuple[Any, ...]]:
    return con.execute(query, list(params)).fetchall()


def test_each_visit_has_its_port_by_place_and_its_newest_version(
    con: duckdb.DuckDBPyConnection,
) -> None:
    query = (
        "select reference, port_id, ended_at from witness_event where witness = 'GFW' order by 1"
    )
    events = {name: (port, end) for name, port, end in found(con, query)}
    ports = {name: port for name, (port, _) in events.items()}
    assert ports == {
        **dict.fromkeys(("absent", "near", "first", "second", "drawn anew"), "IRKHK"),
        **{"before our data": "IRKHK", "unheard port": "IRBSR", "loiters": None, "abroad": None},
    }
    assert events["drawn anew"][1] == START + timedelta(days=3.5)


def test_a_visit_is_matched_to_one_call_or_says_why_not(con: duckdb.DuckDBPyConnection) -> None:
    query = """
        select event.reference, m.match, m.reason, m.is_in_recall, m.is_in_precision
        from witness_match as m inner join witness_event as event using (witness_event_id)
        where m.witness = 'GFW' order by all
    """
    alone = "theirs alone"
    assert found(con, query) == [
        ("absent", alone, "ship not heard near the port", True, False),
        ("before our data", alone, "outside our data", False, False),
        ("drawn anew", "both", None, True, True),
        ("first", "both", None, True, True),
        ("near", alone, "ship heard near the port, no call found", True, False),
        ("second", "both", None, True, True),
        ("unheard port", alone, "port not heard then", False, False),
    ]
    apart = """
        select max(abs(epoch(arrived_at - began_at))) < 12 * 3600
        from witness_match where match = 'both' and witness = 'GFW'
    """
    assert found(con, apart) == [(True,)]


def test_our_calls_that_no_witness_saw_and_those_it_could_not_see(
    con: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select imo, reason, is_in_precision
        from witness_match where match = 'ours alone' order by imo
    """
    unseen = "not seen by the witness"
    assert found(con, query) == [
        (int(OURS["imo"]), unseen, True),
        (int(NAMELESS["imo"]), unseen, True),
    ]


def test_an_inspection_by_imo_number_supports_a_call_and_says_nothing_of_others(
    con: duckdb.DuckDBPyConnection,
) -> None:
    query = (
        "select match, mmsi, is_in_recall, is_in_precision from witness_match where witness = 'PSC'"
    )
    assert found(con, query) == [("both", int(NAMELESS["mmsi"]), True, False)]


def test_recall_and_precision_count_what_could_be_heard_and_seen(
    con: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select witness, port_id, confidence, events, events_found, events_set_aside, calls,
            calls_seen
        from witness_score order by all
    """
    assert found(con, query) == [
        ("GFW", "IRBSR", None, 0, 0, 1, 0, 0),
        ("GFW", "IRKHK", None, 5, 3, 1, 5, 3),
        ("GFW", None, 4, 5, 3, 2, 5, 3),
        ("GFW", None, None, 5, 3, 2, 5, 3),
        ("PSC", "IRKHK", None, 1, 1, 0, 0, 0),
        ("PSC", None, None, 1, 1, 0, 0, 0),
    ]
    limits = """
        select columns(['recall', 'recall_low_95', 'recall_high_95', 'precision'])::decimal(5, 3)
        from witness_score where port_id is null and confidence is null order by witness
    """
    rounded = [[cell and float(cell) for cell in row] for row in found(con, limits)]
    assert rounded == [[0.6, 0.147, 0.947, 0.6], [1, 0.025, 1, None]]


def test_nothing_of_it_enters_a_count(home: Settings, tmp_path: Path) -> None:
    counted = ("port_call", "barometer", "weekly_port_calls")
    without = home_of(tmp_path, rows(), as_of=home.as_of, wanted=counted)
    for relation in counted:
        with access.reading(home) as one, access.reading(without) as other:
            query = f"from {relation} order by all"
            assert one.execute(query).fetchall() == other.execute(query).fetchall()


def test_check_names_the_ports_that_are_called_unheard_and_were_visited(home: Settings) -> None:
    (finding,) = (f for f in check.check(home) if f.check == "witness")
    assert finding.message == (
        "GFW saw 1 visit at IRBSR while no source heard the port: calls there are missing"
    )
    assert not finding.is_fault


# Series that others publish.

MONDAY = date(2026, 6, 8)
OF_WITNESSES = ("witness_match", "witness_score", "outside_series", "agreement")


@pytest.fixture(scope="module")
def with_series(home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same home with two versions of PortWatch's week at Kharg."""
    folder = tmp_path_factory.mktemp("later")
    moved = copy_of(home, folder)

    def week(*calls: int) -> bytes:
        days = [MONDAY + timedelta(days=number) for number in range(len(calls))]
        return table([port_day(day, count) for day, count in zip(days, calls, strict=True)])

    taken_in(
        moved,
        folder / "series",
        **{"a-fetched-2026-06-16.csv": week(1, 2, 1, 0, 1)},
        **{"b-fetched-2026-06-23.csv": week(1, 3, 1, 0, 1, 1, 1)},
        **{"c-fetched-2026-06-18.csv": week(1, 2)},
    )
    with only(*OF_WITNESSES):
        run.derive(moved, [], publish=False)
    return moved


def test_what_came_later_gives_the_same_as_a_rebuild(with_series: Settings) -> None:
    with only(*OF_WITNESSES):
        assert check.check_rebuild(with_series) == []


def test_a_restated_value_keeps_its_versions_and_the_newest_counts(with_series: Settings) -> None:
    query = """
        select date, value, published_on, is_in_force, port_id from outside_series
        where series = 'tanker_calls' and date <= $1 order by date, published_on
    """
    with access.reading(with_series) as con:
        tuesday = MONDAY + timedelta(days=1)
        assert found(con, query, tuesday) == [
            (MONDAY, 1, date(2026, 6, 16), True, "IRKHK"),
            (tuesday, 2, date(2026, 6, 16), False, "IRKHK"),
            (tuesday, 3, date(2026, 6, 23), True, "IRKHK"),
        ]
        week = f"{MONDAY:%G-W%V}"
        sums = """
            select scope, place, port_id, theirs, theirs_days, ours, weeks from agreement
            where week = $1 and series = 'tanker_calls' and weeks = 1 order by scope
        """
        assert found(con, sums, week) == [
            ("coast", "Iran, the ports together", None, 8, 7, 3, 1),
            ("port", "Kharg Island", "IRKHK", 8, 7, 3, 1),
        ]
