"""Reasons to doubt a list before it is imported: missing ships, and unknown programme keys.

A ship that a list lacks counts as delisted, and an unknown key links nothing. A list of another
kind, of another day or with other keys would therefore silently empty the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date

from flows.lists.entry import Entry
from flows.registers.codes import programme_meaning

MOST_GONE = 0.1
"""Share of the ships, or of those linked to Russia, that a version may lack without a doubt. OFAC
delisted 5 % in the 28 months to March 2026, the EU 3 % of Annex XLII in its first 22
(data/registers/README.md); one ship may always be missing."""

MOST_UNKNOWN = 0.5
"""Largest share of ships whose keys are all unknown. Keys about other countries are known too: they
are in data/registers/programmes.csv, without a link."""

KEYS_SHOWN = 5


def hull_key(entry: Entry) -> str:
    """The identity of a hull within its register: IMO number, else MMSI, else name.

    >>> hull_key(Entry("r", "s", "1", imo=9187629)), hull_key(Entry("r", "s", "1"))
    ('IMO 9187629', '?')
    """
    if entry.imo is not None:
        return f"IMO {entry.imo}"
    return f"MMSI {entry.mmsis[0]}" if entry.mmsis else entry.vessel_name or "?"


def is_known(entry: Entry) -> bool:
    """Whether the meaning of an entry's programme is known; a team's entry has its own."""
    return (
        entry.link_reason is not None
        or programme_meaning(entry.register, entry.programme) is not None
    )


def is_linked(entry: Entry) -> bool:
    """Whether an entry is standing evidence of a link to Russia, of any strength."""
    if entry.is_delisted:
        return False
    if entry.link_tier is not None:
        return True
    meaning = programme_meaning(entry.register, entry.programme)
    return bool(meaning and meaning["country"] == "RU" and meaning["link_tier"])


def unknown_keys(entries: Iterable[Entry]) -> dict[str, int]:
    """The number of hulls under each unknown programme key, the most frequent first."""
    pairs = {(e.programme or "without a key", hull_key(e)) for e in entries if not is_known(e)}
    counts = Counter(key for key, _ in pairs)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def named_keys(keys: dict[str, int]) -> str:
    """Keys and their hulls as text for a message.

    >>> named_keys({"GB-RUS-MARE": 4, "X": 1})
    "'GB-RUS-MARE' (4 hulls), 'X' (1 hull)"
    """
    shown = [
        f"{key[:80]!r} ({count:,} hull{'s' if count != 1 else ''})"
        for key, count in list(keys.items())[:KEYS_SHOWN]
    ]
    more = len(keys) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def doubts(
    register: str, entries: Collection[Entry], before: Collection[Entry], before_day: date | None
) -> list[str]:
    """Reasons not to import a list without `--accept-loss`; empty where there is none.

    Parameters
    ----------
    register : str
        The list.
    entries : collection of Entry
        Its content.
    before : collection of Entry
        The version before it by day, without what was listed after the new one's day.
    before_day : date or None
        The day of that version; None where there is none.
    """
    reasons = []
    now = {hull_key(e) for e in entries}
    unknown = {hull_key(e) for e in entries if not is_known(e)}
    then = {hull_key(e) for e in before if not e.is_delisted}
    gone = then - now
    linked = {hull_key(e) for e in before if is_linked(e)}
    # An unknown key is no evidence of delisting either; it is reported below.
    unlinked = linked - {hull_key(e) for e in entries if is_linked(e)} - unknown
    if _is_many(gone, then) or _is_many(unlinked, linked):
        reasons.append(
            f"{len(now):,} hulls, and {register} had {len(then):,} on {before_day}: {len(gone):,} "
            f"of these are not in it, and {len(unlinked):,} of {len(linked):,} links to Russia end"
        )
    keys = {e.programme for e in entries if e.programme}
    old_keys = {e.programme for e in before if e.programme}
    if keys and old_keys and keys.isdisjoint(old_keys):
        reasons.append(f"it has none of the programme keys that {register} had on {before_day}")
    lost = now - {hull_key(e) for e in entries if is_known(e)}
    if len(lost) > MOST_UNKNOWN * len(now):
        reasons.append(
            f"{len(lost):,} of {len(now):,} hulls have no known programme key: "
            f"{named_keys(unknown_keys(entries))}"
        )
    return reasons


def _is_many(gone: Collection[str], of: Collection[str]) -> bool:
    return len(gone) > max(1, MOST_GONE * len(of))
