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

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.exactness import error_m, step_us
from geo.hulls import CLOCK_SAMPLE, is_other_clock, is_sailed, places_at
from geo.paths import MAX_AWAY_US, cheapest_paths
from geo.pieces import cut_pieces
from geo.tracks import (
    BLOCK,
    FEW,
    SLOT_US,
    SPOT_M,
    STRAY_NEAR_M,
    STRONG,
    Bools,
    Fixes,
    Ints,
    PieceTable,
    Table,
    column,
    is_within,
    microseconds,
    most_common,
    row_order,
    rows_of,
    thinned,
)

CREDIBLE = 0
"""A ship could have come from the credible fix before and gone to the one after."""
DISPUTED = 1
"""At one end of a step that no ship can make, where neither end is known to be wrong. Kept."""
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
OUTLASTING_US = 86_400 * 1_000_000
"""Fixes at a false place beyond the track's end are false too, unless they go on for longer."""
MAX_TRACKS = 6
"""Paths looked for in one MMSI. What is left after as many is a crowd on one number."""

MEETING_US = 45 * 60 * 1_000_000
MEETING_M = 6_000.0
MEETING_WAY_M = 3_000.0
"""Two hulls on one MMSI meet within what both sail in `SLOT_US`; three quarters of an hour before
and after tell which way each was going, at 2 knots and more."""


class Judgement(NamedTuple):
    """What `judge` found, row by row. All arrays have shape (n,)."""

    verdict: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    track_id: Ints

    def rows(self, which: Any) -> Judgement:
        """What was found of the rows of a mask or of an array of indices."""
        return Judgement(self.verdict[which], self.reason[which], self.track_id[which])


def judge(fixes: Fixes) -> Judgement:
    """A verdict for each fix, why, and the track that it belongs to.

    Parameters
    ----------
    fixes : DataFrame or mapping of arrays
        In any order, all fixes of each MMSI. Columns mmsi (int), reported_at (datetime64, UTC),
        lon, lat (degrees), sog_kn (NaN where unknown), imo (int, 0 where unknown); and, of sources
        that are less exact than a receiver, position_accuracy_m and time_step_s. Several fixes at
        one time are allowed; repeated rows change nothing.

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

    >>> import pandas as pd
    >>> fixes = pd.DataFrame({
    ...     "mmsi": 422000001, "imo": 0, "sog_kn": 2.0,
    ...     "reported_at": pd.date_range("2026-04-01", periods=5, freq="5min"),
    ...     "lon": [56.0, 56.01, 50.3, 56.02, 56.03],
    ...     "lat": [26.5, 26.5, 29.2, 26.5, 26.5],
    ... })
    >>> judge(fixes).verdict
    array([0, 0, 2, 0, 0], dtype=int8)
    """
    table = Table(
        mmsi=column(fixes, "mmsi", np.int64),
        at=microseconds(fixes["reported_at"]),
        lon=column(fixes, "lon", np.float64),
        lat=column(fixes, "lat", np.float64),
        sog=column(fixes, "sog_kn", np.float32),
        imo=column(fixes, "imo", np.int64),
        error_m=error_m(fixes),
        step_us=step_us(fixes),
    )
    order = row_order(table)
    if order is None:
        return _judge_sorted(table)
    table = table.rows(order)
    is_first = np.ones(order.size, dtype=np.bool_)
    is_first[1:] = np.any(
        [values[1:] != values[:-1] for values in (table.mmsi, table.at, table.lon, table.lat)],
        axis=0,
    )
    judgement = _judge_sorted(table.rows(is_first))
    back = np.empty_like(order)
    back[order] = np.cumsum(is_first) - 1
    return judgement.rows(back)


