"""Which fixes a ship can have made: a verdict beside every fix, none deleted.

A track is taken as a whole: as a path to be explained. Where no step of it is impossible there is
nothing to explain, and that is nearly every track. Else it is cut into *pieces*, runs of fixes that
belong together, and the cheapest explanation is looked for: a path through the pieces
whose steps can all be sailed and which leaves as little as possible aside. What a path leaves
aside is looked at in the same way again. It is a second hull on the same MMSI if it makes a track
of its own that is sailed; it is interference if it does not, however long and still it lies and
whether or not it takes turns with the true track. What cannot be decided (a track that jumps and
never comes back) is kept and marked as disputed.

The costs weigh pieces by what they prove. Fixes from one place prove that place once, so neither
their number nor their return outweighs a track; a way that was sailed proves more with its length.

Costs and bounds that name no other source were set on simulated voyages (seeds 11 to 13);
`make evaluate` measures them on others.

All steps but one work on whole columns; that one goes through the pieces in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
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
"""The names of the codes of a verdict, in the order of the codes."""

PLAIN = 0
JUMP = 1
FEW_BESIDE_MANY = 2
CLOCK = 3
OPEN_JUMP = 4
SECOND_HULL = 5
FROZEN = 6
REASONS = (
    None,
    "joined to the track at neither end",
    "a few fixes at the end of a track that excludes them",
    "the way of the same ship at another time",
    "beside a jump without return",
    "a track of its own on the same MMSI",
    "a place still reported after the ship had left it, or before it came",
)
"""Why a verdict is what it is, in the order of the codes."""

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

OWN_SPEED_MARGIN_KN = 3.0
"""A ship is not expected to sail faster than the median of its speeds under way by more.

Measured on 139 tankers around Hormuz in April 2026 with 20 reports under way or more: for half of
them the 95th percentile lies within 1.5 knots of the median. One in ten has days of slow speed
and lies 9 above; `USUAL_SPEED_KN` is the least that is expected of any ship.
"""
UNDER_WAY_KN = 5.0
"""Reports above this are of a ship under way; those below are of one that manoeuvres or swings."""
USUAL_SPEED_KN = 15.0
"""The speed under way of a ship that reports none: the service speed of tankers."""

SLOT_US = 10 * 60 * 1_000_000
CELL_DEGREES = 0.05
"""Fixes of one MMSI within ten minutes and about 5 km of each other are judged as one.

All costs and counts below were set on fixes some ten minutes apart. In that time a ship makes 9 km
at most, so nothing that is thrown further is hidden.
"""

PIECE_SILENCE_US = 30 * 60 * 1_000_000
"""After a silence of this length a ship that moved begins a new piece, which may be false alone."""
MAX_AWAY_US = 14 * 86_400 * 1_000_000
"""The longest absence over which a return is believed: two weeks.

With ever more time any return is possible and proves less and less. Below the 21 days that bound
a port call's silence, so that a later fix does not rewrite calls that ended long before.
"""
LOOK_BACK = 32
"""Pieces a path may pass over at once; of those before, it can come from the last strong ones."""
ANCHORS = 8
"""So many strong pieces are kept in sight beyond `LOOK_BACK`: a burst of thousands of false places
may lie between two parts of a track."""
STRONG = 16
"""From this many fixes on a piece is as good as any longer one: more fixes add no proof."""
FEW = 3
"""So few fixes are noise where only `STRONG` neighbours stand beside them and exclude them."""
STRAY_NEAR_M = 20_000.0
"""A fix so near outside a place shows that the ship sailed there and was not thrown there."""
OUTLASTING_US = 86_400 * 1_000_000
"""Fixes at a false place beyond the track's end are false too, unless they go on for longer."""
SPOT_M = 5_000.0
"""Pieces within this of each other are one place: scatter of jammed receivers, swing at anchor."""
RING_M = 10_000.0
"""So wide is a place where fixes go round: spoofed rings reach a few kilometres. A ship that sails
is out of it within an hour."""
EASY_COST = 1.0
"""A way that costs less is one that the ship may well have made."""
REPEATED_COST = 0.5
"""What it costs to leave a place aside again that was left aside before: hardly anything."""
EXCESS_M = 5_000.0
"""Each such length beyond what the ship would have sailed costs what one fix left aside costs.

By length and not by speed, so that a fast way costs the same in one step or in many, and none of
its fixes is left aside to save on it.
"""
OTHER_IMO_COST = 20.0
"""For a step between two IMO numbers, which no hull makes: more than any two pieces prove."""
MIXED_SHARE = 0.2
"""Where IMO numbers change in more than this share of the steps within pieces, they come from a
join by MMSI and not from the hull: two numbers at random change in half of the steps."""
MAX_TRACKS = 6
"""Paths looked for in one MMSI. What is left after as many is a crowd on one number."""

MEETING_US = 45 * 60 * 1_000_000
MEETING_M = 6_000.0
MEETING_WAY_M = 3_000.0
"""Two hulls on one MMSI meet within what both sail in `SLOT_US`; three quarters of an hour before
and after tell which way each was going, at 2 knots and more."""

HULL_STEPS = 3
HULL_EXTENT_M = 20_000.0
HULL_WAY_M = 40_000.0
HULL_SHARE = 0.6
"""A second hull sails: a passage of at least so many steps, over such an extent and such a way, at
the speeds that it reports, and so for this share of all the way it makes. Who is thrown from place
to place does not; rings of spoofed positions are smaller."""
HULL_STEP_US = 26 * 3_600 * 1_000_000
"""Longer steps say nothing of how a ship sailed."""

CLOCK_LAG_US = 13 * 3_600 * 1_000_000
CLOCK_STEP_US = 2 * 60 * 1_000_000
"""Wrong clocks are looked for in such steps up to the width of all time zones."""
CLOCK_SLOT_US = 20 * 60 * 1_000_000
"""One fix of so much time is compared, so that the answer does not depend on how often a ship
reports: in 20 minutes a ship under way leaves `CLOCK_NEAR_M` behind several times."""
CLOCK_NEAR_M = 1_000.0
CLOCK_BEND = 0.1
"""Fixes of one ship at two times are within a kilometre of each other, plus this share of the way
between the two fixes of the track that the place is interpolated from: ships turn between fixes."""
CLOCK_SILENCE_US = 3 * 3_600 * 1_000_000
"""Across a longer silence nothing is interpolated."""
CLOCK_LAGS = 6
"""So many receivers with wrong clocks are told apart; one aggregator in the field had five."""
CLOCK_FIXES = 3
CLOCK_SPAN_US = 3 * 3_600 * 1_000_000
CLOCK_SPAN_SHARE = 0.5
"""A receiver's clock is off by the same time for at least so many fixes, over three hours or half
of the way that was heard. A second ship on the same lane, a knot faster or slower, keeps its
distance in time to within `CLOCK_NEAR_M` for an hour only."""
CLOCK_STILL_US = 2 * 3_600 * 1_000_000
"""A fix that is near the track for longer tells no clock: the ship lay there."""
CLOCK_SHARE = 0.6
"""A track of which such a share is where the first one was, by at most `CLOCK_LAGS` clocks, is that
ship heard by receivers with wrong clocks."""
CLOCK_WAY_SHARE = 0.9
SAME_BERTH_M = 150.0
"""Antennas of two ships at one jetty or anchored beside each other are further apart."""
STILL_KN = 0.5
"""As in `geo.port_calls`: a ship under way by less is still."""
CLOCK_LEAST = 4
"""Fewer fixes under way prove nothing of a clock."""
CLOCK_SAMPLE = 200
"""Fixes of a track that are held against the first one at each lag."""

