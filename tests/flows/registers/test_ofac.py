"""OFAC's SDN list: the same ships from each of its formats, and junk named, never taken for data.

The ships are made up. Their files follow what OFAC publishes: `sdn.csv` dat_spec.txt of 2023-09-25
and the real rows of 2023; `sdn.xml` its sdn.xsd, with the namespace of the Sanctions List Service;
`sdn_advanced.xml` the Explanatory Notes of 2015-01-12 and the element counts and reference values
of the edition of 2025-08-27 (one kind of event, ``Created``; programmes as the Comment of measures
of the type ``Program``; entries of other lists in the same file), read as OpenSanctions'
`datasets/us/ofac/ofac_advanced.py` reads them.
"""

from __future__ import annotations

import json
import re
import tracemalloc
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from flows.lists.entry import Entry, Junk, as_table
from flows.publishers.ofac import open_list

FILES = Path(__file__).parent / "files" / "ofac"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "registers"
SHARED_CSV = SHARED / "ofac_sdn_vessels_2023-11.csv"
SHARED_JSON = SHARED / "ofac_sdn_vessels_2026-03.json"

XML = (FILES / "sdn.xml").read_bytes()
ADVANCED = (FILES / "sdn_advanced.xml").read_bytes()
NULL = "-0- "
REMARKS = (
    "Former Vessel Flag Malta; Vessel Year of Build 2007; "
    "Vessel Registration Identification IMO 1111117; MMSI 273123456; f.k.a. 'SIM OLD ONE'; "
    "a.k.a. 'Sim Other'; alt. f.k.a. 'SIM OLD ONE'; Linked To: SIM SHIPPING CO."
)
BAD_REMARKS = (
    "Vessel Registration Identification IMO 2222225; "
    "alt. Vessel Registration Identification RS 150443 (Russia); MMSI Call sign."
)


def row(number: object = 9001, name: str = "SIM ALBA", kind: str = "vessel", **said: str) -> str:
    """A row of sdn.csv: what is not said is null."""
    columns = [
        "program",
        "title",
        "call_sign",
        "type",
        "tonnage",
        "grt",
        "flag",
        "owner",
        "remarks",
    ]
    fields = [f'"{said[c]}"' if c in said else NULL for c in columns]
    return ",".join([str(number), f'"{name}"', kind, *fields]) + "\r\n"


CSV = "".join(
    [
        row(
            program="IRAN] [RUSSIA-EO14024",
            call_sign="3ESIM",
            type="Crude Oil Tanker",
            tonnage="99,144",
            grt="56,068",
            flag="Panama",
            owner="SIM SHIPPING CO.",
            remarks=REMARKS,
        ),
        row(9002, "SIM BRISA", program="CUBA", type="Tug", flag="Cuba"),
        row(9003, "SIMONS, Simon", "individual", program="SDGT", remarks="DOB 01 Jan 1960."),
        row(9004, "SIM CO.", NULL, program="IRAN", remarks="Identification Number IMO 4444448."),
        row(9005, "EP-SIM", "aircraft", program="SDGT"),
        row(
            9006,
            "SIM CORAL",
            program="RUSSIA-EO14024] [UKRAINE-EO13662",
            flag="None Identified",
            remarks=BAD_REMARKS,
        ),
        "\x1a",
    ]
).encode()


def vessel(**said: object) -> dict[str, object]:
    """A vessel of the JSON extract, with its trap: a date of designation that is the edition's."""
    found: dict[str, object] = {
        "imo": 1111117,
        "name": "SIM ALBA",
        "programs": ["IRAN", "RUSSIA-EO14024"],
        "designation_date": "03/20/2026",
        "list_name": "OFAC SDN",
        "vessel_info": {
            "call_sign": "3ESIM",
            "vessel_type": "Crude Oil Tanker",
            "dwt": 99144,
            "gross_tonnage": 56068,
            "flag": "Panama",
        },
        "addresses": [],
    }
    return found | said


def extract(*vessels: object) -> bytes:
    about = {"generated_at": "2026-03-22T10:49:19.780808+00:00", "count": len(vessels)}
    return json.dumps(about | {"vessels": vessels}, indent=2).encode()


EXTRACT = extract(vessel(), vessel(imo=3333331, name="SIM DUNA", programs=["CUBA"]))
FORMATS = {
    "sdn.csv": CSV,
    "sdn.xml": XML,
    "sdn_advanced.xml": ADVANCED,
    "extract.json": EXTRACT,
}

