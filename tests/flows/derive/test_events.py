"""Interference events, and the calls inside them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import duckdb
import hypothesis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.derive import calls
from flows.derive.events import (
    AFFECTED_SCHEMA,
    INTERFERENCE_SCHEMA,
    STAY_SCHEMA,
    Events,
    find_events,
)
from flows.home.resources import sql_text
from geo.plausibility import FEW_BESIDE_MANY, SECOND_HULL
from tests.build.derivation import at, call, jump, table, work

EVENT_RELATIONS = ("interference_event", "affected_port", "call_stay")
STORM = [jump(mmsi, hours) for mmsi in (101, 102, 103) for hours in (0, 5)]
"""Three ships displaced to Kharg for five hours."""


def events(*found: Any, flagged: list[Any] | None = None, end: float = 100) -> Events:
    return find_events(work(list(found), STORM if flagged is None else flagged), at(end))


def held_against(found: Events) -> list[tuple[str, int, bool]]:
    """The rows of `call_interference`: call, event, and whether the ship was seen near."""
    with duckdb.connect() as con:
        for name, rows in zip(EVENT_RELATIONS, found, strict=True):
            con.register(name, rows)
        query = sql_text("04_tracks/call_interference")
        return con.execute(query).fetchall()


def inside(*calls_given: Any, flagged: list[Any] | None = None, end: float = 100) -> list[int]:
    """The ships of the calls that are inside an event."""
    ids = {row[0] for row in held_against(events(*calls_given, flagged=flagged, end=end))}
    return sorted(one["mmsi"] for one in calls_given if one["port_call_id"] in ids)


def test_several_ships_that_jumped_to_a_port_are_an_event_there() -> None:
    found = events()
    [event] = found.event.drop_columns(["radius_m"]).to_pylist()
    assert event == {
        **{"interference_id": 1, "lon": 50.33, "lat": 29.23, "evidence": "jumps"},
        **{"began_at": at(0), "ended_at": at(5), "ships": 3, "displaced_fixes": 6},
    }
    assert found.affected.to_pylist() == [{"interference_id": 1, "port_id": "IRKHK"}]
    assert held_against(found) == []
    assert found.event.schema == INTERFERENCE_SCHEMA == find_events(calls.NO_WORK, None)[0].schema
    assert [part.num_rows for part in find_events(calls.NO_WORK, None)] == [0, 0, 0]


def glimpse(mmsi: int, hours: float) -> Any:
    """A single still fix at Kharg of a ship that was heard far away before."""
    return call(mmsi, hours, 0.0, fixes=1, outside_m=150_000.0, confidence=2)


HULLS = [jump(mmsi, reason=SECOND_HULL, verdict="credible") for mmsi in (1, 2, 3)]


@pytest.mark.parametrize(
    ("found", "flagged", "ships"),
    [
        pytest.param([], HULLS, [], id="second hulls"),
        pytest.param([], STORM[:4], [], id="two ships"),
        pytest.param(
            [], [*STORM[:4], jump(103, reason=FEW_BESIDE_MANY)], [3], id="few beside many"
        ),
        pytest.param([glimpse(1, 2)], STORM[:4], [3], id="two ships and a glimpse"),
        pytest.param([call(1, 2, 0.0, fixes=1)], STORM[:4], [], id="and a fix seen near"),
    ],
)
def test_ships_of_an_event(found: list[Any], flagged: list[Any], ships: list[int]) -> None:
    assert events(*found, flagged=flagged).event["ships"].to_pylist() == ships


def test_calls_inside_an_event_and_whether_the_ship_was_seen_near() -> None:
    near, far = call(1, 1, 3), call(2, 1, 3, outside_m=90_000.0)
    unseen = call(3, 1, 3, outside_m=None, arrived_after=None)
    rows = held_against(events(near, far, unseen))
    assert rows == [("1-1", 1, True), ("2-1", 1, False), ("3-1", 1, False)]
    assert inside(glimpse(1, 2), flagged=STORM[:4]) == [1]


@pytest.mark.parametrize(
    ("inner", "end", "is_inside"),
    [
        *((call(1, 0, stay_h), 100, stay_h <= 10) for stay_h in (0.0, 5.0, 10.0, 10.1)),
        *((call(1, begin, 4.0), 100, -2 <= begin <= 3) for begin in (-2.1, -2, 0, 3, 3.1, 5.1)),
        (call(1, 1, 3, port_id="IRBUZ"), 100, False),
        # Under way: it lasts to the end of the data.
        *((call(1, 1, None), end, end == 8) for end in (8, 40)),
    ],
)
def test_a_call_is_inside_where_an_event_covers_half_its_time(
    inner: Any, end: float, is_inside: bool
) -> None:
    assert inside(inner, end=end) == [1] * is_inside


USUAL = [call(mmsi, 24 * 7 * mmsi, 30) for mmsi in range(1, 8)]
CROWD = [glimpse(200 + number, 700 + number) for number in range(6)]


def test_a_crowd_of_glimpses_is_an_event_without_a_jump() -> None:
    found = events(*USUAL, *CROWD, flagged=[], end=24 * 60)
    assert found.event.select(["evidence", "ships"]).to_pylist() == [
        {"evidence": "crowd", "ships": 6}
    ]
    assert found.affected["port_id"].to_pylist() == ["IRKHK"]
    assert inside(*USUAL, *CROWD, flagged=[], end=24 * 60) == [200, 201, 202, 203, 204, 205]


def test_events_are_numbered_in_order_of_time_whatever_shows_them() -> None:
    later = [jump(mmsi, 900, lon=52.6, lat=27.5, port_id="IRASA") for mmsi in (7, 8, 9)]
    found = events(*USUAL, *CROWD, flagged=[*later, *STORM], end=24 * 60)
    assert found.event["interference_id"].to_pylist() == [1, 2, 3]
    assert found.event["evidence"].to_pylist() == ["jumps", "crowd", "jumps"]
    affected = {row["interference_id"]: row["port_id"] for row in found.affected.to_pylist()}
    assert affected == {1: "IRKHK", 2: "IRKHK", 3: "IRASA"}


def stays(*spans: tuple[str, float, float]) -> pa.Table:
    """Calls by port, arrival and end in hours."""
    rows = [
        {
            **{"port_call_id": f"{number:05}", "port_id": port_id, "is_seen_near": number % 2 == 0},
            **{"arrived_at": at(arrived), "ended_at": at(ended)},
        }
        for number, (port_id, arrived, ended) in enumerate(spans)
    ]
    return table(STAY_SCHEMA, rows)


def storms(*spans: tuple[str, float, float]) -> tuple[pa.Table, pa.Table]:
    """Events and the port that each affects, by port, begin and end in hours."""
    rows = [
        {"interference_id": n, "port_id": port_id, "began_at": at(began), "ended_at": at(ended)}
        for n, (port_id, began, ended) in enumerate(spans, 1)
    ]
    event = [{name: cell for name, cell in row.items() if name != "port_id"} for row in rows]
    affected = [{name: row[name] for name in ("interference_id", "port_id")} for row in rows]
    return table(INTERFERENCE_SCHEMA, event), table(AFFECTED_SCHEMA, affected)


def spans(most: int) -> st.SearchStrategy[list[tuple[str, float, float]]]:
    one = st.tuples(
        st.sampled_from(["IRKHK", "IRASA"]), st.integers(0, 2_000), st.integers(0, 900)
    ).map(lambda drawn: (drawn[0], drawn[1] / 60, (drawn[1] + drawn[2]) / 60))
    return st.lists(one, max_size=most)


@hypothesis.settings(deadline=None, max_examples=25)
@given(spans(20), spans(12))
def test_a_call_is_inside_as_held_against_each_event_one_by_one(
    called: list[tuple[str, float, float]], stormy: list[tuple[str, float, float]]
) -> None:
    event, affected = storms(*stormy)
    expected = []
    for number, (port_id, arrived, ended) in enumerate(called):
        for storm, (affected_id, began, over) in enumerate(stormy, 1):
            shared = min(at(ended), at(over)) - max(at(arrived), at(began))
            is_long = 2 * shared >= at(ended) - at(arrived)
            if port_id == affected_id and is_long and shared >= timedelta(0):
                expected.append((f"{number:05}", storm, number % 2 == 0))
    assert held_against(Events(event, affected, stays(*called))) == expected


def test_no_number_of_events_takes_memory() -> None:
    """30,000 calls by 3,000 events at one port: of ten calls seven meet one, but the last none."""
    every_h = 3.0
    event, affected = storms(*(("IRKHK", n * every_h, n * every_h + 2) for n in range(3_000)))
    called = stays(*(("IRKHK", n * 0.3, n * 0.3 + 1) for n in range(30_000)))
    query = sql_text("04_tracks/call_interference")
    with duckdb.connect(config={"memory_limit": "100MB", "threads": 1}) as con:
        con.execute("set temp_directory = ''")
        for name, rows in zip(EVENT_RELATIONS, (event, affected, called), strict=True):
            con.register(name, rows)
        con.sql(query).create("call_interference")
        (found,) = con.execute("select count(*) from call_interference").fetchone() or (0,)
    assert found == 20_999
