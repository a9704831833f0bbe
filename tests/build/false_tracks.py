"""Ways of a ship as places by hours: false ones, of each kind that is looked for, and honest ones.

A way gives, for hours since the start, metres east and north of `HERE`. `track` reports it at an
interval with a receiver's noise, which is the same for the same moment whatever the interval.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np

from flows.derive.spoofing.pieces import HOUR_US, Floats, Track

HERE = (50.05, 28.0)
"""At sea, off Kharg."""
KM_PER_DEGREE = 111.195
START_US = int(np.datetime64(datetime(2026, 6, 1), "us").astype(np.int64))

Way = Callable[[Floats], tuple[Floats, Floats]]
FALSE_H = (72.0, 126.0)
"""From when to when a track is false, of `WHOLE_H`."""
WHOLE_H = 220.0


def still_at(east_km: float, north_km: float) -> Way:
    return lambda hours: (np.full(hours.size, east_km), np.full(hours.size, north_km))


def sailing(knots: float, course_deg: float = 60.0, tide_kn: float = 0.0) -> Way:
    """Straight ahead, sped up and slowed by a tide."""

    def way(hours: Floats) -> tuple[Floats, Floats]:
        gone_h = hours - FALSE_H[0]
        swell_km = tide_kn * 12.42 / (2.0 * np.pi) * np.sin(2.0 * np.pi * gone_h / 12.42) * 1.852
        gone_km = knots * 1.852 * gone_h + swell_km
        course = np.radians(course_deg)
        return gone_km * np.sin(course), gone_km * np.cos(course)

    return way


def circling(radius_km: float, knots: float, arc_deg: float = 360.0) -> Way:
    """Round a ring; to and fro on a part of it, if the arc is less."""

    def way(hours: Floats) -> tuple[Floats, Floats]:
        turned = knots * 1.852 * hours / radius_km
        if arc_deg < 360.0:
            arc = np.radians(arc_deg)
            turned = np.abs((turned + arc) % (2.0 * arc) - arc)
        return radius_km * np.cos(turned), radius_km * np.sin(turned)

    return way


def at_anchor(radius_km: float = 0.3, sweep: float = 1.0) -> Way:
    """Swings with the tide, while wind lets her surge and yaw."""

    def way(hours: Floats) -> tuple[Floats, Floats]:
        bow = sweep * np.sin(2.0 * np.pi * hours / 12.42) + 0.2 * np.sin(hours * 1.7)
        chain_km = radius_km * (1.0 + 0.1 * np.sin(hours * 0.9))
        return chain_km * np.cos(bow), chain_km * np.sin(bow)

    return way


def adrift(hours: Floats) -> tuple[Floats, Floats]:
    """Carried round by tide, and away by a wind that comes and goes."""
    phase = 2.0 * np.pi * hours / 12.42
    return (
        2.5 * np.sin(phase) + 3.0 * np.sin(hours / 9.0),
        1.5 * np.cos(phase) + 2.0 * np.sin(hours / 13.0),
    )


def racetrack(hours: Floats) -> tuple[Floats, Floats]:
    """Round and round two legs of 18 km, 3 km apart, at 7 knots give or take a tide."""
    gone_km = 7.0 * 1.852 * hours + 0.5 * np.sin(2.0 * np.pi * hours / 12.42) * 3.66
    lap, half = 36.0 + 3.0 * np.pi, 18.0 + 1.5 * np.pi
    at_km = gone_km % lap
    leg, along = at_km // half, at_km % half
    angle = np.clip((along - 18.0) / (1.5 * np.pi), 0.0, 1.0) * np.pi
    east = np.minimum(along, 18.0) + 1.5 * np.sin(angle)
    north = -1.5 * np.cos(angle) + 0.2 * np.sin(gone_km // lap * 2.3)
    return np.where(leg > 0, 18.0 - east, east), np.where(leg > 0, -north, north)


def harbour(hours: Floats) -> tuple[Floats, Floats]:
    """To another place within 5 km every hour, as a bunker tanker."""
    corners_h = np.arange(0.0, WHOLE_H + 2.0)
    places = np.random.default_rng(0).uniform(0.0, 5.0, (2, corners_h.size))
    return np.interp(hours, corners_h, places[0]), np.interp(hours, corners_h, places[1])


def shifted(way: Way, hours_back: float) -> Way:
    """The same way so many hours later."""
    return lambda hours: way(hours - hours_back)


def moved(way: Way, east_km: float, north_km: float) -> Way:
    return lambda hours: (way(hours)[0] + east_km, way(hours)[1] + north_km)


def voyage(hours: Floats) -> tuple[Floats, Floats]:
    """Adrift, but from the 8th to the 40th hour out and back on a bent lane at 9 knots or so."""
    corners_h = np.array([8.0, 14.0, 19.0, 24.0, 30.0, 36.0, 40.0])
    east = np.interp(hours, corners_h, [0.0, 70.0, 100.0, 160.0, 90.0, 60.0, 0.0])
    north = np.interp(hours, corners_h, [0.0, 60.0, -20.0, -40.0, -70.0, -10.0, 0.0])
    drift_e, drift_n = adrift(hours)
    return east + drift_e, north + drift_n


def between(inside: Way, outside: Way = adrift) -> Way:
    """One way in the false hours, another before and after."""

    def way(hours: Floats) -> tuple[Floats, Floats]:
        is_in = (hours >= FALSE_H[0]) & (hours < FALSE_H[1])
        own, other = inside(hours), outside(hours)
        return np.where(is_in, own[0], other[0]), np.where(is_in, own[1], other[1])

    return way


FALSE: dict[str, tuple[str, Way]] = {
    "circle": ("circle", between(circling(3.0, 9.0))),
    "arc": ("circle", between(circling(5.0, 12.0, arc_deg=270.0))),
    "fake anchorage": ("still", between(still_at(0.3, 0.2))),
    "slow roll": ("uniform way", between(sailing(2.0))),
    "offset": ("offset", between(moved(adrift, 90.0, 60.0))),
    "other port": (
        "jump",
        between(still_at(-150.0, 40.0), moved(sailing(1.5, tide_kn=0.4), 60.0, 0.0)),
    ),
    "replay": ("replay", between(shifted(voyage, 62.0), voyage)),
}
"""Each false track, and the kind of stretch in which it shows."""

LIKE_A_CLOCK = between(circling(0.08, 0.15))
"""A small ring, which is sent without a receiver's noise."""

