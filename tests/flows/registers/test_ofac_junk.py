"""OFAC's SDN list, broken: what cannot be read is named, and the rest is taken."""

from __future__ import annotations

import pytest

from flows.publishers import ofac
from tests.build.lists import Read, assert_junk
from tests.build.ofac import ADVANCED, CSV, NULL, XML, extract, row, sdn_vessel

PUBLISHER = ofac
IMO = "Vessel Registration Identification IMO"

# Junk ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param("9001,SIM ALBA,vessel,CUBA\r\n", "4 fields, expected the 12", id="short"),
        pytest.param(row().replace(NULL, "a,b", 1), "13 fields", id="long"),
        pytest.param(row(number=NULL), "no ent_num", id="null reference"),
        pytest.param(row(number="9001x"), "no ent_num", id="bad reference"),
        pytest.param(row(kind="submarine"), "unknown SDN type", id="unknown type"),
        pytest.param(row().replace('ALBA"', "ALBA"), "not a CSV row", id="open quote"),
        pytest.param(
            row(name='SIM "ALBA", "X', remarks='"A", B.'), "not a CSV row", id="ambiguous quotes"
        ),
        pytest.param(row(name="").replace('""', NULL), "nor a name", id="nothing to know it by"),
        pytest.param("\0\0\0\r\n", "1 fields", id="NUL"),
        pytest.param(row(name="x" * 200_000), "not a CSV row: field larger", id="huge field"),
    ],
)
def test_a_bad_row_costs_that_row_only(bad: str, reason: str, read: Read) -> None:
    rows = read(row(9002, "SIM BRISA") + bad + row(9003, "SIM CORAL"))
    assert [e.reference for e in rows.entries] == ["SDN 9002", "SDN 9003"]
    assert_junk(rows, (2, True, reason))


def test_the_first_row_may_be_the_broken_one(read: Read) -> None:
    rows = read(b"ent_num,SDN_Name,SDN_Type\r\n" + CSV)
    assert [j.line for j in rows.junk if j.is_whole] == [1]
    assert rows.facts() == read(CSV).facts()


@pytest.mark.parametrize(
    ("cells", "reason", "raw"),
    [
        ({"remarks": f"{IMO} 1111118."}, "IMO number with a wrong check digit", "IMO 1111118"),
        (
            {"remarks": "Vessel Registration Identification RS 150443 (Russia)."},
            *("no IMO number", "RS 150443 (Russia)"),
        ),
        ({"remarks": f"{IMO} 1111117; alt. {IMO} 3333331."}, "second IMO number", "IMO 3333331"),
        ({"remarks": "MMSI Call sign."}, "not a ship's MMSI", "Call sign"),
        ({"remarks": "MMSI 992731234."}, "not a ship's MMSI", "992731234"),
        ({"remarks": "Vessel Year of Build 207."}, "not a year", "207"),
        ({"flag": "Atlantis"}, "unknown flag", "Atlantis"),
        ({"tonnage": "big"}, "tonnage is not a number", "big"),
        ({"remarks": "Linked To: " + "X" * 989}, "sdn_comments.csv", "Linked To: " + "X" * 189),
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


@pytest.mark.parametrize(
    ("part", "reason"),
    [(b"<uid>9001</uid>", "no uid"), (b"<sdnType>Vessel</sdnType>", "unknown sdnType")],
)
def test_an_incomplete_entry_of_the_xml_is_junk(part: bytes, reason: str, read: Read) -> None:
    rows = read(XML.replace(part, b"", 1))
    assert [(j.line, reason in j.reason) for j in rows.junk if j.is_whole] == [(7, True)]
    assert {e.reference for e in rows.entries} == {"SDN 9002", "SDN 9006"}


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


@pytest.mark.parametrize(
    ("imo", "reference"),
    [
        (1111117, "SDN, IMO 1111117"),
        ("IMO 1111117", "SDN, IMO 1111117"),
        (1111118, "SDN, SIM ALBA"),
        (None, "SDN, SIM ALBA"),
    ],
)
def test_the_reference_of_the_extract_is_the_hull_or_the_name(
    imo: object, reference: str, read: Read
) -> None:
    assert {e.reference for e in read(extract(sdn_vessel(imo=imo))).entries} == {reference}


# Hostile and broken files ----------------------------------------------------------------------


def test_a_cut_in_the_remarks_of_the_last_row(read: Read) -> None:
    """Without quotes only the full stop distinguishes it from a whole row."""
    unquoted = f"9001,SIM ALBA,vessel,CUBA{(',' + NULL) * 7},MMSI 273123456"
    assert_junk(read(row(9002) + unquoted), (2, True, "the file is cut"))
    assert read(row(9002) + unquoted + ".").entries[1].mmsis == (273123456,)


def test_a_cut_in_a_row_that_is_no_ship_is_noticed(read: Read) -> None:
    assert_junk(read(row() + "9003,SIMONS,individual,SD"), (2, True, "the file is cut"))


def test_a_cut_advanced_file_counts_the_ships_that_are_lost(read: Read) -> None:
    rows = read(ADVANCED[: ADVANCED.index(b"<SanctionsEntries>")])
    assert rows.entries == [] and "3 ships are lost" in rows.junk[0].reason


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
def test_a_doctype_is_refused(content: bytes, doctype: str, read: Read) -> None:
    head, _, rest = content.partition(b"?>")
    rows = read(head + b"?>" + doctype.encode() + rest.replace(b"SIM ALBA", b"&j;"))
    assert rows.entries == []
    assert [(j.is_whole, "DOCTYPE" in j.reason) for j in rows.junk] == [(True, True)]


@pytest.mark.parametrize("content", [XML, ADVANCED], ids=["sdn.xml", "sdn_advanced.xml"])
@pytest.mark.parametrize("bad", [b"\0", b"\xd1", b"&nbsp;", b"</wrong>"])
def test_broken_xml_keeps_what_came_before(content: bytes, bad: bytes, read: Read) -> None:
    """A byte of ISO 8859-1 in a file declared as UTF-8 is such a break, too."""
    at = content.rindex(b"RUSSIA-EO14024")
    rows = read(content[:at] + bad + content[at:])
    assert {e.reference for e in rows.entries} == {"SDN 9001", "SDN 9002"}
    lost = rows.junk[-1]
    assert (lost.is_whole, "broken" in lost.reason) == (True, True)
    assert lost.line == content[:at].count(b"\n") + 1
