"""Port calls from fixes: which ship lay in which port, from when to when, and how surely.

The way of the data, each step a function over whole columns:

    fixes -> sorted table -> state of each fix -> stays inside one limit -> calls

A *stay* is a row of credible fixes of one track inside one port's limit. Stays that belong
together (out and back, shared roads before a berth) become one call; those without a stop none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.earth import great_circle_m
from geo.fences import BERTH, LAND
from geo.plausibility import DISPUTED, IMPLAUSIBLE, Fixes, column, is_within, microseconds

_Ints: TypeAlias = npt.NDArray[np.int64]
_Floats: TypeAlias = npt.NDArray[np.float64]
_Bools: TypeAlias = npt.NDArray[np.bool_]

_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
_HOUR_US = 3_600 * _SECOND_US
_DAY_US = 24 * _HOUR_US
_M_PER_NM = 1852.0

STILL_KN = 0.5
"""A ship under way by less than this is still.

Global Fishing Watch lets a stop begin at 0.2 and end at 0.5 knots (anchorages_pipeline,
anchorage_cfg.yaml: stopped_begin_speed_knots, stopped_end_speed_knots). Here it bounds a mean over
an hour or more, which the swing about an anchor does not reach, so the upper value serves for both.
"""
UNDER_WAY_KN = 2.0
"""A ship that reports more than this is not still. Ships at anchor report up to about 1 knot."""
CONTRADICTED_SHARE = 0.25
"""A ship that made less than this share of the way that its speed would take, before and after a
fix, does not move at that speed: the field is stuck or wrong, and places outweigh it."""
STOP_US = _HOUR_US
"""Outside a berth a shorter stop is a pilot or a tug, not a call."""
STOP_RADIUS_M = STILL_KN * _M_PER_NM
"""The way of an hour at `STILL_KN`, 926 m: the swing of a large tanker's anchor fits in.

Global Fishing Watch's stationary periods stay within 0.5 km of their centre
(anchorage_cfg.yaml: stationary_period_max_distance_km), so within a like distance of each other.
"""
THIN_US = 2 * _HOUR_US
"""From fixes further apart one fix under way does not speak against a stop between them."""
MOORED_US = 10 * _MINUTE_US
"""How long a ship lies within `MOORED_NOISE_M` in a berth before place alone shows that it lies."""
MOORED_NOISE_M = 50.0
"""What position error and the way between bow and stern of a turning ship may add in a berth."""
PASSING_US = 5 * _MINUTE_US
"""How far a speed is measured to either side of a fix that says it is still."""
PASSING_WITHIN_US = 30 * _MINUTE_US
"""Fixes further away than this leave room for a stop between them and say nothing of passing."""
ROOM_KN = (8.0, 15.0)
"""A ship is taken to have come to a berth and gone at the median of its speeds under way, within
these bounds: a small coaster's, and the service speed of a tanker, which stands where none is
known.
"""
SAILING_KN = 5.0
"""Reports above this are of a ship on passage; those below of one that manoeuvres or swings."""
ROOM_US = _HOUR_US
"""The time that must remain for a single still fix to stand for a stop."""

OUT_AND_BACK_US = 12 * _HOUR_US
"""Out of the limit and back within this is one call, if no other port was called at between."""
SEEN_WITHIN_US = 6 * _HOUR_US
"""An arrival or departure is seen if the fixes on its two sides are at most this far apart.

