"""What each publisher's list gives: each field, and several rows together.

A ship as published is in `test_published.py`, what cannot be read in `test_junk.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from flows.registers.lists.entry import Entry
from tests.build.lists import PETREL, UK_KOREA, UK_PERSON, UK_RUSSIA
from tests.build.ofac import row
from tests.flows.registers.forms import FORMS, Ask, Row, form_of, values

# One cell, and what it gives. A case's name begins with its list.

IMO, REGISTRATION = "Vessel Registration Identification IMO", "Vessel Registration Identification"
JUNE_25, ACT = date(2024, 6, 25), "Regulation (EU) No 833/2014, Annex XLII"
MEASURES = "|".join(f"Measure number {n}" for n in range(20))
KIND, DESIGNATED = 'code="enterprise" classificationCode="E"', 'designationDate="2022-12-12"'
TAKEN: dict[str, tuple[str, str, str, Any]] = {
    "annexes: no point": ("recordId", "", "reference", ACT),
    "annexes: no number": ("imoNumber", "", "imo", None),
    "annexes: a day in two digits": ("startDate", " 25.06.2024 ", "listed_on", JUNE_25),
    "annexes: an ISO day": ("startDate", "2024-06-25", "listed_on", JUNE_25),
    "annexes: a month in words": ("startDate", "25 June 2024", "listed_on", JUNE_25),
    "annexes: a month in letters": ("startDate", "25 Jun. 2024", "listed_on", JUNE_25),
    "fsf.xml: never the day of the last amendment": (DESIGNATED, "", "listed_on", None),
    "fsf.xml: a ship filed as a vessel": (KIND, 'code="vessel"', "imo", 9036387),
    "fsf.xml: as V": (KIND, 'code="x" classificationCode="V"', "imo", 9036387),
    "fsf.xml: as a ship": (KIND, 'code="ship" classificationCode="S"', "imo", 9036387),
    "fsf.xml: as another": (KIND, 'code="other" classificationCode="O"', "imo", 9036387),
    "fsf.xml: as nothing": (KIND, "", "imo", 9036387),
    "uk: no primary name": ("Name type", "Alias", "vessel_name", "KOROLEV PROSPECT"),
    "uk: never the day of the last update": ("Date Designated", "", "listed_on", None),
    "uk: a name alone": ("IMO number", "", "imo", None),
    "uk: no tanker": ("Type of ship", " Cargo / Other ", "vessel_type", "Cargo / Other"),
    "uk: measures": ("Sanctions Imposed", "De-flag|No entry", "ground", "De-flag;No entry"),
    "uk: measures, at most 80 characters": (
        *("Sanctions Imposed", MEASURES, "ground", MEASURES.replace("|", ";")[:80]),
    ),
    "gur: no call sign": ("callsign", "", "call_sign", None),
    "gur: no year": ("build_year", "", "built_year", None),
    "gur: no flag": ("flag", "", "flag", None),
    "gur: flag unknown": ("flag", "unknown", "flag", None),
    "gur: one MMSI twice": ("mmsi_legacy", "613000001", "mmsis", (613000001,)),
    "gur: no page": ("gur_id", "", "reference", "IMO 9074729"),
    "gur: control characters": ("name", "A\0B", "vessel_name", "A B"),
    "team: control characters": ("name", "SIM\x07\u202e VEGA", "vessel_name", "SIM VEGA"),
    "team: control characters in the source": ("source", "a\0b", "link_source", "a b"),
    "maritime.csv: no data set": ("datasets", "", "programme", None),
    "sdn.csv: no flag": ("flag", "None Identified", "flag", None),
    "sdn.csv: flag unknown": ("flag", "Unknown", "flag", None),
    "sdn.csv: number": ("remarks", f"{IMO} 1111117.", "imo", 1111117),
    "sdn.csv: blanks before it": ("remarks", f"{IMO}  1111117.", "imo", 1111117),
    "sdn.csv: without IMO": ("remarks", f"{REGISTRATION} 1111117.", "imo", 1111117),
    "sdn.csv: more after it": (
        "remarks",
        f"{IMO} 1111117 (Russia); MMSI 273123456.",
        "imo",
        1111117,
    ),
    "sdn.csv: of a company": ("remarks", "Identification Number IMO 1111117.", "imo", None),
    "sdn.csv: of another": ("remarks", f"Linked To: {IMO.upper()} 1111117 CO.", "imo", None),
    "sdn.csv: names": ("remarks", "f.k.a. 'ONE'; f.k.a. 'TWO'.", "former_names", ("ONE", "TWO")),
    "sdn.csv: names, each once": (
        *("remarks", "a.k.a. 'ONE'; n.k.a. 'TWO'; a.k.a. 'ONE'.", "former_names", ("ONE", "TWO")),
    ),
    "sdn.csv: its own name": ("remarks", "f.k.a. 'SIM ALBA'.", "former_names", ()),
    "sdn.csv: a quote in a name": (
        *("remarks", "f.k.a. 'L'ORIENT CO.'.", "former_names", ("L'ORIENT CO.",)),
    ),
    "sdn.csv: the name of another": ("remarks", "Linked To: A.K.A. 'ONE'.", "former_names", ()),
    "sdn.csv: blanks and small letters": ("name", "Sim  Brisa", "vessel_name", "SIM BRISA"),
    "sdn.csv: control characters": ("name", "SIM\0 \x1bALBA\u202e", "vessel_name", "SIM ALBA"),
    "sdn.csv: accents": ("name", "SÍM ALBÁ", "vessel_name", "SÍM ALBÁ"),
}
OTHER = {'Description="IMO (vessel identification)"': 'Description="other"'}


@pytest.mark.parametrize("case", TAKEN)
def test_a_cell_gives(case: str, ask: Ask) -> None:
    column, text, field, value = TAKEN[case]
    found = ask(form_of(case), {column: text})
    assert ({getattr(e, field) for e in found.entries}, found.junk) == ({value}, [])


# Several cells or rows, as changes of the ship's row, and what the entries have.

AGAIN = {"recordId": "300", "startDate": "21.5.2025"}
POINT_7 = f"{ACT}, point 7"
GALAXY = {"Name 6": "Galaxy", "Name type": "Alias"}
NO_CELLS = {"IMO number": "N/A", "Date Designated": "N/A"}
NO_TYPE = UK_PERSON | {"Designation Type": ""}
LATER = {"Regime Name": UK_KOREA, "Date Designated": "09/05/2025"}
QUOTED = f'{IMO} 1111117; a.k.a. "SIM OLD", or so; f.k.a. "SIM OLDER"; Linked To: SIM "CO".'
NO_NUMBER = {"imo": "", "mmsi_current": "", "mmsi_legacy": ""}
NEW_KONK = [(9036387, "NEW KONK")]
FIELDS: dict[str, tuple[str, list[Row], list[Any]]] = {
    "annexes: former names, each once": (
        "former_names",
        [{"previousName": '"Feng; Shou"; APAR', "alias": "Feng Hua; Feng Hua"}],
        [("FENG; SHOU", "FENG HUA")],
    ),
    "annexes: another annex": ("reference", [{"annex": "XLV.A"}], [f"{ACT[:-4]}XLV.A, point 7"]),
    "annexes: rows of one hull, unless only the measure differs": (
        "imo listed_on line",
        [{}, AGAIN, AGAIN | {"measure": "Asset freeze"}],
        [(9402471, JUNE_25, 2), (9402471, date(2025, 5, 21), 3)],
    ),
    "annexes: two hulls in one row, without its MMSI": (
        "imo mmsis reference",
        [{"imoNumber": "9402471; IMO 9179842", "mmsi": "273414440"}],
        [(9402471, (), POINT_7), (9179842, (), POINT_7)],
    ),
    **{
        f"annexes: {celex} makes another register": (
            "register link_source reference",
            [{}, {"celex": celex}],
            [
                ("eu-journal", "EU 833/2014", POINT_7),
                ("eu-journal", link_source, f"{act}, Annex XLII, point 7"),
            ],
        )
        for celex, link_source, act in (
            ("32012R0267", "EU 267/2012", "Regulation (EU) No 267/2012"),
            ("32015R0735", "EU 2015/735", "Regulation (EU) 2015/735"),
            ("32017R1509", "EU 2017/1509", "Regulation (EU) 2017/1509"),
            ("32006R0765", "EU 765/2006", "Regulation (EC) No 765/2006"),
            ("32010D0573", "EU 2010/573", "Decision 2010/573/CFSP"),
            ("32016D0849", "EU 2016/849", "Decision (CFSP) 2016/849"),
        )
    },
    "annexes: a company of another act changes nothing": (
        "register vessel_name line",
        [{"celex": "32014R0269", "schema": "LegalEntity", "name": "Sovcomflot"}, {}],
        [("eu-833-2014", "APAR", 3)],
    ),
    "fsf.xml: two programmes": (
        "imo programme reference",
        [{"<subjectType": '<regulation programme=" IRN "/><subjectType'}],
        [(9036387, "PRK", "EU.9000.1"), (9036387, "IRN", "EU.9000.1")],
    ),
    "fsf.xml: no person": ("imo", [{KIND: 'code="person" classificationCode="P"'}], []),
    **{
        f"fsf.xml: a number of type {code}": (
            *("imo vessel_name", [OTHER | {'TypeCode="imo"': f'TypeCode="{code}"'}], NEW_KONK),
        )
        for code in ("IMO", "imo", "imo-number", "ІМО")
    },
    **{
        f"fsf.csv: {kind}, {code}": (
            "imo vessel_name",
            [{"Entity_SubjectType": kind, "Entity_SubjectType_ClassificationCode": code}],
            [] if code == "person" else NEW_KONK,
        )
        for kind, code in (("V", "vessel"), ("vessel", "V"), ("O", "other"), ("P", "person"))
    },
    "uk: rows that are apart are one entry": (
        "reference vessel_name former_names line",
        [
            GALAXY | {"Name type": "ALias", "UK Statement of Reasons": "on two,\nlines"},
            PETREL,
            {"Name 6": "", "Name type": "", "Address Country": "UAE"},
            {},
            {"Name 6": "KOROLYOV  PROSPECT", "Name type": "Primary Name Variation"},
            {"IMO number": "9826902"},
        ],
        [
            ("RUS2176", "KOROLEV PROSPECT", ("GALAXY", "KOROLYOV PROSPECT"), 3),
            ("DPR0075", "PETREL 8", (), 5),
        ],
    ),
    **{
        f"uk: other names of type {kind!r} belong to their ship": (
            "vessel_name former_names",
            [{}, {**GALAXY, **NO_CELLS, "Designation Type": kind}, NO_TYPE],
            [("KOROLEV PROSPECT", ("GALAXY",))],
        )
        for kind in ("Ship", "", "N/A")
    },
    "uk: two regimes, each with its day": (
        "reference imo programme listed_on ground",
        [{}, LATER | {"Sanctions Imposed": "Asset freeze"}],
        [
            ("RUS2176", 9826902, UK_RUSSIA, date(2024, 7, 31), "Shipping sanctions"),
            ("RUS2176", 9826902, UK_KOREA, date(2025, 5, 9), "Asset freeze"),
        ],
    ),
    "uk: names without a primary one": (
        *("vessel_name", [{"Name type": "Alias"}, GALAXY], ["KOROLEV PROSPECT"]),
    ),
    "uk: the first of two days": (
        *("listed_on", [{}, {"Date Designated": "13/06/2024"}], [date(2024, 6, 13)]),
    ),
    "uk: two hulls": ("imo", [{}, {"IMO number": "IMO 9402471"}], [9826902, 9402471]),
    "gur: no number": ("imo vessel_name", [NO_NUMBER], [(None, "SIM VEGA")]),
    "gur: an empty cell too many": ("imo", [FORMS["gur"].row({})[:-1] + ",\n"], [9074729]),
    **{
        f"team: {tier} by {reason} as it is": (
            "link_tier link_reason",
            [{"tier": tier, "reason": reason}],
            [(tier.lower(), reason.lower())],
        )
        for tier in ("strong", "Moderate", "WEAK")
        for reason in ("listed", "Flag", "owner", "trade", "destination")
    },
    "team: only a listing has a listing date": (
        "listed_on",
        [{"reason": "listed"}, {"reason": "listed", "from": ""}, {"reason": "owner"}],
        [date(2025, 1, 31), None, None],
    ),
    "team: a scrapped ship has no tier": (
        *("link_tier link_reason", [{"reason": "scrapped", "tier": ""}], [(None, "scrapped")]),
    ),
    "team: the reference is the hull, by IMO or MMSI, and no line": (
        "reference",
        [{"reference": ""}, "\n", {}, {"reference": ""}, {"reference": "", "imo": ""}],
        ["list, IMO 9074729", "file 12", "list, IMO 9074729", "list, MMSI 613000001"],
    ),
    "ftm.json: a name alone": (
        "imo mmsis vessel_name",
        [{"imoNumber": [], "mmsi": []}],
        [(None, (), "SIM VEGA")] * 2,
    ),
    "sdn.csv: nulls are null": (
        " ".join(Entry._fields),
        [{}],
        [tuple(Entry("ofac-sdn", "OFAC SDN", "SDN 9001", vessel_name="SIM ALBA", line=1))],
    ),
    **{
        f"sdn.csv: programmes {text}": (
            "programme vessel_name",
            [{"program": text}],
            [(programme, "SIM ALBA") for programme in programmes],
        )
        for text, programmes in (
            ("CUBA", ["CUBA"]),
            ("IRAN] [NPWMD] [IFSR", ["IRAN", "NPWMD", "IFSR"]),
            ("[IRAN][IFSR]", ["IRAN", "IFSR"]),
            ("CAATSA - RUSSIA] [PEESA", ["CAATSA - RUSSIA", "PEESA"]),
            ("SDGT] [SDGT", ["SDGT"]),
        )
    },
    "sdn.csv: a line that is not UTF-8 is Latin-1": (
        *("vessel_name", [row(name="SÍM ALBÁ").encode("latin-1")], ["SÍM ALBÁ"]),
    ),
    **{
        f"sdn.csv: quotes inside quotes cost no ship, {name} {remarks}": (
            "vessel_name imo flag former_names",
            [{"name": name, "program": "CUBA", "flag": "Gambia, The", "remarks": remarks}],
            [(name, 1111117, "GM", others)],
        )
        for name, remarks, others in (
            ('SIM "ALBA" STAR', f"{IMO} 1111117.", ()),
            ("SIM ALBA", QUOTED, ("SIM OLDER",)),
            ('"SIM ALBA', f"{IMO} 1111117.", ()),
        )
    },
}


@pytest.mark.parametrize("case", FIELDS)
def test_entries_have(case: str, ask: Ask) -> None:
    fields, rows, expected = FIELDS[case]
    found = ask(form_of(case), *rows)
    assert (values(found.entries, fields), found.junk) == (expected, [])
