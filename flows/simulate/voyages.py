"""Where each simulated ship goes, and the traps that are made of sailing and stopping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from flows.simulate.fleet import Ship
from flows.simulate.places import (
    CASPIAN,
    GULF,
    KM_PER_DEGREE,
    NO_LIMIT_KN,
    Chart,
    Floats,
    Local,
    Place,
    Waypoint,
    distance_km,
    lengths_km,
    moved,
    route,
    route_km,
)

KM_PER_NM = 1.852
HOUR_S, DAY_S = 3600.0, 86_400.0

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


@dataclass
class Voyage:
    """A ship's track as it is being made: corners in time and space, and what happened at them.

    Between two corners a ship goes straight and at one speed. ``modes`` is the navigational
    status of the piece that begins at a corner, ``headings`` its bow, degrees. ``decoy`` is where
    the ship pretends to lie during its first call.
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


def plan_voyage(
    chart: Chart, ship: Ship, rng: np.random.Generator, start: date, days: int
) -> Voyage:
    """Sail one ship from the first to the last moment of the simulation.

    A ship begins and ends abroad, unless its trap says otherwise, and starts no voyage to Iran
    that it cannot end: so that a clean simulation has whole calls only.
    """
    voyage = Voyage(chart, ship, rng, days * DAY_S)
    is_laden = ship.role.water == CASPIAN and ship.role.link != ""
    voyage.draughts.append((-DAY_S, ship.laden_m if is_laden else ship.ballast_m))
    script = SCRIPTS.get(ship.role.trap)
    if script is None:
        _begin(voyage, "mak-1" if ship.role.link == "trade" else _foreign(voyage), 2.0, 40.0)
    else:
        script(voyage, start)
    while voyage.now_s < voyage.horizon_s:
        _trade(voyage)
    return voyage


def plan_local(
    chart: Chart, local: Local, ship: Ship, rng: np.random.Generator, days: int
) -> Voyage:
    """Keep a tug about its quay, or a fishing boat about its ground, all the time."""
    voyage = Voyage(chart, ship, rng, days * DAY_S)
    voyage.draughts.append((-DAY_S, ship.laden_m))
    if np.isfinite(local.silent_from_day):
        voyage.silences.append((local.silent_from_day * DAY_S, local.silent_to_day * DAY_S))
    if local.place_id:
        home = chart.places[local.place_id]
    else:
        home = Place(local.local_id, "offshore", "", "", "", "", 0.0, local.lon, local.lat, 0.0, "")
    voyage.place, voyage.lon, voyage.lat = home.place_id, home.lon, home.lat
    seaward = 0.0
    if local.place_id:
        lane = chart.waypoints[home.lane]
        east_deg = (lane.lon - home.lon) * np.cos(np.radians(home.lat))
        seaward = float(np.arctan2(lane.lat - home.lat, east_deg))
    while voyage.now_s < voyage.horizon_s:
        if local.place_id:
            _still(voyage, home, rng.uniform(8.0, 20.0), home.lon, home.lat)
        # A tug works on the side where ships come in, so never on land; angles from east.
        angle = seaward + rng.uniform(-1.0, 1.0) * np.pi * (0.3 if local.place_id else 1.0)
        reach_km = local.radius_km * rng.uniform(0.3, 1.0)
        lon, lat = moved(
            home.lon, home.lat, reach_km * float(np.cos(angle)), reach_km * float(np.sin(angle))
        )
        _sail(voyage, [(lon, lat, NO_LIMIT_KN)])
        at_work = home._replace(kind="offshore", lon=lon, lat=lat)
        _still(voyage, at_work, rng.uniform(0.3, 0.8 if local.place_id else 12.0), lon, lat)
        if local.place_id:
            _sail(voyage, [(home.lon, home.lat, NO_LIMIT_KN)])
    return voyage


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
# The trade of every day


def _begin(voyage: Voyage, place_id: str, low_h: float, high_h: float) -> None:
    """Put the ship at its first place and keep it there for a while."""
    place = voyage.chart.places[place_id]
    voyage.place = place_id
    lon, lat = _spot(voyage, place)
    voyage.lon, voyage.lat = lon, lat
    _still(voyage, place, voyage.rng.uniform(low_h, high_h), lon, lat)