The hearing window of `coverage`. Global Fishing Watch takes 4 hours for a gap
(min_gap_minutes = 240), too short for satellites that pass every six.
"""
SILENCE_US = 21 * _DAY_US
"""A silence longer than this ends a call."""
HEARD_SILENCE_H = 168
"""A silence that holds this many hours in which the port was heard ends a call: seven days. Not
where the next fix shows the ship still in the very spot: a storage tanker is heard seldom."""
SAME_BERTH_M = 150.0
"""In a berth the very spot is that of the antenna; elsewhere it is `STOP_RADIUS_M`."""

TWO_PLACES_US = 12 * _HOUR_US
TWO_PLACES_TURNS = 3
"""A ship that sends from a berth for so long, and in turns with another place at least so often,
may be loading while it pretends to be elsewhere: shown, contested. Shorter stays are interference,
and so are those in which the ship is heard from the berth alone."""
CLOCK_US = 13 * _HOUR_US
"""A wrong clock repeats a call within the width of all time zones, as in `geo.plausibility`."""

COLUMNS = (
    "port_call_id",
    "track_id",
    "mmsi",
    "port_id",
    "area_kind",
    "arrived_after",
    "arrived_at",
    "berthed_at",
    "departed_at",
    "departed_by",
    "fixes",
    "longest_gap_h",
    "outside_m",
    "lon",
    "lat",
    "confidence",
)


class _Table(NamedTuple):
    """Fixes in their total order (track, time, place), without repetitions."""

    track: _Ints
    mmsi: npt.NDArray[np.int32]
    at: _Ints
    lon: _Floats
    lat: _Floats
    sog: npt.NDArray[np.float32]
    port: npt.NDArray[np.int16]
    area: npt.NDArray[np.int8]
    is_shared: _Bools
    verdict: npt.NDArray[np.int8]

    def rows(self, which: Any) -> _Table:
        """The rows of a mask or of an array of indices."""
        return _Table(*(values[which] for values in self))

    def is_within(self, metres: npt.ArrayLike, a: _Ints, b: _Ints) -> _Bools:
        """Whether the fixes in rows `a` are at most so far from those in rows `b`."""
        return is_within(self.lon[a], self.lat[a], self.lon[b], self.lat[b], metres)


class _States(NamedTuple):
    """What each fix inside a limit shows of a stop. All arrays have one length."""

    inside: _Ints  # rows of the table
    lies: _Bools  # part of an hour or more in one place
    is_moored: _Bools  # still, in a berth
    may_be_moored: _Bools  # in a berth, with nothing that tells its speed


class _Stays(NamedTuple):
    """One row a stay. Sorted by `first`, which is by track and time."""

    port: _Ints
    first: _Ints  # rows of the table
    last: _Ints
    fixes: _Ints
    lying: _Ints  # fixes that are part of a stop of an hour
    moored: _Ints
    maybe_moored: _Ints
    in_roads: _Ints  # of the fixes that show a stop, those in shared roads
    disputed: _Ints
    berth_row: _Ints  # first row that is or may be moored, the table's size if there is none

    def stops(self) -> _Bools:
        """Whether the stay holds a stop."""
        return (self.lying + self.moored + self.maybe_moored) > 0

    def berths(self) -> _Bools:
        """Whether the stop is in a berth."""
        return (self.moored + self.maybe_moored) > 0


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
        is_shared_roads (bool). Repeated rows count once.
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
        that was not seen; NaT where the ship was not heard outside in between. berthed_at: NaT if
        no fix shows the ship in a berth. departed_at: NaT while the call is under way.
        longest_gap_h: hours between two credible fixes in the call, 0 for a single fix.
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
    everything = _in_order(fixes)
    table, credible = everything, everything.verdict < IMPLAUSIBLE
    # Implausible fixes up to each credible one.
    passed_over = np.cumsum(~credible, dtype=np.int64)[credible]
    table = table.rows(credible) if passed_over.size < credible.size else table
    is_disputed = table.verdict == DISPUTED

    is_split = _splits(table, heard)
    clock = _Clock(table)
    lies_on = _lies_on(table, is_split, clock)
    table = _settled(table, lies_on)
    states = _states(table, is_split, lies_on, clock)
    stays = _merged(table, _stays(table, states, is_split, is_disputed))
    stays = _rows(stays, stays.stops())
    stays = _merged(table, _with_roads(table, stays, serves, len(port_ids)))
    end_us = microseconds(np.asarray(data_end, dtype="datetime64[us]"))
    is_open = _is_open(table, stays, heard, end_us)
    confidence = _confidence(table, stays, passed_over)
    names = np.asarray(port_ids, dtype=np.str_)
    calls = _frame(table, stays, names[stays.port], is_open, confidence)
    doubled = _frame_of_two_places(everything, _two_places(everything), names)
    if doubled.empty:
        return calls
    doubled = doubled[~_is_echo(doubled, calls)]
    calls = pd.concat([calls, doubled], ignore_index=True)
    return calls.sort_values(["track_id", "arrived_at", "port_id"], ignore_index=True)


def _two_places(table: _Table) -> tuple[_Ints, _Ints]:
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
    table: _Table, stays: tuple[_Ints, _Ints], names: npt.NDArray[np.str_]
) -> pd.DataFrame:
    """Calls of confidence 1, one a stay that was sent in turns with another place."""
    first, last = stays
    is_shown = (table.verdict == IMPLAUSIBLE) & (table.area == BERTH)
    counted = np.cumsum(is_shown)
    arrived_at, port_id = _times(table.at[first]), names[table.port[first]]
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
            "berthed_at": arrived_at,
            "departed_at": _times(table.at[last]),
            "departed_by": never,
            "fixes": counted[last] - counted[first] + 1,
            "longest_gap_h": _longest_gap_h(table.at, first, last),
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
    slack = pd.Timedelta(CLOCK_US, unit="us")
    ends = pairs["departed_at_call"].fillna(pd.Timestamp.max - slack)
    meets = (pairs["arrived_at"] <= ends + slack) & (
        pairs["departed_at"] >= pairs["arrived_at_call"] - slack
    )
    return np.asarray(doubled.index.isin(pairs.loc[meets, "row"]))


def hangs_on_hearing(fixes: Fixes) -> npt.NDArray[np.int32]:
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
    is_silent[:-1] = ~is_last[:-1] & (np.diff(table.at) > HEARD_SILENCE_H * _HOUR_US)
    is_silent[:-1] &= table.port[1:] == table.port[:-1]
    return np.unique(table.mmsi[inside & (is_last | is_silent)])


def _in_order(fixes: Fixes) -> _Table:
    """The fixes as a table in its total order; sorting is skipped where they are sorted."""
    table = _Table(
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
    )
    if _is_in_order(table):
        return table
    table = table.rows(np.lexsort((table.at, table.track)))
    # The few rows of one time are put in order by themselves. The speed comes last, so that
    # repeated rows that differ in it alone do not hang on their order in the input.
    is_tied = np.zeros(table.at.size + 1, dtype=np.bool_)
    is_tied[1:-1] = (table.track[1:] == table.track[:-1]) & (table.at[1:] == table.at[:-1])
    tied = np.flatnonzero(is_tied[1:] | is_tied[:-1])
    order = np.arange(table.at.size)
    some = table.rows(tied)
    order[tied] = tied[np.lexsort((some.sog, some.lat, some.lon, some.at, some.track))]
    table = table.rows(order) if tied.size else table
    repeated = np.zeros(table.at.size, dtype=np.bool_)
    repeated[1:] = True
    for values in (table.track, table.at, table.lon, table.lat):
        repeated[1:] &= values[1:] == values[:-1]
    return table.rows(~repeated) if repeated.any() else table


def _is_in_order(table: _Table) -> bool:
    """Whether the rows ascend strictly by track, time, lon and lat."""
    same = table.track[1:] == table.track[:-1]
    if np.any(table.track[1:] < table.track[:-1]) or np.any((table.at[1:] < table.at[:-1]) & same):
        return False
    tied = np.flatnonzero(same & (table.at[1:] == table.at[:-1]))
    lon_step = table.lon[tied + 1] - table.lon[tied]
    lat_step = table.lat[tied + 1] - table.lat[tied]
    return bool(np.all((lon_step > 0) | ((lon_step == 0) & (lat_step > 0))))


def _splits(table: _Table, heard: Mapping[int, npt.NDArray[np.int64]]) -> _Bools:
    """Whether the silence before each fix ended whatever call there was in its port."""
    is_split = np.zeros(table.at.size, dtype=np.bool_)
    is_split[1:] = table.at[1:] - table.at[:-1] > HEARD_SILENCE_H * _HOUR_US
    rows = np.flatnonzero(is_split & (table.port >= 0))
    rows = rows[
        (table.track[rows] == table.track[rows - 1]) & (table.port[rows] == table.port[rows - 1])
    ]
    is_split[:] = False
    is_split[rows] = _ends_call(table.port[rows], table.at[rows - 1], table.at[rows], heard)
    in_berth = (table.area[rows] == BERTH) & (table.area[rows - 1] == BERTH)
    spot_m = np.where(in_berth, SAME_BERTH_M, STOP_RADIUS_M)
    is_there = table.is_within(spot_m, rows - 1, rows)
    is_there &= table.at[rows] - table.at[rows - 1] <= SILENCE_US
    is_split[rows[is_there]] = False
    return is_split


def _ends_call(
    port: npt.NDArray[np.int16],
    start: _Ints,
    end: _Ints,
    heard: Mapping[int, npt.NDArray[np.int64]],
) -> _Bools:
    """Whether silences from `start` to `end` (microseconds) at ports end the calls there."""
    ended = end - start > SILENCE_US
    first_hour = -(-start // _HOUR_US)  # whole hours within the silence
    end_hour = end // _HOUR_US
    for one in np.unique(port):
        at = np.flatnonzero(port == one)
        hours = heard.get(int(one), np.empty(0, dtype=np.int64))
        listened = np.searchsorted(hours, end_hour[at]) - np.searchsorted(hours, first_hour[at])
        ended[at] |= listened >= HEARD_SILENCE_H
    return ended


class _Clock:
    """Finds the first fix of a track at least so long after a given one, or the last before."""

    def __init__(self, table: _Table) -> None:
        self._track = table.track
        # Steps longer than any window asked for, and those between tracks, count as one such, so
        # that one ascending clock serves all tracks and whole years fit.
        step = np.full(table.at.size, THIN_US, dtype=np.int64)
        same = table.track[1:] == table.track[:-1]
        step[1:][same] = np.minimum(np.diff(table.at)[same], THIN_US)
        self._time = np.cumsum(step)

    def later(self, rows: _Ints, window_us: int) -> tuple[_Ints, _Bools]:
        """Rows of the first fixes at least `window_us` later, and whether there is one."""
        found = np.searchsorted(self._time, self._time[rows] + window_us)
        known = found < self._time.size
        found[~known] = rows[~known]
        known &= self._track[found] == self._track[rows]
        return found, known

    def earlier(self, rows: _Ints, window_us: int) -> tuple[_Ints, _Bools]:
        """Rows of the last fixes at least `window_us` earlier, and whether there is one."""
        found = np.searchsorted(self._time, self._time[rows] - window_us, side="right") - 1
        known = found >= 0
        found[~known] = rows[~known]
        known &= self._track[found] == self._track[rows]
        return found, known


def _under_way(table: _Table, rows: _Ints, clock: _Clock) -> _Bools:
    """Whether the fixes report that they move; False where the speed is unknown or contradicted.

    A speed is contradicted by places that hardly change both before and after.
    """
    moves: _Bools = np.asarray(table.sog[rows] > UNDER_WAY_KN)
    told = rows[moves]
    stays = np.ones(told.size, dtype=np.bool_)
    for found, known in (clock.earlier(told, MOORED_US), clock.later(told, MOORED_US)):
        elapsed_us = np.abs(table.at[found] - table.at[told])
        way_m = table.sog[told] * _M_PER_NM * elapsed_us / _HOUR_US
        stays &= known & (elapsed_us <= THIN_US)
        stays &= table.is_within(CONTRADICTED_SHARE * way_m, told, found)
    moves[np.flatnonzero(moves)[stays]] = False
    return moves


def _lies_on(table: _Table, is_split: _Bools, clock: _Clock) -> _Bools:
    """Whether the ship lay in one place from each fix to the next, as part of an hour or more.

    The test is made on places: from a fix to the first one an hour later, with one half-way. What
    a fix says of its own speed only bars a stop, since a speed of 0 is also what is sent when
    nothing is known.
    """
    start = np.flatnonzero(table.port >= 0)
    end, known = clock.later(start, STOP_US)
    known &= (table.port[end] >= 0) & ~is_split[end]
    known &= (table.area[start] != LAND) & (table.area[end] != LAND)
    start, end = start[known], end[known]
    elapsed_h = (table.at[end] - table.at[start]) / _HOUR_US
    middle = clock.later(start, STOP_US // 2)[0]
    near = table.is_within(STOP_RADIUS_M, start, end)
    near &= table.is_within(STOP_RADIUS_M, start, middle)
    start_moves, end_moves = _under_way(table, start, clock), _under_way(table, end, clock)
    is_thin = table.at[end] - table.at[start] >= THIN_US
    barred = np.where(is_thin, start_moves & end_moves, start_moves | end_moves)
    # Two fixes with a silence between them show a stop too if the mean speed is that of a still
    # ship and one of them says that it is still: it shifted its place in the meantime.
    still = (table.sog[start] <= STILL_KN) | (table.sog[end] <= STILL_KN)
    shifted = (end == start + 1) & (table.port[start] == table.port[end]) & still
    shifted &= ~(start_moves | end_moves)
    shifted &= table.is_within(STILL_KN * _M_PER_NM * elapsed_h, start, end)
    shows = (near & ~barred) | shifted
    # The ship lies wherever at least one such hour is under way.
    change = np.bincount(start[shows], minlength=table.at.size)
    change -= np.bincount(end[shows], minlength=table.at.size)
    return np.asarray(np.cumsum(change) > 0)


def _settled(table: _Table, lies_on: _Bools) -> _Table:
    """The table with one port for each stop that lies across the border of two limits.

    A ship at anchor there swings from the one into the other. Its stop is given to the port in
    whose innermost area it was first; fixes in a berth keep their own.
    """
    crosses = np.flatnonzero(lies_on[:-1] & (table.port[1:] != table.port[:-1]))
    if crosses.size == 0:
        return table
    lies = lies_on.copy()
    lies[1:] |= lies_on[:-1]
    starts = lies.copy()
    starts[1:] &= ~lies_on[:-1]
    stop = np.cumsum(starts)
    rows = np.flatnonzero(lies & np.isin(stop, stop[crosses]) & (table.port >= 0))
    rows = rows[np.lexsort((rows, -table.area[rows], stop[rows]))]
    is_first = np.diff(stop[rows], prepend=-1) > 0
    chosen = table.port[rows[is_first]][np.cumsum(is_first) - 1]
    moves = (table.port[rows] != chosen) & (table.area[rows] < BERTH)
    port, is_shared = table.port.copy(), table.is_shared.copy()
    port[rows[moves]] = chosen[moves]
    is_shared[rows[moves]] = False
    return table._replace(port=port, is_shared=is_shared)


def _states(table: _Table, is_split: _Bools, lies_on: _Bools, clock: _Clock) -> _States:
    """What each fix inside a limit shows of a stop."""
    inside = np.flatnonzero(table.port >= 0)
    lies = lies_on[inside] | (lies_on[inside - 1] & (inside > 0))
    in_berth = np.flatnonzero(table.area[inside] == BERTH)
    is_moored = np.zeros(inside.size, dtype=np.bool_)
    may_be_moored = np.zeros(inside.size, dtype=np.bool_)
    berth_rows = inside[in_berth]
    is_moored[in_berth], may_be_moored[in_berth] = _moored(table, berth_rows, is_split, clock)
    is_moored[in_berth] |= lies[in_berth]
    may_be_moored &= ~is_moored
    return _States(inside, lies, is_moored, may_be_moored)


def _moored(table: _Table, rows: _Ints, is_split: _Bools, clock: _Clock) -> tuple[_Bools, _Bools]:
    """Whether each fix in a berth shows the ship still, and whether it leaves it open.

    Still is what keeps its place for `MOORED_US`, or says that it is still where the fixes to
    both sides do not speak against it. A fix without a speed leaves it open.
    """
    later, known = clock.later(rows, MOORED_US)
    known &= (table.area[later] == BERTH) & ~is_split[later]
    known &= ~(_under_way(table, rows, clock) | _under_way(table, later, clock))
    way_m = STILL_KN * _M_PER_NM * (table.at[later] - table.at[rows]) / _HOUR_US
    allowed_m = np.minimum(way_m, STOP_RADIUS_M) + MOORED_NOISE_M
    is_moored = known & table.is_within(allowed_m, rows, later)
    is_moored[np.isin(rows, later[is_moored])] = True
    may_be_moored = np.zeros(rows.size, dtype=np.bool_)
    left = np.flatnonzero(~is_moored)
    left = left[~_passes(table, rows[left], clock)]
    is_moored[left] = table.sog[rows[left]] <= STILL_KN
    may_be_moored[left] = np.isnan(table.sog[rows[left]])
    return is_moored, may_be_moored


def _passes(table: _Table, rows: _Ints, clock: _Clock) -> _Bools:
    """Whether the fixes to both sides show the ship under way, whatever it says of its speed."""
    passes = np.ones(rows.size, dtype=np.bool_)
    for found, known in (clock.earlier(rows, PASSING_US), clock.later(rows, PASSING_US)):
        elapsed = np.abs(table.at[found] - table.at[rows])
        way_m = UNDER_WAY_KN * _M_PER_NM * elapsed / _HOUR_US
        passes &= known & (elapsed <= PASSING_WITHIN_US)
        passes &= ~table.is_within(way_m, rows, found)
    return passes


def _stays(table: _Table, states: _States, is_split: _Bools, is_disputed: _Bools) -> _Stays:
    """Rows of credible fixes of one track in one limit, without a silence that ends a call."""
    inside = states.inside
    track, port = table.track[inside], table.port[inside]
    starts = is_split[inside]
    starts[:1] = True
    starts[1:] |= np.diff(inside) > 1
    starts[1:] |= (track[1:] != track[:-1]) | (port[1:] != port[:-1])
    first = np.flatnonzero(starts)
    last = np.append(first[1:], inside.size)[: first.size] - 1
    stops = states.lies | states.is_moored | states.may_be_moored

    def count(flags: _Bools) -> _Ints:
        return np.add.reduceat(flags, first, dtype=np.int64)

    berth_row = np.where(states.is_moored | states.may_be_moored, inside, table.at.size)
    return _Stays(
        port=port[first].astype(np.int64),
        first=inside[first],
        last=inside[last],
        fixes=last - first + 1,
        lying=count(states.lies),
        moored=count(states.is_moored),
        maybe_moored=count(states.may_be_moored),
        in_roads=count(stops & table.is_shared[inside]),
        disputed=count(is_disputed[inside]),
        berth_row=np.minimum.reduceat(berth_row, first),
    )


def _rows(stays: _Stays, which: Any) -> _Stays:
    """The stays of a mask or of an array of indices."""
    return _Stays(*(values[which] for values in stays))


def _time_out(table: _Table, last: _Ints, first: _Ints) -> _Ints:
    """Microseconds outside between the last fix of a stay and the first of a later one.

    The border is taken to be crossed half-way between the fixes on its two sides: from fixes six
    hours apart, the time from inside to inside would be half a day too long. Where no fix is
    outside, the silence counts whole.
    """
    at = table.at
    inside_to_inside = at[first] - at[last]
    outside_to_outside = at[np.maximum(first - 1, 0)] - at[np.minimum(last + 1, at.size - 1)]
    return (
        inside_to_inside + np.where(first - last > 1, outside_to_outside, inside_to_inside)
    ) // 2


def _merged(table: _Table, stays: _Stays) -> _Stays:
    """Stays of one port out and back in time, without a stop elsewhere in between, made one.

    Sailing through another port's limit is no call there, so it does not part them.
    """
    track = table.track[stays.first]
    stopped: _Ints = np.cumsum(stays.stops(), dtype=np.int64)
    before: _Ints = stopped - stays.stops()
    order = np.lexsort((stays.first, stays.port, track))
    a, b = order[:-1], order[1:]
    starts = np.ones(order.size, dtype=np.bool_)
    starts[1:] = (
        (track[a] != track[b])
        | (stays.port[a] != stays.port[b])
        | (_time_out(table, stays.last[a], stays.first[b]) > OUT_AND_BACK_US)
        | (before[b] > stopped[a])
    )
    first = np.flatnonzero(starts)
    last = np.append(first[1:], order.size)[: first.size] - 1
    by_port = _rows(stays, order)

    def total(values: _Ints) -> _Ints:
        return np.add.reduceat(values, first, dtype=np.int64)

    merged = _Stays(
        port=by_port.port[first],
        first=by_port.first[first],
        last=by_port.last[last],
        fixes=total(by_port.fixes),
        lying=total(by_port.lying),
        moored=total(by_port.moored),
        maybe_moored=total(by_port.maybe_moored),
        in_roads=total(by_port.in_roads),
        disputed=total(by_port.disputed),
        berth_row=np.minimum.reduceat(by_port.berth_row, first),
    )
    return _rows(merged, np.argsort(merged.first, kind="stable"))


def _with_roads(
    table: _Table, stays: _Stays, serves: Mapping[int, Collection[int]], ports: int
) -> _Stays:
    """Stops in shared roads given to the port where the ship berths next, else to the last one.

    Both within `OUT_AND_BACK_US` and without a stop elsewhere in between, as if the roads were
    the port's own: there, waiting before and after a berth is one call with it. A ship that only
    anchors keeps the roads' own port. Only the port changes; merging does the rest.
    """
    served = np.zeros((ports, ports), dtype=np.bool_)
    for owner, others in serves.items():
        served[owner, list(others)] = True
    track = table.track[stays.first]
    close = track[1:] == track[:-1]
    close &= _time_out(table, stays.last[:-1], stays.first[1:]) <= OUT_AND_BACK_US
    waits = ~stays.berths() & (stays.in_roads == stays.lying)
    port = stays.port.copy()
    is_placed = stays.berths()
    for here, other in ((slice(None, -1), slice(1, None)), (slice(1, None), slice(None, -1))):
        while True:  # once for each stay in a row of shared roads
            taken = close & waits[here] & ~is_placed[here] & is_placed[other]
            taken &= served[stays.port[here], port[other]]
            if not taken.any():
                break
            port[here] = np.where(taken, port[other], port[here])
            is_placed[here] |= taken
    return stays._replace(port=port)


def _is_open(
    table: _Table, stays: _Stays, heard: Mapping[int, npt.NDArray[np.int64]], end_us: _Ints
) -> _Bools:
    """Whether each call is under way: nothing heard since, and not silent for too long."""
    at, port = table.at[stays.last], table.port[stays.last]
    ended = _ends_call(port, at, np.broadcast_to(end_us, at.shape), heard)
    return ~(_neighbour(table.track, stays.last, 1)[1] | ended)


class _Outside(NamedTuple):
    """The fixes just outside each call, or the call's own where there is none."""

    before: _Ints
    after: _Ints
    is_before: _Bools
    is_after: _Bools
    saw_arrival: _Bools
    saw_departure: _Bools


