"""The ships of OFAC's Specially Designated Nationals list, in the formats in which it is met.

- `sdn.csv`: OFAC, SDN Data Specification (dat_spec.txt) of 2023-09-25. Twelve columns, no header,
  null is ``-0-``. Only weak aliases are in it; the strong ones are in `alt.csv`. No dates.
- `sdn.xml`: OFAC's sdn.xsd, root `sdnList`. No dates of listing.
- `sdn_advanced.xml`: OFAC, SDN Advanced Sanctions Data Model XML, Explanatory Notes of 2015-01-12
  (sdn_advanced_notes.pdf), root `Sanctions`. It has the dates of listing.
- `SDN_ENHANCED.XML`: OFAC's default download today, root `sanctionsData`. The day of listing is the
  `datePublished` of the entry on the SDN list.
- a JSON extract of `sdn.xml` that goes round: generated_at, vessels[imo, name, programs, ...].

OFAC's files just drop an entry that is taken off the list: what is gone, only the store can tell.
"""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import BinaryIO, NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder  # the tree only: the parser is defused
from xml.parsers import expat

from defusedxml.ElementTree import DefusedXMLParser, ParseError, iterparse

from flows.registers.entry import (
    CUT,
    Entry,
    Junk,
    ListFile,
    day,
    day_in,
    flag_code,
    imo_number,
    name_text,
    ship_mmsi,
    whole_number,
)
from flows.registers.letters import plain_code, plain_text
from flows.registers.table import lenient_fields

REGISTER = "ofac-sdn"
DATES = frozenset({"Publish_Date", "DateOfIssue", "dataAsOf"})
LINK_SOURCE = "OFAC SDN"
ZONE = "America/New_York"
"""Where the publisher's days begin and end: Washington keeps New York's time."""
HEAD_BYTES = 64 * 1024
RAW_LENGTH = 200

# The list's own labels: of the feature and document types of sdn_advanced.xml, of the idType of
# sdn.xml, and of the items in the Remarks of sdn.csv; the other columns and tags are named by them.
REGISTRATION = "vessel registration identification"
MMSI = "mmsi"
BUILT = "vessel year of build"
CALL_SIGN = "vessel call sign"
TYPE = "vessel type"
FLAG = "vessel flag"
DEADWEIGHT = "vessel tonnage"
GROSS = "vessel gross registered tonnage"
TAKEN = frozenset({REGISTRATION, MMSI, BUILT, CALL_SIGN, TYPE, FLAG, DEADWEIGHT, GROSS})

CSV_LABELS = {5: CALL_SIGN, 6: TYPE, 7: DEADWEIGHT, 8: GROSS, 9: FLAG}
XML_LABELS = {
    "callSign": CALL_SIGN,
    "vesselType": TYPE,
    "tonnage": DEADWEIGHT,
    "grossRegisteredTonnage": GROSS,
    "vesselFlag": FLAG,
}
JSON_LABELS = {
    "call_sign": CALL_SIGN,
    "vessel_type": TYPE,
    "dwt": DEADWEIGHT,
    "gross_tonnage": GROSS,
    "flag": FLAG,
}

# dat_spec.txt: the columns of sdn.csv and the size of the last. What is longer goes on in
# sdn_comments.csv (OFAC's notice of 2013-08-08).
CSV_COLUMNS = 12
REMARKS_LENGTH = 1000

# Parties that are no ships. The null of sdn.csv, and Unknown as a sub-type of sdn_advanced.xml,
# are a company or a person.
OTHER_PARTIES = frozenset({"individual", "entity", "aircraft", "unknown", "-0-"})
# OFAC's words for a flag that it does not know.
NO_FLAG = frozenset({"none identified", "unknown"})

ADVANCED_TAGS = frozenset(
    {
        "ReferenceValueSets",
        "Location",  # taken up for nothing but to be freed: there are over 20,000
        "IDRegDocument",
        "DistinctParty",
        "ProfileRelationship",  # the same
        "SanctionsEntry",
    }
)
# No attribute of XML can have this name.
LINE = " line"

_ITEM = re.compile(rf"(?:alt\. )?({REGISTRATION}|{MMSI}|{BUILT}) +(.*)", re.IGNORECASE)
_ALIAS = re.compile(r"(?:alt\. )?[afn]\.k\.a\. ['\"](.*)['\"]")
_VESSELS = re.compile(r'"vessels"\s*:\s*\[')

