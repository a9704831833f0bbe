"""The likeliest way through the pieces of a track."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.earth import EARTH_RADIUS_M
from geo.pieces import LOOK_BACK
from geo.tracks import (
    FEW,
    HOUR_US,
    KN,
    M_PER_US,
    RING_M,
    SPOT_M,
    Bools,
    Floats,
    Ints,
    PieceTable,
    Table,
)

MAX_AWAY_US = 14 * 86_400 * 1_000_000
"""The longest absence over which a return is believed: two weeks.

With ever more time any return is possible and proves less and less. Below the 21 days that bound
a port call's silence, so that a later fix does not rewrite calls that ended long before.
"""
ANCHORS = 8
"""So many strong pieces are kept in sight beyond `LOOK_BACK`: a burst of thousands of false places
may lie between two parts of a track."""
EASY_COST = 1.0
"""A way that costs less is one that the ship may well have made."""
REPEATED_COST = 0.5
"""The least that it costs to leave a place aside again that was left aside before."""
EXCESS_M = 5_000.0
"""Each such length beyond what the ship would have sailed costs what one fix left aside costs.

By length and not by speed, so that a fast way costs the same in one step or in many, and none of
its fixes is left aside to save on it.
"""
OTHER_IMO_COST = 20.0
"""For a step between two IMO numbers, which no hull makes: more than any two pieces prove."""


def cheapest_paths(table: Table, pieces: PieceTable) -> Bools:
    """Which pieces lie on the cheapest path through those of their MMSI."""
    edge, before_here, joins = _edges(table, pieces)
    # A place that is left aside a second time costs hardly more than what it proves beyond the
    # first time, unless a way leads there and away: then it may be true this time.
    is_rebated = (before_here >= 0) & ~joins
    again = np.minimum(pieces.proof, np.maximum(_new_proof(pieces, before_here), REPEATED_COST))
    aside = np.where(is_rebated, again, pieces.proof)
    _charge_returns(edge, before_here, pieces.proof - aside)
    on_path = np.zeros(pieces.mmsi.size, dtype=np.bool_)
    first = np.flatnonzero(np.concatenate(([True], pieces.mmsi[1:] != pieces.mmsi[:-1])))
    last = np.append(first[1:], pieces.mmsi.size)
    for number in range(first.size):
        of_mmsi = slice(first[number], last[number])
        on_path[of_mmsi] = _cheapest_path(
            table, pieces.rows(of_mmsi), edge[of_mmsi], aside[of_mmsi]
        )
    return on_path


def _new_proof(pieces: PieceTable, before_here: Ints) -> Floats:
    """What pieces prove beyond those before them in the same place; of a frozen place nothing.

    A berth of which two fixes were heard before the way of a late receiver, and sixty after it, is
    not left aside for the price of the two.
    """
    most = pieces.proof.copy()
    new = np.zeros_like(most)
    for piece in np.flatnonzero(before_here >= 0).tolist():
        before = most[before_here[piece]]
        new[piece] = max(most[piece] - before, 0.0)
        most[piece] = max(most[piece], before)
    new[pieces.is_frozen] = 0.0
    return new


def _edges(table: Table, pieces: PieceTable) -> tuple[npt.NDArray[np.float32], Ints, Bools]:
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
        # No ship comes from a place that was reported after it had left, or goes to one before.
        is_from, is_to = is_other & ~pieces.is_frozen[a], is_other & ~pieces.is_frozen[b]
        easy_in[b] |= is_from & none_before[b] & is_easy
        easy_out[a] |= is_to & none_after[a] & is_easy
        none_before[b] &= ~is_from
        none_after[a] &= ~is_to
    joins = (easy_in | none_before) & (easy_out | none_after) & (easy_in | easy_out)
    # A stay torn in two by a false place is reached in its first part and left in its second.
    again = np.flatnonzero(before_here >= 0)
    torn = again[easy_out[again] & easy_in[before_here[again]] & ~easy_in[again]]
    joins[torn] = True
    return edge, before_here, joins


def _is_same_place(table: Table, pieces: PieceTable, a: Ints, b: Ints, apart_m: Floats) -> Bools:
    """Whether pieces `b` are where pieces `a` were: at a spot, or still about it an hour later."""
    elapsed_us = table.at[pieces.head[b]] - table.at[pieces.tail[a]]
    is_spot = (pieces.extent_m[a] <= SPOT_M) & (pieces.extent_m[b] <= SPOT_M) & (apart_m <= SPOT_M)
    is_ring = (pieces.extent_m[a] <= RING_M) & (pieces.extent_m[b] <= RING_M) & (apart_m <= RING_M)
    return (is_spot | (is_ring & (elapsed_us >= HOUR_US))) & (elapsed_us <= MAX_AWAY_US)


def _charge_returns(edge: npt.NDArray[np.float32], before_here: Ints, rebate: Floats) -> None:
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


def _on_sphere(table: Table, rows: Ints) -> Floats:
    """Fixes as points on the sphere of radius 1, shape (n, 3)."""
    lon, lat = np.radians(table.lon[rows]), np.radians(table.lat[rows])
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def _arc_m(start: Floats, end: Floats) -> Floats:
    """Great-circle distances between points on the sphere, without its angles' trigonometry."""
    away = end - start
    half = np.sqrt(np.einsum("ij,ij->i", away, away)) / 2.0
    return np.asarray(2.0 * EARTH_RADIUS_M * np.arcsin(np.minimum(half, 1.0)))


def _step_cost(
    table: Table, pieces: PieceTable, a: Ints, b: Ints, step_m: Floats
) -> npt.NDArray[np.float32]:
    """What a path pays for going from pieces `a` to pieces `b`; infinite where no ship can."""
    elapsed_us = table.longest_us(pieces.tail[a], pieces.head[b]).astype(np.float64)
    reach_m = M_PER_US * elapsed_us
    over_m = np.maximum(step_m - table.slack_m(pieces.tail[a], pieces.head[b]), 0.0)
    # Passing over what lies between needs a return in time; with nothing between there is no need.
    cannot = (over_m > reach_m) | ((b - a > 1) & (elapsed_us > MAX_AWAY_US))
    own_m = pieces.own_kn[a] * (KN / 1e6) * elapsed_us
    cost = np.where(cannot, np.inf, np.maximum(over_m - own_m, 0.0) / EXCESS_M)
    return cost.astype(np.float32)


def _cheapest_path(
    table: Table, pieces: PieceTable, edge: npt.NDArray[np.float32], aside: Floats
) -> Bools:
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
            carried_imo = carried[piece : piece + width]
            ways = ways + OTHER_IMO_COST * ((carried_imo > 0) & (carried_imo != imo))
        best = width - 1 - int(ways[::-1].argmin())
        way, origin = ways[best], piece - width + best
        if anchors and is_strong[piece] and min(gain[anchor + width] for anchor in anchors) < way:
            far = np.array(anchors)
            here = np.full_like(far, piece)
            step_m = table.metres(pieces.tail[far], pieces.head[here])
            far_ways = gain[far + width] + _step_cost(table, pieces, far, here, step_m)
            carried_imo = carried[far + width]
            far_ways += OTHER_IMO_COST * ((carried_imo > 0) & (carried_imo != imo) & (imo > 0))
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
