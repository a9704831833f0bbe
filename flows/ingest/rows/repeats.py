"""Repeated fixes: rows with equal ship, time and place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.lake.schema import POSITION_SCHEMA

KEY = ("mmsi", "reported_at", "lon", "lat")
"""The same fix. Two hulls may share MMSI and time: the place belongs to it."""

PACKED_KEY = ("mmsi", "reported_at", "place")
PACKED_SCHEMA = pa.schema(
    [
        ("mmsi", pa.int32()),
        ("reported_at", pa.timestamp("us")),
        ("place", pa.int64()),
        *(field for field in POSITION_SCHEMA if field.name not in KEY),
        ("is_kept", pa.bool_()),
    ]
)
"""What `parser` gives: rows in their order; only those with `is_kept` are positions, the others are
among the rejects or repeat a fix.

`place` is longitude and latitude, each in hundred-thousandths of a degree from -180 and -90, the
latitude in the lowest 25 bits: one number to sort by and to carry takes an eighth less work.
"""


def each_once(batches: list[pa.RecordBatch]) -> tuple[list[pa.RecordBatch], int]:
    """The batches, `is_kept` taken from each row that is the same fix as another one that stands;
    and the number of these rows.

    Most repetitions are close together in a file, and cheap to find here; the few that
    are in different blocks are found when the file is sorted.
    """
    is_kept = np.concatenate([b["is_kept"].to_numpy(zero_copy_only=False) for b in batches])
    mixed = np.zeros(len(is_kept), dtype=np.uint64)
    for name in PACKED_KEY:
        part = np.concatenate([_as_integers(batch.column(name)) for batch in batches])
        # Multiplying by an odd constant and folding the high half down spreads every bit
        # (Steele et al. 2014, SplitMix64). Equal fixes mix equally; the reverse is checked below.
        mixed = (mixed ^ part.astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(31)
    ordered = np.sort(mixed[is_kept])
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return batches, 0
    rows = np.flatnonzero(np.isin(mixed, twice) & is_kept)
    repeated = rows[repetitions(pa.Table.from_batches(batches).take(rows), PACKED_KEY)]
    is_kept[repeated] = False
    return _marked(batches, is_kept), len(repeated)


def repetitions(fixes: pa.Table, key: Sequence[str]) -> npt.NDArray[np.intp]:
    """Rows of a table that are the same fix as another one of it, which stands.

    Of equal fixes the one stands that is first by all that it says, a column after the other in
    the order of `POSITION_SCHEMA`, nulls last: whatever its line, and wherever a file is cut.

    Parameters
    ----------
    fixes : pyarrow.Table
        Columns of `POSITION_SCHEMA` or `PACKED_SCHEMA`, in any order of rows.
    key : sequence of str
        `KEY` or `PACKED_KEY`, by which two are the same fix.

    Returns
    -------
    numpy.ndarray
        Row numbers, in no order.

    Examples
    --------
    >>> twice = [{"mmsi": 1, "lon": 5.0, "lat": 1.0, "sog_kn": kn} for kn in (None, 9.0)]
    >>> repetitions(pa.Table.from_pylist(twice, POSITION_SCHEMA), KEY).tolist()
    [0]
    """
    names = [*key, *(name for name in POSITION_SCHEMA.names if name not in KEY)]
    order = pc.sort_indices(fixes, [(name, "ascending") for name in names]).to_numpy()
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for name in key:
        column = fixes[name].combine_chunks()
        values = _as_integers(column)[order]
        same &= values[1:] == values[:-1]
    return np.asarray(order[1:][same], dtype=np.intp)


def _as_integers(column: pa.Array) -> npt.NDArray[np.int64]:
    """The bits of a number or time; equal values have equal bits, as there is no minus zero."""
    values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values.astype(np.int64) if values.dtype == np.int32 else values.view(np.int64)


def _marked(batches: list[pa.RecordBatch], is_kept: npt.NDArray[np.bool_]) -> list[pa.RecordBatch]:
    """The batches with another `is_kept`. To copy all columns without a few rows costs far more."""
    marked, start = [], 0
    for batch in batches:
        kept = pa.array(is_kept[start : start + batch.num_rows])
        columns = [*batch.columns[:-1], kept]
        marked.append(pa.RecordBatch.from_arrays(columns, schema=PACKED_SCHEMA))
        start += batch.num_rows
    return marked
