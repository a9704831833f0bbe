"""A ship's own old track, sent again: the same way at the same pace, days later.

Two voyages on one lane differ by some hundred metres to the side and by minutes after an hour. A
track that was recorded keeps to the old one for hours in both. Compared are ways, not fixes: places
at one time are interpolated on the old track, since no receiver hears the same moments of both.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flows.derive.spoofing.pieces import (
    HOUR_US,
    Bools,
    Floats,
    Ints,
    Stretch,
    Track,
    east_north_m,
    hours_of,
    steps_m,
)
from geo.earth import M_PER_NM

LEAST_US = 12 * HOUR_US
"""So long ago at least: a choice, beyond a ship's turns at one place."""
SEGMENT_US = 90 * 60_000_000
"""Between two fixes no further apart the old way is taken as straight."""
SHIFT_US = 5 * 60_000_000
"""Moments of the old track that agree to five minutes are of one replay: a choice. Two voyages at
12 and 12.1 knots are six minutes apart after twelve hours."""
NEAR_M = 60.0
"""So near the old way: a choice, as receivers scatter by ten metres or so, and two ships in one
lane are hundreds apart."""
SAME_M = 12.0
"""The median of the distances at one moment: two receivers' noise, and the straight lines between
old fixes. Voyages of simulated ships, which keep their lanes and speeds better than real ones, are
13 m apart and more where they agree for hours."""
LEAST_H = 12.0
UNDER_WAY_KN = 2.0
RUN_H, RUN_KM = 6.0, 40.0
"""So long and so far at least under way, with four fixes in five on the old way: choices."""
RUN_SHARE = 0.8
CELL_DEG = 0.003
STEP_M = 250.0
"""Old ways are looked up by points 250 m apart in cells of some 300, with those around."""
CHUNK_FIXES = 1_000
"""Fixes that are looked up at a time: a bunker tanker under way in one harbour all the time meets
some 2,000 points of its old ways in each, so two million pairs."""
MOST_SHIFTS = 50
"""So many times back are tried, those with most hours first: a true replay stands out."""
MISSES = 3
AGAIN_M = 300.0
"""A replay that is proved goes on, and back, to as many fixes in a row that are elsewhere: further,
since the ship may have turned between two old fixes."""


