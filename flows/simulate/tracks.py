"""What receivers hear of a voyage, and the port calls that are in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flows.home.rules import rule
from flows.simulate.fleet import Ship
from flows.simulate.places import KM_PER_DEGREE, Floats, distance_km
from flows.simulate.voyages import DAY_S, HOUR_S, KM_PER_NM, MARK_KM, UNDER_WAY, Stay, Voyage

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SHARED_ROADS = frozenset({"IRBND", "IRHOR", "IRQSM", "IRBSR"})
"""Ports that wait in the same roads: a ship's wait belongs to the one where it berths next."""

OUT_AND_BACK_H = rule("out_and_back_h")
"""Back at the same port within so many hours, and nowhere else between: one call."""


class Heard(NamedTuple):
    """The fixes of one ship, in order of ``true_s``; NaN where a fix lacks the value.

    ``seconds`` count from the start of the simulation, ``has_static`` says where the ship's
    name, numbers and size came along. What no receiver knows: ``true_s`` is when the fix was sent,
    which a receiver's clock may have wrong; ``is_true`` marks fixes at the true place;
    ``sent_as`` counts the ship, in the list of all, whose name and numbers it bears.
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
    true_s: Ints
    is_true: Bools
    sent_as: Ints


class Call(NamedTuple):
    """One true port call, and its `voyages.Cargo`; ``departed_s`` is NaN for a ship not heard to
    have left.

    ``began_s`` and ``ended_s`` are when it crossed the 5-km mark, heard or not; NaN if it did not
    leave before the end.
    """

    mmsi: int
    imo: int
    port_id: str
    area_kind: str
    arrived_s: float
    departed_s: float
    began_s: float
    ended_s: float
    direction: str | None
    payload_t: float
    laden_in: str | None
    laden_out: str | None
    draught_in_m: float
    draught_out_m: float


STATIC_SHARE = 0.7
"""Share of rows with a ship's static data: public files join them as they come."""


def hear(voyage: Voyage, rng: np.random.Generator, number: int) -> Heard:
    """Sample a track as receivers do: at uneven times, with some metres of noise.

    ``number`` is the ship's own, in the list of all.

    Times come from a clock that runs at one tick a report, faster under way than at rest, so that
    one interpolation places them all.
    """
    ship = voyage.ship
    times, lon, lat = track(voyage)
    bow, mode = np.concatenate(voyage.headings), np.concatenate(voyage.modes)
    interval_s = 60.0 * np.where(mode[:-1] == UNDER_WAY, ship.moving_min, ship.still_min)
    ticks = np.concatenate([[0.0], np.cumsum(np.diff(times) / interval_s)])
    at_ticks = np.arange(0.0, ticks[-1]) + rng.uniform(0.0, 0.7, int(np.ceil(ticks[-1])))
    seconds = np.unique(np.interp(at_ticks, ticks, times).astype(np.int64))
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
        true_s=seconds,
        is_true=np.ones(n, dtype=bool),
        sent_as=np.full(n, number),
    )


def flag_change_s(voyage: Voyage) -> float:
    """When the ship takes its new flag: abroad, in the first stop after a third of the time."""
    later = [
        stay
        for stay in voyage.stays
        if stay.place.country != "IR" and stay.ended_s > voyage.horizon_s / 3.0
    ]
    return min((later[0].began_s + later[0].ended_s) / 2.0, voyage.horizon_s)


def track(voyage: Voyage) -> tuple[Floats, Floats, Floats]:
    """Return the corners of a voyage: times in seconds, longitudes and latitudes."""
    return np.concatenate(voyage.times), np.concatenate(voyage.lons), np.concatenate(voyage.lats)


def find_calls(voyage: Voyage, heard: Heard, ships: Sequence[Ship]) -> list[Call]:
    """Find the true port calls of a voyage, as far as its fixes reach.

    A call begins with the first fix within 5 km of its first stopping place, and ends with the
    last within 5 km of its last. A fence is drawn by someone else, and wider or narrower than
    that: comparing should allow an hour or two, or the ship's reporting interval if longer.
    Only fixes with the true place count, at the time when they were sent; a call with
    none during its stay is left out. ``ships`` are those that ``heard.sent_as`` counts.
    """
    rows = np.flatnonzero(heard.is_true)
    at_s = heard.true_s[rows]
    corners = track(voyage)
    calls: list[Call] = []
    for stays, cargo in zip(joined(voyage.stays), voyage.cargoes, strict=True):
        first, last = stays[0], stays[-1]
        if not ((at_s >= first.began_s) & (at_s <= last.ended_s)).any():
            continue
        began_s = _crossed_in_s(corners, first)
        ended_s = _crossed_out_s(corners, last)
        begin = int(np.searchsorted(at_s, began_s, side="left"))
        end = int(np.searchsorted(at_s, ended_s, side="right"))
        is_berthed = any(stay.place.kind == "berth" for stay in stays)
        calls.append(
            Call(
                mmsi=int(heard.mmsi[rows[begin]]),
                imo=ships[int(heard.sent_as[rows[begin]])].imo,
                port_id=last.place.port_id,
                area_kind="berth" if is_berthed else "anchorage",
                arrived_s=float(at_s[begin]),
                departed_s=float("nan") if end == len(at_s) else float(at_s[end - 1]),
                began_s=began_s,
                ended_s=ended_s if ended_s < voyage.horizon_s else float("nan"),
                **cargo._asdict(),
            )
        )
    return calls


def _crossed_in_s(corners: tuple[Floats, Floats, Floats], stay: Stay) -> float:
    """When a ship came within 5 km of where it then stopped; 0 if it never was outside."""
    times, lon, lat = corners
    away_km = distance_km(lon, lat, stay.lon, stay.lat)
    outside = np.flatnonzero((times < stay.began_s) & (away_km > MARK_KM))
    if len(outside) == 0:
        return 0.0
    at_s, piece_km = _piece(corners, int(outside[-1]), stay)
    return float(at_s[np.flatnonzero(piece_km > MARK_KM)[-1]])


def _crossed_out_s(corners: tuple[Floats, Floats, Floats], stay: Stay) -> float:
    """When a ship was 5 km away from its last stop; infinite if it never was."""
    times, lon, lat = corners
    away_km = distance_km(lon, lat, stay.lon, stay.lat)
    outside = np.flatnonzero((times > stay.ended_s) & (away_km > MARK_KM))
    if len(outside) == 0:
        return float("inf")
    at_s, piece_km = _piece(corners, int(outside[0]) - 1, stay)
    return float(at_s[np.flatnonzero(piece_km > MARK_KM)[0]])


def _piece(corners: tuple[Floats, Floats, Floats], begin: int, stay: Stay) -> tuple[Floats, Floats]:
    """Times along the piece after a corner, and the distances to a stop; 4 m apart or less."""
    at_s = np.linspace(corners[0][begin], corners[0][begin + 1], 1025)
    lon, lat = np.interp(at_s, corners[0], corners[1]), np.interp(at_s, corners[0], corners[2])
    return at_s, distance_km(lon, lat, stay.lon, stay.lat)


def joined(stays: list[Stay]) -> list[list[Stay]]:
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
