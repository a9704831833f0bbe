"""The ships of the UK sanctions list, as the Foreign Office publishes it in CSV.

UK-Sanctions-List.csv of sanctionslist.fcdo.gov.uk, the UK's only list since that of the Treasury
(OFSI) closed on 28 January 2026: a line ``Report Date: 21-Sep-2026``, a header of 58 columns, and
a row for each name, address and number of an entry. Older copies have another name for the column
of the type. Revoked designations are dropped from the list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

from flows.registers.lists.entry import Entry, Junk, ListFile, day, flag_code, imo_number, name_text
from flows.registers.lists.letters import plain_code, plain_text
from flows.registers.lists.table import RAW_SIGNS, TableRow, first_rows, read_head, table_rows

FORMS = "the UK sanctions list (CSV)"
"""What it reads, in the message of what can be read."""

REGISTER = "uk-sanctions"
LINK_SOURCE = "UK sanctions list"

_GROUND_LENGTH = 80

# Columns are found by name; others may come before, between or after them.
_TYPE_COLUMNS = (
    *("Designation Type", "Individual, Entity, Ship", "Entity, Vessel or Individual"),
    "Entity, Vessel\u00a0or Individual",
)
_SHIP_TYPES = ("ship", "vessel")
ZONE = "Europe/London"
"""Where the publisher's days begin and end."""
_COLUMNS = (
    *("Unique ID", "Name 1", "Name 2", "Name 3", "Name 4", "Name 5", "Name 6", "Name type"),
    *("Regime Name", "Sanctions Imposed", "Date Designated"),
    *("IMO number", "Current believed flag of ship", "Type of ship", "Year Built"),
)
_MOST_LINES_BEFORE_HEADER = 3

Value = TypeVar("Value")
_Row = tuple[int, dict[str, str]]
"""The line at which a row begins, and its cells by column."""


def open_list(path: Path) -> ListFile | None:
    """The ships of the UK sanctions list; None where the file is another.

    Parameters
    ----------
    path : Path
        Recognised by its first 64 KiB.

    Returns
    -------
    ListFile or None
        The rows of an entry need not be together, so entries come after the whole file is read, in
        the order of their first rows; junk rows come before. One entry for each hull
        and regime. listed_on is ``Date Designated``, never ``Last Updated``. published_on: the
        report date; null where the line is missing. Tonnage and length are left out: the list gives
        neither the kind of tonnage nor the units.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    top = first_rows(read_head(path), ",", _MOST_LINES_BEFORE_HEADER + 1)
    for number, header in enumerate(top, 1):
        type_column = next((name for name in _TYPE_COLUMNS if name in header), None)
        if type_column and {*_COLUMNS}.issubset(header):
            dated = re.match(r"\s*Report Date:\s*([^\s,]+)", ",".join(top[0]))
            published_on = day(dated[1], "%d-%b-%Y", "%d/%m/%Y") if dated else None
            rows = table_rows(path, header, header_row=number, spans_lines=True)
            return ListFile(REGISTER, published_on, _ships(rows, type_column), ZONE)
    return None


def _ships(rows: Iterable[TableRow | Junk], type_column: str) -> Iterator[Entry | Junk]:
    held: dict[str, list[_Row]] = {}
    ships: set[str] = set()
    for row in rows:
        if isinstance(row, Junk):
            yield row
            continue
        kind = (plain_text(row.cells[type_column]) or "").lower()
        if kind and kind not in _SHIP_TYPES:
            continue
        key = " ".join(row.cells["Unique ID"].split())
        if not key and not kind:
            continue
        if not key:
            yield Junk(row.line, "no Unique ID", row.raw, True)
            continue
        # The rows of a ship's other names and addresses may have no type.
        ships |= {key} if kind else set()
        cells = {name: row.cells[name].strip() for name in _COLUMNS}
        held.setdefault(key, []).append((row.line, cells))
    for key, ship_rows in held.items():
        if key in ships:
            yield from _entries(key, ship_rows)


def _entries(reference: str, rows: list[_Row]) -> Iterator[Entry | Junk]:
    """Junk for the unreadable fields of one Unique ID, then its entries."""
    first_line = rows[0][0]
    hulls, no_imo = _taken(rows, "IMO number", imo_number, "seven digits, a right check digit")
    flags, no_flag = _taken(rows, "Current believed flag of ship", flag_code, "a known country")
    years, no_year = _taken(rows, "Year Built", _year, "a year")
    yield from [*no_imo, *no_flag, *no_year]
    names = [
        ((plain_text(row["Name type"]) or "").lower(), name)
        for _, row in rows
        if (name := _name(row))
    ]
    primary = [name for kind, name in names if kind == "primary name"]
    if not (hulls or names):
        yield Junk(first_line, "no IMO number and no name", reference, True)
        return
    vessel_name = next(iter([*primary, *(name for _, name in names)]), None)
    regimes, _ = _taken(rows, "Regime Name", plain_code, "")
    types, _ = _taken(rows, "Type of ship", plain_text, "")
    for regime in regimes or (None,):
        under = [row for row in rows if regime in (None, plain_code(row[1]["Regime Name"]))]
        days, no_day = _taken(under, "Date Designated", _day, "a day, such as 31/07/2024")
        yield from no_day
        imposed, _ = _taken(under, "Sanctions Imposed", plain_text, "")
        for hull in hulls or (None,):
            yield Entry(
                register=REGISTER,
                link_source=LINK_SOURCE,
                reference=reference,
                programme=regime,
                imo=hull,
                vessel_name=vessel_name,
                former_names=tuple(dict.fromkeys(n for _, n in names if n != vessel_name)),
                flag=next(iter(flags), None),
                vessel_type=next(iter(types), None),
                built_year=next(iter(years), None),
                listed_on=min(days, default=None),
                ground=_ground(imposed),
                line=first_line,
            )


def _taken(
    rows: list[_Row], column: str, read: Callable[[str], Value | None], expected: str
) -> tuple[list[Value], list[Junk]]:
    """The values of an entry's rows in a column, each once, and junk for unreadable texts."""
    values: dict[Value, None] = {}
    junk: dict[str, Junk] = {}
    for line, row in rows:
        text = row[column]
        plain = plain_text(text)
        value = read(plain) if plain else None
        if value is not None:
            values[value] = None
        elif plain and text not in junk:
            reason = f"{column}: expected {expected}"
            junk[text] = Junk(line, reason, text[:RAW_SIGNS], False)
    return list(values), list(junk.values())


def _day(text: str) -> date | None:
    return day(text, "%d/%m/%Y", "%Y-%m-%d", "%d-%b-%Y")


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"(18|19|20)[0-9]{2}", text) else None


def _name(row: dict[str, str]) -> str | None:
    """The name in a row. A ship's is in Name 6, which is the family name of a person."""
    parts = (plain_text(row[f"Name {part}"]) for part in range(1, 7))
    return name_text(" ".join(part for part in parts if part))


def _ground(imposed: Iterable[str]) -> str | None:
    """The measures without their notes, at most 80 characters; None where there are none.

    >>> _ground(["Shipping sanctions: (see 'Other information')|Shipping sanctions"])
    'Shipping sanctions'
    >>> _ground(["De-flag|Prohibition of port entry"])
    'De-flag;Prohibition of port entry'
    """
    measures = (re.sub(r":?\s*\(.*?\)", "", part) for text in imposed for part in text.split("|"))
    return ";".join(dict.fromkeys(filter(None, map(plain_text, measures))))[:_GROUND_LENGTH] or None
