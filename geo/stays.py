"""Stays inside a port's limits: where a ship lay, and what is one stay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from flows.home.rules import rule
from geo.earth import M_PER_NM
from geo.fences import BERTH, LAND
from geo.tracks import is_within

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
HOUR_US = 3_600 * _SECOND_US
_DAY_US = 24 * HOUR_US

STILL_KN = rule("still_kn")
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
STOP_US = int(rule("stop_h") * HOUR_US)
"""Outside a berth a shorter stop is a pilot or a tug, not a call."""
STOP_RADIUS_M = STILL_KN * M_PER_NM
"""The way of an hour at `STILL_KN`, 926 m: the swing of a large tanker's anchor fits in.

Global Fishing Watch's stationary periods stay within 0.5 km of their centre
(anchorage_cfg.yaml: stationary_period_max_distance_km), so within a like distance of each other.
"""
THIN_US = 2 * HOUR_US
"""From fixes further apart one fix under way does not speak against a stop between them."""
MOORED_US = 10 * _MINUTE_US
"""How long a ship lies within `MOORED_NOISE_M` in a berth before place alone shows that it lies."""
MOORED_NOISE_M = 50.0
"""What position error and the way between bow and stern of a turning ship may add in a berth."""
PASSING_US = 5 * _MINUTE_US
"""How far a speed is measured to either side of a fix that says it is still."""
PASSING_WITHIN_US = 30 * _MINUTE_US
"""Fixes further away than this leave room for a stop between them and say nothing of passing."""

OUT_AND_BACK_US = int(rule("out_and_back_h") * HOUR_US)
"""Out of the limit and back within this is one call, if no other port was called at between."""
SILENCE_US = int(rule("silence_days") * _DAY_US)
"""A silence longer than this ends a call."""
HEARD_SILENCE_H = int(rule("heard_silence_h"))
"""A silence that holds this many hours in which the port was heard ends a call: seven days. Not
where the next fix shows the ship still in the very spot: a storage tanker is heard seldom."""
SAME_BERTH_M = rule("same_berth_m")
"""In a berth the very spot is that of the antenna; elsewhere it is `STOP_RADIUS_M`."""


class Table(NamedTuple):
    """Fixes in their total order (track, time, place), without repetitions."""

    track: Ints
    mmsi: npt.NDArray[np.int32]
    at: Ints
    lon: Floats
    lat: Floats
    sog: npt.NDArray[np.float32]
    port: npt.NDArray[np.int16]
    area: npt.NDArray[np.int8]
    is_shared: Bools
    verdict: npt.NDArray[np.int8]
    error_m: Floats  # how far off the place may be, beyond a receiver's error; see geo.exactness
    step_us: Ints  # how much later the fix may have been made

    def rows(self, which: Any) -> Table:
        """The rows of a mask or of an array of indices."""
        return Table(*(values[which] for values in self))

    def is_within(self, metres: npt.ArrayLike, a: Ints, b: Ints) -> Bools:
        """Whether the fixes in rows `a` may be at most so far from those in rows `b`."""
        near_m = np.asarray(metres) + self.error_m[a] + self.error_m[b]
        return is_within(self.lon[a], self.lat[a], self.lon[b], self.lat[b], near_m)


class States(NamedTuple):
    """What each fix inside a limit shows of a stop. All arrays have one length."""

    inside: Ints  # rows of the table
    lies: Bools  # part of an hour or more in one place
    is_moored: Bools  # still, in a berth
    may_be_moored: Bools  # in a berth, with nothing that tells its speed


class StayTable(NamedTuple):
    """One row a stay. Sorted by `first`, which is by track and time."""

    port: Ints
    first: Ints  # rows of the table
    last: Ints
    fixes: Ints
    lying: Ints  # fixes that are part of a stop of an hour
    moored: Ints
    maybe_moored: Ints
    in_roads: Ints  # of the fixes that show a stop, those in shared roads
    disputed: Ints
    berth_row: Ints  # first row that is or may be moored, the table's size if there is none

    def stops(self) -> Bools:
        """Whether the stay holds a stop."""
        return (self.lying + self.moored + self.maybe_moored) > 0

    def berths(self) -> Bools:
        """Whether the stop is in a berth."""
        return (self.moored + self.maybe_moored) > 0


def splits(table: Table, heard: Mapping[int, npt.NDArray[np.int64]]) -> Bools:
    """Whether the silence before each fix ended whatever call there was in its port."""
    is_split = np.zeros(table.at.size, dtype=np.bool_)
    is_split[1:] = table.at[1:] - table.at[:-1] > HEARD_SILENCE_H * HOUR_US
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
    start: Ints,
    end: Ints,
    heard: Mapping[int, npt.NDArray[np.int64]],
) -> Bools:
    """Whether silences from `start` to `end` (microseconds) at ports end the calls there."""
    ended = end - start > SILENCE_US
    first_hour = -(-start // HOUR_US)  # whole hours within the silence
    end_hour = end // HOUR_US
    for port_row in np.unique(port):
        at = np.flatnonzero(port == port_row)
        hours = heard.get(int(port_row), np.empty(0, dtype=np.int64))
        listened = np.searchsorted(hours, end_hour[at]) - np.searchsorted(hours, first_hour[at])
        ended[at] |= listened >= HEARD_SILENCE_H
    return ended


class Clock:
    """Finds the first fix of a track at least so long after a given one, or the last before."""

    def __init__(self, table: Table) -> None:
        self._track, self._step_us = table.track, table.step_us
        # Steps longer than any window asked for, and those between tracks, count as one such, so
        # that one ascending clock serves all tracks and whole years fit.
        longest_us = THIN_US + int(table.step_us.max(initial=0))
        step = np.full(table.at.size, longest_us, dtype=np.int64)
        same = table.track[1:] == table.track[:-1]
        step[1:][same] = np.minimum(np.diff(table.at)[same], longest_us)
        self._time = np.cumsum(step)

    def later(self, rows: Ints, window_us: int) -> tuple[Ints, Bools]:
        """Rows of the first fixes at least `window_us` later, whenever in its step each was made,
        and whether there is one."""
        row = np.searchsorted(self._time, self._time[rows] + window_us + self._step_us[rows])
        known = row < self._time.size
        row[~known] = rows[~known]
        known &= self._track[row] == self._track[rows]
        return row, known

    def earlier(self, rows: Ints, window_us: int) -> tuple[Ints, Bools]:
        """Rows of the last fixes at least `window_us` earlier, whenever in its step each was made,
        and whether there is one."""
        before = self._time[rows] - window_us - self._step_us[rows]
        row = np.searchsorted(self._time, before, side="right") - 1
        known = row >= 0
        row[~known] = rows[~known]
        known &= self._track[row] == self._track[rows]
        return row, known


def _under_way(table: Table, rows: Ints, clock: Clock) -> Bools:
    """Whether the fixes report that they move; False where the speed is unknown or contradicted.

    A speed is contradicted by places that hardly change both before and after.
    """
    moves: Bools = np.asarray(table.sog[rows] > UNDER_WAY_KN)
    moving = rows[moves]
    stays = np.ones(moving.size, dtype=np.bool_)
    for other, known in (
        clock.earlier(moving, MOORED_US),
        clock.later(moving, MOORED_US),
    ):
        elapsed_us = np.abs(table.at[other] - table.at[moving])
        way_m = table.sog[moving] * M_PER_NM * elapsed_us / HOUR_US
        at_most_m = CONTRADICTED_SHARE * way_m
        # In a longer silence it may have sailed and come back, unless it is in the very place.
        at_most_m[elapsed_us > THIN_US] = np.minimum(at_most_m, STOP_RADIUS_M)[elapsed_us > THIN_US]
        stays &= known & table.is_within(at_most_m, moving, other)
    moves[np.flatnonzero(moves)[stays]] = False
    return moves


def tracks_at_rest(table: Table, is_split: Bools, clock: Clock) -> Bools:
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
    elapsed_h = (table.at[end] - table.at[start]) / HOUR_US
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
    shifted &= table.is_within(STILL_KN * M_PER_NM * elapsed_h, start, end)
    shows = (near & ~barred) | shifted
    # The ship lies wherever at least one such hour is under way.
    change = np.bincount(start[shows], minlength=table.at.size)
    change -= np.bincount(end[shows], minlength=table.at.size)
    return np.asarray(np.cumsum(change) > 0)


def settled(table: Table, lies_on: Bools) -> Table:
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


def states_of(table: Table, is_split: Bools, lies_on: Bools, clock: Clock) -> States:
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
    return States(inside, lies, is_moored, may_be_moored)


def _moored(table: Table, rows: Ints, is_split: Bools, clock: Clock) -> tuple[Bools, Bools]:
    """Whether each fix in a berth shows the ship still, and whether it leaves it open.

    Still is what keeps its place for `MOORED_US`, or says that it is still where the fixes to
    both sides do not speak against it. A fix without a speed leaves it open.
    """
    later, known = clock.later(rows, MOORED_US)
    known &= (table.area[later] == BERTH) & ~is_split[later]
    known &= ~(_under_way(table, rows, clock) | _under_way(table, later, clock))
    way_m = STILL_KN * M_PER_NM * (table.at[later] - table.at[rows]) / HOUR_US
    allowed_m = np.minimum(way_m, STOP_RADIUS_M) + MOORED_NOISE_M
    is_moored = known & table.is_within(allowed_m, rows, later)
    is_moored[np.isin(rows, later[is_moored])] = True
    may_be_moored = np.zeros(rows.size, dtype=np.bool_)
    open_rows = np.flatnonzero(~is_moored)
    open_rows = open_rows[~_passes(table, rows[open_rows], clock)]
    is_moored[open_rows] = table.sog[rows[open_rows]] <= STILL_KN
    may_be_moored[open_rows] = np.isnan(table.sog[rows[open_rows]])
    return is_moored, may_be_moored


def _passes(table: Table, rows: Ints, clock: Clock) -> Bools:
    """Whether the fixes to both sides show the ship under way, whatever it says of its speed."""
    passes = np.ones(rows.size, dtype=np.bool_)
    for other, known in (clock.earlier(rows, PASSING_US), clock.later(rows, PASSING_US)):
        elapsed = np.abs(table.at[other] - table.at[rows])
        way_m = UNDER_WAY_KN * M_PER_NM * elapsed / HOUR_US
        passes &= known & (elapsed <= PASSING_WITHIN_US)
        passes &= ~table.is_within(way_m, rows, other)
    return passes


def find_stays(table: Table, states: States, is_split: Bools, is_disputed: Bools) -> StayTable:
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

    def count(flags: Bools) -> Ints:
        return np.add.reduceat(flags, first, dtype=np.int64)

    berth_row = np.where(states.is_moored | states.may_be_moored, inside, table.at.size)
    return StayTable(
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


def row_range(stays: StayTable, which: Any) -> StayTable:
    """The stays of a mask or of an array of indices."""
    return StayTable(*(values[which] for values in stays))


def _time_out(table: Table, last: Ints, first: Ints) -> Ints:
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


def merged_stays(table: Table, stays: StayTable) -> StayTable:
    """Stays of one port out and back in time, without a stop elsewhere in between, made one.

    Sailing through another port's limit is no call there, so it does not part them.
    """
    track = table.track[stays.first]
    stopped: Ints = np.cumsum(stays.stops(), dtype=np.int64)
    before: Ints = stopped - stays.stops()
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
    by_port = row_range(stays, order)

    def total(values: Ints) -> Ints:
        return np.add.reduceat(values, first, dtype=np.int64)

    merged = StayTable(
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
    return row_range(merged, np.argsort(merged.first, kind="stable"))


def with_roads(
    table: Table, stays: StayTable, serves: Mapping[int, Collection[int]], ports: int
) -> StayTable:
    """Stops in shared roads given to the port where the ship berths next, else to the last one.

    Both within `OUT_AND_BACK_US` and without a stop elsewhere in between, as if the roads were
    the port's own: there, waiting before and after a berth is one call with it. A ship that only
    anchors keeps the roads' own port. Only the port changes; merging does the rest.
    """
    served = np.zeros((ports, ports), dtype=np.bool_)
    for owner, served_ports in serves.items():
        served[owner, list(served_ports)] = True
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


def is_open_stay(
    table: Table, stays: StayTable, heard: Mapping[int, npt.NDArray[np.int64]], end_us: Ints
) -> Bools:
    """Whether each call is under way: nothing heard since, and not silent for too long."""
    at, port = table.at[stays.last], table.port[stays.last]
    ended = _ends_call(port, at, np.broadcast_to(end_us, at.shape), heard)
    return ~(neighbour(table.track, stays.last, 1)[1] | ended)


def neighbour(track: Ints, rows: Ints, step: int) -> tuple[Ints, Bools]:
    """The row one step on in the same track (else the row itself), and whether there is one."""
    row = np.clip(rows + step, 0, max(track.size - 1, 0))
    known = (row != rows) & (track[row] == track[rows])
    return np.where(known, row, rows), known
