"""OFAC's SDN list: the same ships from each of its formats; junk is named, never taken for data."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import duckdb
import pytest

from flows.lists.entry import Entry
from flows.publishers import ofac
from tests.build.lists import Read, Rows, read_list
from tests.build.ofac import (
    ADVANCED,
    CSV,
    EXTRACT,
    NULL,
    XML,
    dated,
    enhanced,
    enhanced_ship,
    extract,
    row,
    sdn_vessel,
)
from tests.conftest import ROOT

PUBLISHER = ofac
SHARED = ROOT.parent / "shared" / "data" / "registers"
SHARED_CSV = SHARED / "ofac_sdn_vessels_2023-11.csv"
SHARED_JSON = SHARED / "ofac_sdn_vessels_2026-03.json"
IMO = "Vessel Registration Identification IMO"
TWO_PROGRAMMES = enhanced(enhanced_ship("IRAN", "RUSSIA-EO14024"))

# The content of a list -------------------------------------------------------------------------


def test_a_full_row_is_taken_over(read: Read) -> None:
    assert read(CSV).entries[0] == Entry(
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


def test_the_formats_agree(read: Read) -> None:
    """But for the line, and the day of listing, which only some have."""
    plain = read(CSV)
    for content in (XML, ADVANCED):
        other = read(content)
        assert other.facts("listed_on") == plain.facts()
        assert [j.reason for j in other.junk] == [j.reason for j in plain.junk]
    assert {e.vessel_name for e in plain.entries} == {"SIM ALBA", "SIM BRISA", "SIM CORAL"}
    assert read(TWO_PROGRAMMES).facts() == plain.facts()[:2]


@pytest.mark.parametrize(
    ("content", "marks"),
    [
        (CSV, [b"9001,", b"9002,", b"9006,"]),
        (XML, [b"<uid>9001", b"<uid>9002", b"<uid>9006"]),
        (ADVANCED, [b'Party FixedRef="9001', b'Party FixedRef="9002', b'Party FixedRef="9006']),
    ],
    ids=["sdn.csv", "sdn.xml", "sdn_advanced.xml"],
)
def test_the_line_is_where_the_entry_begins(content: bytes, marks: list[bytes], read: Read) -> None:
    begins = [content[: content.index(mark)].count(b"\n") + 1 for mark in marks]
    if content is XML:  # its uid is on the line after the tag that begins the entry
        begins = [line - 1 for line in begins]
    assert sorted({e.line for e in read(content).entries}) == begins


@pytest.mark.parametrize(
    ("content", "day"),
    [
        (CSV, None),
        (XML, date(2026, 3, 20)),
        (XML.replace(b"03/20/2026", b"20 March"), None),
        (ADVANCED, date(2026, 3, 20)),
        (ADVANCED.replace(b"<Month>3<", b"<Month>13<"), None),
        (TWO_PROGRAMMES, date(2026, 4, 10)),
        (EXTRACT, date(2026, 3, 22)),
    ],
    ids=["csv", "xml", "xml, no day", "advanced", "advanced, no day", "enhanced", "extract"],
)
def test_published_on(content: bytes, day: date | None, read: Read) -> None:
    assert read(content).published_on == day


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
def test_each_programme_is_an_entry(text: str, programmes: list[str], read: Read) -> None:
    entries = read(row(program=text)).entries
    assert [e.programme for e in entries] == programmes
    assert len({e._replace(programme=None) for e in entries}) == 1


def test_nulls_of_the_csv_are_null(read: Read) -> None:
    [entry] = read(row()).entries
    given = {"register", "link_source", "reference", "vessel_name", "line"}
    assert {f for f in Entry._fields if getattr(entry, f) != Entry._field_defaults.get(f)} == given


@pytest.mark.parametrize(
    ("cells", "field", "value"),
    [
        *(({"flag": flag}, "flag", None) for flag in ("None Identified", "Unknown")),
        *(
            ({"remarks": text}, "imo", 1111117)
            for text in (
                f"{IMO} 1111117.",
                f"{IMO}  1111117.",
                "Vessel Registration Identification 1111117.",
                f"{IMO} 1111117 (Russia); MMSI 273123456.",
            )
        ),
        ({"remarks": "Identification Number IMO 1111117."}, "imo", None),
        ({"remarks": f"Linked To: {IMO.upper()} 1111117 CO."}, "imo", None),
        ({"remarks": "f.k.a. 'ONE'; f.k.a. 'TWO'."}, "former_names", ("ONE", "TWO")),
        ({"remarks": "a.k.a. 'ONE'; n.k.a. 'TWO'; a.k.a. 'ONE'."}, "former_names", ("ONE", "TWO")),
        ({"remarks": "f.k.a. 'SIM ALBA'."}, "former_names", ()),
        ({"remarks": "f.k.a. 'L'ORIENT CO.'."}, "former_names", ("L'ORIENT CO.",)),
        ({"remarks": "Linked To: A.K.A. 'ONE'."}, "former_names", ()),
        ({"name": "Sim  Brisa"}, "vessel_name", "SIM BRISA"),
        ({"name": "SIM\0 \x1bALBA\u202e"}, "vessel_name", "SIM ALBA"),
        ({"name": "SÍM ALBÁ"}, "vessel_name", "SÍM ALBÁ"),
    ],
)
def test_fields_of_a_row(cells: dict[str, str], field: str, value: object, read: Read) -> None:
    rows = read(row(**cells))
    assert ([getattr(e, field) for e in rows.entries], rows.junk) == ([value], [])


def test_a_line_that_is_not_utf8_is_read_as_latin_1(read: Read) -> None:
    assert read(row(name="SÍM ALBÁ").encode("latin-1")) == read(row(name="SÍM ALBÁ"))


@pytest.mark.parametrize(
    ("name", "remarks", "others"),
    [
        ('SIM "ALBA" STAR', f"{IMO} 1111117.", ()),
        (
            "SIM ALBA",
            f'{IMO} 1111117; a.k.a. "SIM OLD", or so; f.k.a. "SIM OLDER"; Linked To: SIM "CO".',
            ("SIM OLDER",),
        ),
        ('"SIM ALBA', f"{IMO} 1111117.", ()),
    ],
)
def test_quotes_inside_a_quoted_field_cost_no_ship(
    name: str, remarks: str, others: tuple[str, ...], read: Read
) -> None:
    rows = read(row(name=name, program="CUBA", flag="Gambia, The", remarks=remarks))
    assert [(e.vessel_name, e.imo, e.flag, e.former_names) for e in rows.entries] == [
        (name, 1111117, "GM", others)
    ]
    assert rows.junk == []


def test_the_enhanced_file(read: Read) -> None:
    """Its one day is that of the entry: with several programmes it may be any one's."""
    assert [e.listed_on for e in read(TWO_PROGRAMMES).entries] == [None, None]
    one = read(enhanced(enhanced_ship("RUSSIA-EO14024")))
    assert [e.listed_on for e in one.entries] == [date(2025, 2, 6)]
    for other in ({"kind": "Individual"}, {"kind": "Entity"}, {"of": "Consolidated List"}):
        assert read(enhanced(enhanced_ship("IRAN", **other))).rows == []
    strange = read(enhanced(enhanced_ship("IRAN", kind="Submarine")))
    assert [j.is_whole for j in strange.junk] == [True] and strange.entries == []
    fraudulent = read(enhanced(enhanced_ship("IRAN", is_valid="false")))
    assert [e.imo for e in fraudulent.entries] == [None]


