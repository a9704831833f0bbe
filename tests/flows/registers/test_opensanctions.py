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

from flows.registers.lists.entry import as_table
from flows.registers.publishers import opensanctions
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
from tests.flows.registers.forms import values

PUBLISHER = opensanctions
DATASETS = ["dataset:us_ofac_sdn", "dataset:ua_war_sanctions"]
LISTED, OFAC = date(2025, 1, 10), "NK-1, Office of Foreign Assets Control, 49001"
Junk = tuple[int, bool, str]


def link(schema: str = "UnknownLink", **properties: Any) -> dict:
    return entity(schema, "l", **properties)


# What the lines after a ship's give: of each entry some fields, and the junk.

NO_DAY: list[Junk] = [(2, False, "listingDate")]
DAYS: list[tuple[dict[str, Any], tuple[date | None, date | None, bool], list[Junk]]] = [
    ({}, (LISTED, None, False), []),
    ({"startDate": ["2024-12-01"]}, (LISTED, None, False), []),
    (
        {"listingDate": [], "startDate": ["2024-12-01T12:00:00"]},
        *((date(2024, 12, 1), None, False), []),
    ),
    ({"listingDate": ["2025-03-01", "2025-02-01"]}, (date(2025, 2, 1), None, False), []),
    ({"listingDate": ["2025"]}, (None, None, False), NO_DAY),
    (
        {"listingDate": ["2025-01"], "startDate": ["2025-01-12"]},
        *((date(2025, 1, 12), None, False), NO_DAY),
    ),
    ({"listingDate": ["1001-01-01"]}, (None, None, False), NO_DAY),
    ({"listingDate": ["2025-02-30"]}, (None, None, False), NO_DAY),
    ({"listingDate": []}, (None, None, False), []),
    ({"endDate": ["2025-06-01"]}, (LISTED, date(2025, 6, 1), False), []),
    ({"endDate": ["2025-06-01", "2025-07-01"]}, (LISTED, date(2025, 7, 1), False), []),
    ({"endDate": ["2025"]}, (LISTED, None, True), [(2, False, "endDate")]),
    ({"status": ["Inactive"]}, (LISTED, None, True), []),
    ({"status": ["active"]}, (LISTED, None, False), []),
]
MANAGER = {"agent": ["NK-2"], "client": ["NK-1"], "role": ["Commercial ship manager"]}
MERCHANT = {"subject": ["NK-2"], "object": ["NK-1"], "role": ["commerce_manager"]}
TIES = {
    "commerce_manager": link(**MERCHANT),
    "ISM company": link(subject=["NK-1"], object=["NK-2"], role=["ISM company"]),
    "Commercial ship manager": link("Representation", **MANAGER),
}
NO_OWNERS = (
    *("", "security manager", "Security_Manager", "insurer", "agent", "crew manager", "captain"),
    *("P&I Club", "cargo owner", "charterer", "managing director", "port operator", "broker"),
    *("classification society", "bank", "\u0441rew manager"),
)
ENDED = ("former owner", "ex-operator", "previous manager")
SPAN = {"startDate": ["2023-09-18"], "endDate": ["2024-05-01"]}
OWNED = "programme reference ground valid_from valid_to link_tier link_reason"
FROM_TO = (date(2023, 9, 18), date(2024, 5, 1), None, None)
PERSON = entity("Person", "NK-2", name=["Sim"], nationality=["ru"], birthCountry=["ua"])
SAID: dict[str, tuple[list[dict], str, list[Any], list[Junk]]] = {
    **{
        f"programmes {list(changes.values())}": ([sanction(**changes)], "programme", programmes, [])
        for changes, programmes in (
            ({"programId": ["US-RUSHAR", "US-IRAN"]}, ["US-IRAN", "US-RUSHAR"]),
            ({"programId": []}, ["SDN List"]),
            ({"programId": [], "program": []}, ["dataset:us_ofac_sdn"]),
        )
    },
    **{
        f"days {changes}": (
            [sanction(**changes)],
            "listed_on delisted_on is_delisted",
            [days],
            junk,
        )
        for changes, days, junk in DAYS
    },
    "an entry for each country of an owner": (
        [owner(mainCountry=["ru"], jurisdiction=["ae"], country=[]), ownership(**SPAN)],
        OWNED,
        [
            ("owner:AE", "NK-1, owner Sim Shipping", "owner (jurisdiction)", *FROM_TO),
            ("owner:RU", "NK-1, owner Sim Shipping", "owner (mainCountry)", *FROM_TO),
        ],
        [],
    ),
    "an association with a country only where nothing more specific is given": (
        [owner(country=["ru", "ae"], jurisdiction=["ae"]), ownership()],
        *("programme", ["owner:AE"], []),
    ),
    "a person by nationality": ([PERSON, ownership()], "programme", ["owner:RU"], []),
    "a country that is none": (
        [owner(country=["ua-cri"]), ownership()],
        *("programme", DATASETS, [(2, False, "'ua-cri'")]),
    ),
    "sanction and owner by themselves": (
        [sanction(), owner(), ownership()],
        *("programme reference", [("US-RUSHAR", OFAC), ("owner:RU", "NK-1, owner Sim Shipping")]),
        [],
    ),
    **{
        f"run by its {role}": (
            [owner(), tie],
            *("programme ground", [("owner:RU", f"{role} (country)")], []),
        )
        for role, tie in TIES.items()
    },
    **{
        f"not run by its {role or 'unnamed tie'}": (
            [owner(), link(**MERCHANT | {"role": [role] if role else []})],
            *("programme", DATASETS, []),
        )
        for role in NO_OWNERS
    },
    **{
        f"not run by its {role} any more": (
            [owner(), link(**MERCHANT | {"role": [role]})],
            *("programme", DATASETS, [(3, True, "until an unknown day")]),
        )
        for role in ENDED
    },
    **{
        f"an ownership that ended on an unknown day {changes}": (
            [sanction(), owner(), ownership(**changes)],
            *("programme", ["US-RUSHAR"], junk),
        )
        for changes, junk in (
            ({"endDate": ["2024"]}, [(4, False, "endDate"), (4, True, "until an unknown day")]),
            ({"role": ["former owner"]}, [(4, True, "until an unknown day")]),
            ({"status": ["Inactive"]}, [(4, True, "until an unknown day")]),
        )
    },
    "an owner that is not in the file": (
        *([ownership()], "programme", DATASETS, [(2, True, "'NK-2'")]),
    ),
    "a link of two ships, whose fault is named once": (
        [vessel("NK-3"), owner(), ownership(asset=["NK-1", "NK-3"], startDate=["2024"])],
        *("programme line", [("owner:RU", 1), ("owner:RU", 2)], [(4, False, "startDate")]),
    ),
    "properties that are no object": (
        [vessel("NK-3") | {"properties": [], "caption": "Sim Vega"}, sanction()],
        "programme vessel_name imo",
        [("US-RUSHAR", "SIM VEGA", 9074729), *((d, "SIM VEGA", None) for d in DATASETS)],
        [(2, False, "properties")],
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_what_is_said_of_a_ship(case: str, read: Read) -> None:
    items, fields, expected, junk = SAID[case]
    rows = read(json_lines(vessel(), *items))
    assert values(rows.entries, fields) == expected
    assert_junk(rows, *junk)


@pytest.mark.parametrize("role", ["owner", "operator"])
def test_an_owner_that_the_ship_itself_names(role: str, read: Read) -> None:
    rows = read(json_lines(vessel(**{role: ["NK-2"]}), owner()))
    assert values(rows.entries, "programme ground") == [("owner:RU", f"{role} (country)")]


def test_a_ship_with_two_imo_numbers_has_everything_for_both(read: Read) -> None:
    rows = read(json_lines(vessel(imoNumber=["IMO9074729", "IMO9187629"]), sanction()))
    assert values(rows.entries, "imo programme reference") == [
        (imo, "US-RUSHAR", OFAC) for imo in (9074729, 9187629)
    ]


def test_only_ships_give_entries(read: Read) -> None:
    others = [entity(s, s, name=["X"]) for s in ("Person", "Company", "Airplane", "Address")]
    assert read(json_lines(*others, sanction(entity=["Person"]))).rows == []


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_ids_that_are_not_ascii(ensure_ascii: bool, read: Read) -> None:
    ship = [vessel("судно"), sanction(entity=["судно"])]
    items = [*ship, owner("фирма"), ownership(asset=["судно"], owner=["фирма"])]
    texts = (json.dumps(item, ensure_ascii=ensure_ascii) for item in items)
    assert values(read(json_lines(*texts)).entries, "programme") == ["US-RUSHAR", "owner:RU"]


# The file


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