_Names = Mapping[tuple[str, str], str]
_Days = Mapping[str | None, date]
NO_DAYS: _Days = {}


class _Ship(NamedTuple):
    """What a file says of one ship, as text. `said`: a label and its text, in the file's order."""

    line: int
    reference: str
    programmes: tuple[str | None, ...]
    name: str | None
    former_names: tuple[str, ...]
    said: tuple[tuple[str, str], ...]


def open_list(path: Path) -> ListFile | None:
    """OFAC's SDN list in one of its formats, told by the first 64 KiB of its content.

    Parameters
    ----------
    path
        Any file, whatever it is called.

    Returns
    -------
    ListFile or None
        None where the file is not of these formats. `published_on`: the Publish_Date of `sdn.xml`,
        the DateOfIssue of `sdn_advanced.xml`, the dataAsOf of `SDN_ENHANCED.XML`, the day of
        generated_at of the JSON extract; null for `sdn.csv`, which does not give it. `rows`: an
        `Entry` for each ship and programme, with deadweight and gross tonnage in tonnes, and a
        `Junk` for all that is not taken over; persons, companies and aircraft are passed over.
        `listed_on` is null but from `sdn_advanced.xml` and `SDN_ENHANCED.XML`. Null where the list
        says nothing: a ship without an IMO number, an MMSI or a programme is an entry all the same
        if it has a name.

    Raises
    ------
    OSError
        If the file cannot be read. Nothing that it holds raises.

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
        return ListFile(REGISTER, _published_on(head), _read_advanced(path), ZONE)
    if root == "sanctionsData":
        return ListFile(REGISTER, _published_on(head), _read_enhanced(path), ZONE)
    text = head.decode("utf-8-sig", "replace")
    if _is_extract(text):
        generated = re.search(r'"generated_at"\s*:\s*"([^"]*)"', text)
        published_on = day_in(generated[1], ZONE) if generated else None
        return ListFile(REGISTER, published_on, _read_json(path), ZONE)
    if _is_csv(text):
        return ListFile(REGISTER, None, _read_csv(path), ZONE)
    return None


def _root(head: bytes) -> str | None:
    """The name of an XML file's root without its prefix; None for anything else.

    >>> _root(b'<?xml version="1.0"?><!-- list --><o:sdnList xmlns:o="x">'), _root(b"36,a,<b>")
    ('sdnList', None)
    """
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return None
    found = re.search(rb"<([A-Za-z_][^\s/>]*)", head)
    return found[1].rpartition(b":")[2].decode("ascii", "replace") if found else None


def _is_extract(head: str) -> bool:
    return (
        head.lstrip().startswith("{")
        and _VESSELS.search(head) is not None
        and re.search(r'"list_name"\s*:\s*"OFAC SDN"', head) is not None
    )


def _is_csv(head: str) -> bool:
    """Whether one of the first ten lines is a row of sdn.csv: the first may be the broken one."""
    for line in itertools.islice(io.StringIO(head, newline=""), 10):
        row = _fields(line)
        if not isinstance(row, str) and len(row) == CSV_COLUMNS and row[0].strip().isdecimal():
            return _is_ship(row[2]) is not None
    return False


def _published_on(head: bytes) -> date | None:
    for element in _closed(io.BytesIO(head), DATES):
        if isinstance(element, Junk):
            return None
        if element.tag == "DateOfIssue":
            return day(_date_text(element), "%Y-%m-%d")
        if element.tag == "dataAsOf":
            return day_in(element.text, ZONE)
        return day(element.text, "%m/%d/%Y")
    return None


def _is_ship(kind: str | None) -> bool | None:
    """Whether a party of this type is a ship; None where the type is none of OFAC's.

    >>> _is_ship("vessel"), _is_ship("-0- "), _is_ship("Aircraft"), _is_ship("Submarine")
    (True, False, False, None)
    """
    folded = (kind or "").strip().casefold()
    return False if folded in OTHER_PARTIES else True if folded == "vessel" else None


def _read_csv(path: Path) -> Iterator[Entry | Junk]:
    """Line by line: a line end ends a record (dat_spec.txt), and a stray quote spoils one row only.

    The last line of the published file holds the end-of-file sign 0x1A alone.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip(" \r\n\x1a"):
                yield from _csv_row(number, line if line.isascii() else _mended(line))