def _trade(voyage: Voyage) -> None:
    """One round: a berth in Iran and a place abroad; or, if time is short, wait for the end."""
    target = _iranian_berth(voyage)
    stay_h = voyage.rng.uniform(18.0, 42.0)
    if not _has_time(voyage, target, stay_h):
        _rest(voyage)
        return
    _go(voyage, target, stay_h)
    # More than 12 hours, so that two calls at one port are never "out and back" by chance.
    _go(voyage, _foreign(voyage), voyage.rng.uniform(14.0, 40.0))


def _rest(voyage: Voyage) -> None:
    """Stay until the data end."""
    rest_h = (voyage.horizon_s - voyage.now_s) / HOUR_S + 1.0
    _still(voyage, voyage.chart.places[voyage.place], rest_h, voyage.lon, voyage.lat)


def _has_time(voyage: Voyage, target: str, stay_h: float) -> bool:
    """Whether a ship can reach a place, stay there and be well away before the data end."""
    # A tenth to spare at 9 knots, the mean with slow channels, and six hours to leave the port.
    sail_h = 1.1 * route_km(voyage.chart, voyage.place, target) / (9.0 * KM_PER_NM)
    return voyage.now_s + (sail_h + stay_h + 6.0) * HOUR_S < voyage.horizon_s


def _iranian_berth(voyage: Voyage) -> str:
    wanted = "oil" if voyage.ship.role.is_tanker else "dry"
    choice = [
        place
        for place in voyage.chart.places.values()
        if place.country == "IR"
        and place.kind == "berth"
        and place.water == voyage.ship.role.water
        and place.cargo in {wanted, "both"}
    ]
    return _weighted(voyage.rng, choice)


def _foreign(voyage: Voyage) -> str:
    """Choose where to go outside Iran: of Russia's ports only Russian-linked ships make use.

    Else a ship would earn a link by trade that the fleet's list does not state.
    """
    wanted = "oil" if voyage.ship.role.is_tanker else "dry"
    choice = [
        place
        for place in voyage.chart.places.values()
        if place.country not in {"", "IR"}
        and place.water == voyage.ship.role.water
        and place.cargo in {wanted, "both"}
        and (place.country != "RU" or voyage.ship.role.link != "")
    ]
    return _weighted(voyage.rng, choice)


def _weighted(rng: np.random.Generator, choice: Sequence[Place]) -> str:
    weights = np.array([place.weight for place in choice])
    return choice[int(rng.choice(len(choice), p=weights / weights.sum()))].place_id


# ---------------------------------------------------------------------------------------------
# The traps


def _pass_by(voyage: Voyage, _start: date) -> None:
    if _is_gulf(voyage):
        _begin(voyage, "fjr-roads", 3.0, 12.0)
        _go(voyage, "rtu-1", 20.0, through=("sxi-pass",))
        _go(voyage, "jea-1", 20.0, through=("lvp-pass",))
    else:
        _begin(voyage, "tkm-1", 3.0, 12.0)
        _go(voyage, "bak-1", 20.0, through=("nek-pass",))


def _pilot_stop(voyage: Voyage, _start: date) -> None:
    if _is_gulf(voyage):
        _begin(voyage, "fjr-roads", 3.0, 12.0)
        _go(voyage, "kmb-pilot", voyage.rng.uniform(20.0, 40.0) / 60.0)
        _go(voyage, "jea-1", 14.0)
        _go(voyage, "lvp-pilot", voyage.rng.uniform(20.0, 40.0) / 60.0)
        _go(voyage, "fjr-roads", 14.0)
    else:
        _begin(voyage, "bak-1", 3.0, 12.0)
        _go(voyage, "amd-pilot", voyage.rng.uniform(20.0, 40.0) / 60.0)
        _go(voyage, "tkm-1", 14.0)


def _waiting_outside(voyage: Voyage, _start: date) -> None:
    if _is_gulf(voyage):
        _begin(voyage, "jea-1", 3.0, 12.0)
        _go(voyage, "buz-wait", voyage.rng.uniform(44.0, 56.0))
        _go(voyage, "kwt-1", 14.0)
    else:
        _begin(voyage, "tkm-1", 3.0, 12.0)
        _go(voyage, "casp-wait", voyage.rng.uniform(44.0, 56.0))
        _go(voyage, "bak-1", 14.0)


