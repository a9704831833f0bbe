"""The home's register history: imports, and their removals.

A line is an import or the removal of one. The number of an import is that of its line, from 1. A
run records how many lines there were (`flows.catalogue.run_record`), so its registers can be
reconstructed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from flows.home.history import REGISTER, read_history


class Import(NamedTuple):
    """An import. removed_number: the line of its removal; null while it counts."""

    number: int
    record: dict[str, Any]
    removed_number: int | None


def all_imports(home: Path) -> list[Import]:
    """Every import of a home, removed ones included, in the order of its history."""
    lines = list(enumerate(read_history(home, REGISTER), 1))
    removed = {record["removes"]: number for number, record in lines if "removes" in record}
    return [
        Import(number, record, removed.get(number))
        for number, record in lines
        if "removes" not in record
    ]


def standing_imports(home: Path) -> list[Import]:
    """The imports of a home that were not removed."""
    return [item for item in all_imports(home) if item.removed_number is None]
