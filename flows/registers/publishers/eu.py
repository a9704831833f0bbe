"""The EU's lists of ships: annexes of its regulations as a table, and its consolidated list.

Annexes: the layout in which OpenSanctions transcribes the Official Journal, one CSV an act
(opensanctions/opensanctions, datasets/eu/journal_sanctions/data/FORMAT.md). Its files of single
amending acts are not read: they only add, and as a version of the list would delist all other
ships. Consolidated list: the Commission's Financial Sanctions Files, CSV and XML 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder  # the tree only: the parser is defused

from defusedxml import DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser, ParseError, iterparse

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
from flows.registers.lists.letters import plain_code, plain_text
from flows.registers.lists.table import RAW_SIGNS, first_rows, read_head, table_rows
from flows.registers.publishers.eu_journal import (
    JOURNAL_COLUMNS,
    journal_register,
    journal_ships,
    programme_tag,
)
from flows.registers.publishers.eu_texts import left_out, other_names

FORMS = "the EU's Annex XLII and consolidated list"
"""What it reads, in the message of what can be read."""

CONSOLIDATED = "eu-consolidated"
ZONE = "Europe/Brussels"
"""Where the publisher's days begin and end."""

_FSF_COLUMNS = (
    *("fileGenerationDate", "Entity_LogicalId", "Entity_EU_ReferenceNumber"),
    *("Entity_DesignationDate", "Entity_SubjectType", "Entity_SubjectType_ClassificationCode"),
    *("Entity_Regulation_Programme", "NameAlias_WholeName", "NameAlias_NameLanguage"),
    *("Identification_Number", "Identification_TypeCode"),
)
_KINDS = ("Entity_SubjectType", "Entity_SubjectType_ClassificationCode")
_LINE = "first line in the file"
"""A name that no attribute of XML can have, because it contains spaces."""
_FSF_NAMESPACE = "http://eu.europa.ec/fpi/fsd/export"


class _Subject(NamedTuple):
    """A subject of the consolidated list that may be a ship: anything but a person.

    names: whole name and language code. is_vessel: whether the list files it as a vessel.
    """

    line: int
    reference: str
    programmes: Sequence[str]
    designated: str
    names: Sequence[tuple[str, str]]
    imo_texts: Sequence[str]
    is_vessel: bool


