"""A switch list, as CSV: ships known to have carried both Russian and Iranian oil.

The columns, in any order and case: `imo`, `name`, `russian_oil_on` and `iranian_oil_on` (a day on
which she is known to have carried it), `source`, and optionally `reference`. Each ship is weak
evidence, outside the headline, until a person decides (`flows.registers.decisions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flows.home.settings import BarometerError
from flows.lists.entry import Entry, Junk, ListFile, day, imo_number
from flows.lists.table import TableRow, first_not_utf8, header_columns, read_head, table_rows

DAYS = ("russian_oil_on", "iranian_oil_on")
_NEEDED = {"imo", "name", "source"}


def open_list(path: Path) -> ListFile | None:
    """A switch list; None where the header is another.

    Parameters
    ----------
    path : Path
        The stem of its name is the name of the list, as of a team's own (`flows.publishers.team`).

    Raises
    ------
    BarometerError
        If it lacks a needed column, or if its name has neither a Latin letter nor a digit.
    OSError
        If the file cannot be read.
    """
    head = read_head(path).replace("\0", "").lstrip("\N{REPLACEMENT CHARACTER}")
    for delimiter in (",", ";"):
        columns = header_columns(head, delimiter)
        if not set(DAYS) <= set(columns):
            continue
        if lacking := sorted(_NEEDED - set(columns)):
            raise BarometerError(
                f"{path}: a switch list needs the columns imo, name, {', '.join(DAYS)} and source; "
                f"it lacks {', '.join(lacking)}. Add the columns to its first line."
            )
        name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
        if not name:
            raise BarometerError(
                f"{path}: the file's name is the name of the list and has no Latin letter or "
                "digit. Rename it, as in switch-list.csv."
            )
        return ListFile(f"team:{name}", None, _rows(path, columns, delimiter, name))
    return None


def _rows(path: Path, columns: list[str], delimiter: str, name: str) -> Iterator[Entry | Junk]:
    fault = first_not_utf8(path)
    if fault:
        yield fault
        return
    for row in table_rows(path, columns, delimiter):
        yield row if isinstance(row, Junk) else _entry(row, name)


def _entry(row: TableRow, name: str) -> Entry | Junk:
    cells = row.texts()
    imo = imo_number(cells["imo"])
    russian_on, iranian_on = (_iso_day(cells[column]) for column in DAYS)
    faults = {
        f"IMO number {cells['imo'][:40]!r}, expected seven digits with a right check digit": imo
        is None,
        "no source: evidence needs a source": not cells["source"],
        f"russian_oil_on {cells[DAYS[0]][:40]!r}, expected a day such as 2025-12-31": russian_on
        is None,
        f"iranian_oil_on {cells[DAYS[1]][:40]!r}, expected a day such as 2025-12-31": iranian_on
        is None,
    }
    if fault := next((reason for reason, is_so in faults.items() if is_so), None):
        return Junk(row.line, fault, row.raw, True)
    reference = cells.get("reference") or f"{name}, IMO {imo}"
    return Entry(
        register=f"team:{name}",
        link_source=cells["source"],
        reference=f"{reference}: Russian oil {russian_on}, Iranian oil {iranian_on}",
        imo=imo,
        vessel_name=cells["name"].upper() or None,
        link_tier="weak",
        link_reason="switch",
        valid_from=russian_on,
        line=row.line,
    )


def _iso_day(text: str) -> date | None:
    return day(text, "%Y-%m-%d") if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
