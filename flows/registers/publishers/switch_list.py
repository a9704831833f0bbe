"""A switch list, as CSV: ships known to have carried both Russian and Iranian oil.

The columns, in any order and case: `imo`, `name`, `russian_oil_on` and `iranian_oil_on` (a day on
which she is known to have carried it), `source`, and optionally `reference`. Each ship is weak
evidence, outside the headline, until a person decides (`flows.registers.decisions`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.home.settings import BarometerError
from flows.registers.lists.entry import Entry, Junk, ListFile, imo_number
from flows.registers.lists.table import TableRow, header_columns, read_head
from flows.registers.publishers.team import (
    imo_fault,
    iso_day,
    list_name,
    refuse_twice,
    rows_of,
    second_hulls,
)

FORMS = "a switch list with the columns imo, name, russian_oil_on, iranian_oil_on, source"
"""What it reads, in the message of what can be read."""

DAYS = ("russian_oil_on", "iranian_oil_on")
_NEEDED = {"imo", "name", "source"}


def open_list(path: Path) -> ListFile | None:
    """A switch list; None where the header is another.

    Parameters
    ----------
    path : Path
        The stem of its name is the name of the list, as of a team's own
        (`flows.registers.publishers.team`).

    Raises
    ------
    BarometerError
        If it lacks a needed column, has a column twice, or if its name has neither a Latin letter
        nor a digit.
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
        refuse_twice(path, columns, {*_NEEDED, *DAYS, "reference"})
        name = list_name(path, "switch-list.csv")
        entries = rows_of(path, columns, delimiter, name, _entries)
        return ListFile(f"team:{name}", None, entries)
    return None


def _entries(row: TableRow, name: str) -> Iterator[Entry | Junk]:
    cells = row.texts()
    imo = imo_number(cells["imo"])
    russian_on, iranian_on = (iso_day(cells[column]) for column in DAYS)
    faults = {
        imo_fault(cells["imo"]): imo is None,
        "no source: evidence needs a source": not cells["source"],
        f"russian_oil_on {cells[DAYS[0]][:40]!r}, expected a day such as 2025-12-31": russian_on
        is None,
        f"iranian_oil_on {cells[DAYS[1]][:40]!r}, expected a day such as 2025-12-31": iranian_on
        is None,
    }
    if fault := next((reason for reason, is_so in faults.items() if is_so), None):
        yield Junk(row.line, fault, row.raw, True)
        return
    yield from second_hulls(row, cells["imo"])
    reference = cells.get("reference") or f"{name}, IMO {imo}"
    yield Entry(
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
