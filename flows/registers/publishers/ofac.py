"""The ships of OFAC's Specially Designated Nationals list, in the formats in circulation.

- `sdn.csv`: OFAC, SDN Data Specification (dat_spec.txt) of 2023-09-25. Twelve columns, no header,
  null is ``-0-``. Only weak aliases are in it; the strong ones are in `alt.csv`. No dates.
- `sdn.xml`: OFAC's sdn.xsd, root `sdnList`. No dates of listing.
- `sdn_advanced.xml`: OFAC, SDN Advanced Sanctions Data Model XML, Explanatory Notes of 2015-01-12
  (sdn_advanced_notes.pdf), root `Sanctions`. It has the dates of listing.
- `SDN_ENHANCED.XML`: OFAC's default download today, root `sanctionsData`. The day of listing is the
  `datePublished` of the entry on the SDN list.
- a JSON extract of `sdn.xml` that is in circulation: generated_at, vessels[imo, name, ...].

OFAC's files drop a delisted entry; only a comparison with an earlier version shows it.
"""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import Element  # the tree only: the parser is defused

from flows.registers.lists.entry import (
    CUT,
    Entry,
    Junk,
    ListFile,
    day,
    day_in,
    imo_number,
    name_text,
)
from flows.registers.lists.letters import plain_text
from flows.registers.lists.table import CsvRow, csv_rows
from flows.registers.publishers.ofac_advanced import read_advanced
from flows.registers.publishers.ofac_rows import (
    ALIAS,
    CSV_COLUMNS,
    CSV_LABELS,
    DATES,
    HEAD_BYTES,
    ITEM,
    JSON_LABELS,
    LINE,
    NO_DAYS,
    RAW_LENGTH,
    REGISTER,
    REGISTRATION,
    REMARKS_LENGTH,
    VESSELS,
    XML_LABELS,
    ZONE,
    Ship,
    closed_entries,
    date_text,
    entry_rows,
    is_vessel,
    programmes_of,
    statements_of,
)

FORMS = "OFAC's SDN_ENHANCED.XML, sdn_advanced.xml, sdn.xml and sdn.csv"
"""What it reads, in the message of what can be read."""

_LATIN_1 = "latin-1"
"""For a line of sdn.csv that is not UTF-8: ISO 8859-1 has a character for every byte."""


