"""What receivers hear of a voyage, and the port calls that are in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flows.simulate.places import KM_PER_DEGREE, Floats, distance_km, moved
from flows.simulate.voyages import (
    DAY_S,
    HOUR_S,
    KM_PER_NM,
    MARK_KM,
    UNDER_WAY,
    Stay,
    Voyage,
)

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SHARED_ROADS = frozenset({"IRBND", "IRHOR", "IRQSM", "IRBSR"})
"""Ports that wait in the same roads: a ship's wait belongs to the one where it berths next."""

OUT_AND_BACK_H = 12.0
"""Back at the same port within so many hours, and nowhere else between: one call."""

MADE_UP_KN = 50.0
"""A planted jump needs at least this speed, both ways, so that no ship could have sailed it."""


class Heard(NamedTuple):
    """The fixes of one ship, in order of time; NaN where a fix lacks the value.

    ``seconds`` count from the start of the simulation, ``has_static`` says where the ship's
    name, numbers and size came along.
    """

    seconds: Ints
    mmsi: Ints
    lon: Floats
    lat: Floats
    sog_kn: Floats
    cog_deg: Floats
    heading_deg: Floats
    nav_status: Floats
    draught_m: Floats
    has_static: Bools


class Call(NamedTuple):
    """One true port call; ``departed_s`` is NaN for a ship still in port at the end."""

    mmsi: int
    imo: int
    port_id: str
    area_kind: str
    arrived_s: float
    departed_s: float


STATIC_SHARE = 0.7
"""Share of rows with a ship's static data: public files join them as they come."""


def hear(voyage: Voyage, rng: np.random.Generator) -> Heard:
    """Sample a track as receivers do: at uneven times, with some metres of noise.

    Times come from a clock that runs at one tick a report, faster under way than at rest, so that
    one interpolation places them all.
    """
    ship = voyage.ship
    times, lon, lat, bow, mode = (
        np.concatenate(part)
        for part in (voyage.times, voyage.lons, voyage.lats, voyage.headings, voyage.modes)
    )
    interval_s = 60.0 * np.where(mode[:-1] == UNDER_WAY, ship.moving_min, ship.still_min)
    ticks = np.concatenate([[0.0], np.cumsum(np.diff(times) / interval_s)])
    wanted = np.arange(0.0, ticks[-1]) + rng.uniform(0.0, 0.7, int(np.ceil(ticks[-1])))
    seconds = np.unique(np.interp(wanted, ticks, times).astype(np.int64))
    seconds = seconds[seconds < voyage.horizon_s]
    for quiet_from_s, quiet_to_s in voyage.silences:
        seconds = seconds[(seconds < quiet_from_s) | (seconds >= quiet_to_s)]
    if ship.is_satellite:
        period_s, window_s = rng.uniform(100.0, 180.0) * 60.0, rng.uniform(30.0, 40.0) * 60.0
        seconds = seconds[(seconds + rng.uniform(0.0, period_s)) % period_s < window_s]

    n = len(seconds)
    piece = np.clip(np.searchsorted(times, seconds, side="right") - 1, 0, len(times) - 2)
    east_km = np.diff(lon) * np.cos(np.radians(lat[1:])) * KM_PER_DEGREE
    north_km = np.diff(lat) * KM_PER_DEGREE
    piece_h = np.maximum(np.diff(times), 1.0) / HOUR_S
    sog_kn = (np.hypot(east_km, north_km) / KM_PER_NM / piece_h)[piece]
    cog_deg = (np.degrees(np.arctan2(east_km, north_km)) % 360.0)[piece]
    is_still = sog_kn < 1.0
    # A receiver's noise of some 10 m makes a still ship creep, and its course wander.
    sog_kn = np.abs(sog_kn + np.where(is_still, rng.normal(0, 0.06, n), rng.normal(0, 0.15, n)))
    cog_deg = np.where(is_still, rng.uniform(0, 360, n), cog_deg + rng.normal(0, 2, n)) % 360.0
    heading_deg = np.rint(bow[piece] + rng.normal(0, 1, n)) % 360.0
    noise_deg = rng.normal(0.0, 0.007 / KM_PER_DEGREE, (2, n))
    true_lat = np.interp(seconds, times, lat)
    late = np.maximum(np.searchsorted(times, seconds - ship.status_lag_s, side="right") - 1, 0)
    draughts = np.array(voyage.draughts)
    level = np.searchsorted(draughts[:, 0], seconds, side="right") - 1
    change_s = flag_change_s(voyage) if ship.later_mmsi else np.inf
    return Heard(
        seconds=seconds,
        mmsi=np.where(seconds < change_s, ship.mmsi, ship.later_mmsi),
        lon=np.round(
            np.interp(seconds, times, lon) + noise_deg[0] / np.cos(np.radians(true_lat)), 5
        ),
        lat=np.round(true_lat + noise_deg[1], 5),
        sog_kn=np.round(sog_kn, 1),
        # 360 would mean "not available".
        cog_deg=np.round(cog_deg, 1) % 360.0,
        heading_deg=heading_deg if ship.has_heading else np.full(n, np.nan),
        nav_status=mode[late] if ship.transceiver == "A" else np.full(n, np.nan),
        draught_m=draughts[level, 1],
        has_static=rng.random(n) < STATIC_SHARE,
    )


def flag_change_s(voyage: Voyage) -> float:
    """When the ship takes its new flag: abroad, in the first stop after a third of the time."""
    later = [
        stay
        for stay in voyage.stays
        if stay.place.country != "IR" and stay.ended_s > voyage.horizon_s / 3.0
    ]
    return min((later[0].began_s + later[0].ended_s) / 2.0, voyage.horizon_s)


