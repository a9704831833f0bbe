"""The home's register history: which imports there were, and which of them were taken back.

A line is an import, or the removal of one. A line's number, from 1, is that of the import; a run
records how many lines it knew (`flows.derive.record`), so that what it used can be told later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from flows.home.history import REGISTER, read_history


class Import(NamedTuple):
    """An import. removed_number: the line that took it back; null while it stands."""

    number: int
    record: dict[str, Any]
    removed_number: int | None


def all_imports(home: Path) -> list[Import]:
    """Every import of a home, in the order of its history, those taken back among them."""
    lines = list(enumerate(read_history(home, REGISTER), 1))
    removed = {record["removes"]: number for number, record in lines if "removes" in record}
    return [
        Import(number, record, removed.get(number))
        for number, record in lines
        if "removes" not in record
    ]


def standing_imports(home: Path) -> list[Import]:
    """The imports of a home that were not taken back."""
    return [found for found in all_imports(home) if found.removed_number is None]
