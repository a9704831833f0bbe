"""CSV files that a team writes by hand: each wrong line is explained, and the others count."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flows.registers.lists.letters import plain_text
from flows.registers.lists.table import (
    RAW_SIGNS,
    csv_rows,
    first_not_utf8,
    header_columns,
    read_head,
)

_DAYS = {
    "from": frozenset(("fromdate", "datefrom", "validfrom", "since", "start", "startdate")),
    "to": frozenset(
        ("todate", "dateto", "validto", "validuntil", "until", "till", "end", "enddate")
    ),
}
"""What other tables call the days of a period, in lower case and letters alone."""


def misnamed_day(columns: Sequence[str]) -> str | None:
    """What is wrong with a header that has from or to under another name; None where nothing is.

    Without its days a row would count for all time.

    >>> misnamed_day(["imo", "from", "valid_to"])
    "the column 'valid_to' looks like to, and would not be read: call it to in the first line."
    """
    for name, others in _DAYS.items():
        alike = [c for c in columns if re.sub("[^a-z]", "", c) in others]
        if name not in columns and alike:
            return (
                f"the column {alike[0]!r} looks like {name}, and would not be read: call it {name} "
                "in the first line."
            )
    return None


def team_rows(
    path: Path,
    columns: Sequence[str],
    required: int,
    row_of: Callable[[int, dict[str, str | None]], dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of a team's file, and a message for each line that is none.

    Parameters
    ----------
    path : Path
        The file, which may be missing.
    columns : sequence of str
        The names of its columns.
    required : int
        So many of them, from the first on, the file must have.
    row_of : callable
        Makes a row of its line and its texts by column; raises ValueError with the reason.

    Returns
    -------
    rows : list of dict
        In the order of the file; none where there is no file.
    faults : list of str
        For each line that is left out: file, line, reason and remedy. A file that is unreadable,
        not UTF-8, without the required columns or with its days under other names is one fault, and
        no row of it counts.
    """
    try:
        return _read(path, columns, required, row_of) if path.exists() else ([], [])
    except OSError as error:
        return [], [f"{path}: cannot be read ({error.strerror}). Correct its permissions."]


def _read(
    path: Path,
    columns: Sequence[str],
    required: int,
    row_of: Callable[[int, dict[str, str | None]], dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[str]]:
    not_utf8 = first_not_utf8(path)
    if not_utf8:
        return [], [f"{path} line {not_utf8.line}: {not_utf8.reason}."]
    present = header_columns(read_head(path))
    missing = [name for name in columns[:required] if name not in present]
    if missing:
        return [], [
            f"{path}: no column {', '.join(missing)}. The first line must be {','.join(columns)}."
        ]
    misnamed = misnamed_day(present) if "from" in columns else None
    if misnamed:
        return [], [f"{path}: {misnamed}"]
    rows, faults = [], []
    for row in itertools.islice(csv_rows(path), 1, None):
        if not (row.cells or row.fault):
            continue
        try:
            if row.fault or "\0" in "".join(row.cells):
                raise ValueError(row.fault or "contains a NUL character")
            cells = dict(zip(present, row.cells, strict=False))
            texts = {name: plain_text(cells.get(name)) for name in columns}
            rows.append(row_of(row.line, texts))
        except ValueError as error:
            faults.append(f"{path} line {row.line}: {error}. Fix the line.")
    return rows, faults


def shown(text: str | None) -> str:
    """A field as a message quotes it, at most `RAW_SIGNS` of it."""
    return "empty" if text is None else repr(text[:RAW_SIGNS])
