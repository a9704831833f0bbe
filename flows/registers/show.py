"""What an import of a list did, for a terminal and for a script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flows.registers.store import Imported, Listing
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
    if found.compared_with is None:
        lines.append("The first version of this list; links follow it from now on.")
    else:
        lines.append(f"Against the version of {found.compared_with}:")
        for change in _CHANGES:
            lines += _changes(change, getattr(found, change))
    if not found.is_newest:
        lines.append(
            "A newer version is at hand, so today's links do not follow this one; what was known "
            "on a day does."
        )
    lines += _junk(found, name)
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