def _mended(line: str) -> str:
    """A line that is not UTF-8, as ISO 8859-1, in which every byte is a sign."""
    data = line.encode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _fields(line: str) -> list[str] | str:
    """The fields of one line of CSV, or what is wrong with it.

    Quotes inside a quoted field are not always doubled; such a row is taken where its fields are
    as many as they must be.
    """
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as fault:
        fields = lenient_fields(line)
        return fields if len(fields) == CSV_COLUMNS else str(fault)


def _csv_row(number: int, line: str) -> Iterator[Entry | Junk]:
    row = _fields(line)
    kind = row[2] if not isinstance(row, str) and len(row) > 2 else None
    is_ship = _is_ship(kind)
    if is_ship is False:
        return
    fault = _csv_fault(row, line)
    if fault or isinstance(row, str):
        yield Junk(number, fault, line.strip()[:RAW_LENGTH], is_whole=True)
        return
    items = re.split(r";\s*", row[11].strip().removesuffix("."))
    if len(row[11]) >= REMARKS_LENGTH:
        reason = "remarks cut at 1,000 characters: the rest is in OFAC's sdn_comments.csv"
        yield Junk(number, reason, items[-1][:RAW_LENGTH], is_whole=False)
    said = [
        (label, text) for column, label in CSV_LABELS.items() if (text := plain_text(row[column]))
    ]
    said += [(found[1].lower(), found[2]) for item in items if (found := _ITEM.fullmatch(item))]
    yield from _rows(
        _Ship(
            line=number,
            reference=f"SDN {row[0].strip()}",
            # Several programmes stand in one field as IRAN] [NPWMD] [IFSR.
            programmes=_programmes(re.split(r"\]\s*\[", row[3].strip(" []"))),
            name=row[1],
            former_names=tuple(found[1] for item in items if (found := _ALIAS.fullmatch(item))),
            said=tuple(said),
        )
    )


def _csv_fault(row: list[str] | str, line: str) -> str:
    """What makes a row useless; empty where nothing does."""
    if isinstance(row, str):
        return f"row cannot be read as CSV: {row}"
    if len(row) != CSV_COLUMNS:
        where = "row" if line.endswith(("\r", "\n")) else f"{CUT}, row"
        return f"{where} of {len(row)} fields where sdn.csv has {CSV_COLUMNS}"
    if _is_ship(row[2]) is None:
        return "SDN type is not known: vessel, individual, aircraft or -0- expected"
    if not re.fullmatch(r"[0-9]{1,10}", row[0].strip()):  # the size of ent_num in dat_spec.txt
        return "no ent_num: a number expected in the first field"
    # All remarks end in a full stop, so a last line without a line end is whole if it ends in one.
    if not line.endswith(("\r", "\n")) and not line.rstrip(' "').endswith((".", "-0-")):
        return f"{CUT}: it ends in the middle of the remarks"
    return ""


def _read_xml(path: Path) -> Iterator[Entry | Junk]:
    with path.open("rb") as source:
        for element in _closed(source, frozenset({"sdnEntry"})):
            if isinstance(element, Junk):
                yield element
            else:
                yield from _xml_entry(element)


def _xml_entry(element: Element) -> Iterator[Entry | Junk]:
    line, kind = int(element.get(LINE, "0")), element.findtext("sdnType")
    uid = plain_text(element.findtext("uid"))
    is_ship = _is_ship(kind)
    if is_ship is False:
        return
    if not is_ship or not uid:
        reason = "no uid" if is_ship else "sdnType is not known: Vessel, Individual, ... expected"
        raw = " ".join(filter(None, (uid, kind, element.findtext("lastName"))))
        yield Junk(line, reason, raw[:RAW_LENGTH], is_whole=True)
        return
    said = [(e.findtext("idType"), e.findtext("idNumber")) for e in element.iterfind("idList/id")]
    said += [(XML_LABELS.get(e.tag), e.text) for e in element.iterfind("vesselInfo/*")]
    yield from _rows(
        _Ship(
            line=line,
            reference=f"SDN {uid}",
            programmes=_programmes(e.text for e in element.iterfind("programList/program")),
            name=element.findtext("lastName"),
            former_names=tuple(
                e.findtext("lastName") or "" for e in element.iterfind("akaList/aka")
            ),
            said=_said(said),
        )
    )


