"""OpenSanctions: each sanction, owner and dataset of a ship, whatever the order of the lines."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.lists.entry import CUT, Entry, Junk, as_table
from flows.lists.table import MOST_LINE_BYTES
from flows.publishers.opensanctions import open_list

COLUMNS = "type,caption,imo,risk,countries,flag,mmsi,id,url,datasets,aliases"
CELLS = {
    "type": "VESSEL",
    "caption": "Sim Vega",
    "imo": "IMO9074729",
    "risk": "sanction;mare.shadow",
    "countries": "ru",
    "flag": "cm",
    "mmsi": "613000001;273000002",
    "id": "NK-1",
    "url": "https://www.opensanctions.org/entities/NK-1",
    "datasets": "us_ofac_sdn;ua_war_sanctions",
    "aliases": "Sim Sadr;Sim Deneb",
}
"""A row as zavod/exporters/maritime.py writes it."""

VESSEL = {
    "name": ["Sim Vega"],
    "previousName": ["Sim Deneb"],
    "imoNumber": ["IMO9074729"],
    "mmsi": ["613000001"],
    "flag": ["cm"],
    "type": ["Crude Oil Tanker"],
    "callSign": ["TJMC1"],
    "buildDate": ["2004-05"],
    "deadweightTonnage": ["105000"],
    "grossRegisteredTonnage": ["57000"],
    "topics": ["sanction"],
}


def row(**changes: str) -> str:
    return ",".join(f'"{cell}"' for cell in (CELLS | changes).values())


def entity(schema: str, id: str, datasets: Iterable[str] = (), **properties: Any) -> dict:
    return {
        "id": id,
        "caption": "",
        "schema": schema,
        "properties": properties,
        "datasets": list(datasets),
        "last_change": "2026-01-01T00:00:00",
    }


def vessel(id: str = "NK-1", **changes: Any) -> dict:
    return entity("Vessel", id, ["us_ofac_sdn", "ua_war_sanctions"], **VESSEL | changes)


def sanction(**changes: Any) -> dict:
    properties = {
        "entity": ["NK-1"],
        "authority": ["Office of Foreign Assets Control"],
        "authorityId": ["49001"],
        "programId": ["US-RUSHAR"],
        "program": ["SDN List"],
        "listingDate": ["2025-01-10"],
    }
    return entity("Sanction", "ofac-1", ["us_ofac_sdn"], **properties | changes)


def owner(id: str = "NK-2", **changes: Any) -> dict:
    return entity("Company", id, **{"name": ["Sim Shipping"], "country": ["ru"]} | changes)


def ownership(**changes: Any) -> dict:
    return entity("Ownership", "own-1", **{"asset": ["NK-1"], "owner": ["NK-2"]} | changes)


def table_of(folder: Path, *rows: str) -> Path:
    path = folder / "any.txt"
    path.write_bytes("".join(line + "\n" for line in (COLUMNS, *rows)).encode())
    return path


def lines_of(folder: Path, *lines: dict | str | bytes) -> Path:
    path = folder / "any.txt"
    texts = (json.dumps(line) if isinstance(line, dict) else line for line in lines)
    path.write_bytes(b"".join((t.encode() if isinstance(t, str) else t) + b"\n" for t in texts))
    return path


def read(path: Path) -> tuple[list[Entry], list[Junk]]:
    found = open_list(path)
    assert found is not None
    assert found.register.startswith("opensanctions:")
    rows = list(found.rows)
    return [r for r in rows if isinstance(r, Entry)], [r for r in rows if isinstance(r, Junk)]


def programmes(path: Path) -> list[str | None]:
    return [entry.programme for entry in read(path)[0]]


# maritime.csv


def test_row_in_order_gives_an_entry_for_each_dataset(tmp_path: Path) -> None:
    entries, junk = read(table_of(tmp_path, row()))
    assert junk == []
    assert entries == [
        Entry(
            register="opensanctions:maritime",
            link_source="OpenSanctions maritime",
            reference="NK-1",
            programme=f"dataset:{dataset}",
            imo=9074729,
            mmsis=(273000002, 613000001),
            vessel_name="SIM VEGA",
            former_names=("SIM DENEB", "SIM SADR"),
            flag="CM",
            ground="mare.shadow;sanction",
            line=2,
        )
        for dataset in ("us_ofac_sdn", "ua_war_sanctions")
    ]


def test_organisations_are_passed_over(tmp_path: Path) -> None:
    assert read(table_of(tmp_path, row(type="ORGANIZATION"))) == ([], [])


def test_ship_in_no_dataset_is_an_entry(tmp_path: Path) -> None:
    assert programmes(table_of(tmp_path, row(datasets=""))) == [None]


@pytest.mark.parametrize(
    ("changes", "field", "empty"),
    [
        pytest.param({"imo": "IMO9074728"}, "imo", None, id="check digit"),
        pytest.param({"mmsi": "273######"}, "mmsis", (), id="masked MMSI"),
        pytest.param({"flag": "cm;pa"}, "flag", None, id="two flags"),
        pytest.param({"flag": "zz"}, "flag", None, id="no country"),
    ],
)
def test_cell_that_is_not_taken_over(
    tmp_path: Path, changes: dict[str, str], field: str, empty: object
) -> None:
    entries, junk = read(table_of(tmp_path, row(**changes)))
    assert {getattr(e, field) for e in entries} == {empty}
    assert [(j.line, j.is_whole) for j in junk] == [(2, False)]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(row(id=""), id="no id"),
        pytest.param(row(imo="", mmsi="", caption="", aliases=""), id="nothing to tell it by"),
        pytest.param(row()[:-1], id="quote not closed"),
        pytest.param("VESSEL,a", id="too few"),
        pytest.param("\0\0", id="NUL"),
    ],
)
def test_bad_row_costs_that_row_only(tmp_path: Path, bad: str) -> None:
    entries, junk = read(table_of(tmp_path, row(), bad, row()))
    assert [e.line for e in entries] == [2, 2, 4, 4]
    assert [(j.line, j.is_whole) for j in junk] == [(3, True)]


def test_cut_table_says_so(tmp_path: Path) -> None:
    path = table_of(tmp_path, row(), row())
    path.write_bytes(path.read_bytes()[:-20])
    entries, junk = read(path)
    assert [e.line for e in entries] == [2, 2]
    assert [(j.line, j.is_whole, "the file is cut" in j.reason) for j in junk] == [(3, True, True)]


# FollowTheMoney: ships


def test_ship_without_sanction_or_owner_has_its_datasets(tmp_path: Path) -> None:
    entries, junk = read(lines_of(tmp_path, vessel()))
    assert junk == []
    assert entries == [
        Entry(
            register="opensanctions:collection",
            link_source="OpenSanctions collection",
            reference="NK-1",
            programme=f"dataset:{dataset}",
            imo=9074729,
            mmsis=(613000001,),
            vessel_name="SIM VEGA",
            former_names=("SIM DENEB",),
            call_sign="TJMC1",
            flag="CM",
            vessel_type="Crude Oil Tanker",
            deadweight_t=105000,
            gross_t=57000,
            built_year=2004,
            ground="sanction",
            line=1,
        )
        for dataset in ("us_ofac_sdn", "ua_war_sanctions")
    ]


def test_only_ships_give_entries(tmp_path: Path) -> None:
    others = [entity(s, s, name=["X"]) for s in ("Person", "Company", "Airplane", "Address")]
    assert read(lines_of(tmp_path, *others, sanction(entity=["Person"]))) == ([], [])


def test_ship_with_two_imo_numbers_has_everything_for_both(tmp_path: Path) -> None:
    ship = vessel(imoNumber=["IMO9074729", "IMO9187629"])
    entries, _ = read(lines_of(tmp_path, ship, sanction()))
    assert [(e.imo, e.programme) for e in entries] == [
        (9074729, "US-RUSHAR"),
        (9187629, "US-RUSHAR"),
    ]


def test_ship_with_a_name_only_is_an_entry(tmp_path: Path) -> None:
    entries, junk = read(lines_of(tmp_path, vessel(imoNumber=[], mmsi=[])))
    assert {(e.imo, e.mmsis, e.vessel_name) for e in entries} == {(None, (), "SIM VEGA")}
    assert junk == []


# FollowTheMoney: sanctions


def test_sanction_of_a_ship(tmp_path: Path) -> None:
    entries, junk = read(lines_of(tmp_path, vessel(), sanction()))
    assert junk == []
    assert [(e.programme, e.reference, e.listed_on, e.delisted_on) for e in entries] == [
        ("US-RUSHAR", "NK-1, Office of Foreign Assets Control, 49001", date(2025, 1, 10), None)
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
def test_programme_of_a_sanction(
    tmp_path: Path, changes: dict[str, Any], expected: list[str]
) -> None:
    assert programmes(lines_of(tmp_path, vessel(), sanction(**changes))) == expected


@pytest.mark.parametrize(
    ("changes", "listed_on", "faults"),
    [
        ({}, date(2025, 1, 10), 0),
        ({"startDate": ["2024-12-01"]}, date(2025, 1, 10), 0),
        ({"listingDate": [], "startDate": ["2024-12-01T12:00:00"]}, date(2024, 12, 1), 0),
        ({"listingDate": ["2025-03-01", "2025-02-01"]}, date(2025, 2, 1), 0),
        ({"listingDate": ["2025"]}, None, 1),
        ({"listingDate": ["2025-01"], "startDate": ["2025-01-12"]}, date(2025, 1, 12), 1),
        ({"listingDate": ["1001-01-01"]}, None, 1),
        ({"listingDate": ["2025-02-30"]}, None, 1),
        ({"listingDate": []}, None, 0),
    ],
)
def test_day_of_listing(
    tmp_path: Path, changes: dict[str, Any], listed_on: date | None, faults: int
) -> None:
    entries, junk = read(lines_of(tmp_path, vessel(), sanction(**changes)))
    assert [e.listed_on for e in entries] == [listed_on]
    assert [(j.line, j.is_whole) for j in junk] == [(2, False)] * faults


@pytest.mark.parametrize(
    ("changes", "delisted_on", "is_delisted"),
    [
        ({}, None, False),
        ({"endDate": ["2025-06-01"]}, date(2025, 6, 1), False),
        ({"endDate": ["2025-06-01", "2025-07-01"]}, date(2025, 7, 1), False),
        ({"endDate": ["2025"]}, None, True),
        ({"status": ["Inactive"]}, None, True),
        ({"status": ["active"]}, None, False),
    ],
)
def test_end_of_a_listing(
    tmp_path: Path, changes: dict[str, Any], delisted_on: date | None, is_delisted: bool
) -> None:
    entries, _ = read(lines_of(tmp_path, vessel(), sanction(**changes)))
    assert [(e.delisted_on, e.is_delisted) for e in entries] == [(delisted_on, is_delisted)]


# FollowTheMoney: owners, operators and managers


def test_a_company_of_the_emirates_associated_with_russia_is_no_russian_owner(
    tmp_path: Path,
) -> None:
    party = owner(country=["ru", "ae"], jurisdiction=["ae"])
    assert programmes(lines_of(tmp_path, vessel(), party, ownership())) == ["owner:AE"]


def test_owner_gives_an_entry_for_each_country(tmp_path: Path) -> None:
    tie = ownership(startDate=["2023-09-18"], endDate=["2024-05-01"])
    party = owner(mainCountry=["ru"], jurisdiction=["ae"], country=[])
    entries, junk = read(lines_of(tmp_path, vessel(), party, tie))
    assert junk == []
    assert [(e.programme, e.reference, e.ground) for e in entries] == [
        ("owner:AE", "NK-1, owner Sim Shipping", "owner (jurisdiction)"),
        ("owner:RU", "NK-1, owner Sim Shipping", "owner (mainCountry)"),
    ]
    assert {(e.valid_from, e.valid_to, e.link_tier, e.link_reason) for e in entries} == {
        (date(2023, 9, 18), date(2024, 5, 1), None, None)
    }


def test_sanction_and_owner_stand_side_by_side(tmp_path: Path) -> None:
    path = lines_of(tmp_path, vessel(), sanction(), owner(), ownership())
    assert programmes(path) == ["US-RUSHAR", "owner:RU"]


@pytest.mark.parametrize("role", ["owner", "operator"])
def test_owner_on_the_line_of_the_ship(tmp_path: Path, role: str) -> None:
    entries, _ = read(lines_of(tmp_path, owner(), vessel(**{role: ["NK-2"]})))
    assert [(e.programme, e.ground) for e in entries] == [("owner:RU", f"{role} (country)")]


@pytest.mark.parametrize(
    ("tie", "ground"),
    [
        (
            entity(
                "UnknownLink", "l", subject=["NK-2"], object=["NK-1"], role=["commerce_manager"]
            ),
            "commerce_manager (country)",
        ),
        (
            entity("UnknownLink", "l", subject=["NK-1"], object=["NK-2"], role=["ISM company"]),
            "ISM company (country)",
        ),
        (
            entity(
                "Representation",
                "l",
                agent=["NK-2"],
                client=["NK-1"],
                role=["Commercial ship manager"],
            ),
            "Commercial ship manager (country)",
        ),
    ],
)
def test_manager_by_a_link_with_a_role(tmp_path: Path, tie: dict, ground: str) -> None:
    entries, _ = read(lines_of(tmp_path, vessel(), owner(), tie))
    assert [(e.programme, e.ground) for e in entries] == [("owner:RU", ground)]


@pytest.mark.parametrize("role", [["captain"], ["P&I Club"], ["Classification society"], []])
def test_who_does_not_run_the_ship_is_no_owner(tmp_path: Path, role: list[str]) -> None:
    tie = entity("UnknownLink", "l", subject=["NK-2"], object=["NK-1"], role=role)
    entries, junk = read(lines_of(tmp_path, vessel(), owner(), tie))
    assert {e.programme for e in entries} == {"dataset:us_ofac_sdn", "dataset:ua_war_sanctions"}
    assert junk == []


def test_person_belongs_where_his_passport_says(tmp_path: Path) -> None:
    person = entity("Person", "NK-2", name=["Sim"], nationality=["ru"], birthCountry=["ua"])
    assert programmes(lines_of(tmp_path, vessel(), person, ownership())) == ["owner:RU"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"endDate": ["2024"]}, id="year only"),
        pytest.param({"role": ["former owner"]}, id="former"),
        pytest.param({"status": ["Inactive"]}, id="inactive"),
    ],
)
def test_ownership_that_ended_on_an_unknown_day_is_no_entry(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    entries, junk = read(lines_of(tmp_path, vessel(), sanction(), owner(), ownership(**changes)))
    assert [e.programme for e in entries] == ["US-RUSHAR"]
    assert [j.line for j in junk if j.is_whole] == [4]


def test_owner_that_is_not_in_the_file_is_told(tmp_path: Path) -> None:
    entries, junk = read(lines_of(tmp_path, vessel(), ownership()))
    assert {e.programme for e in entries} == {"dataset:us_ofac_sdn", "dataset:ua_war_sanctions"}
    assert [(j.line, j.is_whole, "'NK-2'" in j.reason) for j in junk] == [(2, True, True)]


def test_region_is_no_country(tmp_path: Path) -> None:
    entries, junk = read(lines_of(tmp_path, vessel(), owner(country=["ua-cri"]), ownership()))
    assert not any((e.programme or "").startswith("owner") for e in entries)
    assert [(j.line, j.is_whole, "'ua-cri'" in j.reason) for j in junk] == [(2, False, True)]


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


def test_nested_entities_say_the_same_as_flat_ones(tmp_path: Path) -> None:
    flat = read(lines_of(tmp_path, vessel(), sanction(), owner(), ownership()))
    entries, junk = read(lines_of(tmp_path, *nested()))
    assert [e._replace(line=0) for e in entries] == [e._replace(line=0) for e in flat[0]]
    assert junk == flat[1] == []


def test_fault_of_an_entity_that_stands_twice_is_told_once(tmp_path: Path) -> None:
    _, junk = read(lines_of(tmp_path, *nested(country=["ua-cri"])))
    assert [(j.line, "'ua-cri'" in j.reason) for j in junk] == [(1, True)]


@pytest.mark.parametrize("seed", range(8))
def test_order_of_lines_changes_nothing(tmp_path: Path, seed: int) -> None:
    lines = [
        *(vessel(f"NK-{n}", name=[f"Ship {n}"]) for n in range(10, 14)),
        *(sanction(entity=[f"NK-{n}"]) | {"id": f"s-{n}"} for n in range(10, 13)),
        *(ownership(asset=[f"NK-{n}"]) | {"id": f"o-{n}"} for n in range(11, 13)),
        owner(),
    ]
    expected = {e._replace(line=0) for e in read(lines_of(tmp_path, *lines))[0]}
    random.Random(seed).shuffle(lines)
    entries, junk = read(lines_of(tmp_path, *lines))
    assert {e._replace(line=0) for e in entries} == expected
    assert len(entries) == len(expected) == 3 + 2 + 2
    assert junk == []


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_id_that_is_not_ascii(tmp_path: Path, ensure_ascii: bool) -> None:
    lines = [
        vessel("судно"),
        sanction(entity=["судно"]),
        owner("фирма"),
        ownership(asset=["судно"], owner=["фирма"]),
    ]
    path = lines_of(tmp_path, *(json.dumps(line, ensure_ascii=ensure_ascii) for line in lines))
    assert programmes(path) == ["US-RUSHAR", "owner:RU"]


def test_link_of_two_ships_holds_for_both_and_its_fault_is_told_once(tmp_path: Path) -> None:
    tie = ownership(asset=["NK-1", "NK-3"], startDate=["2024"])
    entries, junk = read(lines_of(tmp_path, vessel(), vessel("NK-3"), owner(), tie))
    assert [(e.programme, e.line) for e in entries] == [("owner:RU", 1), ("owner:RU", 2)]
    assert [(j.line, j.is_whole) for j in junk] == [(4, False)]


def test_rows_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = lines_of(
        tmp_path,
        "no JSON",
        vessel("NK-5", flag=["cm", "pa"]),
        sanction(listingDate=["2025"]),
        "[]",
        vessel(),
    )
    found = open_list(path)
    assert found is not None
    assert [row.line for row in found.rows] == [1, 2, 2, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("junk", id="no JSON"),
        pytest.param('{"schema": "Vessel", "id": ', id="broken off"),
        pytest.param('{"schema": "Vessel" "id"}', id="broken within"),
        pytest.param('{"schema": "Sanction", "entity": ["NK-1"]]}', id="broken sanction"),
        pytest.param('[{"schema": "Vessel"}]', id="list for an object"),
        pytest.param('{"schema": "Vessel", "properties": {}}', id="no id"),
        pytest.param('{"schema": "Vessel", "id": 7, "properties": {}}', id="id is a number"),
        pytest.param('{"id": "NK-7", "properties": {}}', id="no schema"),
        pytest.param(entity("Vessel", "NK-7"), id="nothing to tell it by"),
        pytest.param('{"schema": "Vessel", "x": ' + "[" * 200_000 + "}", id="deep nesting"),
        pytest.param("x" * (MOST_LINE_BYTES + 9), id="endless line"),
        pytest.param(b"\0\0\0", id="NUL"),
        pytest.param(b'{"schema": "Vessel", "id": "\xff"}', id="not UTF-8"),
        pytest.param(
            '{"schema": "Vessel", "id": "NK-7", "x": ' + "9" * 5000 + "}", id="endless number"
        ),
    ],
)
def test_bad_line_costs_that_line_only(tmp_path: Path, bad: dict | str | bytes) -> None:
    entries, junk = read(lines_of(tmp_path, sanction(), bad, vessel()))
    assert [(e.programme, e.line) for e in entries] == [("US-RUSHAR", 3)]
    assert [(j.line, j.is_whole) for j in junk] == [(2, True)]
    assert all(len(j.raw) <= 200 and "cut" not in j.reason for j in junk)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"callSign": "TJMC1"}, id="text for a list"),
        pytest.param({"callSign": [7]}, id="number"),
        pytest.param({"callSign": {"a": 1}}, id="object for a list"),
        pytest.param({"callSign": [["TJMC1"]]}, id="list in a list"),
        pytest.param({"callSign": [None]}, id="null"),
        pytest.param({"callSign": [{"schema": "Vessel"}]}, id="nested without an id"),
    ],
)
def test_property_of_the_wrong_type_costs_that_property_only(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    entries, junk = read(lines_of(tmp_path, vessel(**changes), sanction()))
    assert [(e.imo, e.call_sign, e.programme) for e in entries] == [(9074729, None, "US-RUSHAR")]
    assert [(j.line, j.is_whole, "'callSign'" in j.reason) for j in junk] == [(1, False, True)]


def test_list_for_the_properties(tmp_path: Path) -> None:
    ship = vessel() | {"properties": [], "caption": "Sim Vega"}
    entries, junk = read(lines_of(tmp_path, vessel("NK-3"), ship))
    assert [e.vessel_name for e in entries if e.reference == "NK-1"] == ["SIM VEGA"] * 2
    assert [(j.line, j.is_whole) for j in junk] == [(2, False)]


@pytest.mark.parametrize("sign", ["\ud800", "\0", "\u202e"])
def test_signs_that_no_file_can_hold_do_not_come_through(tmp_path: Path, sign: str) -> None:
    ship = vessel(name=[f"SIM{sign}VEGA"], type=[f"Tanker{sign}"])
    entries, _ = read(lines_of(tmp_path, ship, sanction(program=[sign], authority=[sign])))
    assert [(e.vessel_name, e.vessel_type) for e in entries] == [("SIM VEGA", "Tanker")]
    assert [e.reference for e in entries] == ["NK-1, 49001"]
    assert as_table(entries).num_rows == 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_byte_order_mark_and_end_of_line_change_nothing(
    tmp_path: Path, end: bytes, mark: bytes
) -> None:
    path = lines_of(tmp_path, owner(), vessel(), "", sanction())
    plain = read(path)
    path.write_bytes(mark + path.read_bytes().replace(b"\n", end))
    assert read(path) == plain


def test_cut_anywhere_keeps_what_stands_before_the_cut(tmp_path: Path) -> None:
    path = lines_of(tmp_path, vessel(), sanction(), vessel("NK-9"))
    whole = path.read_bytes()
    entries, _ = read(lines_of(tmp_path, vessel(), sanction()))
    for end in range(whole.rindex(b'{"id": "NK-9"') + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        kept, junk = read(path)
        assert kept == entries
        assert [(j.line, j.is_whole, j.reason) for j in junk] == [(3, True, CUT)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 70_000,
        b'{"schema": "http://json-schema.org", "properties": {}}',
        b'{"$schema": "Vessel", "properties": {}}',
        b'{"type": "Feature", "properties": {}}',
        b"type,caption,imo\n",
        b"[" * 70_000,
    ],
)
def test_another_file_is_none_of_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "maritime.csv"
    path.write_bytes(content)
    assert open_list(path) is None


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_line_raises(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = lines_of(tmp_path_factory.mktemp("junk"), vessel(), *lines)
    entries, _ = read(path)
    assert {e.line for e in entries} == {1}


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
    max_leaves=12,
)


@given(st.sampled_from(["Vessel", "Sanction", "Ownership", "Company"]), _JSON, _JSON)
def test_no_value_raises(
    tmp_path_factory: pytest.TempPathFactory, schema: str, first: Any, second: Any
) -> None:
    odd = {
        "id": "NK-2",
        "schema": schema,
        "properties": first,
        "caption": second,
        "datasets": first,
    }
    odder = {**odd, "properties": {"entity": ["NK-1"], "asset": ["NK-1"], "owner": first}}
    path = lines_of(tmp_path_factory.mktemp("odd"), vessel(), odd, odder, sanction())
    entries, junk = read(path)
    assert "US-RUSHAR" in {e.programme for e in entries if e.reference.startswith("NK-1")}
    assert all(j.reason and len(j.raw) <= 200 for j in junk)
    assert as_table(entries).num_rows == len(entries)


def test_memory_grows_with_the_ships_and_not_with_the_file(tmp_path: Path) -> None:
    def peak(others: int) -> int:
        crowd = [owner(f"NK-c{n}", notes=["x" * 500]) for n in range(others)]
        penalties = [sanction(entity=[f"NK-c{n}"]) for n in range(others)]
        path = lines_of(tmp_path, vessel(), sanction(), *crowd, *penalties)
        del crowd, penalties
        tracemalloc.start()
        try:
            entries, _ = read(path)
            assert len(entries) == 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(6000) < peak(60) + 200_000  # bytes; the larger file has 7 million