FROZEN_NEAR_M = 1_000.0
"""Fixes within this of each other are one place where a ship lies, as in port calls."""
SAILS_ON_US, SAILS_ON_FIXES = 3 * 86_400 * 1_000_000, 2_000
"""So far ahead is looked whether a ship sails on: three days, which are 432 slots of `SLOT_US` with
a fix in up to four cells each."""
APPROACH_US = 3 * 3_600 * 1_000_000
"""A ship that was heard under way so long before, and took no more than twice the time that the way
takes, was seen to come."""

_BLOCK = 1 << 17  # steps measured at a time, so that they stay in the processor's cache
_KN = 1852.0 / 3600.0  # metres in a second
_M_PER_US = MAX_SPEED_KN * _KN / 1e6
_SLACK_M = POSITION_SLACK_M + MAX_SPEED_KN * _KN * TIME_SLACK_S
_M_PER_DEGREE = EARTH_RADIUS_M * np.pi / 180.0
_HOUR_US = 3_600_000_000


class Judgement(NamedTuple):
    """What `judge` found, row by row. All arrays have shape (n,)."""

    verdict: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    track_id: _Ints

    def rows(self, which: Any) -> Judgement:
        """What was found of the rows of a mask or of an array of indices."""
        return Judgement(self.verdict[which], self.reason[which], self.track_id[which])


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
        Degrees, WGS 84, shape (n,); the second point may be one for all.
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
    x1, y1 = np.asarray(lon1, dtype=np.float64), np.asarray(lat1, dtype=np.float64)
    x2, y2 = (np.broadcast_to(np.asarray(v, dtype=np.float64), x1.shape) for v in (lon2, lat2))
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


def judge(fixes: Fixes) -> Judgement:
    """A verdict for each fix, why, and the track that it belongs to.

    Parameters
    ----------
    fixes : DataFrame or mapping of arrays
        In any order, all fixes of each MMSI. Columns mmsi (int), reported_at (datetime64, UTC),
        lon, lat (degrees), sog_kn (NaN where unknown), imo (int, 0 where unknown). Several fixes
        at one time are allowed; repeated rows change nothing.

    Returns
    -------
    Judgement
        verdict: `CREDIBLE`, `DISPUTED` or `IMPLAUSIBLE`. reason: an index of `REASONS`.
        track_id: the MMSI; for the k-th further hull on one MMSI k * 10**9 + MMSI, in the order
        in which they are first heard. An empty table gives empty arrays.

        An excursion that the ship can have sailed on without is implausible if it can be neither
        reached nor left, however many fixes it holds. A jump from which the track does not come
        back within `MAX_AWAY_US` leaves both sides standing and the two fixes at its ends
        disputed, save that a side of no more than `FEW` fixes gives way to one of `STRONG`.

    Examples
    --------
    Half-way up the Gulf and back in ten minutes is not sailed:

    >>> fixes = pd.DataFrame({
    ...     "mmsi": 422000001, "imo": 0, "sog_kn": 2.0,
    ...     "reported_at": pd.date_range("2026-04-01", periods=5, freq="5min"),
    ...     "lon": [56.0, 56.01, 50.3, 56.02, 56.03],
    ...     "lat": [26.5, 26.5, 29.2, 26.5, 26.5],
    ... })
    >>> judge(fixes).verdict
    array([0, 0, 2, 0, 0], dtype=int8)
    """
    table = _Table(
        mmsi=column(fixes, "mmsi", np.int64),
        at=microseconds(fixes["reported_at"]),
        lon=column(fixes, "lon", np.float64),
        lat=column(fixes, "lat", np.float64),
        sog=column(fixes, "sog_kn", np.float32),
        imo=column(fixes, "imo", np.int64),
    )
    order = _order(table)
    if order is None:
        return _judge_sorted(table)
    table = table.rows(order)
    is_first = np.ones(order.size, dtype=np.bool_)
    is_first[1:] = np.any(
        [values[1:] != values[:-1] for values in (table.mmsi, table.at, table.lon, table.lat)],
        axis=0,
    )
    found = _judge_sorted(table.rows(is_first))
    back = np.empty_like(order)
    back[order] = np.cumsum(is_first) - 1
    return found.rows(back)


class _Table(NamedTuple):
    """Fixes as columns, in order of mmsi, time and place."""

    mmsi: _Ints
    at: _Ints
    lon: _Floats
    lat: _Floats
    sog: npt.NDArray[np.float32]
    imo: _Ints

    def rows(self, which: Any) -> _Table:
        """The rows of a mask or of an array of indices."""
        return _Table(*(values[which] for values in self))

    def can_sail(self, start: _Ints, end: _Ints) -> _Bools:
        """Whether a ship can have gone from the fixes in rows `start` to those in rows `end`."""
        return can_sail(
            self.lon[start],
            self.lat[start],
            self.lon[end],
            self.lat[end],
            self.at[end] - self.at[start],
        )

    def metres(self, start: _Ints, end: _Ints) -> _Floats:
        """How far the fixes in rows `start` are from those in rows `end`."""
        return great_circle_m(self.lon[start], self.lat[start], self.lon[end], self.lat[end])


class _Pieces(NamedTuple):
    """Runs of fixes that belong together, in track and time order."""

    mmsi: _Ints
    head: _Ints  # row of the first fix
    tail: _Ints  # row of the last fix
    fixes: _Ints
    imo: _Ints  # 0 where none was sent
    own_kn: _Floats  # how fast the ship is expected to sail
    extent_m: _Floats
    proof: _Floats  # what it costs a path to leave the piece aside
    is_frozen: _Bools  # the place is reported when the ship cannot be there, see `_frozen_ends`
    is_doubtful: _Bools  # it may be: the place was frozen from the first fix there on

    def rows(self, which: Any) -> _Pieces:
        """The pieces of a mask or of an array of indices."""
        return _Pieces(*(values[which] for values in self))


def _order(table: _Table) -> _Ints | None:
    """The rows in order of mmsi, time, place and the rest; None where they are so."""
    up = table.mmsi[1:] > table.mmsi[:-1]
    same = table.mmsi[1:] == table.mmsi[:-1]
    up |= same & (table.at[1:] > table.at[:-1])
    tied = np.flatnonzero(~up)
    is_tied = same[tied] & (table.at[tied + 1] == table.at[tied])
    east = table.lon[tied + 1] - table.lon[tied]
    north = table.lat[tied + 1] - table.lat[tied]
    if np.all(is_tied & ((east > 0) | ((east == 0) & (north > 0)))):
        return None
    return np.lexsort((table.imo, table.sog, table.lat, table.lon, table.at, table.mmsi))