def _read_advanced(path: Path) -> Iterator[Entry | Junk]:
    """Ships are held until their SanctionsEntry, which comes last in the file, and nothing else."""
    names: _Names = {}
    documents: dict[str, list[tuple[str, str]]] = defaultdict(list)
    ships: dict[str, _Ship] = {}
    unlisted: set[str] = set()
    with path.open("rb") as source:
        for element in _closed(source, ADVANCED_TAGS):
            if isinstance(element, Junk):
                yield _with_ships_lost(element, len(unlisted))
                return
            if element.tag == "ReferenceValueSets":
                names = _reference_values(element)
            elif element.tag == "IDRegDocument":
                identity, label, number = _document(element, names)
                if label in TAKEN:
                    documents[identity].append((label, number))
            elif element.tag == "DistinctParty":
                for party in _ships_of(element, names, documents):
                    if isinstance(party, Junk):
                        yield party
                    else:
                        ships[party[0]] = party[1]
                        unlisted.add(party[0])
            elif element.tag == "SanctionsEntry":
                profile = element.get("ProfileID", "")
                unlisted.discard(profile)
                if profile in ships and _named(names, "List", element, "SDN List") == "SDN List":
                    yield from _listing(element, names, ships[profile])
    for profile in (p for p in ships if p in unlisted):
        ship = ships[profile]
        reason = "ship without a SanctionsEntry: its programme and day of listing are missing"
        raw = f"{ship.reference} {ship.name or ''}"
        yield Junk(ship.line, reason, raw[:RAW_LENGTH], is_whole=True)


def _with_ships_lost(cut: Junk, ships: int) -> Junk:
    lost = f"; {ships} ships are lost whose SanctionsEntry was not reached" if ships else ""
    return cut._replace(reason=cut.reason + lost)


def _reference_values(element: Element) -> dict[tuple[str, str], str]:
    """The words of the reference value sets, by the set's element and the ID that stands for them.

    IDs are looked up here and never known beforehand: the Explanatory Notes promise no fixed ones.
    """
    return {
        (value.tag, value.get("ID", "")): (value.text or "").strip()
        for values in element
        for value in values
    }


def _named(names: _Names, kind: str, element: Element, default: str = "") -> str:
    """The word that the element's attribute, such as ListID, stands for."""
    return names.get((kind, element.get(f"{kind}ID", "")), default)


def _document(element: Element, names: _Names) -> tuple[str, str, str]:
    """Whose document it is (an Identity's ID), its label and its number."""
    number = plain_text(element.findtext("IDRegistrationNo")) or ""
    is_fraudulent = _named(names, "Validity", element) == "Fraudulent"
    return (
        element.get("IdentityID", ""),
        _named(names, "IDRegDocType", element).casefold(),
        f"{number} (fraudulent)" if is_fraudulent else number,
    )


def _ships_of(
    element: Element, names: _Names, documents: Mapping[str, list[tuple[str, str]]]
) -> Iterator[tuple[str, _Ship] | Junk]:
    """The ships among a DistinctParty's profiles, each with the profile's ID."""
    line = int(element.get(LINE, "0"))
    for profile in element.iterfind("Profile"):
        key = profile.get("ID", "")
        name, former_names = _alias_names(profile, names)
        is_ship = _is_ship(_named(names, "PartySubType", profile))
        if is_ship is None or (is_ship and not key):
            reason = "no ID of the profile" if is_ship else "PartySubType is not known"
            yield Junk(line, reason, f"{key} {name or ''}"[:RAW_LENGTH], is_whole=True)
        elif is_ship:
            said: list[tuple[str | None, str | None]] = [
                (_named(names, "FeatureType", feature), detail.text or _detail(names, detail))
                for feature in profile.iterfind("Feature")
                for detail in feature.iterfind("FeatureVersion/VersionDetail")
            ]
            for identity in profile.iterfind("Identity"):
                said += documents.get(identity.get("ID", ""), [])
            yield key, _Ship(line, f"SDN {key}", (), name, former_names, _said(said))


def _detail(names: _Names, detail: Element) -> str:
    return names.get(("DetailReference", detail.get("DetailReferenceID", "")), "")