HONEST: dict[str, Way] = {
    "at anchor": at_anchor(),
    "at anchor, hardly swinging": at_anchor(0.25, 0.25),
    "at anchor, all round": at_anchor(0.35, 3.2),
    "adrift": adrift,
    "slow steaming": sailing(4.0, tide_kn=0.4),
    "on passage": sailing(12.0, tide_kn=0.3),
    "racetrack": racetrack,
    "out and back": voyage,
    "to and fro in a harbour": harbour,
}


def track(
    way: Way,
    every_min: float,
    *,
    noise_m: float = 4.0,
    step_deg: float = 1e-5,
    whole_h: float = WHOLE_H,
    quiet: Callable[[Floats], Floats] | None = None,
    is_thinned: bool = True,
) -> Track:
    """The fixes of a way, one an interval: of speed and course as made, thinned to slots or not.

    `quiet` marks the hours in which the ship is not heard.
    """
    hours = np.arange(0.0, whole_h, every_min / 60.0)
    if quiet is not None:
        hours = hours[~np.asarray(quiet(hours), dtype=np.bool_)]
    minute = np.rint(hours * 60.0).astype(np.int64)
    # Noise of the moment: the same at every interval.
    noise = [
        np.random.default_rng(seed).normal(0.0, noise_m, int(whole_h * 60) + 2)[minute]
        for seed in (1, 2)
    ]
    east, north = way(hours)
    lon, lat = _placed(east + noise[0] / 1_000.0, north + noise[1] / 1_000.0)
    lon, lat = np.round(lon / step_deg) * step_deg, np.round(lat / step_deg) * step_deg
    (x0, y0), (x1, y1) = way(hours - 0.01), way(hours + 0.01)
    speed_kn = np.hypot(x1 - x0, y1 - y0) / 0.02 / 1.852
    course = np.degrees(np.arctan2(x1 - x0, y1 - y0)) % 360.0
    at = START_US + np.rint(hours * HOUR_US).astype(np.int64)
    slot = at // 600_000_000
    is_first = np.append(True, np.diff(slot) > 0) | (not is_thinned)
    # Where it jumps it sends none.
    speed_kn = np.where(speed_kn > 30.0, np.nan, speed_kn)
    columns = (at, np.round(lon, 5), np.round(lat, 5), speed_kn, course, course)
    return Track(
        *(column[is_first] for column in columns), np.zeros(is_first.sum(), dtype=np.bool_)
    )


def _placed(east_km: Floats, north_km: Floats) -> tuple[Floats, Floats]:
    lat = HERE[1] + north_km / KM_PER_DEGREE
    return HERE[0] + east_km / KM_PER_DEGREE / np.cos(np.radians(HERE[1])), lat
