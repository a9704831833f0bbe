"""OFAC's SDN list: the same ships from each of its formats; junk is named, never taken for data.

Cells and rows of sdn.csv are in the tables of `test_fields.py` and `test_junk.py`.
"""

from __future__ import annotations

import re
from datetime import date

import pytest

from flows.registers.lists.entry import Entry
from flows.registers.publishers import ofac
from tests.build.lists import Read, assert_junk
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

PUBLISHER = ofac
IMO = "Vessel Registration Identification IMO"
TWO_PROGRAMMES = enhanced(enhanced_ship("IRAN", "RUSSIA-EO14024"))
BOTH_XML = pytest.mark.parametrize("content", [XML, ADVANCED], ids=["sdn.xml", "sdn_advanced.xml"])

# The formats


def test_a_full_row_is_taken_over_and_the_formats_agree(read: Read) -> None:
    """But for the line, and the day of listing, which only some have."""
    plain = read(CSV)
    assert plain.entries[0] == Entry(
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
    assert {e.vessel_name for e in plain.entries} == {"SIM ALBA", "SIM BRISA", "SIM CORAL"}
    for content in (XML, ADVANCED):
        other = read(content)
        assert other.facts("listed_on") == plain.facts()
        assert [j.reason for j in other.junk] == [j.reason for j in plain.junk]
    assert read(TWO_PROGRAMMES).facts() == plain.facts()[:2]


@pytest.mark.parametrize(
    ("content", "mark", "before"),
    [(CSV, b"%d,", 0), (XML, b"<uid>%d", 1), (ADVANCED, b'Party FixedRef="%d', 0)],
    ids=["sdn.csv", "sdn.xml", "sdn_advanced.xml"],
)
def test_the_line_is_where_the_entry_begins(
    content: bytes, mark: bytes, before: int, read: Read
) -> None:
    """In sdn.xml that is the line before its uid."""
    starts = [content.index(mark % number) for number in (9001, 9002, 9006)]
    begins = [content[:start].count(b"\n") + 1 - before for start in starts]
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


# Days of listing

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
    **{
        f"unreadable: {day}": ([(RUSSIA, day), (UNKNOWN, OLD)], OLD, OLD)
        for day in ("2022-02-30", "2022", "--", "soon")
    },
}


@pytest.mark.parametrize("case", EVENTS)
def test_day_of_listing_by_programme(case: str, read: Read) -> None:
    """An unreadable one is junk and the entry stays."""
    events, iran, russia = EVENTS[case]
    rows = read(dated(*events))
    days = {e.programme: e.listed_on and e.listed_on.isoformat() for e in rows.entries[:2]}
    assert days == {"IRAN": iran, "RUSSIA-EO14024": russia}
    junk = [j.is_whole for j in rows.junk if "day of listing" in j.reason]
    assert junk == [False] * case.startswith("unreadable")


def test_an_event_that_is_no_listing_dates_nothing(read: Read) -> None:
    amended_type = b'<EntryEventType ID="2">Amended</EntryEventType></EntryEventTypeValues>'
    content = ADVANCED.replace(b"</EntryEventTypeValues>", amended_type)
    amended = content.replace(b'EntryEventTypeID="1"', b'EntryEventTypeID="2"', 1)
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


# The XML files


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


def test_what_is_not_taken_over_from_the_advanced_file(read: Read) -> None:
    fraudulent = read(re.sub(rb'(IdentityID="5001" ValidityID=)"1"', rb'\1"2"', ADVANCED))
    assert (fraudulent.entries[0].imo, fraudulent.entries[0].mmsis) == (None, ())
    assert "fraudulent" in fraudulent.junk[0].reason
    assert [j.is_whole for j in fraudulent.junk[:2]] == [False, False]
    without_entry = read(ADVANCED.replace(b'ProfileID="9002"', b'ProfileID="9999"'))
    assert [j.raw for j in without_entry.junk if j.is_whole] == ["SDN 9002 SIM BRISA"]
    strange = read(ADVANCED.replace(b">Vessel</PartySubType>", b">Ship</PartySubType>"))
    assert strange.entries == []
    assert [j.reason for j in strange.junk] == ["unknown PartySubType"] * 3
    cut = read(ADVANCED[: ADVANCED.index(b"<SanctionsEntries>")])
    assert cut.entries == [] and "3 ships are lost" in cut.junk[0].reason


@pytest.mark.parametrize(
    ("part", "reason"),
    [(b"<uid>9001</uid>", "no uid"), (b"<sdnType>Vessel</sdnType>", "unknown sdnType")],
)
def test_an_incomplete_entry_of_the_xml_is_junk(part: bytes, reason: str, read: Read) -> None:
    rows = read(XML.replace(part, b"", 1))
    assert [(j.line, reason in j.reason) for j in rows.junk if j.is_whole] == [(7, True)]
    assert {e.reference for e in rows.entries} == {"SDN 9002", "SDN 9006"}


BOMB = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