def find_calls(voyage: Voyage, heard: Heard) -> list[Call]:
    """Tell the true port calls of a voyage, as far as its fixes reach.

    A call begins with the first fix within 5 km of its first stopping place, and ends with the
    last within 5 km of its last. A fence is drawn by someone else, and wider or narrower than
    that: comparing should allow an hour or two, or the ship's reporting interval if longer.
    A call without any fix is left out.
    """
    calls: list[Call] = []
    for stays in _joined(voyage.stays):
        first, last = stays[0], stays[-1]
        near_first = distance_km(heard.lon, heard.lat, first.lon, first.lat) <= MARK_KM
        near_last = distance_km(heard.lon, heard.lat, last.lon, last.lat) <= MARK_KM
        before = np.flatnonzero((heard.seconds < first.began_s) & ~near_first)
        after = np.flatnonzero((heard.seconds > last.ended_s) & ~near_last)
        begin = before[-1] + 1 if len(before) else 0
        end = after[0] if len(after) else len(heard.seconds)
        is_heard = (heard.seconds[begin:end] >= first.began_s) & (
            heard.seconds[begin:end] <= last.ended_s
        )
        if not is_heard.any():
            continue
        is_berthed = any(stay.place.kind == "berth" for stay in stays)
        calls.append(
            Call(
                mmsi=int(heard.mmsi[begin]),
                imo=voyage.ship.imo,
                port_id=last.place.port_id,
                area_kind="berth" if is_berthed else "anchorage",
                arrived_s=float(heard.seconds[begin]),
                departed_s=(float("nan") if len(after) == 0 else float(heard.seconds[end - 1])),
            )
        )
    return calls


def _joined(stays: list[Stay]) -> list[list[Stay]]:
    """Group a ship's stops at Iranian ports into calls."""
    groups: list[list[Stay]] = []
    before: Stay | None = None
    for stay in stays:
        if stay.place.country == "IR" and stay.place.port_id:
            last = groups[-1][-1] if groups else None
            if last is not None and (
                _is_same_port_again(last, stay) or _is_from_shared_roads(before, stay)
            ):
                groups[-1].append(stay)
            else:
                groups.append([stay])
        before = stay
    return groups


def _is_same_port_again(last: Stay, stay: Stay) -> bool:
    away_h = (stay.began_s - last.ended_s) / HOUR_S
    return last.place.port_id == stay.place.port_id and away_h <= OUT_AND_BACK_H


def _is_from_shared_roads(before: Stay | None, stay: Stay) -> bool:
    """Whether a ship went from the common roads straight to a berth."""
    return (
        before is not None
        and before.place.kind == "anchorage"
        and stay.place.kind == "berth"
        and {before.place.port_id, stay.place.port_id} <= SHARED_ROADS
    )


def hide_static(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard:
    """Let a ship send no static data for some days."""
    days = rng.uniform(3.0, 6.0)
    begin_s = rng.uniform(0.0, max(voyage.horizon_s - days * DAY_S, 0.0))
    hidden = (heard.seconds >= begin_s) & (heard.seconds < begin_s + days * DAY_S)
    return heard._replace(has_static=heard.has_static & ~hidden)


def plant_jumps(
    voyage: Voyage, heard: Heard, calls: list[Call], rng: np.random.Generator, events: int
) -> tuple[Heard, int]:
    """Throw a ship onto Iranian quays for one to three fixes, as GPS interference does.

    Returns
    -------
    Heard, int
        The fixes, and how many of the events could be placed: each is 50 to 300 km off, reachable
        only above 50 knots both ways, and not during a call.
    """
    quays = [
        place
        for place in voyage.chart.places.values()
        if place.kind == "berth" and place.country == "IR"
    ]
    lon, lat = heard.lon.copy(), heard.lat.copy()
    moved_rows = np.zeros(len(lon), dtype=bool)
    in_call = np.zeros(len(lon), dtype=bool)
    for call in calls:
        until_s = np.inf if np.isnan(call.departed_s) else call.departed_s
        in_call |= (heard.seconds > call.arrived_s - 6 * HOUR_S) & (
            heard.seconds < until_s + 6 * HOUR_S
        )
    placed = 0
    for _ in range(40 * events):
        if placed == events or len(lon) < 12:
            break
        size = int(rng.integers(1, 4))
        begin = int(rng.integers(3, len(lon) - size - 3))
        rows = slice(begin, begin + size)
        quay = quays[int(rng.integers(len(quays)))]
        away_km = distance_km(heard.lon[rows], heard.lat[rows], quay.lon, quay.lat)
        if in_call[rows].any() or moved_rows[begin - 2 : begin + size + 2].any():
            continue
        if away_km.min() < 50.0 or away_km.max() > 300.0:
            continue
        edges = np.array([begin - 1, begin + size])
        hours = (
            np.array(
                [
                    heard.seconds[begin] - heard.seconds[begin - 1],
                    heard.seconds[begin + size] - heard.seconds[begin + size - 1],
                ]
            )
            / HOUR_S
        )
        edge_km = distance_km(heard.lon[edges], heard.lat[edges], quay.lon, quay.lat)
        if (edge_km / KM_PER_NM / hours).min() < MADE_UP_KN:
            continue
        for row in range(begin, begin + size):
            east_km, north_km = rng.normal(0.0, 0.03, 2)
            there = moved(quay.lon, quay.lat, float(east_km), float(north_km))
            lon[row], lat[row] = np.round(there, 5)
        moved_rows[rows] = True
        placed += 1
    return heard._replace(lon=lon, lat=lat), placed
