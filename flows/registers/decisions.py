"""What a person decided about a ship and a hull: a small file in the home that wins over all else.

`link_decisions.csv`, one decision a row::

    mmsi,imo,decision,from,to,by,on,why
    352003487,9350850,confirm,2026-01-01,,M. Keller,2026-04-20,same call sign and length
    636017000,9247883,refuse,,,M. Keller,2026-04-20,a bunker barge of 40 m

`confirm`: the ship that sent the MMSI from `from` to `to` (both days in; empty is open) is the hull
of the IMO number. `refuse`: it is not, whatever it sends.
"""

from __future__ import annotations

import csv
import logging
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.lists.entry import imo_number, ship_mmsi
from flows.lists.letters import plain_text
from flows.lists.table import RAW_SIGNS, header_columns

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
    """The decisions of a home, and a message for each row that is none.

    Returns
    -------
    decisions, faults : pyarrow.Table, list of str
        In `DECISION_SCHEMA`, in the order of the file; and what is wrong with the other rows, with
        line, reason and remedy.
    """
    path = home / FILE
    if not path.exists():
        return DECISION_SCHEMA.empty_table(), []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return DECISION_SCHEMA.empty_table(), [f"{path}: {error}. Save it as UTF-8."]
    columns = header_columns(text)
    missing = [name for name in COLUMNS[:3] if name not in columns]
    if missing:
        return DECISION_SCHEMA.empty_table(), [
            f"{path}: no column {', '.join(missing)}. The first line is {','.join(COLUMNS)}."
        ]
    rows, faults = [], []
    for number, line in enumerate(text.split("\n")[1:], 2):
        if not line.strip():
            continue
        try:
            rows.append(_decision(dict(zip(columns, _cells(line), strict=False))))
        except (ValueError, csv.Error) as error:
            faults.append(f"{path} line {number}: {error}. Mend the line.")
    return pa.Table.from_pylist(rows, schema=DECISION_SCHEMA), faults


def warn_of_faults(home: Path) -> None:
    """A log line for each row of the file that is no decision: a run goes on without them."""
    for fault in read_decisions(home)[1]:
        log.warning("%s", fault)


def _cells(line: str) -> list[str]:
    """The fields of a line. A row is one line: an odd quote costs that row and not the rest."""
    if "\0" in line:
        raise ValueError("a NUL sign")
    return next(csv.reader([line], strict=True))


def _decision(row: dict[str, str]) -> dict[str, Any]:
    told = {name: plain_text(row.get(name)) for name in COLUMNS}
    mmsi, imo = ship_mmsi(told["mmsi"]), imo_number(told["imo"])
    if mmsi is None:
        raise ValueError(f"{_shown(told['mmsi'])} is no ship's MMSI")
    if imo is None:
        raise ValueError(f"{_shown(told['imo'])} is no IMO number")
    if told["decision"] not in ("confirm", "refuse"):
        raise ValueError(f"decision is {_shown(told['decision'])}, and may be confirm or refuse")
    first, last = _day(told["from"]), _day(told["to"])
    if first and last and first > last:
        raise ValueError(f"from {first} is after to {last}")
    return {
        "mmsi": mmsi,
        "imo": imo,
        "decision": told["decision"],
        "valid_from": first,
        "valid_to": last,
        "decided_by": told["by"],
        "decided_on": _day(told["on"]),
        "why": told["why"],
    }


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ValueError(f"{_shown(text)} is no day such as 2026-04-20") from error


def _shown(text: str | None) -> str:
    """A field as a message quotes it, at most `RAW_SIGNS` of it."""
    return "an empty field" if text is None else repr(text[:RAW_SIGNS])