def _alias_names(profile: Element, names: _Names) -> tuple[str | None, tuple[str, ...]]:
    """The primary name and the others, in Latin script, which AIS sends, where they have it."""
    primary, others = None, []
    for alias in profile.iterfind("Identity/Alias"):
        written = [
            (
                all(_named(names, "Script", part, "Latin") == "Latin" for part in parts),
                " ".join(part.text or "" for part in parts),
            )
            for documented in alias.iterfind("DocumentedName")
            if (parts := documented.findall("DocumentedNamePart/NamePartValue"))
        ]
        latin = [text for is_latin, text in written if is_latin] or [text for _, text in written]
        if alias.get("Primary") == "true" and latin and primary is None:
            primary, *latin = latin
        others += latin
    return primary, tuple(others)


def _listing(element: Element, names: _Names, ship: _Ship) -> Iterator[Entry | Junk]:
    """The rows of one SanctionsEntry: its measures are the programmes, its events the dates."""
    programmes = _programmes(
        measure.findtext("Comment")
        for measure in element.iterfind("SanctionsMeasure")
        if _named(names, "SanctionsType", measure) == "Program"
    )
    events = []
    for event in element.iterfind("EntryEvent"):
        when = event.find("Date")
        text = _date_text(when) if when is not None else ""
        listed_on = day(text, "%Y-%m-%d")
        if _named(names, "EntryEventType", event, "Created") != "Created":
            continue
        if listed_on:
            events.append((_named(names, "LegalBasis", event), listed_on))
        else:
            reason = "day of listing cannot be read: Year, Month and Day expected"
            yield Junk(int(element.get(LINE, "0")), reason, text[:RAW_LENGTH], is_whole=False)
    yield from _rows(ship._replace(programmes=programmes), _listed_on(programmes, events))


def _listed_on(programmes: Iterable[str | None], events: Iterable[tuple[str, date]]) -> _Days:
    """The day from which an entry is listed under each of its programmes.

    OFAC gives an entry one event for each legal basis and does not say which programme it belongs
    to. Where the programme's tag holds the number of the executive order that an event names, that
    event is the programme's; a programme without such a number has the earliest of the events that
    no other programme claims, and where all are claimed, the earliest of the entry.

    >>> basis = "Executive Order 14024 (Russia)"
    >>> events = [("Unknown", date(2012, 7, 12)), (basis, date(2025, 1, 10))]
    >>> found = _listed_on(("IRAN", "RUSSIA-EO14024"), events)
    >>> found["IRAN"].isoformat(), found["RUSSIA-EO14024"].isoformat()
    ('2012-07-12', '2025-01-10')
    """
    claims = {programme: _orders(programme or "") for programme in programmes}
    dated = [(_orders(basis), listed_on) for basis, listed_on in events]
    claimed = frozenset().union(*claims.values())
    found = {}
    for programme, own in claims.items():
        days = (
            [listed_on for orders, listed_on in dated if orders & own]
            or [listed_on for orders, listed_on in dated if not orders & claimed]
            or [listed_on for _, listed_on in dated]
        )
        if days:
            found[programme] = min(days)
    return found


def _orders(text: str) -> frozenset[str]:
    """The numbers of executive orders in a text: five digits since 1959, the first of them 1."""
    return frozenset(re.findall(r"(?<![0-9])1[0-9]{4}(?![0-9])", text))


def _date_text(element: Element) -> str:
    return "-".join((element.findtext(part) or "").strip() for part in ("Year", "Month", "Day"))


