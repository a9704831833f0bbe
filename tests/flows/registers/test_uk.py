"""The UK sanctions list: an entry for each ship and regime, from many rows; junk with its line."""

from __future__ import annotations

from datetime import date

import pytest

from flows.lists.entry import Entry
from flows.publishers import uk
from tests.build.lists import (
    KOROLEV,
    PETREL,
    UK_COLUMNS,
    UK_KOREA,
    UK_PERSON,
    UK_RUSSIA,
    Read,
    assert_junk,
    uk_list,
)

PUBLISHER = uk
COMPANY = UK_PERSON | {"Unique ID": "RUS9998", "Designation Type": "Entity"}
COMPANY |= {"IMO number": "5342883"}
GALAXY = KOROLEV | {"Name 6": "Galaxy", "Name type": "Alias"}


def test_a_ship_as_it_is_published(read: Read) -> None:
    assert read(uk_list(UK_PERSON, COMPANY, KOROLEV)) == (
        "uk-sanctions",
        date(2026, 9, 21),
        [
            Entry(
                register="uk-sanctions",
                link_source="UK sanctions list",
                reference="RUS2176",
                programme=UK_RUSSIA,
                imo=9826902,
                vessel_name="KOROLEV PROSPECT",
                flag="GA",
                vessel_type="Oil Tanker",
                built_year=2019,
                listed_on=date(2024, 7, 31),
                ground="Shipping sanctions",
                line=5,
            )
        ],
    )


def test_rows_of_an_entry_that_are_apart_are_one_entry(read: Read) -> None:
    rows = read(
        uk_list(
            GALAXY | {"Name type": "ALias"},
            PETREL,
            KOROLEV | {"Name 6": "", "Name type": "", "Address Country": "UAE"},
            KOROLEV,
            KOROLEV | {"Name 6": "KOROLYOV  PROSPECT", "Name type": "Primary Name Variation"},
            KOROLEV | {"IMO number": "9826902"},
        )
    )
    assert rows.junk == []
    assert [(e.reference, e.vessel_name, e.former_names, e.line) for e in rows.entries] == [
        ("RUS2176", "KOROLEV PROSPECT", ("GALAXY", "KOROLYOV PROSPECT"), 3),
        ("DPR0075", "PETREL 8", (), 5),  # the reasons of the first take two lines
    ]


@pytest.mark.parametrize("kind", ["Ship", "", "N/A"])
def test_rows_of_other_names_belong_to_their_ship(kind: str, read: Read) -> None:
    alias = {
        **{"Unique ID": KOROLEV["Unique ID"], "Name 6": "Galaxy", "Name type": "Alias"},
        **{"Designation Type": kind, "IMO number": "N/A", "Date Designated": "N/A"},
    }
    rows = read(uk_list(KOROLEV, alias, UK_PERSON | {"Designation Type": ""}))
    found = [(e.vessel_name, e.former_names) for e in rows.entries]
    assert (found, rows.junk) == ([("KOROLEV PROSPECT", ("GALAXY",))], [])


def test_a_ship_under_two_regimes_is_two_entries_each_with_its_day(read: Read) -> None:
    later = KOROLEV | {"Regime Name": UK_KOREA, "Date Designated": "09/05/2025"}
    rows = read(uk_list(KOROLEV, later | {"Sanctions Imposed": "Asset freeze"}))
    assert [(e.reference, e.imo, e.programme, e.listed_on, e.ground) for e in rows.entries] == [
        ("RUS2176", 9826902, UK_RUSSIA, date(2024, 7, 31), "Shipping sanctions"),
        ("RUS2176", 9826902, UK_KOREA, date(2025, 5, 9), "Asset freeze"),
    ]


SHIP_NAME, DAY, JUNE_13 = "KOROLEV PROSPECT", "Date Designated", date(2024, 6, 13)
MEASURES = "|".join(f"Measure number {n}" for n in range(20))


FIELDS: dict[str, tuple[list[dict[str, str]], str, list[object]]] = {
    "no primary name": ([KOROLEV | {"Name type": "Alias"}, GALAXY], "vessel_name", [SHIP_NAME]),
    "the first of two days": ([KOROLEV, KOROLEV | {DAY: "13/06/2024"}], "listed_on", [JUNE_13]),
    "never the last update": ([KOROLEV | {DAY: ""}], "listed_on", [None]),
    "two hulls": ([KOROLEV, KOROLEV | {"IMO number": "IMO 9402471"}], "imo", [9826902, 9402471]),
    "a name alone": ([KOROLEV | {"IMO number": ""}], "imo", [None]),
    "no tanker": ([PETREL | {"Type of ship": " Cargo / Other "}], "vessel_type", ["Cargo / Other"]),
    "measures, at most 80 characters": (
        *([PETREL, KOROLEV | {"Sanctions Imposed": MEASURES}], "ground"),
        ["De-flag;Prohibition of port entry", MEASURES.replace("|", ";")[:80]],
    ),
}


