"""What ships truly do that a detector of spoofing must not take for it.

Tide, wind and receivers as they are: a ship at anchor swings with the tide and yaws with the wind,
a drifting one is carried round, a slow one is slowed and sped up, none to the metre. SIMULATED: the
sizes are choices, of what is usual in the Gulf.
"""

from __future__ import annotations

import numpy as np

from flows.simulate.jamming import around, still_kn, whole_circle
from flows.simulate.places import KM_PER_DEGREE, Floats
from flows.simulate.spoofing.kinds import Kind, Shown, Stay, moving, noise_km
from flows.simulate.voyages import AT_ANCHOR, HOUR_S, KM_PER_NM, MOORED, Voyage

TIDE_H = 12.42
"""The principal lunar tide, M2."""
RECEIVER_M = (1.5, 8.0)
"""Noise of a receiver, one axis."""


def at_anchor(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown:
    """Swings with the tide about her anchor, and yaws with wind that shifts within hours."""
    hours = _clock_h(stay)
    radius_km = rng.uniform(0.12, 0.4) * (1.0 + 0.1 * wander(rng, hours, 5.0))
    tide = rng.uniform(0.15, 1.6) * np.sin(2.0 * np.pi * hours / TIDE_H + rng.uniform(0.0, 6.3))
    bow = rng.uniform(0.0, 2.0 * np.pi) + tide + rng.uniform(0.08, 0.5) * wander(rng, hours, 3.0)
    off_km = noise_km(rng, rng.uniform(*RECEIVER_M), bow.size)
    lon, lat = _places(
        stay, radius_km * np.cos(bow) + off_km[0], radius_km * np.sin(bow) + off_km[1], rng
    )
    return Shown(
        lon,
        lat,
        still_kn(rng, bow.size),
        whole_circle(rng.uniform(0.0, 360.0, bow.size)),
        np.rint(270.0 - np.degrees(bow)) % 360.0,
        np.full(bow.size, AT_ANCHOR),
    )


def adrift(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown:
    """Stopped, carried by tide and wind, and back under her engine when she is 15 km off."""
    hours = _clock_h(stay)
    fine = np.arange(hours[0], hours[-1] + 0.1, 0.05)
    speed_kn, turn = rng.uniform(0.3, 1.2), rng.uniform(0.0, 2.0 * np.pi)
    tide_kn = rng.uniform(0.2, 1.2)
    phase = 2.0 * np.pi * fine / TIDE_H
    wind_e, wind_n = speed_kn * wander(rng, fine, 8.0), speed_kn * wander(rng, fine, 8.0)
    east_kn = tide_kn * np.cos(phase) * np.cos(turn) + 0.3 * np.sin(phase) + wind_e
    north_kn = tide_kn * np.cos(phase) * np.sin(turn) + 0.3 * np.sin(phase) + wind_n
    east_km = np.cumsum(east_kn) * 0.05 * KM_PER_NM
    north_km = np.cumsum(north_kn) * 0.05 * KM_PER_NM
    # Her engine holds her within some 15 km of the place.
    most = np.maximum(1.0, np.hypot(east_km, north_km) / 15.0)
    return _under_way(stay, hours, fine, east_km / most, north_km / most, rng)


def slow_steaming(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown:
    """Out along a lane and back at 2 to 6 knots, which tide and waves change."""
    hours = _clock_h(stay)
    fine = np.arange(hours[0], hours[-1] + 0.1, 0.05)
    speed_kn = rng.uniform(2.0, 6.0) + 0.1 * wander(rng, fine, 4.0)
    course = rng.uniform(0.0, 2.0 * np.pi)
    tide_kn = rng.uniform(0.25, 0.8) * np.sin(2.0 * np.pi * fine / TIDE_H + rng.uniform(0.0, 6.3))
    middle = (fine[0] + fine[-1]) / 2.0
    way_kn = np.where(fine < middle, speed_kn, -speed_kn) + tide_kn
    gone_km = np.cumsum(way_kn) * 0.05 * KM_PER_NM
    side_km = 0.05 * wander(rng, fine, 1.0)
    east_km = gone_km * np.sin(course) + side_km * np.cos(course)
    north_km = gone_km * np.cos(course) - side_km * np.sin(course)
    return _under_way(stay, hours, fine, east_km, north_km, rng)


def racetrack(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown:
    """Waits by going round and round two long legs with turns at either end."""
    hours = _clock_h(stay)
    fine = np.arange(hours[0], hours[-1] + 0.1, 0.02)
    leg_km, width_km = rng.uniform(9.0, 28.0), rng.uniform(1.5, 5.0)
    round_km = 2.0 * leg_km + np.pi * width_km
    tide_kn = rng.uniform(0.2, 0.7) * np.sin(2.0 * np.pi * fine / TIDE_H + rng.uniform(0.0, 6.3))
    speed_kn = rng.uniform(4.0, 9.0) + 0.3 * wander(rng, fine, 3.0) + tide_kn
    gone_km = np.cumsum(speed_kn) * 0.02 * KM_PER_NM
    lap, at_km = np.floor(gone_km / round_km), gone_km % round_km
    half = round_km / 2.0
    side, at_km = at_km // half, at_km % half
    angle = np.clip((at_km - leg_km) / (half - leg_km), 0.0, 1.0) * np.pi
    along = np.minimum(at_km, leg_km) + width_km / 2.0 * np.sin(angle)
    across = -width_km / 2.0 * np.cos(angle)
    along, across = np.where(side > 0, leg_km - along, along), np.where(side > 0, -across, across)
    # No lap is sailed as the one before.
    shifts = rng.normal(0.0, 0.25, (2, int(lap.max()) + 2))
    along = along + np.interp(gone_km / round_km, np.arange(shifts.shape[1]), shifts[0])
    across = across + np.interp(gone_km / round_km, np.arange(shifts.shape[1]), shifts[1])
    turn = rng.uniform(0.0, 2.0 * np.pi)
    east_km = along * np.cos(turn) - across * np.sin(turn)
    north_km = along * np.sin(turn) + across * np.cos(turn)
    return _under_way(stay, hours, fine, east_km, north_km, rng)


def moored(voyage: Voyage, stay: Stay, rng: np.random.Generator) -> Shown:
    """Still at the quay where she truly is, but for a receiver's noise."""
    count = stay.at_s.size
    off_km = noise_km(rng, rng.uniform(*RECEIVER_M), count)
    lon, lat = around(float(np.median(stay.lon)), float(np.median(stay.lat)), *off_km)
    bow = np.full(count, rng.uniform(0.0, 360.0)) + rng.normal(0.0, 1.0, count)
    return Shown(
        lon,
        lat,
        still_kn(rng, count),
        whole_circle(rng.uniform(0.0, 360.0, count)),
        np.rint(bow) % 360.0,
        np.full(count, MOORED),
    )


HONEST: dict[str, tuple[str, Kind]] = {
    "at_anchor": ("lies at anchor, with tide and wind", at_anchor),
    "adrift": ("drifts", adrift),
    "slow_steaming": ("steams slowly along a lane and back", slow_steaming),
    "racetrack": ("waits on a racetrack", racetrack),
    "moored": ("lies at a quay", moored),
}
"""Each honest stay by name: what the ship does, and what makes it."""


def wander(rng: np.random.Generator, hours: Floats, of_h: float) -> Floats:
    """A random course of spread 1 that changes within so many hours."""
    knots = np.arange(hours[0], hours[-1] + 2.0 * of_h, of_h)
    return np.asarray(np.interp(hours, knots, rng.normal(0.0, 1.0, knots.size)))


def _clock_h(stay: Stay) -> Floats:
    return np.asarray(stay.at_s / HOUR_S)


def _places(
    stay: Stay, east_km: Floats, north_km: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Places about the middle of the stay; some receivers give ten-thousandths of a minute."""
    lon, lat = float(np.median(stay.lon)), float(np.median(stay.lat))
    x = lon + east_km / (KM_PER_DEGREE * np.cos(np.radians(lat)))
    y = lat + north_km / KM_PER_DEGREE
    step = float(rng.choice([1e-4 / 60.0, 1e-3 / 60.0]))
    return np.round(np.round(x / step) * step, 5), np.round(np.round(y / step) * step, 5)


def _under_way(
    stay: Stay,
    hours: Floats,
    fine: Floats,
    east_km: Floats,
    north_km: Floats,
    rng: np.random.Generator,
) -> Shown:
    """A way given at fine times, as it is reported."""
    off_km = noise_km(rng, rng.uniform(*RECEIVER_M), hours.size)
    lon, lat = _places(
        stay,
        np.interp(hours, fine, east_km) + off_km[0],
        np.interp(hours, fine, north_km) + off_km[1],
        rng,
    )
    gone = np.gradient(east_km, fine), np.gradient(north_km, fine)
    east, north = (np.interp(hours, fine, speed) for speed in gone)
    course = whole_circle(np.degrees(np.arctan2(east, north)))
    shown = moving(lon, lat, stay.at_s)
    return shown._replace(
        sog_kn=np.round(np.hypot(east, north) / KM_PER_NM, 1),
        cog_deg=course,
        heading_deg=np.rint(course) % 360.0,
    )
