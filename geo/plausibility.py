"""Which fixes a ship can have made: a verdict beside every fix, none deleted.

A track is cut into *segments* at the steps that no ship can make. Then the segments are taken as
wholes: one that a track leaves and comes back from, where leaving and coming back are both
impossible and staying away from it is possible, was never sailed. The same look is taken again on
what is left until nothing changes, so a long still cluster, several clusters in a row and a
cluster interleaved with the true track are all one case. What this cannot decide (a track that
jumps and stays away) is kept and marked as disputed.

All work is on whole columns; the rounds work on segments, of which clean data have one a track.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.earth import EARTH_RADIUS_M, great_circle_m

Fixes: TypeAlias = pd.DataFrame | Mapping[str, npt.NDArray[Any]]
_Ints: TypeAlias = npt.NDArray[np.int64]
_Floats: TypeAlias = npt.NDArray[np.float64]
_Bools: TypeAlias = npt.NDArray[np.bool_]

CREDIBLE = 0
"""A ship could have come from the credible fix before and gone to the one after."""
DISPUTED = 1
"""At one end of a step no ship can make, where neither end can be told wrong. Kept."""
IMPLAUSIBLE = 2
"""Neither reached from where the ship credibly was nor left to where it credibly was next."""
VERDICTS = ("credible", "disputed", "implausible")
"""The names of the codes that `judge` returns, in the order of the codes."""

MAX_SPEED_KN = 30.0
"""Faster than this nothing that calls at a tanker port sails.

Tankers make 12 to 16 knots, fast container ships and ferries stay below 30. Global Fishing Watch
cuts at 25 (gpsdio_segment/core.py, DEFAULT_MAX_KNOTS); 30 leaves room for the current and for
ships that are no tankers.
"""
TIME_SLACK_S = 60.0
"""Public sources give whole minutes, so a time between two fixes can be a minute short."""
POSITION_SLACK_M = 1_000.0
"""Antennas, rounding and ordinary GPS error together stay well below a kilometre."""

MAX_AWAY_US = 14 * 86_400 * 1_000_000
"""The longest absence over which a return is believed: two weeks.

With ever more time any return is possible and proves less and less. Below the 21 days that bound
a port call's silence, so that a later fix does not rewrite calls that ended long before.
"""
MAX_SKIPPED = 7
"""Clusters in a row that one return may pass over; more are left disputed after each other."""
STRONG = 16
"""From this many fixes on a segment is as good as any longer one: more fixes add no proof."""
FEW = 3
"""So few fixes are noise where only `STRONG` neighbours stand beside them and exclude them."""
MAX_ROUNDS = 32
"""Rounds after which the rest stays disputed.

