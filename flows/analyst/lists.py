"""What an import of a list did, for a terminal and for a script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flows.registers.difference import Listing
from flows.registers.guard import named_keys
from flows.registers.store import Held, Imported
from flows.report.tables import safe_text

MOST_SHOWN = 10
"""Ships and pieces of junk that a terminal gets to see; `--json` has them all."""


def as_record(found: Imported) -> dict[str, Any]:
    """An import as JSON can hold it, with every ship and piece of junk."""
    return found._asdict() | {
        "junk": [row._asdict() for row in found.junk],
        **{name: [x._asdict() for x in getattr(found, name)] for name in _CHANGES},
    }


def as_text(found: Imported, name: str) -> str:
    """An import in lines: what came in, what changed against the version before, what is junk."""
    head = (
        f"{found.register} of {found.published_on}: {found.entries:,} entries of "
        f"{found.hulls:,} hulls"
    )
    if found.state == "known":
        return f"{head}. This file was imported before; nothing changes."
    lines = [f"{head}."]
    if found.published_by == "newest day in it":
        lines.append(
            "The list does not give its day: taken as of the newest day in it. If you know it, "
            "remove this import (barometer register list has its number) and give --published-on."
        )
    if found.compared_with is None and found.is_newest:
        lines.append("The first version of this list; links follow it from now on.")
    elif found.compared_with is not None:
        lines.append(f"Against the version of {found.compared_with}:")
        for change in _CHANGES:
            lines += _changes(change, getattr(found, change))
    if not found.is_newest:
        lines.append(
            "A newer version is at hand, so today's links do not follow this one; what was known "
            "on a day does."
        )
    if found.unknown_keys:
        lines.append(
            "WARNING: programme keys that are not known: "
            f"{safe_text(named_keys(found.unknown_keys))}. They "
            "link nothing, and end no link of the same ship. Report them, so that "
            "data/registers/programmes.csv gets them."
        )
    if found.accepted:
        lines.append(f"WARNING: taken with --accept-loss although: {safe_text(found.accepted)}.")
    lines += _junk(found, name)
    return "\n".join(lines)


def removed_as_text(record: Mapping[str, Any], number: int) -> str:
    """The removal of an import in a line, with how to undo it."""
    return safe_text(
        f"Import {number} removed: {record['register']} of {record['published_on']} "
        f"({record['name']}, {record['hulls']:,} hulls). Links follow the version before it. To "
        "have it back, import the file again."
    )


def held_as_text(held: Sequence[Held]) -> str:
    """The versions at hand as a table."""
    heads = ("import", "register", "day", "ships", "linked", "in use", "imported", "file")
    rows = [
        (
            "bundled" if one.number is None else str(one.number),
            one.register,
            str(one.published_on),
            f"{one.ships:,}",
            f"{one.linked_ships:,}",
            "yes" if one.is_newest else "history",
            (one.imported_at or "")[:16],
            safe_text(one.name),
        )
        for one in held
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *rows)
    ]
    lines += [
        f"Import {one.number} was taken although: {safe_text(one.accepted)}."
        for one in held
        if one.accepted
    ]
    return "\n".join(lines)


_CHANGES = ("added", "changed", "gone")


def _changes(change: str, listings: Sequence[Listing]) -> list[str]:
    lines = [f"  {change}: {len(listings):,}"]
    for listing in listings[:MOST_SHOWN]:
        told = f"{listing.hull}  {listing.vessel_name}  {listing.programme}"
        lines.append(f"    {safe_text(told)}")
    if len(listings) > MOST_SHOWN:
        lines.append(f"    and {len(listings) - MOST_SHOWN:,} more (--json shows all)")
    return lines


def _junk(found: Imported, name: str) -> list[str]:
    if not found.junk:
        return []
    reasons = Counter((row.reason, row.is_whole) for row in found.junk)
    lines = [f"Not taken over: {len(found.junk):,}, kept in the relation register_reject."]
    for (reason, is_whole), count in reasons.most_common(MOST_SHOWN):
        what = "entry lost" if is_whole else "field left out"
        lines.append(f"  {count:,} x {safe_text(reason)} ({what})")
    for row in found.junk[:MOST_SHOWN]:
        lines.append(
            f"  {safe_text(name)} line {row.line}: {safe_text(row.reason)}: "
            f"{safe_text(row.raw)[:80]}"
        )
    return lines