def _roads_then_berth(voyage: Voyage, _start: date) -> None:
    if _is_gulf(voyage):
        # The roads off Bandar Abbas and Hormuz serve four ports; the others have their own.
        roads, berth = (
            ("bnd-roads", "bsr-2"),
            ("hor-roads", "bnd-1"),
            ("bnd-roads", "qsm-1"),
            ("khk-roads", "khk-t"),
            ("asa-roads", "asa-1"),
        )[int(voyage.rng.choice(5, p=[0.3, 0.2, 0.2, 0.15, 0.15]))]
        _begin(voyage, "jea-1", 3.0, 20.0)
        _go(voyage, roads, voyage.rng.uniform(20.0, 34.0))
        _go(voyage, berth, voyage.rng.uniform(18.0, 30.0))
        _go(voyage, "jea-1", voyage.rng.uniform(14.0, 24.0))
    else:
        _begin(voyage, "bak-1", 3.0, 20.0)
        _go(voyage, "nek-roads", voyage.rng.uniform(20.0, 34.0))
        _go(voyage, "nek-1", voyage.rng.uniform(18.0, 30.0))
        _go(voyage, "tkm-1", voyage.rng.uniform(14.0, 24.0))


def _roads_only(voyage: Voyage, _start: date) -> None:
    if _is_gulf(voyage):
        _begin(voyage, "rtu-1", 3.0, 20.0)
        _go(voyage, "khk-roads", voyage.rng.uniform(24.0, 44.0))
        _go(voyage, "jea-1", 14.0)
        if _has_time(voyage, "hor-roads", 44.0):
            _go(voyage, "hor-roads", voyage.rng.uniform(24.0, 44.0))
            _go(voyage, "fjr-roads", 14.0)
    else:
        _begin(voyage, "bak-1", 3.0, 20.0)
        _go(voyage, "amd-roads", voyage.rng.uniform(24.0, 44.0))
        _go(voyage, "tkm-1", 14.0)


def _harbour_shift(voyage: Voyage, _start: date) -> None:
    first, second, abroad = (
        ("khk-t", "khk-sea", "rtu-1") if _is_gulf(voyage) else ("amd-1", "amd-2", "tkm-1")
    )
    _begin(voyage, abroad, 3.0, 20.0)
    _go(voyage, first, voyage.rng.uniform(16.0, 24.0))
    _go(voyage, second, voyage.rng.uniform(12.0, 20.0))
    _go(voyage, abroad, 14.0)


def _out_and_back(voyage: Voyage, _start: date) -> None:
    # 40 km off, so that with the hours there 6 to 10 pass outside of any fence up to 12 km.
    berth, away, abroad, away_h = (
        ("asa-1", "asa-out", "rtu-1", 2.0)
        if _is_gulf(voyage)
        else ("nek-1", "nek-out", "bak-1", 3.5)
    )
    _begin(voyage, abroad, 3.0, 20.0)
    _go(voyage, berth, voyage.rng.uniform(16.0, 24.0))
    _go(voyage, away, away_h + voyage.rng.uniform(0.0, 0.8))
    _go(voyage, berth, voyage.rng.uniform(12.0, 20.0))
    _go(voyage, abroad, 14.0)


def _neighbours(voyage: Voyage, _start: date) -> None:
    if not _is_gulf(voyage):
        abroad, first, second = "tkm-1", "amd-1", "nek-1"
        if not voyage.ship.role.is_tanker:
            second, first = "amd-2", "nek-1"
    else:
        abroad, first, second = (
            ("jea-1", "bsr-1", "bnd-1"),
            ("rtu-1", "asa-1", "tmb-1"),
            ("kwt-1", "bkm-2", "mrx-1"),
        )[voyage.ship.role.part]
    _begin(voyage, abroad, 3.0, 20.0)
    _go(voyage, first, voyage.rng.uniform(14.0, 26.0))
    _go(voyage, second, voyage.rng.uniform(14.0, 26.0))
    _go(voyage, abroad, 14.0)