def _judge_sorted(table: Table) -> Judgement:
    size = table.mmsi.size
    judgement = Judgement(
        np.zeros(size, dtype=np.int8), np.zeros(size, dtype=np.int8), table.mmsi.copy()
    )
    if size < 2:
        return judgement
    same = table.mmsi[1:] == table.mmsi[:-1]
    jump = np.empty(same.size, dtype=np.bool_)
    for first in range(0, same.size, BLOCK):
        start = np.arange(first, min(first + BLOCK, same.size))
        jump[start] = ~table.can_sail(start, start + 1)
    jump &= same
    if not jump.any():
        return judgement
    track = np.concatenate(([0], np.cumsum(~same)))
    has_jump = np.zeros(track[-1] + 1, dtype=np.bool_)
    has_jump[track[:-1][jump]] = True
    rows = np.flatnonzero(has_jump[track])
    stands, group = thinned(table.rows(rows))
    explained = _explain(table.rows(rows[stands])).rows(group)
    judgement.verdict[rows] = explained.verdict
    judgement.reason[rows] = explained.reason
    judgement.track_id[rows] = explained.track_id
    return judgement


_UNDECIDED, _DROPPED = -1, -2


def _explain(table: Table) -> Judgement:
    """The verdicts on tracks in which a step is impossible."""
    pieces = cut_pieces(table)
    size = pieces.mmsi.size
    owner = np.full(size, _UNDECIDED, dtype=np.int64)  # the number of the hull, or the above
    reason = np.full(size, PLAIN, dtype=np.int8)
    for _ in range(MAX_TRACKS):
        todo = np.flatnonzero(owner == _UNDECIDED)
        if todo.size == 0:
            break
        path = todo[cheapest_paths(table, pieces.rows(todo))]
        border = np.flatnonzero(np.diff(pieces.mmsi[path])) + 1
        for path_of_mmsi in np.split(path, border):
            _place(table, pieces, path_of_mmsi, owner, reason)
    undecided = np.flatnonzero(owner == _UNDECIDED)
    for path_of_mmsi in np.split(undecided, np.flatnonzero(np.diff(pieces.mmsi[undecided])) + 1):
        _place_rest(table, pieces, path_of_mmsi, owner, reason)

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
    table: Table, pieces: PieceTable, owner: Ints, reason: npt.NDArray[np.int8]
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


def _uncross(table: Table, pieces: PieceTable, own: Ints, owner: Ints) -> None:
    """Give two hulls that met, and seem to turn round there, each its own way on.

    Where two ships pass each other in a lane, either way on can be sailed by both. `own` are the
    pieces of one MMSI; changes `owner`.
    """
    for hull, other_hull in combinations(np.unique(owner[own][owner[own] >= 0]).tolist(), 2):
        first, second = own[owner[own] == hull], own[owner[own] == other_hull]
        begin = max(table.at[pieces.head[first[0]]], table.at[pieces.head[second[0]]])
        end = min(table.at[pieces.tail[first[-1]]], table.at[pieces.tail[second[-1]]])
        at = np.arange(begin + MEETING_US, end - MEETING_US, SLOT_US)
        if at.size < 3:
            continue
        places = [places_at(table, rows_of(pieces, side), at) for side in (first, second)]
        apart_m = np.hypot(*(places[0] - places[1]))
        is_least = (apart_m[1:-1] <= apart_m[:-2]) & (apart_m[1:-1] < apart_m[2:])
        for met in at[1:-1][is_least & (apart_m[1:-1] <= MEETING_M)].tolist():
            if _turn_round(table, pieces, own, owner, (hull, other_hull), met):
                later = own[table.at[pieces.head[own]] > met]
                was = owner[later]
                owner[later[was == hull]], owner[later[was == other_hull]] = other_hull, hull


def _turn_round(
    table: Table, pieces: PieceTable, own: Ints, owner: Ints, pair: tuple[int, int], met_us: int
) -> bool:
    """Whether two hulls under way both turn round where they met, and not on the other's way."""
    at = met_us + np.array([-MEETING_US, 0, MEETING_US])
    ways = []
    for hull in pair:
        place = places_at(table, rows_of(pieces, own[owner[own] == hull]), at)
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