def _read_enhanced(path: Path) -> Iterator[Entry | Junk]:
    values: dict[str, str] = {}
    with path.open("rb") as source:
        for element in _closed(source, frozenset({"referenceValue", "entity"})):
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
    is_ship = _is_ship(kind)
    if is_ship is False:
        return
    if not is_ship or not uid:
        reason = "no id" if is_ship else "entityType is not known: Vessel, Individual, ... expected"
        raw = " ".join(filter(None, (uid, kind, name)))
        yield Junk(line, reason, raw[:RAW_LENGTH], is_whole=True)
        return
    lists = element.findall("sanctionsLists/sanctionsList")
    ours = [one for one in lists if (one.text or "").strip().casefold() == "sdn list"]
    if lists and not ours:  # CONS_ENHANCED.XML has the other lists in the same format
        return
    said: list[tuple[str | None, str | None]] = [
        (
            feature.findtext("type"),
            feature.findtext("value") or values.get(feature.findtext("valueRefId") or ""),
        )
        for feature in element.iterfind("features/feature")
    ]
    for document in element.iterfind("identityDocuments/identityDocument"):
        number = plain_text(document.findtext("documentNumber")) or ""
        is_valid = (document.findtext("isValid") or "true").strip().casefold() != "false"
        said.append((document.findtext("type"), number if is_valid else f"{number} (fraudulent)"))
    programmes = _programmes(e.text for e in element.iterfind("sanctionsPrograms/sanctionsProgram"))
    days = [found for one in ours if (found := day(one.get("datePublished"), "%Y-%m-%d"))]
    # One day for the entry: of several programmes it is not told whose day it is.
    listed_on = dict.fromkeys(programmes, min(days)) if days and len(programmes) == 1 else NO_DAYS
    ship = _Ship(line, f"SDN {uid}", programmes, name, former_names, _said(said))
    yield from _rows(ship, listed_on)


