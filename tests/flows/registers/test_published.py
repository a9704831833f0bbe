"""A ship of each list as it is published, under any columns, with the day and name of its list."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from flows.registers.lists.entry import Entry
from tests.build import lists
from tests.build.lists import (
    ANNEX_COLUMNS,
    APAR,
    FSF_OTHERS,
    FSF_ROWS,
    FSF_SHIP,
    GUR_SHIP,
    KOROLEV,
    TEAM_SHIP,
    UK_COLUMNS,
    UK_PERSON,
    UK_RUSSIA,
)
from tests.flows.registers.forms import FORMS, Ask, form_of, values

SIM_VEGA = {
    **{"imo": 9074729, "vessel_name": "SIM VEGA", "vessel_type": "Crude Oil Tanker"},
    **{"former_names": ("SIM DENEB", "SIM SADR"), "call_sign": "TJMC1", "flag": "CM"},
    **{"mmsis": (613000001,), "built_year": 2004, "line": 2},
}
NO_CALL_SIGN = {"call_sign": None, "built_year": None}
ENTRIES = {
    "annexes": Entry(
        *("eu-833-2014", "EU 833/2014", "Regulation (EU) No 833/2014, Annex XLII, point 7"),
        **{"programme": "EU-RUS", "imo": 9402471, "vessel_name": "APAR", "line": 2},
        **{"former_names": ("FENG SHOU", "ANDROMEDA STAR"), "listed_on": date(2024, 6, 25)},
        ground="3s(2)(b)",
    ),
    "fsf.csv": Entry(
        *("eu-consolidated", "EU consolidated list", "EU.9000.1"),
        **{"programme": "PRK", "imo": 9036387, "vessel_name": "NEW KONK", "line": 2},
        **{"former_names": ("뉴 콘크",), "listed_on": date(2022, 12, 12)},
    ),
    "uk": Entry(
        *("uk-sanctions", "UK sanctions list", "RUS2176"),
        **{"programme": UK_RUSSIA, "imo": 9826902, "vessel_name": "KOROLEV PROSPECT"},
        **{"flag": "GA", "vessel_type": "Oil Tanker", "built_year": 2019, "line": 5},
        **{"listed_on": date(2024, 7, 31), "ground": "Shipping sanctions"},
    ),
    "gur": Entry(
        *("gur", "GUR catalogue", "war-sanctions.gur.gov.ua ship 77"),
        **SIM_VEGA | {"programme": "GUR", "mmsis": (613000001, 273000002)},
    ),
    "team": Entry(
        *("team:our-fleet", "Extract of 3 May 2025", "file 12"),
        **SIM_VEGA | NO_CALL_SIGN | {"former_names": (), "flag": None},
        **{"length_m": 249.9, "deadweight_t": 105000},
        **{"link_tier": "strong", "link_reason": "owner"},
        **{"valid_from": date(2025, 1, 31), "valid_to": date(2025, 12, 31)},
    ),
    "maritime.csv": Entry(
        *("opensanctions:maritime", "OpenSanctions maritime", "NK-1", "dataset:us_ofac_sdn"),
        **SIM_VEGA | NO_CALL_SIGN | {"vessel_type": None, "mmsis": (273000002, 613000001)},
        ground="mare.shadow;sanction",
    ),
    "ftm.json": Entry(
        *("opensanctions:collection", "OpenSanctions collection", "NK-1", "dataset:us_ofac_sdn"),
        **SIM_VEGA | {"former_names": ("SIM DENEB",), "line": 1},
        **{"deadweight_t": 105000, "gross_t": 57000, "ground": "sanction"},
    ),
}
"""Of each list its ship; `test_ofac.py` has OFAC's."""
COMPANY = UK_PERSON | {"Unique ID": "RUS9998", "Designation Type": "Entity"}
COMPANY |= {"IMO number": "5342883"}
XML = lists.fsf_xml(FSF_OTHERS, FSF_SHIP)
XML_LINE = XML[: XML.index('<sanctionEntity designationDate="2022')].count("\n") + 1
UA = {"programme": "dataset:ua_war_sanctions"}
PUBLISHED: dict[str, tuple[str | bytes, date | None, list[dict[str, Any]]]] = {
    "annexes": (lists.annexes(APAR), None, [{}]),
    "fsf.csv": (lists.fsf_csv(*FSF_ROWS), date(2026, 8, 5), [{}]),
    "fsf.xml": (XML, date(2026, 8, 5), [{"line": XML_LINE}]),
    "uk": (lists.uk_list(UK_PERSON, COMPANY, KOROLEV), date(2026, 9, 21), [{}]),
    "gur": (
        *(FORMS["gur"].content({}, {"status": "delisted_from_gur"}), None),
        [{}, {"line": 3, "is_delisted": True, "ground": "delisted"}],
    ),
    "team": (FORMS["team"].content({}), None, [{}]),
    "maritime.csv": (FORMS["maritime.csv"].content({}, {"type": "ORGANIZATION"}), None, [{}, UA]),
    "ftm.json": (FORMS["ftm.json"].content({}), date(2026, 1, 1), [{}, UA]),
}


@pytest.mark.parametrize("form", PUBLISHED)
def test_ships_as_they_are_published_and_nobody_else(form: str, ask: Ask) -> None:
    content, published_on, ships = PUBLISHED[form]
    entry = ENTRIES["fsf.csv" if form == "fsf.xml" else form]
    expected = [entry._replace(**changes) for changes in ships]
    assert ask(form, content=content, name="Our Fleet.csv") == (
        *(entry.register, published_on, expected),
    )


# Columns, days and names