def _outside(table: _Table, stays: _Stays) -> _Outside:
    """The credible fixes before and after each call, where they are outside its limit.

    After a silence that ended a call the fix just before is inside: then there is none.
    """
    first, last = stays.first, stays.last
    before, is_before = _neighbour(table.track, first, -1)
    after, is_after = _neighbour(table.track, last, 1)
    is_before &= table.port[before] != table.port[first]
    is_after &= table.port[after] != table.port[last]
    return _Outside(
        before,
        after,
        is_before,
        is_after,
        saw_arrival=is_before
        & (table.at[first] - table.at[before] <= SEEN_WITHIN_US)
        & (table.verdict[before] != DISPUTED),
        saw_departure=is_after
        & (table.at[after] - table.at[last] <= SEEN_WITHIN_US)
        & (table.verdict[after] != DISPUTED),
    )


def _confidence(table: _Table, stays: _Stays, passed_over: _Ints) -> npt.NDArray[np.int8]:
    """How sure each call is, 1 to 4, after Global Fishing Watch's port visits.

    There: 4 for entry, stop and exit, 3 without one of the two, 2 for a stop alone
    (pipe_anchorages/transforms/create_port_visits.py, compute_confidence).
    """
    first, last = stays.first, stays.last
    outside = _outside(table, stays)
    confidence = 2 + outside.saw_arrival.astype(np.int8) + outside.saw_departure
    no_hour = stays.lying == 0
    one_fix = no_hour & (stays.moored == 1)
    has_room = _has_room(table, np.minimum(stays.berth_row, last)[one_fix])
    confidence[one_fix] = np.where(has_room, 2, 1)
    # Interference: a jump nobody can explain at a fix of the call makes it contested. More
    # implausible fixes than credible ones, from the fix before the call to the one after, make it
    # less sure, since arrival and departure may be jammed too.
    before, after = _neighbour(table.track, first, -1)[0], _neighbour(table.track, last, 1)[0]
    jammed = passed_over[after] - passed_over[before] > last - first + 1
    unknown = no_hour & (stays.moored == 0)
    confidence[jammed & (confidence > 2)] -= 1
    confidence[unknown | (stays.disputed > 0)] = 1
    return confidence.astype(np.int8)


