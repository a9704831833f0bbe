"""OpenSanctions: each sanction, owner and dataset of a ship, whatever the order of the lines."""

from __future__ import annotations

import json
import random
import tracemalloc
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.lists.entry import as_table
from flows.publishers import opensanctions
from tests.build.lists import (
    Read,
    assert_junk,
    entity,
    json_lines,
    owner,
    ownership,
    read_list,
    sanction,
    vessel,
)

PUBLISHER = opensanctions
DATASETS = ["dataset:us_ofac_sdn", "dataset:ua_war_sanctions"]


def programmes(read: Read, *items: dict) -> list[str | None]:
    return [e.programme for e in read(json_lines(*items)).entries]


# FollowTheMoney: ships and sanctions


def test_only_ships_give_entries(read: Read) -> None:
    others = [entity(s, s, name=["X"]) for s in ("Person", "Company", "Airplane", "Address")]
    assert read(json_lines(*others, sanction(entity=["Person"]))).rows == []


def test_a_ship_with_two_imo_numbers_has_everything_for_both(read: Read) -> None:
    rows = read(json_lines(vessel(imoNumber=["IMO9074729", "IMO9187629"]), sanction()))
    assert [(e.imo, e.programme, e.reference) for e in rows.entries] == [
        (9074729, "US-RUSHAR", "NK-1, Office of Foreign Assets Control, 49001"),
        (9187629, "US-RUSHAR", "NK-1, Office of Foreign Assets Control, 49001"),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["US-RUSHAR"]),
        ({"programId": ["US-RUSHAR", "US-IRAN"]}, ["US-IRAN", "US-RUSHAR"]),
        ({"programId": []}, ["SDN List"]),
        ({"programId": [], "program": []}, ["dataset:us_ofac_sdn"]),
    ],
)
def test_programme_of_a_sanction(changes: dict[str, Any], expected: list[str], read: Read) -> None:
    assert programmes(read, vessel(), sanction(**changes)) == expected


LISTED = date(2025, 1, 10)


@pytest.mark.parametrize(
    ("changes", "listed_on", "delisted_on", "is_delisted", "faults"),
    [
        ({}, LISTED, None, False, 0),
        ({"startDate": ["2024-12-01"]}, LISTED, None, False, 0),
        (
            {"listingDate": [], "startDate": ["2024-12-01T12:00:00"]},
            date(2024, 12, 1),
            None,
            False,
            0,
        ),
        ({"listingDate": ["2025-03-01", "2025-02-01"]}, date(2025, 2, 1), None, False, 0),
        ({"listingDate": ["2025"]}, None, None, False, 1),
        (
            {"listingDate": ["2025-01"], "startDate": ["2025-01-12"]},
            date(2025, 1, 12),
            None,
            False,
            1,
        ),
        ({"listingDate": ["1001-01-01"]}, None, None, False, 1),
        ({"listingDate": ["2025-02-30"]}, None, None, False, 1),
        ({"listingDate": []}, None, None, False, 0),
        ({"endDate": ["2025-06-01"]}, LISTED, date(2025, 6, 1), False, 0),
        ({"endDate": ["2025-06-01", "2025-07-01"]}, LISTED, date(2025, 7, 1), False, 0),
        ({"endDate": ["2025"]}, LISTED, None, True, 0),
        ({"status": ["Inactive"]}, LISTED, None, True, 0),
        ({"status": ["active"]}, LISTED, None, False, 0),
    ],
)
def test_days_of_a_listing(
    changes: dict[str, Any],
    listed_on: date | None,
    delisted_on: date | None,
    is_delisted: bool,
    faults: int,
    read: Read,
) -> None:
    rows = read(json_lines(vessel(), sanction(**changes)))
    days = [(e.listed_on, e.delisted_on, e.is_delisted) for e in rows.entries]
    assert days == [(listed_on, delisted_on, is_delisted)]
    assert [j.line for j in rows.junk if "listingDate" in j.reason] == [2] * faults


# FollowTheMoney: owners, operators and managers


def test_an_owner_gives_an_entry_for_each_country(read: Read) -> None:
    tie = ownership(startDate=["2023-09-18"], endDate=["2024-05-01"])
    party = owner(mainCountry=["ru"], jurisdiction=["ae"], country=[])
    rows = read(json_lines(vessel(), party, tie))
    assert rows.junk == []
    assert [(e.programme, e.reference, e.ground) for e in rows.entries] == [
        ("owner:AE", "NK-1, owner Sim Shipping", "owner (jurisdiction)"),
        ("owner:RU", "NK-1, owner Sim Shipping", "owner (mainCountry)"),
    ]
    assert {(e.valid_from, e.valid_to, e.link_tier, e.link_reason) for e in rows.entries} == {
        (date(2023, 9, 18), date(2024, 5, 1), None, None)
    }


