"""What a ship of a role does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from flows.simulate.fleet import Ship
from flows.simulate.places import GULF, NO_LIMIT_KN, Chart, Local, Place, moved, route_km
from flows.simulate.tracks import OUT_AND_BACK_H
from flows.simulate.voyages import (
    DAY_S,
    HOUR_S,
    KM_PER_NM,
    Voyage,
    go_to,
    month_edge_s,
    sail,
    spot,
    still,
    week_edge_s,
)

TUG_DRAUGHT_M = 3.5
"""Fishing boats send none."""

ABROAD_H = max(14.0, OUT_AND_BACK_H + 2.0)
"""The shortest stay abroad: two calls at one port are never "out and back" by chance. Not shorter
where the rule is, a choice: another rule then moves as few ships as it can."""


def plan_voyage(
    chart: Chart, ship: Ship, rng: np.random.Generator, start: date, days: int
) -> Voyage:
    """Sail one ship from the first to the last moment of the simulation.

    A ship begins and ends abroad, unless its trap says otherwise, and starts no voyage to Iran
    that it cannot end: so that a clean simulation has whole calls only.
    """
    voyage = Voyage(chart, ship, rng, days * DAY_S)
    script = SCRIPTS.get(ship.role.trap)
    if script is None:
        begin_h = 24.0 * ship.role.from_day
        place_id = "mak-1" if ship.role.link == "trade" else _foreign(voyage)
        _begin(voyage, place_id, begin_h + 2.0, begin_h + 40.0)
        if begin_h:
            voyage.silences.append((-DAY_S, begin_h * HOUR_S))
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
    voyage.draughts.append((-DAY_S, TUG_DRAUGHT_M if local.kind == "tug" else 0.0))
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
            still(voyage, home, rng.uniform(8.0, 20.0), home.lon, home.lat)
        # A tug works on the side where ships come in, so never on land; angles from east.
        angle = seaward + rng.uniform(-1.0, 1.0) * np.pi * (0.3 if local.place_id else 1.0)
        reach_km = local.radius_km * rng.uniform(0.3, 1.0)
        lon, lat = moved(
            home.lon, home.lat, reach_km * float(np.cos(angle)), reach_km * float(np.sin(angle))
        )
        sail(voyage, [(lon, lat, NO_LIMIT_KN)])
        at_work = home._replace(kind="offshore", lon=lon, lat=lat)
        still(voyage, at_work, rng.uniform(0.3, 0.8 if local.place_id else 12.0), lon, lat)
        if local.place_id:
            sail(voyage, [(home.lon, home.lat, NO_LIMIT_KN)])
    return voyage


# ---------------------------------------------------------------------------------------------
# The trade of every day


def _begin(voyage: Voyage, place_id: str, low_h: float, high_h: float) -> None:
    """Put the ship at its first place and keep it there for a while."""
    place = voyage.chart.places[place_id]
    voyage.place = place_id
    lon, lat = spot(voyage, place)
    voyage.lon, voyage.lat = lon, lat
    still(voyage, place, voyage.rng.uniform(low_h, high_h), lon, lat)


def _trade(voyage: Voyage) -> None:
    """One round: a berth in Iran and a place abroad; or, if time is short, wait for the end."""
    target = _iranian_berth(voyage)
    stay_h = voyage.rng.uniform(18.0, 42.0)
    if not _has_time(voyage, target, stay_h):
        _rest(voyage)
        return
    go_to(voyage, target, stay_h)
    abroad, abroad_h = _foreign(voyage), voyage.rng.uniform(ABROAD_H, 40.0)
    if voyage.ship.role.idle_days:
        abroad_h += 24.0 * voyage.rng.exponential(voyage.ship.role.idle_days)
    go_to(voyage, abroad, abroad_h)


def _rest(voyage: Voyage) -> None:
    """Stay until the data end."""
    rest_h = (voyage.horizon_s - voyage.now_s) / HOUR_S + 1.0
    still(voyage, voyage.chart.places[voyage.place], rest_h, voyage.lon, voyage.lat)


def _has_time(voyage: Voyage, target: str, stay_h: float) -> bool:
    """Whether a ship can reach a place, stay there and be well away before the data end."""
    # A tenth to spare at 9 knots, the mean with slow channels, and six hours to leave the port.
    sail_h = 1.1 * route_km(voyage.chart, voyage.place, target) / (9.0 * KM_PER_NM)
    return voyage.now_s + (sail_h + stay_h + 6.0) * HOUR_S < voyage.horizon_s


def _iranian_berth(voyage: Voyage) -> str:
    cargo = "oil" if voyage.ship.role.is_tanker else "dry"
    choice = [
        place
        for place in voyage.chart.places.values()
        if place.country == "IR"
        and place.kind == "berth"
        and place.water == voyage.ship.role.water
        and place.cargo in {cargo, "both"}
    ]
    return _weighted(voyage.rng, choice)


def _foreign(voyage: Voyage) -> str:
    """Choose where to go outside Iran: of Russia's ports only Russian-linked ships make use.

    Else a ship would earn a link by trade that the fleet's list does not state.
    """
    cargo = "oil" if voyage.ship.role.is_tanker else "dry"
    choice = [
        place
        for place in voyage.chart.places.values()
        if place.country not in {"", "IR"}
        and place.water == voyage.ship.role.water
        and place.cargo in {cargo, "both"}
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
        go_to(voyage, "rtu-1", 20.0, through=("sxi-pass",))
        go_to(voyage, "jea-1", 20.0, through=("lvp-pass",))
    else:
        _begin(voyage, "tkm-1", 3.0, 12.0)
        go_to(voyage, "bak-1", 20.0, through=("nek-pass",))


def _pilot_stop(voyage: Voyage, _start: date) -> None:
    if _is_gulf(voyage):
        _begin(voyage, "fjr-roads", 3.0, 12.0)
        go_to(voyage, "kmb-pilot", voyage.rng.uniform(20.0, 40.0) / 60.0)
        go_to(voyage, "jea-1", ABROAD_H)
        go_to(voyage, "lvp-pilot", voyage.rng.uniform(20.0, 40.0) / 60.0)
        go_to(voyage, "fjr-roads", ABROAD_H)
    else:
        _begin(voyage, "bak-1", 3.0, 12.0)
        go_to(voyage, "amd-pilot", voyage.rng.uniform(20.0, 40.0) / 60.0)
        go_to(voyage, "tkm-1", ABROAD_H)


def _waiting_outside(voyage: Voyage, _start: date) -> None:
    if _is_gulf(voyage):
        _begin(voyage, "jea-1", 3.0, 12.0)
        go_to(voyage, "buz-wait", voyage.rng.uniform(44.0, 56.0))
        go_to(voyage, "kwt-1", ABROAD_H)
    else:
        _begin(voyage, "tkm-1", 3.0, 12.0)
        go_to(voyage, "casp-wait", voyage.rng.uniform(44.0, 56.0))
        go_to(voyage, "bak-1", ABROAD_H)


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
        go_to(voyage, roads, voyage.rng.uniform(20.0, 34.0))
        go_to(voyage, berth, voyage.rng.uniform(18.0, 30.0))
        go_to(voyage, "jea-1", voyage.rng.uniform(ABROAD_H, 24.0))
    else:
        _begin(voyage, "bak-1", 3.0, 20.0)
        go_to(voyage, "nek-roads", voyage.rng.uniform(20.0, 34.0))
        go_to(voyage, "nek-1", voyage.rng.uniform(18.0, 30.0))
        go_to(voyage, "tkm-1", voyage.rng.uniform(ABROAD_H, 24.0))


def _roads_only(voyage: Voyage, _start: date) -> None:
    if _is_gulf(voyage):
        _begin(voyage, "rtu-1", 3.0, 20.0)
        go_to(voyage, "khk-roads", voyage.rng.uniform(24.0, 44.0))
        go_to(voyage, "jea-1", ABROAD_H)
        if _has_time(voyage, "hor-roads", 44.0):
            go_to(voyage, "hor-roads", voyage.rng.uniform(24.0, 44.0))
            go_to(voyage, "fjr-roads", ABROAD_H)
    else:
        _begin(voyage, "bak-1", 3.0, 20.0)
        go_to(voyage, "amd-roads", voyage.rng.uniform(24.0, 44.0))
        go_to(voyage, "tkm-1", ABROAD_H)


def _harbour_shift(voyage: Voyage, _start: date) -> None:
    first, second, abroad = (
        ("khk-t", "khk-sea", "rtu-1") if _is_gulf(voyage) else ("amd-1", "amd-2", "tkm-1")
    )
    _begin(voyage, abroad, 3.0, 20.0)
    go_to(voyage, first, voyage.rng.uniform(16.0, 24.0))
    go_to(voyage, second, voyage.rng.uniform(12.0, 20.0))
    go_to(voyage, abroad, ABROAD_H)


def _out_and_back(voyage: Voyage, _start: date) -> None:
    # 40 km off and back takes a slow ship up to `sailing_h` less 0.8; the rest of the rule is for
    # the stop there. With a rule of less than 10 hours the places would have to be nearer.
    berth, away, abroad, sailing_h = (
        ("asa-1", "asa-out", "rtu-1", 10.0)
        if _is_gulf(voyage)
        else ("nek-1", "nek-out", "bak-1", 8.5)
    )
    _begin(voyage, abroad, 3.0, 20.0)
    go_to(voyage, berth, voyage.rng.uniform(16.0, 24.0))
    go_to(voyage, away, OUT_AND_BACK_H - sailing_h + voyage.rng.uniform(0.0, 0.8))
    go_to(voyage, berth, voyage.rng.uniform(12.0, 20.0))
    go_to(voyage, abroad, ABROAD_H)


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
    go_to(voyage, first, voyage.rng.uniform(14.0, 26.0))
    go_to(voyage, second, voyage.rng.uniform(14.0, 26.0))
    go_to(voyage, abroad, ABROAD_H)


def _silent_berth(voyage: Voyage, _start: date) -> None:
    berth, abroad = ("khk-t", "kwt-1") if _is_gulf(voyage) else ("nek-1", "tkm-1")
    _begin(voyage, abroad, 3.0, 8.0)
    go_to(voyage, berth, voyage.rng.uniform(56.0, 84.0))
    stay = voyage.stays[-1]
    voyage.silences.append((stay.began_s + 10 * HOUR_S, stay.ended_s - 10 * HOUR_S))
    go_to(voyage, abroad, ABROAD_H)


def _silent_departure(voyage: Voyage, _start: date) -> None:
    berth, before, after = (
        ("khk-t", "kwt-1", "fjr-roads") if _is_gulf(voyage) else ("nek-1", "tkm-1", "akt-1")
    )
    _begin(voyage, before, 3.0, 8.0)
    go_to(voyage, berth, voyage.rng.uniform(24.0, 36.0))
    quiet_s = voyage.stays[-1].ended_s - voyage.rng.uniform(2.0, 6.0) * HOUR_S
    voyage.silences.append((quiet_s, quiet_s + voyage.rng.uniform(2.0, 2.6) * DAY_S))
    go_to(voyage, after, 40.0)


def _first_heard_in_berth(voyage: Voyage, _start: date) -> None:
    berth, abroad = ("bsr-1", "jea-1") if _is_gulf(voyage) else ("nek-1", "tkm-1")
    _begin(voyage, abroad, 3.0, 20.0)
    go_to(voyage, berth, voyage.rng.uniform(24.0, 40.0))
    voyage.silences.append((-DAY_S, voyage.stays[-1].began_s + 8 * HOUR_S))
    go_to(voyage, abroad, ABROAD_H)


def _still_in_port_at_end(voyage: Voyage, _start: date) -> None:
    berth, abroad = ("asa-2", "rtu-1") if _is_gulf(voyage) else ("nek-1", "bak-1")
    _begin(voyage, abroad, 3.0, 20.0)
    mark_s = voyage.horizon_s - voyage.rng.uniform(18.0, 40.0) * HOUR_S
    go_to(voyage, berth, 60.0, mark_s=mark_s)


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
    go_to(voyage, berth, voyage.rng.uniform(18.0, 30.0), mark_s=float(voyage.rng.choice(eves_s)))
    go_to(voyage, abroad, ABROAD_H)


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
    go_to(voyage, berth, voyage.rng.uniform(40.0, 84.0))
    go_to(voyage, abroad, ABROAD_H)


def _sts_outside(voyage: Voyage, _start: date) -> None:
    """Lie beside the other ship: both come to the same place at the same time."""
    part = voyage.ship.role.part
    if _is_gulf(voyage):
        meeting, abroad = ("lrk-sts", "omn-sts")[part // 2], ("jea-1", "soh-1")[part % 2]
    else:
        meeting, abroad = "casp-sts", ("bak-1", "tkm-1")[part % 2]
    _begin(voyage, abroad, 3.0, 12.0)
    go_to(voyage, meeting, voyage.rng.uniform(22.0, 38.0), mark_s=2.5 * DAY_S, abreast=part % 2)
    go_to(voyage, abroad, ABROAD_H)


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
        go_to(voyage, berth, stay_h)
        go_to(voyage, abroad, voyage.rng.uniform(ABROAD_H, 40.0))
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
    go_to(voyage, berth, voyage.rng.uniform(14.0, 18.0))
    go_to(voyage, abroad, 1.0)
    rest_h = (SWAP_S - voyage.now_s) / HOUR_S + voyage.rng.uniform(5.0, 10.0)
    still(voyage, voyage.chart.places[abroad], rest_h, voyage.lon, voyage.lat)


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