def _frame(
    table: _Table,
    stays: _Stays,
    port_id: npt.NDArray[np.str_],
    is_open: _Bools,
    confidence: npt.NDArray[np.int8],
) -> pd.DataFrame:
    """The table of calls from stays that each are one call."""
    at, first, last = table.at, stays.first, stays.last
    outside = _outside(table, stays)
    berths = stays.berths()
    track = table.track[first]
    arrived_at = _times(at[first])
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
            "arrived_after": _times(at[outside.before], outside.is_before),
            "arrived_at": arrived_at,
            "berthed_at": _times(at[np.minimum(stays.berth_row, last)], berths),
            "departed_at": _times(at[last], ~is_open),
            "departed_by": _times(at[outside.after], outside.is_after & ~outside.saw_departure),
            "fixes": stays.fixes,
            "longest_gap_h": _longest_gap_h(at, first, last),
            "outside_m": _outside_m(table, stays, outside),
            "lon": table.lon[np.where(berths, np.minimum(stays.berth_row, last), first)],
            "lat": table.lat[np.where(berths, np.minimum(stays.berth_row, last), first)],
            "confidence": confidence,
        },
        columns=pd.Index(COLUMNS),
    )
    return frame.iloc[np.lexsort((port_id, at[first], track))].reset_index(drop=True)


