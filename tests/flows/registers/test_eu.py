"""The EU's lists: every ship with what the publisher has on it, and junk named with its line."""

from __future__ import annotations

from collections import Counter
from datetime import date

import duckdb
import pytest

from flows.home.resources import data_path, data_rows
from flows.lists.entry import Entry, as_table
from flows.publishers import eu
from tests.build.lists import (
    ANNEX_COLUMNS,
    APAR,
    FSF_OTHERS,
    FSF_ROWS,
    FSF_SHIP,
    Read,
    annexes,
    assert_junk,
    fsf_csv,
    fsf_xml,
    read_list,
)
from tests.conftest import ROOT

PUBLISHER = eu
ANNEX_XLII = ROOT.parent / "shared" / "data" / "registers" / "eu_32014R0833_annex_xlii.csv"
needs_annex = pytest.mark.skipif(not ANNEX_XLII.exists(), reason=f"{ANNEX_XLII} is not here")

COLUMNS_2026 = (
    "celex,recordId,programKey,annex,measure,startDate,reason,schema,name,alias,weakAlias,"
    "previousName,country,nationality,jurisdiction,birthDate,birthPlace,position,passportNumber,"
    "gender,appearance,ethnicity,fatherName,motherName,incorporationDate,legalForm,sector,"
    "registrationNumber,taxNumber,idNumber,innCode,ogrnCode,kppCode,okpoCode,leiCode,swiftBic,"
    "ticker,imoNumber,mmsi,flag,address,phone,email,website,notes"
).split(",")


# --- annexes ---


@needs_annex
def test_annex_xlii_gives_what_sql_reads_in_it() -> None:
    """The other side is DuckDB's own CSV reader, and a check digit in SQL."""
    query = """
        with printed as (
            select
                row_number() over () + 1 as line,
                'EU 833/2014' as link_source,
                'Regulation (EU) No 833/2014, Annex ' || annex || ', point ' || recordId
                    as reference,
                programKey as programme,
                case
                    when list_sum(
                        list_transform(range(1, 7), i -> (8 - i) * cast(imoNumber[i] as integer))
                    ) % 10 = cast(imoNumber[7] as integer) then cast(imoNumber as integer)
                end as imo,
                upper(trim(name)) as vessel_name,
                array_to_string(string_split(upper(previousName), '; '), '|') as former_names,
                cast(strptime(startDate, '%-d.%-m.%Y') as date) as listed_on,
                list_aggregate(
                    list_transform(
                        list_sort(list_distinct(
                            regexp_extract_all(reason, 'point \\(([a-g])\\)', 1)
                        )),
                        letter -> '3s(2)(' || letter || ')'
                    ),
                    'string_agg', ';'
                ) as ground
            from read_csv($source, header = true, all_varchar = true, quote = '"')
        ),
        taken as (
            select
                line, link_source, reference, programme, imo, vessel_name,
                nullif(array_to_string(former_names, '|'), '') as former_names, listed_on, ground
            from entry
        ),
        days as (select listed_on, count(*) as ships from printed group by all),
        days_taken as (select listed_on, count(*) as ships from taken group by all)
        select
            (select count(*) from printed),
            (select count(*) from taken),
            (select count(distinct imo) from printed),
            (select count(distinct imo) from taken),
            (select count(*) from (from printed except from taken)),
            (select count(*) from (from taken except from printed)),
            (select count(*) from (from days except from days_taken))
    """
    rows = read_list(eu, ANNEX_XLII)
    assert rows.junk == []
    with duckdb.connect() as con:
        con.register("entry", as_table(rows.entries))
        answer = con.execute(query, {"source": str(ANNEX_XLII)}).fetchone()
    printed, taken, hulls, hulls_taken, lost, added, days = answer
    assert (taken, hulls_taken) == (printed, hulls)
    assert (lost, added, days) == (0, 0, 0)


@needs_annex
def test_annex_xlii_gives_the_facts_of_the_bundled_register() -> None:
    bundled = Counter(
        (
            *(int(row["imo"]), row["vessel_name"], row["listed_on"]),
            *(row["programme"], row["reference"], row["reason_code"]),
        )
        for row in data_rows(data_path("registers", "eu_833_2014_annex_xlii.csv"))
        if row["listed_on"] <= "2026-04-24"  # later ones come from a later act
    )
    taken = Counter(
        (e.imo, e.vessel_name, str(e.listed_on), e.programme, e.reference, e.ground)
        for e in read_list(eu, ANNEX_XLII).entries
    )
    assert taken == bundled and taken.total() > 0