def test_the_country_of_an_owner(read: Read) -> None:
    """An association with Russia counts only where nothing more specific is given."""
    emirates = owner(country=["ru", "ae"], jurisdiction=["ae"])
    assert programmes(read, vessel(), emirates, ownership()) == ["owner:AE"]
    person = entity("Person", "NK-2", name=["Sim"], nationality=["ru"], birthCountry=["ua"])
    assert programmes(read, vessel(), person, ownership()) == ["owner:RU"]
    rows = read(json_lines(vessel(), owner(country=["ua-cri"]), ownership()))
    assert [e.programme for e in rows.entries] == DATASETS
    assert_junk(rows, (2, False, "'ua-cri'"))


def test_sanction_and_owner_are_entries_of_their_own(read: Read) -> None:
    items = [vessel(), sanction(), owner(), ownership()]
    assert programmes(read, *items) == ["US-RUSHAR", "owner:RU"]


def link(schema: str = "UnknownLink", **properties: Any) -> dict:
    return entity(schema, "l", **properties)


TIES = {
    **{
        role: (vessel(**{role: ["NK-2"]}), entity("Address", "x")) for role in ("owner", "operator")
    },
    "commerce_manager": (
        vessel(),
        link(subject=["NK-2"], object=["NK-1"], role=["commerce_manager"]),
    ),
    "ISM company": (vessel(), link(subject=["NK-1"], object=["NK-2"], role=["ISM company"])),
    "Commercial ship manager": (
        vessel(),
        link("Representation", agent=["NK-2"], client=["NK-1"], role=["Commercial ship manager"]),
    ),
}


@pytest.mark.parametrize("role", TIES)
def test_who_runs_the_ship(role: str, read: Read) -> None:
    ship, tie = TIES[role]
    rows = read(json_lines(ship, owner(), tie))
    assert [(e.programme, e.ground) for e in rows.entries] == [("owner:RU", f"{role} (country)")]


NO_OWNERS = (
    *("security manager", "Security_Manager", "insurer", "agent", "crew manager", "captain"),
    *("P&I Club", "cargo owner", "charterer", "managing director", "port operator", "broker"),
    *("former owner", "ex-operator", "previous manager", "classification society", "bank"),
    "\u0441rew manager",
)


@pytest.mark.parametrize("role", [None, *NO_OWNERS])
def test_a_role_that_runs_no_ship_gives_no_owner(role: str | None, read: Read) -> None:
    tie = link(subject=["NK-2"], object=["NK-1"], role=[role] if role else [])
    assert programmes(read, vessel(), owner(), tie) == DATASETS


@pytest.mark.parametrize(
    "changes", [{"endDate": ["2024"]}, {"role": ["former owner"]}, {"status": ["Inactive"]}]
)
def test_an_ownership_that_ended_on_an_unknown_day_is_no_entry(
    changes: dict[str, Any], read: Read
) -> None:
    rows = read(json_lines(vessel(), sanction(), owner(), ownership(**changes)))
    assert [e.programme for e in rows.entries] == ["US-RUSHAR"]
    assert [j.line for j in rows.junk if j.is_whole] == [4]


def test_an_owner_that_is_not_in_the_file_is_junk(read: Read) -> None:
    rows = read(json_lines(vessel(), ownership()))
    assert [e.programme for e in rows.entries] == DATASETS
    assert_junk(rows, (2, True, "'NK-2'"))


# FollowTheMoney: the file


def nested(**changes: Any) -> list[dict]:
    """What `targets.nested.json` makes of a ship, its sanction and its owner: both are targets."""
    ship, company = vessel(), owner(**changes)
    ship["properties"] |= {
        "sanctions": [sanction()],
        "ownershipAsset": [ownership(owner=[owner(**changes)])],
    }
    company["properties"]["ownershipOwner"] = [ownership(asset=[vessel()])]
    return [company, ship]


