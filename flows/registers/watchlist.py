"""The team's watchlist: ships, ports and lists whose calls are alerted.

`watchlist.csv` in the home, one entry a row::

    kind,value,note
    imo,9350850,seen at Kharg in March
    mmsi,352003487,
    port,IRKHK,
    list,UK sanctions list,
    first-time caller,,
"""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from flows.home.resources import data_path
from flows.registers.lists.entry import imo_number, ship_mmsi
from flows.registers.lists.team_file import shown, team_rows
from flows.registers.store import load_versions

FILE = "watchlist.csv"
COLUMNS = ("kind", "value", "note")
FIRST = "first-time caller"
KINDS = ("imo", "mmsi", "port", "list", FIRST)


def read_watchlist(home: Path, lists: Collection[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The entries of a home's watchlist, and a message for each line that is none.

    Parameters
    ----------
    home : Path
        The home, with or without the file.
    lists : collection of str
        The names of the lists at hand, as in `vessel_link.link_source`.

    Returns
    -------
    entries : list of dict
        line, kind, value and note, in the order of the file.
    faults : list of str
        As `flows.registers.lists.team_file.team_rows`.
    """
    names = {name.casefold(): name for name in lists}

    def entry(line: int, texts: dict[str, str | None]) -> dict[str, Any]:
        kind = (texts["kind"] or "").casefold()
        if kind not in KINDS:
            raise ValueError(f"kind is {shown(texts['kind'])}, expected {_one_of(KINDS)}")
        value = _value(kind, texts["value"], names)
        return {"line": line, "kind": kind, "value": value, "note": texts["note"]}

    return team_rows(home / FILE, COLUMNS, 2, entry)


def watchlist_faults(home: Path) -> list[str]:
    """A message for each line of a home's watchlist that is none."""
    if not (home / FILE).exists():
        return []
    return read_watchlist(home, {version.link_source for version in load_versions(home)})[1]


def _value(kind: str, text: str | None, lists: dict[str, str]) -> str | None:
    """The value as the catalogue has it."""
    value: int | str | None
    if kind == FIRST:
        if text is not None:
            raise ValueError(f"value is {shown(text)}, expected none with {FIRST}")
        return None
    if kind == "imo":
        value, expected = imo_number(text), "seven digits with a right check digit"
    elif kind == "mmsi":
        value, expected = ship_mmsi(text), "nine digits, the first 2 to 7"
    elif kind == "port":
        value = _ports().get((text or "").casefold())
        expected = "the port_id of an Iranian port, as barometer ports shows them"
    else:
        value = lists.get((text or "").casefold())
        expected = f"a list at hand: {_one_of(sorted(lists.values()))}"
    if value is None:
        raise ValueError(f"value is {shown(text)}, expected {expected}")
    return str(value)


@cache
def _ports() -> dict[str, str]:
    """The Iranian ports by their ids in lower case."""
    fences = json.loads(data_path("ports", "iran.geojson").read_text(encoding="utf-8"))
    ids = {feature["properties"]["port_id"] for feature in fences["features"]}
    return {port_id.casefold(): port_id for port_id in ids}


def _one_of(names: Collection[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
