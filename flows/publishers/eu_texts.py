"""What the EU's lists say in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from flows.lists.entry import Junk, name_text
from flows.lists.table import RAW_SIGNS


def values_of(cell: str) -> list[str]:
    """The values of a cell that may hold several: a line of CSV with semicolons (FORMAT.md).

    >>> values_of('Feng Shou; "A; B"; '), values_of(" ")
    (['Feng Shou', 'A; B'], [])
    """
    if ";" not in cell:
        return [cell.strip()] if cell.strip() else []
    rows = csv.reader(io.StringIO(cell, newline=""), delimiter=";", skipinitialspace=True)
    return [value.strip() for row in rows for value in row if value.strip()]


def other_names(texts: Sequence[str], name: str | None) -> tuple[str, ...]:
    names = dict.fromkeys(found for text in texts if (found := name_text(text)))
    return tuple(other for other in names if other != name)


def left_out(line: int, reason: str, text: str) -> Junk:
    return Junk(line, reason, text[:RAW_SIGNS], False)