@pytest.mark.parametrize(
    "columns", [ANNEX_COLUMNS, COLUMNS_2026, [*reversed(ANNEX_COLUMNS), "more"]]
)
def test_annex_row_by_the_names_of_its_columns(columns: list[str], read: Read) -> None:
    assert read(annexes(APAR, columns=columns)) == (
        "eu-833-2014",
        None,
        [
            Entry(
                register="eu-833-2014",
                link_source="EU 833/2014",
                reference="Regulation (EU) No 833/2014, Annex XLII, point 7",
                programme="EU-RUS",
                imo=9402471,
                vessel_name="APAR",
                former_names=("FENG SHOU", "ANDROMEDA STAR"),
                listed_on=date(2024, 6, 25),
                ground="3s(2)(b)",
                line=2,
            )
        ],
    )


def test_rows_of_one_hull_are_entries_unless_only_the_measure_differs(read: Read) -> None:
    again = APAR | {"recordId": "300", "startDate": "21.5.2025"}
    rows = read(annexes(APAR, again, again | {"measure": "Asset freeze"}))
    assert [(e.imo, e.listed_on, e.line) for e in rows.entries] == [
        (9402471, date(2024, 6, 25), 2),
        (9402471, date(2025, 5, 21), 3),
    ]


def test_two_hulls_in_one_row_are_two_entries_without_its_mmsi(read: Read) -> None:
    row = APAR | {"imoNumber": "9402471; IMO 9179842", "mmsi": "273414440"}
    found = [(e.imo, e.mmsis, e.reference[-7:]) for e in read(annexes(row)).entries]
    assert found == [(9402471, (), "point 7"), (9179842, (), "point 7")]


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        (
            {"previousName": '"Feng; Shou"; APAR', "alias": "Feng Hua; Feng Hua"},
            "former_names",
            ("FENG; SHOU", "FENG HUA"),
        ),
        (
            {"recordId": "", "annex": "XLV.A"},
            "reference",
            "Regulation (EU) No 833/2014, Annex XLV.A",
        ),
        ({"imoNumber": ""}, "imo", None),
        *(
            ({"startDate": text}, "listed_on", date(2024, 6, 25))
            for text in (" 25.06.2024 ", "2024-06-25", "25 June 2024", "25 Jun. 2024")
        ),
    ],
)
def test_fields_of_an_annex_row(
    changes: dict[str, str], field: str, expected: object, read: Read
) -> None:
    rows = read(annexes(APAR | changes))
    assert [getattr(e, field) for e in rows.entries] == [expected]
    assert rows.junk == []


@pytest.mark.parametrize(
    ("celex", "link_source", "act"),
    [
        ("32012R0267", "EU 267/2012", "Regulation (EU) No 267/2012"),
        ("32015R0735", "EU 2015/735", "Regulation (EU) 2015/735"),
        ("32017R1509", "EU 2017/1509", "Regulation (EU) 2017/1509"),
        ("32006R0765", "EU 765/2006", "Regulation (EC) No 765/2006"),
        ("32010D0573", "EU 2010/573", "Decision 2010/573/CFSP"),
        ("32016D0849", "EU 2016/849", "Decision (CFSP) 2016/849"),
    ],
)
def test_ships_of_other_acts_make_another_register(
    celex: str, link_source: str, act: str, read: Read
) -> None:
    rows = read(annexes(APAR, APAR | {"celex": celex}))
    assert {rows.register, *(e.register for e in rows.entries)} == {"eu-journal"}
    assert [(e.link_source, e.reference) for e in rows.entries] == [
        ("EU 833/2014", "Regulation (EU) No 833/2014, Annex XLII, point 7"),
        (link_source, f"{act}, Annex XLII, point 7"),
    ]


