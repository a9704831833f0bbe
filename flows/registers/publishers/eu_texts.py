"""Cells of the EU's lists with several values, and fields that are left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from flows.registers.lists.entry import Junk, name_text
from flows.registers.lists.table import RAW_SIGNS


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
    """The names in these texts, each once, without the ship's own."""
    names = dict.fromkeys(filter(None, map(name_text, texts)))
    return tuple(other for other in names if other != name)


def left_out(line: int, reason: str, text: str) -> Junk:
    """A field that is left out of an entry that stands."""
    return Junk(line, reason, text[:RAW_SIGNS], False)
