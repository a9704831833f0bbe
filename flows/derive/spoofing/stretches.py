"""The stretches of all tankers that are followed, period by period, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flows.derive.spoofing.jumps import LEAST_H, contradictions, jumps
from flows.derive.spoofing.land import land_km
from flows.derive.spoofing.pieces import HOUR_US, Stretch, Track
from flows.derive.spoofing.replays import replays
from flows.derive.spoofing.shapes import STILL, circles, stills, uniform_ways
from flows.home.resources import sql_text

DETECTORS = (circles, stills, uniform_ways, replays, jumps, contradictions)

NUMBERS = (
    "radius_m",
    "residual_m",
    "speed_kn",
    "shift_h",
    "offset_km",
    "share",
    "land_km",
)
"""What the kinds of stretches measure; null where a kind has none."""

STRETCH_SCHEMA = pa.schema(
    [
        ("track_id", pa.int64()),
        ("first_day", pa.date32()),
        ("kind", pa.string()),
        ("began_at", pa.timestamp("us")),
        ("ended_at", pa.timestamp("us")),
        ("before_at", pa.timestamp("us")),
        ("after_at", pa.timestamp("us")),
        *((f"{side}_{axis}", pa.float64()) for side in ("from", "to") for axis in ("lon", "lat")),
        *((f"shown_{axis}", pa.float64()) for axis in ("lon", "lat")),
        ("fixes", pa.int32()),
        *((name, pa.float64()) for name in NUMBERS),
        ("evidence", pa.string()),
    ]
)
"""``before_at`` and ``after_at`` are the fixes just outside, at ``from_`` and ``to_``: null at the
ends of what was read."""

BATCH_WINDOWS = 100
"""Periods in memory at a time: a million fixes of 60 bytes, where ships report all the time."""

Columns = dict[str, npt.NDArray[Any]]


def find_stretches(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """The stretches in the periods of the relation `unread`, in `STRETCH_SCHEMA`.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the relations of `sql/windows/spoofing_fix.sql`, and `unread` (track_id, first_day,
        number, from_at, to_at, mmsi).
    """
    row = con.execute("select max(number) from unread").fetchone()
    most = (row and row[0]) or 0
    query = sql_text("windows/spoofing_fix")
    tables = [STRETCH_SCHEMA.empty_table()]
    for first in range(1, most + 1, BATCH_WINDOWS):
        span = {"first": first, "last": first + BATCH_WINDOWS - 1}
        columns: Columns = con.execute(query, span).fetchnumpy()  # type: ignore[assignment]
        rows = list(chain.from_iterable(map(_rows, _windows(columns))))
        tables.append(pa.Table.from_pylist(rows, schema=STRETCH_SCHEMA))
    order = [
        (name, "ascending") for name in ("track_id", "first_day", "began_at", "kind", "ended_at")
    ]
    return pa.concat_tables(tables).sort_by(order)


def _windows(columns: Columns) -> Iterator[Columns]:
    """The fixes of each period of a track."""
    key = np.flatnonzero(np.diff(columns["number"])) + 1
    edges = [0, *key.tolist(), len(columns["number"])]
    for begin, end in pairwise(edges):
        if begin < end:
            yield {name: values[begin:end] for name, values in columns.items()}


def track_of(columns: Columns) -> Track:
    """A track of the columns of `sql/windows/spoofing_fix.sql`.

    Fixes that were taken for those of a further hull on its MMSI are part of it, as flagged, where
    for as long as a stretch lasts no fix of its own lies among them: two ships would take turns.
    """
    is_other = np.asarray(columns["is_other"], np.bool_)
    if is_other.any():
        keep = ~is_other
        at = np.asarray(columns["reported_at"], "datetime64[us]").astype(np.int64)
        edges = np.flatnonzero(np.diff(is_other)) + 1
        for begin, end in pairwise([0, *edges.tolist(), is_other.size]):
            keep[begin:end] |= at[end - 1] - at[begin] >= LEAST_H * HOUR_US
        columns = {name: values[keep] for name, values in columns.items()}
        is_other = is_other[keep]
    sog_kn, cog_deg, heading_deg = (
        np.ma.filled(np.ma.asarray(columns[name], np.float64), np.nan)
        for name in ("sog_kn", "cog_deg", "heading_deg")
    )
    return Track(
        at=np.asarray(columns["reported_at"], "datetime64[us]").astype(np.int64),
        lon=np.asarray(columns["lon"], np.float64),
        lat=np.asarray(columns["lat"], np.float64),
        sog_kn=sog_kn,
        cog_deg=cog_deg,
        heading_deg=heading_deg,
        is_flagged=np.asarray(columns["is_flagged"], np.bool_) | is_other,
    )


def stretches_of(track: Track) -> list[Stretch]:
    """What all detectors found in a track."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return [stretch for detector in DETECTORS for stretch in detector(track)]


def _rows(columns: Columns) -> Iterator[dict[str, Any]]:
    track = track_of(columns)
    for stretch in stretches_of(track):
        first, last = stretch.first, stretch.last
        before = first - 1 if first else None
        after = last + 1 if last + 1 < track.at.size else None
        # The fix in the middle of the time, however often she reports.
        middle = (track.at[first] + track.at[last]) // 2
        shown = first + int(np.argmin(np.abs(track.at[first : last + 1] - middle)))
        numbers = dict.fromkeys(NUMBERS) | stretch.numbers
        if stretch.kind == STILL:
            numbers["land_km"] = land_km(float(track.lon[shown]), float(track.lat[shown]))
        yield {
            "track_id": int(columns["track_id"][0]),
            "first_day": columns["first_day"][0].astype("datetime64[D]").item(),
            "kind": stretch.kind,
            "began_at": _moment(track, first),
            "ended_at": _moment(track, last),
            "before_at": _moment(track, before),
            "after_at": _moment(track, after),
            **_place("from", track, before),
            **_place("to", track, after),
            # Of a ring or a lane no mean lies on it.
            **_place("shown", track, shown),
            "fixes": last - first + 1,
            **numbers,
            "evidence": stretch.evidence,
        }


def _moment(track: Track, row: int | None) -> Any:
    return None if row is None else track.at[row].view("datetime64[us]").item()


def _place(side: str, track: Track, row: int | None) -> dict[str, float | None]:
    lon, lat = (None, None) if row is None else (float(track.lon[row]), float(track.lat[row]))
    return {f"{side}_lon": lon, f"{side}_lat": lat}
