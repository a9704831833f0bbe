"""Circles and arcs that no ship sails, anchorages too still, and ways too uniform.

Thresholds that name no other source are choices: set on simulated ships of seeds below 100 and on
real ships at anchor off Fujairah, Dubai and Sohar in April 2026 (docs/accuracy.md).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flows.derive.spoofing.pieces import (
    HOUR_US,
    Bools,
    Floats,
    Ints,
    Pieces,
    Stretch,
    Track,
    east_north_m,
    extended,
    hours_of,
    pieces_of,
    runs,
    steps_m,
    values,
)
from geo.earth import M_PER_NM

PIECE_H = 12
STILL_H = 24
"""Two turns of the tide, in each of which a ship at anchor swings."""

SECTORS, LEAST_SECTORS = 12, 7
"""A circle is passed in sectors of 30 degrees: in seven, more than half of it. Ships round a
headland turn less."""
SHIP_CIRCLE_M = 700.0
"""Below, a ship swings round her anchor: six times the depth of chain and her length."""
MOST_CIRCLE_M = 30_000.0
RESIDUAL_SHARE = 0.03
"""Root mean square of the distances from the circle, by its radius: a racetrack of the ratio 3 to 2
has 0.06 and more."""
REGULAR_M = 1.0
REGULAR_LEAST_M = 15.0
"""A swing round an anchor keeps to no circle to a metre: a receiver alone scatters by more."""
LEAST_SLACK_M = 3.0
"""So far off its circle a fix may be at the ends of a stretch, at the least."""
CIRCLING_KN = 3.0
"""Slower, tides carry drifting ships round."""

STILL = "still"
STILL_M = 8.5
"""Root mean square of the distances from the middle, of 24 hours: a receiver's noise. Of some 2,000
tanker days at anchor off the Emirates and Oman (April 2026) nearly all had 40 m and more."""
FROZEN_SHARE = 1.0 / 3.0
"""As many fixes in one place, to the metre, are a receiver that lost its satellites and keeps its
last place: so did 35 ships off Sohar and Dubai in the same days of April 2026. Nothing is said."""
COARSE_DEG = 1e-4
"""Places in whole ten-thousandths of a degree, 11 m, hide a receiver's noise: nothing is said."""

UNIFORM_M = 60.0
"""Root mean square of the way made against one of a constant speed. A tide of 0.3 knots moves a
ship by 500 m to and fro in its 12.4 hours."""
UNIFORM_KN = (0.5, 6.0)
"""Made way, but less than a ship on passage."""
STRAIGHT_SHARE = 0.5
"""Of the way made so much must lead away: less is a swing or a receiver's noise."""


def circles(track: Track) -> Iterator[Stretch]:
    """Stretches on one circle, by least squares (Kasa 1976), piece by piece."""
    pieces = pieces_of(track, PIECE_H)
    centre_e, centre_n, radius_m = _circle(pieces)
    east, north = pieces.east_m - centre_e[:, None], pieces.north_m - centre_n[:, None]
    away_m = np.hypot(east, north)
    residual_m = _root_mean_square(away_m - radius_m[:, None])
    sector = (np.arctan2(north, east) / (2.0 * np.pi) * SECTORS) % SECTORS
    passed = [((sector >= number) & (sector < number + 1)).any(axis=1) for number in range(SECTORS)]
    speed_kn = _speed_kn(track, pieces)
    is_wide = (radius_m >= SHIP_CIRCLE_M) & (radius_m <= MOST_CIRCLE_M)
    is_wide &= (residual_m <= RESIDUAL_SHARE * radius_m) & (speed_kn >= CIRCLING_KN)
    is_regular = (radius_m >= REGULAR_LEAST_M) & (radius_m < SHIP_CIRCLE_M)
    is_regular &= residual_m <= np.minimum(REGULAR_M, RESIDUAL_SHARE * radius_m)
    if _is_coarse(track):
        is_regular[:] = False
    is_found = (np.sum(passed, axis=0) >= LEAST_SECTORS) & (is_wide | is_regular)
    ends = pieces.rows.max(axis=1, initial=-1)
    for begin, end in runs(pieces.rows, is_found):
        own = np.flatnonzero(is_found & (ends >= begin) & (ends <= end))
        best = own[np.argmin(residual_m[own])]
        origin = pieces.rows[best][pieces.rows[best] >= 0][0]
        x, y = east_north_m(track.lon, track.lat, track.lon[origin], track.lat[origin])
        off_m = np.abs(np.hypot(x - centre_e[best], y - centre_n[best]) - radius_m[best])
        slack_m = max(3.0 * residual_m[best], LEAST_SLACK_M)
        first, last = extended(track, begin, end, off_m <= slack_m)
        fixes = last - first + 1
        # By its own circle: the best piece's, since a ring may be moved now and then.
        radius, residual = float(radius_m[best]), float(residual_m[own].max())
        sectors = int(np.sum(passed, axis=0)[own].max())
        yield Stretch(
            "circle",
            first,
            last,
            {"radius_m": radius, "residual_m": residual, "speed_kn": float(speed_kn[best])},
            f"{hours_of(track, first, last):.0f} h on a circle of {radius:,.0f} m, "
            f"{residual:.0f} m off it at most (root mean square of 12 h), in {sectors * 30} of 360 "
            f"degrees at {speed_kn[best]:.1f} kn ({fixes} fixes)",
        )


