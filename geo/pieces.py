"""The pieces of a track, and places that are frozen at their ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.tracks import (
    FEW,
    HOUR_US,
    KN,
    M_PER_DEGREE,
    M_PER_US,
    MAX_SPEED_KN,
    MIXED_SHARE,
    POSITION_SLACK_M,
    RING_M,
    SPOT_M,
    STRAY_NEAR_M,
    STRONG,
    UNDER_WAY_KN,
    Bools,
    Floats,
    Ints,
    PieceTable,
    Table,
    is_within,
)

OWN_SPEED_MARGIN_KN = 3.0
"""A ship is not expected to sail faster than the median of its speeds under way by more.

Measured on 139 tankers around Hormuz in April 2026 with 20 reports under way or more: for half of
them the 95th percentile lies within 1.5 knots of the median. One in ten has days of slow speed
and lies 9 above; `USUAL_SPEED_KN` is the least that is expected of any ship.
"""
USUAL_SPEED_KN = 15.0
"""The speed under way of a ship that reports none: the service speed of tankers."""

PIECE_SILENCE_US = 30 * 60 * 1_000_000
"""After a silence of this length a ship that moved begins a new piece, which may be false alone."""
LOOK_BACK = 32
"""Pieces a path may pass over at once; of those before, it can come from the last strong ones."""

FROZEN_NEAR_M = 1_000.0
"""Fixes within this of each other are one place where a ship lies, as in port calls."""
SAILS_ON_US, SAILS_ON_FIXES = 3 * 86_400 * 1_000_000, 2_000
"""So far ahead is looked whether a ship sails on: three days, which are 432 slots of `SLOT_US` with
a fix in up to four cells each."""
APPROACH_US = 3 * 3_600 * 1_000_000
"""A ship that was heard under way so long before, and took no more than twice the time that the way
takes, was seen to come."""


def cut_pieces(table: Table) -> PieceTable:
    """The pieces of each track: a new one wherever the ship may not have sailed on from the last.

    That is after an impossible step, after a way made in silence, and after one that is faster
    than the ship says that it sails.
    """
    size = table.mmsi.size
    start = np.arange(size - 1)
    same = table.mmsi[1:] == table.mmsi[:-1]
    track = np.concatenate(([0], np.cumsum(~same)))
    own_kn = _own_speed_kn(table, track)[track]
    longest_us = table.longest_us(start, start + 1)
    step_m = table.metres(start, start + 1)
    over_m = step_m - table.slack_m(start, start + 1)
    is_new = ~same | (over_m > longest_us * M_PER_US)
    is_new |= (np.diff(table.at) > PIECE_SILENCE_US) & (over_m > 0)
    is_new |= (over_m > longest_us * (own_kn[:-1] * KN / 1e6)) & (step_m > SPOT_M)
    is_new |= _stray_ends(table, is_new, same, own_kn)
    frozen = _frozen_ends(table, is_new, same, own_kn)
    is_new |= np.diff(frozen) != 0
    head = np.flatnonzero(np.concatenate(([True], is_new)))
    tail = np.append(head[1:], size) - 1
    fixes = tail - head + 1

    def span_m(values: Floats) -> Floats:
        degrees = np.maximum.reduceat(values, head) - np.minimum.reduceat(values, head)
        return np.asarray(degrees * M_PER_DEGREE)

    extent_m = np.hypot(span_m(table.lon) * np.cos(np.radians(table.lat[head])), span_m(table.lat))
    proof = 1.0 + np.log2(np.minimum(fixes, STRONG))
    proof += np.minimum(np.log2(1.0 + np.maximum(extent_m - SPOT_M, 0.0) / SPOT_M), 5.0)
    return PieceTable(
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


def _frozen_ends(table: Table, is_new: Bools, same: Bools, own_kn: Floats) -> npt.NDArray[np.int8]:
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
        turned = turned if way > 0 else turned._replace(at=-turned.at - turned.step_us)
        steps = jump if way > 0 else table.mmsi.size - 2 - jump
        own = own_kn if way > 0 else own_kn[::-1]
        new = is_new if way > 0 else is_new[::-1]
        start = np.concatenate(([0], np.flatnonzero(new) + 1))  # of each piece
        begins = start[np.searchsorted(start, steps, side="right") - 1]
        has_more = begins < steps  # a single fix is no place where a ship lies
        for step, begin in zip(steps[has_more].tolist(), begins[has_more].tolist(), strict=True):
            bounds = _last_before(turned, own, begin, step, is_forward=way > 0)
            if bounds is not None:
                sure, last = bounds
                for first, end, kind in ((sure, last, _DOUBTFUL), (last, step, _LATE)):
                    rows = np.arange(first + 1, end + 1)
                    frozen[rows if way > 0 else frozen.size - 1 - rows] = kind
    return frozen


def _last_before(
    table: Table, own_kn: Floats, begin: int, step: int, *, is_forward: bool
) -> tuple[int, int] | None:
    """The last fix from which a ship sails the step after row `step`; None if none is known.

    Before it the last fix that is beyond doubt. `begin` is the first row of the piece, an earlier
    one.
    """
    place = table.lon[step], table.lat[step]
    # A place that is given to a cell repeats itself for every ship that lies.
    is_frozen = (table.lon[step - 1], table.lat[step - 1]) == place
    is_frozen &= table.error_m[step] == 0
    ahead = np.arange(step + 1, min(step + 1 + LOOK_BACK, table.mmsi.size))
    ahead = ahead[table.mmsi[ahead] == table.mmsi[step]]
    goes_on = is_within(table.lon[ahead], table.lat[ahead], *place, FROZEN_NEAR_M)
    if not (is_frozen or goes_on.any()):
        return None
    if not _sails_away(table, step, ahead[~goes_on]):
        return None
    here = slice(begin, step + 1)
    is_away = np.flatnonzero(~is_within(table.lon[here], table.lat[here], *place, FROZEN_NEAR_M))
    lies = begin + (int(is_away[-1]) + 1 if is_away.size else 0)  # the first row of the place
    here_, next_ = np.array([step]), np.array([step + 1])
    over_m = float((table.metres(here_, next_) - table.slack_m(here_, next_))[0])
    needed_us = max(over_m, 0.0) / (own_kn[step] * KN / 1e6)
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
    if (is_frozen and (lay_us >= HOUR_US).any()) or not returns.all():
        return last, last
    # What is repeated was there before: no place is frozen from a later one on.
    if not (is_frozen and is_forward):
        return None
    onward_us = table.at[_onward(table, step)[-1]] - table.at[step + 1]
    return (lies - 1, last) if onward_us > table.at[step] - table.at[lies] else None


def _onward(table: Table, step: int) -> Ints:
    """The rows after row `step` up to the next step that no ship can make."""
    rows = np.arange(step + 1, min(step + 1 + SAILS_ON_FIXES, table.mmsi.size))
    is_ahead = table.at[rows] - table.at[step] <= SAILS_ON_US
    rows = rows[is_ahead & (table.mmsi[rows] == table.mmsi[step])]
    jump = np.flatnonzero(~table.can_sail(rows[:-1], rows[1:]))
    return np.asarray(rows[: jump[0] + 1] if jump.size else rows)


def _sails_away(table: Table, step: int, away: Ints) -> bool:
    """Whether the fixes after row `step` show a ship that goes on away from the place there.

    Either the next two do, or all up to the next step that no ship can make, as of one that berths
    first. A displaced ship jumps back from where it was shown.
    """
    if away.size < 2 or not table.can_sail(away[:1], away[1:2])[0]:
        return False
    off_m = table.metres(np.full(2, step), away[:2])
    if off_m[1] - off_m[0] > POSITION_SLACK_M:
        return True
    rows = _onward(table, step)
    return bool((table.metres(np.full_like(rows, rows[0]), rows) > RING_M).any())


def _was_seen_to_come(table: Table, own_kn: Floats, row: int) -> bool:
    """Whether the fix before a row shows the ship on its way there: close by, or just in time."""
    before = row - 1
    if before < 0 or table.mmsi[before] != table.mmsi[row]:
        return False
    a, b = np.array([before]), np.array([row])
    way_m, elapsed_us = float(table.metres(a, b)[0]), int(table.longest_us(a, b)[0])
    sailed_us = max(way_m - float(table.slack_m(a, b)[0]), 0.0) / (own_kn[row] * KN / 1e6)
    if sailed_us > elapsed_us:
        return False
    is_late = elapsed_us > 2.0 * way_m / (own_kn[row] * KN / 1e6)
    return way_m <= STRAY_NEAR_M or (elapsed_us <= APPROACH_US and not is_late)


def _stray_ends(table: Table, is_new: Bools, same: Bools, own_kn: Floats) -> Bools:
    """Steps inside pieces at which up to `FEW` false fixes end, or begin.

    A ship may be shown on the very quay to which it sails. Where the fixes at one end of a piece do
    not join the fix beside it, and the next ones do, from close by, the ends are cut off.
    """
    cuts = np.zeros(is_new.size, dtype=np.bool_)
    jump = np.flatnonzero(is_new & same)
    jump = jump[~table.can_sail(jump, jump + 1)]

    def joins(start: Ints, end: Ints) -> Bools:
        way_m = table.metres(start, end)
        own_m = own_kn[start] * (KN / 1e6) * table.longest_us(start, end)
        return np.asarray((way_m <= STRAY_NEAR_M) & (way_m - table.slack_m(start, end) <= own_m))

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
            is_joined = joins(beside, rest) if way > 0 else joins(rest, beside)
            cuts[step[is_joined]] = True
            inner, beside = inner[~is_joined], beside[~is_joined]
    return cuts


def _own_speed_kn(table: Table, track: Ints) -> Floats:
    """How fast the ship of each track is expected to sail at most."""
    sails = (table.sog > UNDER_WAY_KN) & (table.sog <= MAX_SPEED_KN)
    usual = pd.Series(table.sog[sails], dtype=np.float64).groupby(track[sails]).median()
    usual_kn = np.full(int(track[-1]) + 1, USUAL_SPEED_KN)
    usual_kn[usual.index.to_numpy(dtype=np.int64)] = usual.to_numpy()
    return np.clip(usual_kn + OWN_SPEED_MARGIN_KN, USUAL_SPEED_KN, MAX_SPEED_KN)


def _piece_imo(table: Table, head: Ints, fixes: Ints) -> Ints:
    """The first IMO number sent in each piece; 0 for none, and where it tells no hulls apart.

    Some publishers join static data by MMSI alone, so that two ships' numbers take turns in one
    place. There a number says nothing of the ship that sent the fix.
    """
    piece = np.repeat(np.arange(head.size), fixes)
    known = np.flatnonzero(table.imo > 0)
    piece_imo = np.zeros(head.size, dtype=np.int64)
    if known.size == 0:
        return piece_imo
    together = piece[known[1:]] == piece[known[:-1]]
    flips = together & (table.imo[known[1:]] != table.imo[known[:-1]])
    mmsi = table.mmsi[known[:-1]]
    changing = pd.Series(flips).groupby(mmsi).sum()
    steps = pd.Series(together).groupby(mmsi).sum()
    mixed = changing.index[(changing > 2) & (changing > MIXED_SHARE * steps)].to_numpy()
    known = known[~np.isin(table.mmsi[known], mixed)][::-1]
    piece_imo[piece[known]] = table.imo[known]
    return piece_imo