def _judge_sorted(table: _Table) -> Judgement:
    size = table.mmsi.size
    found = Judgement(
        np.zeros(size, dtype=np.int8), np.zeros(size, dtype=np.int8), table.mmsi.copy()
    )
    if size < 2:
        return found
    same = table.mmsi[1:] == table.mmsi[:-1]
    jump = np.empty(same.size, dtype=np.bool_)
    for first in range(0, same.size, _BLOCK):
        start = np.arange(first, min(first + _BLOCK, same.size))
        jump[start] = ~table.can_sail(start, start + 1)
    jump &= same
    if not jump.any():
        return found
    track = np.concatenate(([0], np.cumsum(~same)))
    has_jump = np.zeros(track[-1] + 1, dtype=np.bool_)
    has_jump[track[:-1][jump]] = True
    rows = np.flatnonzero(has_jump[track])
    stands, group = _thinned(table.rows(rows))
    explained = _explain(table.rows(rows[stands])).rows(group)
    found.verdict[rows] = explained.verdict
    found.reason[rows] = explained.reason
    found.track_id[rows] = explained.track_id
    return found


def _thinned(table: _Table) -> tuple[_Ints, _Ints]:
    """The fixes that stand for all, and which of them stands for each: the first in slot and cell.

    What is weighed, how far back is looked, and what counts as a step are all in fixes. So that a
    receiver on land, which hears a ship every few seconds, finds what one fix in ten minutes does,
    the fixes of one MMSI within `SLOT_US` and a cell of `CELL_DEGREES` are one.
    """
    cells = [np.trunc(values / CELL_DEGREES) for values in (table.lat, table.lon)]
    keys = (*cells, table.at // SLOT_US, table.mmsi)
    order = np.lexsort(keys)
    is_new = np.ones(order.size, dtype=np.bool_)
    is_new[1:] = np.any([key[order[1:]] != key[order[:-1]] for key in keys], axis=0)
    first = order[is_new]  # lexsort is stable: the earliest of each
    by_time = np.argsort(first)
    place = np.empty_like(by_time)
    place[by_time] = np.arange(first.size)
    group = np.empty_like(order)
    group[order] = place[np.cumsum(is_new) - 1]
    return first[by_time], group


_UNDECIDED, _DROPPED = -1, -2


def _explain(table: _Table) -> Judgement:
    """The verdicts on tracks in which a step is impossible."""
    pieces = _cut(table)
    size = pieces.mmsi.size
    owner = np.full(size, _UNDECIDED, dtype=np.int64)  # the number of the hull, or the above
    reason = np.full(size, PLAIN, dtype=np.int8)
    for _ in range(MAX_TRACKS):
        todo = np.flatnonzero(owner == _UNDECIDED)
        if todo.size == 0:
            break
        path = todo[_cheapest_paths(table, pieces.rows(todo))]
        border = np.flatnonzero(np.diff(pieces.mmsi[path])) + 1
        for one in np.split(path, border):
            _place(table, pieces, one, owner, reason)
    left = np.flatnonzero(owner == _UNDECIDED)
    for one in np.split(left, np.flatnonzero(np.diff(pieces.mmsi[left])) + 1):
        _place_rest(table, pieces, one, owner, reason)

    _drop_between(table, pieces, owner, reason)
    for mmsi in np.unique(pieces.mmsi[owner > 0]):
        _uncross(table, pieces, np.flatnonzero(pieces.mmsi == mmsi), owner)
    verdict = np.where(owner == _DROPPED, IMPLAUSIBLE, CREDIBLE).astype(np.int8)
    reason[owner > 0] = SECOND_HULL
    number = _numbered(pieces, owner)
    result = Judgement(
        np.repeat(verdict, pieces.fixes),
        np.repeat(reason, pieces.fixes),
        np.repeat(pieces.mmsi + 1_000_000_000 * number, pieces.fixes),
    )
    _dispute(table, pieces, owner, result)
    return result


def _drop_between(
    table: _Table, pieces: _Pieces, owner: _Ints, reason: npt.NDArray[np.int8]
) -> None:
    """Drop a stay at a place to which the ship was displaced both before and after.

    Between two such spells there may be the time to sail there and back. Unless a fix near the
    place shows that the ship did, it was displaced once more. Changes `owner` and `reason`.
    """
    displaced = np.flatnonzero((owner == _DROPPED) & (reason == JUMP))
    kept = np.flatnonzero(owner == 0)
    if displaced.size < 2 or kept.size < 3:
        return
    after = np.searchsorted(displaced, kept)
    between = (after > 0) & (after < displaced.size)
    between[0] = between[-1] = False
    at = np.flatnonzero(between)
    here, last, following = kept[at], displaced[after[at] - 1], displaced[after[at]]
    before, onward = kept[at - 1], kept[at + 1]
    is_one = pieces.extent_m[here] <= SPOT_M
    for other in (last, following, before, onward):
        is_one &= pieces.mmsi[other] == pieces.mmsi[here]
    for other in (last, following):
        is_one &= table.metres(pieces.head[other], pieces.head[here]) <= SPOT_M
    is_one &= table.at[pieces.head[following]] - table.at[pieces.tail[last]] <= OUTLASTING_US
    for row, other in ((pieces.tail[before], here), (pieces.head[onward], here)):
        is_one &= table.metres(row, pieces.head[other]) > STRAY_NEAR_M
    owner[here[is_one]], reason[here[is_one]] = _DROPPED, JUMP


def _uncross(table: _Table, pieces: _Pieces, own: _Ints, owner: _Ints) -> None:
    """Give two hulls that met, and seem to turn round there, each its own way on.

    Where two ships pass each other in a lane, either way on can be sailed by both. `own` are the
    pieces of one MMSI; changes `owner`.
    """
    for one, other in combinations(np.unique(owner[own][owner[own] >= 0]).tolist(), 2):
        first, second = own[owner[own] == one], own[owner[own] == other]
        begin = max(table.at[pieces.head[first[0]]], table.at[pieces.head[second[0]]])
        end = min(table.at[pieces.tail[first[-1]]], table.at[pieces.tail[second[-1]]])
        at = np.arange(begin + MEETING_US, end - MEETING_US, SLOT_US)
        if at.size < 3:
            continue
        places = [_places_at(table, _rows_of(pieces, some), at) for some in (first, second)]
        apart_m = np.hypot(*(places[0] - places[1]))
        is_least = (apart_m[1:-1] <= apart_m[:-2]) & (apart_m[1:-1] < apart_m[2:])
        for met in at[1:-1][is_least & (apart_m[1:-1] <= MEETING_M)].tolist():
            if _turn_round(table, pieces, own, owner, (one, other), met):
                later = own[table.at[pieces.head[own]] > met]
                was = owner[later]
                owner[later[was == one]], owner[later[was == other]] = other, one


def _turn_round(
    table: _Table, pieces: _Pieces, own: _Ints, owner: _Ints, pair: tuple[int, int], met_us: int
) -> bool:
    """Whether two hulls under way both turn round where they met, and not on the other's way."""
    at = met_us + np.array([-MEETING_US, 0, MEETING_US])
    ways = []
    for hull in pair:
        place = _places_at(table, _rows_of(pieces, own[owner[own] == hull]), at)
        ways += [place[:, 1] - place[:, 0], place[:, 2] - place[:, 1]]
    lengths = [float(np.hypot(*way)) for way in ways]
    if min(lengths) < MEETING_WAY_M:
        return False
    before, after, before_other, after_other = (
        way / length for way, length in zip(ways, lengths, strict=True)
    )
    return bool(
        max(before @ after, before_other @ after_other) < -0.5
        and min(before @ after_other, before_other @ after) > 0.5
    )


def _places_at(table: _Table, rows: _Ints, at: _Ints) -> _Floats:
    """East and north of a track at some times, metres in a plane, shape (2, n)."""
    known = table.at[rows].astype(np.float64)
    lon = np.interp(at, known, table.lon[rows])
    lat = np.interp(at, known, table.lat[rows])
    return np.stack((lon * np.cos(np.radians(lat)), lat)) * _M_PER_DEGREE


def _numbered(pieces: _Pieces, owner: _Ints) -> _Ints:
    """The hulls beside the first, counted in the order in which they are first heard."""
    number = np.zeros(owner.size, dtype=np.int64)
    others = np.flatnonzero(owner > 0)
    seen: dict[tuple[int, int], int] = {}
    for piece in others.tolist():
        mmsi = int(pieces.mmsi[piece])
        key = (mmsi, int(owner[piece]))
        if key not in seen:
            seen[key] = 1 + sum(known == mmsi for known, _ in seen)
        number[piece] = seen[key]
    return number


def _dispute(table: _Table, pieces: _Pieces, owner: _Ints, result: Judgement) -> None:
    """Mark both ends of each impossible step left in a track, and what is in doubt by itself.

    Where a track begins with fixes that never sail, and sails after the step, the doubt is on them
    alone: it was jammed from the start. Not so at its end, where a ship that was drifted away may
    just have come back to where it truly lies.
    """
    kept = np.flatnonzero(owner == 0)
    doubtful = _rows_of(pieces, kept[pieces.is_doubtful[kept]])
    result.verdict[doubtful], result.reason[doubtful] = DISPUTED, FROZEN
    a, b = kept[:-1], kept[1:]
    is_same = pieces.mmsi[a] == pieces.mmsi[b]
    is_open = np.flatnonzero(is_same & ~table.can_sail(pieces.tail[a], pieces.head[b]))
    for rows in (pieces.tail[a[is_open]], pieces.head[b[is_open]]):
        result.verdict[rows] = DISPUTED
        result.reason[rows] = OPEN_JUMP
    is_first = np.diff(pieces.mmsi[a[is_open]], prepend=-1) != 0
    for jump in is_open[is_first].tolist():
        first, last = np.searchsorted(pieces.mmsi[kept], pieces.mmsi[kept[jump]] + np.arange(2))
        before, after = kept[first : jump + 1], kept[jump + 1 : last]
        sails = [_is_sailed(table, _rows_of(pieces, some)) for some in (before, after)]
        if sails == [False, True]:
            head = pieces.head[kept[jump + 1]]
            result.verdict[head], result.reason[head] = CREDIBLE, PLAIN


def _cut(table: _Table) -> _Pieces:
    """The pieces of each track: a new one wherever the ship may not have sailed on from the last.

    That is after an impossible step, after a way made in silence, and after one that is faster
    than the ship says that it sails.
    """
    size = table.mmsi.size
    start = np.arange(size - 1)
    same = table.mmsi[1:] == table.mmsi[:-1]
    track = np.concatenate(([0], np.cumsum(~same)))
    own_kn = _own_speed_kn(table, track)[track]
    step_us = np.diff(table.at)
    step_m = table.metres(start, start + 1)
    over_m = step_m - _SLACK_M
    is_new = ~same | (over_m > step_us * _M_PER_US)
    is_new |= (step_us > PIECE_SILENCE_US) & (over_m > 0)
    is_new |= (over_m > step_us * (own_kn[:-1] * _KN / 1e6)) & (step_m > SPOT_M)
    is_new |= _stray_ends(table, is_new, same, own_kn)
    frozen = _frozen_ends(table, is_new, same, own_kn)
    is_new |= np.diff(frozen) != 0
    head = np.flatnonzero(np.concatenate(([True], is_new)))
    tail = np.append(head[1:], size) - 1
    fixes = tail - head + 1

    def span_m(values: _Floats) -> _Floats:
        degrees = np.maximum.reduceat(values, head) - np.minimum.reduceat(values, head)
        return np.asarray(degrees * _M_PER_DEGREE)

    extent_m = np.hypot(span_m(table.lon) * np.cos(np.radians(table.lat[head])), span_m(table.lat))
    proof = 1.0 + np.log2(np.minimum(fixes, STRONG))
    proof += np.minimum(np.log2(1.0 + np.maximum(extent_m - SPOT_M, 0.0) / SPOT_M), 5.0)
    return _Pieces(
        mmsi=table.mmsi[head],
        head=head,
        tail=tail,
        fixes=fixes,
        imo=_piece_imo(table, head, fixes),
        own_kn=own_kn[head],
        extent_m=extent_m,
        proof=proof,
        is_frozen=frozen[head] == _LATE,
        is_doubtful=frozen[head] == _DOUBTFUL,
    )


_LATE, _DOUBTFUL = 1, 2
"""What a fix of a frozen place is: after the ship must have left, or at a time when it may have."""


def _frozen_ends(
    table: _Table, is_new: _Bools, same: _Bools, own_kn: _Floats
) -> npt.NDArray[np.int8]:
    """Fixes of a ship that lies where it was seen to come, after it must have left, or the reverse.

    A receiver may repeat its last place for hours (interference, a stale feed), or one with a late
    clock report a ship in its berth that others hear under way. So a still place proves no time
    before a step that no ship can make, if its end is frozen to the digit or goes on beside the
    step: its fixes count up to the last one from which the step can be sailed. Where the place was
    frozen from the first fix on, as of a ship under way, all are in doubt.
    """
    frozen = np.zeros(table.mmsi.size, dtype=np.int8)
    jump = np.flatnonzero(same & is_new)
    jump = jump[~table.can_sail(jump, jump + 1)]
    for way in (1, -1):
        turned = table if way > 0 else table.rows(slice(None, None, -1))
        turned = turned if way > 0 else turned._replace(at=-turned.at)
        steps = jump if way > 0 else table.mmsi.size - 2 - jump
        own = own_kn if way > 0 else own_kn[::-1]
        new = is_new if way > 0 else is_new[::-1]
        start = np.concatenate(([0], np.flatnonzero(new) + 1))  # of each piece
        begins = start[np.searchsorted(start, steps, side="right") - 1]
        for step, begin in zip(steps.tolist(), begins.tolist(), strict=True):
            bounds = _last_before(turned, own, begin, step, is_forward=way > 0)
            if bounds is not None:
                sure, last = bounds
                for first, end, kind in ((sure, last, _DOUBTFUL), (last, step, _LATE)):
                    rows = np.arange(first + 1, end + 1)
                    frozen[rows if way > 0 else frozen.size - 1 - rows] = kind
    return frozen


def _last_before(
    table: _Table, own_kn: _Floats, begin: int, step: int, *, is_forward: bool
) -> tuple[int, int] | None:
    """The last fix from which a ship sails the step after row `step`; None if none can be told.

    Before it the last fix that is beyond doubt. `begin` is the first row of the piece.
    """
    place = table.lon[step], table.lat[step]
    is_frozen = step > begin and (table.lon[step - 1], table.lat[step - 1]) == place
    ahead = np.arange(step + 1, min(step + 1 + LOOK_BACK, table.mmsi.size))
    ahead = ahead[table.mmsi[ahead] == table.mmsi[step]]
    goes_on = is_within(table.lon[ahead], table.lat[ahead], *place, FROZEN_NEAR_M)
    if step == begin or not (is_frozen or goes_on.any()):
        return None
    if not _sails_away(table, step, ahead[~goes_on]):
        return None
    here = slice(begin, step + 1)
    is_away = np.flatnonzero(~is_within(table.lon[here], table.lat[here], *place, FROZEN_NEAR_M))
    lies = begin + (int(is_away[-1]) + 1 if is_away.size else 0)  # the first row of the place
    way_m = float(table.metres(np.array([step]), np.array([step + 1]))[0])
    needed_us = max(way_m - _SLACK_M, 0.0) / (own_kn[step] * _KN / 1e6)
    at = table.at[lies : step + 1]
    last = lies + int(np.searchsorted(at, table.at[step + 1] - needed_us, side="right")) - 1
    if not lies <= last < step or not _was_seen_to_come(table, own_kn, lies):
        return None
    # A ship that was lying wandered before its place froze; one that drifted there by interference
    # is frozen from the start, and so is one whose receiver stopped under way.
    wanders = (table.lon[lies:step] != place[0]) | (table.lat[lies:step] != place[1])
    lay_us = table.at[lies + np.flatnonzero(wanders)[-1:]] - table.at[lies]
    still = ahead[goes_on]
    returns = table.can_sail(np.full_like(still, step + 1), still)
    if (is_frozen and (lay_us >= _HOUR_US).any()) or not returns.all():
        return last, last
    # What is repeated was there before: no place is frozen from a later one on.
    if not (is_frozen and is_forward):
        return None
    onward_us = table.at[_onward(table, step)[-1]] - table.at[step + 1]
    return (lies - 1, last) if onward_us > table.at[step] - table.at[lies] else None


def _onward(table: _Table, step: int) -> _Ints:
    """The rows after row `step` up to the next step that no ship can make."""
    rows = np.arange(step + 1, min(step + 1 + SAILS_ON_FIXES, table.mmsi.size))
    is_ahead = table.at[rows] - table.at[step] <= SAILS_ON_US
    rows = rows[is_ahead & (table.mmsi[rows] == table.mmsi[step])]
    jump = np.flatnonzero(~table.can_sail(rows[:-1], rows[1:]))
    return np.asarray(rows[: jump[0] + 1] if jump.size else rows)


def _sails_away(table: _Table, step: int, away: _Ints) -> bool:
    """Whether the fixes after row `step` show a ship that goes on away from the place there.

    Either the next two do, or all up to the next step that no ship can make, as of one that berths
    first. Who was thrown jumps back from where it was shown.
    """
    if away.size < 2 or not table.can_sail(away[:1], away[1:2])[0]:
        return False
    off_m = table.metres(np.full(2, step), away[:2])
    if off_m[1] - off_m[0] > POSITION_SLACK_M:
        return True
    rows = _onward(table, step)
    return bool((table.metres(np.full_like(rows, rows[0]), rows) > RING_M).any())


def _was_seen_to_come(table: _Table, own_kn: _Floats, row: int) -> bool:
    """Whether the fix before a row shows the ship on its way there: close by, or just in time."""
    before = row - 1
    if before < 0 or table.mmsi[before] != table.mmsi[row]:
        return False
    a, b = np.array([before]), np.array([row])
    way_m, elapsed_us = float(table.metres(a, b)[0]), int(table.at[row] - table.at[before])
    sailed_us = max(way_m - _SLACK_M, 0.0) / (own_kn[row] * _KN / 1e6)
    if sailed_us > elapsed_us:
        return False
    is_late = elapsed_us > 2.0 * way_m / (own_kn[row] * _KN / 1e6)
    return way_m <= STRAY_NEAR_M or (elapsed_us <= APPROACH_US and not is_late)


def _stray_ends(table: _Table, is_new: _Bools, same: _Bools, own_kn: _Floats) -> _Bools:
    """Steps inside pieces at which up to `FEW` false fixes end, or begin.

    A ship may be shown on the very quay to which it sails. Where the fixes at one end of a piece do
    not join the fix beside it, and the next ones do, from close by, the ends are cut off.
    """
    cuts = np.zeros(is_new.size, dtype=np.bool_)
    jump = np.flatnonzero(is_new & same)
    jump = jump[~table.can_sail(jump, jump + 1)]

    def joins(start: _Ints, end: _Ints) -> _Bools:
        way_m = table.metres(start, end)
        own_m = own_kn[start] * (_KN / 1e6) * (table.at[end] - table.at[start])
        return np.asarray((way_m <= STRAY_NEAR_M) & (way_m - _SLACK_M <= own_m))

    for steps, way in ((jump, 1), (jump, -1)):
        inner = steps + (1 if way > 0 else 0)  # the false end; beside it the fix that it excludes
        beside = steps + (0 if way > 0 else 1)
        for stray in range(1, FEW + 1):
            step = inner + way * stray - (way > 0)  # from the stray part into the rest
            inside = (step >= 0) & (step < is_new.size)
            inner, beside, step = inner[inside], beside[inside], step[inside]
            goes_on = ~is_new[step]
            inner, beside, step = inner[goes_on], beside[goes_on], step[goes_on]
            rest = inner + way * stray
            found = joins(beside, rest) if way > 0 else joins(rest, beside)
            cuts[step[found]] = True
            inner, beside = inner[~found], beside[~found]
    return cuts


def _own_speed_kn(table: _Table, track: _Ints) -> _Floats:
    """How fast the ship of each track is expected to sail at most."""
    sails = (table.sog > UNDER_WAY_KN) & (table.sog <= MAX_SPEED_KN)
    usual = pd.Series(table.sog[sails], dtype=np.float64).groupby(track[sails]).median()
    usual_kn = np.full(int(track[-1]) + 1, USUAL_SPEED_KN)
    usual_kn[usual.index.to_numpy(dtype=np.int64)] = usual.to_numpy()
    return np.clip(usual_kn + OWN_SPEED_MARGIN_KN, USUAL_SPEED_KN, MAX_SPEED_KN)


def _piece_imo(table: _Table, head: _Ints, fixes: _Ints) -> _Ints:
    """The first IMO number sent in each piece; 0 for none, and where it tells no hulls apart.

    Some publishers join static data by MMSI alone, so that two ships' numbers take turns in one
    place. There a number says nothing of the ship that sent the fix.
    """
    piece = np.repeat(np.arange(head.size), fixes)
    known = np.flatnonzero(table.imo > 0)
    found = np.zeros(head.size, dtype=np.int64)
    if known.size == 0:
        return found
    together = piece[known[1:]] == piece[known[:-1]]
    flips = together & (table.imo[known[1:]] != table.imo[known[:-1]])
    mmsi = table.mmsi[known[:-1]]
    changing = pd.Series(flips).groupby(mmsi).sum()
    steps = pd.Series(together).groupby(mmsi).sum()
    mixed = changing.index[(changing > 2) & (changing > MIXED_SHARE * steps)].to_numpy()
    known = known[~np.isin(table.mmsi[known], mixed)][::-1]
    found[piece[known]] = table.imo[known]
    return found


def _cheapest_paths(table: _Table, pieces: _Pieces) -> _Bools:
    """Which pieces lie on the cheapest path through those of their MMSI."""
    edge, before_here, joins = _edges(table, pieces)
    # A place that is left aside a second time costs hardly more than the first time did, unless
    # a way leads there and away: then it may be true this time.
    is_rebated = (before_here >= 0) & ~joins
    aside = np.where(is_rebated, np.minimum(pieces.proof, REPEATED_COST), pieces.proof)
    _charge_returns(edge, before_here, pieces.proof - aside)
    on_path = np.zeros(pieces.mmsi.size, dtype=np.bool_)
    first = np.flatnonzero(np.concatenate(([True], pieces.mmsi[1:] != pieces.mmsi[:-1])))
    last = np.append(first[1:], pieces.mmsi.size)
    for one in range(first.size):
        of_one = slice(first[one], last[one])
        on_path[of_one] = _cheapest_path(table, pieces.rows(of_one), edge[of_one], aside[of_one])
    return on_path


def _edges(table: _Table, pieces: _Pieces) -> tuple[npt.NDArray[np.float32], _Ints, _Bools]:
    """What it costs to come to each piece from those before it, and what is known of its place.

    The costs have the shape (n, k): the last column is the piece just before, the first the one k
    before. Then the last piece in the same place, an index, -1 where there is none; and whether an
    easy way leads there from the last piece elsewhere and on to the next one, as far as there are.
    """
    size = pieces.mmsi.size
    longest = int(np.bincount(np.cumsum(np.diff(pieces.mmsi, prepend=-1) != 0)).max())
    width = max(min(LOOK_BACK, longest - 1), 1)
    edge = np.full((size, width), np.inf, dtype=np.float32)
    heads, tails = _on_sphere(table, pieces.head), _on_sphere(table, pieces.tail)
    before_here = np.full(size, -1, dtype=np.int64)
    easy_in, easy_out = np.zeros((2, size), dtype=np.bool_)
    none_before, none_after = np.ones((2, size), dtype=np.bool_)
    for back in range(1, width + 1):
        b = np.arange(back, size)
        b = b[pieces.mmsi[b] == pieces.mmsi[b - back]]
        a = b - back
        step_m = _arc_m(tails[a], heads[b])
        cost = _step_cost(table, pieces, a, b, step_m)
        edge[b, width - back] = cost
        near = _is_same_place(table, pieces, a, b, _arc_m(heads[a], heads[b]))
        first_here = near & (before_here[b] < 0)
        before_here[b[first_here]] = a[first_here]
        is_other, is_easy = step_m > RING_M, cost < EASY_COST
        easy_in[b] |= is_other & none_before[b] & is_easy
        easy_out[a] |= is_other & none_after[a] & is_easy
        none_before[b] &= ~is_other
        none_after[a] &= ~is_other
    joins = (easy_in | none_before) & (easy_out | none_after) & (easy_in | easy_out)
    # A stay torn in two by a false place is reached in its first part and left in its second.
    again = np.flatnonzero(before_here >= 0)
    torn = again[easy_out[again] & easy_in[before_here[again]] & ~easy_in[again]]
    joins[torn] = True
    return edge, before_here, joins


def _is_same_place(table: _Table, pieces: _Pieces, a: _Ints, b: _Ints, apart_m: _Floats) -> _Bools:
    """Whether pieces `b` are where pieces `a` were: at a spot, or still about it an hour later."""
    elapsed_us = table.at[pieces.head[b]] - table.at[pieces.tail[a]]
    is_spot = (pieces.extent_m[a] <= SPOT_M) & (pieces.extent_m[b] <= SPOT_M) & (apart_m <= SPOT_M)
    is_ring = (pieces.extent_m[a] <= RING_M) & (pieces.extent_m[b] <= RING_M) & (apart_m <= RING_M)
    return (is_spot | (is_ring & (elapsed_us >= _HOUR_US))) & (elapsed_us <= MAX_AWAY_US)


def _charge_returns(edge: npt.NDArray[np.float32], before_here: _Ints, rebate: _Floats) -> None:
    """Take back the rebate of a repeated place from paths that stop there themselves.

    The rebate is for a place that is wrong as a whole: who was there once cannot say that the
    next fixes there are nothing new to explain away.
    """
    size, width = edge.shape
    again = np.full(size, size, dtype=np.int64)
    repeated = np.flatnonzero(before_here >= 0)[::-1]
    again[before_here[repeated]] = repeated
    price = np.append(rebate, 0.0)
    for back in range(2, width + 1):
        b = np.arange(back, size)
        a = b - back
        edge[b, width - back] += np.where(again[a] < b, price[again[a]], 0.0)
        edge[b, width - back] += np.where(before_here[b] > a, price[before_here[b]], 0.0)


def _on_sphere(table: _Table, rows: _Ints) -> _Floats:
    """Fixes as points on the sphere of radius 1, shape (n, 3)."""
    lon, lat = np.radians(table.lon[rows]), np.radians(table.lat[rows])
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def _arc_m(start: _Floats, end: _Floats) -> _Floats:
    """Great-circle distances between points on the sphere, without its angles' trigonometry."""
    away = end - start
    half = np.sqrt(np.einsum("ij,ij->i", away, away)) / 2.0
    return np.asarray(2.0 * EARTH_RADIUS_M * np.arcsin(np.minimum(half, 1.0)))


def _step_cost(
    table: _Table, pieces: _Pieces, a: _Ints, b: _Ints, step_m: _Floats
) -> npt.NDArray[np.float32]:
    """What a path pays for going from pieces `a` to pieces `b`; infinite where no ship can."""
    elapsed_us = (table.at[pieces.head[b]] - table.at[pieces.tail[a]]).astype(np.float64)
    reach_m = _M_PER_US * elapsed_us
    over_m = np.maximum(step_m - _SLACK_M, 0.0)
    # Passing over what lies between needs a return in time; with nothing between there is no need.
    cannot = (over_m > reach_m) | ((b - a > 1) & (elapsed_us > MAX_AWAY_US))
    own_m = pieces.own_kn[a] * (_KN / 1e6) * elapsed_us
    cost = np.where(cannot, np.inf, np.maximum(over_m - own_m, 0.0) / EXCESS_M)
    return cost.astype(np.float32)


def _cheapest_path(
    table: _Table, pieces: _Pieces, edge: npt.NDArray[np.float32], aside: _Floats
) -> _Bools:
    """Which pieces of one MMSI lie on its cheapest path.

    A piece before the first or after the last one of the path costs what it proves, and the
    strongest of them once more: a track is to be explained from end to end.
    """
    size, width = edge.shape
    before = np.concatenate(([0.0], np.cumsum(aside)))
    ahead = np.concatenate(([0.0], np.maximum.accumulate(pieces.proof)))[:-1]
    behind = np.concatenate((np.maximum.accumulate(pieces.proof[::-1])[::-1][1:], [0.0]))
    gain = np.full(width + size, np.inf)  # the cost up to a piece, less all costs up to there
    cost = before[:-1] + ahead
    came_from = np.full(size, -1, dtype=np.int64)
    is_strong = pieces.fixes > FEW
    anchors: list[int] = []
    known = np.unique(pieces.imo[pieces.imo > 0])
    carried = np.zeros(width + size, dtype=np.int64)  # the last IMO number sent on the way there
    for piece in range(size):
        ways = gain[piece : piece + width] + edge[piece]
        imo = pieces.imo[piece]
        if known.size > 1 and imo > 0:
            others = carried[piece : piece + width]
            ways = ways + OTHER_IMO_COST * ((others > 0) & (others != imo))
        best = width - 1 - int(ways[::-1].argmin())
        way, origin = ways[best], piece - width + best
        if anchors and is_strong[piece] and min(gain[one + width] for one in anchors) < way:
            far = np.array(anchors)
            here = np.full_like(far, piece)
            step_m = table.metres(pieces.tail[far], pieces.head[here])
            far_ways = gain[far + width] + _step_cost(table, pieces, far, here, step_m)
            others = carried[far + width]
            far_ways += OTHER_IMO_COST * ((others > 0) & (others != imo) & (imo > 0))
            far_best = int(far_ways.argmin())
            if far_ways[far_best] < way:
                way, origin = far_ways[far_best], anchors[far_best]
        if before[piece] + way <= cost[piece]:
            cost[piece], came_from[piece] = before[piece] + way, origin
        gain[piece + width] = cost[piece] - before[piece + 1]
        carried[piece + width] = imo or carried[came_from[piece] + width]
        leaving = piece - width  # out of sight of the next piece
        if leaving >= 0 and is_strong[leaving]:
            anchors = [*anchors[1 - ANCHORS :], leaving]
    total = cost + before[-1] - before[1:] + behind
    piece = size - 1 - int(total[::-1].argmin())
    on_path = np.zeros(size, dtype=np.bool_)
    while piece >= 0:
        on_path[piece] = True
        piece = int(came_from[piece])
    return on_path


def _place(
    table: _Table, pieces: _Pieces, path: _Ints, owner: _Ints, reason: npt.NDArray[np.int8]
) -> None:
    """Decide on a path: a part of the track, a second hull, or nothing that was sailed.

    Changes `owner` and `reason` of its pieces. Those of an undecided path that lie apart from the
    track stay undecided where the others are dropped, and are looked at by themselves.
    """
    first, last = (
        np.searchsorted(pieces.mmsi, pieces.mmsi[path[0]], side="left"),
        np.searchsorted(pieces.mmsi, pieces.mmsi[path[0]], side="right"),
    )
    track = first + np.flatnonzero(owner[first:last] == 0)
    if track.size == 0:
        owner[path] = 0
        return
    inside = path[_is_inside(table, pieces, track, path)]
    if inside.size == 0:
        is_noise = pieces.fixes[path].sum() <= FEW and pieces.fixes[track].sum() >= STRONG
        owner[path] = _DROPPED if is_noise else 0
        reason[path] = FEW_BESIDE_MANY if is_noise else PLAIN
        return
    if _is_sailed(table, _rows_of(pieces, inside)):
        if _is_other_clock(table, _rows_of(pieces, track), _rows_of(pieces, path)):
            owner[path], reason[path] = _DROPPED, CLOCK
            return
        same_imo = _have_same_imo(pieces, track, path)
        if same_imo is not False and _joins_one_end(table, pieces, track, path):
            owner[path] = 0
            return
        if not same_imo:
            owner[path] = owner[first:last].max() + 1
            return
    outside = np.setdiff1d(path, inside)
    near = _is_near_any(table, pieces, outside, inside)
    # A place that is still held a day after the track fell silent may be where the ship now is.
    near &= table.at[pieces.tail[outside]] - table.at[pieces.head[outside]] <= OUTLASTING_US
    dropped = np.concatenate((inside, outside[near]))
    owner[dropped] = _DROPPED
    reason[dropped] = np.where(pieces.is_frozen[dropped], FROZEN, JUMP)


def _place_rest(
    table: _Table, pieces: _Pieces, rest: _Ints, owner: _Ints, reason: npt.NDArray[np.int8]
) -> None:
    """Decide on what `MAX_TRACKS` paths left: what lies apart from the track in time stays."""
    if rest.size == 0:
        return
    track = np.flatnonzero((pieces.mmsi == pieces.mmsi[rest[0]]) & (owner == 0))
    inside = rest[_is_inside(table, pieces, track, rest)]
    owner[rest] = 0
    owner[inside], reason[inside] = _DROPPED, JUMP


def _have_same_imo(pieces: _Pieces, track: _Ints, path: _Ints) -> bool | None:
    """Whether both sent one IMO number most of the time; None where one of them sent none.

    If so they are one ship, and one ship is not in two places.
    """
    mine, theirs = pieces.imo[path], pieces.imo[track]
    mine, theirs = mine[mine > 0], theirs[theirs > 0]
    if not (mine.size and theirs.size):
        return None
    return _most_common(mine) == _most_common(theirs)


def _most_common(values: _Ints) -> int:
    """The value that occurs most often, the lowest of several."""
    found, count = np.unique(values, return_counts=True)
    return int(found[count.argmax()])


def _joins_one_end(table: _Table, pieces: _Pieces, track: _Ints, path: _Ints) -> bool:
    """Whether a path fills one gap of the track and joins it at one end: a jump, at the other."""
    begin, end = table.at[pieces.head[path[0]]], table.at[pieces.tail[path[-1]]]
    after = int(np.searchsorted(table.at[pieces.head[track]], begin, side="right"))
    if not 0 < after < track.size or table.at[pieces.head[track[after]]] < end:
        return False
    a = np.array([pieces.tail[track[after - 1]], pieces.tail[path[-1]]])
    b = np.array([pieces.head[path[0]], pieces.head[track[after]]])
    return bool(table.can_sail(a, b).any())


def _is_inside(table: _Table, pieces: _Pieces, track: _Ints, path: _Ints) -> _Bools:
    """Whether each piece of a path is heard while the track is: between two of its joined pieces.

    The track's own open jumps are no part of it: what lies in one joins on both sides or neither.
    """
    tail, head = pieces.tail[track[:-1]], pieces.head[track[1:]]
    is_joined = table.can_sail(tail, head) & (table.at[head] - table.at[tail] <= MAX_AWAY_US)
    starts = np.concatenate(([True], ~is_joined))
    begin = table.at[pieces.head[track[starts]]]
    end = table.at[pieces.tail[track[np.concatenate((~is_joined, [True]))]]]
    begun = np.searchsorted(begin, table.at[pieces.tail[path]], side="right")
    ended = np.searchsorted(end, table.at[pieces.head[path]], side="left")
    return np.asarray(begun > ended)


def _is_near_any(table: _Table, pieces: _Pieces, some: _Ints, others: _Ints) -> _Bools:
    """Whether each of some pieces begins within `SPOT_M` of the head of any other."""
    here, there = pieces.head[some], pieces.head[others]
    lon, lat = table.lon[here], table.lat[here]
    near = np.zeros(some.size, dtype=np.bool_)
    for row in there[:: max(there.size // CLOCK_SAMPLE, 1)]:
        near |= is_within(
            lon, lat, np.full_like(lon, table.lon[row]), np.full_like(lat, table.lat[row]), SPOT_M
        )
    return near


def _rows_of(pieces: _Pieces, some: _Ints) -> _Ints:
    """The rows of the fixes of pieces, in order."""
    fixes = pieces.fixes[some]
    within = np.arange(int(fixes.sum())) - np.repeat(np.cumsum(fixes) - fixes, fixes)
    return np.repeat(pieces.head[some], fixes) + within


def _is_sailed(table: _Table, rows: _Ints) -> bool:
    """Whether fixes make a track that sails: long, far, and at the speeds that it reports."""
    if rows.size <= HULL_STEPS:
        return False
    # One fix an hour: what a jammed receiver scatters within minutes is no way made.
    rows = rows[np.diff(table.at[rows] // _HOUR_US, prepend=-1) > 0]
    a, b = rows[:-1], rows[1:]
    step_us = table.at[b] - table.at[a]
    step_m = table.metres(a, b)
    moves = (step_m > SPOT_M) & (step_us <= HULL_STEP_US)
    a, b, step_m = a[moves], b[moves], step_m[moves]
    made_kn = step_m / np.maximum(step_us[moves] / 1e6, 1.0) / _KN
    said_kn = np.fmax(table.sog[a], table.sog[b])
    is_long = step_us[moves] > 2 * _HOUR_US
    sails = made_kn <= 1.3 * said_kn + 2.0
    sails &= is_long | (made_kn >= 0.5 * said_kn - 2.0)
    sails |= np.isnan(said_kn) & (made_kn <= USUAL_SPEED_KN + OWN_SPEED_MARGIN_KN)
    # Steps that follow each other make a passage: who is thrown from place to place lies between.
    follows = np.concatenate(([False], (a[1:] == b[:-1]) & sails[1:] & sails[:-1]))
    passage = np.cumsum(~follows)[sails]
    longest = int(np.bincount(passage).max(initial=0))
    way_m = float(step_m[sails].sum())
    return bool(
        longest >= HULL_STEPS
        and way_m >= HULL_WAY_M
        and way_m >= HULL_SHARE * step_m.sum()
        and _extent_m(table, rows) >= HULL_EXTENT_M
    )


def _extent_m(table: _Table, rows: _Ints) -> float:
    """The diagonal of the box round some fixes."""
    lon, lat = table.lon[rows], table.lat[rows]
    return float(great_circle_m(lon.min(), lat.min(), lon.max(), lat.max()))


def _is_other_clock(table: _Table, track: _Ints, rows: _Ints) -> bool:
    """Whether a track is the first one by wrong clocks: where that was, always so much later.

    Each clock is off by one time. The clocks are found one after the other, the one that explains
    the most fixes first. Where that cannot be told, as on a track of few fixes, it is that ship if
    it was nowhere else and lay nowhere but in the very spots where that lay: no two ships do.
    """
    lies = _sampled(rows[_is_still(table, rows)])
    rows = _sampled(rows[np.diff(table.at[rows] // CLOCK_SLOT_US, prepend=-1) > 0])
    lag_us = np.arange(-CLOCK_LAG_US, CLOCK_LAG_US + 1, CLOCK_STEP_US)
    near = _is_where_it_was(table, track, rows, lag_us, CLOCK_NEAR_M)
    # What is near at hardly any lag or at some is told by the clock; what is near for hours is not.
    tells = near.sum(axis=1) * CLOCK_STEP_US <= CLOCK_STILL_US
    near, at = near[tells], table.at[rows[tells]]
    explained = np.zeros(at.size, dtype=np.bool_)
    for _ in range(CLOCK_LAGS if at.size >= CLOCK_LEAST else 0):
        span_us = min(CLOCK_SPAN_US, CLOCK_SPAN_SHARE * (at[-1] - at[0]))
        left = near & ~explained[:, None]
        count = left.sum(axis=0)
        first_us = np.where(left, at[:, None], at[-1]).min(axis=0)
        last_us = np.where(left, at[:, None], at[0]).max(axis=0)
        count[(count < CLOCK_FIXES) | (last_us - first_us < span_us)] = 0
        if not count.any():
            break
        explained |= near[:, count.argmax()]
    if explained.sum() >= max(CLOCK_SHARE * at.size, CLOCK_LEAST):
        return True
    if not at.size:
        return False
    is_spot = _is_where_it_was(table, track, lies, lag_us, SAME_BERTH_M).any(axis=1)
    return bool(
        is_spot.size
        and is_spot.mean() >= CLOCK_WAY_SHARE
        and near.any(axis=1).mean() >= CLOCK_WAY_SHARE
    )


def _sampled(rows: _Ints) -> _Ints:
    """At most `CLOCK_SAMPLE` of some rows, evenly."""
    return rows[:: max(-(-rows.size // CLOCK_SAMPLE), 1)]


def _is_still(table: _Table, rows: _Ints) -> _Bools:
    """Whether each fix of a path says that it is still, or is where the one before it was."""
    still = table.sog[rows] <= STILL_KN
    still[1:] |= table.metres(rows[:-1], rows[1:]) <= SAME_BERTH_M
    return np.asarray(still)


def _is_where_it_was(
    table: _Table, track: _Ints, rows: _Ints, lag_us: _Ints, within_m: float
) -> _Bools:
    """Whether each fix is where a track was so much later, shape (rows, lags)."""
    at = table.at[rows][:, None] + lag_us
    after = np.clip(np.searchsorted(table.at[track], at), 1, track.size - 1)
    a, b = track[after - 1], track[after]
    step_us = table.at[b] - table.at[a]
    is_heard = (at >= table.at[a]) & (at <= table.at[b]) & (step_us <= CLOCK_SILENCE_US)
    share = (at - table.at[a]) / np.maximum(step_us, 1)
    lon = table.lon[a] + share * (table.lon[b] - table.lon[a])
    lat = table.lat[a] + share * (table.lat[b] - table.lat[a])
    step_m = np.hypot(
        (table.lon[b] - table.lon[a]) * np.cos(np.radians(lat)), table.lat[b] - table.lat[a]
    )
    near_m = within_m + CLOCK_BEND * _M_PER_DEGREE * step_m
    here = np.broadcast_to(rows[:, None], at.shape)
    near = is_within(
        table.lon[here].ravel(), table.lat[here].ravel(), lon.ravel(), lat.ravel(), near_m.ravel()
    )
    return np.asarray(is_heard & near.reshape(at.shape))
