"""The version of a week's message: a hash of the week's published numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb

from flows.home.code import code_hash
from flows.home.hashes import text_hash

NUMBERS = (
    *("week", "russian_linked_tanker_calls", "russian_linked_berth_calls", "tanker_calls", "state"),
)
PORT_NUMBERS = ("port_id", "link_tier", "port_calls", "state")
"""The published numbers of a version, as in `restatement`. Adding one sends newest weeks again."""


def version_of(series: dict[str, Any], ports: Sequence[dict[str, Any]]) -> str:
    """The version of a week: n, and a hash over its published numbers, 16 hexadecimal digits.

    Parameters
    ----------
    series : dict
        The week's row of `barometer`.
    ports : sequence of dict
        Its rows of `weekly_port_calls`. Those without a call do not count, so that a port
        added by a release changes no version.

    Examples
    --------
    >>> week = dict.fromkeys(NUMBERS, 0) | {"week": "2026-W16", "state": "complete"}
    >>> port = {"port_id": "IRKHK", "link_tier": "none", "port_calls": 0, "state": "complete"}
    >>> version_of(week, []) == version_of(week | {"word": "rise"}, [port])
    True
    >>> version_of(week, []) == version_of(week, [port | {"port_calls": 1}])
    False
    """
    counted = sorted([port[name] for name in PORT_NUMBERS] for port in ports if port["port_calls"])
    return "n" + text_hash(json.dumps([[series[name] for name in NUMBERS], counted]))


def changes_of(
    con: duckdb.DuckDBPyConnection, restatements: Sequence[dict[str, Any]], week: str
) -> tuple[datetime | None, ...]:
    """Times of restatements of a week, naive UTC; None for one made by the code in use."""
    ours = con.execute("select run_id from run where code_hash = ?", [code_hash()]).fetchall()
    return tuple(
        None if (row["run_id"],) in ours else row["restated_at"]
        for row in restatements
        if row["week"] == week and row["number"] != "state"
    )
