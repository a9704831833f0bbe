"""Annex XLII as the Official Journal prints it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from flows.registers.lists.entry import (
    Entry,
    Junk,
    day,
    flag_code,
    imo_number,
    name_text,
    ship_mmsi,
)
from flows.registers.lists.letters import plain_code
from flows.registers.lists.table import RAW_SIGNS, TableRow, table_rows
from flows.registers.publishers.eu_texts import left_out, other_names, values_of

ANNEX_XLII = "eu-833-2014"
JOURNAL = "eu-journal"

JOURNAL_COLUMNS = frozenset(
    (
        *("celex", "recordId", "programKey", "annex", "startDate"),
        *("reason", "schema", "name", "imoNumber"),
    )
)


class _Act(NamedTuple):
    """An act of the EU: its number for `link_source`, and its title for `reference`."""

    number: str
    title: str


def journal_register(path: Path, header: list[str]) -> str:
    rows = table_rows(path, header, spans_lines=True)
    ships = (row.cells for row in rows if isinstance(row, TableRow) and _is_ship(row))
    acts = {cells["celex"].strip() for cells in ships}
    return ANNEX_XLII if acts == {"32014R0833"} else JOURNAL


def journal_ships(path: Path, header: list[str], register: str) -> Iterator[Entry | Junk]:
    known: set[Entry] = set()
    for row in table_rows(path, header, spans_lines=True):
        if isinstance(row, Junk):
            yield row
            continue
        for item in _journal_entries(row, register) if _is_ship(row) else ():
            if isinstance(item, Entry):
                # An entry under two measures, such as ports and finance, has a row for each.
                fact = item._replace(line=0)
                if fact in known:
                    continue
                known.add(fact)
            yield item


def _is_ship(row: TableRow) -> bool:
    return row.cells["schema"].strip() == "Vessel"


def _journal_entries(table_row: TableRow, register: str) -> Iterator[Entry | Junk]:
    line, row = table_row.line, table_row.cells
    act = _act(row["celex"].strip())
    if act is None:
        reason = "celex: expected a regulation or decision, such as 32014R0833"
        yield Junk(line, reason, row["celex"][:RAW_SIGNS], True)
        return
    hulls: list[int] = []
    for text in values_of(row["imoNumber"]):
        imo = imo_number(text)
        if imo is None:
            yield left_out(line, "imoNumber: expected seven digits with a right check digit", text)
        elif imo not in hulls:
            hulls.append(imo)
    mmsis: list[int] = []
    for text in values_of(row.get("mmsi", "")):
        mmsi = ship_mmsi(text)
        if mmsi is None:
            yield left_out(line, "mmsi: expected nine digits, the first 2 to 7", text)
        elif mmsi not in mmsis:
            mmsis.append(mmsi)
    listed_on = _journal_day(row["startDate"])
    if row["startDate"].strip() and listed_on is None:
        yield left_out(line, "startDate: expected a day, such as 25.6.2024", row["startDate"])
    flag = _flag(row.get("flag", ""))
    if row.get("flag", "").strip() and flag is None:
        yield left_out(line, "flag: unknown country", row["flag"])
    name = name_text(row["name"])
    if not (hulls or mmsis or name):
        yield Junk(line, "no IMO number, MMSI or name", table_row.raw, True)
        return
    reference = _journal_reference(act, row["annex"], row["recordId"])
    programme = programme_tag(row["programKey"])
    others = [*values_of(row.get("previousName", "")), *values_of(row.get("alias", ""))]
    former_names = other_names(others, name)
    for hull in hulls or (None,):
        yield Entry(
            register=register,
            link_source=f"EU {act.number}",
            reference=reference,
            programme=programme,
            imo=hull,
            # With two hulls in one row it is unknown which has the MMSI.
            mmsis=tuple(mmsis) if len(hulls) < 2 else (),
            vessel_name=name,
            former_names=former_names,
            flag=flag,
            listed_on=listed_on,
            ground=_ground(row["reason"]),
            line=line,
        )


# Dates, flags, tags and reasons repeat from row to row, so their parsers are cached.
_flag = functools.lru_cache(maxsize=256)(flag_code)
programme_tag = functools.lru_cache(maxsize=256)(plain_code)


@functools.lru_cache(maxsize=256)
def _journal_day(text: str) -> date | None:
    # The formats of startDate in FORMAT.md. Its partial dates (2011, 2011-02) are no days.
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
    match = re.fullmatch(r"3([0-9]{4})([RD])([0-9]{4})", celex)
    if match is None:
        return None
    year, number = int(match[1]), int(match[3])
    if match[2] == "D":
        title = f"Decision (CFSP) {year}/{number}" if year > 2014 else ""
        return _Act(f"{year}/{number}", title or f"Decision {year}/{number}/CFSP")
    if year > 2014:
        return _Act(f"{year}/{number}", f"Regulation (EU) {year}/{number}")
    union = "EU" if year > 2009 else "EC"
    return _Act(f"{number}/{year}", f"Regulation ({union}) No {number}/{year}")


def _journal_reference(act: _Act, annex: str, point: str) -> str:
    """The place of an entry. The Journal numbers neither every annex nor every entry.

    >>> _journal_reference(_Act("267/2012", "Regulation (EU) No 267/2012"), "IX.B", "4.")
    'Regulation (EU) No 267/2012, Annex IX.B, point 4'
    """
    annex, point = programme_tag(annex) or "", " ".join(point.split()).rstrip(".")
    return act.title + (f", Annex {annex}" if annex else "") + (f", point {point}" if point else "")


@functools.lru_cache(maxsize=256)
def _ground(reason: str) -> str | None:
    """The points of an article that a reason cites; None where it cites none.

    >>> _ground("Article 3s(2), point (c): are operated ... Article 3s(2), point (b): transport")
    '3s(2)(b);3s(2)(c)'
    """
    # Point 217 of Annex XLII has it as "Article 3s, paragraph 2(2), point (b)".
    cited = re.findall(
        r"Article ([0-9]+[a-z]*(?:\(|, paragraph )[0-9]+)[()0-9]*, point (\([a-z]\))", reason
    )
    points = {f"{where.replace(', paragraph ', '(')}){point}" for where, point in cited}
    return ";".join(sorted(points))[:80] or None
