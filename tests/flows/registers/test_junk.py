"""What cannot be read in a list of any publisher is named with its line, and costs nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.home.settings import BarometerError
from flows.registers.lists.table import MOST_LINE_BYTES
from flows.registers.publishers import team
from tests.build import lists
from tests.build.lists import FSF_SHIP, TEAM_SHIP, assert_junk, entity
from tests.build.ofac import NULL, row
from tests.flows.registers.forms import FORMS, Ask, Row, form_of, values

# A case's name begins with its list.

UNREADABLE: dict[str, tuple[str, str, str, Any]] = {
    "annexes: check digit": ("imoNumber", "9402472", "imo", None),
    "annexes: words for a number": ("imoNumber", "see notes", "imo", None),
    "annexes: NUL in a number": ("imoNumber", "94024\x0071", "imo", None),
    "annexes: a label as MMSI": ("mmsi", "Call sign", "mmsis", ()),
    "annexes: coast station": ("mmsi", "002730000", "mmsis", ()),
    "annexes: 31 June": ("startDate", "31.6.2024", "listed_on", None),
    "annexes: a month": ("startDate", "2024-06", "listed_on", None),
    "annexes: no day": ("startDate", "soon", "listed_on", None),
    "annexes: no country": ("flag", "Atlantis", "flag", None),
    "uk: check digit": ("IMO number", "IMO9826903", "imo", None),
    "uk: a word for a number": ("IMO number", "Unknown", "imo", None),
    "uk: NUL in a number": ("IMO number", "IMO98269\x002", "imo", None),
    "uk: 31 June": ("Date Designated", "31/06/2024", "listed_on", None),
    "uk: letters for a day": ("Date Designated", "dd/mm/2024", "listed_on", None),
    "uk: a month": ("Date Designated", "July 2024", "listed_on", None),
    "uk: no country": ("Current believed flag of ship", "Tazmania", "flag", None),
    "uk: words around a year": ("Year Built", "built in 2019", "built_year", None),
    "uk: no year": ("Year Built", "99999", "built_year", None),
    "gur: a label as MMSI": ("mmsi_current", "Call sign", "mmsis", (273000002,)),
    "gur: a label as call sign": ("callsign", "Vessel name", "call_sign", None),
    "gur: another label": ("callsign", "Vessel Type", "call_sign", None),
    "gur: a label as name": ("former_names", "Flags (former)", "former_names", ()),
    "gur: check digit": ("imo", "9074728", "imo", None),
    "gur: number of the Russian Register": ("imo", "RS 150443", "imo", None),
    "gur: U+FFFD": ("mmsi_legacy", "�273000002", "mmsis", (613000001,)),
    "gur: coast station": ("mmsi_current", "002730000", "mmsis", (273000002,)),
    "gur: two years": ("build_year", "2011 / 2015", "built_year", None),
    "gur: no year": ("build_year", "2800", "built_year", None),
    "gur: no country": ("flag", "Atlantis", "flag", None),
    "team: check digit": ("imo", "9074728", "imo", None),
    "gur: two numbers": ("imo", "9074729 / 9402471", "imo", 9074729),
    "team: two numbers": ("imo", "9074729/9402471", "imo", 9074729),
    "team: a label as MMSI": ("mmsi", "Call sign", "mmsis", ()),
    "team: no length": ("length_m", "long", "length_m", None),
    "team: length 0": ("length_m", "0", "length_m", None),
    "team: longer than any ship, in feet": ("length_m", "819", "length_m", None),
    "team: deadweight in thousands": ("deadweight_t", "37.5", "deadweight_t", None),
    "team: deadweight above any ship": ("deadweight_t", "700000", "deadweight_t", None),
    "team: deadweight 0": ("deadweight_t", "0", "deadweight_t", None),
    "maritime.csv: check digit": ("imo", "IMO9074728", "imo", None),
    "maritime.csv: masked MMSI": ("mmsi", "273######", "mmsis", ()),
    "maritime.csv: two flags": ("flag", "cm;pa", "flag", None),
    "maritime.csv: no country": ("flag", "zz", "flag", None),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_an_unreadable_field_is_left_out_and_named_once(case: str, ask: Ask) -> None:
    column, text, field, left = UNREADABLE[case]
    form = form_of(case)
    changed: list[Row] = [{column: text}]
    if form == "uk":  # several rows are one entry
        changed.append({column: text, "Name 6": "Galaxy"})
    rows = ask(form, FORMS[form].other, *changed)
    at = FORMS[form].top.count("\n") + 2
    assert {getattr(e, field) for e in rows.entries if e.line == at} == {left}
    assert_junk(rows, (at, False, ""))
    (junk,) = rows.junk
    assert column.lower() in junk.reason.lower()
    assert text == junk.raw or text in junk.raw.split(",") or text in junk.reason


GUR, TEAM, MARITIME = (FORMS[form].row({})[:-1] for form in ("gur", "team", "maritime.csv"))
APAR, PETREL = FORMS["annexes"].row({})[:-1], FORMS["uk"].row(lists.PETREL)[:-1]
OPEN, HUGE = "not a CSV row", "x" * 200_000
ENDLESS, NULS = "x" * (MOST_LINE_BYTES + 9), "\0" * 40
LOST: dict[str, tuple[Row | dict, str]] = {
    "annexes: no act": ({"celex": "833/2014"}, "celex"),
    "annexes: empty act": ({"celex": ""}, "celex"),
    "annexes: no ship": ({"name": "", "imoNumber": ""}, "no IMO number"),
    "annexes: cut": (APAR[: APAR.index("Apar")], "fields, expected 15"),
    "annexes: too wide": (APAR + ",,", "17 fields, expected 15"),
    "uk: no reference": ({"Unique ID": " "}, "Unique ID"),
    "uk: no ship": ({"Unique ID": "RUS2", "Name 6": "", "IMO number": ""}, "no IMO number"),
    "uk: cut": (PETREL[:40], "fields, expected 58"),
    "uk: too wide": (PETREL + ",more", "59 fields, expected 58"),
    "fsf.csv: check digit": (
        {"Entity_LogicalId": "2", "Identification_Number": "9036389"},
        "neither",
    ),
    "fsf.csv: text": ({"Entity_LogicalId": "2", "Identification_Number": "unknown"}, "neither"),
    "fsf.csv: right for a ship and for a company": (
        *({"Entity_LogicalId": "2", "Identification_Number": "9123506"}, "may be"),
    ),
    "fsf.csv: no entry": ({"Entity_LogicalId": ""}, "LogicalId"),
    "gur: status": ({"status": "sunk"}, "sunk"),
    "gur: no reference": ({"gur_id": "", "imo": "9074728"}, "nothing to refer to"),
    "gur: a field too many": (GUR + ",x", "12 fields, expected 11"),
    "gur: too few": ("1,2,3", "3 fields, expected 11"),
    "gur: open quote": ('"' + GUR, OPEN),
    "gur: long field": ({"name": HUGE}, "field limit"),
    "team: source": ({"source": " "}, "evidence needs a source"),
    "team: no tier": ({"tier": ""}, "tier ''"),
    "team: tier": ({"tier": "certain"}, "tier 'certain'"),
    "team: reason": ({"reason": "rumour"}, "reason 'rumour'"),
    "team: a name alone": ({"imo": "", "mmsi": ""}, "neither IMO number nor MMSI"),
    "team: check digit": ({"imo": "9074728", "mmsi": ""}, "IMO number '9074728'"),
    "team: MMSI": ({"imo": "", "mmsi": "42"}, "MMSI '42'"),
    "team: German from": ({"from": "31.01.2025"}, "from '31.01.2025'"),
    "team: 30 February": ({"to": "2025-02-30"}, "to '2025-02-30'"),
    "team: not ISO 8601": ({"from": "2025-1-2"}, "from '2025-1-2'"),
    "team: to before from": ({"to": "2025-01-30"}, "is before from"),
    "team: scrapped": ({"reason": "scrapped", "from": ""}, "scrapped without from"),
    "team: open quote": ('"' + TEAM, OPEN),
    "team: too few": ("9074729,x", "2 fields, expected 12"),
    "team: too many": (TEAM + ",more", "13 fields, expected 12"),
    "team: long field": ({"source": HUGE}, "field limit"),
    "team: endless line": (ENDLESS, "bytes"),
    "team: NUL": (NULS, "1 fields"),
    "maritime.csv: no id": ({"id": ""}, "no id"),
    "maritime.csv: nothing to know it by": (
        {"imo": "", "mmsi": "", "caption": "", "aliases": ""},
        "a ship without IMO number, MMSI and name",
    ),
    "maritime.csv: open quote": (f'"{MARITIME}', OPEN),
    "maritime.csv: too few": ("VESSEL,a", "2 fields"),
    "maritime.csv: NUL": ("\0\0", "1 fields"),
    "sdn.csv: short": ("9001,SIM ALBA,vessel,CUBA", "4 fields, expected the 12"),
    "sdn.csv: long": (row()[:-2].replace(NULL, "a,b", 1), "13 fields"),
    "sdn.csv: null reference": ({"number": NULL}, "no ent_num"),
    "sdn.csv: bad reference": ({"number": "9001x"}, "no ent_num"),
    "sdn.csv: unknown type": ({"kind": "submarine"}, "unknown SDN type"),
    "sdn.csv: open quote": (row()[:-2].replace('ALBA"', "ALBA"), OPEN),
    "sdn.csv: ambiguous quotes": ({"name": 'SIM "ALBA", "X', "remarks": '"A", B.'}, OPEN),
    "sdn.csv: nothing to know it by": (row(name="")[:-2].replace('""', NULL), "nor a name"),
    "sdn.csv: NUL": ("\0\0\0", "1 fields"),
    "sdn.csv: huge field": ({"name": HUGE}, "not a CSV row: field larger"),
    "ftm.json: no JSON": ("junk", ""),
    "ftm.json: broken off": ('{"schema": "Vessel", "id": ', ""),
    "ftm.json: broken within": ('{"schema": "Vessel" "id"}', ""),
    "ftm.json: broken sanction": ('{"schema": "Sanction", "entity": ["NK-1"]]}', ""),
    "ftm.json: list for an object": ('[{"schema": "Vessel"}]', ""),
    "ftm.json: no id": ('{"schema": "Vessel", "properties": {}}', ""),
    "ftm.json: id is a number": ('{"schema": "Vessel", "id": 7, "properties": {}}', ""),
    "ftm.json: no schema": ('{"id": "NK-7", "properties": {}}', ""),
    "ftm.json: nothing to know it by": (lists.json_lines(entity("Vessel", "NK-7"))[:-1], ""),
    "ftm.json: deep nesting": ('{"schema": "Vessel", "x": ' + "[" * 200_000 + "}", ""),
    "ftm.json: endless line": (ENDLESS, ""),
    "ftm.json: NUL": ("\0\0\0", ""),
    "ftm.json: not UTF-8": (b'{"schema": "Vessel", "id": "\xff"}', ""),
    "ftm.json: endless number": (
        *('{"schema": "Vessel", "id": "NK-7", "x": ' + "9" * 5000 + "}", ""),
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_a_bad_row_costs_that_row_only(case: str, ask: Ask) -> None:
    bad, why = LOST[case]
    form = FORMS[form_of(case)]
    if not isinstance(bad, dict):
        bad = (bad.encode() if isinstance(bad, str) else bad) + b"\n"
    rows = ask(form_of(case), {}, bad, "\n", form.other)
    first = form.top.count("\n") + 1
    assert {e.line for e in rows.entries} == {first, first + 3}
    assert_junk(rows, (first + 1, True, why))
    assert "the file is cut" not in rows.junk[0].reason


# What is not of one form


NUMBER = 'number="9036387"'
VESSEL = {"enterprise": "vessel", NUMBER: 'number=""'}


@pytest.mark.parametrize(
    ("changes", "junk", "raw", "ships"),
    [
        ({NUMBER: 'number="9036389"'}, (3, True, "neither"), "9036389", []),
        ({NUMBER: 'number="unknown"'}, (3, True, "neither"), "unknown", []),
        ({NUMBER: 'number="9123506"'}, (3, True, "may be"), "9123506", []),
        (VESSEL, (3, True, "neither"), "", [(None, "NEW KONK", date(2022, 12, 12))]),
        ({"EU.9000.1": ""}, (3, True, "no EU reference"), "NEW KONK", []),
        (
            {"2022-12-12": "2022-13-12"},
            (3, False, "expected a day"),
            "2022-13-12",
            [(9036387, "NEW KONK", None)],
        ),
    ],
)
def test_junk_of_the_eus_xml(
    changes: dict[str, str], junk: tuple[int, bool, str], raw: str, ships: list[tuple], ask: Ask
) -> None:
    rows = ask("fsf.xml", changes)
    assert_junk(rows, junk)
    assert rows.junk[0].raw == raw
    assert values(rows.entries, "imo vessel_name listed_on") == ships


def test_an_open_quote_does_not_cost_the_whole_annex(ask: Ask) -> None:
    """But its row and the next."""
    others = [{"recordId": str(n)} for n in range(8)]
    rows = ask("annexes", APAR.replace("Apar", '"Apar') + "\n", *others)
    assert_junk(rows, (2, True, "18 fields"))
    assert len(rows.entries) == 7


def test_a_doctype_and_an_unknown_encoding_are_refused(ask: Ask) -> None:
    doctype = '<!DOCTYPE export [<!ENTITY a "New Konk">]>'
    plain = lists.fsf_xml(FSF_SHIP)
    text = plain.replace("<export", f"{doctype}\n<export").replace("New Konk", "&a;")
    assert_junk(ask("fsf.xml", content=text), (2, True, "DOCTYPE"))
    unknown = ask("fsf.xml", content=plain.replace("UTF-8", "KLINGON"))
    assert [j.is_whole for j in unknown.junk] == [True] and unknown.entries == []


def test_a_tier_of_a_scrapped_ship_is_not_taken(ask: Ask) -> None:
    rows = ask("team", {"reason": "scrapped"})
    assert [(e.link_tier, e.link_reason) for e in rows.entries] == [(None, "scrapped")]
    assert_junk(rows, (2, False, "tier not taken"))


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16"])
def test_a_teams_file_that_is_not_utf8_is_one_junk_with_the_remedy(encoding: str, ask: Ask) -> None:
    content = FORMS["team"].content({}, {"name": "Звезда"}).decode().encode(encoding)
    rows = ask("team", content=content)
    assert rows.entries == []
    assert [(j.is_whole, "save it as CSV UTF-8" in j.reason) for j in rows.junk] == [(True, True)]


def test_a_bad_last_line_without_a_line_end_is_no_cut(ask: Ask) -> None:
    last = TEAM.replace("Sim Vega", '"Old" Vega')
    assert_junk(ask("team", last), (2, True, "not a CSV row"))


HEADER = ",".join(TEAM_SHIP)


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        *(
            (HEADER.replace(f"{column},", "", 1), "list.csv", f"it lacks {column}")
            for column in ("imo", "name", "source")
        ),
        (HEADER, "флот.csv", "Rename it"),
        (f"{HEADER},Name", "list.csv", "has the column name twice"),
        *(
            (HEADER.replace(f",{own},", f",{other},"), "list.csv", f"'{shown}' looks like {own}")
            for own, other, shown in (
                *(("from", "valid_from", "valid_from"), ("from", "Start date", "start date")),
                ("to", "until", "until"),
            )
        ),
        ("imo,ofac,uk,eu\n9074729,True,False,False\n", "list.csv", r"no evidence.*Import"),
    ],
)
def test_a_table_that_is_no_teams_list_is_refused(
    content: str, name: str, reason: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(BarometerError, match=reason):
        team.open_list(tmp_path / name)
