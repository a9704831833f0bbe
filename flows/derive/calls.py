"""Step 7, calls: each ship's whole history, where it came near a port, through the detector.

The result for a ship holds until a file brings new fixes of it. So the results of the last run are
reused from its catalogue, and only the ships with fixes in a new part of the lake are processed
again, with those whose calls depend on the reception of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.derive.batches import batches
from flows.home.resources import sql_text
from geo.exactness import RECEIVER_M, error_m, is_redundant, with_way_made
from geo.fences import locate
from geo.plausibility import REASONS, VERDICTS, judge
from geo.port_calls import depends_on_reception, find_port_calls
from geo.ports import Ports

BATCH_FIXES = 1_000_000
"""Fixes in memory at a time, at some 150 bytes each; a single ship may have more."""

CALL_SCHEMA = pa.schema(
    [
        ("port_call_id", pa.string()),
        ("track_id", pa.int64()),
        ("mmsi", pa.int32()),
        ("port_id", pa.string()),
        ("area_kind", pa.string()),
        ("arrived_after", pa.timestamp("us")),
        ("arrived_at", pa.timestamp("us")),
        ("anchored_at", pa.timestamp("us")),
        ("berthed_at", pa.timestamp("us")),
        ("unberthed_at", pa.timestamp("us")),
        ("departed_at", pa.timestamp("us")),
        ("departed_by", pa.timestamp("us")),
        ("fixes", pa.int32()),
        ("longest_gap_h", pa.float32()),
        ("outside_m", pa.float32()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("confidence", pa.int8()),
    ]
)
FLAGGED_SCHEMA = pa.schema(
    [
        ("mmsi", pa.int32()),
        ("reported_at", pa.timestamp("us")),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("track_id", pa.int64()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("port_id", pa.string()),
    ]
)
SHIP_SCHEMA = pa.schema(
    [("mmsi", pa.int32()), ("fixes", pa.int64()), ("depends_on_reception", pa.bool_())]
)


SLOT_HOURS = np.arange(6)
"""The hours of a slot, each a bit of `reception_slot.hour_bits`."""

NULLS = (
    ("sog_kn", np.float32, np.nan),
    ("imo", np.int64, 0),
    ("position_accuracy_m", np.float32, RECEIVER_M),
    ("time_step_s", np.int64, 1),
)
"""What stands for null in the columns of a fix: a source without a definition is a receiver."""


class Work(NamedTuple):
    """Results of the detector, ship by ship.

    calls: one row a port call. flagged: one row a fix that is not plainly credible on its MMSI's
    first track. ships: one row a processed ship.
    """

    calls: pa.Table
    flagged: pa.Table
    ships: pa.Table


NO_WORK = Work(CALL_SCHEMA.empty_table(), FLAGGED_SCHEMA.empty_table(), SHIP_SCHEMA.empty_table())


def settled(before: Work, candidate: pa.Table, touched: pa.Array) -> Work:
    """The earlier results that still hold: of ships without new fixes, whose calls cannot change.

    Parameters
    ----------
    before : Work
        Results of the same code and fences.
    candidate : pyarrow.Table
        The ships to be processed: mmsi, fixes. A ship whose number of fixes differs from before,
        as after a restored backup, is processed again.
    touched : pyarrow.Array
        The MMSIs with a fix in a part of the lake that is new since.
    """
    same = before.ships.join(candidate, ["mmsi", "fixes"], join_type="inner")
    stays = pc.and_(
        pc.invert(same["depends_on_reception"]), pc.invert(pc.is_in(same["mmsi"], touched))
    )
    ships = same.filter(stays).select(SHIP_SCHEMA.names)
    stay = ships["mmsi"].combine_chunks()
    return Work(
        before.calls.filter(pc.is_in(before.calls["mmsi"], stay)),
        before.flagged.filter(pc.is_in(before.flagged["mmsi"], stay)),
        ships,
    )


class Job(NamedTuple):
    """The inputs of a batch of ships beside the fixes; may be sent to another process.

    `candidate`, `settled_ship` and `source_terms` are relations of `candidate_fix.sql`.
    """

    port: Ports
    data_end: datetime
    heard: dict[int, npt.NDArray[np.int64]]
    candidate: pa.Table
    settled_ship: pa.Table
    source_terms: pa.Table


Range = tuple[int, int]
"""The first and the last MMSI of a batch."""

Spread = Callable[[Job, list[Range]], Iterable[Work]]
"""Processes batches elsewhere with `work_range`; results in the order of the batches."""


def find_calls(
    con: duckdb.DuckDBPyConnection,
    port: Ports,
    data_end: datetime | None,
    kept: Work,
    spread: Spread | None = None,
) -> Work:
    """The port calls of every ship of the lake, and the verdicts on their fixes.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the relations `position`, `source_terms`, `candidate` (mmsi, fixes) and
        `reception_slot`.
    port : Ports
        The fences.
    data_end : datetime or None
        The last fix of the lake, UTC; None for an empty lake.
    kept : Work
        Results to be reused: from `settled`, or `NO_WORK`.
    spread : callable, optional
        See `Spread`; by default the batches are processed here, one after the other.

    Returns
    -------
    Work
        Of all candidates, those reused included.
    """
    if data_end is None:
        return NO_WORK
    con.register("settled_ship", kept.ships)
    job = Job(
        port=port,
        data_end=data_end,
        heard=_heard(con, _index(port)),
        candidate=con.table("candidate").to_arrow_table(),
        settled_ship=kept.ships,
        source_terms=con.table("source_terms").to_arrow_table(),
    )
    ships = con.execute(
        "select mmsi, fixes from candidate anti join settled_ship using (mmsi) order by mmsi"
    ).fetchall()
    ranges = list(batches(ships, BATCH_FIXES))
    if spread is None:
        works: Iterable[Work] = (work_range(con, job, batch) for batch in ranges)
    else:
        works = spread(job, ranges)
    works_found = [NO_WORK, kept, *works]
    con.unregister("settled_ship")
    return Work(*(pa.concat_tables(tables) for tables in zip(*works_found, strict=True)))


def work_range(con: duckdb.DuckDBPyConnection, job: Job, batch: Range) -> Work:
    """The port calls of a batch of ships; `con` has the relations of `candidate_fix.sql`."""
    port_ids = [str(port_id) for port_id in job.port.port["port_id"]]
    query = sql_text("digest/candidate_fix")
    result = con.execute(query, {"first": batch[0], "last": batch[1]})
    columns: dict[str, npt.NDArray[Any]] = result.fetchnumpy()  # type: ignore[assignment]
    fixes = _judged(_exact(columns), job.port)
    calls = find_port_calls(
        fixes,
        port_ids=port_ids,
        serves=_serves(job.port, _index(job.port)),
        heard=job.heard,
        data_end=job.data_end,
    )
    return Work(
        pa.Table.from_pandas(calls, schema=CALL_SCHEMA, preserve_index=False),
        _flagged(fixes, port_ids),
        _ships(columns["mmsi"], fixes),
    )


def _index(port: Ports) -> dict[str, int]:
    """Row numbers of the ports by `port_id`."""
    return {str(port_id): row for row, port_id in enumerate(port.port["port_id"])}


def _exact(columns: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The fixes without nulls, and of the coarse ones those that add something to finer ones."""
    fixes = columns | {
        name: np.ma.filled(np.ma.asarray(columns[name], dtype), unknown)
        for name, dtype, unknown in NULLS
    }
    redundant = is_redundant(fixes)
    if not redundant.any():
        return fixes
    return {name: values[~redundant] for name, values in fixes.items()}


