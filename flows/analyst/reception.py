"""Which source hears which port, as a table on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table


def table(rows: Iterable[dict[str, Any]]) -> Table | None:
    """A line per port, a column per source: share of the hours heard, day of the last fix.

    Parameters
    ----------
    rows : iterable of dict
        From `flows.catalogue.check.reception`.

    Returns
    -------
    rich.table.Table or None
        None without a source. A dash stands for a port that the source never heard.
    """
    by_port: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows:
        port = by_port.setdefault((row["water"], row["port_id"], row["port_name"]), {})
        port[row["source"]] = cell(row)
    sources = sorted({source for cells in by_port.values() for source in cells})
    if not sources:
        return None
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("water", "port", ""):
        shown.add_column(name, no_wrap=True)
    for source in sources:
        shown.add_column(source, justify="right")
    for (water, port_id, name), cells in by_port.items():
        shown.add_row(water, port_id, name, *(cells[source] for source in sources))
    return shown


def cell(row: dict[str, Any]) -> str:
    """What a source heard of a port.

    >>> from datetime import datetime
    >>> cell({"heard_share": 0.834, "last_hour": datetime(2026, 4, 19, 23)})
    '83% to 2026-04-19'
    >>> cell({"heard_share": 0.0, "last_hour": None})
    '-'
    """
    if not row["heard_share"] or row["last_hour"] is None:
        return "-"
    return f"{row['heard_share']:.0%} to {row['last_hour']:%Y-%m-%d}"