def _enhanced_names(element: Element) -> tuple[str | None, tuple[str, ...]]:
    """The primary name and the others, in Latin script where they have it."""
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
    """Vessel by vessel, so that a cut file yields what comes before the cut. `line`: its number."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    decoder, between = json.JSONDecoder(), re.compile(r"[\s,]*")
    start = _VESSELS.search(text)
    position = start.end() if start else len(text)
    for number in itertools.count(1):
        found = between.match(text, position)
        position = found.end() if found else position
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
    """A vessel of the extract, which has no ent_num: its IMO number or its name stands for it.

    Its designation_date is not read: it is one and the same day for all (2026-03-20), also for
    ships that were on the list of 2023: a day of the edition or the download, not of the listing.
    """
    if not isinstance(vessel, dict):
        yield Junk(number, "not a vessel: a JSON object expected", raw, is_whole=True)
        return
    programmes, info = vessel.get("programs"), vessel.get("vessel_info")
    if not isinstance(programmes, list) or not isinstance(info, dict):
        reason = "programs or vessel_info missing: a list and an object expected"
        yield Junk(number, reason, raw, is_whole=True)
        return
    name, imo = name_text(_json_text(vessel.get("name"))), _json_text(vessel.get("imo"))
    hull = imo_number(imo)
    if not hull and not name:
        yield Junk(number, "neither an IMO number nor a name", raw, is_whole=True)
        return
    said = [(label, _json_text(info.get(key))) for key, label in JSON_LABELS.items()]
    yield from _rows(
        _Ship(
            line=number,
            reference=f"SDN, IMO {hull}" if hull else f"SDN, {name}",
            programmes=_programmes(map(_json_text, programmes)),
            name=name,
            former_names=(),
            said=_said([(REGISTRATION, imo), *said]),
        )
    )


def _json_text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)


def _closed(source: BinaryIO, tags: frozenset[str]) -> Iterator[Element | Junk]:
    """The elements of these names, as each closes, with the line at which it began; then freed.

    Names are without their namespace, which changed over the years. Where the file ends too early,
    is no XML, or has a DOCTYPE (through which entities could grow without end), a `Junk` is last.
    """

    def element(tag: str, attributes: dict[str, str]) -> Element:
        name = tag.rpartition("}")[2]
        if name in tags:
            attributes[LINE] = str(parser.parser.CurrentLineNumber)
        return Element(name, attributes)

    parser = DefusedXMLParser(target=TreeBuilder(element_factory=element), forbid_dtd=True)
    try:
        for _, closed in iterparse(source, parser=parser):
            if closed.tag in tags:
                yield closed
                closed.clear()
    except ParseError as fault:
        what = expat.ErrorString(fault.code)
        reason = f"{CUT} or broken here, and the rest is not read: {what}"
        yield Junk(fault.position[0], reason, "", is_whole=True)
    except (ValueError, LookupError) as fault:  # forbidden by defusedxml; an unknown encoding
        line = parser.parser.CurrentLineNumber
        reason = "DOCTYPE, entities or encoding that no list of OFAC has: the file is not read"
        yield Junk(line, reason, str(fault)[:RAW_LENGTH], is_whole=True)


def _said(pairs: Iterable[tuple[str | None, str | None]]) -> tuple[tuple[str, str], ...]:
    """The pairs that are taken over, the label folded: the list writes VESSEL TYPE in capitals."""
    return tuple(
        (label.casefold(), text)
        for label, said in pairs
        if label and label.casefold() in TAKEN and (text := plain_text(said))
    )


def _programmes(tags: Iterable[str | None]) -> tuple[str | None, ...]:
    """Programme tags without repetition; a null where there is none, for an entry is one still."""
    return tuple(dict.fromkeys(filter(None, map(plain_code, tags)))) or (None,)


def _rows(ship: _Ship, listed_on: _Days = NO_DAYS) -> Iterator[Entry | Junk]:
    """What is not taken over of a ship, then an entry for each programme."""
    said: dict[str, list[str]] = defaultdict(list)
    for label, text in ship.said:
        said[label].append(text)
    for reason, raw in _faults(said):
        yield Junk(ship.line, reason, raw[:RAW_LENGTH], is_whole=False)
    imo = next(filter(None, map(_imo, said[REGISTRATION])), None)
    mmsis = tuple(dict.fromkeys(filter(None, map(_mmsi, said[MMSI]))))
    name = name_text(ship.name)
    others = dict.fromkeys(filter(None, map(name_text, ship.former_names)))
    if imo is None and not mmsis and name is None and not others:
        reason = "neither an IMO number, nor an MMSI, nor a name"
        yield Junk(ship.line, reason, ship.reference[:RAW_LENGTH], is_whole=True)
        return
    first = {label: texts[0] for label, texts in said.items() if texts}
    entry = Entry(
        register=REGISTER,
        link_source=LINK_SOURCE,
        reference=ship.reference,
        imo=imo,
        mmsis=mmsis,
        vessel_name=name,
        former_names=tuple(other for other in others if other != name),
        call_sign=first.get(CALL_SIGN),
        flag=_flag(first.get(FLAG)),
        vessel_type=first.get(TYPE),
        deadweight_t=whole_number(first.get(DEADWEIGHT)),
        gross_t=whole_number(first.get(GROSS)),
        built_year=_year(first.get(BUILT)),
        line=ship.line,
    )
    for programme in ship.programmes:
        yield entry._replace(programme=programme, listed_on=listed_on.get(programme))


def _faults(said: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Why a text is not taken over, and the text."""
    hull = None
    for text in said.get(REGISTRATION, ()):
        imo = _imo(text)
        if imo is None:
            yield _registration_fault(text), text
        elif hull not in (None, imo):
            yield "second IMO number: the first is taken", text
        else:
            hull = imo
    for text in said.get(MMSI, ()):
        if _mmsi(text) is None:
            yield "not a ship's MMSI: nine digits expected, the first 2 to 7", text
    for text in said.get(FLAG, ()):
        if _flag(text) is None and text.casefold() not in NO_FLAG:
            yield "flag is not known: the name of a country expected", text
    for text in (*said.get(DEADWEIGHT, ()), *said.get(GROSS, ())):
        if whole_number(text) is None:
            yield "tonnage is not a number", text
    for text in said.get(BUILT, ()):
        if _year(text) is None:
            yield "year of build is not a year: four digits expected", text


def _registration_fault(text: str) -> str:
    if _genuine(text) is None:
        return "registration that OFAC marks as fraudulent: another hull's, perhaps"
    if re.search(r"(?<![0-9])[0-9]{7}(?![0-9])", text):
        return "IMO number with a wrong check digit"
    return "registration that is no IMO number: seven digits expected"


def _genuine(text: str) -> str | None:
    """A registration without the issuing country in brackets; None where OFAC marks it fraudulent.

    >>> _genuine("IMO 9256860 (Russia)"), _genuine("IMO 9256860 (fraudulent)")
    ('IMO 9256860', None)
    """
    if "fraudulent" in text.casefold():
        return None
    return re.sub(r"\s*\([^()]*\)$", "", text)


def _imo(text: str) -> int | None:
    return imo_number(_genuine(text))


def _mmsi(text: str) -> int | None:
    return ship_mmsi(_genuine(text))


def _year(text: str | None) -> int | None:
    found = re.fullmatch(r"(?:19|20)[0-9]{2}", text or "")
    return int(found[0]) if found else None


@functools.lru_cache(maxsize=1024)
def _flag(text: str | None) -> str | None:
    """A list names some 80 flags, over and over."""
    return flag_code(text)