def _judged(fixes: dict[str, npt.NDArray[Any]], port: Ports) -> dict[str, npt.NDArray[Any]]:
    """Fixes with the verdict on them and the fences that hold them."""
    place = locate(fixes["lon"], fixes["lat"], port, error_m(fixes))
    judgement = judge(fixes)
    return fixes | {
        "sog_kn": with_way_made(fixes),
        "track_id": judgement.track_id,
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "port": place.port,
        "area": place.area,
        "is_shared_roads": place.is_shared_roads,
    }


def _flagged(fixes: dict[str, npt.NDArray[Any]], port_ids: list[str]) -> pa.Table:
    rows = np.flatnonzero(fixes["reason"])
    named = np.array([*port_ids, None], dtype=object)
    return pa.table(
        {
            "mmsi": fixes["mmsi"][rows],
            "reported_at": fixes["reported_at"][rows],
            "lon": fixes["lon"][rows],
            "lat": fixes["lat"][rows],
            "track_id": fixes["track_id"][rows],
            "verdict": np.array(VERDICTS, dtype=object)[fixes["verdict"][rows]],
            "reason": np.array(REASONS, dtype=object)[fixes["reason"][rows]],
            "port_id": named[fixes["port"][rows]],
        },
        schema=FLAGGED_SCHEMA,
    )


def _ships(mmsi: npt.NDArray[np.int32], fixes: dict[str, npt.NDArray[Any]]) -> pa.Table:
    """The ships of a batch; `mmsi` has all their fixes, `fixes` those that the detector took."""
    ships, count = np.unique(mmsi, return_counts=True)
    is_dependent = np.isin(ships, depends_on_reception(fixes))
    return pa.table(
        {"mmsi": ships, "fixes": count, "depends_on_reception": is_dependent}, schema=SHIP_SCHEMA
    )


def _serves(port: Ports, index: dict[str, int]) -> dict[int, set[int]]:
    """Owner of shared roads -> the ports they serve, as row numbers."""
    served_by_owner: dict[int, set[int]] = {}
    for owner, served in zip(port.port_area["port_id"], port.port_area["serves"], strict=True):
        if served:
            served_by_owner.setdefault(index[owner], set()).update(
                index[port_id] for port_id in served
            )
    return served_by_owner


def _heard(
    con: duckdb.DuckDBPyConnection, index: dict[str, int]
) -> dict[int, npt.NDArray[np.int64]]:
    """Port row -> sorted hours since 1970 that count as heard."""
    slots = con.sql(
        "select port_id, list(epoch(slot_at)::bigint // 3600 order by slot_at) as first_hours, "
        "list(hour_bits order by slot_at) as hour_bits from reception_slot group by port_id"
    ).fetchnumpy()
    return {
        index[port_id]: (hours[:, None] + SLOT_HOURS)[bits[:, None] >> SLOT_HOURS & 1 > 0]
        for port_id, hours, bits in zip(
            slots["port_id"], slots["first_hours"], slots["hour_bits"], strict=True
        )
    }
