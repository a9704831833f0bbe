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
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.home.resources import data_path
from flows.registers.bundled import Version
from flows.registers.codes import programme_meaning
from flows.registers.lists.entry import imo_number, ship_mmsi
from flows.registers.lists.team_file import shown, team_rows
from flows.registers.store import load_versions

FILE = "watchlist.csv"
COLUMNS = ("kind", "value", "note")
FIRST = "first-time caller"
KINDS = ("imo", "mmsi", "port", "list", FIRST)
LISTS_SHOWN = 10
"""Most names in a message: a team's own list may have a source for each ship."""


def read_watchlist(
    home: Path, versions: Iterable[Version]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The entries of a home's watchlist, and a message for each line that is none.

    Parameters
    ----------
    home : Path
        The home, with or without the file.
    versions : iterable of Version
        The lists at hand.

    Returns
    -------
    entries : list of dict
        line, kind, value and note, in the order of the file.
    faults : list of str
        As `flows.registers.lists.team_file.team_rows`.
    """
    if not (home / FILE).exists():
        return [], []
    names = {name.casefold(): name for name in list_names(versions)}

    def entry(line: int, texts: dict[str, str | None]) -> dict[str, Any]:
        kind = (texts["kind"] or "").casefold()
        if kind not in KINDS:
            raise ValueError(f"kind is {shown(texts['kind'])}, expected {_one_of(KINDS)}")
        value = _value(kind, texts["value"], names)
        return {"line": line, "kind": kind, "value": value, "note": texts["note"]}

    return team_rows(home / FILE, COLUMNS, 2, entry)


def watchlist_faults(home: Path) -> list[str]:
    """A message for each line of a home's watchlist that is none."""
    return read_watchlist(home, load_versions(home) if (home / FILE).exists() else ())[1]


def list_names(versions: Iterable[Version]) -> set[str]:
    """The names that lists with evidence of a link have in `vessel_link.link_source`.

    That is the act's where the programme has one; a team's own list names the source of each ship.
    """
    names: set[str] = set()
    for version in versions:
        if version.removed_number is not None:
            continue
        columns = ["programme", "link_source", "link_tier"]
        for batch in version.entries.to_batches(columns=columns):
            kinds = pa.Table.from_batches([batch]).group_by(columns).aggregate([])
            for programme, name, tier in zip(*kinds.to_pydict().values(), strict=True):
                meaning = programme_meaning(version.register, programme) or {}
                if tier or meaning.get("link_tier"):
                    names.add(meaning.get("link_source") or name)
    return names


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
        others = sorted(lists.values())
        more = [f"{len(others) - LISTS_SHOWN} more"] if len(others) > LISTS_SHOWN else []
        expected = f"a list at hand: {_one_of([*others[:LISTS_SHOWN], *more])}"
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
