"""The differences between two versions of a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from flows.lists.entry import Entry
from flows.registers.guard import hull_key, is_known

_COMPARED = (
    *("vessel_name", "flag", "call_sign", "vessel_type", "listed_on", "delisted_on"),
    *("is_delisted", "link_tier", "link_reason", "valid_from", "valid_to", "ground"),
)


_Key = tuple[str, str]
"""A hull and its programme."""


class Listing(NamedTuple):
    """A hull under a programme, as an import shows its changes."""

    hull: str
    vessel_name: str
    programme: str


def difference(
    before: Iterable[Entry], after: Iterable[Entry]
) -> tuple[list[Listing], list[Listing], list[Listing]]:
    """Listings added, changed and gone, by hull and programme: publishers renumber entries."""
    old, new = _by_key(before), _by_key(after)
    added = sorted(key for key in new if key not in old)
    gone = sorted(key for key in old if key not in new)
    changed = sorted(key for key in new if key in old and _is_changed(old[key], new[key]))
    renamed = _renamed([(key, old[key]) for key in gone], [(key, new[key]) for key in added])
    return (
        [_listing(key, new[key]) for key in added if key not in renamed.values()],
        [
            *(_listing(key, new[key]) for key in changed),
            *(
                _listing((now[0], f"{then[1]} -> {now[1]}"), new[now])
                for then, now in sorted(renamed.items())
            ),
        ],
        [_listing(key, old[key]) for key in gone if key not in renamed],
    )


def _renamed(
    gone: Iterable[tuple[_Key, list[Entry]]], added: Iterable[tuple[_Key, list[Entry]]]
) -> dict[_Key, _Key]:
    """Listings of which only the programme key is new: the same hull, listed on the same day.

    Where the list gives no day, only if the new key is unknown.
    """
    anew: dict[tuple[str, date | None], list[tuple[_Key, list[Entry]]]] = defaultdict(list)
    for key, entries in added:
        anew[key[0], _listed_on(entries)].append((key, entries))
    renamed: dict[_Key, _Key] = {}
    for key, entries in gone:
        day = _listed_on(entries)
        for other, now in anew[key[0], day]:
            if other not in renamed.values() and (day or not any(map(is_known, now))):
                renamed[key] = other
                break
    return renamed


def _listed_on(entries: list[Entry]) -> date | None:
    return min((e.listed_on for e in entries if e.listed_on), default=None)


def _by_key(entries: Iterable[Entry]) -> dict[_Key, list[Entry]]:
    listings: dict[_Key, list[Entry]] = defaultdict(list)
    for entry in entries:
        listings[hull_key(entry), entry.programme or ""].append(entry)
    return listings


def _is_changed(old: list[Entry], new: list[Entry]) -> bool:
    """Whether any field differs that both versions give."""
    for field in _COMPARED:
        then = {value for e in old if (value := getattr(e, field)) is not None}
        now = {value for e in new if (value := getattr(e, field)) is not None}
        if then and now and then != now:
            return True
    return False


def _listing(key: _Key, entries: list[Entry]) -> Listing:
    return Listing(key[0], entries[0].vessel_name or "", key[1])
