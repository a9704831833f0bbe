"""The UK sanctions list: an entry for each ship and regime, from many rows; junk with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.lists.entry import Entry, Junk
from flows.publishers.uk import open_list

# The header as published in September and October 2026.
COLUMNS = (
    *("Last Updated", "Unique ID", "OFSI Group ID", "UN Reference Number", "Name 6", "Name 1"),
    *("Name 2", "Name 3", "Name 4", "Name 5", "Name type", "Alias strength", "Title"),
    *("Name non-latin script", "Non-latin script type", "Non-latin script language"),
    *("Regime Name", "Designation Type", "Designation source", "Sanctions Imposed"),
    *("Other Information", "UK Statement of Reasons", "Address Line 1", "Address Line 2"),
    *("Address Line 3", "Address Line 4", "Address Line 5", "Address Line 6"),
    *("Address Postal Code", "Address Country", "Phone number", "Website", "Email address"),
    *("Date Designated", "D.O.B", "Nationality(/ies)", "National Identifier number"),
    *("National Identifier additional information", "Passport number"),
    *("Passport additional information", "Position", "Gender", "Town of birth"),
    *("Country of birth", "Type of entity", "Subsidiaries", "Parent company"),
    *("Business registration number (s)", "IMO number", "Current owner/operator (s)"),
    *("Previous owner/operator (s)", "Current believed flag of ship", "Previous flags"),
    *("Type of ship", "Tonnage of ship", "Length of ship", "Year Built"),
    "Hull identification number (HIN)",
)
RUSSIA = "The Russia (Sanctions) (EU Exit) Regulations 2019"
KOREA = "The Democratic People's Republic of Korea (Sanctions) (EU Exit) Regulations 2019"
SHIPPING = "Shipping sanctions: (see 'Other information')"

KOROLEV = {
    "Last Updated": "10/02/2026",
    "Unique ID": "RUS2176",
    "Name 6": "Korolev Prospect",
    "Name type": "Primary Name",
    "Regime Name": RUSSIA,
    "Designation Type": "Ship",
    "Designation source": "UK",
    "Sanctions Imposed": f"{SHIPPING}|{SHIPPING}",
    "UK Statement of Reasons": 'KOROLEV PROSPECT carries oil, "Namely",\nfrom Russia.',
    "Date Designated": "31/07/2024",
    "IMO number": "IMO9826902",
    "Current owner/operator (s)": "Stream Ship Management FZCO",
    "Current believed flag of ship": "Gabon",
    "Type of ship": "Oil Tanker",
    "Tonnage of ship": "65000",
    "Year Built": "2019",
}
PETREL = {
    "Last Updated": "18/12/2021",
    "Unique ID": "DPR0075",
    "Name 6": "Petrel 8",
    "Name type": "Primary name",
    "Regime Name": KOREA,
    "Designation Type": "Ship",
    "Designation source": "UN",
    "Sanctions Imposed": "De-flag|Prohibition of port entry",
    "Date Designated": "03/10/2017",
    "IMO number": "IMO9562233",
    "Current believed flag of ship": "Comoros",
    "Type of ship": "Bulk Carrier",
}
PERSON = {
    "Unique ID": "RUS0251",
    "Name 1": "Vladimir",
    "Name 6": "PUTIN",
    "Name type": "Primary Name",
    "Regime Name": RUSSIA,
    "Designation Type": "Individual",
    "Date Designated": "25/02/2022",
}
COMPANY = PERSON | {"Unique ID": "RUS9998", "Designation Type": "Entity", "IMO number": "5342883"}

Written = Callable[[str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A file that holds a content, under a name that says nothing."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "list.bin"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def published(
    *rows: dict[str, str],
    columns: Iterable[str] = COLUMNS,
    first: str = "Report Date: 21-Sep-2026\n",
) -> str:
    out = io.StringIO()
    out.write(first)
    writer = csv.DictWriter(out, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(path: Path) -> list[Entry | Junk]:
    found = open_list(path)
    assert found is not None
    return list(found.rows)


def entries(rows: Iterable[Entry | Junk]) -> list[Entry]:
    return [row for row in rows if isinstance(row, Entry)]


def junk(rows: Iterable[Entry | Junk]) -> list[Junk]:
    return [row for row in rows if isinstance(row, Junk)]


def test_a_ship_as_it_is_published(written: Written) -> None:
    found = open_list(written(published(PERSON, COMPANY, KOROLEV)))
    assert found is not None
    assert (found.register, found.published_on) == ("uk-sanctions", date(2026, 9, 21))
    assert list(found.rows) == [
        Entry(
            register="uk-sanctions",
            link_source="UK sanctions list",
            reference="RUS2176",
            programme=RUSSIA,
            imo=9826902,
            vessel_name="KOROLEV PROSPECT",
            flag="GA",
            vessel_type="Oil Tanker",
            built_year=2019,
            listed_on=date(2024, 7, 31),
            ground="Shipping sanctions",
            line=5,
        )
    ]


def test_rows_of_an_entry_that_stand_apart_are_one_entry(written: Written) -> None:
    rows = read(
        written(
            published(
                KOROLEV | {"Name 6": "Galaxy", "Name type": "ALias"},
                PETREL,
                KOROLEV | {"Name 6": "", "Name type": "", "Address Country": "UAE"},
                KOROLEV,
                KOROLEV | {"Name 6": "KOROLYOV  PROSPECT", "Name type": "Primary Name Variation"},
                KOROLEV | {"IMO number": "9826902"},
            )
        )
    )
    assert junk(rows) == []
    assert [(e.reference, e.vessel_name, e.former_names) for e in entries(rows)] == [
        ("RUS2176", "KOROLEV PROSPECT", ("GALAXY", "KOROLYOV PROSPECT")),
        ("DPR0075", "PETREL 8", ()),
    ]
    assert [e.line for e in entries(rows)] == [3, 5]  # the reasons of the first take two lines


def test_a_ship_without_a_primary_name_has_its_first(written: Written) -> None:
    other = KOROLEV | {"Name 6": "Galaxy", "Name type": "Alias"}
    (entry,) = entries(read(written(published(KOROLEV | {"Name type": "Alias"}, other))))
    assert (entry.vessel_name, entry.former_names) == ("KOROLEV PROSPECT", ("GALAXY",))


def test_a_ship_under_two_regimes_is_two_entries_each_with_its_day(written: Written) -> None:
    later = KOROLEV | {
        "Regime Name": KOREA,
        "Date Designated": "09/05/2025",
        "Sanctions Imposed": "Asset freeze",
    }
    rows = entries(read(written(published(KOROLEV, later))))
    assert [(e.reference, e.imo, e.programme, e.listed_on, e.ground) for e in rows] == [
        ("RUS2176", 9826902, RUSSIA, date(2024, 7, 31), "Shipping sanctions"),
        ("RUS2176", 9826902, KOREA, date(2025, 5, 9), "Asset freeze"),
    ]


def test_of_two_days_of_one_regime_the_first_counts(written: Written) -> None:
    rows = entries(read(written(published(KOROLEV, KOROLEV | {"Date Designated": "13/06/2024"}))))
    assert [e.listed_on for e in rows] == [date(2024, 6, 13)]


def test_two_hulls_of_one_entry_are_two_entries(written: Written) -> None:
    rows = entries(read(written(published(KOROLEV, KOROLEV | {"IMO number": "IMO 9402471"}))))
    assert [(e.reference, e.imo) for e in rows] == [("RUS2176", 9826902), ("RUS2176", 9402471)]


def test_the_day_of_the_last_update_is_no_day_of_listing(written: Written) -> None:
    rows = read(written(published(KOROLEV | {"Date Designated": ""})))
    assert [e.listed_on for e in entries(rows)] == [None]
    assert junk(rows) == []


@pytest.mark.parametrize("kind", ["Tug", "General Cargo / Multi Purpose", "Bulk Carrier", "Other"])
def test_ships_of_every_kind_come_through_as_printed(kind: str, written: Written) -> None:
    rows = entries(read(written(published(PETREL | {"Type of ship": f" {kind} "}))))
    assert [(e.imo, e.vessel_type) for e in rows] == [(9562233, kind)]


def test_measures_are_short_at_most_80_characters(written: Written) -> None:
    measures = "|".join(f"Measure number {n}" for n in range(20))
    rows = entries(read(written(published(PETREL, KOROLEV | {"Sanctions Imposed": measures}))))
    assert rows[0].ground == "De-flag;Prohibition of port entry"
    assert rows[1].ground == measures.replace("|", ";")[:80]


@pytest.mark.parametrize(
    "columns",
    [
        [*reversed(COLUMNS)],
        ["New", *COLUMNS, "Newer"],
        [name for name in COLUMNS if name not in ("Length of ship", "Passport number")],
    ],
    ids=["another order", "more", "fewer"],
)
def test_columns_are_found_by_name(columns: list[str], written: Written) -> None:
    row = {name: text for name, text in KOROLEV.items() if name in columns}
    plain = entries(read(written(published(KOROLEV))))
    assert entries(read(written(published(row, columns=columns)))) == plain


def test_an_older_copy_with_another_name_for_the_type(written: Written) -> None:
    older = "Individual, Entity, Ship"
    columns = [older if name == "Designation Type" else name for name in COLUMNS]
    ship, person = (
        {older if name == "Designation Type" else name: text for name, text in row.items()}
        for row in (KOROLEV, PERSON)
    )
    rows = entries(read(written(published(person, ship, columns=columns))))
    assert [e.reference for e in rows] == ["RUS2176"]


@pytest.mark.parametrize(
    ("first", "day"),
    [
        ("Report Date: 21-Sep-2026\n", date(2026, 9, 21)),
        ("Report Date: 21-Sep-2026,,,\n", date(2026, 9, 21)),
        ("Report Date: 21/09/2026\n\n", date(2026, 9, 21)),
        ("Report Date: 31-Feb-2026\n", None),
        ("Report Date:\n", None),
        ("", None),
    ],
)
def test_report_date(first: str, day: date | None, written: Written) -> None:
    found = open_list(written(published(KOROLEV, first=first)))
    assert found is not None
    assert found.published_on == day
    assert [e.imo for e in entries(found.rows)] == [9826902]


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
def test_a_field_that_says_nothing_is_left_out_and_named(
    column: str, text: str, field: str, written: Written
) -> None:
    row = KOROLEV | {column: text, "UK Statement of Reasons": ""}
    rows = read(written(published(PERSON, row, row | {"Name 6": "Galaxy"})))
    assert [getattr(e, field) for e in entries(rows)] == [None]
    (left_out,) = junk(rows)
    assert (left_out.line, left_out.raw, left_out.is_whole) == (4, text, False)
    assert left_out.reason.startswith(column)


def test_na_and_a_time_after_the_day(written: Written) -> None:
    """Older copies have N/A in every cell that is empty, and a time after each day."""
    row = dict.fromkeys(COLUMNS, "N/A") | KOROLEV | {"Date Designated": "31/07/2024 00:00:00"}
    plain, found = (read(written(published(one))) for one in (KOROLEV, row))
    assert entries(found) == entries(plain) and junk(found) == []


@pytest.mark.parametrize("kind", ["Ship", "", "N/A"])
def test_rows_of_other_names_belong_to_their_ship(kind: str, written: Written) -> None:
    alias = {
        **{"Unique ID": KOROLEV["Unique ID"], "Name 6": "Galaxy", "Name type": "Alias"},
        **{"Designation Type": kind, "IMO number": "N/A", "Date Designated": "N/A"},
    }
    rows = read(written(published(KOROLEV, alias, PERSON | {"Designation Type": ""})))
    assert [(e.vessel_name, e.former_names) for e in entries(rows)] == [
        ("KOROLEV PROSPECT", ("GALAXY",))
    ]
    assert junk(rows) == []


def test_a_ship_known_by_name_only_is_an_entry(written: Written) -> None:
    rows = read(written(published(KOROLEV | {"IMO number": ""})))
    assert [(e.imo, e.vessel_name) for e in rows if isinstance(e, Entry)] == [
        (None, "KOROLEV PROSPECT")
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [({"Unique ID": " "}, "Unique ID"), ({"Name 6": "", "IMO number": ""}, "no IMO number")],
    ids=["no reference", "nothing that names a ship"],
)
def test_a_row_without_reference_or_ship_is_lost(
    row: dict[str, str], reason: str, written: Written
) -> None:
    rows = read(written(published(KOROLEV | row, PETREL)))
    assert [e.reference for e in entries(rows)] == ["DPR0075"]
    assert [(j.line, j.is_whole, reason in j.reason) for j in junk(rows)] == [(3, True, True)]


def test_rows_of_another_width_are_lost_and_the_rest_is_read(written: Written) -> None:
    *top, petrel = published(PETREL).splitlines()
    lines = [*top, petrel[:40], petrel + ",more", "", petrel]
    rows = read(written("\n".join(lines) + "\n"))
    assert [e.line for e in entries(rows)] == [6]
    assert [(j.line, j.is_whole, "cut" in j.reason) for j in junk(rows)] == [
        (3, True, False),
        (4, True, False),
    ]


@pytest.mark.parametrize("at", ["Namely", "IMO98"], ids=["in a quoted text", "in a number"])
def test_a_cut_file_gives_what_stands_before_the_cut(at: str, written: Written) -> None:
    text = published(PETREL, KOROLEV)
    rows = read(written(text[: text.rindex(at) + 2]))
    assert [e.reference for e in entries(rows)] == ["DPR0075"]
    (cut,) = junk(rows)
    assert (cut.line, cut.is_whole, "the file is cut" in cut.reason) == (4, True, True)


@pytest.mark.parametrize(
    "dressed",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.removesuffix("\n").encode(),
    ],
    ids=["BOM", "CRLF", "no last line end"],
)
def test_dress_of_a_file_changes_nothing(dressed: Callable[[str], bytes], written: Written) -> None:
    text = published(KOROLEV, PETREL)
    plain = read(written(text))
    assert len(entries(plain)) == 2
    assert read(written(dressed(text))) == plain


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 5000,
        b"Report Date: 21-Sep-2026\n",
        b"Last Updated,02/02/2026\nName 6,Name 1,Name 2,Group Type,Alias Type,Regime,Group ID\n",
        b"celex,recordId,programKey,annex,startDate,reason,schema,name,imoNumber\n",
        b"imo,ofac,uk,eu\n9402471,True,False,False\n",
        b"<Designations><Designation/></Designations>",
    ],
    ids=["empty", "NUL", "no header", "closed OFSI list", "EU", "table", "XML"],
)
def test_other_files_are_not_the_uk_list(content: bytes, written: Written) -> None:
    assert open_list(written(content)) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    at=st.floats(0, 1),
    length=st.integers(0, 60),
    noise=st.binary(max_size=40) | st.sampled_from([b'"', b"\x00", b"\r", b"\n", b","]),
)
def test_no_content_is_an_error(at: float, length: int, noise: bytes, tmp_path: Path) -> None:
    content = published(KOROLEV, PERSON, PETREL).encode()
    start = int(at * len(content))
    path = tmp_path / "list"
    path.write_bytes(content[:start] + noise + content[start + length :])
    found = open_list(path)
    for row in found.rows if found is not None else ():
        assert row.line > 0
        if isinstance(row, Junk):
            assert row.reason
            assert len(row.raw) <= 200
