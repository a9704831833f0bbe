"""Port calls from fixes: which ship lay in which port, from when to when, with what confidence.

The way of the data, each step a function over whole columns:

    fixes -> sorted table -> state of each fix -> stays inside one limit -> calls

A *stay* is a row of credible fixes of one track inside one port's limit. Stays that belong
together (out and back, shared roads before a berth) become one call; those without a stop none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.confidence import confidence_of, fixes_outside, outside_distance_m
from geo.exactness import error_m, step_us
from geo.fences import BERTH, LAND
from geo.hulls import CLOCK_LAG_US
from geo.plausibility import DISPUTED, IMPLAUSIBLE
from geo.stays import (
    HEARD_SILENCE_H,
    HOUR_US,
    OUT_AND_BACK_US,
    STOP_RADIUS_M,
    STOP_US,
    Bools,
    Clock,
    Ints,
    States,
    StayTable,
    Table,
    find_stays,
    is_open_stay,
    merged_stays,
    row_range,
    settled,
    splits,
    states_of,
    tracks_at_rest,
    with_roads,
)
from geo.tracks import Fixes, as_times, column, microseconds

TWO_PLACES_US = 12 * HOUR_US
TWO_PLACES_TURNS = 3
"""A ship that sends from a berth for so long, and in turns with another place at least so often,
may be loading while it pretends to be elsewhere: shown, contested. Shorter stays are interference,
and so are those in which the ship is heard from the berth alone."""

COLUMNS = (
    "port_call_id",
    "track_id",
    "mmsi",
    "port_id",
    "area_kind",
    "arrived_after",
    "arrived_at",
    "anchored_at",
    "berthed_at",
    "unberthed_at",
    "departed_at",
    "departed_by",
    "fixes",
    "longest_gap_h",
    "outside_m",
    "lon",
    "lat",
    "confidence",
)


def find_port_calls(
    fixes: Fixes,
    *,
    port_ids: Sequence[str] | npt.NDArray[np.str_],
    serves: Mapping[int, Collection[int]],
    heard: Mapping[int, npt.NDArray[np.int64]],
    data_end: datetime | np.datetime64 | pd.Timestamp,
) -> pd.DataFrame:
    """The port calls in a table of fixes.

    Parameters
    ----------
    fixes : DataFrame or mapping of arrays
        In any order, all fixes of each ship that was ever inside a limit. Columns track_id and
        verdict (from `geo.plausibility.judge`), mmsi, reported_at (datetime64, UTC, naive), lon,
        lat (degrees), sog_kn (NaN where unknown), port (index of the port whose limit holds the
        fix, -1 outside all), area (0 outside, 1 limit only, 2 anchorage, 3 berth, -1 dry land),
        is_shared_roads (bool); and, of sources that are less exact than a receiver,
        position_accuracy_m and time_step_s. Repeated rows count once.
    port_ids : sequence of str
        The port_id of each index in `port`.
    serves : mapping of int to a collection of int
        Owner of shared roads -> the ports whose ships wait in them.
    heard : mapping of int to array of int64
        Port -> sorted hours since 1970 in which its surroundings were heard. A port that is
        missing was never heard.
    data_end : datetime
        UTC, naive: how far the data reach.

    Returns
    -------
    DataFrame
        One row a call, sorted by track_id, arrived_at, port_id; the columns are `COLUMNS`.

        arrived_after, departed_by: the fix just outside, before arrival and after a departure
        that was not seen; NaT where the ship was not heard outside in between. anchored_at: NaT
        if no hour shows the ship lying outside a berth. berthed_at: NaT if no fix shows the ship
        in a berth. unberthed_at: the last fix that shows it there; NaT without one, and while it
        lies there. departed_at: NaT while the call is under way. Of a fix with a time step
        arrived_at, anchored_at, berthed_at and departed_by are the end of the step, and the
        others its beginning, so that the ship arrived between arrived_after and arrived_at.
        longest_gap_h: hours between two credible fixes in the call, less the time step of the
        first; 0 for a single fix.
        outside_m: metres between the fix just outside and the one just inside, at arrival or at
        departure, whichever is less; NaN where neither was heard. lon, lat: the first fix in the
        berth, else the first one inside.
        confidence: 4 arrival, stop and departure seen; 3 stop and one of them (so at most, while
        under way); 2 stop only, or one still fix in a berth with time for a stop; 1 contested.

    Examples
    --------
    >>> fixes = pd.DataFrame({
    ...     "track_id": 422000001, "mmsi": 422000001,
    ...     "reported_at": pd.date_range("2026-04-01", periods=5, freq="2h"),
    ...     "lon": [50.0, 50.3, 50.3, 50.3, 50.0], "lat": 29.2, "sog_kn": [9.0, 0.1, 0.0, 0.1, 9.0],
    ...     "port": [-1, 0, 0, 0, -1], "area": [0, 3, 3, 3, 0], "is_shared_roads": False,
    ...     "verdict": 0,
    ... })
    >>> calls = find_port_calls(fixes, port_ids=["IRKHK"], serves={}, heard={},
    ...                         data_end=datetime(2026, 4, 2))
    >>> calls[["port_id", "area_kind", "arrived_at", "departed_at", "confidence"]].values.tolist()
    [['IRKHK', 'berth', Timestamp('2026-04-01 02:00:00'), Timestamp('2026-04-01 06:00:00'), 4]]
    """
    all_fixes = _in_order(fixes)
    table, credible = all_fixes, all_fixes.verdict < IMPLAUSIBLE
    # Implausible fixes up to each credible one.
    passed_over = np.cumsum(~credible, dtype=np.int64)[credible]
    table = table.rows(credible) if passed_over.size < credible.size else table
    is_disputed = table.verdict == DISPUTED

    is_split = splits(table, heard)
    clock = Clock(table)
    lies_on = tracks_at_rest(table, is_split, clock)
    table = settled(table, lies_on)
    states = states_of(table, is_split, lies_on, clock)
    stays = merged_stays(table, find_stays(table, states, is_split, is_disputed))
    stays = row_range(stays, stays.stops())
    stays = merged_stays(table, with_roads(table, stays, serves, len(port_ids)))
    end_us = microseconds(np.asarray(data_end, dtype="datetime64[us]"))
    is_open = is_open_stay(table, stays, heard, end_us)
    confidence = confidence_of(table, stays, passed_over)
    names = np.asarray(port_ids, dtype=np.str_)
    moments = _moments(table, stays, states, lies_on, is_open)
    calls = _frame(table, stays, names[stays.port], is_open, moments, confidence)
    doubled = _frame_of_two_places(all_fixes, _two_places(all_fixes), names)
    if doubled.empty:
        return calls
    doubled = doubled[~_is_echo(doubled, calls)]
    calls = pd.concat([calls, doubled], ignore_index=True)
    return calls.sort_values(["track_id", "arrived_at", "port_id"], ignore_index=True)


class _Moments(NamedTuple):
    """Where in the table each call was first at anchor and last in a berth, one row a call."""

    anchor_row: Ints
    has_anchored: Bools
    unberth_row: Ints
    has_left: Bools


def _moments(
    table: Table, stays: StayTable, states: States, lies_on: Bools, is_open: Bools
) -> _Moments:
    """The first fix at anchor and the last in a berth of each call; its last row without one.

    At anchor is an hour or more in one place, all of it outside a berth: a ship that comes to a
    berth slowly lies, by the test of places, from some way before it. A call under way has left
    its berth once its last fix lies elsewhere; a place beside the berth's edge is not elsewhere.
    """
    outside = table.area != BERTH
    rests = lies_on.copy()
    rests[:-1] &= outside[:-1] & outside[1:]
    rests[-1:] = False
    change = np.diff(rests.astype(np.int8), prepend=np.int8(0))
    start, end = np.flatnonzero(change > 0), np.flatnonzero(change < 0)
    is_long = table.at[end] - table.at[start] - table.step_us[start] >= STOP_US
    start, end = start[is_long], end[is_long]
    # The first such rest that ends after the call's first fix, which may be in the midst of it.
    rest = np.searchsorted(end, stays.first, side="right")
    start = np.append(start, table.at.size)
    anchor_row = np.maximum(start[rest], stays.first)
    has_anchored = anchor_row <= stays.last

    in_berth = states.inside[states.is_moored | states.may_be_moored]
    has_berthed = stays.berths()
    before = np.searchsorted(in_berth, stays.last, side="right") - 1
    unberth_row = stays.last.copy()
    unberth_row[has_berthed] = in_berth[before[has_berthed]]
    ways = np.cumsum(np.append(np.zeros(1, dtype=np.bool_), ~lies_on[:-1]))
    is_elsewhere = (ways[stays.last] > ways[unberth_row]) & outside[stays.last]
    is_elsewhere &= table.area[stays.last] != LAND
    return _Moments(
        np.minimum(anchor_row, stays.last),
        has_anchored,
        unberth_row,
        has_berthed & (~is_open | is_elsewhere),
    )


def _two_places(table: Table) -> tuple[Ints, Ints]:
    """First and last rows of the stays in a berth that a ship sent in turns with another place."""
    is_credible = table.verdict < IMPLAUSIBLE
    rows = np.flatnonzero(~is_credible & (table.area == BERTH))
    if rows.size == 0:
        return rows, rows
    elsewhere = np.cumsum(is_credible)[rows]
    a, b = rows[:-1], rows[1:]
    starts = np.ones(rows.size, dtype=np.bool_)
    starts[1:] = (table.track[a] != table.track[b]) | (table.port[a] != table.port[b])
    starts[1:] |= table.at[b] - table.at[a] > OUT_AND_BACK_US
    starts[1:] |= ~table.is_within(STOP_RADIUS_M, a, b)
    first = np.flatnonzero(starts)
    last = np.append(first[1:], rows.size) - 1
    turns = np.diff(elsewhere, prepend=elsewhere[0]) > 0
    turns[first] = False
    shown = np.add.reduceat(turns, first) >= TWO_PLACES_TURNS
    shown &= table.at[rows[last]] - table.at[rows[first]] >= TWO_PLACES_US
    return rows[first[shown]], rows[last[shown]]


def _frame_of_two_places(
    table: Table, stays: tuple[Ints, Ints], names: npt.NDArray[np.str_]
) -> pd.DataFrame:
    """Calls of confidence 1, one a stay that was sent in turns with another place."""
    first, last = stays
    is_shown = (table.verdict == IMPLAUSIBLE) & (table.area == BERTH)
    counted = np.cumsum(is_shown)
    arrived_at, port_id = as_times(table.at[first]), names[table.port[first]]
    keys = zip(
        table.track[first].tolist(),
        port_id.tolist(),
        np.datetime_as_string(arrived_at).tolist(),
        strict=True,
    )
    never = np.full(first.size, np.datetime64("NaT", "us"))
    return pd.DataFrame(
        {
            "port_call_id": pd.array([_port_call_id(*key) for key in keys], dtype="str"),
            "track_id": table.track[first],
            "mmsi": table.mmsi[first],
            "port_id": pd.array(port_id, dtype="str"),
            "area_kind": pd.array(np.full(first.size, "berth"), dtype="str"),
            "arrived_after": never,
            "arrived_at": arrived_at,
            "anchored_at": never,
            "berthed_at": arrived_at,
            "unberthed_at": as_times(table.at[last]),
            "departed_at": as_times(table.at[last]),
            "departed_by": never,
            "fixes": counted[last] - counted[first] + 1,
            "longest_gap_h": _longest_gap_h(table, first, last),
            "outside_m": np.full(first.size, np.nan, dtype=np.float32),
            "lon": table.lon[first],
            "lat": table.lat[first],
            "confidence": np.ones(first.size, dtype=np.int8),
        },
        columns=pd.Index(COLUMNS),
    )


def _is_echo(doubled: pd.DataFrame, calls: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each stay in two places is a call of the same transmitter again, by another clock."""
    pairs = doubled.reset_index(names="row").merge(
        calls, on=["mmsi", "port_id"], suffixes=("", "_call")
    )
    slack = pd.Timedelta(CLOCK_LAG_US, unit="us")
    ends = pairs["departed_at_call"].fillna(pd.Timestamp.max - slack)
    meets = (pairs["arrived_at"] <= ends + slack) & (
        pairs["departed_at"] >= pairs["arrived_at_call"] - slack
    )
    return np.asarray(doubled.index.isin(pairs.loc[meets, "row"]))


