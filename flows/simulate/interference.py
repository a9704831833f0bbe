"""False places, times and names in what is heard of a ship.

GPS interference displaces ships onto quays, round rings or slowly away; crews report a stay where
they are not; two transmitters share a number; a receiver's clock is wrong. The voyage itself, and
so its true calls, are not changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flows.simulate.jamming import (
    TRIES,
    around,
    displaced,
    false_place,
    in_iran,
    iranian_quays,
    log_uniform,
    still_kn,
    whole_circle,
)
from flows.simulate.places import Floats, distance_km
from flows.simulate.scripts import SWAP_S
from flows.simulate.tracks import STATIC_SHARE, Bools, Heard, Ints
from flows.simulate.voyages import (
    AT_ANCHOR,
    DAY_S,
    HOUR_S,
    KM_PER_NM,
    MOORED,
    Voyage,
    any_swing,
    swung_km,
)

MADE_UP_KN = 50.0
"""A planted jump needs at least this speed, both ways, so that no ship could have sailed it."""

CLOCK_KM = 60.0
"""How far a coastal receiver hears."""


def in_call(voyage: Voyage, seconds: Ints | Floats) -> Bools:
    """Mark the times within six hours of a stop at an Iranian port."""
    is_in_call = np.zeros(len(seconds), dtype=bool)
    for stay in voyage.stays:
        if in_iran(stay.place) and stay.place.port_id:
            is_in_call |= (seconds > stay.began_s - 6 * HOUR_S) & (
                seconds < stay.ended_s + 6 * HOUR_S
            )
    return is_in_call


def plant_jumps(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard | None:
    """Displace a ship onto Iranian quays for one to three fixes, four times if it can be.

    Returns
    -------
    Heard or None
        None if no event could be placed: each is 50 to 300 km off, reachable only above 50 knots
        both ways, and not during a call.
    """
    quays = iranian_quays(voyage.chart)
    count = len(heard.lon)
    taken = np.zeros(count, dtype=bool)
    around_call = in_call(voyage, heard.true_s)
    jumped, placed = heard, 0
    for _ in range(TRIES):
        if placed == 4 or count < 12:
            break
        size = int(rng.integers(1, 4))
        begin = int(rng.integers(3, count - size - 3))
        rows = np.arange(begin, begin + size)
        quay = quays[int(rng.integers(len(quays)))]
        away_km = distance_km(heard.lon[rows], heard.lat[rows], quay.lon, quay.lat)
        if around_call[rows].any() or taken[begin - 2 : begin + size + 2].any():
            continue
        if away_km.min() < 50.0 or away_km.max() > 300.0:
            continue
        edges, ends = np.array([begin - 1, begin + size]), np.array([begin, begin + size - 1])
        hours = np.abs(heard.true_s[ends] - heard.true_s[edges]) / HOUR_S
        edge_km = distance_km(heard.lon[edges], heard.lat[edges], quay.lon, quay.lat)
        if (edge_km / KM_PER_NM / hours).min() < MADE_UP_KN:
            continue
        lon, lat = around(quay.lon, quay.lat, *rng.normal(0.0, 0.03, (2, size)))
        jumped = displaced(jumped, rows, lon, lat)
        taken[rows] = True
        placed += 1
    return jumped if placed else None


def plant_circles(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard | None:
    """Let a ship seem to go round a ring, 30 to 300 km off, for 3 to 14 hours."""
    quays = iranian_quays(voyage.chart)
    for _ in range(TRIES):
        begin_s = rng.uniform(0.0, voyage.horizon_s)
        end_s = begin_s + rng.uniform(3.0, 14.0) * HOUR_S
        rows = np.flatnonzero((heard.true_s >= begin_s) & (heard.true_s < end_s))
        if len(rows) < 8:
            continue
        lon, lat = false_place(rng, quays[int(rng.integers(len(quays)))])
        away_km = distance_km(heard.lon[rows], heard.lat[rows], lon, lat)
        if away_km.min() < 30.0 or away_km.max() > 300.0:
            continue
        radius_km = log_uniform(rng, 0.2, 5.0)
        speed_kn = rng.uniform(8.0, 30.0)
        way = float(rng.choice([-1.0, 1.0]))
        gone_km = speed_kn * KM_PER_NM * (heard.true_s[rows] - begin_s) / HOUR_S
        angle = rng.uniform(0.0, 2.0 * np.pi) + way * gone_km / radius_km
        return displaced(
            heard,
            rows,
            *around(lon, lat, radius_km * np.cos(angle), radius_km * np.sin(angle)),
            sog_kn=np.round(speed_kn + rng.normal(0.0, 0.2, len(rows)), 1),
            # Along the ring: a quarter turn from the radius, which is measured from the east.
            cog_deg=whole_circle(90.0 - np.degrees(angle) - way * 90.0),
        )
    return None


def plant_drift(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard | None:
    """Let a ship at rest abroad seem to drift onto an Iranian berth, lie there and jump back."""
    quays = iranian_quays(voyage.chart)
    rests = [stay for stay in voyage.stays if not in_iran(stay.place)]
    for _ in range(TRIES):
        stay = rests[int(rng.integers(len(rests)))]
        quay = quays[int(rng.integers(len(quays)))]
        begin_s = stay.began_s + rng.uniform(0.5, 2.0) * HOUR_S
        length_km = float(distance_km(stay.lon, stay.lat, quay.lon, quay.lat))
        drift_s = length_km / (rng.uniform(4.0, 9.0) * KM_PER_NM) * HOUR_S
        lie_s = rng.uniform(3.0, 12.0) * HOUR_S
        end_s = begin_s + drift_s + lie_s
        rows = np.flatnonzero((heard.true_s >= begin_s) & (heard.true_s < end_s))
        share = np.minimum((heard.true_s[rows] - begin_s) / drift_s, 1.0)
        if not 80.0 < length_km < 300.0 or begin_s + drift_s > stay.ended_s - HOUR_S:
            continue
        if (share == 1.0).sum() < 3 or in_call(voyage, np.array([begin_s, end_s])).any():
            continue
        if end_s > voyage.horizon_s - 2.0 * HOUR_S or rows[-1] + 1 == len(heard.true_s):
            continue
        back = rows[-1] + 1
        back_km = float(distance_km(heard.lon[back], heard.lat[back], quay.lon, quay.lat))
        back_h = (heard.true_s[back] - heard.true_s[rows[-1]]) / HOUR_S
        if back_km / KM_PER_NM / back_h < MADE_UP_KN:
            continue
        is_adrift = share < 1.0
        east = (quay.lon - stay.lon) * np.cos(np.radians(quay.lat))
        bearing_deg = float(np.degrees(np.arctan2(east, quay.lat - stay.lat)))
        return displaced(
            heard,
            rows,
            # At rest it keeps the berth's place, however the ship itself moves by then.
            np.where(is_adrift, heard.lon[rows] + share * (quay.lon - stay.lon), quay.lon),
            np.where(is_adrift, heard.lat[rows] + share * (quay.lat - stay.lat), quay.lat),
            sog_kn=np.where(
                is_adrift,
                round(length_km / KM_PER_NM / (drift_s / HOUR_S), 1),
                still_kn(rng, len(rows)),
            ),
            cog_deg=whole_circle(
                np.where(is_adrift, bearing_deg, rng.uniform(0.0, 360.0, len(rows)))
            ),
        )
    return None


def plant_twin(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard | None:
    """Add a second transmitter with the ship's MMSI, still in an Iranian berth for days."""
    quays = iranian_quays(voyage.chart)
    days = voyage.horizon_s / DAY_S
    for _ in range(TRIES):
        quay = quays[int(rng.integers(len(quays)))]
        # The ship itself never comes near, or the twin's stay could be its own.
        if distance_km(heard.lon, heard.lat, quay.lon, quay.lat).min() < 60.0:
            continue
        length_s = rng.uniform(min(3.0, days / 2.0), 0.9 * days) * DAY_S
        begin_s = rng.uniform(0.0, voyage.horizon_s - length_s)
        count = int(length_s / (voyage.ship.still_min * 60.0))
        seconds = np.unique(
            (begin_s + (np.arange(count) + rng.uniform(0.0, 0.7, count)) / count * length_s).astype(
                np.int64
            )
        )
        count = len(seconds)
        lon, lat = around(quay.lon, quay.lat, *rng.normal(0.0, 0.007, (2, count)))
        twin = Heard(
            seconds=seconds,
            mmsi=np.full(count, voyage.ship.mmsi),
            lon=lon,
            lat=lat,
            sog_kn=still_kn(rng, count),
            cog_deg=whole_circle(rng.uniform(0.0, 360.0, count)),
            heading_deg=np.full(count, quay.heading_deg % 360.0),
            nav_status=np.full(count, float(MOORED)),
            draught_m=np.full(count, heard.draught_m[0]),
            has_static=rng.random(count) < STATIC_SHARE,
            true_s=seconds,
            is_true=np.zeros(count, dtype=bool),
            sent_as=np.full(count, heard.sent_as[0]),
        )
        order = np.argsort(np.concatenate([heard.true_s, twin.true_s]), kind="stable")
        return Heard._make(
            np.concatenate([own, other])[order] for own, other in zip(heard, twin, strict=True)
        )
    return None