@BOTH_XML
@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">{BOMB}]>',
        '<!DOCTYPE r [<!ENTITY j SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE r SYSTEM "http://192.0.2.1/r.dtd">',
    ],
    ids=["entity bomb", "external entity", "external DTD"],
)
def test_a_doctype_is_refused(content: bytes, doctype: str, read: Read) -> None:
    head, _, rest = content.partition(b"?>")
    rows = read(head + b"?>" + doctype.encode() + rest.replace(b"SIM ALBA", b"&j;"))
    assert rows.entries == []
    assert [(j.is_whole, "DOCTYPE" in j.reason) for j in rows.junk] == [(True, True)]


@BOTH_XML
@pytest.mark.parametrize("bad", [b"\0", b"\xd1", b"&nbsp;", b"</wrong>"])
def test_broken_xml_keeps_what_came_before(content: bytes, bad: bytes, read: Read) -> None:
    """A byte of ISO 8859-1 in a file declared as UTF-8 is such a break, too."""
    at = content.rindex(b"RUSSIA-EO14024")
    rows = read(content[:at] + bad + content[at:])
    assert {e.reference for e in rows.entries} == {"SDN 9001", "SDN 9002"}
    lost = rows.junk[-1]
    assert (lost.is_whole, "broken" in lost.reason) == (True, True)
    assert lost.line == content[:at].count(b"\n") + 1


# sdn.csv


def test_the_first_row_may_be_the_broken_one(read: Read) -> None:
    rows = read(b"ent_num,SDN_Name,SDN_Type\r\n" + CSV)
    assert [j.line for j in rows.junk if j.is_whole] == [1]
    assert rows.facts() == read(CSV).facts()


RUSSIAN = "Vessel Registration Identification RS 150443 (Russia)."
SECOND, LONG = f"{IMO} 1111117; alt. {IMO} 3333331.", "Linked To: " + "X" * 989


@pytest.mark.parametrize(
    ("cells", "reason", "raw"),
    [
        ({"remarks": f"{IMO} 1111118."}, "IMO number with a wrong check digit", "IMO 1111118"),
        ({"remarks": RUSSIAN}, "no IMO number", "RS 150443 (Russia)"),
        ({"remarks": SECOND}, "second IMO number", "IMO 3333331"),
        ({"remarks": "MMSI Call sign."}, "not a ship's MMSI", "Call sign"),
        ({"remarks": "MMSI 992731234."}, "not a ship's MMSI", "992731234"),
        ({"remarks": "Vessel Year of Build 207."}, "not a year", "207"),
        ({"flag": "Atlantis"}, "unknown flag", "Atlantis"),
        ({"tonnage": "big"}, "tonnage is not a number", "big"),
        ({"remarks": LONG}, "sdn_comments.csv", LONG[:200]),
    ],
)
def test_an_unreadable_field_is_left_out_and_named(
    cells: dict[str, str], reason: str, raw: str, read: Read
) -> None:
    rows = read(row(**cells))
    [entry] = rows.entries
    assert_junk(rows, (1, False, reason))
    assert rows.junk[0].raw == raw
    assert entry.imo == (1111117 if "second" in reason else None)
    assert (entry.mmsis, entry.flag, entry.deadweight_t, entry.built_year) == ((), None, None, None)


def test_a_cut_in_the_last_row_is_noticed(read: Read) -> None:
    """Without quotes only the full stop distinguishes it from a whole row."""
    unquoted = f"9001,SIM ALBA,vessel,CUBA{(',' + NULL) * 7},MMSI 273123456"
    assert_junk(read(row(9002) + unquoted), (2, True, "the file is cut"))
    assert read(row(9002) + unquoted + ".").entries[1].mmsis == (273123456,)
    assert_junk(read(row() + "9003,SIMONS,individual,SD"), (2, True, "the file is cut"))


# The extract


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "not a vessel"),
        ([], "not a vessel"),
        ({}, "programs or vessel_info missing"),
        (sdn_vessel(programs="IRAN"), "programs or vessel_info missing"),
        (sdn_vessel(vessel_info=None), "programs or vessel_info missing"),
        (sdn_vessel(imo=None, name=None), "neither an IMO number nor a name"),
        (sdn_vessel(imo=True, name=["SIM ALBA"]), "neither an IMO number nor a name"),
    ],
)
def test_a_bad_vessel_of_the_extract_is_junk(bad: object, reason: str, read: Read) -> None:
    rows = read(extract(sdn_vessel(), bad, sdn_vessel(name="SIM DUNA")))
    assert_junk(rows, (2, True, reason))
    assert {(e.line, e.vessel_name) for e in rows.entries} == {(1, "SIM ALBA"), (3, "SIM DUNA")}


def test_the_reference_of_the_extract_is_the_hull_or_the_name(read: Read) -> None:
    for imo in (1111117, "IMO 1111117", 1111118, None):
        hull = "SIM ALBA" if imo in (1111118, None) else "IMO 1111117"
        entries = read(extract(sdn_vessel(imo=imo))).entries
        assert {e.reference for e in entries} == {f"SDN, {hull}"}