# Days of listing -------------------------------------------------------------------------------

UNKNOWN, RUSSIA, OTHER = "1", "92049", "1828"


# The events of an entry, and the days of listing under IRAN and RUSSIA-EO14024.
OLD, Y2022, Y2024, Y2025 = "2012-07-12", "2022-05-08", "2024-02-23", "2025-01-10"
EVENTS: dict[str, tuple[list[tuple[str, str]], str | None, str | None]] = {
    "one for both": ([(UNKNOWN, OLD)], OLD, OLD),
    "the only day": ([(RUSSIA, Y2025)], Y2025, Y2025),
    "the order of a programme dates it alone": ([(RUSSIA, Y2025), (UNKNOWN, OLD)], OLD, Y2025),
    "a later event of another programme": ([(RUSSIA, Y2022), (OTHER, Y2024)], Y2024, Y2022),
    "the earliest of an order": ([(RUSSIA, Y2025), (RUSSIA, Y2022)], Y2022, Y2022),
    "no order: the earliest": ([(OTHER, "2020-1-5"), (UNKNOWN, OLD)], OLD, OLD),
    "no event": ([], None, None),
}


@pytest.mark.parametrize(("events", "iran", "russia"), EVENTS.values(), ids=EVENTS)
def test_day_of_listing_by_programme(
    events: list[tuple[str, str]], iran: str | None, russia: str | None, read: Read
) -> None:
    entries = read(dated(*events)).entries[:2]
    days = {e.programme: e.listed_on and e.listed_on.isoformat() for e in entries}
    assert days == {"IRAN": iran, "RUSSIA-EO14024": russia}


@pytest.mark.parametrize("day", ["2022-02-30", "2022", "--", "soon"])
def test_an_unreadable_day_is_junk_and_the_entry_stays(day: str, read: Read) -> None:
    rows = read(dated((RUSSIA, day), (UNKNOWN, "2012-07-12")))
    assert [j.is_whole for j in rows.junk if "day of listing" in j.reason] == [False]
    assert [e.listed_on for e in rows.entries[:2]] == [date(2012, 7, 12)] * 2


def test_an_event_that_is_no_listing_dates_nothing(read: Read) -> None:
    amended_type = b'<EntryEventType ID="2">Amended</EntryEventType></EntryEventTypeValues>'
    content = ADVANCED.replace(b"</EntryEventTypeValues>", amended_type)
    first = content.index(b'EntryEventTypeID="1"')
    amended = content[:first] + b'EntryEventTypeID="2"' + content[first + 20 :]
    both = {date(2012, 7, 12), date(2024, 8, 23)}
    assert {e.listed_on for e in read(content).entries[:2]} == both
    assert {e.listed_on for e in read(amended).entries[:2]} == {date(2024, 8, 23)}