def open_list(path: Path) -> ListFile | None:
    """The ships of an EU list; None for any other file.

    Parameters
    ----------
    path : Path
        Recognised by its first 64 KiB. The rows of a table of annexes are then read once more, to
        see whether all its ships are listed under Regulation 833/2014.

    Returns
    -------
    ListFile or None
        ``eu-833-2014`` where every ship is listed under Regulation (EU) No 833/2014, else
        ``eu-journal``: one register for a file, whose entries name their acts in `link_source`.
        ``eu-consolidated`` for the consolidated list. published_on: the day on which the
        consolidated list was generated; null for annexes, which do not give theirs.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    head = read_head(path)
    if _FSF_NAMESPACE in head and re.search(r"<(\w+:)?export\b", head):
        generated = re.search(r'generationDate="([^"]*)"', head)
        published_on = day_in(generated[1], ZONE) if generated else None
        return ListFile(CONSOLIDATED, published_on, _xml_ships(path), ZONE)
    header, first = first_rows(head, ";", 2)
    if header and set(header).issuperset(_FSF_COLUMNS):
        generated_on = dict(zip(header, first, strict=False)).get("fileGenerationDate")
        published_on = day(generated_on, "%d/%m/%Y", "%Y-%m-%d")
        return ListFile(CONSOLIDATED, published_on, _csv_ships(path, header), ZONE)
    header, _ = first_rows(head, ",", 2)
    if header and set(header).issuperset(JOURNAL_COLUMNS):
        register = journal_register(path, header)
        return ListFile(register, None, journal_ships(path, header, register), ZONE)
    return None


def _csv_ships(path: Path, header: list[str]) -> Iterator[Entry | Junk]:
    """The ships of the consolidated list as CSV, in the order in which they first appear.

    An entry has a row for each of its names, addresses and numbers, not necessarily together, so
    the rows of all but persons are held until the end.
    """
    held: dict[str, list[dict[str, str]]] = {}
    lines: dict[str, int] = {}
    for row in table_rows(path, header, ";", spans_lines=True):
        if isinstance(row, Junk):
            yield row
            continue
        values = {name: row.cells[name].strip() for name in _FSF_COLUMNS}
        if any(_is_person(values[kind]) for kind in _KINDS):
            continue
        key = values["Entity_LogicalId"]
        if not key:
            yield Junk(row.line, "no Entity_LogicalId: the row belongs to no entry", row.raw, True)
            continue
        held.setdefault(key, []).append(values)
        lines.setdefault(key, row.line)
    for key, rows in held.items():
        yield from _ships(
            _Subject(
                line=lines[key],
                reference=_first(row["Entity_EU_ReferenceNumber"] for row in rows),
                programmes=[row["Entity_Regulation_Programme"] for row in rows],
                designated=_first(row["Entity_DesignationDate"] for row in rows),
                names=[(r["NameAlias_WholeName"], r["NameAlias_NameLanguage"]) for r in rows],
                imo_texts=[
                    row["Identification_Number"]
                    for row in rows
                    if _is_imo(row["Identification_TypeCode"])
                ],
                is_vessel=any(_is_vessel(row[kind]) for row in rows for kind in _KINDS),
            )
        )


def _first(texts: Iterator[str]) -> str:
    return next((text for text in texts if text), "")


def _is_person(kind: str) -> bool:
    return kind.strip().lower() in ("p", "person")


def _is_vessel(kind: str) -> bool:
    return kind.strip().lower() in ("v", "vessel", "ship")


def _is_imo(kind: str) -> bool:
    """Whether the type of an identification is IMO: ``imo``, or for example ``IMO number``."""
    return re.match(r"imo(?![a-z])", (plain_code(kind) or "").lower()) is not None


def _xml_ships(path: Path) -> Iterator[Entry | Junk]:
    """The ships of the consolidated list as XML. A DOCTYPE is refused: the list has none."""

    def with_line(tag: str, attributes: dict[str, str]) -> Element:
        # The tag as in the file, without its namespace, and the line at which the element begins.
        return Element(tag.rpartition("}")[2], attributes | {_LINE: str(at.CurrentLineNumber)})

    parser = DefusedXMLParser(target=TreeBuilder(element_factory=with_line), forbid_dtd=True)
    at = parser.parser
    try:
        with path.open("rb") as raw:
            for _, element in iterparse(raw, parser=parser):
                if element.tag == "sanctionEntity":
                    subject = _xml_subject(element)
                    if subject is not None:
                        yield from _ships(subject)
                    element.clear()
    except DTDForbidden:
        reason = (
            "contains a DOCTYPE, which the Commission's list does not have: the file is not read"
        )
        yield Junk(at.CurrentLineNumber, reason, "", True)
    except (ParseError, LookupError, ValueError) as fault:  # broken; an unknown encoding; forbidden
        # A truncated file raises the same; either way what follows is lost.
        reason = f"{CUT} or broken here, and the rest is not read"
        yield Junk(at.CurrentLineNumber, reason, str(fault)[:RAW_SIGNS], True)


def _xml_subject(element: Element) -> _Subject | None:
    """A subject of the XML; None for a person."""
    kinds = [
        kind.get(name, "")
        for kind in element.iterfind("subjectType")
        for name in ("code", "classificationCode")
    ]
    if any(map(_is_person, kinds)):
        return None
    return _Subject(
        line=int(element.get(_LINE, "0")),
        reference=element.get("euReferenceNumber", "").strip(),
        programmes=[act.get("programme", "") for act in element.iterfind("regulation")],
        designated=element.get("designationDate", "").strip(),
        names=[
            (name.get("wholeName", ""), name.get("nameLanguage", ""))
            for name in element.iterfind("nameAlias")
        ],
        imo_texts=[
            number.get("number", "")
            for number in element.iterfind("identification")
            if _is_imo(number.get("identificationTypeCode", ""))
            or _is_imo(number.get("identificationTypeDescription", ""))
        ],
        is_vessel=any(map(_is_vessel, kinds)),
    )


def _ships(subject: _Subject) -> Iterator[Entry | Junk]:
    """The hulls of a subject, each under each of its programmes.

    Most ships are filed as enterprises, some as vessels. A number of the kind IMO makes a ship,
    whatever the subject is filed as; companies have one too, under the same type code ``imo``,
    with a different check digit; a vessel's number is always a ship's. A vessel without a number
    has its name alone. A number in the remarks is that of a ship that the company owns, so
    remarks are not read.

    listed_on is the designation date alone. The dates of the regulation are those of the last act
    that touched the entry, often years later (opensanctions, zavod/zavod/shed/fsf.py).
    """
    hulls: list[int] = []
    for text in dict.fromkeys(subject.imo_texts):
        imo = imo_number(text)
        is_company = not subject.is_vessel and _is_company_number(text)
        if imo is None and not is_company:
            reason = "IMO number with a check digit that is neither a ship's nor a company's"
            yield Junk(subject.line, reason, text[:RAW_SIGNS], True)
        elif imo is not None and is_company:
            reason = "IMO number that may be a ship's or a company's"
            yield Junk(subject.line, reason, text[:RAW_SIGNS], True)
        elif imo is not None and imo not in hulls:
            hulls.append(imo)
    if not hulls and not subject.is_vessel:
        return
    names = [(name, language) for name, language in subject.names if name.strip()]
    in_english = [name for name, language in names if language.strip().upper() in ("", "EN")]
    name = name_text(next(iter([*in_english, *(name for name, _ in names)]), None))
    if not subject.reference:
        yield Junk(subject.line, "no EU reference number", name or "", True)
        return
    listed_on = day(subject.designated, "%Y-%m-%d", "%d/%m/%Y")
    if subject.designated and listed_on is None:
        yield left_out(subject.line, "designation date: expected a day", subject.designated)
    programmes = dict.fromkeys(filter(None, map(programme_tag, subject.programmes)))
    if not hulls and name is None:
        yield Junk(subject.line, "a vessel without IMO number and name", subject.reference, True)
        return
    for hull in hulls or (None,):
        for programme in programmes or (None,):
            yield Entry(
                register=CONSOLIDATED,
                link_source="EU consolidated list",
                reference=subject.reference,
                programme=programme,
                imo=hull,
                vessel_name=name,
                former_names=other_names([text for text, _ in names], name),
                listed_on=listed_on,
                line=subject.line,
            )


def _is_company_number(text: str) -> bool:
    """Whether a text contains an IMO company number, which has a check digit of its own.

    It is 11 less the remainder by 11 of the sum of the first six digits, weighted 8, 6, 4, 2, 9
    and 7; of that the last digit (opensanctions/rigour, rigour/ids/imo.py).

    >>> _is_company_number("5342883"), _is_company_number("IMO 9036387")
    (True, False)
    """
    return any(
        (11 - sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 9, 7), strict=False)) % 11) % 10
        == int(digits[6])
        for digits in re.findall(r"(?<![0-9])[0-9]{7}(?![0-9])", plain_text(text) or "")
    )
