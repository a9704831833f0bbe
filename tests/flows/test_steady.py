"""The days of a steady ship are one interval: identities are the same as day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.catalogue import relations
from flows.derive.calls import CALL_SCHEMA, FLAGGED_SCHEMA
from flows.home.resources import sql_text
from flows.lake.schema import POSITION_SCHEMA
from flows.registers.bundled import bundled_versions
from flows.registers.held import version_entries, version_records
from tests.build import derivation as builder
from tests.build.derivation import session

Row = dict[str, Any]
Rows = list[tuple[Any, ...]]

FIRST = date(2026, 1, 1)
SCRAPPED_ON = date(2026, 6, 1)
RUSSIAN, SHIP, OTHER = 273000001, 422000003, 518000004
WORLDS = [
    [mmsi + more for mmsi in (RUSSIAN, SHIP, OTHER, 518000005, 518000006)] for more in (0, 100, 200)
]
"""Of ships that may send each other's numbers: a derivation takes as long for many as for one."""
SHIPS = [mmsi for ships in WORLDS for mmsi in ships]
OWN_IMO = {mmsi: 9000000 + number for number, mmsi in enumerate(SHIPS)}
SCRAPPED = 9000099

EMPTY = {
    "port_call": "port_call_id text, mmsi int, imo int, port_id text, arrived_at timestamp",
    "joined_call": "joined_id text, port_call_id text, ended_at timestamp",
}
"""The columns of these that identities need."""
WAY = (
    *("track_fix", "steady_ship", "flagged_day", "flagged_report", "ship_spell", "claim_spell"),
    *("imo_claim", "imo_conflict", "imo_rival"),
    *("hull_spell", "hull", "vessel", "vessel_conflict", "link_candidate"),
)
COMPARED = ("hull", "vessel", "vessel_conflict", "link_candidate")
DAYS = """
select
    track_id, hull_id, imo, claimed_imo, vessel_name, call_sign, length_m, beam_m,
    sum(days), min(first_day), max(last_day), sum(typed_reports), sum(tanker_reports)
from hull_spell group by all order by all
"""


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Registers as they are, and no fix: nobody sends a number from two places at once."""
    versions = bundled_versions()
    none = POSITION_SCHEMA.append(pa.field("source", pa.string())).empty_table()
    given = {
        "meta": [{"key": "as_of", "value": "2026-12-01"}],
        "register_version": version_records(versions),
    }
    tables = {
        "version_entry": version_entries(versions).read_all(),
        **dict.fromkeys(("position", "new_position"), none),
        "flagged_position": FLAGGED_SCHEMA.empty_table(),
        "track_call": CALL_SCHEMA.empty_table(),
    }
    with session(given, **tables) as con:
        for name, columns in EMPTY.items():
            con.execute(f"create table {name} ({columns})")
        con.execute(f"create table static_report as {sql_text('digest/static_report')}")
        builder.digested(con, "static_report", "static_period", "imo_sender")
        builder.derive(con, "register_ship", "mid", "link_decision")
        con.execute(
            "insert into register_ship by name select $imo::integer as imo, $day as scrapped_on",
            {"imo": SCRAPPED, "day": SCRAPPED_ON},
        )
        yield con


@pytest.fixture(scope="module")
def listed_name(con: duckdb.DuckDBPyConnection) -> str:
    """A name of a list about Russia, which makes whoever bears it a candidate."""
    row = con.execute(
        """
        select min(vessel_name) from register_entry
        where country = 'RU' and link_tier is not null and len(vessel_name) > 6
        """
    ).fetchone()
    assert row is not None
    return str(row[0])


def row(mmsi: int, day: int, **sent: Any) -> Row:
    """The static data of a ship on a day, counted from the first: those of a tanker by default."""
    on = FIRST + timedelta(days=day)
    default = {
        "imo": OWN_IMO[mmsi],
        "vessel_name": "ALFA",
        "call_sign": "C1",
        "ship_type": 80,
        "length_m": 180.0,
        "beam_m": 32.0,
        "destination": None,
        "reports": 3,
        "first_at": datetime.combine(on, time(6)),
        "last_at": datetime.combine(on, time(18)),
    }
    return {"mmsi": mmsi, "day": on} | default | sent


def derive(
    con: duckdb.DuckDBPyConnection,
    rows: Sequence[Row],
    decisions: Sequence[tuple[int, int, str]] = (),
    *,
    by_day: bool = False,
) -> dict[str, Rows]:
    """The identities that follow from static data; with `by_day`, no ship counts as steady."""
    con.begin()
    try:
        lines = [
            {"line": line, "mmsi": mmsi, "imo": imo, "decision": decision}
            for line, (mmsi, imo, decision) in enumerate(decisions, 1)
        ]
        for name, records in (("static_report", list(rows)), ("link_decision", lines)):
            if records:
                con.register("given_row", pa.Table.from_pylist(records))
                con.execute(f"insert into {name} by name from given_row")
        result = {}
        for name in WAY:
            relations.create(con, name)
            if name == "steady_ship":
                result["steady"] = con.execute("select mmsi from steady_ship").fetchall()
                if by_day:
                    con.execute("delete from steady_ship")
        result |= {name: con.table(name).fetchall() for name in COMPARED}
        return result | {"days": con.execute(DAYS).fetchall()}
    finally:
        con.rollback()


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([usual] * 5 + [None, *others])


@st.composite
def ship(draw: st.DrawFn, mmsi: int, listed_name: str) -> list[Row]:
    """A ship with static data that never change, or seldom, with gaps in days and in fields."""
    ((_, one, another, *_),) = (ships for ships in WORLDS if mmsi in ships)
    imo = draw(st.sampled_from([OWN_IMO[mmsi], OWN_IMO[mmsi], None, OWN_IMO[one], SCRAPPED]))
    length_m, beam_m = draw(st.sampled_from([(180.0, 32.0), (50.0, 9.0), (180.0, None)]))
    changes = draw(st.booleans())

    def value(usual: Any, other: Any) -> Any:
        return draw(mostly(usual, other) if changes else mostly(usual))

    return [
        row(
            mmsi,
            day,
            imo=value(imo, OWN_IMO[another]),
            vessel_name=value(draw(st.sampled_from(["ALFA", listed_name])), "OTHER"),
            call_sign=value("C1", "D2"),
            ship_type=value(80, 70),
            length_m=value(length_m, 183.0),
            beam_m=value(beam_m, 30.0),
            reports=draw(st.integers(1, 5)),
        )
        for day in draw(st.lists(st.integers(0, 500), min_size=1, max_size=6))
    ]


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_hulls_are_the_same_by_intervals_and_by_days(
    con: duckdb.DuckDBPyConnection, listed_name: str, data: st.DataObject
) -> None:
    ships = [data.draw(ship(mmsi, listed_name)) for mmsi in SHIPS if data.draw(st.booleans())]
    rows = [row for rows in ships for row in rows]
    decision = st.tuples(
        st.sampled_from(SHIPS),
        st.sampled_from([*OWN_IMO.values()]),
        st.sampled_from(["confirm", "refuse"]),
    )
    decisions = data.draw(st.lists(decision, max_size=2))
    assert derive(con, rows, decisions) == derive(con, rows, decisions, by_day=True)


NOTHING = dict.fromkeys(("imo", "vessel_name", "call_sign", "length_m", "beam_m"))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row(SHIP, day) for day in (0, 10, 400)], id="equal on every day"),
        pytest.param(
            [row(SHIP, 5), row(SHIP, 30, **NOTHING), row(SHIP, 60)], id="a day without static data"
        ),
        pytest.param([row(SHIP, day, **NOTHING) for day in (0, 300)], id="no static data"),
        pytest.param(
            [row(SHIP, 0), row(SHIP, 1, destination="FUJAIRAH")], id="another destination"
        ),
    ],
)
def test_days_are_one_interval(con: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    result = derive(con, rows)
    assert result["steady"] == [(SHIP,)]
    assert result == derive(con, rows, by_day=True)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row(SHIP, 0), row(SHIP, 1, **change)], id=str(change))
        for change in (
            {"vessel_name": "BRAVO"},
            {"imo": 9074729},
            {"ship_type": 70},
            {"length_m": 181.0},
            {"call_sign": None},
            {"length_m": None},
        )
    ]
    + [
        pytest.param([row(SHIP, 0), row(SHIP, 181, imo=None)], id="number too old to be carried"),
        pytest.param(
            [row(SHIP, 0), row(OTHER, 9, imo=OWN_IMO[SHIP])], id="number sent by another ship"
        ),
        pytest.param([row(SHIP, 0, imo=SCRAPPED)], id="number of a scrapped hull"),
        pytest.param([row(RUSSIAN, 0)], id="Russian flag, which lapses"),
    ],
)
def test_days_are_kept(con: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    steady = derive(con, rows)["steady"]
    assert (SHIP,) not in steady
    assert (RUSSIAN,) not in steady


def test_days_of_a_ship_with_a_decision_are_kept(con: duckdb.DuckDBPyConnection) -> None:
    for about in ((SHIP, 9074729), (OTHER, OWN_IMO[SHIP])):
        assert derive(con, [row(SHIP, 0)], [(*about, "confirm")])["steady"] == []


def test_a_reserved_code_is_no_type(con: duckdb.DuckDBPyConnection) -> None:
    rows = [row(SHIP, 0, ship_type=80, reports=2), row(SHIP, 0, ship_type=5, reports=3)]
    (hull,) = derive(con, rows)["hull"]
    assert hull[7] is True  # is_ais_tanker