@pytest.mark.parametrize(("rows", "field", "expected"), FIELDS.values(), ids=FIELDS)
def test_fields_of_a_ship(
    rows: list[dict[str, str]], field: str, expected: list[object], read: Read
) -> None:
    result = read(uk_list(*rows))
    assert [getattr(e, field) for e in result.entries] == expected
    assert result.junk == []


@pytest.mark.parametrize(
    "columns",
    [
        [*reversed(UK_COLUMNS)],
        ["New", *UK_COLUMNS, "Newer"],
        [name for name in UK_COLUMNS if name not in ("Length of ship", "Tonnage of ship")],
    ],
    ids=["another order", "more", "fewer"],
)
def test_columns_are_found_by_name(columns: list[str], read: Read) -> None:
    row = {name: text for name, text in KOROLEV.items() if name in columns}
    assert read(uk_list(row, columns=columns)) == read(uk_list(KOROLEV))


def test_older_copies(read: Read) -> None:
    """Another name for the type, N/A in every cell that is empty, a time after each day."""
    old = "Individual, Entity, Ship"
    columns = [old if name == "Designation Type" else name for name in UK_COLUMNS]
    ship = dict.fromkeys(columns, "N/A") | KOROLEV | {"Date Designated": "31/07/2024 00:00:00"}
    rows = [row | {old: row["Designation Type"]} for row in (UK_PERSON, ship)]
    rows = [{name: text for name, text in row.items() if name in columns} for row in rows]
    result = read(uk_list(*rows, columns=columns))
    assert (result.facts(), result.junk) == (read(uk_list(KOROLEV)).facts(), [])


@pytest.mark.parametrize(
    ("top", "day"),
    [
        ("Report Date: 21-Sep-2026\n", date(2026, 9, 21)),
        ("Report Date: 21-Sep-2026,,,\n", date(2026, 9, 21)),
        ("Report Date: 21/09/2026\n\n", date(2026, 9, 21)),
        ("Report Date: 31-Feb-2026\n", None),
        ("Report Date:\n", None),
        ("", None),
    ],
)
def test_report_date(top: str, day: date | None, read: Read) -> None:
    rows = read(uk_list(KOROLEV, top=top))
    assert (rows.published_on, [e.imo for e in rows.entries]) == (day, [9826902])


@pytest.mark.parametrize(
    ("column", "text", "field"),
    [
        ("IMO number", "IMO9826903", "imo"),
        ("IMO number", "Unknown", "imo"),
        ("IMO number", "IMO98269\x002", "imo"),
        ("Date Designated", "31/06/2024", "listed_on"),
        ("Date Designated", "dd/mm/2024", "listed_on"),
        ("Date Designated", "July 2024", "listed_on"),
        ("Current believed flag of ship", "Tazmania", "flag"),
        ("Year Built", "built in 2019", "built_year"),
        ("Year Built", "99999", "built_year"),
    ],
)
def test_an_unreadable_field_is_left_out_and_named_once(
    column: str, text: str, field: str, read: Read
) -> None:
    row = KOROLEV | {column: text, "UK Statement of Reasons": ""}
    rows = read(uk_list(UK_PERSON, row, row | {"Name 6": "Galaxy"}))
    assert [getattr(e, field) for e in rows.entries] == [None]
    assert_junk(rows, (4, False, column))
    assert rows.junk[0].raw == text


@pytest.mark.parametrize(
    ("row", "reason"),
    [({"Unique ID": " "}, "Unique ID"), ({"Name 6": "", "IMO number": ""}, "no IMO number")],
)
def test_a_row_without_reference_or_ship_is_lost(
    row: dict[str, str], reason: str, read: Read
) -> None:
    rows = read(uk_list(KOROLEV | row, PETREL))
    assert [e.reference for e in rows.entries] == ["DPR0075"]
    assert_junk(rows, (3, True, reason))


def test_rows_of_another_width_are_lost_and_the_rest_is_read(read: Read) -> None:
    *top, petrel = uk_list(PETREL).splitlines()
    rows = read("\n".join([*top, petrel[:40], petrel + ",more", "", petrel]) + "\n")
    assert [e.line for e in rows.entries] == [6]
    assert_junk(rows, (3, True, "fields, expected 58"), (4, True, "59 fields, expected 58"))
