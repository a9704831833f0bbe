"""Lists of ships in their publishers' forms, and the harness that reads them back.

Ships and numbers are made up where the file is; the forms follow the publishers' documents, which
the modules of `flows.registers.publishers` name.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from flows.registers.lists.entry import Entry, Junk
from flows.simulate.fleet import imo_check_digit


class Rows(NamedTuple):
    """What a publisher's importer makes of a file."""

    register: str
    published_on: date | None
    rows: list[Entry | Junk]

    @property
    def entries(self) -> list[Entry]:
        return [row for row in self.rows if isinstance(row, Entry)]

    @property
    def junk(self) -> list[Junk]:
        return [row for row in self.rows if isinstance(row, Junk)]

    def facts(self, *without: str) -> list[Entry]:
        """The entries without their line, and without these fields."""
        return [
            e._replace(line=0, **{f: Entry._field_defaults[f] for f in without})
            for e in self.entries
        ]


Read = Callable[..., Rows]


def read_list(publisher: ModuleType, path: Path) -> Rows:
    """The rows of a file that the publisher must recognise."""
    opened = publisher.open_list(path)
    assert opened is not None
    return Rows(opened.register, opened.published_on, list(opened.rows))


def assert_junk(rows: Rows, *expected: tuple[int, bool, str]) -> None:
    """Junk has these lines, is whole or not, and has these words in its reason; in this order."""
    assert [(j.line, j.is_whole) for j in rows.junk] == [(at, whole) for at, whole, _ in expected]
    for item, (_, _, words) in zip(rows.junk, expected, strict=True):
        assert words in item.reason
        assert len(item.raw) <= 200


def imo(number: int) -> int:
    """An IMO number with a right check digit that begins with 2: none was given out (`fleet`)."""
    return (200_000 + number) * 10 + imo_check_digit(200_000 + number)


