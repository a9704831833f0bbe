"""GPS interference over the Gulf: ships shown where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flows.simulate.places import KM_PER_DEGREE, Chart, Floats, Place, distance_km, moved
from flows.simulate.tracks import Bools, Heard, Ints
from flows.simulate.voyages import DAY_S, HOUR_S

TRIES = 200
"""How often a place and time are drawn before a ship is said to have no room for a trap."""

JAMMED_KM = (20.0, 400.0)
"""Distance of a jammed ship from the place that it is displaced to, least and most."""

JAMMED_H = (1.0 / 3.0, 72.0)
"""Duration of an interference event, least and most."""


def iranian_quays(chart: Chart) -> list[Place]:
    """Return the berths to which ships are displaced.

    Not Chabahar and Astara, where few or none call: their silence is played too, and false fixes
    would break it.
    """
    return [
        place
        for place in chart.places.values()
        if place.kind == "berth" and in_iran(place) and place.weight >= 1.0
    ]


class _Event(NamedTuple):
    """One interference event: the false place, its reach, and its time; `only` is the one ship hit,
    or -1."""

    lon: float
    lat: float
    reach_km: float
    from_s: float
    to_s: float
    only: int


def jam(
    heard: list[Heard],
    pool: Sequence[int],
    chart: Chart,
    rng: np.random.Generator,
    *,
    max_events: int | None = None,
    share: float = 1.0,
) -> list[int]:
    """Displace the ships of whole regions to false places, event by event; changes ``heard``.

    Each event has one false place, on an Iranian quay or 20 to 100 km from one. For 20 minutes to
    three days all fixes, or 30 to 95 % of them, of one ship or of all the ships in its region are
    displaced there. Fixes that are false already stay as they are.

    Parameters
    ----------
    heard : list of Heard
        The fixes of all ships.
    pool : sequence of int
        The ships that may be hit.
    chart : Chart
        Has the Iranian quays.
    rng : numpy.random.Generator
        Draws the events.
    max_events : int, optional
        No more than so many events.
    share : float, optional
        No more events once this share of the pool's days with fixes has a jammed one.

    Returns
    -------
    list of int
        The ships that were hit.

    Raises
    ------
    ValueError
        If the share cannot be reached: ships over 400 km from any false place are never hit.
    """
    air = _on_air(heard, pool)
    ship_day = air.ship * (int(air.at_s[-1] // DAY_S) + 1) + (air.at_s // DAY_S).astype(np.int64)
    wanted_days = share * len(np.unique(ship_day))
    jammed_days: set[int] = set()
    quays = iranian_quays(chart)
    events = 0
    for _ in range(TRIES * (max_events or 1 + int(wanted_days))):
        if events == max_events or len(jammed_days) >= wanted_days:
            break
        anchor = int(rng.integers(len(air.at_s)))
        event = _draw_event(rng, quays, air, anchor)
        if event is None or int(ship_day[anchor]) in jammed_days:
            continue
        rows = _rows_hit(air, event, rng)
        new_days = set(ship_day[rows].tolist()) - jammed_days
        # A large event near the end would jam far more than was asked for.
        most = max(1.02 * wanted_days, wanted_days + 1.0) - len(jammed_days)
        if not 0 < len(new_days) <= most:
            continue
        scatter_km = log_uniform(rng, 0.02, 1.0)
        off = np.clip(rng.normal(0.0, scatter_km / 2.0, (2, len(rows))), -scatter_km, scatter_km)
        air.false_lon[rows], air.false_lat[rows] = around(event.lon, event.lat, *off)
        air.sog_kn[rows] = (
            still_kn(rng, len(rows))
            if rng.random() < 0.5
            else np.round(rng.uniform(0.0, 40.0, len(rows)), 1)
        )
        air.is_hit[rows] = True
        jammed_days |= new_days
        events += 1
    if max_events is None and len(jammed_days) < wanted_days:
        raise ValueError(
            f"--jammed-share: no more than {len(jammed_days) / wanted_days * share:.2f} of the "
            f"ship-days can be jammed, not {share}: the other ships are too far from Iran's quays"
        )

    hit_ships = np.unique(air.ship[air.is_hit])
    for number in hit_ships:
        own_rows = np.flatnonzero(air.ship == number)
        rows = np.flatnonzero(air.is_hit[own_rows])
        heard[pool[number]] = displaced(
            heard[pool[number]],
            rows,
            air.false_lon[own_rows[rows]],
            air.false_lat[own_rows[rows]],
            sog_kn=air.sog_kn[own_rows[rows]],
            cog_deg=whole_circle(rng.uniform(0.0, 360.0, len(rows))),
        )
    return [pool[number] for number in hit_ships]


class _Air(NamedTuple):
    """The fixes of many ships by time, so that an event is one slice and one distance.

    ``ship`` counts the ships; the last four columns are filled in as fixes are hit.
    """

    ship: Ints
    at_s: Ints
    lon: Floats
    lat: Floats
    is_true: Bools
    is_hit: Bools
    false_lon: Floats
    false_lat: Floats
    sog_kn: Floats


def _on_air(heard: Sequence[Heard], pool: Sequence[int]) -> _Air:
    fixes = [heard[i] for i in pool]
    ship = np.repeat(np.arange(len(pool)), [len(ship_fixes.true_s) for ship_fixes in fixes])
    at_s = np.concatenate([ship_fixes.true_s for ship_fixes in fixes])
    order = np.argsort(at_s, kind="stable")
    count = len(order)
    return _Air(
        ship=ship[order],
        at_s=at_s[order],
        lon=np.concatenate([ship_fixes.lon for ship_fixes in fixes])[order],
        lat=np.concatenate([ship_fixes.lat for ship_fixes in fixes])[order],
        is_true=np.concatenate([ship_fixes.is_true for ship_fixes in fixes])[order],
        is_hit=np.zeros(count, dtype=bool),
        false_lon=np.zeros(count),
        false_lat=np.zeros(count),
        sog_kn=np.zeros(count),
    )


def _rows_hit(air: _Air, event: _Event, rng: np.random.Generator) -> Ints:
    """Return the rows that an event displaces: those in its region and time, all or a share."""
    begin, end = np.searchsorted(air.at_s, [event.from_s, event.to_s])
    window = slice(int(begin), int(end))
    away_km = distance_km(air.lon[window], air.lat[window], event.lon, event.lat)
    is_hit = (away_km > JAMMED_KM[0]) & (away_km < event.reach_km)
    is_hit &= air.is_true[window] & ~air.is_hit[window]
    if event.only >= 0:
        is_hit &= air.ship[window] == event.only
    if rng.random() < 0.6:
        is_hit &= rng.random(len(is_hit)) < rng.uniform(0.3, 0.95)
    return np.asarray(np.flatnonzero(is_hit) + window.start)


def _draw_event(
    rng: np.random.Generator, quays: Sequence[Place], air: _Air, anchor: int
) -> _Event | None:
    """Draw an event that can hit one fix; None if no place is near it."""
    lon, lat = float(air.lon[anchor]), float(air.lat[anchor])
    quay_lon, quay_lat = np.array([(quay.lon, quay.lat) for quay in quays]).T
    away_km = distance_km(quay_lon, quay_lat, lon, lat)
    near = np.flatnonzero((away_km > JAMMED_KM[0]) & (away_km < JAMMED_KM[1]))
    if len(near) == 0:
        return None
    place = false_place(rng, quays[int(rng.choice(near))])
    off_km = float(distance_km(lon, lat, *place))
    if not JAMMED_KM[0] < off_km < JAMMED_KM[1]:
        return None
    length_s = log_uniform(rng, *JAMMED_H) * HOUR_S
    from_s = float(air.at_s[anchor]) - rng.random() * length_s
    return _Event(
        *place,
        reach_km=rng.uniform(off_km, JAMMED_KM[1]),
        from_s=from_s,
        to_s=from_s + length_s,
        only=int(air.ship[anchor]) if rng.random() < 0.3 else -1,
    )


def displaced(
    heard: Heard,
    rows: Ints,
    lon: Floats,
    lat: Floats,
    *,
    sog_kn: Floats | None = None,
    cog_deg: Floats | None = None,
) -> Heard:
    """Move some fixes to another place: they are no longer true."""
    changed = {name: getattr(heard, name).copy() for name in ("lon", "lat", "sog_kn", "cog_deg")}
    changed["lon"][rows], changed["lat"][rows] = np.round(lon, 5), np.round(lat, 5)
    if sog_kn is not None:
        changed["sog_kn"][rows] = np.abs(sog_kn)
    if cog_deg is not None:
        changed["cog_deg"][rows] = cog_deg
    is_true = heard.is_true.copy()
    is_true[rows] = False
    return heard._replace(is_true=is_true, **changed)


def in_iran(place: Place) -> bool:
    return place.country == "IR"


def around(lon: float, lat: float, east_km: Floats, north_km: Floats) -> tuple[Floats, Floats]:
    """Return the points that lie some km from one point, to 1e-5 degrees."""
    return (
        np.round(lon + east_km / (KM_PER_DEGREE * np.cos(np.radians(lat))), 5),
        np.round(lat + north_km / KM_PER_DEGREE, 5),
    )


def false_place(rng: np.random.Generator, quay: Place) -> tuple[float, float]:
    """Draw where ships seem to be: on a quay, or like airports 20 to 100 km inland or at sea."""
    if rng.random() < 0.6:
        return quay.lon, quay.lat
    off_km, bearing = rng.uniform(20.0, 100.0), rng.uniform(0.0, 2.0 * np.pi)
    east_km, north_km = float(off_km * np.sin(bearing)), float(off_km * np.cos(bearing))
    return moved(quay.lon, quay.lat, east_km, north_km)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a size of which small ones are as many as large ones in each factor of ten."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def still_kn(rng: np.random.Generator, count: int) -> Floats:
    """Speeds that a receiver's noise gives to a ship at rest."""
    return np.asarray(np.round(np.abs(rng.normal(0.0, 0.06, count)), 1))


def whole_circle(degrees: Floats) -> Floats:
    """Bring angles to 0 up to 360, which would mean "not available", to a tenth of a degree."""
    return np.asarray(np.round(degrees, 1) % 360.0)
