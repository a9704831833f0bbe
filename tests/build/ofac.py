"""OFAC's SDN list in its formats, with made-up ships: the same three in each of OFAC's own files.

`sdn.csv` follows dat_spec.txt of 2023-09-25 and the real rows of 2023; `sdn.xml` OFAC's sdn.xsd;
`sdn_advanced.xml` the Explanatory Notes of 2015-01-12 and the element counts and reference values
of the edition of 2025-08-27, as OpenSanctions' `ofac_advanced.py` reads them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

_FILES = Path(__file__).parents[1] / "flows" / "registers" / "files" / "ofac"
XML = (_FILES / "sdn.xml").read_bytes()
ADVANCED = (_FILES / "sdn_advanced.xml").read_bytes()

NULL = "-0- "
_COLUMNS = ("program", "title", "call_sign", "type", "tonnage", "grt", "flag", "owner", "remarks")


def row(number: object = 9001, name: str = "SIM ALBA", kind: str = "vessel", **cells: str) -> str:
    """A row of sdn.csv; a cell that is not given is null."""
    fields = [f'"{cells[c]}"' if c in cells else NULL for c in _COLUMNS]
    return ",".join([str(number), f'"{name}"', kind, *fields]) + "\r\n"


ALBA = {
    **{"program": "IRAN] [RUSSIA-EO14024", "call_sign": "3ESIM", "type": "Crude Oil Tanker"},
    **{"tonnage": "99,144", "grt": "56,068", "flag": "Panama", "owner": "SIM SHIPPING CO."},
    "remarks": "Former Vessel Flag Malta; Vessel Year of Build 2007; "
    "Vessel Registration Identification IMO 1111117; MMSI 273123456; f.k.a. 'SIM OLD ONE'; "
    "a.k.a. 'Sim Other'; alt. f.k.a. 'SIM OLD ONE'; Linked To: SIM SHIPPING CO.",
}
CORAL = {
    **{"program": "RUSSIA-EO14024] [UKRAINE-EO13662", "flag": "None Identified"},
    "remarks": "Vessel Registration Identification IMO 2222225; "
    "alt. Vessel Registration Identification RS 150443 (Russia); MMSI Call sign.",
}
CSV = "".join(
    [
        row(**ALBA),
        row(9002, "SIM BRISA", program="CUBA", type="Tug", flag="Cuba"),
        row(9003, "SIMONS, Simon", "individual", program="SDGT", remarks="DOB 01 Jan 1960."),
        row(9004, "SIM CO.", NULL, program="IRAN", remarks="Identification Number IMO 4444448."),
        row(9005, "EP-SIM", "aircraft", program="SDGT", remarks="Aircraft Model B747."),
        row(9006, "SIM CORAL", **CORAL),
        "\x1a",
    ]
).encode()


def sdn_vessel(**changes: object) -> dict[str, object]:
    """A vessel of the JSON extract, whose date of designation is that of the edition."""
    plain: dict[str, object] = {
        **{"imo": 1111117, "name": "SIM ALBA", "programs": ["IRAN", "RUSSIA-EO14024"]},
        **{"designation_date": "03/20/2026", "list_name": "OFAC SDN", "addresses": []},
        "vessel_info": {
            **{"call_sign": "3ESIM", "vessel_type": "Crude Oil Tanker", "dwt": 99144},
            **{"gross_tonnage": 56068, "flag": "Panama"},
        },
    }
    return plain | changes


def extract(*vessels: object) -> bytes:
    about = {"generated_at": "2026-03-22T10:49:19.780808+00:00", "count": len(vessels)}
    return json.dumps(about | {"vessels": vessels}, indent=2).encode()


EXTRACT = extract(sdn_vessel(), sdn_vessel(imo=3333331, name="SIM DUNA", programs=["CUBA"]))


def enhanced(*entities: str, as_of: str = "2026-04-10T00:00:00") -> bytes:
    """SDN_ENHANCED.XML, in the elements that other readers of it name."""
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
            **{"VESSEL TYPE": "<valueRefId>8</valueRefId>", "Vessel Flag": "<value>Panama</value>"},
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


def dated(*events: tuple[str, str]) -> bytes:
    """The advanced file, its first ship listed by these events: legal basis and day."""
    tags = "".join(
        f'<EntryEvent EntryEventTypeID="1" LegalBasisID="{basis}"><Date CalendarTypeID="1">'
        + "".join(
            f"<{part}>{text}</{part}>"
            for part, text in zip(("Year", "Month", "Day"), day.split("-"), strict=False)
        )
        + "</Date></EntryEvent>"
        for basis, day in events
    )
    start = ADVANCED.index(b"<SanctionsEntry ")
    head, entry = ADVANCED[:start], ADVANCED[start:]
    entry = re.sub(rb"(?s)<EntryEvent .*?(?=<SanctionsMeasure)", tags.encode(), entry, count=1)
    return head + entry