def test_nested_entities_give_the_same_as_flat_ones(read: Read) -> None:
    flat = read(json_lines(vessel(), sanction(), owner(), ownership()))
    deep = read(json_lines(*nested()))
    assert (deep.facts(), deep.junk, flat.junk) == (flat.facts(), [], [])
    assert_junk(read(json_lines(*nested(country=["ua-cri"]))), (1, False, "'ua-cri'"))


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_lines_changes_nothing(seed: int, read: Read) -> None:
    items = [
        *(vessel(f"NK-{n}", name=[f"Ship {n}"]) for n in range(10, 14)),
        *(sanction(entity=[f"NK-{n}"]) | {"id": f"s-{n}"} for n in range(10, 13)),
        *(ownership(asset=[f"NK-{n}"]) | {"id": f"o-{n}"} for n in range(11, 13)),
        owner(),
    ]
    expected = set(read(json_lines(*items)).facts())
    random.Random(seed).shuffle(items)
    rows = read(json_lines(*items))
    assert (set(rows.facts()), rows.junk) == (expected, [])
    assert len(rows.entries) == len(expected) == 3 + 2 + 2


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_ids_that_are_not_ascii(ensure_ascii: bool, read: Read) -> None:
    items = [
        vessel("судно"),
        sanction(entity=["судно"]),
        owner("фирма"),
        ownership(asset=["судно"], owner=["фирма"]),
    ]
    texts = (json.dumps(item, ensure_ascii=ensure_ascii) for item in items)
    found = [e.programme for e in read(json_lines(*texts)).entries]
    assert found == ["US-RUSHAR", "owner:RU"]


def test_a_link_of_two_ships_holds_for_both_and_its_fault_is_named_once(read: Read) -> None:
    tie = ownership(asset=["NK-1", "NK-3"], startDate=["2024"])
    rows = read(json_lines(vessel(), vessel("NK-3"), owner(), tie))
    assert [(e.programme, e.line) for e in rows.entries] == [("owner:RU", 1), ("owner:RU", 2)]
    assert_junk(rows, (4, False, "startDate"))


def test_rows_come_in_the_order_of_the_file(read: Read) -> None:
    ship = vessel("NK-5", flag=["cm", "pa"])
    rows = read(json_lines("no JSON", ship, sanction(listingDate=["2025"]), "[]", vessel()))
    assert [row.line for row in rows.rows] == [1, 2, 2, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "value", ["TJMC1", [7], {"a": 1}, [["TJMC1"]], [None], [{"schema": "Vessel"}]], ids=str
)
def test_a_property_of_the_wrong_type_costs_that_property_only(value: object, read: Read) -> None:
    rows = read(json_lines(vessel(callSign=value), sanction()))
    assert [(e.imo, e.call_sign, e.programme) for e in rows.entries] == [
        (9074729, None, "US-RUSHAR")
    ]
    assert_junk(rows, (1, False, "'callSign'"))


def test_properties_that_are_no_object(read: Read) -> None:
    ship = vessel() | {"properties": [], "caption": "Sim Vega"}
    rows = read(json_lines(vessel("NK-3"), ship))
    assert [e.vessel_name for e in rows.entries if e.reference == "NK-1"] == ["SIM VEGA"] * 2
    assert_junk(rows, (2, False, "properties"))


@pytest.mark.parametrize("sign", ["\ud800", "\0", "\u202e"])
def test_control_characters_do_not_come_through(sign: str, read: Read) -> None:
    ship = vessel(name=[f"SIM{sign}VEGA"], type=[f"Tanker{sign}"])
    rows = read(json_lines(ship, sanction(program=[sign], authority=[sign])))
    assert [(e.vessel_name, e.vessel_type, e.reference) for e in rows.entries] == [
        ("SIM VEGA", "Tanker", "NK-1, 49001")
    ]
    assert as_table(rows.entries).num_rows == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just("NK-1"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "schema", "properties", "entity", "owner", "imoNumber", "flag"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from(["Vessel", "Sanction", "Ownership", "Company"]), _JSON, _JSON)
@settings(max_examples=40, deadline=None)
def test_no_value_raises(
    tmp_path_factory: pytest.TempPathFactory, schema: str, first: Any, second: Any
) -> None:
    odd = {"id": "NK-2", "schema": schema, "properties": first, "caption": second}
    odd["datasets"] = first
    odder = {**odd, "properties": {"entity": ["NK-1"], "asset": ["NK-1"], "owner": first}}
    path = tmp_path_factory.getbasetemp() / "odd.json"
    path.write_bytes(json_lines(vessel(), odd, odder, sanction()))
    rows = read_list(opensanctions, path)
    assert "US-RUSHAR" in {e.programme for e in rows.entries if e.reference.startswith("NK-1")}
    assert all(j.reason and len(j.raw) <= 200 for j in rows.junk)
    assert as_table(rows.entries).num_rows == len(rows.entries)


def test_memory_grows_with_the_ships_and_not_with_the_file(read: Read) -> None:
    def peak(others: int) -> int:
        crowd = [owner(f"NK-c{n}", notes=["x" * 500]) for n in range(others)]
        penalties = [sanction(entity=[f"NK-c{n}"]) for n in range(others)]
        content = json_lines(vessel(), sanction(), *crowd, *penalties)
        tracemalloc.start()
        try:
            assert len(read(content).entries) == 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(1500) < peak(60) + 200_000  # bytes; the larger file has 1.7 million