COLUMNS_2026 = (
    "celex,recordId,programKey,annex,measure,startDate,reason,schema,name,alias,weakAlias,"
    "previousName,country,nationality,jurisdiction,birthDate,birthPlace,position,passportNumber,"
    "gender,appearance,ethnicity,fatherName,motherName,incorporationDate,legalForm,sector,"
    "registrationNumber,taxNumber,idNumber,innCode,ogrnCode,kppCode,okpoCode,leiCode,swiftBic,"
    "ticker,imoNumber,mmsi,flag,address,phone,email,website,notes"
).split(",")


SHIPS = {"annexes": APAR, "uk": KOROLEV, "gur": GUR_SHIP, "team": TEAM_SHIP}


def written(form: str, columns: list[str], delimiter: str = ",", **changes: str) -> str:
    """The ship of a list under other columns."""
    ship, top = SHIPS[form], "Report Date: 21-Sep-2026\n" if form == "uk" else ""
    cells = {name: ship.get(name.strip().lower(), ship.get(name, "")) for name in columns}
    return lists.csv_text([cells | changes], columns, delimiter, top)


SIZES = ("Length of ship", "Tonnage of ship")
COLUMNS: dict[str, str] = {
    "annexes: those of 2026": written("annexes", COLUMNS_2026),
    "annexes: another order, and more": written("annexes", [*reversed(ANNEX_COLUMNS), "more"]),
    "uk: another order": written("uk", [*reversed(UK_COLUMNS)]),
    "uk: more": written("uk", ["New", *UK_COLUMNS, "Newer"]),
    "uk: fewer": written("uk", [c for c in UK_COLUMNS if c not in SIZES]),
    "gur: another order, and more": written("gur", ["note", *reversed(GUR_SHIP)]),
    "team: another order, and in capitals": written(
        "team", ["Note", *(f" {column.upper()} " for column in reversed(TEAM_SHIP))]
    ),
    "team: the semicolons of Excel": written("team", [*TEAM_SHIP], ";", length_m="249,9"),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_columns_are_found_by_name(case: str, ask: Ask) -> None:
    form = form_of(case)
    whole = KOROLEV if form == "uk" else {}
    assert ask(form, content=COLUMNS[case]) == ask(form, whole)


def test_some_columns_may_lack(ask: Ask) -> None:
    gur = ask(
        "gur", content="gur_id,name,imo,mmsi_current,mmsi_legacy,status\n77,A,9074729,,,listed"
    )
    assert values(gur.entries, "imo vessel_type former_names") == [(9074729, None, ())]
    team = ask("team", content="imo,name,tier,reason,source\n9074729,,weak,trade,AIS\n")
    assert values(team.entries, "imo vessel_name mmsis valid_from length_m") == [
        (9074729, None, (), None, None)
    ]
    assert gur.junk == team.junk == []


def test_older_copies_of_the_uks_list(ask: Ask) -> None:
    """Another name for the type, N/A in every cell that is empty, a time after each day."""
    old = "Individual, Entity, Ship"
    columns = [old if name == "Designation Type" else name for name in UK_COLUMNS]
    ship = {**KOROLEV, "Date Designated": "31/07/2024 00:00:00"}
    cells = [
        {name: row.get(name, "N/A") for name in columns} | {old: row["Designation Type"]}
        for row in (UK_PERSON, ship)
    ]
    found = ask("uk", content=lists.uk_list(*cells, columns=columns))
    assert (found.facts(), found.junk) == (ask("uk", KOROLEV).facts(), [])


REPORT = "Report Date: "
DAYS: dict[str, tuple[dict[str, str], date | None]] = {
    **{
        f"fsf.xml: {generated}": ({"generated": generated}, day)
        for generated, day in (
            ("2026-04-16T00:12:04.000+02:00", date(2026, 4, 16)),
            ("2026-04-15T22:12:04Z", date(2026, 4, 16)),
            ("2026-01-15T22:30:00Z", date(2026, 1, 15)),
            ("2026-04-16", date(2026, 4, 16)),
            ("yesterday", None),
        )
    },
    "uk: cells after it": ({"top": f"{REPORT}21-Sep-2026,,,\n"}, date(2026, 9, 21)),
    "uk: in digits": ({"top": f"{REPORT}21/09/2026\n\n"}, date(2026, 9, 21)),
    "uk: 31 February": ({"top": f"{REPORT}31-Feb-2026\n"}, None),
    "uk: no day": ({"top": f"{REPORT}\n"}, None),
    "uk: no line": ({"top": ""}, None),
}


@pytest.mark.parametrize("case", DAYS)
def test_the_day_of_a_list(case: str, ask: Ask) -> None:
    """The Commission's is that in Brussels."""
    how, day = DAYS[case]
    if form_of(case) == "uk":
        found, imo = ask("uk", content=lists.uk_list(KOROLEV, **how)), 9826902
    else:
        found, imo = ask("fsf.xml", content=lists.fsf_xml(FSF_SHIP, **how)), 9036387
    assert (found.published_on, values(found.entries, "imo")) == (day, [imo])


@pytest.mark.parametrize(
    ("name", "register"),
    [("fleet_2026.v2.csv", "team:fleet-2026-v2"), ("--A--.txt", "team:a"), ("флот A1", "team:a1")],
)
def test_the_name_of_a_teams_file_is_the_name_of_its_list(
    name: str, register: str, ask: Ask
) -> None:
    found = ask("team", {}, name=name)
    assert {found.register, *(e.register for e in found.entries)} == {register}


def test_a_table_of_companies_is_a_list_without_ships(ask: Ask) -> None:
    company = {"celex": "32014R0269", "schema": "LegalEntity"}
    assert ask("annexes", company) == ("eu-journal", None, [])
