"""The EU's lists: every ship with what the publisher says of it, and junk named with its line."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.lists.entry import Entry, Junk, as_table
from flows.publishers.eu import open_list

ROOT = Path(__file__).parents[3]
BUNDLED = ROOT / "data" / "registers" / "eu_833_2014_annex_xlii.csv"
SHARED = ROOT.parent / "shared" / "data" / "registers"
ANNEX_XLII = SHARED / "eu_32014R0833_annex_xlii.csv"

# The layout of the file above, and that of 2026, which has columns more.
OLD_COLUMNS = (
    "celex,recordId,programKey,annex,measure,startDate,reason,schema,name,alias,previousName,"
    "imoNumber,mmsi,flag,notes"
).split(",")
NEW_COLUMNS = (
    "celex,recordId,programKey,annex,measure,startDate,reason,schema,name,alias,weakAlias,"
    "previousName,country,nationality,jurisdiction,birthDate,birthPlace,position,passportNumber,"
    "gender,appearance,ethnicity,fatherName,motherName,incorporationDate,legalForm,sector,"
    "registrationNumber,taxNumber,idNumber,innCode,ogrnCode,kppCode,okpoCode,leiCode,swiftBic,"
    "ticker,imoNumber,mmsi,flag,address,phone,email,website,notes"
).split(",")

APAR = {
    "celex": "32014R0833",
    "recordId": "7",
    "programKey": "EU-RUS",
    "annex": "XLII",
    "startDate": "25.6.2024",
    "reason": "Article 3s(2), point (b): transport crude oil",
    "schema": "Vessel",
    "name": "Apar",
    "previousName": "Feng Shou; Andromeda Star",
    "imoNumber": "9402471",
}

SHIPS = [APAR | {"recordId": str(point)} for point in range(7, 3000)]

Written = Callable[[str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A file that holds a content, under a name that says nothing."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "list.bin"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def annexes(*rows: dict[str, str], columns: list[str] = OLD_COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
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


# --- annexes ---


@pytest.mark.skipif(not ANNEX_XLII.exists(), reason=f"{ANNEX_XLII} is not here")
def test_annex_xlii_gives_what_sql_reads_in_it() -> None:
    """The other side is read anew: by DuckDB, with its own CSV reader and its own check digit."""
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
    rows = read(ANNEX_XLII)
    assert junk(rows) == []
    with duckdb.connect() as con:
        con.register("entry", as_table(entries(rows)))
        answer = con.execute(query, {"source": str(ANNEX_XLII)}).fetchone()
    printed, taken, hulls, hulls_taken, lost, added, days = answer
    assert (taken, hulls_taken) == (printed, hulls)
    assert (lost, added, days) == (0, 0, 0)


@pytest.mark.skipif(not ANNEX_XLII.exists(), reason=f"{ANNEX_XLII} is not here")
def test_annex_xlii_gives_the_facts_of_the_bundled_register() -> None:
    with BUNDLED.open(encoding="utf-8", newline="") as lines:
        bundled = Counter(
            (
                *(int(row["imo"]), row["vessel_name"], row["listed_on"]),
                *(row["programme"], row["reference"], row["reason_code"]),
            )
            for row in csv.DictReader(lines)
            if row["listed_on"] <= "2026-04-24"  # later ones come from a later act
        )
    taken = Counter(
        (e.imo, e.vessel_name, str(e.listed_on), e.programme, e.reference, e.ground)
        for e in entries(read(ANNEX_XLII))
    )
    assert taken == bundled
    assert taken.total() > 0


@pytest.mark.parametrize("columns", [OLD_COLUMNS, NEW_COLUMNS, [*reversed(OLD_COLUMNS), "more"]])
def test_annex_row_by_the_names_of_its_columns(columns: list[str], written: Written) -> None:
    path = written(annexes(APAR, columns=columns))
    found = open_list(path)
    assert found is not None
    assert (found.register, found.published_on) == ("eu-833-2014", None)
    assert list(found.rows) == [
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
    ]


def test_two_rows_of_one_hull_are_two_entries(written: Written) -> None:
    again = APAR | {"recordId": "300", "startDate": "21.5.2025"}
    rows = entries(read(written(annexes(APAR, again))))
    assert [(e.imo, e.listed_on, e.line) for e in rows] == [
        (9402471, date(2024, 6, 25), 2),
        (9402471, date(2025, 5, 21), 3),
    ]


def test_a_row_for_each_measure_is_one_entry(written: Written) -> None:
    rows = [APAR | {"measure": measure} for measure in ("Financial restrictions", "Asset freeze")]
    assert [e.line for e in entries(read(written(annexes(*rows))))] == [2]


def test_two_hulls_in_one_row_are_two_entries_and_neither_has_its_mmsi(written: Written) -> None:
    row = APAR | {"imoNumber": "9402471; IMO 9179842", "mmsi": "273414440"}
    rows = entries(read(written(annexes(row))))
    assert [(e.imo, e.mmsis, e.reference == rows[0].reference) for e in rows] == [
        (9402471, (), True),
        (9179842, (), True),
    ]


def test_other_names_are_the_previous_ones_and_the_aliases(written: Written) -> None:
    row = APAR | {"previousName": '"Feng; Shou"; APAR', "alias": "Feng Hua; Feng Hua"}
    assert entries(read(written(annexes(row))))[0].former_names == ("FENG; SHOU", "FENG HUA")


@pytest.mark.parametrize(
    ("celex", "link_source", "reference"),
    [
        ("32012R0267", "EU 267/2012", "Regulation (EU) No 267/2012, Annex XLII, point 7"),
        ("32015R0735", "EU 2015/735", "Regulation (EU) 2015/735, Annex XLII, point 7"),
        ("32017R1509", "EU 2017/1509", "Regulation (EU) 2017/1509, Annex XLII, point 7"),
        ("32006R0765", "EU 765/2006", "Regulation (EC) No 765/2006, Annex XLII, point 7"),
        ("32010D0573", "EU 2010/573", "Decision 2010/573/CFSP, Annex XLII, point 7"),
        ("32016D0849", "EU 2016/849", "Decision (CFSP) 2016/849, Annex XLII, point 7"),
    ],
)
def test_ships_of_other_acts_make_another_register(
    celex: str, link_source: str, reference: str, written: Written
) -> None:
    found = open_list(written(annexes(APAR, APAR | {"celex": celex})))
    assert found is not None
    assert found.register == "eu-journal"
    rows = entries(found.rows)
    assert [e.register for e in rows] == ["eu-journal", "eu-journal"]
    assert rows[0].link_source == "EU 833/2014"
    assert (rows[1].link_source, rows[1].reference) == (link_source, reference)


def test_companies_of_other_acts_change_nothing(written: Written) -> None:
    company = APAR | {"celex": "32014R0269", "schema": "LegalEntity", "name": "Sovcomflot"}
    found = open_list(written(annexes(company, APAR)))
    assert found is not None
    assert found.register == "eu-833-2014"
    assert [(e.vessel_name, e.line) for e in found.rows] == [("APAR", 3)]


def test_a_table_without_a_ship_does_not_pass_for_annex_xlii(written: Written) -> None:
    found = open_list(written(annexes(APAR | {"schema": "Person"})))
    assert found is not None
    assert (found.register, list(found.rows)) == ("eu-journal", [])


def test_an_entry_that_the_journal_does_not_number_keeps_its_annex(written: Written) -> None:
    rows = entries(read(written(annexes(APAR | {"recordId": "", "annex": "XLV.A"}))))
    assert rows[0].reference == "Regulation (EU) No 833/2014, Annex XLV.A"


@pytest.mark.parametrize(
    "text", ["25.6.2024", " 25.06.2024 ", "2024-06-25", "25 June 2024", "25 Jun. 2024"]
)
def test_shapes_of_a_day(text: str, written: Written) -> None:
    rows = read(written(annexes(APAR | {"startDate": text})))
    assert [e.listed_on for e in entries(rows)] == [date(2024, 6, 25)]
    assert junk(rows) == []


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
def test_a_field_that_says_nothing_is_left_out_and_named(
    column: str, text: str, field: str, empty: object, written: Written
) -> None:
    rows = read(written(annexes(APAR, APAR | {column: text, "recordId": "8"})))
    assert [getattr(e, field) for e in entries(rows)][1:] == [empty]
    assert [e.reference[-7:] for e in entries(rows)] == ["point 7", "point 8"]
    (left_out,) = junk(rows)
    assert (left_out.line, left_out.is_whole) == (3, False)
    assert left_out.reason.startswith(column)
    assert left_out.raw == text


def test_a_ship_known_by_name_only_is_an_entry(written: Written) -> None:
    rows = read(written(annexes(APAR | {"imoNumber": ""})))
    assert [(e.imo, e.vessel_name) for e in entries(rows)] == [(None, "APAR")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"celex": "833/2014"}, "celex"),
        ({"celex": ""}, "celex"),
        ({"name": "", "imoNumber": ""}, "no IMO number"),
    ],
    ids=["no celex number", "no act", "nothing that names a ship"],
)
def test_a_row_that_names_no_act_or_no_ship_is_lost(
    row: dict[str, str], reason: str, written: Written
) -> None:
    rows = read(written(annexes(APAR | row, APAR)))
    assert [e.line for e in entries(rows)] == [3]
    assert [(j.line, j.is_whole) for j in junk(rows)] == [(2, True)]
    assert junk(rows)[0].reason.startswith(reason)


def test_rows_of_another_width_are_lost_and_the_rest_is_read(written: Written) -> None:
    text = annexes(*SHIPS[:3])
    header, first, second, third = text.splitlines()
    lines = [header, first[: first.index("Apar")], second + ",,", "", third]
    rows = read(written("\n".join(lines) + "\n"))
    assert [e.line for e in entries(rows)] == [5]
    assert [(j.line, j.is_whole, "cut" in j.reason) for j in junk(rows)] == [
        (2, True, False),
        (3, True, False),
    ]


@pytest.mark.parametrize("at", ["9402471", "transport"], ids=["in a number", "in a quoted text"])
def test_a_cut_file_gives_what_stands_before_the_cut(at: str, written: Written) -> None:
    text = annexes(*SHIPS[:2])
    rows = read(written(text[: text.rindex(at) + 3]))
    assert [e.line for e in entries(rows)] == [2]
    (cut,) = junk(rows)
    assert (cut.line, cut.is_whole) == (3, True)
    assert "the file is cut" in cut.reason


def test_a_quote_that_is_never_closed_does_not_cost_the_whole_file(written: Written) -> None:
    header, row, *others = annexes(*SHIPS).splitlines()
    lines = [header, row.replace("Apar", '"Apar'), *others]
    rows = read(written("\n".join(lines) + "\n"))
    assert any(j.is_whole and j.line == 2 for j in junk(rows))
    assert len(entries(rows)) > 0


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
    text = annexes(*SHIPS[:2])
    plain = read(written(text))
    assert len(entries(plain)) == 2
    assert read(written(dressed(text))) == plain


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 5000,
        b"\xff\xd8\xff\xe0 JFIF",
        b"imo,ofac,uk,eu\n9402471,True,False,False\n",
        b"amendedCelex,amendmentCelex,recordId,programKey,annex,measure,startDate,reason,schema,"
        b"name,imoNumber\n32014R0833,32026R1941,1,EU-RUS,XLII,,,,Vessel,Apar,9402471\n",
        b"<html><body>404</body></html>",
        b'<?xml version="1.0"?><sdnList><sdnEntry/></sdnList>',
        b"Report Date: 21-Sep-2026\nLast Updated,Unique ID\n",
    ],
    ids=["empty", "NUL", "picture", "table", "amending act", "page", "OFAC", "UK"],
)
def test_other_files_are_not_an_eu_list(content: bytes, written: Written) -> None:
    assert open_list(written(content)) is None


# --- the consolidated list ---

PERSON = """
    <sanctionEntity designationDate="2014-03-17" unitedNationId="" euReferenceNumber="EU.2797.3"
        logicalId="7300">
        <regulation regulationType="amendment" programme="UKR"/>
        <subjectType code="person" classificationCode="P"/>
        <nameAlias wholeName="Anatoliy Alekseevich SIDOROV" nameLanguage="" strong="true"/>
        <identification number="9402471" identificationTypeCode="imo"/>
    </sanctionEntity>"""

# The number is the company's own (5342883), and the remark speaks of a vessel.
COMPANY = """
    <sanctionEntity designationDate="2016-03-02" unitedNationId="" euReferenceNumber="EU.4198.83"
        logicalId="107840">
        <remark>Through its vessel, the Chong Chon Gang (IMO 7937317), imported arms.</remark>
        <regulation regulationType="amendment" programme="PRK" entryIntoForceDate="2022-09-13"/>
        <subjectType code="enterprise" classificationCode="E"/>
        <nameAlias wholeName="Chongchongang Shipping Company" nameLanguage="EN" strong="true"/>
        <identification number="5342883" identificationTypeCode="imo"
            identificationTypeDescription="IMO (vessel identification)"/>
    </sanctionEntity>"""

SHIP = """
    <sanctionEntity designationDate="2022-12-12" unitedNationId="" euReferenceNumber="EU.9000.1"
        logicalId="150000">
        <regulation regulationType="amendment" programme="PRK" publicationDate="2024-05-31"
            entryIntoForceDate="2024-05-31" numberTitle="2024/1604 (OJ L)" logicalId="1">
            <publicationUrl>https://eur-lex.europa.eu/</publicationUrl>
        </regulation>
        <subjectType code="enterprise" classificationCode="E"/>
        <nameAlias wholeName="뉴 콘크" nameLanguage="KO" strong="true"/>
        <nameAlias wholeName="New Konk" nameLanguage="EN" strong="true"/>
        <nameAlias wholeName="New  Konk" nameLanguage="" strong="true"/>
        <identification number="9036387" identificationTypeCode="imo"
            identificationTypeDescription="IMO (vessel identification)" countryIso2Code="00"/>
        <identification number="9402471" identificationTypeCode="regnumber"/>
    </sanctionEntity>"""

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


def as_xml(*subjects: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<export xmlns="http://eu.europa.ec/fpi/fsd/export" '
        'generationDate="2026-08-05T16:47:04.449+02:00" globalFileId="184961">'
        f"{''.join(subjects)}\n</export>\n"
    )


FSF_COLUMNS = (
    "fileGenerationDate;Entity_LogicalId;Entity_EU_ReferenceNumber;Entity_UnitedNationId;"
    "Entity_DesignationDate;Entity_DesignationDetails;Entity_Remark;Entity_SubjectType;"
    "Entity_SubjectType_ClassificationCode;Entity_Regulation_Type;"
    "Entity_Regulation_PublicationDate;Entity_Regulation_EntryIntoForceDate;"
    "Entity_Regulation_Programme;NameAlias_WholeName;NameAlias_NameLanguage;NameAlias_Remark;"
    "Identification_Number;Identification_TypeCode;Identification_TypeDescription"
).split(";")

CSV_SHIP = {
    "fileGenerationDate": "05/08/2026",
    "Entity_LogicalId": "150000",
    "Entity_EU_ReferenceNumber": "EU.9000.1",
    "Entity_DesignationDate": "2022-12-12",
    "Entity_SubjectType": "E",
    "Entity_SubjectType_ClassificationCode": "enterprise",
    "Entity_Regulation_PublicationDate": "2024-05-31",
    "Entity_Regulation_EntryIntoForceDate": "2024-05-31",
    "Entity_Regulation_Programme": "PRK",
}
CSV_COMPANY = CSV_SHIP | {
    "Entity_LogicalId": "107840",
    "Entity_EU_ReferenceNumber": "EU.4198.83",
    "Entity_Remark": "Through its vessel (IMO 7937317),\nimported arms; twice",
}
CSV_ROWS = [
    CSV_SHIP | {"NameAlias_WholeName": "뉴 콘크", "NameAlias_NameLanguage": "KO"},
    CSV_SHIP | {"NameAlias_WholeName": "New Konk", "NameAlias_NameLanguage": "EN"},
    CSV_COMPANY | {"Identification_Number": "5342883", "Identification_TypeCode": "imo"},
    CSV_SHIP | {"Identification_Number": "9036387", "Identification_TypeCode": "imo"},
    CSV_SHIP | {"Identification_Number": "9402471", "Identification_TypeCode": "regnumber"},
]


def as_csv(*rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, FSF_COLUMNS, restval="", delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_xml_gives_the_ship_and_neither_person_nor_company(written: Written) -> None:
    text = as_xml(PERSON, COMPANY, SHIP)
    found = open_list(written(text))
    assert found is not None
    assert (found.register, found.published_on) == ("eu-consolidated", date(2026, 8, 5))
    line = text[: text.index('<sanctionEntity designationDate="2022')].count("\n") + 1
    assert list(found.rows) == [NEW_KONK._replace(line=line)]


def test_csv_gives_the_same_ship_from_rows_that_stand_apart(written: Written) -> None:
    found = open_list(written(as_csv(*CSV_ROWS)))
    assert found is not None
    assert (found.register, found.published_on) == ("eu-consolidated", date(2026, 8, 5))
    assert list(found.rows) == [NEW_KONK._replace(line=2)]


def test_csv_persons_are_passed_over(written: Written) -> None:
    person = {"Entity_SubjectType": "P", "Entity_SubjectType_ClassificationCode": "person"}
    assert read(written(as_csv(*(row | person for row in CSV_ROWS)))) == []


def test_a_ship_under_two_programmes_is_two_entries(written: Written) -> None:
    subject = SHIP.replace("<subjectType", '<regulation programme=" IRN "/><subjectType')
    rows = entries(read(written(as_xml(subject))))
    assert [(e.imo, e.programme, e.reference) for e in rows] == [
        (9036387, "PRK", "EU.9000.1"),
        (9036387, "IRN", "EU.9000.1"),
    ]


def test_the_day_of_the_last_amendment_is_no_day_of_listing(written: Written) -> None:
    rows = read(written(as_xml(SHIP.replace('designationDate="2022-12-12"', ""))))
    assert [e.listed_on for e in entries(rows)] == [None]
    assert junk(rows) == []


@pytest.mark.parametrize(
    ("number", "reason"),
    [("9036389", "neither"), ("unknown", "neither"), ("9123506", "may be")],
    ids=["wrong check digit", "text", "right for a ship and for a company"],
)
def test_a_number_that_does_not_tell_a_ship_is_named(
    number: str, reason: str, written: Written
) -> None:
    for content in (
        as_xml(SHIP.replace("9036387", number)),
        as_csv(*(row | {"Identification_Number": number} for row in CSV_ROWS[3:4])),
    ):
        (lost,) = read(written(content))
        assert isinstance(lost, Junk)
        assert (lost.is_whole, lost.raw, reason in lost.reason) == (True, number, True)


def test_fields_of_the_consolidated_list_that_say_nothing(written: Written) -> None:
    rows = read(written(as_xml(SHIP.replace("2022-12-12", "2022-13-12"))))
    assert [e.listed_on for e in entries(rows)] == [None]
    assert [(j.raw, j.is_whole) for j in junk(rows)] == [("2022-13-12", False)]
    rows = read(written(as_xml(SHIP.replace("EU.9000.1", ""))))
    assert [(j.reason, j.is_whole) for j in rows] == [("no EU reference number", True)]
    rows = read(written(as_csv(CSV_ROWS[3] | {"Entity_LogicalId": ""})))
    assert [(j.line, j.is_whole) for j in rows] == [(2, True)]


ENTERPRISE = 'code="enterprise" classificationCode="E"'


@pytest.mark.parametrize(
    "kind",
    [
        'code="vessel" classificationCode="V"',
        'code="ship" classificationCode="S"',
        'code="other" classificationCode="O"',
        "",
    ],
)
def test_a_number_of_kind_imo_makes_a_ship_of_any_subject(kind: str, written: Written) -> None:
    rows = read(written(as_xml(SHIP.replace(ENTERPRISE, kind))))
    assert [e._replace(line=0) for e in entries(rows)] == [NEW_KONK] and junk(rows) == []


@pytest.mark.parametrize("kind", ["V;vessel", "vessel;V", "O;other"])
def test_csv_subjects_of_other_kinds_are_ships_too(kind: str, written: Written) -> None:
    first, second = kind.split(";")
    said = {"Entity_SubjectType": first, "Entity_SubjectType_ClassificationCode": second}
    ship = [row | said for row in CSV_ROWS if row["Entity_LogicalId"] == "150000"]
    assert [e._replace(line=0) for e in entries(read(written(as_csv(*ship))))] == [NEW_KONK]


def test_a_person_with_a_number_is_no_ship(written: Written) -> None:
    person = SHIP.replace(ENTERPRISE, 'code="person" classificationCode="P"')
    assert read(written(as_xml(person))) == []


@pytest.mark.parametrize("code", ["IMO", "imo", "imo-number", "ІМО"])
def test_the_kind_imo_in_other_letters(code: str, written: Written) -> None:
    subject = SHIP.replace('TypeCode="imo"', f'TypeCode="{code}"').replace(
        'Description="IMO (vessel identification)"', 'Description="other"'
    )
    assert [e.imo for e in entries(read(written(as_xml(subject))))] == [9036387]


def test_a_vessel_without_a_number_has_its_name(written: Written) -> None:
    vessel = SHIP.replace(ENTERPRISE, 'code="vessel"').replace('number="9036387"', 'number=""')
    found = [(e.imo, e.vessel_name) for e in entries(read(written(as_xml(vessel))))]
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
    generated: str, day: date | None, written: Written
) -> None:
    found = open_list(written(as_xml(SHIP).replace("2026-08-05T16:47:04.449+02:00", generated)))
    assert found is not None and found.published_on == day


def test_xml_cut_anywhere_gives_what_stands_before(written: Written) -> None:
    text = as_xml(SHIP, COMPANY, SHIP.replace("9036387", "9402471")).encode()
    whole = read(written(text))
    assert [e.imo for e in whole] == [9036387, 9402471]
    end = text.rindex(b"</export>")
    cuts = [*range(text.index(b"<sanctionEntity"), end, 97), end]
    for at in cuts:
        rows = read(written(text[:at]))
        assert entries(rows) == whole[: len(entries(rows))]
        (cut,) = junk(rows)
        assert (cut.is_whole, "the file is cut" in cut.reason) == (True, True)
        assert cut.line <= text[:at].count(b"\n") + 1
    assert len(entries(read(written(text[:end])))) == 2


def test_csv_of_the_consolidated_list_that_is_cut(written: Written) -> None:
    text = as_csv(*CSV_ROWS)
    rows = read(written(text[: text.rindex("regnumber")]))
    assert [e.imo for e in entries(rows)] == [9036387]
    assert [(j.line, "the file is cut" in j.reason) for j in junk(rows)] == [(7, True)]


def test_a_doctype_is_refused(written: Written) -> None:
    entity = '<!DOCTYPE export [<!ENTITY a "New Konk">]>'
    text = as_xml(SHIP).replace("<export", f"{entity}\n<export").replace("New Konk", "&a;")
    (refused,) = read(written(text))
    assert isinstance(refused, Junk)
    assert refused.is_whole
    assert "DOCTYPE" in refused.reason


def test_an_encoding_that_nobody_knows_is_no_error(written: Written) -> None:
    (refused,) = read(written(as_xml(SHIP).replace("UTF-8", "KLINGON")))
    assert isinstance(refused, Junk)
    assert refused.is_whole


CONTENTS = [annexes(*SHIPS[:2]), as_xml(SHIP, COMPANY), as_csv(*CSV_ROWS)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.sampled_from([text.encode() for text in CONTENTS]),
    at=st.floats(0, 1),
    length=st.integers(0, 60),
    noise=st.binary(max_size=40)
    | st.sampled_from([b'"', b"\x00", b"\r", b"\n", b"<", b"]]>", b";"]),
)
def test_no_content_is_an_error(
    content: bytes, at: float, length: int, noise: bytes, tmp_path: Path
) -> None:
    start = int(at * len(content))
    path = tmp_path / "list"
    path.write_bytes(content[:start] + noise + content[start + length :])
    found = open_list(path)
    for row in found.rows if found is not None else ():
        assert row.line > 0
        if isinstance(row, Junk):
            assert row.reason
            assert len(row.raw) <= 200