def _numbered(pieces: PieceTable, owner: Ints) -> Ints:
    """The hulls beside the first, counted in the order in which they are first heard."""
    number = np.zeros(owner.size, dtype=np.int64)
    further = np.flatnonzero(owner > 0)
    seen: dict[tuple[int, int], int] = {}
    for piece in further.tolist():
        mmsi = int(pieces.mmsi[piece])
        key = (mmsi, int(owner[piece]))
        if key not in seen:
            seen[key] = 1 + sum(known == mmsi for known, _ in seen)
        number[piece] = seen[key]
    return number


def _dispute(table: Table, pieces: PieceTable, owner: Ints, result: Judgement) -> None:
    """Mark both ends of each impossible step left in a track, and what is in doubt by itself.

    Where a track begins with fixes that never sail, and sails after the step, the doubt is on them
    alone: it was jammed from the start. Not so at its end, where a ship that was drifted away may
    just have come back to where it truly lies.
    """
    kept = np.flatnonzero(owner == 0)
    doubtful = rows_of(pieces, kept[pieces.is_doubtful[kept]])
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
        sails = [is_sailed(table, rows_of(pieces, side)) for side in (before, after)]
        if sails == [False, True]:
            head = pieces.head[kept[jump + 1]]
            result.verdict[head], result.reason[head] = CREDIBLE, PLAIN


def _place(
    table: Table, pieces: PieceTable, path: Ints, owner: Ints, reason: npt.NDArray[np.int8]
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
    if is_sailed(table, rows_of(pieces, inside)):
        if is_other_clock(table, rows_of(pieces, track), rows_of(pieces, path)):
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
    table: Table, pieces: PieceTable, rest: Ints, owner: Ints, reason: npt.NDArray[np.int8]
) -> None:
    """Decide on what `MAX_TRACKS` paths left: what lies apart from the track in time stays."""
    if rest.size == 0:
        return
    track = np.flatnonzero((pieces.mmsi == pieces.mmsi[rest[0]]) & (owner == 0))
    inside = rest[_is_inside(table, pieces, track, rest)]
    owner[rest] = 0
    owner[inside], reason[inside] = _DROPPED, JUMP


def _have_same_imo(pieces: PieceTable, track: Ints, path: Ints) -> bool | None:
    """Whether both sent one IMO number most of the time; None where one of them sent none.

    If so they are one ship, and one ship is not in two places.
    """
    path_imo, track_imo = pieces.imo[path], pieces.imo[track]
    path_imo, track_imo = path_imo[path_imo > 0], track_imo[track_imo > 0]
    if not (path_imo.size and track_imo.size):
        return None
    return most_common(path_imo) == most_common(track_imo)


def _joins_one_end(table: Table, pieces: PieceTable, track: Ints, path: Ints) -> bool:
    """Whether a path fills one gap of the track and joins it at one end: a jump, at the other."""
    begin, end = table.at[pieces.head[path[0]]], table.at[pieces.tail[path[-1]]]
    after = int(np.searchsorted(table.at[pieces.head[track]], begin, side="right"))
    if not 0 < after < track.size or table.at[pieces.head[track[after]]] < end:
        return False
    a = np.array([pieces.tail[track[after - 1]], pieces.tail[path[-1]]])
    b = np.array([pieces.head[path[0]], pieces.head[track[after]]])
    return bool(table.can_sail(a, b).any())


def _is_inside(table: Table, pieces: PieceTable, track: Ints, path: Ints) -> Bools:
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


def _is_near_any(table: Table, pieces: PieceTable, which: Ints, others: Ints) -> Bools:
    """Whether each of some pieces begins within `SPOT_M` of the head of any other."""
    here, there = pieces.head[which], pieces.head[others]
    lon, lat = table.lon[here], table.lat[here]
    near = np.zeros(which.size, dtype=np.bool_)
    for row in there[:: max(there.size // CLOCK_SAMPLE, 1)]:
        near |= is_within(
            lon, lat, np.full_like(lon, table.lon[row]), np.full_like(lat, table.lat[row]), SPOT_M
        )
    return near