def depends_on_reception(fixes: Fixes) -> npt.NDArray[np.int32]:
    """The ships whose calls may change without a new fix of theirs.

    Parameters
    ----------
    fixes : DataFrame or mapping of arrays
        As for `find_port_calls`.

    Returns
    -------
    numpy.ndarray of int32
        Sorted MMSIs of the ships that were last heard inside a limit, or silent there for more
        than `HEARD_SILENCE_H`: what is heard of others, and how far the data reach, decides
        whether such a call goes on.
    """
    table = _in_order(fixes)
    table = table.rows(table.verdict < IMPLAUSIBLE)
    inside = table.port >= 0
    is_last = np.ones(inside.size, dtype=np.bool_)
    is_last[:-1] = table.track[1:] != table.track[:-1]
    is_silent = np.zeros(inside.size, dtype=np.bool_)
    is_silent[:-1] = ~is_last[:-1] & (np.diff(table.at) > HEARD_SILENCE_H * HOUR_US)
    is_silent[:-1] &= table.port[1:] == table.port[:-1]
    return np.unique(table.mmsi[inside & (is_last | is_silent)])


def _in_order(fixes: Fixes) -> Table:
    """The fixes as a table in its total order; sorting is skipped where they are sorted."""
    table = Table(
        track=column(fixes, "track_id", np.int64),
        mmsi=column(fixes, "mmsi", np.int32),
        at=microseconds(fixes["reported_at"]),
        lon=column(fixes, "lon", np.float64),
        lat=column(fixes, "lat", np.float64),
        sog=column(fixes, "sog_kn", np.float32),
        port=column(fixes, "port", np.int16),
        area=column(fixes, "area", np.int8),
        is_shared=column(fixes, "is_shared_roads", np.bool_),
        verdict=column(fixes, "verdict", np.int8),
        error_m=error_m(fixes),
        step_us=step_us(fixes),
    )
    if _is_in_order(table):
        return table
    table = table.rows(np.lexsort((table.at, table.track)))
    # The few rows of one time are put in order by themselves. The speed comes last, so that
    # repeated rows that differ in it alone do not depend on their order in the input.
    is_tied = np.zeros(table.at.size + 1, dtype=np.bool_)
    is_tied[1:-1] = (table.track[1:] == table.track[:-1]) & (table.at[1:] == table.at[:-1])
    tied = np.flatnonzero(is_tied[1:] | is_tied[:-1])
    order = np.arange(table.at.size)
    tied_rows = table.rows(tied)
    order[tied] = tied[
        np.lexsort((tied_rows.sog, tied_rows.lat, tied_rows.lon, tied_rows.at, tied_rows.track))
    ]
    table = table.rows(order) if tied.size else table
    repeated = np.zeros(table.at.size, dtype=np.bool_)
    repeated[1:] = True
    for values in (table.track, table.at, table.lon, table.lat):
        repeated[1:] &= values[1:] == values[:-1]
    return table.rows(~repeated) if repeated.any() else table