def _silent_berth(voyage: Voyage, _start: date) -> None:
    berth, abroad = ("khk-t", "kwt-1") if _is_gulf(voyage) else ("nek-1", "tkm-1")
    _begin(voyage, abroad, 3.0, 8.0)
    _go(voyage, berth, voyage.rng.uniform(56.0, 84.0))
    stay = voyage.stays[-1]
    voyage.silences.append((stay.began_s + 10 * HOUR_S, stay.ended_s - 10 * HOUR_S))
    _go(voyage, abroad, 14.0)


def _silent_departure(voyage: Voyage, _start: date) -> None:
    berth, before, after = (
        ("khk-t", "kwt-1", "fjr-roads") if _is_gulf(voyage) else ("nek-1", "tkm-1", "akt-1")
    )
    _begin(voyage, before, 3.0, 8.0)
    _go(voyage, berth, voyage.rng.uniform(24.0, 36.0))
    quiet_s = voyage.stays[-1].ended_s - voyage.rng.uniform(2.0, 6.0) * HOUR_S
    voyage.silences.append((quiet_s, quiet_s + voyage.rng.uniform(2.0, 2.6) * DAY_S))
    _go(voyage, after, 40.0)


def _first_heard_in_berth(voyage: Voyage, _start: date) -> None:
    berth, abroad = ("bsr-1", "jea-1") if _is_gulf(voyage) else ("nek-1", "tkm-1")
    _begin(voyage, abroad, 3.0, 20.0)
    _go(voyage, berth, voyage.rng.uniform(24.0, 40.0))
    voyage.silences.append((-DAY_S, voyage.stays[-1].began_s + 8 * HOUR_S))
    _go(voyage, abroad, 14.0)


def _still_in_port_at_end(voyage: Voyage, _start: date) -> None:
    berth, abroad = ("asa-2", "rtu-1") if _is_gulf(voyage) else ("nek-1", "bak-1")
    _begin(voyage, abroad, 3.0, 20.0)
    mark_s = voyage.horizon_s - voyage.rng.uniform(18.0, 40.0) * HOUR_S
    _go(voyage, berth, 60.0, mark_s=mark_s)


def _week_edge(voyage: Voyage, start: date) -> None:
    """Reach the mark on a Sunday at 23:38 and the berth on Monday."""
    _call_over_midnight(voyage, week_edge_s(start, int(voyage.horizon_s / DAY_S)))


def _month_edge(voyage: Voyage, start: date) -> None:
    """Reach the mark on a month's last day at 23:38 and the berth on the first."""
    _call_over_midnight(voyage, month_edge_s(start, int(voyage.horizon_s / DAY_S)))


def _call_over_midnight(voyage: Voyage, eves_s: Sequence[float]) -> None:
    # The mark is 5 km off the berth, so a fence wider than that is crossed before midnight too.
    berth, abroad = ("bsr-2", "jea-1") if _is_gulf(voyage) else ("nek-1", "bak-1")
    _begin(voyage, abroad, 3.0, 20.0)
    _go(voyage, berth, voyage.rng.uniform(18.0, 30.0), mark_s=float(voyage.rng.choice(eves_s)))
    _go(voyage, abroad, 14.0)


def _spoofed_stay(voyage: Voyage, _start: date) -> None:
    if _is_gulf(voyage):
        abroad, berth, voyage.decoy = (
            ("rtu-1", "khk-t", "irq-decoy"),
            ("jea-1", "asa-1", "jea-roads"),
            ("soh-1", "bsr-2", "soh-roads"),
        )[int(voyage.rng.integers(3))]
    else:
        abroad, berth, voyage.decoy = "tkm-1", "nek-1", "bak-roads"
    _begin(voyage, abroad, 3.0, 8.0)
    _go(voyage, berth, voyage.rng.uniform(40.0, 84.0))
    _go(voyage, abroad, 14.0)


