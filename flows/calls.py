"""Step 7, calls: each ship's whole history, where it came near a port, through the detector."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from flows.resources import sql_path
from geo.fences import locate
from geo.port_calls import find_port_calls
from geo.ports import Ports

BATCH_FIXES = 1_000_000
"""Fixes in memory at a time, at some 150 bytes each; a single ship may have more."""

TRACK_CALL_SCHEMA = pa.schema(
    [
        ("port_call_id", pa.string()),
        ("track_id", pa.int64()),
        ("mmsi", pa.int32()),
        ("port_id", pa.string()),
        ("area_kind", pa.string()),
        ("arrived_after", pa.timestamp("us")),
        ("arrived_at", pa.timestamp("us")),
        ("berthed_at", pa.timestamp("us")),
        ("departed_at", pa.timestamp("us")),
        ("departed_by", pa.timestamp("us")),
        ("fixes", pa.int32()),
        ("longest_gap_h", pa.float32()),
        ("confidence", pa.int8()),
    ]
)


def find_calls(con: duckdb.DuckDBPyConnection, ports: Ports, data_end: datetime | None) -> pa.Table:
    """The port calls of every ship of the lake.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the relations `position`, `candidate` (mmsi, fixes) and `observed_hour`.
    ports : Ports
        The fences.
    data_end : datetime or None
        The last fix of the lake, UTC; None for an empty lake.

    Returns
    -------
    pyarrow.Table
        In `TRACK_CALL_SCHEMA`, one row a call.
    """
    if data_end is None:
        return TRACK_CALL_SCHEMA.empty_table()
    port_ids = [str(port_id) for port_id in ports.port["port_id"]]
    index = {port_id: row for row, port_id in enumerate(port_ids)}
    serves = _serves(ports, index)
    heard = _heard(con, index)
    query = sql_path("candidate_fix.sql").read_text(encoding="utf-8")
    found = [TRACK_CALL_SCHEMA.empty_table()]
    for first, last in _batches(con):
        result = con.execute(query, {"first": first, "last": last})
        fixes: dict[str, npt.NDArray[Any]] = result.fetchnumpy()  # type: ignore[assignment]
        place = locate(fixes["lon"], fixes["lat"], ports)
        calls = find_port_calls(
            {
                "track_id": np.asarray(fixes["mmsi"], dtype=np.int64),
                "mmsi": fixes["mmsi"],
                "reported_at": fixes["reported_at"],
                "lon": fixes["lon"],
                "lat": fixes["lat"],
                "sog_kn": np.ma.filled(np.ma.asarray(fixes["sog_kn"], np.float32), np.nan),
                "port": place.port,
                "area": place.area,
                "is_shared_roads": place.is_shared_roads,
            },
            port_ids=port_ids,
            serves=serves,
            heard=heard,
            data_end=data_end,
        )
        found.append(_table(calls))
    return pa.concat_tables(found)


def _batches(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int]]:
    """Ranges of candidates' MMSIs with about `BATCH_FIXES` fixes each; a ship is never cut."""
    rows = con.execute("select mmsi, fixes from candidate order by mmsi").fetchall()
    first, total = None, 0
    for mmsi, fixes in rows:
        if first is not None and total + fixes > BATCH_FIXES:
            yield first, mmsi - 1
            first, total = None, 0
        first = mmsi if first is None else first
        total += fixes
    if first is not None:
        yield first, rows[-1][0]


def _serves(ports: Ports, index: dict[str, int]) -> dict[int, set[int]]:
    """Owner of shared roads -> the ports they serve, as row numbers."""
    found: dict[int, set[int]] = {}
    for owner, served in zip(ports.port_area["port_id"], ports.port_area["serves"], strict=True):
        if served:
            found.setdefault(index[owner], set()).update(index[port_id] for port_id in served)
    return found


def _heard(
    con: duckdb.DuckDBPyConnection, index: dict[str, int]
) -> dict[int, npt.NDArray[np.int64]]:
    """Port row -> sorted hours since 1970 that count as heard."""
    frame: pd.DataFrame = con.execute(
        "select port_id, epoch(hour)::bigint // 3600 as hour from observed_hour order by all"
    ).df()
    return {
        index[str(port_id)]: hours["hour"].to_numpy(dtype=np.int64)
        for port_id, hours in frame.groupby("port_id")
    }


def _table(calls: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(calls, schema=TRACK_CALL_SCHEMA, preserve_index=False)
