"""Decisions of a person about a ship and a hull, which override all other evidence.

`link_decisions.csv` in the home, one decision a row::

    mmsi,imo,decision,from,to,by,on,why
    352003487,9350850,confirm,2026-01-01,,M. Keller,2026-04-20,same call sign and length
    636017000,9247883,refuse,,,M. Keller,2026-04-20,a bunker barge of 40 m

`confirm`: the ship that transmitted the MMSI from `from` to `to` (both days included; empty is
open) is the hull with the IMO number. `refuse`: it is not, whatever it transmits.
"""

from __future__ import annotations

import itertools
import logging
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.lists.entry import imo_number, ship_mmsi
from flows.lists.letters import plain_text
from flows.lists.table import (
    RAW_SIGNS,
    csv_rows,
    first_not_utf8,
    header_columns,
    read_head,
)

FILE = "link_decisions.csv"
COLUMNS = ("mmsi", "imo", "decision", "from", "to", "by", "on", "why")

log = logging.getLogger("barometer.registers")

DECISION_SCHEMA = pa.schema(
    [
        ("mmsi", pa.int32()),
        ("imo", pa.int32()),
        ("decision", pa.string()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("decided_by", pa.string()),
        ("decided_on", pa.date32()),
        ("why", pa.string()),
    ]
)


def read_decisions(home: Path) -> tuple[pa.Table, list[str]]:
    """The decisions of a home, and a message for each row that is not one.

    Returns
    -------
    decisions : pyarrow.Table
        In `DECISION_SCHEMA`, in the order of the file; empty where there is no file.
    faults : list of str
        For each row that is left out: file, line, reason and remedy. A file that is unreadable,
        not UTF-8 or without the first three columns is one fault, and no row of it counts.
    """
    path = home / FILE
    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    try:
        if path.exists():
            rows, faults = _read(path)
    except OSError as error:
        faults = [f"{path}: cannot be read ({error.strerror})."]
    return pa.Table.from_pylist(rows, schema=DECISION_SCHEMA), faults


def warn_of_faults(home: Path) -> None:
    """Log a warning for each row of the file that is no decision: a run goes on without them."""
    for fault in read_decisions(home)[1]:
        log.warning("%s", fault)


def _read(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    not_utf8 = first_not_utf8(path)
    if not_utf8:
        return [], [f"{path} line {not_utf8.line}: {not_utf8.reason}."]
    columns = header_columns(read_head(path))
    missing = [name for name in COLUMNS[:3] if name not in columns]
    if missing:
        return [], [
            f"{path}: no column {', '.join(missing)}. The first line must be {','.join(COLUMNS)}."
        ]
    rows, faults = [], []
    for row in itertools.islice(csv_rows(path), 1, None):
        if not (row.cells or row.fault):
            continue
        try:
            if row.fault or "\0" in "".join(row.cells):
                raise ValueError(row.fault or "contains a NUL character")
            rows.append(_decision(dict(zip(columns, row.cells, strict=False))))
        except ValueError as error:
            faults.append(f"{path} line {row.line}: {error}. Fix the line.")
    return rows, faults


def _decision(row: dict[str, str]) -> dict[str, Any]:
    texts = {name: plain_text(row.get(name)) for name in COLUMNS}
    mmsi, imo = ship_mmsi(texts["mmsi"]), imo_number(texts["imo"])
    if mmsi is None:
        raise ValueError(f"mmsi is {_shown(texts['mmsi'])}, expected nine digits, the first 2 to 7")
    if imo is None:
        raise ValueError(
            f"imo is {_shown(texts['imo'])}, expected seven digits with a right check digit"
        )
    if texts["decision"] not in ("confirm", "refuse"):
        raise ValueError(f"decision is {_shown(texts['decision'])}, expected confirm or refuse")
    first, last = _day(texts, "from"), _day(texts, "to")
    if first and last and first > last:
        raise ValueError(f"from {first} is after to {last}")
    return {
        "mmsi": mmsi,
        "imo": imo,
        "decision": texts["decision"],
        "valid_from": first,
        "valid_to": last,
        "decided_by": texts["by"],
        "decided_on": _day(texts, "on"),
        "why": texts["why"],
    }


def _day(texts: dict[str, str | None], column: str) -> date | None:
    text = texts[column]
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ValueError(
            f"{column} is {_shown(text)}, expected a day such as 2026-04-20"
        ) from error


def _shown(text: str | None) -> str:
    """A field as a message quotes it, at most `RAW_SIGNS` of it."""
    return "empty" if text is None else repr(text[:RAW_SIGNS])
