"""A team's own list, as CSV.

The columns, in any order and case: `imo`, `name`, `tier`, `reason`, `source`, and optionally
`mmsi`, `from`, `to` (the last day), `reference`, `vessel_type`, `length_m`, `deadweight_t`. Each
row is one line. The delimiter is the comma, or the semicolon that Excel writes where the comma is
the decimal separator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from flows.home.settings import BarometerError
from flows.registers.lists.entry import (
    LONGEST_SHIP_M,
    Entry,
    Junk,
    ListFile,
    day,
    imo_number,
    imo_numbers,
    ship_mmsi,
)
from flows.registers.lists.table import (
    TableRow,
    first_not_utf8,
    header_columns,
    read_head,
    table_rows,
)
from flows.registers.lists.team_file import misnamed_day

FORMS = "a CSV of your own with the columns imo, name, tier, reason, source, from, to"
"""What it reads, in the message of what can be read."""

LARGEST_SHIP_T = 600_000
"""Above any ship: Seawise Giant carried 564,763 t."""

TIERS = ("strong", "moderate", "weak")
REASONS = ("listed", "flag", "owner", "trade", "destination", "scrapped")
"""`link_tier` and `link_reason` of the table `vessel_link`, and `scrapped`: the hull no longer
exists from `from` on, so a ship that transmits its IMO number later is another one."""


_NEEDED = {"imo", "name", "tier", "reason", "source"}
_OWN = _NEEDED | {"mmsi", "from", "to", "reference", "vessel_type", "length_m", "deadweight_t"}
_BY_IMO = {"imo", "ofac", "uk", "eu"}


def open_list(path: Path) -> ListFile | None:
    """A team's own list; None where the header is another.

    Parameters
    ----------
    path : Path
        The stem of its name is the name of the list: ``Our Fleet.csv`` is `team:our-fleet`.

    Returns
    -------
    ListFile or None
        `published_on` is null: the file does not give it. A row with an unreadable date is lost
        whole, because evidence without its dates would count for all time.

    Raises
    ------
    BarometerError
        If the file is a table of IMO numbers with yes or no for OFAC, the UK and the EU, if it
        lacks a needed column, has a column twice or its days under other names, or if its name has
        neither a Latin letter nor a digit.
    OSError
        If the file cannot be read.
    """
    # In UTF-16, which PowerShell writes, each letter of the header has a NUL beside it. Such a file
    # is recognised too, so that its one Junk can name the remedy.
    head = read_head(path).replace("\0", "").lstrip("\N{REPLACEMENT CHARACTER}")
    for delimiter in (",", ";"):
        columns = header_columns(head, delimiter)
        header = set(columns)
        if header >= _BY_IMO:
            raise BarometerError(
                f"{path}: has yes or no for OFAC, the UK and the EU but no programme, so it is no "
                "evidence of a link to Russia: OFAC lists many ships under its Iran programmes "
                "only. Import the lists themselves: OFAC's sdn.xml, the EU's Annex XLII, the UK "
                "sanctions list."
            )
        if header >= {"tier", "reason"}:
            lacking = sorted(_NEEDED - header)
            if lacking:
                raise BarometerError(
                    f"{path}: a list of your own needs the columns imo, name, tier, reason and "
                    f"source; it lacks {', '.join(lacking)}. Add the columns to its first line."
                )
            refuse_twice(path, columns, _OWN)
            if misnamed := misnamed_day(columns):
                raise BarometerError(f"{path}: {misnamed}")
            name = list_name(path, "our-fleet.csv")
            entries = rows_of(path, columns, delimiter, name, _entries)
            return ListFile(f"team:{name}", None, entries)
    return None


def refuse_twice(path: Path, columns: list[str], own: Iterable[str]) -> None:
    """Raise BarometerError if a list has a column of its own twice: one of them would be lost."""
    twice = next((name for name in sorted(own) if columns.count(name) > 1), None)
    if twice:
        raise BarometerError(
            f"{path}: has the column {twice} twice. Give one of them another name, or remove it."
        )


def list_name(path: Path, example: str) -> str:
    """The name of a list of a team's own: the stem of its file's name.

    Raises
    ------
    BarometerError
        If that has neither a Latin letter nor a digit; `example` is a name that would do.
    """
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    if not name:
        raise BarometerError(
            f"{path}: the file's name is the name of the list and has no Latin letter or "
            f"digit. Rename it, as in {example}."
        )
    return name


def rows_of(
    path: Path,
    columns: list[str],
    delimiter: str,
    name: str,
    entries: Callable[[TableRow, str], Iterable[Entry | Junk]],
) -> Iterator[Entry | Junk]:
    """What each row of the list of that name gives, and `Junk` for what is none.

    A file that is not UTF-8 gives nothing but that fault.
    """
    fault = first_not_utf8(path)
    if fault:
        yield fault
        return
    for row in table_rows(path, columns, delimiter):
        if isinstance(row, Junk):
            yield row
        else:
            yield from entries(row, name)


def _entries(row: TableRow, name: str) -> Iterator[Entry | Junk]:
    """Junk for the unreadable fields of a row, then its entry."""
    cells = row.texts()
    imo, mmsi = imo_number(cells["imo"]), ship_mmsi(cells.get("mmsi"))
    valid_from, valid_to = iso_day(cells.get("from")), iso_day(cells.get("to"))
    fault = (
        _claim_fault(cells)
        or _time_fault(cells, valid_from, valid_to)
        or _hull_fault(cells, imo, mmsi)
    )
    if fault:
        yield Junk(row.line, fault, row.raw, True)
        return
    if cells["imo"] and imo is None:
        yield Junk(row.line, imo_fault(cells["imo"]), row.raw, False)
    yield from second_hulls(row, cells["imo"])
    if cells.get("mmsi") and mmsi is None:
        yield Junk(row.line, _mmsi_fault(cells["mmsi"]), row.raw, False)
    reason = cells["reason"].lower()
    if reason == "scrapped" and cells["tier"]:
        yield Junk(row.line, "a scrapped ship has no tier: tier not taken", row.raw, False)
    length_m = _length_m(cells.get("length_m"))
    if cells.get("length_m") and length_m is None:
        fault = f"length_m {cells['length_m'][:40]!r}, expected metres up to {LONGEST_SHIP_M}"
        yield Junk(row.line, fault, row.raw, False)
    deadweight_t = _deadweight_t(cells.get("deadweight_t"))
    if cells.get("deadweight_t") and deadweight_t is None:
        fault = (
            f"deadweight_t {cells['deadweight_t'][:40]!r}, expected whole tonnes up to "
            f"{LARGEST_SHIP_T:,}"
        )
        yield Junk(row.line, fault, row.raw, False)
    # The line changes from version to version; the hull does not.
    hull = f"{name}, IMO {imo}" if imo is not None else f"{name}, MMSI {mmsi}"
    yield Entry(
        register=f"team:{name}",
        link_source=cells["source"],
        reference=cells.get("reference") or hull,
        imo=imo,
        mmsis=() if mmsi is None else (mmsi,),
        vessel_name=cells["name"].upper() or None,
        vessel_type=cells.get("vessel_type") or None,
        length_m=length_m,
        deadweight_t=deadweight_t,
        listed_on=valid_from if reason == "listed" else None,
        link_tier=None if reason == "scrapped" else cells["tier"].lower(),
        link_reason=reason,
        valid_from=valid_from,
        valid_to=valid_to,
        line=row.line,
    )


def _claim_fault(cells: dict[str, str]) -> str | None:
    """What is wrong with the claim of a row, or None."""
    reason, tier = cells["reason"].lower(), cells["tier"].lower()
    if not cells["source"]:
        return "no source: evidence needs a source"
    if reason not in REASONS:
        return f"reason {reason[:40]!r}, expected one of {', '.join(REASONS)}"
    if reason != "scrapped" and tier not in TIERS:
        return f"tier {tier[:40]!r}, expected one of {', '.join(TIERS)}"
    return None


def _time_fault(
    cells: dict[str, str], valid_from: date | None, valid_to: date | None
) -> str | None:
    for column, day_of in (("from", valid_from), ("to", valid_to)):
        if cells.get(column) and day_of is None:
            return f"{column} {cells[column][:40]!r}, expected a day such as 2025-12-31"
    if cells["reason"].lower() == "scrapped" and valid_from is None:
        return "scrapped without from, the day from which the hull no longer exists"
    if valid_from and valid_to and valid_to < valid_from:
        return f"to {valid_to} is before from {valid_from}"
    return None


def _hull_fault(cells: dict[str, str], imo: int | None, mmsi: int | None) -> str | None:
    if imo is not None or mmsi is not None:
        return None
    if cells["imo"]:
        return imo_fault(cells["imo"])
    if cells.get("mmsi"):
        return _mmsi_fault(cells["mmsi"])
    return "neither IMO number nor MMSI: a name alone does not identify a ship"


def imo_fault(text: str) -> str:
    """Why a text is no IMO number."""
    return f"IMO number {text[:40]!r}, expected seven digits with a right check digit"


def second_hulls(row: TableRow, text: str) -> Iterator[Junk]:
    """Junk for the IMO numbers in a cell after the first: a row is one hull."""
    for imo in imo_numbers(text)[1:]:
        fault = f"second IMO number {imo}, the first is taken: give each hull a row"
        yield Junk(row.line, fault, row.raw, False)


def _mmsi_fault(text: str) -> str:
    return f"MMSI {text[:40]!r}, expected a ship's nine digits"


def iso_day(text: str | None) -> date | None:
    """A day such as 2025-12-31; None for all else."""
    # strptime would also take 2025-1-2, which is no ISO 8601.
    return (
        day(text, "%Y-%m-%d") if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text or "") else None
    )


def _length_m(text: str | None) -> float | None:
    """Metres, with decimal point or comma; None outside 0 to `LONGEST_SHIP_M`."""
    match = re.fullmatch(r"([0-9]{1,3})(?:[.,]([0-9]+))?", text or "")
    length = float(f"{match[1]}.{match[2] or 0}") if match else 0.0
    return length if 0 < length <= LONGEST_SHIP_M else None


def _deadweight_t(text: str | None) -> int | None:
    """Whole tonnes; None outside 1 to `LARGEST_SHIP_T`."""
    tonnes = int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else 0
    return tonnes if 0 < tonnes <= LARGEST_SHIP_T else None