def _neighbour(track: _Ints, rows: _Ints, step: int) -> tuple[_Ints, _Bools]:
    """The row one step on in the same track (else the row itself), and whether there is one."""
    found = np.clip(rows + step, 0, max(track.size - 1, 0))
    known = (found != rows) & (track[found] == track[rows])
    return np.where(known, found, rows), known


def _has_room(table: _Table, rows: _Ints) -> _Bools:
    """Whether the fixes before and after leave time to come, stop and go.

    True at the ends of a track.
    """
    before, is_before = _neighbour(table.track, rows, -1)
    after, is_after = _neighbour(table.track, rows, 1)
    lon, lat = table.lon, table.lat
    way_m = great_circle_m(lon[before], lat[before], lon[rows], lat[rows])
    way_m += great_circle_m(lon[rows], lat[rows], lon[after], lat[after])
    sailing_us = way_m / (_usual_kn(table, rows) * _M_PER_NM) * _HOUR_US
    room_us = table.at[after] - table.at[before] - sailing_us
    return np.asarray((room_us >= ROOM_US) | ~is_before | ~is_after)


def _usual_kn(table: _Table, rows: _Ints) -> _Floats:
    """The median speed under way of the track of each row, within `ROOM_KN`."""
    tracks = np.unique(table.track[rows])
    sails = np.flatnonzero((table.sog > SAILING_KN) & np.isin(table.track, tracks))
    usual = pd.Series(table.sog[sails], dtype=np.float64).groupby(table.track[sails]).median()
    found = usual.reindex(table.track[rows]).fillna(ROOM_KN[1]).to_numpy()
    return np.asarray(np.clip(found, *ROOM_KN))


