"""The EU's lists of ships: annexes of its regulations as a table, and its consolidated list.

Annexes: the layout in which OpenSanctions transcribes the Official Journal, one CSV an act
(opensanctions/opensanctions, datasets/eu/journal_sanctions/data/FORMAT.md). Its files of single
amending acts are not read: they only add, and as a version of the list would take all other ships
off it. Consolidated list: the Commission's Financial Sanctions Files, CSV and XML 1.1.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder  # the tree only: the parser is defused

from defusedxml import DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser, ParseError, iterparse

from flows.registers.entry import (
    Entry,
    Junk,
    ListFile,
    day,
    day_in,
    flag_code,
    imo_number,
    name_text,
    ship_mmsi,
)
from flows.registers.letters import plain_code, plain_text
from flows.registers.table import RAW_SIGNS, first_rows, whole_rows

ANNEX_XLII = "eu-833-2014"
JOURNAL = "eu-journal"
CONSOLIDATED = "eu-consolidated"
ZONE = "Europe/Brussels"
"""Where the publisher's days begin and end."""

_HEAD_BYTES = 65536

_JOURNAL_COLUMNS = frozenset(
    (
        *("celex", "recordId", "programKey", "annex", "startDate"),
        *("reason", "schema", "name", "imoNumber"),
    )
)
_FSF_COLUMNS = (
    *("fileGenerationDate", "Entity_LogicalId", "Entity_EU_ReferenceNumber"),
    *("Entity_DesignationDate", "Entity_SubjectType", "Entity_SubjectType_ClassificationCode"),
    *("Entity_Regulation_Programme", "NameAlias_WholeName", "NameAlias_NameLanguage"),
    *("Identification_Number", "Identification_TypeCode"),
)
_LINE = "first line in the file"
"""An attribute's name that no XML can have, for it holds spaces."""
_FSF_NAMESPACE = b"http://eu.europa.ec/fpi/fsd/export"


class _Act(NamedTuple):
    """An act of the EU: its number for `link_source`, and its title for `reference`."""

    number: str
    title: str


class _Subject(NamedTuple):
    """What the consolidated list may file a ship as: anything but a person.

    names: whole name and language code. is_vessel: the list itself calls it a vessel.
    """

    line: int
    reference: str
    programmes: Sequence[str]
    designated: str
    names: Sequence[tuple[str, str]]
    imo_texts: Sequence[str]
    is_vessel: bool