def open_list(path: Path) -> ListFile | None:
    """OFAC's SDN list in one of its formats, recognised by the first 64 KiB of its content.

    Parameters
    ----------
    path
        Any file, whatever it is called.

    Returns
    -------
    ListFile or None
        None for a file in another format. `published_on`: the Publish_Date of `sdn.xml`,
        the DateOfIssue of `sdn_advanced.xml`, the dataAsOf of `SDN_ENHANCED.XML`, the day of
        generated_at of the JSON extract; null for `sdn.csv`, which does not give it. `rows`: an
        `Entry` for each ship and programme, with deadweight and gross tonnage in tonnes, and a
        `Junk` for everything left out; persons, companies and aircraft are skipped. `listed_on` is
        null except from `sdn_advanced.xml` and `SDN_ENHANCED.XML`. What the list does not give is
        null: a ship with only a name is an entry too.

    Raises
    ------
    OSError
        If the file cannot be read. No content raises.

    Notes
    -----
    Sources of the formats: see the module.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    root = _root(head)
    if root == "sdnList":
        return ListFile(REGISTER, _published_on(head), _read_xml(path), ZONE)
    if root == "Sanctions":
        return ListFile(REGISTER, _published_on(head), read_advanced(path), ZONE)
    if root == "sanctionsData":
        return ListFile(REGISTER, _published_on(head), _read_enhanced(path), ZONE)
    text = head.decode("utf-8-sig", "replace")
    if _is_extract(text):
        generated = re.search(r'"generated_at"\s*:\s*"([^"]*)"', text)
        published_on = day_in(generated[1], ZONE) if generated else None
        return ListFile(REGISTER, published_on, _read_json(path), ZONE)
    if _is_csv(path):
        return ListFile(REGISTER, None, _read_csv(path), ZONE)
    return None


def _root(head: bytes) -> str | None:
    """The name of an XML file's root element without its prefix; None for anything else.

    >>> _root(b'<?xml version="1.0"?><!-- list --><o:sdnList xmlns:o="x">'), _root(b"36,a,<b>")
    ('sdnList', None)
    """
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return None
    match = re.search(rb"<([A-Za-z_][^\s/>]*)", head)
    return match[1].rpartition(b":")[2].decode("ascii", "replace") if match else None


def _is_extract(head: str) -> bool:
    return (
        head.lstrip().startswith("{")
        and VESSELS.search(head) is not None
        and re.search(r'"list_name"\s*:\s*"OFAC SDN"', head) is not None
    )


def _is_csv(path: Path) -> bool:
    """Whether one of the first ten lines is a row of sdn.csv; the first may be broken."""
    for row in itertools.islice(csv_rows(path, width=CSV_COLUMNS, fallback=_LATIN_1), 10):
        cells = row.cells
        if len(cells) == CSV_COLUMNS and cells[0].strip().isdecimal():
            return is_vessel(cells[2]) is not None
    return False


def _published_on(head: bytes) -> date | None:
    for element in closed_entries(io.BytesIO(head), DATES):
        if isinstance(element, Junk):
            return None
        if element.tag == "DateOfIssue":
            return day(date_text(element), "%Y-%m-%d")
        if element.tag == "dataAsOf":
            return day_in(element.text, ZONE)
        return day(element.text, "%m/%d/%Y")
    return None


def _read_csv(path: Path) -> Iterator[Entry | Junk]:
    """A line end ends a record (dat_spec.txt)."""
    for row in csv_rows(path, width=CSV_COLUMNS, fallback=_LATIN_1):
        if row.cells or row.fault:
            yield from _csv_row(row)


def _csv_row(csv_row: CsvRow) -> Iterator[Entry | Junk]:
    number, row = csv_row.line, csv_row.cells
    is_cut = csv_row.is_unended and len(row) < CSV_COLUMNS
    if len(row) > 2 and is_vessel(row[2]) is False and not is_cut:
        return
    fault = _csv_fault(csv_row)
    if fault:
        yield Junk(number, fault, csv_row.raw, is_whole=True)
        return
    items = re.split(r";\s*", row[11].strip().removesuffix("."))
    if len(row[11]) >= REMARKS_LENGTH:
        reason = "remarks cut at 1,000 characters: the rest is in OFAC's sdn_comments.csv"
        yield Junk(number, reason, items[-1][:RAW_LENGTH], is_whole=False)
    statements = [
        (label, text) for column, label in CSV_LABELS.items() if (text := plain_text(row[column]))
    ]
    statements += [
        (match[1].lower(), match[2]) for item in items if (match := ITEM.fullmatch(item))
    ]
    yield from entry_rows(
        Ship(
            line=number,
            reference=f"SDN {row[0].strip()}",
            # Several programmes share one field: IRAN] [NPWMD] [IFSR.
            programmes=programmes_of(re.split(r"\]\s*\[", row[3].strip(" []"))),
            name=row[1],
            former_names=tuple(match[1] for item in items if (match := ALIAS.fullmatch(item))),
            statements=tuple(statements),
        )
    )


def _csv_fault(csv_row: CsvRow) -> str | None:
    """Why a row is left out; None where it is not."""
    row = csv_row.cells
    if csv_row.fault:
        return csv_row.fault
    if len(row) != CSV_COLUMNS:
        fault = f"{len(row)} fields, expected the {CSV_COLUMNS} of sdn.csv"
        return f"{CUT}: {fault}" if csv_row.is_unended else fault
    if is_vessel(row[2]) is None:
        return "unknown SDN type, expected vessel, individual, aircraft or -0-"
    if not re.fullmatch(r"[0-9]{1,10}", row[0].strip()):  # the size of ent_num in dat_spec.txt
        return "no ent_num, expected a number in the first field"
    # All remarks end in a full stop, so a last line without a line end is whole if it ends in one.
    if csv_row.is_unended and not row[11].rstrip(' "').endswith((".", "-0-")):
        return f"{CUT} in its last line, within the remarks"
    return None


def _read_xml(path: Path) -> Iterator[Entry | Junk]:
    with path.open("rb") as source:
        for element in closed_entries(source, frozenset({"sdnEntry"})):
            if isinstance(element, Junk):
                yield element
            else:
                yield from _xml_entry(element)


def _xml_entry(element: Element) -> Iterator[Entry | Junk]:
    line, kind = int(element.get(LINE, "0")), element.findtext("sdnType")
    uid = plain_text(element.findtext("uid"))
    is_ship = is_vessel(kind)
    if is_ship is False:
        return
    if not is_ship or not uid:
        reason = "no uid" if is_ship else "unknown sdnType, expected Vessel, Individual, ..."
        raw = " ".join(filter(None, (uid, kind, element.findtext("lastName"))))
        yield Junk(line, reason, raw[:RAW_LENGTH], is_whole=True)
        return
    statements = [
        (e.findtext("idType"), e.findtext("idNumber")) for e in element.iterfind("idList/id")
    ]
    statements += [(XML_LABELS.get(e.tag), e.text) for e in element.iterfind("vesselInfo/*")]
    yield from entry_rows(
        Ship(
            line=line,
            reference=f"SDN {uid}",
            programmes=programmes_of(e.text for e in element.iterfind("programList/program")),
            name=element.findtext("lastName"),
            former_names=tuple(
                e.findtext("lastName") or "" for e in element.iterfind("akaList/aka")
            ),
            statements=statements_of(statements),
        )
    )


def _read_enhanced(path: Path) -> Iterator[Entry | Junk]:
    values: dict[str, str] = {}
    with path.open("rb") as source:
        for element in closed_entries(source, frozenset({"referenceValue", "entity"})):
            if isinstance(element, Junk):
                yield element
            elif element.tag == "referenceValue":
                values[element.get("refId", "")] = element.findtext("value") or ""
            else:
                yield from _enhanced_entry(element, values)


def _enhanced_entry(element: Element, values: Mapping[str, str]) -> Iterator[Entry | Junk]:
    line, kind = int(element.get(LINE, "0")), element.findtext("generalInfo/entityType")
    uid = plain_text(element.get("id"))
    name, former_names = _enhanced_names(element)
    is_ship = is_vessel(kind)
    if is_ship is False:
        return
    if not is_ship or not uid:
        reason = "no id" if is_ship else "unknown entityType, expected Vessel, Individual, ..."
        raw = " ".join(filter(None, (uid, kind, name)))
        yield Junk(line, reason, raw[:RAW_LENGTH], is_whole=True)
        return
    lists = element.findall("sanctionsLists/sanctionsList")
    listings = [item for item in lists if (item.text or "").strip().casefold() == "sdn list"]
    if lists and not listings:  # CONS_ENHANCED.XML has the other lists in the same format
        return
    statements: list[tuple[str | None, str | None]] = [
        (
            feature.findtext("type"),
            feature.findtext("value") or values.get(feature.findtext("valueRefId") or ""),
        )
        for feature in element.iterfind("features/feature")
    ]
    for document in element.iterfind("identityDocuments/identityDocument"):
        number = plain_text(document.findtext("documentNumber")) or ""
        is_valid = (document.findtext("isValid") or "true").strip().casefold() != "false"
        statements.append(
            (document.findtext("type"), number if is_valid else f"{number} (fraudulent)")
        )
    programmes = programmes_of(
        e.text for e in element.iterfind("sanctionsPrograms/sanctionsProgram")
    )
    published = [day(item.get("datePublished"), "%Y-%m-%d") for item in listings]
    days = [day_of for day_of in published if day_of]
    # One day for the entry: with several programmes it is unknown whose day it is.
    listed_on = dict.fromkeys(programmes, min(days)) if days and len(programmes) == 1 else NO_DAYS
    ship = Ship(line, f"SDN {uid}", programmes, name, former_names, statements_of(statements))
    yield from entry_rows(ship, listed_on)


def _enhanced_names(element: Element) -> tuple[str | None, tuple[str, ...]]:
    """The primary name and the others, in Latin script where available."""
    primary, others = None, []
    for name in element.iterfind("names/name"):
        written = [
            ((e.findtext("script") or "Latin").strip() == "Latin", e.findtext("formattedFullName"))
            for e in name.iterfind("translations/translation")
        ]
        texts = [text for _, text in written if text]
        latin = [text for is_latin, text in written if is_latin and text] or texts
        if (name.findtext("isPrimary") or "").strip() == "true" and latin and primary is None:
            primary, *latin = latin
        others += latin
    return primary, tuple(others)


def _read_json(path: Path) -> Iterator[Entry | Junk]:
    """Vessel by vessel, so that a truncated file yields its start. `line`: the vessel's number."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    decoder, between = json.JSONDecoder(), re.compile(r"[\s,]*")
    start = VESSELS.search(text)
    position = start.end() if start else len(text)
    for number in itertools.count(1):
        gap = between.match(text, position)
        position = gap.end() if gap else position
        if text.startswith("]", position):
            return
        raw = text[position : position + RAW_LENGTH]
        try:
            vessel, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            reason = f"{CUT} or broken here, and the rest is not read: JSON expected"
            yield Junk(number, reason, raw, is_whole=True)
            return
        yield from _json_vessel(number, vessel, raw)


