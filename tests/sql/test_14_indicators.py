"""The indicators of a ship: each with dates and source, and no change where there was none."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from flows.catalogue import relations
from tests.build.derivation import Row, rows, session

HULL, IMO, MMSI = "IMO 9999993", 9999993, 352999990

TEXT, COUNT, TIME, DAY = pa.string(), pa.int64(), pa.timestamp("us"), pa.date32()
COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "meta": {"key": TEXT, "value": TEXT},
    "hull": {"hull_id": TEXT, "imo": COUNT, "built_year": pa.int32()},
    "vessel": {
        **{"hull_id": TEXT, "mmsi": COUNT, "flag": TEXT, "vessel_name": TEXT, "source": TEXT},
        **{"valid_from": TIME, "valid_to": TIME, "track_id": COUNT},
    },
    "register_entry": {
        **{"imo": COUNT, "built_year": pa.int32(), "link_source": TEXT, "reference": TEXT},
        **{"link_reason": TEXT, "listed_on": DAY, "valid_from": TIME, "first_seen_on": DAY},
        **{"delisted_on": DAY, "valid_to": TIME, "gone_by": DAY, "country": TEXT},
        **{"programme": TEXT, "ground": TEXT},
    },
    "vessel_conflict": {
        **{"conflict": TEXT, "imo": COUNT, "mmsi": COUNT, "detail": TEXT},
        **{"valid_from": TIME, "valid_to": TIME},
    },
    "possible_dark_call": {
        **{"hull_id": TEXT, "silent_from": TIME, "silent_to": TIME, "reasons": TEXT},
        "dark_id": TEXT,
    },
    "unexplained_loading": {
        **{"hull_id": TEXT, "silent_from": TIME, "silent_to": TIME, "reasons": TEXT},
        "loading_id": TEXT,
    },
    "spoofed_span": {
        **{"hull_id": TEXT, "began_at": TIME, "ended_at": TIME, "kinds": TEXT, "reasons": TEXT}
    },
    "possible_spoofed_call": {
        **{"hull_id": TEXT, "spoofed_from": TIME, "spoofed_to": TIME, "reasons": TEXT},
        "spoofed_call_id": TEXT,
    },
    "sts_encounter": {
        **{"sts_id": TEXT, "kind": TEXT, "began_at": TIME, "ended_at": TIME, "reasons": TEXT},
        **{"hull_id_a": TEXT, "vessel_name_a": TEXT, "hull_id_b": TEXT, "vessel_name_b": TEXT},
    },
    "witness_event": {
        **{"kind": TEXT, "imo": COUNT, "port_id": TEXT, "witness": TEXT, "reference": TEXT},
        **{"began_at": TIME, "ended_at": TIME},
    },
    "port": {"port_id": TEXT, "name": TEXT},
}


def day(number: float) -> datetime:
    return datetime(2026, 3, 1) + timedelta(days=number)


def description(first: float, last: float, **sent: Any) -> Row:
    """What a ship transmitted from one day to another."""
    said = {"mmsi": MMSI, "flag": "PA", "vessel_name": "VOLNA", "source": "AIS"}
    return (
        {**said, "hull_id": HULL, "track_id": MMSI, "valid_from": day(first)}
        | {"valid_to": day(last)}
        | sent
    )


def indicators(**found: list[Row]) -> list[Row]:
    """The indicators of relations of a few rows."""
    given = {
        "meta": [{"key": "as_of", "value": "2026-04-20 06:00:00"}],
        "hull": [{"hull_id": HULL, "imo": IMO}],
    } | found
    tables = {
        name: pa.Table.from_pylist(
            [dict.fromkeys(columns) | row for row in given.get(name, [])],
            schema=pa.schema(list(columns.items())),
        )
        for name, columns in COLUMNS.items()
    }
    with session(**tables) as con:
        return rows(con, relations.query("ship_indicator"))


def of(found: list[Row]) -> list[tuple[Any, ...]]:
    return [(row["indicator"], row["began_at"], row["ended_at"], row["detail"]) for row in found]


CHANGES = {
    "the same": ([description(0, 5), description(6, 9)], []),
    "another flag": (
        [description(0, 5), description(6, 9, mmsi=613999990, flag="CM")],
        [("flag change", day(6), None, "PA to CM (MMSI 352999990 to 613999990)")],
    ),
    "another number under the same flag": (
        [description(0, 5), description(6, 9, mmsi=352999991)],
        [("MMSI change", day(6), None, "352999990 to 352999991, the same flag")],
    ),
    "another name": (
        [description(0, 5), description(6, 9, vessel_name="KRAZ")],
        [("name change", day(6), None, "VOLNA to KRAZ")],
    ),
    "no name for a time": ([description(0, 5), description(6, 9, vessel_name=None)], []),
    "two transmitters at once": (
        [description(0, 5), description(3, 9, mmsi=613999990, flag="CM")],
        [],
    ),
    "a register's flag": ([description(0, 5), description(6, 9, flag="CM", source="OFAC SDN")], []),
    "digits of no country": (
        [
            description(0, 5, mmsi=799999990, flag=None),
            description(6, 9, mmsi=799999990, flag=None),
        ],
        [
            (
                "flag not allocated",
                day(0),
                day(9),
                "MMSI 799999990: its first three digits belong to no country",
            )
        ],
    ),
}


@pytest.mark.parametrize(("sent", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_a_ship_transmits_changes(sent: list[Row], expected: list[Any]) -> None:
    assert of(indicators(vessel=sent)) == expected


LISTING = {"imo": IMO, "link_source": "OFAC SDN", "reference": "SDN 1", "country": "RU"}

LISTINGS = {
    "in force": (
        {"listed_on": date(2025, 1, 10), "programme": "RUSSIA-EO14024"},
        ("listed", datetime(2025, 1, 10), None, "about RU, RUSSIA-EO14024"),
    ),
    "ended": (
        {"listed_on": date(2025, 1, 10), "delisted_on": date(2025, 6, 1)},
        ("listed", datetime(2025, 1, 10), datetime(2025, 6, 1), "about RU"),
    ),
    "without a day": (
        {"first_seen_on": date(2026, 3, 1)},
        ("listed", day(0), None, "about RU, day unknown, in the list since then"),
    ),
    "an owner": (
        {"link_reason": "owner", "listed_on": date(2025, 1, 10), "ground": "owned by X"},
        ("owner", datetime(2025, 1, 10), None, "about RU, owned by X"),
    ),
}


@pytest.mark.parametrize(("entry", "expected"), LISTINGS.values(), ids=LISTINGS)
def test_a_list_is_an_indicator_with_its_day(entry: Row, expected: Any) -> None:
    (found,) = indicators(register_entry=[LISTING | entry])
    assert of([found]) == [expected]
    assert (found["source"], found["reference"]) == ("OFAC SDN", "SDN 1")


def test_an_age_names_the_lists_that_give_it() -> None:
    entries = [
        {"imo": IMO, "link_source": source, "built_year": year, "listed_on": date(2025, 1, 1)}
        for source, year in (("UK", 2003), ("EU", 2003), ("GUR", 2004))
    ]
    found = indicators(
        hull=[{"hull_id": HULL, "imo": IMO, "built_year": 2003}], register_entry=entries
    )
    (age,) = [row for row in found if row["indicator"] == "age"]
    assert (age["detail"], age["source"]) == ("built 2003, 23 years ago", "EU, UK")


def test_what_hides_and_what_witnesses_saw_are_indicators() -> None:
    silence = {"hull_id": HULL, "silent_from": day(1), "silent_to": day(3), "reasons": "because"}
    event = {"began_at": day(5), "ended_at": day(6), "witness": "PSC", "imo": IMO}
    every = indicators(
        vessel=[description(0, 9)],
        possible_dark_call=[silence | {"dark_id": "d"}],
        unexplained_loading=[silence | {"loading_id": "l"}],
        spoofed_span=[
            {"hull_id": HULL, "began_at": day(6), "ended_at": day(7), "kinds": "circle"}
            | {"reasons": "a ring of 900 m"}
        ],
        possible_spoofed_call=[
            {"hull_id": HULL, "spoofed_from": day(6), "spoofed_to": day(8), "reasons": "because"}
            | {"spoofed_call_id": "s"}
        ],
        sts_encounter=[
            {"sts_id": "e", "kind": "sts", "began_at": day(8), "hull_id_b": HULL}
            | {"hull_id_a": "IMO 9074729", "vessel_name_a": "DARYA", "reasons": "alongside"}
        ],
        vessel_conflict=[
            {"conflict": "imo_on_two_hulls", "imo": IMO, "mmsi": MMSI, "detail": "far apart"}
            | {"valid_from": day(2), "valid_to": day(4)}
        ],
        witness_event=[event | {"kind": "inspection", "port_id": "IRKHK"}, event | {"kind": "gap"}],
        port=[{"port_id": "IRKHK", "name": "Kharg Island"}],
    )
    found = [row for row in every if row["hull_id"] == HULL]
    assert {row["hull_id"] for row in every} == {HULL, "IMO 9074729"}
    assert of(found) == [
        ("possible dark call", day(1), day(3), "because"),
        ("unexplained loading", day(1), day(3), "because"),
        ("identity conflict", day(2), day(4), "imo on two hulls: far apart"),
        ("inspection", day(5), day(6), "at Kharg Island"),
        ("false positions", day(6), day(7), "circle: a ring of 900 m"),
        ("possible spoofed call", day(6), day(8), "because"),
        ("ship to ship", day(8), None, "sts, with DARYA, IMO 9074729: alongside"),
    ]
    assert len({row["indicator_id"] for row in found}) == len(found)


def test_a_row_that_is_there_twice_is_one_indicator() -> None:
    entry = LISTING | {"listed_on": date(2025, 1, 10)}
    assert len(indicators(register_entry=[entry, entry])) == 1
