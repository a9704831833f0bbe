"""What the detector finds, as rows in a line: calls at Kharg and displaced fixes there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from flows.derive import calls
from geo.plausibility import JUMP, REASONS


def at(hours: float) -> datetime:
    return datetime(2026, 3, 2) + timedelta(hours=hours)


def table(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in rows], schema=schema)


def call(mmsi: int, hours: float = 0.0, stay_h: float | None = 10.0, **changes: Any) -> Any:
    """A call at Kharg, sure and seen near, from so many hours after the start."""
    return {
        "port_call_id": f"{mmsi}-{hours}",
        "track_id": mmsi,
        "mmsi": mmsi,
        "port_id": "IRKHK",
        "area_kind": "berth",
        "arrived_after": at(hours - 1),
        "arrived_at": at(hours),
        "departed_at": None if stay_h is None else at(hours + stay_h),
        "fixes": 20,
        "longest_gap_h": 1.0,
        "outside_m": 5_000.0,
        "lon": 50.33,
        "lat": 29.23,
        "confidence": 4,
    } | changes


def jump(mmsi: int, hours: float = 0.0, reason: int = JUMP, **changes: Any) -> Any:
    """A displaced fix at Kharg."""
    return {
        "mmsi": mmsi,
        "reported_at": at(hours),
        "lon": 50.33,
        "lat": 29.23,
        "track_id": mmsi,
        "verdict": "implausible",
        "reason": REASONS[reason],
        "port_id": "IRKHK",
    } | changes


def work(found: list[Any], flagged: list[Any] = (), ships: list[Any] = ()) -> calls.Work:
    return calls.Work(
        table(calls.CALL_SCHEMA, found),
        table(calls.FLAGGED_SCHEMA, list(flagged)),
        table(calls.SHIP_SCHEMA, list(ships)),
    )