Two weeks of real traffic around Hormuz settle in five. Only a number that a crowd of ships share
runs into this bound, which keeps the cost in line with the fixes.
"""

_BLOCK = 1 << 17  # steps measured at a time, so that they stay in the processor's cache
_M_PER_US = MAX_SPEED_KN * 1852.0 / 3600.0 / 1e6
_SLACK_M = POSITION_SLACK_M + MAX_SPEED_KN * 1852.0 / 3600.0 * TIME_SLACK_S
_M_PER_DEGREE = EARTH_RADIUS_M * np.pi / 180.0


class _Segments(NamedTuple):
    """Runs of fixes without an impossible step, in track order. All arrays have one length."""

    track: _Ints
    head: _Ints  # row of the first fix
    second: _Ints  # row of the second fix, the first where there is none
    last_but_one: _Ints
    tail: _Ints  # row of the last fix
    fixes: _Ints


def microseconds(times: npt.ArrayLike) -> _Ints:
    """Times as whole microseconds since 1970, UTC.

    Parameters
    ----------
    times : array_like of datetime64, or naive datetimes
        Shape (n,), UTC. NaT gives the smallest int64.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)

    Examples
    --------
    >>> microseconds(np.array(["1970-01-01T00:00:01"], dtype="datetime64[s]"))
    array([1000000])
    """
    return np.asarray(times).astype("datetime64[us]", copy=False).view(np.int64)


def column(fixes: Fixes, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """One column of a table of fixes as an array, without a copy where the type fits.

    Raises
    ------
    KeyError
        If the table has no such column.

    Examples
    --------
    >>> column({"lon": np.array([56, 57])}, "lon", np.float64)
    array([56., 57.])
    """
    return np.asarray(fixes[name]).astype(dtype, copy=False)


def is_within(
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
    metres: npt.ArrayLike,
) -> _Bools:
    """Whether points are at most so far apart: `great_circle_m`, mostly without trigonometry.

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : array_like of float
        Degrees, WGS 84, shape (n,).
    metres : array_like of float
        Shape (n,) or one for all.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        True up to and at the distance. A NaN coordinate gives False.

    Examples
    --------
    >>> is_within([56.0, 56.0], [26.0, 26.0], [56.0, 56.0], [26.004, 26.01], 500.0)
    array([ True, False])
    """
    x1, y1, x2, y2 = (np.asarray(value, dtype=np.float64) for value in (lon1, lat1, lon2, lat2))
    limit_m = np.broadcast_to(np.asarray(metres, dtype=np.float64), x1.shape)
    # Degrees of longitude are longest at the equator, and no way is shorter than its latitude.
    north_m = np.abs(y2 - y1) * _M_PER_DEGREE
    within: _Bools = np.abs(x2 - x1) * _M_PER_DEGREE + north_m <= limit_m
    rest = np.flatnonzero(~within & (north_m <= limit_m + 1.0))
    if rest.size:
        within[rest] = great_circle_m(x1[rest], y1[rest], x2[rest], y2[rest]) <= limit_m[rest]
    return within


def can_sail(
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
    elapsed_us: npt.ArrayLike,
) -> _Bools:
    """Whether a ship can have made each way in the time given.

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : array_like of float
        Degrees, WGS 84, shape (n,).
    elapsed_us : array_like of int
        Microseconds between the two fixes, not negative, shape (n,).

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        True up to and at `MAX_SPEED_KN` after `TIME_SLACK_S` and `POSITION_SLACK_M`. A NaN
        coordinate gives False.

    Examples
    --------
    Sixty kilometres take more than an hour, and less than two:

    >>> can_sail([56.0, 56.0], [26.0, 26.0], [56.0, 56.0], [26.54, 26.54], [36e8, 72e8])
    array([False,  True])
    """
    reach_m = np.asarray(elapsed_us, dtype=np.float64) * _M_PER_US + _SLACK_M
    return is_within(lon1, lat1, lon2, lat2, reach_m)


def judge(fixes: Fixes) -> npt.NDArray[np.int8]:
    """A verdict for each fix: credible, disputed or implausible.

    Parameters
    ----------
    fixes : DataFrame or mapping of arrays
        Sorted by track_id, reported_at, lon, lat. Columns track_id (int), reported_at
        (datetime64, UTC), lon and lat (degrees). Several fixes at one time are allowed.

    Returns
    -------
    numpy.ndarray of int8, shape (n,)
        `CREDIBLE`, `DISPUTED` or `IMPLAUSIBLE`, row by row. An empty table gives an empty array.

        An excursion is implausible if it can be neither reached nor left and the ship can have
        sailed on without it, however many fixes it holds; the track it leaves must have two fixes
        apart from its longest part, or more fixes than the excursion. A jump from which the track
        does not come back within `MAX_AWAY_US` leaves both sides standing and the two fixes at
        its ends disputed, save that a side of no more than `FEW` fixes gives way to one of
        `STRONG`.

    Raises
    ------
    ValueError
        If the rows are not sorted by track and time.

    Examples
    --------
    Half-way up the Gulf and back in ten minutes is not sailed:

    >>> fixes = pd.DataFrame({
    ...     "track_id": 1,
    ...     "reported_at": pd.date_range("2026-04-01", periods=5, freq="5min"),
    ...     "lon": [56.0, 56.01, 50.3, 56.02, 56.03],
    ...     "lat": [26.5, 26.5, 29.2, 26.5, 26.5],
    ... })
    >>> judge(fixes)
    array([0, 0, 2, 0, 0], dtype=int8)
    """
    track = column(fixes, "track_id", np.int64)
    at = microseconds(fixes["reported_at"])
    lon = column(fixes, "lon", np.float64)
    lat = column(fixes, "lat", np.float64)
    verdict = np.zeros(track.size, dtype=np.int8)
    if track.size < 2:
        return verdict
    same = track[1:] == track[:-1]
    if np.any((at[1:] < at[:-1]) & same) or np.any(track[1:] < track[:-1]):
        raise ValueError("fixes must be sorted by track_id and reported_at")
    where = _Where(at, lon, lat)
    jump = np.empty(same.size, dtype=np.bool_)
    for first in range(0, same.size, _BLOCK):
        start = np.arange(first, min(first + _BLOCK, same.size))
        jump[start] = ~where.can_sail(start, start + 1)
    jump &= same
    if not jump.any():
        return verdict

    segments = _cut(track, same, jump)
    lengths = segments.fixes
    owner = np.arange(lengths.size)  # the present segment of each first one, -1 once dropped
    for _ in range(MAX_ROUNDS):
        finding = _next_finding(segments, where)
        if finding is None:
            break
        verdict[finding.trimmed] = IMPLAUSIBLE
        segments, now = _join(finding)
        owner = np.where(owner >= 0, now[owner], -1)
    verdict[np.repeat(owner < 0, lengths)] = IMPLAUSIBLE
    open_jump = np.flatnonzero(segments.track[1:] == segments.track[:-1])
    verdict[segments.tail[open_jump]] = DISPUTED
    verdict[segments.head[open_jump + 1]] = DISPUTED
    return verdict


class _Where(NamedTuple):
    """When and where each fix was: columns of the table of fixes."""

    at: _Ints
    lon: _Floats
    lat: _Floats

    def can_sail(self, start: _Ints, end: _Ints) -> _Bools:
        """Whether a ship can have gone from the fixes in rows `start` to those in rows `end`."""
        return can_sail(
            self.lon[start],
            self.lat[start],
            self.lon[end],
            self.lat[end],
            self.at[end] - self.at[start],
        )


class _Finding(NamedTuple):
    """What one look decided: which segments go, and which belong to the kept one before them."""

    segments: _Segments
    dropped: _Bools
    joined: _Bools
    trimmed: _Ints  # rows of single fixes taken off the end of a segment


def _cut(track: _Ints, same: _Bools, jump: _Bools) -> _Segments:
    """Segments of a sorted table: a new one at each new track and after each impossible step."""
    head = np.flatnonzero(np.concatenate(([True], ~same | jump)))
    tail = np.append(head[1:], track.size) - 1
    return _Segments(
        track=track[head],
        head=head,
        second=np.minimum(head + 1, tail),
        last_but_one=np.maximum(tail - 1, head),
        tail=tail,
        fixes=tail - head + 1,
    )


def _join(finding: _Finding) -> tuple[_Segments, _Ints]:
    """The segments after a finding, and the new index of each old one (-1 where it was dropped)."""
    old = finding.segments
    kept = np.flatnonzero(~finding.dropped)
    starts = ~finding.joined[kept]
    starts[0] = True
    first = np.flatnonzero(starts)
    last = np.append(first[1:], kept.size) - 1
    a, b = kept[first], kept[last]
    after_a, before_b = kept[np.minimum(first + 1, last)], kept[np.maximum(last - 1, first)]
    new = _Segments(
        track=old.track[a],
        head=old.head[a],
        second=np.where(old.fixes[a] > 1, old.second[a], old.head[after_a]),
        last_but_one=np.where(old.fixes[b] > 1, old.last_but_one[b], old.tail[before_b]),
        tail=old.tail[b],
        fixes=np.add.reduceat(old.fixes[kept], first),
    )
    now = np.full(old.head.size, -1, dtype=np.int64)
    now[kept] = np.cumsum(starts) - 1
    return new, now


def _next_finding(segments: _Segments, where: _Where) -> _Finding | None:
    """The first look, from the surest to the least sure, that decides anything; None if none does.

    Nearest returns come first: from a return over many clusters at once one could not tell the
    clusters from pieces of the true track that lie between them.
    """
    for skipped in range(MAX_SKIPPED + 1):
        finding = _returns(segments, where, skipped + 1)
        if finding is not None:
            return finding
    return _stray_ends(segments, where) or _few_beside_many(segments)


def _returns(segments: _Segments, where: _Where, ahead: int) -> _Finding | None:
    """Drop what lies between two segments, `ahead` apart, that a ship can have sailed between."""
    size = segments.head.size
    start = np.arange(max(size - ahead, 0))
    start = start[segments.track[start] == segments.track[start + ahead]]
    away = where.at[segments.head[start + ahead]] - where.at[segments.tail[start]]
    start = start[away <= MAX_AWAY_US]
    start = start[where.can_sail(segments.tail[start], segments.head[start + ahead])]
    dropped = np.zeros(size, dtype=np.bool_)
    joined = np.zeros(size, dtype=np.bool_)
    if ahead > 1 and start.size:
        start = _surest(start, segments.fixes, ahead)
        dropped[(start[:, None] + np.arange(1, ahead)).ravel()] = True
    joined[start + ahead] = True
    none = np.empty(0, dtype=np.int64)
    return _Finding(segments, dropped, joined, none) if start.size else None


def _surest(start: _Ints, fixes: _Ints, ahead: int) -> _Ints:
    """Of returns that exclude each other, those that belong to the surest track.

    Two tracks that take turns (ABABAB) each return over the other. Returns that follow on each
    other are one track, and of the tracks in one row of returns one is taken whole: the one that
    stands at both ends of the row, else the one tied to the stronger segment, else the first.
    """
    new_row = np.concatenate(([True], np.diff(start) >= ahead))
    row = np.cumsum(new_row) - 1
    row_start = start[new_row][row]
    turn = (start - row_start) % ahead
    order = np.lexsort((start, turn, row))
    start, row, turn = start[order], row[order], turn[order]
    first = np.flatnonzero(np.concatenate(([True], (np.diff(row) > 0) | (np.diff(turn) > 0))))
    last = np.append(first[1:], start.size) - 1

    from_here, to_there = start[first], start[last] + ahead
    running = np.concatenate(([0], np.cumsum(fixes)))
    own = np.add.reduceat(fixes[start], first) + fixes[to_there]
    others = running[to_there + 1] - running[from_here] - own
    row_end = np.maximum.reduceat(start, np.flatnonzero(np.diff(row, prepend=-1))) + ahead
    is_both_ends = (turn[first] == 0) & (to_there == row_end[row[first]])
    is_both_ends &= np.minimum(fixes[from_here], fixes[to_there]) >= 2
    strongest = np.minimum(
        np.maximum(np.maximum.reduceat(fixes[start], first), fixes[to_there]), STRONG
    )
    # One fix before or after is no proof of a return over more than the track itself holds.
    proven = own - np.maximum(fixes[from_here], fixes[to_there]) >= 2
    proven |= own >= others
    best = np.lexsort((turn[first], -strongest, ~is_both_ends, ~proven, row[first]))
    best = best[np.diff(row[first][best], prepend=-1) > 0]
    chosen = np.zeros(first.size, dtype=np.bool_)
    chosen[best] = proven[best]
    return np.sort(start[np.repeat(chosen, last - first + 1)])


def _stray_ends(segments: _Segments, where: _Where) -> _Finding | None:
    """Take one fix off a segment's end where that alone lets the ship sail on.

    After a silence a displaced fix may well be reached, and only what follows shows that it
    cannot be left. At least two fixes must stay on either side to show it.
    """
    left = np.flatnonzero(segments.track[1:] == segments.track[:-1])
    right = left + 1
    fixes = segments.fixes
    off_tail = (fixes[left] > 2) & (fixes[right] > 1)
    off_tail[off_tail] = where.can_sail(
        segments.last_but_one[left[off_tail]], segments.head[right[off_tail]]
    )
    off_head = ~off_tail & (fixes[left] > 1) & (fixes[right] > 2)
    off_head[off_head] = where.can_sail(
        segments.tail[left[off_head]], segments.second[right[off_head]]
    )
    if not (off_tail.any() or off_head.any()):
        return None
    trimmed = np.concatenate((segments.tail[left[off_tail]], segments.head[right[off_head]]))
    head, tail, fixes = segments.head.copy(), segments.tail.copy(), fixes.copy()
    tail[left[off_tail]] = segments.last_but_one[left[off_tail]]
    head[right[off_head]] = segments.second[right[off_head]]
    fixes[left[off_tail]] -= 1
    fixes[right[off_head]] -= 1
    joined = np.zeros(fixes.size, dtype=np.bool_)
    joined[right[off_tail | off_head]] = True
    rest = segments._replace(head=head, tail=tail, fixes=fixes)
    return _Finding(rest, np.zeros(fixes.size, dtype=np.bool_), joined, trimmed)


def _few_beside_many(segments: _Segments) -> _Finding | None:
    """Drop a segment of few fixes all of whose neighbours in the track are strong.

    Where the track does not come back, only the numbers are left to speak.
    """
    same = segments.track[1:] == segments.track[:-1]
    before = np.concatenate(([False], same))
    after = np.concatenate((same, [False]))
    strong = segments.fixes >= STRONG
    strong_before = np.concatenate(([False], strong[:-1]))
    strong_after = np.concatenate((strong[1:], [False]))
    dropped = (
        (segments.fixes <= FEW)
        & (before | after)
        & (~before | strong_before)
        & (~after | strong_after)
    )
    none = np.empty(0, dtype=np.int64)
    return _Finding(segments, dropped, np.zeros_like(dropped), none) if dropped.any() else None