def _circle(pieces: Pieces) -> tuple[Floats, Floats, Floats]:
    """Centre and radius of the circle of each piece: least squares of x2 + y2 - ax - by - c."""
    x, y = pieces.east_m, pieces.north_m
    count = np.sum(~np.isnan(x), axis=1)
    mean_x, mean_y = np.nansum(x, axis=1) / count, np.nansum(y, axis=1) / count
    u, v = x - mean_x[:, None], y - mean_y[:, None]
    uu, vv, uv = (np.nansum(a * b, axis=1) for a, b in ((u, u), (v, v), (u, v)))
    z = u * u + v * v
    uz, vz = np.nansum(u * z, axis=1) / 2.0, np.nansum(v * z, axis=1) / 2.0
    determinant = uu * vv - uv * uv
    # No circle fits fixes in one place or on one line: a radius of none.
    is_flat = determinant <= 1e-9 * np.maximum(uu + vv, 1e-12) ** 2
    determinant = np.where(is_flat, np.nan, determinant)
    centre_u = (uz * vv - vz * uv) / determinant
    centre_v = (vz * uu - uz * uv) / determinant
    radius_m = np.sqrt(centre_u**2 + centre_v**2 + (uu + vv) / np.maximum(count, 1))
    return mean_x + centre_u, mean_y + centre_v, radius_m


def _speed_kn(track: Track, pieces: Pieces) -> Floats:
    """The median of the speeds sent; where fewer than half were sent, of those made."""
    sent = values(track.sog_kn, pieces.rows)
    heard = (pieces.rows >= 0).sum(axis=1)
    is_sent = 2 * np.sum(~np.isnan(sent), axis=1) >= heard
    made = values(_made_kn(track), pieces.rows)
    both = np.where(is_sent[:, None], sent, made)
    both[np.isnan(both).all(axis=1)] = 0.0
    return np.asarray(np.nanmedian(both, axis=1)) if len(both) else np.empty(0)


def _made_kn(track: Track) -> Floats:
    """Speed made from the fix before each fix; 0 for the first."""
    hours = np.diff(track.at, prepend=track.at[:1]) / HOUR_US
    return np.where(hours > 0.0, steps_m(track) / M_PER_NM / hours, 0.0)


def stills(track: Track) -> Iterator[Stretch]:
    """Stretches stiller than a ship at anchor; a ship at a quay is as still."""
    if _is_coarse(track):
        return
    pieces = pieces_of(track, STILL_H)
    if not len(pieces.rows):
        return
    spread = (np.nanvar(pieces.east_m, axis=1), np.nanvar(pieces.north_m, axis=1))
    scatter_m = np.sqrt(spread[0] + spread[1])
    for begin, end in runs(pieces.rows, scatter_m <= STILL_M):
        middle = np.median(track.lon[begin : end + 1]), np.median(track.lat[begin : end + 1])
        off_m = np.hypot(*east_north_m(track.lon, track.lat, *middle))
        first, last = extended(track, begin, end, off_m <= 4.0 * STILL_M)
        places = np.column_stack([track.lon, track.lat])[first : last + 1]
        _, times = np.unique(places, axis=0, return_counts=True)
        if times.max() >= FROZEN_SHARE * len(places):
            continue
        scatter = float(np.sqrt(np.mean(off_m[first : last + 1] ** 2)))
        yield Stretch(
            STILL,
            first,
            last,
            {"residual_m": scatter},
            f"{hours_of(track, first, last):.0f} h within {scatter:.0f} m (root mean square, "
            f"{last - first + 1} fixes): a ship at anchor swings by tens of metres and more",
        )