def test_no_other_format_has_a_day_of_listing(read: Read) -> None:
    """The extract's designation_date is one day for all, also for ships on the list of 2023."""
    for content in (CSV, XML, EXTRACT):
        assert {e.listed_on for e in read(content).entries} == {None}
    dates = ["03/20/2026", "12/10/1986", "junk", None, 20260320]
    found = read(extract(*(sdn_vessel(designation_date=day) for day in dates)))
    assert found.facts() == read(extract(sdn_vessel())).facts() * 5


# The reference values of the advanced file -----------------------------------------------------


def test_ids_and_namespaces_do_not_matter(read: Read) -> None:
    sets, rest = re.split(rb"(?<=</ReferenceValueSets>)", ADVANCED)
    renumbered = re.sub(rb' ID="(\d+)"', rb' ID="5\g<1>5"', sets)
    kinds = rb"|".join(set(re.findall(rb"<(\w+) ID=", sets)))
    changed = renumbered + re.sub(rb"\b(" + kinds + rb')ID="(\d+)"', rb'\1ID="5\g<2>5"', rest)
    assert changed.count(b'="5') > ADVANCED.count(b'="5') + 100
    assert read(changed) == read(ADVANCED)
    for content, tag in ((XML, b"sdnList"), (ADVANCED, b"Sanctions")):
        bare = re.sub(rb' xmlns="[^"]*"', b"", content)
        prefixed = re.sub(rb"<(/?)([A-Za-z])", rb"<\1o:\2", bare)
        prefixed = prefixed.replace(b"<o:" + tag, b"<o:" + tag + b' xmlns:o="urn:x"', 1)
        assert read(bare) == read(prefixed) == read(content)


def test_other_lists_and_scripts_of_the_advanced_file(read: Read) -> None:
    entries = read(ADVANCED).entries
    assert b"OTHER-LIST" in ADVANCED and "OTHER-LIST" not in {e.programme for e in entries}
    assert entries[0].former_names == ("SIM OLD ONE", "SIM OTHER")
    cyrillic = read(ADVANCED.replace(b'ScriptID="215"', b'ScriptID="220"')).entries
    assert cyrillic[0].former_names == ("СИМ АЛЬБА", "SIM OLD ONE", "SIM OTHER")


def test_a_fraudulent_registration_is_not_taken_over(read: Read) -> None:
    rows = read(re.sub(rb'(IdentityID="5001" ValidityID=)"1"', rb'\1"2"', ADVANCED))
    assert (rows.entries[0].imo, rows.entries[0].mmsis) == (None, ())
    assert "fraudulent" in rows.junk[0].reason
    assert [j.is_whole for j in rows.junk[:2]] == [False, False]


def test_ships_without_an_entry_or_of_an_unknown_type_are_junk(read: Read) -> None:
    rows = read(ADVANCED.replace(b'ProfileID="9002"', b'ProfileID="9999"'))
    assert [j.raw for j in rows.junk if j.is_whole] == ["SDN 9002 SIM BRISA"]
    rows = read(ADVANCED.replace(b">Vessel</PartySubType>", b">Ship</PartySubType>"))
    assert rows.entries == []
    assert [j.reason for j in rows.junk] == ["unknown PartySubType"] * 3


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
    rows: Rows = read_list(ofac, SHARED_CSV)
    asked = duckdb.sql(CSV_QUERY, params=[str(SHARED_CSV)]).fetchall()
    assert Counter(
        (e.reference, e.programme, e.imo, *(e.mmsis or [None]), e.deadweight_t, e.call_sign)
        for e in rows.entries
    ) == Counter((f"SDN {number}", *rest) for number, *rest, _ in asked)
    assert {(j.reason.split(",")[0], j.is_whole) for j in rows.junk} == {
        ("registration that is no IMO number", False)
    }
    assert len(rows.junk) == len({number for number, *_, is_no_imo in asked if is_no_imo})


JSON_QUERY = """
    select row_number() over () as number, unnest(vessel.programs) as programme, vessel.imo as imo,
           vessel.name, vessel.vessel_info.dwt::int as dwt,
           vessel.vessel_info.gross_tonnage::int as gross
    from (select unnest(vessels) as vessel from read_json(?))
"""


@pytest.mark.skipif(not SHARED_JSON.exists(), reason="the real files are not at hand")
def test_the_real_extract_agrees_with_a_query_over_it() -> None:
    rows = read_list(ofac, SHARED_JSON)
    assert rows.junk == []
    asked = duckdb.sql(JSON_QUERY, params=[str(SHARED_JSON)]).fetchall()
    assert Counter(
        (e.line, e.programme, e.imo, e.vessel_name, e.deadweight_t, e.gross_t) for e in rows.entries
    ) == Counter(asked)
    assert {e.listed_on for e in rows.entries} == {None}


@pytest.mark.skipif(not SHARED.exists(), reason="the real files are not at hand")
def test_no_other_real_list_is_taken_for_it() -> None:
    recognised = {path for path in SHARED.iterdir() if ofac.open_list(path) is not None}
    assert recognised == {SHARED_CSV, SHARED_JSON}