def _json_vessel(number: int, vessel: object, raw: str) -> Iterator[Entry | Junk]:
    """A vessel of the extract, which has no ent_num: the reference is its IMO number or its name.

    Its designation_date is not read: it is the same day for all (2026-03-20), even for ships on the
    list of 2023, so it is the day of the edition or the download and not of the listing.
    """
    if not isinstance(vessel, dict):
        yield Junk(number, "not a vessel, expected a JSON object", raw, is_whole=True)
        return
    programmes, info = vessel.get("programs"), vessel.get("vessel_info")
    if not isinstance(programmes, list) or not isinstance(info, dict):
        reason = "programs or vessel_info missing, expected a list and an object"
        yield Junk(number, reason, raw, is_whole=True)
        return
    name, imo = name_text(_json_text(vessel.get("name"))), _json_text(vessel.get("imo"))
    hull = imo_number(imo)
    if not hull and not name:
        yield Junk(number, "neither an IMO number nor a name", raw, is_whole=True)
        return
    statements = [(label, _json_text(info.get(key))) for key, label in JSON_LABELS.items()]
    yield from entry_rows(
        Ship(
            line=number,
            reference=f"SDN, IMO {hull}" if hull else f"SDN, {name}",
            programmes=programmes_of(map(_json_text, programmes)),
            name=name,
            former_names=(),
            statements=statements_of([(REGISTRATION, imo), *statements]),
        )
    )


def _json_text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)
