"""Where each simulated ship goes, and the traps that are made of sailing and stopping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from flows.simulate.fleet import Ship
from flows.simulate.places import (
    KM_PER_DEGREE,
    NO_LIMIT_KN,
    Chart,
    Floats,
    Place,
    Waypoint,
    distance_km,
    lengths_km,
    moved,
    route,
)
from geo.earth import M_PER_NM

KM_PER_NM = M_PER_NM / 1000
HOUR_S, DAY_S = 3600.0, 86_400.0
NAN = float("nan")

UNDER_WAY, AT_ANCHOR, MOORED = 0, 1, 5
"""Navigational status (ITU-R M.1371, table 45)."""

MARK_KM = 5.0
"""A simulated call begins and ends this far from its first and last stopping place, km."""


class Stay(NamedTuple):
    """One stop: where, and from when to when in seconds from the start of the simulation."""

    place: Place
    lon: float
    lat: float
    began_s: float
    ended_s: float


class Cargo(NamedTuple):
    """What a port call did with the cargo.

    ``direction`` is loading, discharging or none; ``payload_t`` is what went over the ship's side;
    states are laden, part, ballast; draughts are true ones, midships. None and
    NaN for craft that carry none.
    """

    direction: str | None
    payload_t: float
    laden_in: str | None
    laden_out: str | None
    draught_in_m: float
    draught_out_m: float


NO_CARGO = Cargo(None, NAN, None, None, NAN, NAN)


@dataclass
class Voyage:
    """A ship's track as it is being made: corners in time and space, and what happened at them.

    Between two corners a ship goes straight and at one speed. ``modes`` is the navigational
    status of the piece that begins at a corner, ``headings`` its bow, degrees. ``decoy`` is where
    the ship pretends to lie during its first call. ``draughts`` are what its crew enters, from when
    on; ``cargoes`` one for each group of `tracks.joined`.
    """

    chart: Chart
    ship: Ship
    rng: np.random.Generator
    horizon_s: float
    place: str = ""
    lon: float = 0.0
    lat: float = 0.0
    now_s: float = 0.0
    times: list[Floats] = field(default_factory=list)
    lons: list[Floats] = field(default_factory=list)
    lats: list[Floats] = field(default_factory=list)
    headings: list[Floats] = field(default_factory=list)
    modes: list[Floats] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    silences: list[tuple[float, float]] = field(default_factory=list)
    decoy: str = ""
    draughts: list[tuple[float, float]] = field(default_factory=list)
    cargoes: list[Cargo] = field(default_factory=list)


def week_edge_s(start: date, days: int) -> list[float]:
    """Sundays 23:38 UTC with three days before them and a day after, in seconds from the start."""
    return [at_s for day, at_s in _eves_s(start, days) if day.weekday() == 0]


def month_edge_s(start: date, days: int) -> list[float]:
    """A month's last day at 23:38 UTC, as `week_edge_s` gives Sundays."""
    return [at_s for day, at_s in _eves_s(start, days) if day.day == 1]


def _eves_s(start: date, days: int) -> list[tuple[date, float]]:
    """Days with three days before them and one after, and 22 minutes before each begins."""
    return [
        (start + timedelta(days=day), day * DAY_S - 22 * 60.0)
        for day in range(days)
        if 3 * DAY_S <= day * DAY_S - 22 * 60.0 <= (days - 1) * DAY_S
    ]


# ---------------------------------------------------------------------------------------------
# Sailing and stopping


def go_to(
    voyage: Voyage,
    place_id: str,
    hours: float,
    *,
    through: tuple[str, ...] = (),
    mark_s: float | None = None,
    abreast: int | None = None,
) -> None:
    """Sail to a place along the lanes and stop there.

    With ``mark_s`` the ship waits where it is until it can pass the 5-km mark at that second; it
    must then lie at a berth, since a ship at anchor swings away from where its track begins.
    Ships that stop with ``abreast`` 0 and 1 lie side by side, 60 m apart, and drift as one.
    """
    chart = voyage.chart
    place = chart.places[place_id]
    if abreast is None:
        lon, lat = spot(voyage, place)
    else:
        lon, lat = moved(place.lon, place.lat, 0.06 * abreast, 0.0)
    corners: list[tuple[float, float, float]] = []
    here = voyage.place
    for there in (*through, place_id):
        corners += [_bend(voyage, chart.waypoints[node]) for node in route(chart, here, there)]
        if there != place_id:
            corners.append((chart.places[there].lon, chart.places[there].lat, NO_LIMIT_KN))
        here = there
    corners.append((lon, lat, NO_LIMIT_KN))
    if mark_s is not None:
        trial_s, trial_lon, trial_lat = _leg(voyage, corners)
        outside = np.flatnonzero(distance_km(trial_lon, trial_lat, lon, lat) > MARK_KM)
        wait_s = mark_s - voyage.now_s - trial_s[outside[-1] + 1]
        still(voyage, chart.places[voyage.place], wait_s / HOUR_S, voyage.lon, voyage.lat)
    sail(voyage, corners)
    voyage.place = place_id
    still(voyage, place, hours, lon, lat, swing=None if abreast is None else LASHED)


def spot(voyage: Voyage, place: Place) -> tuple[float, float]:
    """Pick where a ship lies: within tens of metres at a quay, within a kilometre in roads."""
    spread_km = {"berth": 0.04, "anchorage": 0.8, "offshore": 0.2}[place.kind]
    east_km, north_km = np.clip(voyage.rng.normal(0.0, spread_km / 2.0, 2), -spread_km, spread_km)
    return moved(place.lon, place.lat, float(east_km), float(north_km))


