"""Fixes that are less exact than a receiver's, such as cells of 0.01 degrees and an hour.

A receiver's fix is a place and a moment. A coarse one means: at some moment of a time step the ship
was somewhere near a place. Every rule that measures a way, a time or a fence therefore gives a
coarse fix the most that it leaves open: its place may be off by `error_m`, and its moment later by
`step_us`. Both are 0 for a receiver, whose own error the slacks of the rules allow for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flows.home.rules import rule
from geo.earth import M_PER_NM, great_circle_m
from geo.stays import UNDER_WAY_KN
from geo.tracks import HOUR_US, Bools, Fixes, Floats, Ints, can_sail, column, microseconds

RECEIVER_M = rule("receiver_accuracy_m")
"""How far off a receiver's fix may be, metres; a source without a definition counts as one."""
SECOND_US = 1_000_000


def error_m(fixes: Fixes) -> Floats:
    """By how much each fix may be further from the ship than a receiver's, metres, shape (n,).

    From the column position_accuracy_m; 0 where the table has none.
    """
    if "position_accuracy_m" not in fixes:
        return np.zeros(len(fixes["lon"]))
    accuracy_m = column(fixes, "position_accuracy_m", np.float64)
    return np.asarray(np.maximum(accuracy_m - RECEIVER_M, 0.0))


def step_us(fixes: Fixes) -> Ints:
    """By how much later than its time each fix may have been made, microseconds, shape (n,).

    From the column time_step_s, whole seconds of 1 and more: a fix to the second is 0 late. 0 where
    the table has none.
    """
    if "time_step_s" not in fixes:
        return np.zeros(len(fixes["lon"]), dtype=np.int64)
    return np.asarray((column(fixes, "time_step_s", np.int64) - 1) * SECOND_US)


def is_redundant(fixes: Fixes) -> Bools:
    """Whether each coarse fix adds nothing to finer ones of the same time step.

    Parameters
    ----------
    fixes : DataFrame or mapping of arrays
        In order of mmsi and time, with the columns of `geo.plausibility.judge`.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        True where the first or the last finer fix within the time step lies where the ship that
        the coarse one shows can have been. Finer fixes that contradict it leave it standing.
    """
    lon, lat = column(fixes, "lon", np.float64), column(fixes, "lat", np.float64)
    mmsi, at, step, error = (
        fixes["mmsi"],
        microseconds(fixes["reported_at"]),
        step_us(fixes),
        error_m(fixes),
    )
    redundant = np.zeros(lon.size, dtype=np.bool_)
    coarse, fine = np.flatnonzero(step > 0), np.flatnonzero(step == 0)
    if coarse.size == 0 or fine.size == 0:
        return redundant
    # Ships one after the other on one clock, each with room for its latest moment.
    ship = np.cumsum(np.diff(mmsi, prepend=mmsi[:1]) != 0)
    clock = ship * (np.ptp(at) + step.max() + 1) + (at - at.min())
    first = np.searchsorted(clock[fine], clock[coarse])
    end = np.searchsorted(clock[fine], clock[coarse] + step[coarse], side="right")
    is_shared = first < end
    coarse, first, last = coarse[is_shared], first[is_shared], end[is_shared] - 1
    for other in (fine[first], fine[last]):
        redundant[coarse] |= can_sail(
            lon[coarse], lat[coarse], lon[other], lat[other], step[coarse], error[coarse]
        )
    return redundant


def with_way_made(fixes: Fixes) -> npt.NDArray[np.float32]:
    """Speeds in knots: the one sent, or that of the way made within one time step.

    A ship that is shown at several places in one step made at least the way across the box that
    holds them, of which the errors of two places are taken off. It may have made more: only that
    it was under way is taken from it, never that it was still.

    Parameters
    ----------
    fixes : DataFrame or mapping of arrays
        In order of mmsi and time, with the columns of `geo.plausibility.judge`.

    Returns
    -------
    numpy.ndarray of float32, shape (n,)
        NaN where no speed was sent and the places of the step do not show that the ship moved.
    """
    speed_kn = column(fixes, "sog_kn", np.float32).copy()
    step, error = step_us(fixes), error_m(fixes)
    rows = np.flatnonzero((step > 0) & np.isnan(speed_kn))
    if rows.size == 0:
        return speed_kn
    mmsi, at = fixes["mmsi"][rows], microseconds(fixes["reported_at"])[rows]
    starts = np.ones(rows.size, dtype=np.bool_)
    starts[1:] = (np.diff(mmsi) != 0) | (np.diff(at) != 0)
    head = np.flatnonzero(starts)
    lon, lat = column(fixes, "lon", np.float64)[rows], column(fixes, "lat", np.float64)[rows]
    way_m = great_circle_m(
        np.minimum.reduceat(lon, head),
        np.minimum.reduceat(lat, head),
        np.maximum.reduceat(lon, head),
        np.maximum.reduceat(lat, head),
    )
    way_m -= 2.0 * np.maximum.reduceat(error[rows], head)
    made_kn = way_m / M_PER_NM / (step[rows[head]] / HOUR_US)
    speed_kn[rows] = np.where(made_kn > UNDER_WAY_KN, made_kn, np.nan)[np.cumsum(starts) - 1]
    return speed_kn
