"""The catalogue of the shadow fleet of Ukraine's military intelligence (GUR), as a CSV.

The catalogue is a web site, war-sanctions.gur.gov.ua/en/transport/ships, with one page per ship;
the CSV was scraped from it, one row per ship. It has no listing dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flows.registers.lists.entry import (
    CUT,
    Entry,
    Junk,
    ListFile,
    flag_code,
    imo_number,
    imo_numbers,
    ship_mmsi,
)
from flows.registers.lists.table import TableRow, header_columns, read_head, table_rows

FORMS = "the GUR catalogue"
"""What it reads, in the message of what can be read."""

_NEEDED = {"gur_id", "name", "imo", "mmsi_current", "mmsi_legacy", "status"}
"""The columns by which the catalogue is recognised, and which every row needs."""

LISTED, DELISTED = "listed", "delisted_from_gur"

LABELS = frozenset(
    (
        *("build year", "call sign", "category", "flag (current)", "flags (former)"),
        *("former ship names", "imo", "mmsi", "vessel information", "vessel name", "vessel type"),
    )
)
"""The labels on a ship's page. Where a value is empty, the scraper read the next label instead: 207
MMSI fields of June 2026 contain "Call sign"."""


def open_list(path: Path) -> ListFile | None:
    """The GUR catalogue in a CSV; None where the header is another.

    Returns
    -------
    ListFile or None
        One entry per row, in the order of the file. The columns may have any order, with others
        among them. A ship whose status is `delisted_from_gur` has `is_delisted` and the ground
        ``delisted``: the day is unknown. `published_on` and every `listed_on` are null: the file
        does not give them.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    columns = header_columns(read_head(path))
    return ListFile("gur", None, _rows(path, columns)) if _NEEDED.issubset(columns) else None


def _rows(path: Path, columns: list[str]) -> Iterator[Entry | Junk]:
    for row in table_rows(path, columns):
        if isinstance(row, Junk):
            yield row
        else:
            yield from _entries(row)


def _entries(row: TableRow) -> Iterator[Entry | Junk]:
    """Junk for the unreadable fields of a row, then its entry."""
    texts = row.texts()
    cells = {c: "" if text.lower() in LABELS else text for c, text in texts.items()}
    faults = [
        f"{column} holds the label {text!r}, expected a value"
        for column, text in texts.items()
        if text and not cells[column]
    ]
    imo = imo_number(cells["imo"])
    if cells["imo"] and imo is None:
        faults.append(f"imo {cells['imo'][:40]!r}, expected seven digits with a right check digit")
    faults += [
        f"second IMO number {second}, the first is taken"
        for second in imo_numbers(cells["imo"])[1:]
    ]
    mmsis = []
    for column in ("mmsi_current", "mmsi_legacy"):
        mmsi = ship_mmsi(cells[column])
        if mmsi is not None:
            mmsis.append(mmsi)
        elif cells[column]:
            faults.append(f"{column} {cells[column][:40]!r}, expected a ship's nine digits")
    built = cells.get("build_year", "")
    is_year = re.fullmatch(r"(18|19|20)[0-9]{2}", built) is not None
    if built and not is_year:
        faults.append(f"build_year {built[:40]!r}, expected one year")
    flag = flag_code(cells.get("flag", ""))
    if flag is None and cells.get("flag", "").lower() not in ("", "unknown"):
        faults.append(f"flag {cells['flag'][:40]!r}, expected a known country")
    reference = f"war-sanctions.gur.gov.ua ship {cells['gur_id']}" if cells["gur_id"] else None
    if reference is None and imo is not None:
        reference = f"IMO {imo}"  # ships that left the catalogue have no page any more
    loss = _loss(row, cells, reference)
    if loss:
        yield Junk(row.line, loss, row.raw, True)
        return
    yield from (Junk(row.line, fault, row.raw, False) for fault in faults)
    former = [name.strip() for name in cells.get("former_names", "").upper().split(" / ")]
    is_delisted = cells["status"] == DELISTED
    yield Entry(
        register="gur",
        link_source="GUR catalogue",
        reference=reference or "",
        programme="GUR",
        imo=imo,
        mmsis=tuple(dict.fromkeys(mmsis)),
        vessel_name=cells["name"].upper() or None,
        former_names=tuple(dict.fromkeys(name for name in former if name)),
        call_sign=cells.get("callsign") or None,
        flag=flag,
        vessel_type=cells.get("vessel_type") or None,
        built_year=int(built) if is_year else None,
        ground="delisted" if is_delisted else None,
        line=row.line,
        is_delisted=is_delisted,
    )


def _loss(row: TableRow, cells: dict[str, str], reference: str | None) -> str | None:
    """Why a whole row is lost, or None."""
    if cells["status"] not in (LISTED, DELISTED):
        fault = f"status {cells['status'][:40]!r}, expected {LISTED} or {DELISTED}"
        return f"{CUT}: {fault}" if row.is_unended else fault
    if reference is None:
        return "neither gur_id nor IMO number: nothing to refer to"
    return None
