"""Two ships on one MMSI, or one ship received with two clocks."""

from __future__ import annotations

import numpy as np

from flows.home.rules import rule
from geo.pieces import OWN_SPEED_MARGIN_KN, USUAL_SPEED_KN
from geo.tracks import (
    HOUR_US,
    KN,
    M_PER_DEGREE,
    SPOT_M,
    Bools,
    Floats,
    Ints,
    Table,
    extent_of_m,
    is_within,
)

HULL_STEPS = 3
HULL_EXTENT_M = 20_000.0
HULL_WAY_M = 40_000.0
HULL_SHARE = 0.6
"""A second hull sails: a passage of at least so many steps, over such an extent and such a way, at
the speeds that it reports, and so for this share of all the way it makes. A ship displaced from
place to place does not; rings of spoofed positions are smaller."""
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
"""So many receivers with wrong clocks are distinguished; one aggregator in the field had five."""
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
ship heard by receivers with wrong clocks. Only fixes count for which the first one was heard at
that other time: of a ship that reports hourly to two receivers, each hears half of the way."""
CLOCK_KNOWN_SHARE = 1 / 3
"""The explained fixes are such a share of the whole track at least."""
CLOCK_STAY_SHARE = 0.5
"""Enough by the best clock alone, where by that clock the ship also lay in the very spots of the
first one: two ships on a lane do not lie in one berth with the same distance in time."""
CLOCK_WAY_SHARE = 0.9
SAME_BERTH_M = rule("same_berth_m")
"""Antennas of two ships at one jetty or anchored beside each other are further apart."""
STILL_KN = rule("still_kn")
"""As in `geo.port_calls`: a ship under way by less is still."""
CLOCK_LEAST = 4
"""Fewer fixes under way prove nothing of a clock."""
CLOCK_SAMPLE = 200
"""Fixes of a track that are held against the first one at each lag."""


def places_at(table: Table, rows: Ints, at: Ints) -> Floats:
    """East and north of a track at some times, metres in a plane, shape (2, n)."""
    known = table.at[rows].astype(np.float64)
    lon = np.interp(at, known, table.lon[rows])
    lat = np.interp(at, known, table.lat[rows])
    return np.stack((lon * np.cos(np.radians(lat)), lat)) * M_PER_DEGREE


def is_sailed(table: Table, rows: Ints) -> bool:
    """Whether fixes make a track that sails: long, far, and at the speeds that it reports."""
    if rows.size <= HULL_STEPS:
        return False
    # One fix an hour: what a jammed receiver scatters within minutes is no way made.
    rows = rows[np.diff(table.at[rows] // HOUR_US, prepend=-1) > 0]
    a, b = rows[:-1], rows[1:]
    step_us = table.at[b] - table.at[a]
    step_m = table.metres(a, b)
    moves = (step_m > SPOT_M) & (step_us <= HULL_STEP_US)
    a, b, step_m = a[moves], b[moves], step_m[moves]
    made_kn = step_m / np.maximum(table.longest_us(a, b) / 1e6, 1.0) / KN
    said_kn = np.fmax(table.sog[a], table.sog[b])
    is_long = step_us[moves] > 2 * HOUR_US
    sails = made_kn <= 1.3 * said_kn + 2.0
    sails &= is_long | (made_kn >= 0.5 * said_kn - 2.0)
    sails |= np.isnan(said_kn) & (made_kn <= USUAL_SPEED_KN + OWN_SPEED_MARGIN_KN)
    # Steps that follow each other make a passage: a displaced ship interrupts it.
    follows = np.concatenate(([False], (a[1:] == b[:-1]) & sails[1:] & sails[:-1]))
    passage = np.cumsum(~follows)[sails]
    longest = int(np.bincount(passage).max(initial=0))
    way_m = float(step_m[sails].sum())
    return bool(
        longest >= HULL_STEPS
        and way_m >= HULL_WAY_M
        and way_m >= HULL_SHARE * step_m.sum()
        and extent_of_m(table, rows) >= HULL_EXTENT_M
    )


def is_other_clock(table: Table, track: Ints, rows: Ints) -> bool:
    """Whether a track is the first one by wrong clocks: where that was, always so much later.

    Each clock is off by one time. The clocks are found one after the other, the one that explains
    the most fixes first. Where that is not known, as on a track of few fixes, it is that ship if
    it was nowhere else and lay nowhere but in the very spots where that lay: no two ships do.
    """
    lies = _sampled(rows[_is_still(table, rows)])
    rows = _sampled(rows[np.diff(table.at[rows] // CLOCK_SLOT_US, prepend=-1) > 0])
    lag_us = np.arange(-CLOCK_LAG_US, CLOCK_LAG_US + 1, CLOCK_STEP_US)
    near, is_heard = _is_where_it_was(table, track, rows, lag_us, CLOCK_NEAR_M)
    # A fix near at few lags identifies a clock; one that is near for hours of lags does not.
    is_moving = near.sum(axis=1) * CLOCK_STEP_US <= CLOCK_STILL_US
    near, is_heard, at = near[is_moving], is_heard[is_moving], table.at[rows[is_moving]]
    explained, known = np.zeros((2, at.size), dtype=np.bool_)
    lags: list[int] = []
    for _ in range(CLOCK_LAGS if at.size >= CLOCK_LEAST else 0):
        span_us = min(CLOCK_SPAN_US, CLOCK_SPAN_SHARE * (at[-1] - at[0]))
        unexplained = near & ~explained[:, None]
        count = unexplained.sum(axis=0)
        first_us = np.where(unexplained, at[:, None], at[-1]).min(axis=0)
        last_us = np.where(unexplained, at[:, None], at[0]).max(axis=0)
        count[(count < CLOCK_FIXES) | (last_us - first_us < span_us)] = 0
        if not count.any():
            break
        lags.append(int(count.argmax()))
        explained |= near[:, lags[-1]]
        known |= is_heard[:, lags[-1]]
    least = max(CLOCK_SHARE * known.sum(), CLOCK_KNOWN_SHARE * at.size, CLOCK_LEAST)
    if explained.sum() >= least:
        return True
    if not at.size:
        return False
    in_spot, lay_heard = _is_where_it_was(table, track, lies, lag_us, SAME_BERTH_M)
    if lags:
        best = lags[0]
        lay = lay_heard[:, best].sum()
        is_stay = lay > 0 and in_spot[:, best].sum() >= CLOCK_WAY_SHARE * lay
        if is_stay and near[:, best].sum() >= CLOCK_STAY_SHARE * is_heard[:, best].sum():
            return True
    is_spot = in_spot.any(axis=1)
    return bool(
        is_spot.size
        and is_spot.mean() >= CLOCK_WAY_SHARE
        and near.any(axis=1).mean() >= CLOCK_WAY_SHARE
    )


def _sampled(rows: Ints) -> Ints:
    """At most `CLOCK_SAMPLE` of some rows, evenly."""
    return rows[:: max(-(-rows.size // CLOCK_SAMPLE), 1)]


def _is_still(table: Table, rows: Ints) -> Bools:
    """Whether each fix of a path says that it is still, or is where the one before it was."""
    still = table.sog[rows] <= STILL_KN
    still[1:] |= table.metres(rows[:-1], rows[1:]) <= SAME_BERTH_M
    return np.asarray(still)


def _is_where_it_was(
    table: Table, track: Ints, rows: Ints, lag_us: Ints, within_m: float
) -> tuple[Bools, Bools]:
    """Whether each fix is where a track was so much later, and whether that was heard then.

    Both have the shape (rows, lags).
    """
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
    near_m = within_m + CLOCK_BEND * M_PER_DEGREE * step_m
    here = np.broadcast_to(rows[:, None], at.shape)
    near = is_within(
        table.lon[here].ravel(), table.lat[here].ravel(), lon.ravel(), lat.ravel(), near_m.ravel()
    )
    return np.asarray(is_heard & near.reshape(at.shape)), np.asarray(is_heard)
