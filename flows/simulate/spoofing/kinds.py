"""Six kinds of false tracks that a tanker sends while she is at an Iranian terminal.

Each takes the moments of the reports to be replaced, and where the ship truly was before the first
and after the last of them, and gives what is sent instead. SIMULATED: sizes, speeds and noise are
choices, between what papers and press show of circles, fake anchorages and ships in two ports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from flows.simulate.jamming import around, in_iran, log_uniform, still_kn, whole_circle
from flows.simulate.places import KM_PER_DEGREE, Floats, distance_km, lengths_km, route
from flows.simulate.tracks import track
from flows.simulate.voyages import (
    AT_ANCHOR,
    HOUR_S,
    KM_PER_NM,
    MOORED,
    UNDER_WAY,
    Voyage,
    any_swing,
    swung_km,
)

TRIES = 60


class Shown(NamedTuple):
    """What is sent instead of the truth, report by report; NaN where a value stays as it was."""

    lon: Floats
    lat: Floats
    sog_kn: Floats
    cog_deg: Floats
    heading_deg: Floats
    nav_status: Floats


class Stay(NamedTuple):
    """The reports to be replaced: their moments in seconds from the start, and the ship's true
    places at these moments; ``hours`` from the first to the last."""

    at_s: Floats
    lon: Floats
    lat: Floats
    sog_kn: Floats
    cog_deg: Floats

    @property
    def hours(self) -> Floats:
        return np.asarray((self.at_s - self.at_s[0]) / HOUR_S)


Kind = Callable[[Voyage, Stay, np.random.Generator], Shown | None]


def moving(lon: Floats, lat: Floats, at_s: Floats, status: int = UNDER_WAY) -> Shown:
    """A track with the speed and course that belong to it, and the bow ahead."""
    middle = np.cos(np.radians(lat))
    hours = np.gradient(at_s / HOUR_S)
    east = np.gradient(lon) * middle * KM_PER_DEGREE / hours
    north = np.gradient(lat) * KM_PER_DEGREE / hours
    course = whole_circle(np.degrees(np.arctan2(east, north)))
    speed_kn = np.round(np.hypot(east, north) / KM_PER_NM, 1)
    return Shown(lon, lat, speed_kn, course, np.rint(course) % 360.0, np.full(lon.size, status))


def noise_km(rng: np.random.Generator, metres: float, count: int) -> Floats:
    """East and north, shape (2, count)."""
    return np.asarray(rng.normal(0.0, metres / 1_000.0, (2, count)))


def circle(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown:
    """Round a ring, or to and fro on an arc of it, at one speed and without pause."""
    radius_km, speed_kn = log_uniform(rng, 0.8, 8.0), rng.uniform(6.0, 20.0)
    begin, way = rng.uniform(0.0, 2.0 * np.pi), float(rng.choice([-1.0, 1.0]))
    turned = speed_kn * KM_PER_NM * stay.hours / radius_km
    if rng.random() < 0.4:
        arc = np.radians(rng.uniform(240.0, 330.0))
        turned = np.abs((turned + arc) % (2.0 * arc) - arc)
    angle = begin + way * turned
    off_km = noise_km(rng, rng.uniform(0.0, 8.0), angle.size)
    east_km = radius_km * (np.cos(angle) - np.cos(begin)) + off_km[0]
    north_km = radius_km * (np.sin(angle) - np.sin(begin)) + off_km[1]
    lon, lat = around(float(stay.lon[0]), float(stay.lat[0]), east_km, north_km)
    cog_deg = whole_circle(90.0 - np.degrees(angle) - way * 90.0)
    sog_kn = np.round(speed_kn + rng.normal(0.0, 0.1, angle.size), 1)
    return Shown(
        lon, lat, sog_kn, cog_deg, np.rint(cog_deg) % 360.0, np.full(angle.size, UNDER_WAY)
    )


def fake_anchorage(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown:
    """At anchor where she was last seen: too still, or on a ring of some metres like a clock."""
    count = stay.at_s.size
    east_km, north_km = noise_km(rng, rng.uniform(1.0, 5.5), count)
    if rng.random() < 0.35:
        radius_km, period_h = rng.uniform(0.03, 0.2), rng.uniform(1.0, 4.0)
        angle = 2.0 * np.pi * stay.hours / period_h
        east_km, north_km = radius_km * np.cos(angle), radius_km * np.sin(angle)
    _, _, bow = swung_km(any_swing(rng), stay.at_s)
    lon, lat = around(float(stay.lon[0]), float(stay.lat[0]), east_km, north_km)
    return Shown(
        lon,
        lat,
        still_kn(rng, count),
        whole_circle(rng.uniform(0.0, 360.0, count)),
        np.rint(270.0 - np.degrees(bow)) % 360.0,
        np.full(count, AT_ANCHOR),
    )


def replay(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown | None:
    """Her own earlier track again, from where it passed nearest; None without a way in it."""
    times, lons, lats = track(voyage)
    length_s = stay.at_s[-1] - stay.at_s[0]
    latest_s = stay.at_s[0] - length_s - 12.0 * HOUR_S
    best: tuple[float, Shown] | None = None
    for _ in range(TRIES):
        if latest_s <= 0.0:
            return None
        then = stay.at_s - stay.at_s[0] + rng.uniform(0.0, latest_s)
        lon, lat = np.interp(then, times, lons), np.interp(then, times, lats)
        off_km = float(distance_km(lon[0], lat[0], float(stay.lon[0]), float(stay.lat[0])))
        if lengths_km(lon, lat).sum() > 120.0 and (best is None or off_km < best[0]):
            off = noise_km(rng, 5.0, lon.size) / KM_PER_DEGREE
            best = off_km, moving(np.round(lon + off[0], 5), np.round(lat + off[1], 5), stay.at_s)
    return None if best is None else best[1]


def offset(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown:
    """All of her track, as far off all the time."""
    off_km, bearing = rng.uniform(70.0, 250.0), rng.uniform(0.0, 2.0 * np.pi)
    east, north = off_km * np.sin(bearing), off_km * np.cos(bearing)
    north_deg = north / KM_PER_DEGREE
    east_deg = east / KM_PER_DEGREE / np.cos(np.radians(stay.lat[0]))
    kept = np.full(stay.at_s.size, np.nan)
    return Shown(
        np.round(stay.lon + east_deg, 5), np.round(stay.lat + north_deg, 5), kept, kept, kept, kept
    )


def slow_roll(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown | None:
    """Along a lane abroad at one slow speed, from where she was last seen."""
    chart = voyage.chart
    here = float(stay.lon[0]), float(stay.lat[0])
    speed_kn = rng.uniform(1.2, 3.5)
    length_km = speed_kn * KM_PER_NM * stay.hours[-1]
    abroad = [
        place
        for place in chart.places.values()
        if place.country not in {"", "IR"} and place.water == voyage.ship.role.water
    ]
    for number in rng.permutation(len(abroad)).tolist():
        nodes = [chart.waypoints[n] for n in route(chart, voyage.place, abroad[number].place_id)]
        away = [float(distance_km(node.lon, node.lat, *here)) for node in nodes]
        ahead = nodes[int(np.argmin(away)) + 1 :]
        lon = np.array([here[0], *(node.lon for node in ahead)])
        lat = np.array([here[1], *(node.lat for node in ahead)])
        at_km = np.concatenate([[0.0], np.cumsum(lengths_km(lon, lat))])
        if at_km[-1] >= length_km:
            gone_km = length_km * stay.hours / stay.hours[-1]
            off = noise_km(rng, rng.uniform(0.0, 6.0), stay.at_s.size) / KM_PER_DEGREE
            x, y = np.interp(gone_km, at_km, lon), np.interp(gone_km, at_km, lat)
            return moving(np.round(x + off[0], 5), np.round(y + off[1], 5), stay.at_s)._replace(
                sog_kn=np.round(np.full(x.size, speed_kn) + rng.normal(0.0, 0.05, x.size), 1)
            )
    return None


def other_port(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown | None:
    """Moored in a port of another country, 80 km off and more."""
    berths = [
        place
        for place in voyage.chart.places.values()
        if place.kind == "berth" and not in_iran(place) and place.water == voyage.ship.role.water
    ]
    ends = np.array([0, -1])
    for number in rng.permutation(len(berths)).tolist():
        berth = berths[number]
        away_km = distance_km(stay.lon[ends], stay.lat[ends], berth.lon, berth.lat)
        if away_km.min() > 80.0:
            count = stay.at_s.size
            lon, lat = around(berth.lon, berth.lat, *noise_km(rng, 5.0, count))
            return Shown(
                lon,
                lat,
                still_kn(rng, count),
                whole_circle(rng.uniform(0.0, 360.0, count)),
                np.full(count, berth.heading_deg % 360.0),
                np.full(count, MOORED),
            )
    return None


KINDS: dict[str, tuple[str, Kind]] = {
    "circle": ("seems to go round a ring, or to and fro on an arc", circle),
    "fake_anchorage": ("seems to lie at anchor, too still or too regular", fake_anchorage),
    "replay": ("sends her own track of days before", replay),
    "offset": ("sends her track so many km off", offset),
    "slow_roll": ("seems to sail along a lane at one slow speed", slow_roll),
    "other_port": ("seems to lie in a port of another country", other_port),
}
"""Each kind of spoofing by name: what it seems, and what makes it."""
