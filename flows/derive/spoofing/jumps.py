"""Stretches between a jump in and a jump out, and motion that contradicts what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from flows.derive.spoofing.pieces import (
    HOUR_US,
    Bools,
    Floats,
    Stretch,
    Track,
    east_north_m,
    hours_of,
    pieces_of,
    runs,
    values,
)
from geo.earth import M_PER_NM, great_circle_m

MAX_KN = 22.0
"""No tanker is faster: gas carriers make 19.5 knots, oil tankers 12 to 17 (general knowledge,
unverified), and a current adds two."""
SLACK_M = 5_000.0
"""A jump is 10 km at least, and 5 km more than a ship makes: a choice, for clocks that are minutes
off and places that are a few hundred metres off."""
LEAST_H = 12.0
LEAST_FIXES = 6
BESIDE_H = 3.0
"""The stretch, and what stands on either side of it: choices. Minutes of interference, and a second
transmitter that takes turns with the ship, make shorter ones."""
FLAGGED_SHARE = 0.5
OFFSET_SHARE, OFFSET_M = 0.1, 3_000.0
"""The jump out undoes the jump in, to a tenth of its length or 3 km, less the ship's own way by the
speed and course that she sent: a choice."""

PIECE_H = 12
EXCESS_KN = 3.0
TURN_DEG = 60.0
LEAST_STEPS = 6
STEP_US = 70 * 60_000_000
SHORT_STEP_US = 20 * 60_000_000
"""A ship makes less way than she sails, and another course, where she turns between two fixes: only
of steps up to twenty minutes is it said that she made too little, or another course."""
WRONG_SHARE, USUAL_SHARE = 0.8, 0.1
"""In a stretch of contradictions four steps in five are, of those under way elsewhere one in
ten at most: a speed that is stuck, or a compass that is off, contradicts always, and is a fault."""


def jumps(track: Track) -> Iterator[Stretch]:
    """Stretches that no ship can have sailed to, nor from, between two that join each other."""
    if track.at.size < 3:
        return
    away_m = great_circle_m(track.lon[:-1], track.lat[:-1], track.lon[1:], track.lat[1:])
    hours = np.diff(track.at) / HOUR_US
    is_jump = (away_m > 2.0 * SLACK_M) & (away_m - SLACK_M > MAX_KN * M_PER_NM * hours)
    edges = [0, *(np.flatnonzero(is_jump) + 1).tolist(), track.at.size]
    sides = [(begin, end - 1) for begin, end in pairwise(edges)]
    for before, own, after in zip(sides[:-2], sides[1:-1], sides[2:], strict=True):
        first, last = own
        if hours_of(track, first, last) < LEAST_H or last - first + 1 < LEAST_FIXES:
            continue
        if min(hours_of(track, *before), hours_of(track, *after)) < BESIDE_H:
            continue
        if not _joins(track, before[1], after[0]) or not _is_false(track, before, own, after):
            continue
        in_e, in_n = _jump_m(track, before[1], first)
        out_e, out_n = _jump_m(track, last, after[0])
        length_m = float(np.hypot(in_e, in_n))
        left_m = float(np.hypot(in_e + out_e, in_n + out_n))
        is_offset = left_m <= max(OFFSET_M, OFFSET_SHARE * length_m)
        knots = MAX_KN * hours_of(track, before[1], first)
        reason = (
            f"{length_m / 1_000:.0f} km off in {60 * hours_of(track, before[1], first):.0f} "
            f"minutes, where a ship makes {knots * M_PER_NM / 1_000:.0f} km, for "
            f"{hours_of(track, first, last):.0f} h ({last - first + 1} fixes), and back"
        )
        if is_offset:
            reason += f": the jump out undoes the jump in to {left_m / 1_000:.1f} km"
        numbers = {"offset_km": length_m / 1_000.0, "residual_m": left_m}
        yield Stretch("offset" if is_offset else "jump", first, last, numbers, reason)


def _joins(track: Track, before: int, after: int) -> bool:
    """Whether a ship can have sailed from one fix to the other."""
    way_m = float(
        great_circle_m(track.lon[before], track.lat[before], track.lon[after], track.lat[after])
    )
    return way_m - SLACK_M <= MAX_KN * M_PER_NM * hours_of(track, before, after)


Side = tuple[int, int]


def _is_false(track: Track, before: Side, own: Side, after: Side) -> bool:
    """Whether the stretch is false, or those beside it: by the plausibility test where it took most
    of one aside, else the shorter is. Of a jump over water it takes aside the fixes at its ends."""
    share = [float(track.is_flagged[a : b + 1].mean()) for a, b in (before, own, after)]
    if max(share) >= FLAGGED_SHARE:
        return share[1] == max(share)
    return hours_of(track, *own) < min(hours_of(track, *before), hours_of(track, *after))


def _jump_m(track: Track, here: int, there: int) -> tuple[float, float]:
    """A jump from fix to fix in metres, less the way that the ship made by her speed and course."""
    lon, lat = track.lon[[here, there]], track.lat[[here, there]]
    east, north = east_north_m(lon[1:], lat[1:], lon[:1], lat[:1])
    way_m = hours_of(track, here, there) * M_PER_NM * np.nan_to_num(track.sog_kn[[here, there]])
    course = np.radians(np.nan_to_num(track.cog_deg[[here, there]]))
    return (
        float(east[0] - np.mean(way_m * np.sin(course))),
        float(north[0] - np.mean(way_m * np.cos(course))),
    )


def contradictions(track: Track) -> Iterator[Stretch]:
    """Stretches in which speed and course sent are not those of the way made."""
    pieces = pieces_of(track, PIECE_H)
    is_step, is_wrong, is_way = _wrong_steps(track)
    if not len(pieces.rows) or not is_wrong.any():
        return
    steps = np.nansum(values(is_step.astype(float), pieces.rows), axis=1)
    wrong = np.nansum(values(is_wrong.astype(float), pieces.rows), axis=1)
    is_found = (steps >= LEAST_STEPS) & (wrong >= WRONG_SHARE * steps)
    inside = np.zeros(track.at.size, dtype=np.bool_)
    stretches = list(runs(pieces.rows, is_found))
    for first, last in stretches:
        inside[first : last + 1] = True
    usual = is_way & ~inside
    if usual.sum() < LEAST_STEPS or (is_wrong & usual).sum() > USUAL_SHARE * usual.sum():
        return
    for first, last in stretches:
        part = slice(first, last + 1)
        share = float(is_wrong[part].sum() / is_step[part].sum())
        yield Stretch(
            "contradiction",
            first,
            last,
            {"share": share},
            f"{hours_of(track, first, last):.0f} h in which {share:.0%} of "
            f"{int(is_step[part].sum())} steps contradict the speed or course sent by "
            f"{EXCESS_KN:.0f} kn or {TURN_DEG:.0f} degrees and more; under way elsewhere "
            f"{(is_wrong & usual).sum() / usual.sum():.0%} of {int(usual.sum())} do",
        )


def _wrong_steps(track: Track) -> tuple[Bools, Bools, Bools]:
    """Of each fix, whether the step to it can be judged, whether it contradicts, is under way."""
    east, north = east_north_m(track.lon[1:], track.lat[1:], track.lon[:-1], track.lat[:-1])
    gap_us = np.diff(track.at)
    made_kn = np.hypot(east, north) / M_PER_NM / (gap_us / HOUR_US)
    sent = track.sog_kn
    more = made_kn - np.fmax(sent[1:], sent[:-1])
    less = np.fmin(sent[1:], sent[:-1]) - made_kn
    bearing = np.degrees(np.arctan2(east, north))
    turn = np.fmin(_turn(track.cog_deg[1:], bearing), _turn(track.cog_deg[:-1], bearing))
    with np.errstate(invalid="ignore"):
        is_short = gap_us <= SHORT_STEP_US
        is_wrong = is_short & ((less >= EXCESS_KN) | ((made_kn >= EXCESS_KN) & (turn >= TURN_DEG)))
        is_wrong |= more >= EXCESS_KN
    is_step = (gap_us <= STEP_US) & ~np.isnan(more) & (made_kn <= MAX_KN)
    pad = np.zeros(1, dtype=np.bool_)
    parts = (is_step, is_step & is_wrong, is_step & (made_kn >= EXCESS_KN))
    of_step, of_wrong, of_way = (np.concatenate([pad, part]) for part in parts)
    return of_step, of_wrong, of_way


def _turn(one: Floats, other: Floats) -> Floats:
    """The angle between two courses, 0 to 180 degrees; NaN where one is not known."""
    return np.asarray(np.abs((one - other + 180.0) % 360.0 - 180.0))