def _is_coarse(track: Track) -> bool:
    """Whether most of the places of a track are rounded to `COARSE_DEG`."""
    places = np.unique(np.column_stack([track.lon, track.lat]), axis=0)
    fine = np.rint(places / 1e-5).astype(np.int64)
    return bool(2 * (fine % round(COARSE_DEG / 1e-5) == 0).all(axis=1).sum() > len(places) > 1)


def uniform_ways(track: Track) -> Iterator[Stretch]:
    """Stretches of slow way at one speed, straight or round bends."""
    pieces = pieces_of(track, PIECE_H)
    if not len(pieces.rows):
        return
    at_h = (track.at - track.at[0]) / HOUR_US
    made_m = np.cumsum(steps_m(track))
    made, hours = values(made_m, pieces.rows), values(at_h, pieces.rows)
    speed, residual_m = _line(hours, made)
    speed_kn = speed / M_PER_NM
    way_m = np.nanmax(made, axis=1) - np.nanmin(made, axis=1)
    away_m = np.hypot(_last(pieces.east_m), _last(pieces.north_m))
    is_found = (residual_m <= UNIFORM_M) & (away_m >= STRAIGHT_SHARE * way_m)
    is_found &= (speed_kn >= UNIFORM_KN[0]) & (speed_kn <= UNIFORM_KN[1])
    latest = pieces.rows.max(axis=1)
    for begin, end in runs(pieces.rows, is_found):
        own = np.flatnonzero(is_found & (latest > begin) & (latest <= end))
        # Back by the line of the first piece, on by that of the last.
        first, _ = extended(track, begin, end, _is_on_line(at_h, made_m, pieces.rows[own[0]]))
        _, last = extended(track, begin, end, _is_on_line(at_h, made_m, pieces.rows[own[-1]]))
        kn, residual = float(np.median(speed_kn[own])), float(residual_m[own].max())
        yield Stretch(
            "uniform way",
            first,
            last,
            {"speed_kn": kn, "residual_m": residual},
            f"{hours_of(track, first, last):.0f} h at {kn:.1f} kn, {residual:.0f} m off a constant "
            f"speed at most (root mean square of 12 h, {last - first + 1} fixes): tide and wind "
            "change a slow ship's speed",
        )


def _is_on_line(at_h: Floats, made_m: Floats, piece: Ints) -> Bools:
    """Which fixes keep the speed of a piece, to three times what it may be off."""
    rows = piece[piece >= 0]
    line = np.polyfit(at_h[rows], made_m[rows], 1)
    return np.asarray(np.abs(made_m - np.polyval(line, at_h)) <= 3.0 * UNIFORM_M)


def _line(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Slope of the line through each row, and the root mean square of what is off it."""
    x = x - np.nanmean(x, axis=1)[:, None]
    y = y - np.nanmean(y, axis=1)[:, None]
    slope = np.nansum(x * y, axis=1) / np.nansum(x * x, axis=1)
    return slope, _root_mean_square(y - slope[:, None] * x)


def _root_mean_square(off: Floats) -> Floats:
    """Of each row, NaN left out; infinite where there is nothing else."""
    count = np.sum(~np.isnan(off), axis=1)
    return np.where(count > 0, np.sqrt(np.nansum(off**2, axis=1) / np.maximum(count, 1)), np.inf)


def _last(values_m: Floats) -> Floats:
    """The last value of each row that is not NaN."""
    at = values_m.shape[1] - 1 - np.argmax(~np.isnan(values_m[:, ::-1]), axis=1)
    return np.asarray(np.take_along_axis(values_m, at[:, None], 1)[:, 0])
