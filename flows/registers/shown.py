"""The result of a list's import, for a terminal and for a script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flows.home.text import safe_text
from flows.registers.difference import CHANGES, Listing
from flows.registers.guard import named_keys
from flows.registers.held import Held
from flows.registers.refresh import Refreshed
from flows.registers.store import Imported

MOST_SHOWN = 10
"""Most ships and rejected fields printed; `--json` has all of them."""


def as_record(imported: Imported) -> dict[str, Any]:
    """An import as JSON, with every ship and rejected field."""
    return imported._asdict() | {
        "junk": [row._asdict() for row in imported.junk],
        **{name: [x._asdict() for x in getattr(imported, name)] for name in CHANGES},
    }


def as_text(imported: Imported, name: str) -> str:
    """An import in lines: entries, changes against the version before, rejected fields."""
    head = (
        f"{imported.register} of {imported.published_on}: {imported.entries:,} entries of "
        f"{imported.hulls:,} hulls"
    )
    if imported.state == "known":
        return f"{head}. This file was imported before; nothing changes."
    if imported.state == "restored":
        return f"{head}. This file was imported before, but lost since: its version is here again."
    lines = [f"{head}."]
    if imported.published_by == "newest day in it":
        lines.append(
            "The list does not give its day: imported as of the newest day in it. If that is "
            "wrong, remove this import (barometer register list shows its number) and "
            "import it again with --published-on."
        )
    if imported.compared_with is None and imported.is_newest:
        lines.append("The first version of this list; links use it from now on.")
    elif imported.compared_with is not None:
        lines.append(f"Against the version of {imported.compared_with}:")
        for change in CHANGES:
            lines += _changes(change, getattr(imported, change))
    if not imported.is_newest:
        lines.append(
            "A newer version is at hand: this one is used only for what was known on earlier days."
        )
    if imported.unknown_keys:
        lines.append(
            f"WARNING: unknown programme keys: {safe_text(named_keys(imported.unknown_keys))}. "
            "They neither make nor end a link. Report them, so that they are added to "
            "data/registers/programmes.csv."
        )
    if imported.accepted:
        lines.append(f"WARNING: imported with --accept-loss: {safe_text(imported.accepted)}.")
    lines += _junk(imported, name)
    return "\n".join(lines)


def refreshed_as_records(results: Sequence[Refreshed]) -> list[dict[str, Any]]:
    """The results of a refresh as JSON."""
    return [
        result._asdict() | {"imported": result.imported and as_record(result.imported)}
        for result in results
    ]


def refreshed_as_text(results: Sequence[Refreshed]) -> str:
    """A line for each list, and what an import changed."""
    lines = []
    for result in results:
        force = "no version"
        if result.in_force_on is not None:
            force = f"{result.in_force_on}, {result.age_days} days old"
        message = f"  {safe_text(result.message)}" if result.message else ""
        lines.append(f"{result.list_id:28}{result.state:10}in force: {force}{message}")
        if result.imported is not None and result.state == "imported":
            lines.append(as_text(result.imported, result.list_id))
    return "\n".join(lines)


def removed_as_text(record: Mapping[str, Any], number: int) -> str:
    """The removal of an import in a line, with how to undo it."""
    return safe_text(
        f"Import {number} removed: {record['register']} of {record['published_on']} "
        f"({record['name']}, {record['hulls']:,} hulls). Links use the version before it. To "
        "undo this, import the file again."
    )


def held_as_text(held: Sequence[Held]) -> str:
    """The versions at hand as a table."""
    heads = ("import", "register", "day", "ships", "linked", "in use", "imported", "file")
    rows = [
        (
            "bundled" if version.number is None else str(version.number),
            version.register,
            str(version.published_on),
            f"{version.ships:,}",
            f"{version.linked_ships:,}",
            "yes" if version.is_newest else "history",
            (version.imported_at or "")[:16],
            safe_text(version.name),
        )
        for version in held
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *rows)
    ]
    lines += [
        f"Import {version.number} was accepted despite a warning: {safe_text(version.accepted)}."
        for version in held
        if version.accepted
    ]
    return "\n".join(lines)


def _changes(change: str, listings: Sequence[Listing]) -> list[str]:
    lines = [f"  {change}: {len(listings):,}"]
    for listing in listings[:MOST_SHOWN]:
        line = f"{listing.hull}  {listing.vessel_name}  {listing.programme}"
        lines.append(f"    {safe_text(line)}")
    if len(listings) > MOST_SHOWN:
        lines.append(f"    and {len(listings) - MOST_SHOWN:,} more (--json shows all)")
    return lines


def _junk(imported: Imported, name: str) -> list[str]:
    if not imported.junk:
        return []
    reasons = Counter((row.reason, row.is_whole) for row in imported.junk)
    lines = [f"Not imported: {len(imported.junk):,}, kept in the relation register_reject."]
    for (reason, is_whole), count in reasons.most_common(MOST_SHOWN):
        extent = "entry lost" if is_whole else "field left out"
        lines.append(f"  {count:,} x {safe_text(reason)} ({extent})")
    for row in imported.junk[:MOST_SHOWN]:
        lines.append(
            f"  {safe_text(name)} line {row.line}: {safe_text(row.reason)}: "
            f"{safe_text(row.raw)[:80]}"
        )
    return lines
