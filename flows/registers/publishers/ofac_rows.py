"""A ship of OFAC's files as entries of a register, and junk for what is left out."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import BinaryIO, NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder  # the tree only: the parser is defused
from xml.parsers import expat

from defusedxml.ElementTree import DefusedXMLParser, ParseError, iterparse

from flows.registers.lists.entry import (
    CUT,
    Entry,
    Junk,
    flag_code,
    imo_number,
    name_text,
    ship_mmsi,
    whole_number,
)
from flows.registers.lists.letters import plain_code, plain_text

REGISTER = "ofac-sdn"
DATES = frozenset({"Publish_Date", "DateOfIssue", "dataAsOf"})
LINK_SOURCE = "OFAC SDN"
ZONE = "America/New_York"
"""Where the publisher's days begin and end: Washington keeps New York's time."""
HEAD_BYTES = 64 * 1024
RAW_LENGTH = 200

# The list's own labels: the feature and document types of sdn_advanced.xml, the idType of sdn.xml,
# the items in the Remarks of sdn.csv. Other columns and tags are mapped to them below.
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

# dat_spec.txt: the columns of sdn.csv and the size of the last. Longer remarks continue in
# sdn_comments.csv (OFAC's notice of 2013-08-08).
CSV_COLUMNS = 12
REMARKS_LENGTH = 1000

# Parties other than ships. The null of sdn.csv, and Unknown as a sub-type of sdn_advanced.xml,
# mean a company or a person.
OTHER_PARTIES = frozenset({"individual", "entity", "aircraft", "unknown", "-0-"})
# OFAC's words for an unknown flag.
NO_FLAG = frozenset({"none identified", "unknown"})

ADVANCED_TAGS = frozenset(
    {
        "ReferenceValueSets",
        "Location",  # only to free its memory: there are over 20,000
        "IDRegDocument",
        "DistinctParty",
        "ProfileRelationship",  # the same
        "SanctionsEntry",
    }
)
# No attribute of XML can have this name.
LINE = " line"

ITEM = re.compile(rf"(?:alt\. )?({REGISTRATION}|{MMSI}|{BUILT}) +(.*)", re.IGNORECASE)
ALIAS = re.compile(r"(?:alt\. )?[afn]\.k\.a\. ['\"](.*)['\"]")
VESSELS = re.compile(r'"vessels"\s*:\s*\[')

ShipNames = Mapping[tuple[str, str], str]
Days = Mapping[str | None, date]
NO_DAYS: Days = {}


class Ship(NamedTuple):
    """One ship of a file, as text. statements: label and text, in the order of the file."""

    line: int
    reference: str
    programmes: tuple[str | None, ...]
    name: str | None
    former_names: tuple[str, ...]
    statements: tuple[tuple[str, str], ...]


def is_vessel(kind: str | None) -> bool | None:
    """Whether a party of this type is a ship; None where OFAC has no such type.

    >>> is_vessel("vessel"), is_vessel("-0- "), is_vessel("Aircraft"), is_vessel("Submarine")
    (True, False, False, None)
    """
    folded = (kind or "").strip().casefold()
    return False if folded in OTHER_PARTIES else True if folded == "vessel" else None


def date_text(element: Element) -> str:
    return "-".join((element.findtext(part) or "").strip() for part in ("Year", "Month", "Day"))


def closed_entries(source: BinaryIO, tags: frozenset[str]) -> Iterator[Element | Junk]:
    """The elements with these names, as each closes, with the line at which it begins; then freed.

    Names are without their namespace, which changed over the years. Where the file is truncated,
    is not XML, or has a DOCTYPE (through which entities could grow without limit), the last item is
    a `Junk`.
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
        error = expat.ErrorString(fault.code)
        reason = f"{CUT} or broken here, and the rest is not read: {error}"
        yield Junk(fault.position[0], reason, "", is_whole=True)
    except (ValueError, LookupError) as fault:  # forbidden by defusedxml; an unknown encoding
        line = parser.parser.CurrentLineNumber
        reason = "DOCTYPE, entities or an encoding that OFAC does not use: the file is not read"
        yield Junk(line, reason, str(fault)[:RAW_LENGTH], is_whole=True)


def statements_of(pairs: Iterable[tuple[str | None, str | None]]) -> tuple[tuple[str, str], ...]:
    """The known labels, in lower case, with their plain text; others and empty ones are dropped."""
    return tuple(
        (label.casefold(), text)
        for label, value in pairs
        if label and label.casefold() in TAKEN and (text := plain_text(value))
    )


def programmes_of(tags: Iterable[str | None]) -> tuple[str | None, ...]:
    """Programme tags without repetition; one null where there is none."""
    return tuple(dict.fromkeys(filter(None, map(plain_code, tags)))) or (None,)


def entry_rows(ship: Ship, listed_on: Days = NO_DAYS) -> Iterator[Entry | Junk]:
    """Junk for the unreadable fields of a ship, then an entry for each programme."""
    statements: dict[str, list[str]] = defaultdict(list)
    for label, text in ship.statements:
        statements[label].append(text)
    for reason, raw in _faults(statements):
        yield Junk(ship.line, reason, raw[:RAW_LENGTH], is_whole=False)
    imo = next(filter(None, map(_imo, statements[REGISTRATION])), None)
    mmsis = tuple(dict.fromkeys(filter(None, map(_mmsi, statements[MMSI]))))
    name = name_text(ship.name)
    others = dict.fromkeys(filter(None, map(name_text, ship.former_names)))
    if imo is None and not mmsis and name is None and not others:
        reason = "neither an IMO number, nor an MMSI, nor a name"
        yield Junk(ship.line, reason, ship.reference[:RAW_LENGTH], is_whole=True)
        return
    first = {label: texts[0] for label, texts in statements.items() if texts}
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


def _faults(statements: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Reason and text of each statement that is left out."""
    hull = None
    for text in statements.get(REGISTRATION, ()):
        imo = _imo(text)
        if imo is None:
            yield _registration_fault(text), text
        elif hull not in (None, imo):
            yield "second IMO number, the first is taken", text
        else:
            hull = imo
    for text in statements.get(MMSI, ()):
        if _mmsi(text) is None:
            yield "not a ship's MMSI, expected nine digits, the first 2 to 7", text
    for text in statements.get(FLAG, ()):
        if _flag(text) is None and text.casefold() not in NO_FLAG:
            yield "unknown flag, expected the name of a country", text
    for text in (*statements.get(DEADWEIGHT, ()), *statements.get(GROSS, ())):
        if whole_number(text) is None:
            yield "tonnage is not a number", text
    for text in statements.get(BUILT, ()):
        if _year(text) is None:
            yield "year of build is not a year, expected four digits", text


def _registration_fault(text: str) -> str:
    if _genuine(text) is None:
        return "registration that OFAC marks as fraudulent, perhaps another hull's"
    if re.search(r"(?<![0-9])[0-9]{7}(?![0-9])", text):
        return "IMO number with a wrong check digit"
    return "registration that is no IMO number, expected seven digits"


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
    match = re.fullmatch(r"(?:19|20)[0-9]{2}", text or "")
    return int(match[0]) if match else None


@functools.lru_cache(maxsize=1024)
def _flag(text: str | None) -> str | None:
    """Cached: a list repeats some 80 flags."""
    return flag_code(text)
