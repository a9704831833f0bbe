"""Decisions of a person about a ship and a hull, which override all other evidence.

Also whether a ship of a switch list counts as linked to Russia.

`link_decisions.csv` in the home, one decision a row::

    mmsi,imo,decision,from,to,by,on,why
    352003487,9350850,confirm,2026-01-01,,M. Keller,2026-04-20,same call sign and length
    636017000,9247883,refuse,,,M. Keller,2026-04-20,a bunker barge of 40 m
    ,9350850,link,2026-01-01,,M. Keller,2026-04-21,both cargoes on satellite images

`confirm`: the ship that transmitted the MMSI from `from` to `to` (both days included; empty is
open) is the hull with the IMO number. `refuse`: it is not, whatever it transmits. `link`: the hull,
which is on a switch list, counts as linked (moderate) in that time; `unlink` takes that back.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.registers.lists.entry import imo_number, ship_mmsi
from flows.registers.lists.team_file import shown, team_rows

FILE = "link_decisions.csv"
COLUMNS = ("mmsi", "imo", "decision", "from", "to", "by", "on", "why")

DECISIONS = ("confirm", "refuse", "link", "unlink")

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
        As `flows.registers.lists.team_file.team_rows`.
    """
    rows, faults = team_rows(home / FILE, COLUMNS, 3, _decision)
    return pa.Table.from_pylist(rows, schema=DECISION_SCHEMA), faults


def _decision(_line: int, texts: dict[str, str | None]) -> dict[str, Any]:
    mmsi, imo = ship_mmsi(texts["mmsi"]), imo_number(texts["imo"])
    is_of_hull = texts["decision"] in ("link", "unlink")
    if is_of_hull and texts["mmsi"]:
        raise ValueError(f"{texts['decision']} is about a hull: leave mmsi empty")
    if mmsi is None and not is_of_hull:
        raise ValueError(f"mmsi is {shown(texts['mmsi'])}, expected nine digits, the first 2 to 7")
    if imo is None:
        raise ValueError(
            f"imo is {shown(texts['imo'])}, expected seven digits with a right check digit"
        )
    if texts["decision"] not in DECISIONS:
        raise ValueError(
            f"decision is {shown(texts['decision'])}, expected {', '.join(DECISIONS[:-1])} or "
            f"{DECISIONS[-1]}"
        )
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
        raise ValueError(f"{column} is {shown(text)}, expected a day such as 2026-04-20") from error