def test_companies_of_other_acts_change_nothing(read: Read) -> None:
    company = APAR | {"celex": "32014R0269", "schema": "LegalEntity", "name": "Sovcomflot"}
    rows = read(annexes(company, APAR))
    assert rows.register == "eu-833-2014"
    assert [(e.vessel_name, e.line) for e in rows.entries] == [("APAR", 3)]
    assert read(annexes(company)) == ("eu-journal", None, [])


@pytest.mark.parametrize(
    ("column", "text", "field", "empty"),
    [
        ("imoNumber", "9402472", "imo", None),
        ("imoNumber", "see notes", "imo", None),
        ("imoNumber", "94024\x0071", "imo", None),
        ("mmsi", "Call sign", "mmsis", ()),
        ("mmsi", "002730000", "mmsis", ()),
        ("startDate", "31.6.2024", "listed_on", None),
        ("startDate", "2024-06", "listed_on", None),
        ("startDate", "soon", "listed_on", None),
        ("flag", "Atlantis", "flag", None),
    ],
)
def test_an_unreadable_field_is_left_out_and_named(
    column: str, text: str, field: str, empty: object, read: Read
) -> None:
    rows = read(annexes(APAR, APAR | {column: text, "recordId": "8"}))
    assert [getattr(e, field) for e in rows.entries][1:] == [empty]
    assert_junk(rows, (3, False, column))
    assert rows.junk[0].raw == text


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"celex": "833/2014"}, "celex"),
        ({"celex": ""}, "celex"),
        ({"name": "", "imoNumber": ""}, "no IMO number"),
    ],
)
def test_a_row_without_act_or_ship_is_lost(row: dict[str, str], reason: str, read: Read) -> None:
    rows = read(annexes(APAR | row, APAR))
    assert [e.line for e in rows.entries] == [3]
    assert_junk(rows, (2, True, reason))


def test_rows_of_another_width_are_lost_and_the_rest_is_read(read: Read) -> None:
    header, row = annexes(APAR).splitlines()
    rows = read("\n".join([header, row[: row.index("Apar")], row + ",,", "", row]) + "\n")
    assert [e.line for e in rows.entries] == [5]
    assert_junk(rows, (2, True, "fields, expected 15"), (3, True, "17 fields, expected 15"))


def test_an_open_quote_does_not_cost_the_whole_file(read: Read) -> None:
    header, row, *others = annexes(*[APAR | {"recordId": str(n)} for n in range(9)]).splitlines()
    rows = read("\n".join([header, row.replace("Apar", '"Apar'), *others]) + "\n")
    assert_junk(rows, (2, True, "18 fields"))
    assert len(rows.entries) == 7


# --- the consolidated list ---

NEW_KONK = Entry(
    register="eu-consolidated",
    link_source="EU consolidated list",
    reference="EU.9000.1",
    programme="PRK",
    imo=9036387,
    vessel_name="NEW KONK",
    former_names=("뉴 콘크",),
    listed_on=date(2022, 12, 12),
)
ENTERPRISE = 'code="enterprise" classificationCode="E"'
PERSON = {"Entity_SubjectType": "P", "Entity_SubjectType_ClassificationCode": "person"}


def test_xml_and_csv_give_the_ship_and_neither_person_nor_company(read: Read) -> None:
    text = fsf_xml(FSF_OTHERS, FSF_SHIP)
    line = text[: text.index('<sanctionEntity designationDate="2022')].count("\n") + 1
    for content, at in ((text, line), (fsf_csv(*FSF_ROWS), 2)):
        assert read(content) == ("eu-consolidated", date(2026, 8, 5), [NEW_KONK._replace(line=at)])
    assert read(fsf_csv(*(row | PERSON for row in FSF_ROWS))).rows == []
    person = FSF_SHIP.replace(ENTERPRISE, 'code="person" classificationCode="P"')
    assert read(fsf_xml(person)).rows == []


def test_a_ship_under_two_programmes_is_two_entries(read: Read) -> None:
    subject = FSF_SHIP.replace("<subjectType", '<regulation programme=" IRN "/><subjectType')
    found = [(e.imo, e.programme, e.reference) for e in read(fsf_xml(subject)).entries]
    assert found == [(9036387, "PRK", "EU.9000.1"), (9036387, "IRN", "EU.9000.1")]