def replays(track: Track) -> Iterator[Stretch]:
    """Stretches that repeat an earlier part of the track."""
    way_m = steps_m(track)
    fix, shift_us = _crossings(track, way_m)
    if fix.size == 0:
        return
    taken = np.zeros(track.at.size, dtype=np.bool_)
    step_h = np.minimum(np.diff(track.at, prepend=track.at[:1]), SEGMENT_US) / HOUR_US
    # Each fix once a bin, by the time that it stands for.
    number = shift_us // SHIFT_US
    most = int(number.max()) + 3
    pair = np.unique(fix * most + number)
    hours = np.bincount(pair % most, step_h[pair // most], minlength=most)
    hours[1:] += hours[:-1].copy()
    order = np.argsort(-hours, kind="stable")
    for best in order[hours[order] >= RUN_SHARE * RUN_H][:MOST_SHIFTS]:
        is_near = (number == best) | (number == best - 1)
        is_near &= ~taken[fix]
        if is_near.any():
            shift = int(np.median(shift_us[is_near]))
            yield from _with_shift(track, np.unique(fix[is_near]), shift, way_m, taken)


def _with_shift(
    track: Track, fixes: Ints, shift_us: int, way_m: Floats, taken: Bools
) -> Iterator[Stretch]:
    """Runs of fixes that lie where the track was so long before; marks what it took."""
    off_m = _off_m(track, shift_us)
    holds = (off_m <= NEAR_M) & ~taken
    known = np.flatnonzero(~np.isnan(off_m))
    for begin, end in _groups(fixes):
        inside = known[(known >= begin) & (known <= end)]
        way_km = float(np.sum(way_m[begin + 1 : end + 1])) / 1_000.0
        if hours_of(track, begin, end) < RUN_H or way_km < RUN_KM or not inside.size:
            continue
        near_m = float(np.median(off_m[inside]))
        if holds[inside].mean() < RUN_SHARE or near_m > SAME_M:
            continue
        goes_on = (off_m <= AGAIN_M) & ~taken
        first, last = _grown(known, goes_on, begin, end)
        # What it repeats lies before all of it, or the ship would repeat herself.
        if track.at[last] - shift_us > track.at[first] or taken[first : last + 1].any():
            continue
        if hours_of(track, first, last) < LEAST_H:
            continue
        taken[first : last + 1] = True
        yield Stretch(
            "replay",
            first,
            last,
            {"residual_m": near_m, "shift_h": shift_us / HOUR_US},
            f"{hours_of(track, first, last):.0f} h and {way_km:.0f} km on her own track of "
            f"{shift_us / HOUR_US:.1f} h before, {near_m:.0f} m off it in the median at the same "
            f"pace ({last - first + 1} fixes)",
        )


def _grown(known: Ints, holds: Bools, first: int, last: int) -> tuple[int, int]:
    """A run with the fixes around it, under way or not, up to `MISSES` in a row elsewhere."""
    row = int(np.searchsorted(known, first))
    end = int(np.searchsorted(known, last, side="right")) - 1
    for way in (-1, 1):
        at, missed = (row if way < 0 else end), 0
        while 0 <= at + way < known.size and missed < MISSES:
            at += way
            missed = 0 if holds[known[at]] else missed + 1
            if missed == 0:
                row, end = (at, end) if way < 0 else (row, at)
    return int(known[row]), int(known[end])


def _groups(fixes: Ints) -> Iterator[tuple[int, int]]:
    """The first and last of fixes that are no more than `MISSES` rows apart."""
    for group in np.split(fixes, np.flatnonzero(np.diff(fixes) > MISSES) + 1):
        yield int(group[0]), int(group[-1])


def _off_m(track: Track, shift_us: int) -> Floats:
    """How far each fix is from where the track was so long before; NaN where that is not known: in
    a silence then, or where the ship turned or changed speed between two old fixes far apart."""
    then = track.at - shift_us
    after = np.searchsorted(track.at, then)
    inside = (after > 0) & (after < track.at.size)
    after = np.clip(after, 1, max(track.at.size - 1, 1))
    gap_us = track.at[after] - track.at[after - 1]
    part = (then - track.at[after - 1]) / gap_us
    lon = track.lon[after - 1] + part * (track.lon[after] - track.lon[after - 1])
    lat = track.lat[after - 1] + part * (track.lat[after] - track.lat[after - 1])
    off_m = np.hypot(*east_north_m(track.lon, track.lat, lon, lat))
    return np.where(
        inside & (gap_us <= SEGMENT_US) & (_bow_m(track)[after] <= NEAR_M), off_m, np.nan
    )


def _bow_m(track: Track) -> Floats:
    """How far from a straight line at one speed the ship may have been before each fix, metres: an
    eighth of the change of speed against the steps beside it, as in an even turn, times the time.
    """
    hours = np.diff(track.at) / HOUR_US
    east, north = east_north_m(track.lon[1:], track.lat[1:], track.lon[:-1], track.lat[:-1])
    change = np.hypot(np.diff(east / hours), np.diff(north / hours))
    beside = np.concatenate([[0.0], change, [0.0]])
    bow_m = np.maximum(beside[:-1], beside[1:]) * hours / 8.0
    return np.concatenate([[np.inf], bow_m])[: track.at.size]


def _crossings(track: Track, way_m: Floats) -> tuple[Ints, Ints]:
    """Fixes under way that lie on an older piece of the track, and how long ago it was sailed."""
    gap_us = np.diff(track.at, prepend=track.at[:1])
    with np.errstate(divide="ignore", invalid="ignore"):
        made_kn = way_m / M_PER_NM / (gap_us / HOUR_US)
    is_way = (gap_us > 0) & (gap_us <= SEGMENT_US) & (made_kn >= UNDER_WAY_KN) & (made_kn < 40.0)
    segment = np.flatnonzero(is_way)
    if segment.size == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    count = np.ceil(way_m[segment] / STEP_M).astype(np.int64)
    of = np.repeat(segment, count)
    part = (np.arange(of.size) - np.repeat(np.cumsum(count) - count, count) + 0.5) / np.repeat(
        count, count
    )
    lon = track.lon[of - 1] + part * (track.lon[of] - track.lon[of - 1])
    lat = track.lat[of - 1] + part * (track.lat[of] - track.lat[of - 1])
    key = _key(lon, lat, 0, 0)
    order = np.argsort(key, kind="stable")
    key, of = key[order], of[order]
    met = [
        _met(track, segment[begin : begin + CHUNK_FIXES], key, of)
        for begin in range(0, segment.size, CHUNK_FIXES)
    ]
    fix, shift_us = (np.concatenate(column) for column in zip(*met, strict=True))
    return fix, shift_us


def _met(track: Track, fixes: Ints, key: Ints, of: Ints) -> tuple[Ints, Ints]:
    """The same of some fixes: by the points of old pieces, their cells in order and the pieces."""
    pairs = []
    for column in (-1, 0, 1):
        for line in (-1, 0, 1):
            wanted = _key(track.lon[fixes], track.lat[fixes], column, line)
            low, high = np.searchsorted(key, wanted), np.searchsorted(key, wanted, side="right")
            hits = high - low
            begin = np.repeat(low - (np.cumsum(hits) - hits), hits)
            near = np.repeat(fixes, hits), of[begin + np.arange(hits.sum())]
            is_old = track.at[near[0]] - track.at[near[1]] >= LEAST_US
            pairs.append(near[0][is_old] * track.at.size + near[1][is_old])
    pair = np.unique(np.concatenate(pairs))
    fix, old = pair // track.at.size, pair % track.at.size
    # The foot of the fix on the old piece, and when the ship was there.
    x, y = east_north_m(track.lon[fix], track.lat[fix], track.lon[old - 1], track.lat[old - 1])
    way_x, way_y = east_north_m(
        track.lon[old], track.lat[old], track.lon[old - 1], track.lat[old - 1]
    )
    part = (x * way_x + y * way_y) / np.maximum(way_x**2 + way_y**2, 1e-9)
    off_m = np.hypot(x - part * way_x, y - part * way_y)
    is_on = (part >= 0.0) & (part <= 1.0) & (off_m <= NEAR_M)
    fix, old, part = fix[is_on], old[is_on], part[is_on]
    crossed = track.at[old - 1] + (part * (track.at[old] - track.at[old - 1])).astype(np.int64)
    return fix, track.at[fix] - crossed


def _key(lon: Floats, lat: Floats, x: int, y: int) -> Ints:
    """The cell of a place, or one beside it, as one number."""
    column = np.floor(lon / CELL_DEG).astype(np.int64) + x
    return np.asarray(column * 100_000 + np.floor(lat / CELL_DEG).astype(np.int64) + y)