def open_list(path: Path) -> ListFile | None:
    """The ships of an EU list, or None where the file is none.

    Parameters
    ----------
    path : Path
        Told by its first 64 KiB. Of a table of annexes the rows are then read once more, to see
        whether all its ships are of Regulation 833/2014.

    Returns
    -------
    ListFile or None
        ``eu-833-2014`` where every ship is listed under Regulation (EU) No 833/2014, else
        ``eu-journal``: one register for a file, whose entries name their acts in `link_source`.
        ``eu-consolidated`` for the consolidated list. published_on: the day on which the
        consolidated list was generated; null for annexes, which do not say theirs.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as raw:
        head = raw.read(_HEAD_BYTES)
    if _FSF_NAMESPACE in head and re.search(rb"<(\w+:)?export\b", head):
        generated = re.search(rb'generationDate="([^"]*)"', head)
        published_on = day_in(generated[1].decode("ascii", "replace"), ZONE) if generated else None
        return ListFile(CONSOLIDATED, published_on, _xml_ships(path), ZONE)
    header, first = first_rows(head, ";", 2)
    if header and set(header).issuperset(_FSF_COLUMNS):
        generated_on = dict(zip(header, first, strict=False)).get("fileGenerationDate")
        published_on = day(generated_on, "%d/%m/%Y", "%Y-%m-%d")
        return ListFile(CONSOLIDATED, published_on, _csv_ships(path, header), ZONE)
    header, _ = first_rows(head, ",", 2)
    if header and set(header).issuperset(_JOURNAL_COLUMNS):
        register = _journal_register(path, header)
        return ListFile(register, None, _journal_ships(path, header, register), ZONE)
    return None


def _journal_register(path: Path, header: list[str]) -> str:
    kind, celex = header.index("schema"), header.index("celex")
    rows = (row[1] for row in whole_rows(path, ",", header) if not isinstance(row, Junk))
    acts = {cells[celex].strip() for cells in rows if cells[kind].strip() == "Vessel"}
    return ANNEX_XLII if acts == {"32014R0833"} else JOURNAL


def _journal_ships(path: Path, header: list[str], register: str) -> Iterator[Entry | Junk]:
    kind = header.index("schema")
    known: set[Entry] = set()
    for row in whole_rows(path, ",", header):
        if isinstance(row, Junk):
            yield row
            continue
        line, cells = row
        if cells[kind].strip() != "Vessel":
            continue
        for found in _journal_entries(line, dict(zip(header, cells, strict=True)), register):
            if isinstance(found, Entry):
                # An entry under two measures, such as ports and finance, has a row for each.
                fact = found._replace(line=0)
                if fact in known:
                    continue
                known.add(fact)
            yield found


def _journal_entries(line: int, row: dict[str, str], register: str) -> Iterator[Entry | Junk]:
    act = _act(row["celex"].strip())
    if act is None:
        reason = "celex: no regulation or decision, such as 32014R0833"
        yield Junk(line, reason, row["celex"][:RAW_SIGNS], True)
        return
    hulls: list[int] = []
    for text in _values(row["imoNumber"]):
        imo = imo_number(text)
        if imo is None:
            yield _left_out(line, "imoNumber: not seven digits with a right check digit", text)
        elif imo not in hulls:
            hulls.append(imo)
    mmsis: list[int] = []
    for text in _values(row.get("mmsi", "")):
        mmsi = ship_mmsi(text)
        if mmsi is None:
            yield _left_out(line, "mmsi: not nine digits, the first 2 to 7", text)
        elif mmsi not in mmsis:
            mmsis.append(mmsi)
    listed_on = _journal_day(row["startDate"])
    if row["startDate"].strip() and listed_on is None:
        yield _left_out(line, "startDate: no day, such as 25.6.2024", row["startDate"])
    flag = _flag(row.get("flag", ""))
    if row.get("flag", "").strip() and flag is None:
        yield _left_out(line, "flag: no country that is known", row["flag"])
    name = name_text(row["name"])
    if not (hulls or mmsis or name):
        yield Junk(line, "no IMO number, MMSI or name", ",".join(row.values())[:RAW_SIGNS], True)
        return
    reference = _journal_reference(act, row["annex"], row["recordId"])
    programme = _tag(row["programKey"])
    others = [*_values(row.get("previousName", "")), *_values(row.get("alias", ""))]
    former_names = _other_names(others, name)
    for hull in hulls or (None,):
        yield Entry(
            register=register,
            link_source=f"EU {act.number}",
            reference=reference,
            programme=programme,
            imo=hull,
            # Of two hulls in one row it is not said which has the MMSI.
            mmsis=tuple(mmsis) if len(hulls) < 2 else (),
            vessel_name=name,
            former_names=former_names,
            flag=flag,
            listed_on=listed_on,
            ground=_ground(row["reason"]),
            line=line,
        )


# Dates, flags, tags and reasons repeat from row to row; the caches are for what they cost to read.
_flag = functools.lru_cache(maxsize=256)(flag_code)
_tag = functools.lru_cache(maxsize=256)(plain_code)


@functools.lru_cache(maxsize=256)
def _journal_day(text: str) -> date | None:
    # The shapes of startDate in FORMAT.md. Its partial dates (2011, 2011-02) name no day.
    return day(text, "%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%d %b. %Y", "%d %b %Y")


@functools.lru_cache(maxsize=256)
def _act(celex: str) -> _Act | None:
    """The act that a CELEX number names, numbered as the Official Journal does.

    Acts are numbered year first since 2015, CFSP decisions always were; regulations are the EU's
    since 2010, the Community's before (Publications Office, harmonised numbering of acts).

    >>> _act("32014R0833")
    _Act(number='833/2014', title='Regulation (EU) No 833/2014')
    >>> _act("32017R1509").title, _act("32010D0573").title, _act("02014R0833-20260424")
    ('Regulation (EU) 2017/1509', 'Decision 2010/573/CFSP', None)
    """
    found = re.fullmatch(r"3([0-9]{4})([RD])([0-9]{4})", celex)
    if found is None:
        return None
    year, number = int(found[1]), int(found[3])
    if found[2] == "D":
        title = f"Decision (CFSP) {year}/{number}" if year > 2014 else ""
        return _Act(f"{year}/{number}", title or f"Decision {year}/{number}/CFSP")
    if year > 2014:
        return _Act(f"{year}/{number}", f"Regulation (EU) {year}/{number}")
    union = "EU" if year > 2009 else "EC"
    return _Act(f"{number}/{year}", f"Regulation ({union}) No {number}/{year}")


def _journal_reference(act: _Act, annex: str, point: str) -> str:
    """Where an entry stands. The Journal numbers neither every annex nor every entry.

    >>> _journal_reference(_Act("267/2012", "Regulation (EU) No 267/2012"), "IX.B", "4.")
    'Regulation (EU) No 267/2012, Annex IX.B, point 4'
    """
    annex, point = _tag(annex) or "", " ".join(point.split()).rstrip(".")
    return act.title + (f", Annex {annex}" if annex else "") + (f", point {point}" if point else "")


@functools.lru_cache(maxsize=256)
def _ground(reason: str) -> str | None:
    """The points of an article that a reason cites; None where it is prose.

    >>> _ground("Article 3s(2), point (c): are operated ... Article 3s(2), point (b): transport")
    '3s(2)(b);3s(2)(c)'
    """
    # Point 217 of Annex XLII has it as "Article 3s, paragraph 2(2), point (b)".
    cited = re.findall(
        r"Article ([0-9]+[a-z]*(?:\(|, paragraph )[0-9]+)[()0-9]*, point (\([a-z]\))", reason
    )
    points = {f"{where.replace(', paragraph ', '(')}){point}" for where, point in cited}
    return ";".join(sorted(points))[:80] or None


def _values(cell: str) -> list[str]:
    """The values of a cell that may hold several: a line of CSV with semicolons (FORMAT.md).

    >>> _values('Feng Shou; "A; B"; '), _values(" ")
    (['Feng Shou', 'A; B'], [])
    """
    if ";" not in cell:
        return [cell.strip()] if cell.strip() else []
    rows = csv.reader(io.StringIO(cell, newline=""), delimiter=";", skipinitialspace=True)
    return [value.strip() for row in rows for value in row if value.strip()]


def _other_names(texts: Sequence[str], name: str | None) -> tuple[str, ...]:
    names = dict.fromkeys(found for text in texts if (found := name_text(text)))
    return tuple(other for other in names if other != name)


def _left_out(line: int, reason: str, text: str) -> Junk:
    return Junk(line, reason, text[:RAW_SIGNS], False)


def _csv_ships(path: Path, header: list[str]) -> Iterator[Entry | Junk]:
    """The ships of the consolidated list as CSV, in the order in which they first appear.

    An entry has a row for each of its names, addresses and numbers; the rows of all but persons
    are held until the end, for nothing says that those of one entry stand together.
    """
    columns = {name: header.index(name) for name in _FSF_COLUMNS}
    kinds = columns["Entity_SubjectType"], columns["Entity_SubjectType_ClassificationCode"]
    held: dict[str, list[dict[str, str]]] = {}
    lines: dict[str, int] = {}
    for row in whole_rows(path, ";", header):
        if isinstance(row, Junk):
            yield row
            continue
        line, cells = row
        if any(_is_person(cells[kind]) for kind in kinds):
            continue
        values = {name: cells[at].strip() for name, at in columns.items()}
        key = values["Entity_LogicalId"]
        if not key:
            raw = ";".join(values.values())[:RAW_SIGNS]
            yield Junk(line, "no Entity_LogicalId: whose row it is, is not said", raw, True)
            continue
        held.setdefault(key, []).append(values)
        lines.setdefault(key, line)
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
                is_vessel=any(
                    _is_vessel(row[kind])
                    for row in rows
                    for kind in ("Entity_SubjectType", "Entity_SubjectType_ClassificationCode")
                ),
            )
        )


def _first(texts: Iterator[str]) -> str:
    return next((text for text in texts if text), "")


def _is_person(kind: str) -> bool:
    return kind.strip().lower() in ("p", "person")


def _is_vessel(kind: str) -> bool:
    return kind.strip().lower() in ("v", "vessel", "ship")


def _is_imo(kind: str) -> bool:
    """Whether an identification is of the kind IMO: ``imo``, or such as ``IMO number``."""
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
        reason = "a DOCTYPE, which the Commission's list does not have: the file is not read"
        yield Junk(at.CurrentLineNumber, reason, "", True)
    except (ParseError, LookupError, ValueError) as fault:  # broken; an unknown encoding; forbidden
        # A file that breaks off says the same, so the word is one for both: what follows is lost.
        reason = "the file is cut or broken here, and the rest is not read"
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
    with a check digit of its own, and it is a ship's where the subject is a vessel. A vessel
    without a number has its name alone. In remarks a number is that of a ship that the company
    owns, so they are not read.

    listed_on is the designation date alone. The dates of the regulation are those of the last act
    that touched the entry, often years later (opensanctions, zavod/zavod/shed/fsf.py).
    """
    hulls: list[int] = []
    for text in dict.fromkeys(subject.imo_texts):
        imo = imo_number(text)
        is_company = not subject.is_vessel and _is_company_number(text)
        if imo is None and not is_company:
            reason = "IMO number with a check digit of neither a ship nor a company"
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
        yield _left_out(subject.line, "designation date: no day", subject.designated)
    programmes = dict.fromkeys(filter(None, map(_tag, subject.programmes)))
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
                former_names=_other_names([text for text, _ in names], name),
                listed_on=listed_on,
                line=subject.line,
            )


def _is_company_number(text: str) -> bool:
    """Whether a text holds an IMO company number, which has a check digit of its own.

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