Read = Callable[[bytes], list[Entry | Junk]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The rows of a list with this content; the file's name says nothing."""

    def rows(content: bytes) -> list[Entry | Junk]:
        path = tmp_path / "list.dat"
        path.write_bytes(content)
        found = open_list(path)
        assert found is not None
        return list(found.rows)

    return rows


def entries(rows: list[Entry | Junk]) -> list[Entry]:
    return [r for r in rows if isinstance(r, Entry)]


def junk(rows: list[Entry | Junk]) -> list[Junk]:
    return [r for r in rows if isinstance(r, Junk)]


def published_on(content: bytes, tmp_path: Path) -> date | None:
    path = tmp_path / "list.dat"
    path.write_bytes(content)
    found = open_list(path)
    assert found is not None
    return found.published_on


def without(found: list[Entry], *fields: str) -> list[Entry]:
    return [e._replace(**{f: Entry._field_defaults[f] for f in fields}) for e in found]


# What a list says ------------------------------------------------------------------------------


def test_a_full_row_is_taken_over(read: Read) -> None:
    assert entries(read(CSV))[0] == Entry(
        register="ofac-sdn",
        link_source="OFAC SDN",
        reference="SDN 9001",
        programme="IRAN",
        imo=1111117,
        mmsis=(273123456,),
        vessel_name="SIM ALBA",
        former_names=("SIM OLD ONE", "SIM OTHER"),
        call_sign="3ESIM",
        flag="PA",
        vessel_type="Crude Oil Tanker",
        deadweight_t=99144,
        gross_t=56068,
        built_year=2007,
        line=1,
    )


@pytest.mark.parametrize("content", [XML, ADVANCED], ids=["sdn.xml", "sdn_advanced.xml"])
def test_the_formats_of_the_publisher_say_the_same(read: Read, content: bytes) -> None:
    """But for the line, and the day of listing, which only the advanced file has."""
    plain, found = read(CSV), read(content)
    assert without(entries(found), "line", "listed_on") == without(entries(plain), "line")
    assert [j.reason for j in junk(found)] == [j.reason for j in junk(plain)]


@pytest.mark.parametrize(
    ("name", "remarks", "others"),
    [
        ('SIM "ALBA" STAR', "Vessel Registration Identification IMO 1111117.", ()),
        (
            "SIM ALBA",
            'Vessel Registration Identification IMO 1111117; a.k.a. "SIM OLD", or so; '
            'f.k.a. "SIM OLDER"; Linked To: SIM "CO".',
            ("SIM OLDER",),
        ),
        ('"SIM ALBA', "Vessel Registration Identification IMO 1111117.", ()),
    ],
)
def test_quotes_inside_a_quoted_field_cost_no_ship(
    read: Read, name: str, remarks: str, others: tuple[str, ...]
) -> None:
    rows = read(row(name=name, program="CUBA", flag="Gambia, The", remarks=remarks).encode())
    assert [(e.vessel_name, e.imo, e.flag, e.former_names) for e in entries(rows)] == [
        (name, 1111117, "GM", others)
    ]
    assert junk(rows) == []


def enhanced(*entities: str, as_of: str = "2026-04-10T00:00:00") -> bytes:
    """SDN_ENHANCED.XML, in the elements that other people's readers of it name."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><sanctionsData xmlns="https://sanctionslistservice.'
        'ofac.treas.gov/api/PublicationPreview/exports/ENHANCED_XML"><publicationInfo>'
        f"<dataAsOf>{as_of}</dataAsOf></publicationInfo><referenceValues><referenceValue "
        'refId="8"><type>VESSEL TYPE</type><value>Crude Oil Tanker</value></referenceValue>'
        f"</referenceValues><entities>{''.join(entities)}</entities></sanctionsData>"
    ).encode()


def enhanced_ship(
    *programmes: str, kind: str = "Vessel", of: str = "SDN List", is_valid: str = "true"
) -> str:
    tags = "".join(f"<sanctionsProgram>{tag}</sanctionsProgram>" for tag in programmes)
    names = "".join(
        f"<name><isPrimary>{is_primary}</isPrimary><translations><translation><script>Latin"
        f"</script><formattedFullName>{text}</formattedFullName></translation></translations>"
        "</name>"
        for text, is_primary in (
            *(("SIM OLD ONE", "false"), ("SIM ALBA", "true"), ("Sim Other", "false")),
        )
    )
    features = "".join(
        f"<feature><type>{label}</type>{value}</feature>"
        for label, value in {
            "VESSEL TYPE": "<valueRefId>8</valueRefId>",
            "Vessel Flag": "<value>Panama</value>",
            "Vessel Call Sign": "<value>3ESIM</value>",
            "Vessel Tonnage": "<value>99,144</value>",
            "Vessel Gross Registered Tonnage": "<value>56,068</value>",
            "Vessel Year of Build": "<value>2007</value>",
        }.items()
    )
    return (
        f'<entity id="9001"><generalInfo><entityType>{kind}</entityType></generalInfo>'
        f'<sanctionsLists><sanctionsList datePublished="2025-02-06">{of}</sanctionsList>'
        f"</sanctionsLists><sanctionsPrograms>{tags}</sanctionsPrograms><names>{names}</names>"
        f"<features>{features}</features><identityDocuments><identityDocument><type>"
        "Vessel Registration Identification</type><documentNumber>IMO 1111117</documentNumber>"
        f"<isValid>{is_valid}</isValid></identityDocument><identityDocument><type>MMSI</type>"
        "<documentNumber>273123456</documentNumber></identityDocument></identityDocuments></entity>"
    )


def test_the_enhanced_file_has_the_same(read: Read, tmp_path: Path) -> None:
    content = enhanced(enhanced_ship("IRAN", "RUSSIA-EO14024"))
    assert without(entries(read(content)), "line") == without(entries(read(CSV))[:2], "line")
    assert published_on(content, tmp_path) == date(2026, 4, 10)


def test_the_enhanced_file_has_a_day_where_the_ship_has_one_programme(read: Read) -> None:
    """It has one day for the entry, and does not tell which of several programmes it is of."""
    (found,) = entries(read(enhanced(enhanced_ship("RUSSIA-EO14024"))))
    assert found.listed_on == date(2025, 2, 6)
    both = entries(read(enhanced(enhanced_ship("IRAN", "RUSSIA-EO14024"))))
    assert [e.listed_on for e in both] == [None, None]


@pytest.mark.parametrize(
    "ship",
    [
        enhanced_ship("IRAN", kind="Individual"),
        enhanced_ship("IRAN", kind="Entity"),
        enhanced_ship("IRAN", of="Consolidated List"),
    ],
)
def test_the_enhanced_file_of_others_names_no_ship(read: Read, ship: str) -> None:
    assert read(enhanced(ship)) == []


def test_faults_of_the_enhanced_file_are_named(read: Read) -> None:
    strange = read(enhanced(enhanced_ship("IRAN", kind="Submarine")))
    assert [j.is_whole for j in junk(strange)] == [True] and entries(strange) == []
    fraudulent = read(enhanced(enhanced_ship("IRAN", is_valid="false")))
    assert [e.imo for e in entries(fraudulent)] == [None]
    cut = read(enhanced(enhanced_ship("IRAN"))[:-20])
    assert len(entries(cut)) == 1 and junk(cut)[-1].reason.startswith("the file is cut")


def test_only_ships_are_entries(read: Read) -> None:
    names = {content: {e.vessel_name for e in entries(read(content))} for content in (CSV, XML)}
    assert names[CSV] == names[XML] == {"SIM ALBA", "SIM BRISA", "SIM CORAL"}


@pytest.mark.parametrize(
    ("content", "marks"),
    [
        (CSV, [b"9001,", b"9002,", b"9006,"]),
        (XML, [b"<uid>9001", b"<uid>9002", b"<uid>9006"]),
        (ADVANCED, [b'Party FixedRef="9001', b'Party FixedRef="9002', b'Party FixedRef="9006']),
    ],
    ids=["sdn.csv", "sdn.xml", "sdn_advanced.xml"],
)
def test_the_line_is_where_the_entry_begins(read: Read, content: bytes, marks: list[bytes]) -> None:
    begins = [content[: content.index(mark)].count(b"\n") + 1 for mark in marks]
    if content is XML:  # its uid stands on the line after the tag that begins the entry
        begins = [line - 1 for line in begins]
    assert sorted({e.line for e in entries(read(content))}) == begins


@pytest.mark.parametrize(
    ("content", "day"),
    [
        (CSV, None),
        (XML, date(2026, 3, 20)),
        (XML.replace(b"03/20/2026", b"20 March"), None),
        (ADVANCED, date(2026, 3, 20)),
        (ADVANCED.replace(b"<Month>3<", b"<Month>13<"), None),
        (EXTRACT, date(2026, 3, 22)),
    ],
    ids=["csv says none", "xml", "xml, no day", "advanced", "advanced, no day", "extract"],
)
def test_published_on_is_what_the_file_says(tmp_path: Path, content: bytes, day: date) -> None:
    assert published_on(content, tmp_path) == day


@pytest.mark.parametrize(
    ("text", "programmes"),
    [
        ("CUBA", ["CUBA"]),
        ("IRAN] [NPWMD] [IFSR", ["IRAN", "NPWMD", "IFSR"]),
        ("[IRAN][IFSR]", ["IRAN", "IFSR"]),
        ("CAATSA - RUSSIA] [PEESA", ["CAATSA - RUSSIA", "PEESA"]),
        ("SDGT] [SDGT", ["SDGT"]),
        (NULL, [None]),
    ],
)
def test_each_programme_is_an_entry(read: Read, text: str, programmes: list[str]) -> None:
    found = entries(read(row(program=text).encode()))
    assert [e.programme for e in found] == programmes
    assert len({e._replace(programme=None) for e in found}) == 1


def test_nulls_of_the_csv_are_null(read: Read) -> None:
    [entry] = entries(read(row().encode()))
    said = {"register", "link_source", "reference", "vessel_name", "line"}
    assert {f for f in Entry._fields if getattr(entry, f) != Entry._field_defaults.get(f)} == said


@pytest.mark.parametrize("flag", ["None Identified", "Unknown"])
def test_a_flag_that_ofac_does_not_know_is_null_and_no_junk(read: Read, flag: str) -> None:
    [entry] = read(row(flag=flag).encode())
    assert isinstance(entry, Entry)
    assert entry.flag is None


@pytest.mark.parametrize(
    ("remarks", "imo"),
    [
        ("Vessel Registration Identification IMO 1111117.", 1111117),
        ("Vessel Registration Identification IMO  1111117.", 1111117),
        ("Vessel Registration Identification 1111117.", 1111117),
        ("Vessel Registration Identification IMO 1111117 (Russia); MMSI 273123456.", 1111117),
        ("Identification Number IMO 1111117.", None),
        ("Linked To: VESSEL REGISTRATION IDENTIFICATION IMO 1111117 CO.", None),
    ],
)
def test_imo_number_is_read_as_ofac_writes_it(read: Read, remarks: str, imo: int) -> None:
    [entry] = read(row(remarks=remarks).encode())
    assert isinstance(entry, Entry)
    assert entry.imo == imo


@pytest.mark.parametrize(
    ("remarks", "names"),
    [
        ("f.k.a. 'ONE'; f.k.a. 'TWO'.", ("ONE", "TWO")),
        ("a.k.a. 'ONE'; n.k.a. 'TWO'; a.k.a. 'ONE'.", ("ONE", "TWO")),
        ("f.k.a. 'SIM ALBA'.", ()),
        ("f.k.a. 'L'ORIENT CO.'.", ("L'ORIENT CO.",)),
        ("Linked To: A.K.A. 'ONE'.", ()),
    ],
    ids=["in order", "each once", "not its own name", "an apostrophe", "an owner's"],
)
def test_former_names(read: Read, remarks: str, names: tuple[str, ...]) -> None:
    assert entries(read(row(remarks=remarks).encode()))[0].former_names == names


def test_a_ship_with_a_name_alone_is_an_entry(read: Read) -> None:
    [entry] = read(row(9002, "Sim  Brisa", program="CUBA").encode())
    assert isinstance(entry, Entry)
    assert (entry.imo, entry.mmsis, entry.vessel_name) == (None, (), "SIM BRISA")


# Days of listing -------------------------------------------------------------------------------


def events(*said: tuple[str, str]) -> bytes:
    """The advanced file, its first ship listed by these events: basis and day."""
    tags = "".join(
        f'<EntryEvent EntryEventTypeID="1" LegalBasisID="{basis}"><Date CalendarTypeID="1">'
        + "".join(
            f"<{part}>{text}</{part}>"
            for part, text in zip(("Year", "Month", "Day"), day.split("-"), strict=False)
        )
        + "</Date></EntryEvent>"
        for basis, day in said
    )
    start = ADVANCED.index(b"<SanctionsEntry ")
    head, entry = ADVANCED[:start], ADVANCED[start:]
    entry = re.sub(rb"(?s)<EntryEvent .*?(?=<SanctionsMeasure)", tags.encode(), entry, count=1)
    return head + entry


UNKNOWN, RUSSIA, OTHER = "1", "92049", "1828"


@pytest.mark.parametrize(
    ("said", "iran", "russia"),
    [
        ([(UNKNOWN, "2012-07-12")], "2012-07-12", "2012-07-12"),
        ([(RUSSIA, "2025-01-10")], "2025-01-10", "2025-01-10"),
        ([(RUSSIA, "2025-01-10"), (UNKNOWN, "2012-07-12")], "2012-07-12", "2025-01-10"),
        ([(RUSSIA, "2022-05-08"), (OTHER, "2024-02-23")], "2024-02-23", "2022-05-08"),
        ([(RUSSIA, "2025-01-10"), (RUSSIA, "2022-05-08")], "2022-05-08", "2022-05-08"),
        ([(OTHER, "2020-1-5"), (UNKNOWN, "2012-07-12")], "2012-07-12", "2012-07-12"),
        ([], None, None),
    ],
    ids=[
        "one event for both",
        "one event of one programme is the only day there is",
        "the order of a programme dates it alone",
        "a later event is not hidden by another programme's",
        "the earliest of an order",
        "no order: the earliest",
        "no event",
    ],
)
def test_day_of_listing_by_programme(
    read: Read, said: list[tuple[str, str]], iran: str | None, russia: str | None
) -> None:
    found = entries(read(events(*said)))[:2]
    assert {e.programme: e.listed_on and e.listed_on.isoformat() for e in found} == {
        "IRAN": iran,
        "RUSSIA-EO14024": russia,
    }


@pytest.mark.parametrize("day", ["2022-02-30", "2022", "--", "soon"])
def test_a_day_that_cannot_be_read_is_junk_and_the_entry_stays(read: Read, day: str) -> None:
    rows = read(events((RUSSIA, day), (UNKNOWN, "2012-07-12")))
    found = [j for j in junk(rows) if "day of listing" in j.reason]
    assert [j.is_whole for j in found] == [False]
    assert [e.listed_on for e in entries(rows)[:2]] == [date(2012, 7, 12)] * 2


def test_an_event_that_is_no_listing_dates_nothing(read: Read) -> None:
    amended_type = b'<EntryEventType ID="2">Amended</EntryEventType></EntryEventTypeValues>'
    content = ADVANCED.replace(b"</EntryEventTypeValues>", amended_type)
    first = content.index(b'EntryEventTypeID="1"')
    amended = content[:first] + b'EntryEventTypeID="2"' + content[first + 20 :]
    assert {e.listed_on for e in entries(read(content))[:2]} == {
        date(2012, 7, 12),
        date(2024, 8, 23),
    }
    assert {e.listed_on for e in entries(read(amended))[:2]} == {date(2024, 8, 23)}


@pytest.mark.parametrize("content", [CSV, XML, EXTRACT], ids=["csv", "xml", "extract"])
def test_no_other_format_knows_a_day_of_listing(read: Read, content: bytes) -> None:
    assert {e.listed_on for e in entries(read(content))} == {None}


def test_the_extract_s_designation_date_is_never_read(read: Read) -> None:
    """Whatever it holds: in the real file it is one day, also for ships on the list of 2023."""
    dates = ["03/20/2026", "12/10/1986", "junk", None, 20260320]
    found = read(extract(*(vessel(designation_date=day) for day in dates)))
    assert without(entries(found), "line") == without(entries(read(extract(vessel()))), "line") * 5


# The reference values of the advanced file -----------------------------------------------------


def test_ids_are_looked_up(read: Read) -> None:
    """With every ID of the reference values changed, the file says the same."""
    sets, rest = re.split(rb"(?<=</ReferenceValueSets>)", ADVANCED)
    renumbered = re.sub(rb' ID="(\d+)"', rb' ID="5\g<1>5"', sets)
    kinds = rb"|".join(set(re.findall(rb"<(\w+) ID=", sets)))
    changed = renumbered + re.sub(rb"\b(" + kinds + rb')ID="(\d+)"', rb'\1ID="5\g<2>5"', rest)
    assert changed.count(b'="5') > ADVANCED.count(b'="5') + 100
    assert read(changed) == read(ADVANCED)


def test_namespaces_do_not_matter(read: Read) -> None:
    for content, tag in ((XML, b"sdnList"), (ADVANCED, b"Sanctions")):
        bare = re.sub(rb' xmlns="[^"]*"', b"", content)
        prefixed = re.sub(rb"<(/?)([A-Za-z])", rb"<\1o:\2", bare)
        prefixed = prefixed.replace(b"<o:" + tag, b"<o:" + tag + b' xmlns:o="urn:x"', 1)
        assert read(bare) == read(prefixed) == read(content)


def test_entries_of_other_lists_in_the_file_are_passed_over(read: Read) -> None:
    assert "OTHER-LIST" not in {e.programme for e in entries(read(ADVANCED))}
    assert b"OTHER-LIST" in ADVANCED


def test_names_in_other_scripts_are_left_out_where_there_is_a_latin_one(read: Read) -> None:
    assert entries(read(ADVANCED))[0].former_names == ("SIM OLD ONE", "SIM OTHER")
    cyrillic = ADVANCED.replace(b'ScriptID="215"', b'ScriptID="220"')
    assert entries(read(cyrillic))[0].former_names == ("СИМ АЛЬБА", "SIM OLD ONE", "SIM OTHER")


def test_a_fraudulent_registration_is_not_taken_over(read: Read) -> None:
    content = re.sub(rb'(IdentityID="5001" ValidityID=)"1"', rb'\1"2"', ADVANCED)
    rows = read(content)
    assert (entries(rows)[0].imo, entries(rows)[0].mmsis) == (None, ())
    assert "fraudulent" in junk(rows)[0].reason
    assert [j.is_whole for j in junk(rows)[:2]] == [False, False]


def test_a_ship_without_its_entry_is_junk(read: Read) -> None:
    content = ADVANCED.replace(b'ProfileID="9002"', b'ProfileID="9999"')
    lost = [j for j in junk(read(content)) if j.is_whole]
    assert [j.raw for j in lost] == ["SDN 9002 SIM BRISA"]


def test_a_file_that_names_no_ships_any_more_is_not_an_empty_list(read: Read) -> None:
    rows = read(ADVANCED.replace(b">Vessel</PartySubType>", b">Ship</PartySubType>"))
    assert entries(rows) == []
    assert [j.reason for j in rows if isinstance(j, Junk)] == ["PartySubType is not known"] * 3


# Junk ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("9001,SIM ALBA,vessel,CUBA\r\n", "4 fields, expected the 12 of sdn.csv"),
        (row().replace(NULL, "a,b", 1), "13 fields"),
        (row(number=NULL), "no ent_num"),
        (row(number="9001x"), "no ent_num"),
        (row(kind="submarine"), "unknown SDN type"),
        (row(name="SIM ALBA").replace('ALBA"', "ALBA"), "not a CSV row"),
        (row(name='SIM "ALBA", "X', remarks='"A", B.'), "not a CSV row"),
        (row(name="").replace('""', NULL), "neither an IMO number, nor an MMSI, nor a name"),
        ("\0\0\0\r\n", "1 fields"),
        (row(name="x" * 200_000), "not a CSV row: field larger"),
    ],
    ids=[
        "short",
        "long",
        "null reference",
        "bad reference",
        "unknown type",
        "open quote",
        "quotes that leave the number of fields open",
        "nothing to know it by",
        "NUL",
        "huge field",
    ],
)
def test_a_bad_row_is_junk_and_the_rows_around_it_stay(read: Read, bad: str, reason: str) -> None:
    around = row(9002, "SIM BRISA"), row(9003, "SIM CORAL")
    rows = read((around[0] + bad + around[1]).encode())
    assert [e.reference for e in entries(rows)] == ["SDN 9002", "SDN 9003"]
    [lost] = junk(rows)
    assert reason in lost.reason
    assert (lost.line, lost.is_whole) == (2, True)
    assert len(lost.raw) <= 200


@pytest.mark.parametrize(
    ("said", "reason", "raw"),
    [
        (
            {"remarks": "Vessel Registration Identification IMO 1111118."},
            "IMO number with a wrong check digit",
            "IMO 1111118",
        ),
        (
            {"remarks": "Vessel Registration Identification RS 150443 (Russia)."},
            "no IMO number",
            "RS 150443 (Russia)",
        ),
        (
            {
                "remarks": "Vessel Registration Identification IMO 1111117; "
                "alt. Vessel Registration Identification IMO 3333331."
            },
            "second IMO number",
            "IMO 3333331",
        ),
        ({"remarks": "MMSI Call sign."}, "not a ship's MMSI", "Call sign"),
        ({"remarks": "MMSI 992731234."}, "not a ship's MMSI", "992731234"),
        ({"remarks": "Vessel Year of Build 207."}, "not a year", "207"),
        ({"flag": "Atlantis"}, "flag is not known", "Atlantis"),
        ({"tonnage": "big"}, "tonnage is not a number", "big"),
        ({"remarks": "Linked To: " + "X" * 989}, "sdn_comments.csv", "Linked To: " + "X" * 189),
    ],
    ids=[
        "check digit",
        "another register's number",
        "two hulls",
        "text as MMSI",
        "MMSI of a buoy",
        "year",
        "flag",
        "tonnage",
        "remarks at their size",
    ],
)
def test_a_bad_field_is_junk_and_the_entry_goes_in_without_it(
    read: Read, said: dict[str, str], reason: str, raw: str
) -> None:
    rows = read(row(**said).encode())
    [lost], [entry] = junk(rows), entries(rows)
    assert reason in lost.reason
    assert (lost.raw, lost.line, lost.is_whole) == (raw, 1, False)
    assert entry.imo == (1111117 if "second" in reason else None)
    assert (entry.mmsis, entry.flag, entry.deadweight_t, entry.built_year) == ((), None, None, None)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (b"<uid>9001</uid>", "no uid"),
        (b"<sdnType>Vessel</sdnType>", "sdnType is not known"),
    ],
)
def test_an_entry_of_the_xml_without_what_it_needs_is_junk(
    read: Read, what: bytes, reason: str
) -> None:
    rows = read(XML.replace(what, b"", 1))
    lost = [j for j in junk(rows) if j.is_whole]
    assert [(j.line, reason in j.reason) for j in lost] == [(7, True)]
    assert {e.reference for e in entries(rows)} == {"SDN 9002", "SDN 9006"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "not a vessel"),
        ([], "not a vessel"),
        ({}, "programs or vessel_info missing"),
        (vessel(programs="IRAN"), "programs or vessel_info missing"),
        (vessel(vessel_info=None), "programs or vessel_info missing"),
        (vessel(imo=None, name=None), "neither an IMO number nor a name"),
        (vessel(imo=True, name=["SIM ALBA"]), "neither an IMO number nor a name"),
    ],
)
def test_a_bad_vessel_of_the_extract_is_junk(read: Read, bad: object, reason: str) -> None:
    rows = read(extract(vessel(), bad, vessel(name="SIM DUNA")))
    [lost] = junk(rows)
    assert reason in lost.reason
    assert (lost.line, lost.is_whole) == (2, True)
    assert {(e.line, e.vessel_name) for e in entries(rows)} == {(1, "SIM ALBA"), (3, "SIM DUNA")}


@pytest.mark.parametrize(
    ("imo", "reference"),
    [
        (1111117, "SDN, IMO 1111117"),
        ("IMO 1111117", "SDN, IMO 1111117"),
        (1111118, "SDN, SIM ALBA"),
        (None, "SDN, SIM ALBA"),
    ],
)
def test_the_extract_s_reference_is_the_hull_or_the_name(
    read: Read, imo: object, reference: str
) -> None:
    assert {e.reference for e in entries(read(extract(vessel(imo=imo))))} == {reference}


# Hostile and broken files ----------------------------------------------------------------------


@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
def test_a_byte_order_mark_changes_nothing(read: Read, content: bytes) -> None:
    assert read(b"\xef\xbb\xbf" + content) == read(content)


@pytest.mark.parametrize("end", [b"\n", b"\r"], ids=["LF", "CR"])
@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
def test_line_ends_change_nothing(read: Read, content: bytes, end: bytes) -> None:
    changed = content.replace(b"\r\n", b"\n").replace(b"\n", end)
    assert read(changed) == read(content)


def test_the_sign_at_the_end_of_the_csv_is_not_needed(read: Read) -> None:
    assert read(CSV.rstrip(b"\r\n\x1a")) == read(CSV)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_csv_is_read_in_either_encoding(read: Read, encoding: str) -> None:
    [entry] = entries(read(row(name="SÍM ALBÁ").encode(encoding)))
    assert entry.vessel_name == "SÍM ALBÁ"


def test_control_signs_do_not_reach_an_entry(read: Read) -> None:
    [entry] = entries(read(row(name="SIM\0 \x1bALBA\u202e").encode()))
    assert entry.vessel_name == "SIM ALBA"


@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
def test_a_file_that_is_cut_anywhere_invents_nothing(
    read: Read, tmp_path: Path, content: bytes
) -> None:
    """The entries before the cut, and word of the cut, wherever the format is still told."""
    whole = read(content)
    known = set(entries(whole))
    # What follows the last vessel of the extract is not missed.
    end = content.rindex(b"]") if content is EXTRACT else len(content.rstrip(b"\r\n \x1a"))
    for size in range(1, end, 1 if len(content) < 3000 else 31):
        (tmp_path / "cut.dat").write_bytes(content[:size])
        found = open_list(tmp_path / "cut.dat")
        if found is None:
            continue
        rows = list(found.rows)
        assert set(entries(rows)) <= known
        assert entries(rows) == entries(whole)[: len(entries(rows))]
        if content is not CSV:
            assert [j.is_whole for j in junk(rows)][-1:] == [True]
            assert "cut" in junk(rows)[-1].reason


def test_a_cut_csv_loses_the_cut_row_only(read: Read) -> None:
    rows = read(CSV[: CSV.index(b"MMSI Call sign")])
    assert {e.reference for e in entries(rows)} == {"SDN 9001", "SDN 9002"}
    assert [(j.line, j.is_whole) for j in junk(rows)] == [(6, True)]


def test_a_row_that_ends_with_the_file_in_its_remarks_is_cut(read: Read) -> None:
    """Without quotes nothing else tells it from a whole row."""
    unquoted = f"9001,SIM ALBA,vessel,CUBA{(',' + NULL) * 7},MMSI 273123456"
    [lost] = read((row(9002) + unquoted).encode())[1:]
    assert isinstance(lost, Junk)
    assert lost.reason.startswith("the file is cut")
    [entry] = entries(read((row(9002) + unquoted + ".").encode()))[1:]
    assert entry.mmsis == (273123456,)


def test_a_cut_advanced_file_says_how_many_ships_are_lost(read: Read) -> None:
    [lost] = read(ADVANCED[: ADVANCED.index(b"<SanctionsEntries>")])
    assert isinstance(lost, Junk)
    assert "3 ships are lost" in lost.reason


@pytest.mark.parametrize("content", [XML, ADVANCED], ids=["sdn.xml", "sdn_advanced.xml"])
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
        + "".join(
            f'<!ENTITY {b} "{f"&{a};" * 10}">'
            for a, b in zip("abcdefghi", "bcdefghij", strict=True)
        )
        + "]>",
        '<!DOCTYPE r [<!ENTITY j SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE r SYSTEM "http://192.0.2.1/r.dtd">',
    ],
    ids=["entity bomb", "external entity", "external DTD"],
)
def test_a_doctype_is_refused(read: Read, content: bytes, doctype: str) -> None:
    head, _, rest = content.partition(b"?>")
    bomb = head + b"?>" + doctype.encode() + rest.replace(b"SIM ALBA", b"&j;")
    [lost] = read(bomb)
    assert isinstance(lost, Junk)
    assert (lost.is_whole, "DOCTYPE" in lost.reason) == (True, True)


@pytest.mark.parametrize("content", [XML, ADVANCED], ids=["sdn.xml", "sdn_advanced.xml"])
@pytest.mark.parametrize("bad", [b"\0", b"\xd1", b"&nbsp;", b"</wrong>"])
def test_broken_xml_keeps_what_came_before(read: Read, content: bytes, bad: bytes) -> None:
    """A byte of ISO 8859-1 in a file that says UTF-8 is such a break, too."""
    at = content.rindex(b"RUSSIA-EO14024")
    rows = read(content[:at] + bad + content[at:])
    assert {e.reference for e in entries(rows)} == {"SDN 9001", "SDN 9002"}
    lost = junk(rows)[-1]
    assert (lost.is_whole, "broken" in lost.reason) == (True, True)
    assert lost.line == content[:at].count(b"\n") + 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbf",
        b"\0" * 4096,
        bytes(range(256)) * 64,
        b"imo,name,tier\n1111117,SIM ALBA,strong\n",
        b"9001,SIM ALBA,vessel\n",
        row(kind="tanker").encode(),
        b'<?xml version="1.0"?><export xmlns="http://eu.europa.ec/fpi/fsd/export"></export>',
        b"<html><body>sdnList</body></html>",
        b"{}",
        b'{"vessels": []}',
        extract(vessel(list_name="Another list")),
        json.dumps([vessel()]).encode(),
    ],
    ids=[
        "empty",
        "a mark alone",
        "zeros",
        "binary",
        "a team's list",
        "three columns",
        "another register's twelve columns",
        "the EU's XML",
        "a web page",
        "empty JSON",
        "a list of nothing",
        "another list in the same shape",
        "a bare list",
    ],
)
def test_other_files_are_not_taken_for_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sdn.csv"
    path.write_bytes(content)
    assert open_list(path) is None


def test_the_first_row_may_be_the_broken_one(read: Read) -> None:
    rows = read(b"ent_num,SDN_Name,SDN_Type\r\n" + CSV)
    assert [j.line for j in junk(rows) if j.is_whole] == [1]
    assert len(entries(rows)) == len(entries(read(CSV)))


def test_rows_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "list.dat"
    path.write_bytes(row().encode())
    found = open_list(path)
    assert found is not None
    path.write_bytes((row() + row(9002)).encode())
    assert len(list(found.rows)) == 2


@pytest.mark.parametrize(
    ("content", "tag"),
    [(XML, "sdnEntry"), *((ADVANCED, t) for t in ("Location", "IDRegDocument", "DistinctParty"))],
    ids=["sdnEntry", "Location", "IDRegDocument", "DistinctParty"],
)
def test_a_large_file_is_not_held_in_memory(tmp_path: Path, content: bytes, tag: str) -> None:
    """The published advanced file has 127 MB; what is no ship's leaves next to nothing behind."""
    parts = "<Part><Value>SIM</Value></Part>" * 20
    other = f'<{tag} ID="x"><sdnType>Entity</sdnType>{parts}</{tag}>'.encode()
    at = content.index(f"<{tag} ".encode() if content is ADVANCED else b"<sdnEntry>")
    path = tmp_path / "list.dat"
    path.write_bytes(content[:at] + other * 2000 + content[at:])
    found = open_list(path)
    assert found is not None
    tracemalloc.start()
    assert len(entries(list(found.rows))) == 5
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < path.stat().st_size


@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
def test_entries_make_a_table(read: Read, content: bytes) -> None:
    assert as_table(entries(read(content))).num_rows == len(entries(read(content))) > 0


# The real files --------------------------------------------------------------------------------

CSV_QUERY = r"""
    with entry as (
        from read_csv(?, header = false, auto_detect = false, quote = '"', escape = '"',
                      delim = ',', columns = {
            'ent_num': 'varchar', 'name': 'varchar', 'kind': 'varchar', 'program': 'varchar',
            'title': 'varchar', 'call_sign': 'varchar', 'type': 'varchar', 'tonnage': 'varchar',
            'grt': 'varchar', 'flag': 'varchar', 'owner': 'varchar', 'remarks': 'varchar'})
    ), digit as (
        select *, regexp_extract(remarks, 'Registration Identification (IMO +)?([0-9]{7})', 2) d
        from entry
    )
    select ent_num,
           unnest(string_split(program, '] [')) as programme,
           case when d != '' and list_sum([d[i]::int * (8 - i) for i in range(1, 7)]) % 10
                                = d[7]::int then d::int end as imo,
           nullif(regexp_extract(remarks, 'MMSI ([2-7][0-9]{8})', 1), '')::int as mmsi,
           try_cast(replace(tonnage, ',', '') as int) as deadweight_t,
           nullif(trim(call_sign), '-0-') as call_sign,
           regexp_matches(remarks, 'Registration Identification')
               and not regexp_matches(remarks, 'Identification (IMO +)?[0-9]{7}') as is_no_imo
    from digit where kind = 'vessel'
"""


@pytest.mark.skipif(not SHARED_CSV.exists(), reason="the real files are not at hand")
def test_the_real_csv_agrees_with_a_query_over_it() -> None:
    found = open_list(SHARED_CSV)
    assert found is not None
    rows = list(found.rows)
    asked = duckdb.sql(CSV_QUERY, params=[str(SHARED_CSV)]).fetchall()
    assert Counter(
        (e.reference, e.programme, e.imo, *(e.mmsis or [None]), e.deadweight_t, e.call_sign)
        for e in entries(rows)
    ) == Counter((f"SDN {number}", *rest) for number, *rest, _ in asked)
    assert {(j.reason.split(":")[0], j.is_whole) for j in junk(rows)} == {
        ("registration that is no IMO number", False)
    }
    assert len(junk(rows)) == len({number for number, *_, is_no_imo in asked if is_no_imo})


JSON_QUERY = """
    select row_number() over () as number, unnest(vessel.programs) as programme, vessel.imo as imo,
           vessel.name, vessel.vessel_info.dwt::int as dwt,
           vessel.vessel_info.gross_tonnage::int as gross
    from (select unnest(vessels) as vessel from read_json(?))
"""


@pytest.mark.skipif(not SHARED_JSON.exists(), reason="the real files are not at hand")
def test_the_real_extract_agrees_with_a_query_over_it() -> None:
    found = open_list(SHARED_JSON)
    assert found is not None
    rows = list(found.rows)
    assert junk(rows) == []
    asked = duckdb.sql(JSON_QUERY, params=[str(SHARED_JSON)]).fetchall()
    assert Counter(
        (e.line, e.programme, e.imo, e.vessel_name, e.deadweight_t, e.gross_t)
        for e in entries(rows)
    ) == Counter(asked)
    assert {e.listed_on for e in entries(rows)} == {None}


@pytest.mark.skipif(not SHARED.exists(), reason="the real files are not at hand")
def test_no_other_real_list_is_taken_for_it() -> None:
    told = {path for path in SHARED.iterdir() if open_list(path) is not None}
    assert told == {SHARED_CSV, SHARED_JSON}