def _longest_gap_h(at: _Ints, first: _Ints, last: _Ints) -> npt.NDArray[np.float32]:
    """Hours of the longest silence between two credible fixes from `first` to `last`."""
    step = np.diff(at, append=at[-1:])
    spans = np.column_stack((first, last)).ravel()
    longest = np.maximum.reduceat(step, spans)[::2] if spans.size else step[:0]
    return np.where(first == last, 0, longest / _HOUR_US).astype(np.float32)


def _outside_m(table: _Table, stays: _Stays, outside: _Outside) -> npt.NDArray[np.float32]:
    """Metres between the fixes on the two sides of the limit, at the nearer of both ends."""
    lon, lat = table.lon, table.lat
    sides = (
        (outside.before, stays.first, outside.is_before),
        (outside.after, stays.last, outside.is_after),
    )
    ways = [
        np.where(known, great_circle_m(lon[a], lat[a], lon[b], lat[b]), np.inf)
        for a, b, known in sides
    ]
    nearer = np.minimum(*ways)
    return np.where(np.isinf(nearer), np.nan, nearer).astype(np.float32)


def _times(microseconds_: _Ints, known: _Bools | None = None) -> npt.NDArray[np.datetime64]:
    """Microseconds as times, NaT where not known."""
    times = microseconds_.view("datetime64[us]")
    return times if known is None else np.where(known, times, np.datetime64("NaT", "us"))


def _port_call_id(track_id: int, port_id: str, arrived_at: str) -> str:
    """The hash that names a call: 128 bits of blake2b of track, port and arrival."""
    key = f"{track_id}|{port_id}|{arrived_at}"
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
