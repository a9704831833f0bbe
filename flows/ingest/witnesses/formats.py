"""Recognises the publisher of a witness's file, by content and never by name."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from flows.ingest.witnesses import detections, gfw, gfw_sar, inspections, passes, portwatch, psc
from flows.ingest.witnesses.records import delimiter_of, records
from flows.registers.lists.entry import Junk
from flows.registers.lists.table import header_columns

PUBLISHERS: tuple[ModuleType, ...] = (
    *(gfw, gfw_sar, portwatch, psc, detections, passes),
    inspections,
)
"""In the order in which they are tried. The table of inspections, with few columns, is last."""


def publisher_of_table(head: bytes) -> ModuleType | None:
    """The publisher of a CSV, by its header; None for another table."""
    text = head.decode("utf-8-sig", "replace")
    return publisher_of_columns(header_columns(text, delimiter_of(text)))


def publisher_of_columns(names: Iterable[str]) -> ModuleType | None:
    """The publisher of a table by the names of its columns, in lower case."""
    header = dict.fromkeys(names, "")
    return next((module for module in PUBLISHERS if header and module.fits(header)), None)


def publisher_of_json(path: Path) -> ModuleType | None:
    """The publisher of a plain JSON file, or of its first lines; None for other JSON.

    Raises
    ------
    BarometerError
        If it is a JSON document that cannot be read whole, or an error answer.
    """
    for record in records(path):
        if not isinstance(record, Junk):
            for module in PUBLISHERS:
                if module.fits(record[1]):
                    return module
    return gfw if _is_empty_answer(path) else None


def _is_empty_answer(path: Path) -> bool:
    """Whether a file is an answer of Global Fishing Watch without an event, which is no fault."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("entries") == [] and "nextOffset" in document