FROZEN_H = (1.0, 3.0)
"""So long a place stays frozen after departure."""
STUCK_KN = (2.2, 4.0)
"""A stuck speed: above what a still ship reports, below what a ship on passage does."""
CLOCKS = 5
ECHO_SHARE = (0.04, 0.1)
ECHO_MIN = (14.0, 110.0)
"""Several receivers with wrong clocks, in minutes, and the share of a ship's fixes they repeat."""
RECEIVER_LATE_H = (1.0, 6.0)
"""One of two receivers is late by so much; 3.5 hours are Tehran's time taken for UTC."""


def plant_frozen(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard | None:
    """Keep the place in an Iranian berth for one to three hours after the ship has left it."""
    berths = [stay for stay in voyage.stays if in_iran(stay.place) and stay.place.kind == "berth"]
    for number in rng.permutation(len(berths)).tolist():
        stay = berths[number]
        until_s = stay.ended_s + rng.uniform(*FROZEN_H) * HOUR_S
        inside = np.flatnonzero((heard.true_s >= stay.began_s) & (heard.true_s <= stay.ended_s))
        rows = np.flatnonzero((heard.true_s > stay.ended_s) & (heard.true_s <= until_s))
        after = np.flatnonzero(heard.true_s > until_s)
        if len(inside) < 3 or len(rows) < 2 or len(after) < 3 or not heard.is_true[rows].all():
            continue
        berth_lon, berth_lat = float(heard.lon[inside[-1]]), float(heard.lat[inside[-1]])
        lon, lat = np.full(len(rows), berth_lon), np.full(len(rows), berth_lat)
        next_lon, next_lat = heard.lon[after[:1]], heard.lat[after[:1]]
        away_km = distance_km(next_lon, next_lat, berth_lon, berth_lat)[0]
        hours = (heard.true_s[after[0]] - heard.true_s[rows[-1]]) / HOUR_S
        if away_km / KM_PER_NM / hours < MADE_UP_KN:
            continue
        return displaced(heard, rows, lon, lat, sog_kn=still_kn(rng, len(rows)))
    return None


def plant_stuck_speed(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard:
    """Let a ship report one low speed all the time, wherever it is and whatever it does."""
    return heard._replace(sog_kn=np.full(len(heard.lon), round(rng.uniform(*STUCK_KN), 1)))


def plant_echoes(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard | None:
    """Repeat some fixes at other times, by receivers each with a clock wrong by its own time."""
    lags_s = np.rint(60.0 * rng.uniform(*ECHO_MIN, CLOCKS)).astype(np.int64)
    repeated = np.flatnonzero(rng.random(len(heard.lon)) < rng.uniform(*ECHO_SHARE))
    late_s = heard.seconds[repeated] + rng.choice(lags_s, len(repeated))
    repeated, late_s = repeated[late_s < voyage.horizon_s], late_s[late_s < voyage.horizon_s]
    if len(repeated) < CLOCKS:
        return None
    order = np.argsort(np.concatenate([heard.true_s, heard.true_s[repeated]]), kind="stable")
    joined = Heard._make(np.concatenate([column, column[repeated]])[order] for column in heard)
    return joined._replace(seconds=np.concatenate([heard.seconds, late_s])[order])


def plant_late_receiver(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard | None:
    """Let one of the two receivers that hear a ship all the time be hours late."""
    late_s = heard.seconds + int(rng.uniform(*RECEIVER_LATE_H) * HOUR_S)
    is_late = (rng.random(len(late_s)) < 0.5) & (late_s < voyage.horizon_s)
    if is_late.sum() < 4:
        return None
    return heard._replace(seconds=np.where(is_late, late_s, heard.seconds))


def plant_spoofed_stay(voyage: Voyage, heard: Heard, rng: np.random.Generator) -> Heard:
    """Let a ship seem to lie at anchor abroad from before its first Iranian call to after it."""
    decoy = voyage.chart.places[voyage.decoy]
    stay = next(stay for stay in voyage.stays if in_iran(stay.place))
    away_km = distance_km(heard.lon, heard.lat, stay.lon, stay.lat)
    off_from_km, off_to_km = rng.uniform(60.0, 150.0, 2)
    before = np.flatnonzero((heard.true_s < stay.began_s) & (away_km > off_from_km))
    after = np.flatnonzero((heard.true_s > stay.ended_s) & (away_km > off_to_km))
    rows = np.arange(before[-1] + 1, after[0])
    east_km, north_km, angle = swung_km(any_swing(rng), heard.true_s[rows].astype(np.float64))
    east_km += rng.normal(0.0, 0.007, len(rows))
    north_km += rng.normal(0.0, 0.007, len(rows))
    spoofed = displaced(
        heard,
        rows,
        *around(decoy.lon, decoy.lat, east_km, north_km),
        sog_kn=still_kn(rng, len(rows)),
        cog_deg=whole_circle(rng.uniform(0.0, 360.0, len(rows))),
    )
    status, heading_deg = spoofed.nav_status.copy(), spoofed.heading_deg.copy()
    status[rows] = AT_ANCHOR
    heading_deg[rows] = np.where(
        np.isnan(heading_deg[rows]), np.nan, np.rint(270.0 - np.degrees(angle)) % 360.0
    )
    return spoofed._replace(nav_status=status, heading_deg=heading_deg)


def swap_identities(first: Heard, second: Heard) -> tuple[Heard, Heard]:
    """Let two ships send each other's MMSI, IMO number and name from the time of the swap on."""

    def as_other(own: Heard, other: Heard) -> Heard:
        is_swapped = own.true_s >= SWAP_S
        return own._replace(
            mmsi=np.where(is_swapped, other.mmsi[0], own.mmsi),
            sent_as=np.where(is_swapped, other.sent_as[0], own.sent_as),
        )

    return as_other(first, second), as_other(second, first)


def plant_clock_error(
    voyages: Sequence[Voyage], heard: list[Heard], pool: Sequence[int], rng: np.random.Generator
) -> list[int]:
    """Let one coastal receiver's clock be wrong for two to five days; changes ``heard``.

    Returns
    -------
    list of int
        Those of the pool that it heard, under way some of the time; none if none came near.
    """
    if not pool:
        return []
    horizon_s = voyages[pool[0]].horizon_s
    places = [place for place in voyages[pool[0]].chart.places.values() if place.kind == "berth"]
    for _ in range(TRIES):
        ear = places[int(rng.integers(len(places)))]
        begin_s = rng.uniform(0.0, max(horizon_s - 3.0 * DAY_S, 0.0))
        end_s = begin_s + rng.uniform(2.0, 5.0) * DAY_S
        error_s = int(rng.choice([-1, 1]) * rng.uniform(20.0, 210.0) * 60.0)
        share = rng.uniform(0.3, 0.6)
        late: dict[int, Bools] = {}
        moving = 0
        for i in pool:
            fixes = heard[i]
            wrong_s = fixes.seconds + error_s
            is_late = (
                (fixes.true_s >= begin_s)
                & (fixes.true_s < end_s)
                & (distance_km(fixes.lon, fixes.lat, ear.lon, ear.lat) <= CLOCK_KM)
                & (rng.random(len(wrong_s)) < share)
                # No day file holds another day than those of the simulation.
                & (wrong_s >= 0)
                & (wrong_s < horizon_s)
            )
            if is_late.any():
                late[i] = is_late
                moving += int((is_late & (fixes.sog_kn > 5.0)).sum())
        if moving < 4:
            continue
        for i, is_late in late.items():
            fixes = heard[i]
            heard[i] = fixes._replace(
                seconds=np.where(is_late, fixes.seconds + error_s, fixes.seconds)
            )
        return list(late)
    return []