@pytest.mark.parametrize(
    ("number", "reason"),
    [("9036389", "neither"), ("unknown", "neither"), ("9123506", "may be")],
    ids=["wrong check digit", "text", "right for a ship and for a company"],
)
def test_a_number_that_is_not_clearly_a_ships_is_junk(number: str, reason: str, read: Read) -> None:
    for content in (
        fsf_xml(FSF_SHIP.replace("9036387", number)),
        fsf_csv(FSF_ROWS[3] | {"Identification_Number": number}),
    ):
        (lost,) = read(content).junk
        assert (lost.is_whole, lost.raw, reason in lost.reason) == (True, number, True)


def test_dates_and_references_of_the_consolidated_list(read: Read) -> None:
    """The day of the last amendment is no listing date."""
    undated = read(fsf_xml(FSF_SHIP.replace('designationDate="2022-12-12"', "")))
    assert [e.listed_on for e in undated.entries] == [None] and undated.junk == []
    unreadable = read(fsf_xml(FSF_SHIP.replace("2022-12-12", "2022-13-12")))
    assert [e.listed_on for e in unreadable.entries] == [None]
    assert [(j.raw, j.is_whole) for j in unreadable.junk] == [("2022-13-12", False)]
    assert_junk(read(fsf_xml(FSF_SHIP.replace("EU.9000.1", ""))), (3, True, "no EU reference"))
    assert_junk(read(fsf_csv(FSF_ROWS[3] | {"Entity_LogicalId": ""})), (2, True, "LogicalId"))


KINDS = [
    f'code="{kind}" classificationCode="{kind[0].upper()}"' for kind in ("vessel", "ship", "other")
]
TYPE, DESCRIPTION = 'TypeCode="imo"', 'Description="IMO (vessel identification)"'
OTHER_TYPE = FSF_SHIP.replace(DESCRIPTION, 'Description="other"')
CSV_SHIP = [row for row in FSF_ROWS if row["Entity_LogicalId"] == "150000"]
SAME_SHIP = [
    *(fsf_xml(FSF_SHIP.replace(ENTERPRISE, kind)) for kind in (*KINDS, "")),
    *(
        fsf_csv(*(row | dict(zip(PERSON, kinds, strict=True)) for row in CSV_SHIP))
        for kinds in (("V", "vessel"), ("vessel", "V"), ("O", "other"))
    ),
    *(
        fsf_xml(OTHER_TYPE.replace(TYPE, f'TypeCode="{code}"'))
        for code in ("IMO", "imo", "imo-number", "ІМО")
    ),
]


@pytest.mark.parametrize("content", SAME_SHIP)
def test_a_number_of_kind_imo_makes_a_ship_of_any_subject(content: str, read: Read) -> None:
    rows = read(content)
    assert rows.facts() == [NEW_KONK] and rows.junk == []


def test_a_vessel_without_a_number_has_its_name(read: Read) -> None:
    vessel = FSF_SHIP.replace(ENTERPRISE, 'code="vessel"').replace('number="9036387"', 'number=""')
    found = [(e.imo, e.vessel_name) for e in read(fsf_xml(vessel)).entries]
    assert found == [(None, "NEW KONK")]


@pytest.mark.parametrize(
    ("generated", "day"),
    [
        ("2026-04-16T00:12:04.000+02:00", date(2026, 4, 16)),
        ("2026-04-15T22:12:04Z", date(2026, 4, 16)),
        ("2026-01-15T22:30:00Z", date(2026, 1, 15)),
        ("2026-04-16", date(2026, 4, 16)),
        ("yesterday", None),
    ],
)
def test_the_day_of_the_consolidated_list_is_that_in_brussels(
    generated: str, day: date | None, read: Read
) -> None:
    assert read(fsf_xml(FSF_SHIP, generated=generated)).published_on == day


def test_a_doctype_and_an_unknown_encoding_are_refused(read: Read) -> None:
    entity = '<!DOCTYPE export [<!ENTITY a "New Konk">]>'
    text = fsf_xml(FSF_SHIP).replace("<export", f"{entity}\n<export").replace("New Konk", "&a;")
    assert_junk(read(text), (2, True, "DOCTYPE"))
    unknown = read(fsf_xml(FSF_SHIP).replace("UTF-8", "KLINGON"))
    assert [j.is_whole for j in unknown.junk] == [True] and unknown.entries == []