def csv_text(
    rows: Iterable[dict[str, str]], columns: Iterable[str], delimiter: str = ",", top: str = ""
) -> str:
    """A CSV with a header; a cell that a row lacks is empty. `top`: text before the header."""
    out = io.StringIO(top)
    out.seek(0, io.SEEK_END)
    writer = csv.DictWriter(
        out, list(columns), restval="", delimiter=delimiter, lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


# The EU's annexes

ANNEX_COLUMNS = (
    "celex,recordId,programKey,annex,measure,startDate,reason,schema,name,alias,previousName,"
    "imoNumber,mmsi,flag,notes"
).split(",")
APAR = {
    **{"celex": "32014R0833", "recordId": "7", "programKey": "EU-RUS", "annex": "XLII"},
    **{"startDate": "25.6.2024", "reason": "Article 3s(2), point (b): transport crude oil"},
    **{"schema": "Vessel", "name": "Apar", "previousName": "Feng Shou; Andromeda Star"},
    "imoNumber": "9402471",
}


def annexes(*rows: dict[str, str], columns: Iterable[str] = ANNEX_COLUMNS) -> str:
    """A table of annexes, as OpenSanctions transcribes the Official Journal."""
    return csv_text(rows, columns)


# The EU's consolidated list

FSF_COLUMNS = (
    "fileGenerationDate;Entity_LogicalId;Entity_EU_ReferenceNumber;Entity_UnitedNationId;"
    "Entity_DesignationDate;Entity_DesignationDetails;Entity_Remark;Entity_SubjectType;"
    "Entity_SubjectType_ClassificationCode;Entity_Regulation_Type;"
    "Entity_Regulation_PublicationDate;Entity_Regulation_EntryIntoForceDate;"
    "Entity_Regulation_Programme;NameAlias_WholeName;NameAlias_NameLanguage;NameAlias_Remark;"
    "Identification_Number;Identification_TypeCode;Identification_TypeDescription"
).split(";")
_FSF_SHIP = {
    **{"fileGenerationDate": "05/08/2026", "Entity_LogicalId": "150000"},
    **{"Entity_EU_ReferenceNumber": "EU.9000.1", "Entity_DesignationDate": "2022-12-12"},
    **{"Entity_SubjectType": "E", "Entity_SubjectType_ClassificationCode": "enterprise"},
    "Entity_Regulation_PublicationDate": "2024-05-31",
    "Entity_Regulation_EntryIntoForceDate": "2024-05-31",
    "Entity_Regulation_Programme": "PRK",
}
_FSF_COMPANY = _FSF_SHIP | {
    "Entity_LogicalId": "107840",
    "Entity_EU_ReferenceNumber": "EU.4198.83",
    "Entity_Remark": "Through its vessel (IMO 7937317),\nimported arms; twice",
}
FSF_ROWS = [
    _FSF_SHIP | {"NameAlias_WholeName": "뉴 콘크", "NameAlias_NameLanguage": "KO"},
    _FSF_SHIP | {"NameAlias_WholeName": "New Konk", "NameAlias_NameLanguage": "EN"},
    _FSF_COMPANY | {"Identification_Number": "5342883", "Identification_TypeCode": "imo"},
    _FSF_SHIP | {"Identification_Number": "9036387", "Identification_TypeCode": "imo"},
    _FSF_SHIP | {"Identification_Number": "9402471", "Identification_TypeCode": "regnumber"},
]
"""A ship in four rows, a company that owns one in between."""


def fsf_csv(*rows: dict[str, str]) -> str:
    return csv_text(rows, FSF_COLUMNS, ";")


FSF_SHIP = """
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
FSF_OTHERS = """
    <sanctionEntity designationDate="2014-03-17" unitedNationId="" euReferenceNumber="EU.2797.3"
        logicalId="7300">
        <regulation regulationType="amendment" programme="UKR"/>
        <subjectType code="person" classificationCode="P"/>
        <nameAlias wholeName="Anatoliy Alekseevich SIDOROV" nameLanguage="" strong="true"/>
        <identification number="9402471" identificationTypeCode="imo"/>
    </sanctionEntity>
    <sanctionEntity designationDate="2016-03-02" unitedNationId="" euReferenceNumber="EU.4198.83"
        logicalId="107840">
        <remark>Through its vessel, the Chong Chon Gang (IMO 7937317), imported arms.</remark>
        <regulation regulationType="amendment" programme="PRK" entryIntoForceDate="2022-09-13"/>
        <subjectType code="enterprise" classificationCode="E"/>
        <nameAlias wholeName="Chongchongang Shipping Company" nameLanguage="EN" strong="true"/>
        <identification number="5342883" identificationTypeCode="imo"
            identificationTypeDescription="IMO (vessel identification)"/>
    </sanctionEntity>"""
"""A person, and a company with its own number (5342883) whose remark names a vessel."""


def fsf_xml(*subjects: str, generated: str = "2026-08-05T16:47:04.449+02:00") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="{generated}" '
        f'globalFileId="184961">{"".join(subjects)}\n</export>\n'
    )


# The UK sanctions list, with the header as published in September and October 2026

UK_COLUMNS = (
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
UK_RUSSIA = "The Russia (Sanctions) (EU Exit) Regulations 2019"
UK_KOREA = "The Democratic People's Republic of Korea (Sanctions) (EU Exit) Regulations 2019"
_SHIPPING = "Shipping sanctions: (see 'Other information')"
KOROLEV = {
    **{"Last Updated": "10/02/2026", "Unique ID": "RUS2176", "Name 6": "Korolev Prospect"},
    **{"Name type": "Primary Name", "Regime Name": UK_RUSSIA, "Designation Type": "Ship"},
    **{"Designation source": "UK", "Sanctions Imposed": f"{_SHIPPING}|{_SHIPPING}"},
    "UK Statement of Reasons": 'KOROLEV PROSPECT carries oil, "Namely",\nfrom Russia.',
    **{"Date Designated": "31/07/2024", "IMO number": "IMO9826902"},
    "Current owner/operator (s)": "Stream Ship Management FZCO",
    **{"Current believed flag of ship": "Gabon", "Type of ship": "Oil Tanker"},
    **{"Tonnage of ship": "65000", "Year Built": "2019"},
}
PETREL = {
    **{"Last Updated": "18/12/2021", "Unique ID": "DPR0075", "Name 6": "Petrel 8"},
    **{"Name type": "Primary name", "Regime Name": UK_KOREA, "Designation Type": "Ship"},
    "Sanctions Imposed": "De-flag|Prohibition of port entry",
    **{"Date Designated": "03/10/2017", "IMO number": "IMO9562233"},
    **{"Current believed flag of ship": "Comoros", "Type of ship": "Bulk Carrier"},
}
UK_PERSON = {
    **{"Unique ID": "RUS0251", "Name 1": "Vladimir", "Name 6": "PUTIN"},
    **{"Name type": "Primary Name", "Regime Name": UK_RUSSIA, "Designation Type": "Individual"},
    "Date Designated": "25/02/2022",
}


def uk_list(
    *rows: dict[str, str],
    columns: Iterable[str] = UK_COLUMNS,
    top: str = "Report Date: 21-Sep-2026\n",
) -> str:
    return csv_text(rows, columns, top=top)


# The GUR catalogue, a team's list and OpenSanctions' maritime.csv: one ship each, in order

GUR_SHIP = {
    **{"gur_id": "77", "name": "Sim Vega", "imo": "9074729", "mmsi_current": "613000001"},
    **{"mmsi_legacy": "273000002", "flag": "Cameroon", "vessel_type": "Crude Oil Tanker"},
    **{"callsign": "TJMC1", "former_names": "Sim Deneb / Sim Sadr", "build_year": "2004"},
    "status": "listed",
}
TEAM_SHIP = {
    **{"imo": "9074729", "name": "Sim Vega", "tier": "strong", "reason": "owner"},
    **{"source": "Extract of 3 May 2025", "mmsi": "613000001", "from": "2025-01-31"},
    **{"to": "2025-12-31", "reference": "file 12", "vessel_type": "Crude Oil Tanker"},
    **{"length_m": "249.9", "deadweight_t": "105000"},
}
MARITIME_SHIP = {
    **{"type": "VESSEL", "caption": "Sim Vega", "imo": "IMO9074729"},
    **{"risk": "sanction;mare.shadow", "countries": "ru", "flag": "cm"},
    **{"mmsi": "613000001;273000002", "id": "NK-1", "url": "https://x.example/NK-1"},
    **{"datasets": "us_ofac_sdn;ua_war_sanctions", "aliases": "Sim Sadr;Sim Deneb"},
}


def lines(ship: dict[str, str], *rows: str, header: str = "", delimiter: str = ",") -> str:
    """A CSV of rows as they are, below the columns of a ship or another header."""
    return "".join(line + "\n" for line in (header or delimiter.join(ship), *rows))


def line(ship: dict[str, str], delimiter: str = ",", **changes: str) -> str:
    """A row of a ship's cells. A column whose name is a keyword ends in ``_``."""
    return delimiter.join((ship | {k.removesuffix("_"): v for k, v in changes.items()}).values())


# OpenSanctions' entities (FollowTheMoney)


def entity(schema: str, id: str, datasets: Iterable[str] = (), **properties: Any) -> dict:
    return {
        **{"id": id, "caption": "", "schema": schema, "properties": properties},
        **{"datasets": list(datasets), "last_change": "2026-01-01T00:00:00"},
    }


def vessel(id: str = "NK-1", **changes: Any) -> dict:
    properties = {
        **{"name": ["Sim Vega"], "previousName": ["Sim Deneb"], "imoNumber": ["IMO9074729"]},
        **{"mmsi": ["613000001"], "flag": ["cm"], "type": ["Crude Oil Tanker"]},
        **{"callSign": ["TJMC1"], "buildDate": ["2004-05"], "deadweightTonnage": ["105000"]},
        **{"grossRegisteredTonnage": ["57000"], "topics": ["sanction"]},
    }
    return entity("Vessel", id, ["us_ofac_sdn", "ua_war_sanctions"], **properties | changes)


def sanction(**changes: Any) -> dict:
    properties = {
        **{"entity": ["NK-1"], "authority": ["Office of Foreign Assets Control"]},
        **{"authorityId": ["49001"], "programId": ["US-RUSHAR"], "program": ["SDN List"]},
        "listingDate": ["2025-01-10"],
    }
    return entity("Sanction", "ofac-1", ["us_ofac_sdn"], **properties | changes)


def owner(id: str = "NK-2", **changes: Any) -> dict:
    return entity("Company", id, **{"name": ["Sim Shipping"], "country": ["ru"]} | changes)


def ownership(**changes: Any) -> dict:
    return entity("Ownership", "own-1", **{"asset": ["NK-1"], "owner": ["NK-2"]} | changes)


def json_lines(*items: dict | str | bytes) -> bytes:
    texts = (json.dumps(item) if isinstance(item, dict) else item for item in items)
    return b"".join((t.encode() if isinstance(t, str) else t) + b"\n" for t in texts)