def _sts_outside(voyage: Voyage, _start: date) -> None:
    """Lie beside the other ship: both come to the same place at the same time."""
    part = voyage.ship.role.part
    if _is_gulf(voyage):
        meeting, abroad = ("lrk-sts", "omn-sts")[part // 2], ("jea-1", "soh-1")[part % 2]
    else:
        meeting, abroad = "casp-sts", ("bak-1", "tkm-1")[part % 2]
    _begin(voyage, abroad, 3.0, 12.0)
    _go(voyage, meeting, voyage.rng.uniform(22.0, 38.0), mark_s=2.5 * DAY_S, abreast=part % 2)
    _go(voyage, abroad, 14.0)


def _shared_mmsi(voyage: Voyage, _start: date) -> None:
    """Keep to one end of the Gulf, or to the Caspian: the other hull is elsewhere."""
    abroad, berth = (
        (("kwt-1", "khk-t"), ("soh-1", "bsr-2"))[voyage.ship.role.part]
        if _is_gulf(voyage)
        else ("bak-1", "nek-1")
    )
    _begin(voyage, abroad, 2.0, 30.0)
    while True:
        stay_h = voyage.rng.uniform(18.0, 42.0)
        if not _has_time(voyage, berth, stay_h):
            break
        _go(voyage, berth, stay_h)
        _go(voyage, abroad, voyage.rng.uniform(14.0, 40.0))
    _rest(voyage)


SWAP_S = 4.0 * DAY_S
"""When two ships take each other's identity; both are abroad then."""


def _identity_swap(voyage: Voyage, _start: date) -> None:
    abroad, berth = (
        (("kwt-1", "khk-t"), ("soh-1", "bsr-2"))
        if _is_gulf(voyage)
        else (("bak-1", "nek-1"), ("tkm-1", "amd-1"))
    )[voyage.ship.role.part]
    _begin(voyage, abroad, 3.0, 8.0)
    _go(voyage, berth, voyage.rng.uniform(14.0, 18.0))
    _go(voyage, abroad, 1.0)
    rest_h = (SWAP_S - voyage.now_s) / HOUR_S + voyage.rng.uniform(5.0, 10.0)
    _still(voyage, voyage.chart.places[abroad], rest_h, voyage.lon, voyage.lat)


SCRIPTS: dict[str, Callable[[Voyage, date], None]] = {
    "pass_by": _pass_by,
    "pilot_stop": _pilot_stop,
    "waiting_outside": _waiting_outside,
    "roads_then_berth": _roads_then_berth,
    "roads_only": _roads_only,
    "harbour_shift": _harbour_shift,
    "out_and_back": _out_and_back,
    "neighbours": _neighbours,
    "silent_berth": _silent_berth,
    "silent_departure": _silent_departure,
    "first_heard_in_berth": _first_heard_in_berth,
    "still_in_port_at_end": _still_in_port_at_end,
    "week_edge": _week_edge,
    "month_edge": _month_edge,
    "spoofed_stay": _spoofed_stay,
    "sts_outside": _sts_outside,
    "shared_mmsi": _shared_mmsi,
    "identity_swap": _identity_swap,
}


def _is_gulf(voyage: Voyage) -> bool:
    return voyage.ship.role.water == GULF


# ---------------------------------------------------------------------------------------------
# Sailing and stopping


def _go(
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
        lon, lat = _spot(voyage, place)
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
        _still(voyage, chart.places[voyage.place], wait_s / HOUR_S, voyage.lon, voyage.lat)
    _sail(voyage, corners)
    voyage.place = place_id
    _still(voyage, place, hours, lon, lat, swing=None if abreast is None else LASHED)


def _spot(voyage: Voyage, place: Place) -> tuple[float, float]:
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


def _sail(voyage: Voyage, corners: Sequence[tuple[float, float, float]]) -> None:
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


def _still(
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
    if place.kind == "berth" and voyage.ship.ship_type // 10 in {7, 8} and hours > 8.0:
        # Most of the cargo is over two thirds through the stay. Crews then key the new draught in.
        gulf_iran = place.country == "IR" and voyage.ship.role.water == GULF
        caspian_abroad = place.country != "IR" and voyage.ship.role.water == CASPIAN
        draught_m = voyage.ship.laden_m if gulf_iran or caspian_abroad else voyage.ship.ballast_m
        voyage.draughts.append((began_s + 0.7 * seconds, draught_m))


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