def _bend(voyage: Voyage, waypoint: Waypoint) -> tuple[float, float, float]:
    """Keep to a lane's bend as a helmsman does, not to the metre: lon, lat, limit in knots."""
    east_km, north_km = voyage.rng.uniform(-0.7, 0.7, 2) * waypoint.spread_km
    lon, lat = moved(waypoint.lon, waypoint.lat, float(east_km), float(north_km))
    return lon, lat, waypoint.limit_kn


def _leg(
    voyage: Voyage, corners: Sequence[tuple[float, float, float]]
) -> tuple[Floats, Floats, Floats]:
    """Time, s from now, and place of a ship on its way: slow near both ends, else cruising."""
    lon = np.array([voyage.lon, *(corner[0] for corner in corners)])
    lat = np.array([voyage.lat, *(corner[1] for corner in corners)])
    limit_kn = np.array([NO_LIMIT_KN, *(corner[2] for corner in corners)])
    piece_km = np.maximum(lengths_km(lon, lat), 1e-6)
    at_km = np.concatenate([[0.0], np.cumsum(piece_km)])
    length_km = float(at_km[-1])
    zones_km = np.array([1.0, 4.0, 12.0])
    cuts_km = np.concatenate(
        [at_km, np.arange(0.0, length_km, 4.0), zones_km, length_km - zones_km]
    )
    cuts_km = np.unique(np.clip(cuts_km, 0.0, length_km))
    middle_km = (cuts_km[:-1] + cuts_km[1:]) / 2.0
    end_km = np.minimum(middle_km, length_km - middle_km)
    # Tugs and pilots within 4 km, half speed within 12 km.
    speed_kn = np.interp(end_km, [0.0, 1.0, 4.0, 12.0, 16.0], [3.0, 4.0, 6.0, 9.0, NO_LIMIT_KN])
    piece = np.searchsorted(at_km, middle_km, side="right") - 1
    # A channel's limit holds between two of its bends.
    channel_kn = np.maximum(limit_kn[:-1], limit_kn[1:])[np.minimum(piece, len(piece_km) - 1)]
    speed_kn = np.minimum(np.minimum(speed_kn, channel_kn), voyage.ship.cruise_kn)
    seconds = np.diff(cuts_km) / (speed_kn * KM_PER_NM) * HOUR_S
    return (
        np.concatenate([[0.0], np.cumsum(seconds)]),
        np.interp(cuts_km, at_km, lon),
        np.interp(cuts_km, at_km, lat),
    )


def sail(voyage: Voyage, corners: Sequence[tuple[float, float, float]]) -> None:
    """Add a passage to the track."""
    times, lon, lat = _leg(voyage, corners)
    east, north = np.diff(lon) * np.cos(np.radians(lat[1:])), np.diff(lat)
    bow = np.degrees(np.arctan2(east, north)) % 360.0
    _add(voyage, voyage.now_s + times, (lon, lat), np.append(bow, bow[-1]), UNDER_WAY)


class Swing(NamedTuple):
    """How a ship moves round its anchor: radius in km, half of the arc and its phase in radians."""

    radius_km: float
    sweep: float
    phase: float


LASHED = Swing(0.3, 1.2, 2.0)
"""Two ships side by side swing as one."""


def any_swing(rng: np.random.Generator) -> Swing:
    """Draw a swing: with 6 times the depth of chain (20 to 60 m here) a hull lies 200 to 400 m
    from its anchor.
    """
    return Swing(rng.uniform(0.2, 0.4), rng.uniform(0.6, 2.4), rng.uniform(0.0, 2.0 * np.pi))


def swung_km(swing: Swing, seconds: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how far a ship at anchor has moved, km east and north, and the angle of its chain.

    It swings with the tide, which turns every 6.2 hours.
    """
    turn = swing.sweep * np.sin(2.0 * np.pi * seconds / (12.42 * HOUR_S))
    angle = swing.phase + turn
    return (
        swing.radius_km * (np.cos(angle) - np.cos(swing.phase)),
        swing.radius_km * (np.sin(angle) - np.sin(swing.phase)),
        angle,
    )


def still(
    voyage: Voyage,
    place: Place,
    hours: float,
    lon: float,
    lat: float,
    *,
    swing: Swing | None = None,
) -> None:
    """Add a stop: moored at a quay, swinging round an anchor, or drifting at sea."""
    began_s = voyage.now_s
    seconds = max(hours, 0.0) * HOUR_S
    if place.kind == "berth":
        times = np.array([0.0, seconds])
        lons, lats = np.full(2, lon), np.full(2, lat)
        bow, mode = np.full(2, place.heading_deg), MOORED
    else:
        times = np.append(np.arange(0.0, seconds, 1200.0), seconds)
        east_km, north_km, angle = swung_km(swing or any_swing(voyage.rng), times)
        lons = lon + east_km / (KM_PER_DEGREE * np.cos(np.radians(lat)))
        lats = lat + north_km / KM_PER_DEGREE
        bow = (270.0 - np.degrees(angle)) % 360.0
        mode = AT_ANCHOR if hours > 1.0 else UNDER_WAY
    _add(voyage, began_s + times, (lons, lats), bow, mode)
    voyage.stays.append(Stay(place, lon, lat, began_s, voyage.now_s))


def _add(
    voyage: Voyage,
    times: Floats,
    places: tuple[Floats, Floats],
    bow: Floats,
    mode: int,
) -> None:
    lon, lat = places
    voyage.times.append(times)
    voyage.lons.append(lon)
    voyage.lats.append(lat)
    voyage.headings.append(bow)
    voyage.modes.append(np.full(len(times), float(mode)))
    voyage.now_s, voyage.lon, voyage.lat = float(times[-1]), float(lon[-1]), float(lat[-1])