def _is_in_order(table: Table) -> bool:
    """Whether the rows ascend strictly by track, time, lon and lat."""
    same = table.track[1:] == table.track[:-1]
    if np.any(table.track[1:] < table.track[:-1]) or np.any((table.at[1:] < table.at[:-1]) & same):
        return False
    tied = np.flatnonzero(same & (table.at[1:] == table.at[:-1]))
    lon_step = table.lon[tied + 1] - table.lon[tied]
    lat_step = table.lat[tied + 1] - table.lat[tied]
    return bool(np.all((lon_step > 0) | ((lon_step == 0) & (lat_step > 0))))


def _frame(
    table: Table,
    stays: StayTable,
    port_id: npt.NDArray[np.str_],
    is_open: Bools,
    moments: _Moments,
    confidence: npt.NDArray[np.int8],
) -> pd.DataFrame:
    """The table of calls from stays that each are one call."""
    at, first, last = table.at, stays.first, stays.last
    outside = fixes_outside(table, stays)
    berths = stays.berths()
    track = table.track[first]
    latest = at + table.step_us
    arrived_at = as_times(latest[first])
    berth_row = np.minimum(stays.berth_row, last)
    # Never before the ship had come, of which the first fix alone may give the latest moment.
    berthed = np.where(berths, latest[berth_row], 0)
    departed = np.maximum.reduce([at[last], latest[first], berthed])
    unberthed = np.maximum(at[moments.unberth_row], berthed)
    anchored = np.clip(latest[moments.anchor_row], latest[first], departed)
    keys = zip(
        track.tolist(), port_id.tolist(), np.datetime_as_string(arrived_at).tolist(), strict=True
    )
    frame = pd.DataFrame(
        {
            "port_call_id": pd.array([_port_call_id(*key) for key in keys], dtype="str"),
            "track_id": track,
            "mmsi": table.mmsi[first],
            "port_id": pd.array(port_id, dtype="str"),
            "area_kind": pd.array(np.where(berths, "berth", "anchorage"), dtype="str"),
            "arrived_after": as_times(at[outside.before], outside.is_before),
            "arrived_at": arrived_at,
            "anchored_at": as_times(anchored, moments.has_anchored),
            "berthed_at": as_times(latest[berth_row], berths),
            "unberthed_at": as_times(unberthed, moments.has_left),
            "departed_at": as_times(departed, ~is_open),
            "departed_by": as_times(
                latest[outside.after], outside.is_after & ~outside.saw_departure
            ),
            "fixes": stays.fixes,
            "longest_gap_h": _longest_gap_h(table, first, last),
            "outside_m": outside_distance_m(table, stays, outside),
            "lon": table.lon[np.where(berths, berth_row, first)],
            "lat": table.lat[np.where(berths, berth_row, first)],
            "confidence": confidence,
        },
        columns=pd.Index(COLUMNS),
    )
    return frame.iloc[np.lexsort((port_id, at[first], track))].reset_index(drop=True)


def _longest_gap_h(table: Table, first: Ints, last: Ints) -> npt.NDArray[np.float32]:
    """Hours of the longest silence between two credible fixes from `first` to `last`."""
    step = np.maximum(np.diff(table.at, append=table.at[-1:]) - table.step_us, 0)
    spans = np.column_stack((first, last)).ravel()
    longest = np.maximum.reduceat(step, spans)[::2] if spans.size else step[:0]
    return np.where(first == last, 0, longest / HOUR_US).astype(np.float32)


def _port_call_id(track_id: int, port_id: str, arrived_at: str) -> str:
    """The hash that names a call: 128 bits of blake2b of track, port and arrival."""
    key = f"{track_id}|{port_id}|{arrived_at}"
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
