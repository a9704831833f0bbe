"""What each ship carries, how deep it lies then, and what its crew enters as draught.

The voyage is made before: a ship's stops stand, and cargo is laid over them, so that what it takes
abroad fits what it does in Iran next. ``data/simulator/berths.csv`` says how often tankers load at
a berth and how heavy the cargo there is.

The draught of a static report is set by hand (ITU-R M.1371-5, table 52: a tenth of a metre, 25.5
for 25.5 and more, 0 for not available). Studies of such fields found many wrong or old (Harati-
Mokhtari et al., Automatic Identification System: Data Reliability and Human Error Implications,
Journal of Navigation 60, 2007). How many ships do what here is a choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flows.simulate.hulls import WATER_T_M3, Hull, displacement_t, draught_at_m
from flows.simulate.tracks import joined
from flows.simulate.voyages import HOUR_S, NO_CARGO, Cargo, Stay, Voyage

TRANSFER_H = 8.0
"""A shorter stop moves no cargo: a choice, as in the Gulf a cargo takes a day."""

IDLE_SHARE = 0.03
"""Share of berth calls without cargo: stores, repairs. This and the shares below are choices."""
TOPPED_SHARE, PARTED_SHARE = 0.12, 0.2
"""Of loadings those that begin with a part cargo from elsewhere, and of cargoes those that are no
full one, among them the second port of two."""
DRY_T_M3 = (0.7, 1.5)
"""Density of dry cargo as stowed, which no tank limits here."""

LADEN_SHARE, BALLAST_SHARE = 0.7, 0.05
"""Of the full cargo: laden from here up, in ballast below."""


class Leg(NamedTuple):
    """From one change of cargo to the next: when it begins, when the ship sails from there, and the
    ship's draught, metres."""

    from_s: float
    sails_s: float
    draught_m: float
    is_laden: bool


class _Load(NamedTuple):
    """Cargo on board, t, what of that cargo fills the ship, and the resulting draught."""

    aboard_t: float
    full_t: float
    draught_m: float

    @property
    def state(self) -> str:
        share = self.aboard_t / self.full_t
        return "laden" if share >= LADEN_SHARE else "part" if share >= BALLAST_SHARE else "ballast"


def plan_cargo(voyage: Voyage, rng: np.random.Generator) -> tuple[list[Cargo], list[Leg]]:
    """Lay cargo over a voyage.

    Returns
    -------
    list of Cargo, list of Leg
        One cargo for each group of stops that `tracks.joined` makes, in its order; and the
        legs with their draughts, the first from before the simulation.
    """
    groups = joined(voyage.stays)
    hull = voyage.ship.hull
    if hull is None:
        return [NO_CARGO] * len(groups), []
    holds = _Holds(hull, rng)
    cargoes: list[Cargo] = []
    legs: list[Leg] = []
    load: _Load | None = None
    before_s = -np.inf
    for number, stays in enumerate(groups):
        abroad = _between(voyage.stays, before_s, stays[0].began_s)
        following = groups[number + 1][0].began_s if number + 1 < len(groups) else np.inf
        is_last_port = bool(_between(voyage.stays, stays[-1].ended_s, following))
        berths = [stay for stay in stays if _moves_cargo(stay)]
        is_idle = not berths or rng.random() < IDLE_SHARE
        place = (berths or stays)[-1].place
        loads = rng.random() < place.loads_share
        densities = place.cargo_t_m3 if np.isfinite(place.cargo_t_m3[0]) else DRY_T_M3
        if load is None or abroad:
            full_t = holds.full_t(float(rng.uniform(*densities)))
            arriving = holds.arriving(full_t, is_idle, loads)
            if load is None:
                # Before that it carried the opposite, if it is heard abroad first.
                first = holds.load(0.0 if arriving.aboard_t else 0.9 * full_t, full_t)
                load = first if abroad else arriving
                legs.append(_leg(-np.inf, -np.inf, load))
            if abroad and arriving.aboard_t != load.aboard_t:
                stay = abroad[-1]
                legs.append(_leg(_transfer_s(stay), stay.ended_s, arriving))
                load = arriving
        leaving = load if is_idle else holds.leaving(load, loads, is_last_port)
        moved_t = leaving.aboard_t - load.aboard_t
        if moved_t:
            legs.append(_leg(_transfer_s(berths[-1]), berths[-1].ended_s, leaving))
        direction = "loading" if moved_t > 0 else "discharging" if moved_t < 0 else "none"
        states = (load.state, leaving.state)
        drawn = (round(load.draught_m, 2), round(leaving.draught_m, 2))
        cargoes.append(Cargo(direction, round(abs(moved_t)), *states, *drawn))
        load, before_s = leaving, stays[-1].ended_s
    if load is None:
        full_t = holds.full_t(0.85)
        load = holds.load(full_t if rng.random() < 0.5 else 0.0, full_t)
        legs.append(_leg(-np.inf, -np.inf, load))
    for stay in _between(voyage.stays, before_s, np.inf)[:1]:
        after = holds.load(0.0 if load.aboard_t else 0.95 * load.full_t, load.full_t)
        legs.append(_leg(_transfer_s(stay), stay.ended_s, after))
    return cargoes, legs


class _Holds:
    """A hull's tanks and holds, and the habits of those who fill them."""

    def __init__(self, hull: Hull, rng: np.random.Generator) -> None:
        self.hull, self.rng = hull, rng
        self.water_t_m3 = float(rng.uniform(*WATER_T_M3[hull.water]))
        # Fuel, fresh water, crew and what has gathered since the ship was new: some percent of
        # the deadweight (general knowledge, unverified).
        self.stores_t = rng.uniform(0.02, 0.05) * hull.deadweight_t + 100.0

    def full_t(self, cargo_t_m3: float) -> float:
        """The most that the ship can take of a cargo: to its mark, or 98 % of its tanks."""
        hull = self.hull
        to_mark_t = displacement_t(hull, hull.draught_m, self.water_t_m3)
        by_weight_t = to_mark_t - hull.lightship_t - 1.02 * self.stores_t
        if np.isfinite(hull.tank_m3):
            return min(by_weight_t, 0.98 * hull.tank_m3 * cargo_t_m3)
        return by_weight_t

    def arriving(self, full_t: float, is_idle: bool, loads: bool) -> _Load:
        """The ship as it comes: empty or part laden to load, laden to discharge."""
        if is_idle:
            return self.load(full_t * self._most() if self.rng.random() < 0.5 else 0.0, full_t)
        if loads:
            is_topped = self.rng.random() < TOPPED_SHARE
            return self.load(full_t * self.rng.uniform(0.15, 0.5) if is_topped else 0.0, full_t)
        return self.load(full_t * self._share(), full_t)

    def leaving(self, load: _Load, loads: bool, is_last_port: bool) -> _Load:
        """The ship as it goes. Without room or cargo for what the berth does, it stays as it is."""
        share = load.aboard_t / load.full_t
        # A part remains to be loaded or discharged where the next port is Iranian too.
        is_part = self.rng.random() < (PARTED_SHARE if is_last_port else 0.7)
        if loads:
            if share > 0.75:
                return load
            most = self._most()
            wanted = share + (most - share) * (self.rng.uniform(0.4, 0.8) if is_part else 1.0)
        else:
            if share < 0.15:
                return load
            wanted = share * self.rng.uniform(0.2, 0.6) if is_part else 0.0
        return self.load(wanted * load.full_t, load.full_t)

    def load(self, aboard_t: float, full_t: float) -> _Load:
        """The ship with so much cargo: with stores, and ballast down to the draught it keeps."""
        rng, hull = self.rng, self.hull
        dry_t = hull.lightship_t + aboard_t + self.stores_t * rng.uniform(0.4, 1.0)
        # What pumps leave in the tanks; some ships keep more for trim.
        kept = rng.uniform(0.01, 0.04) if rng.random() < 0.1 else rng.uniform(0.001, 0.01)
        # Deeper in heavy weather (MARPOL Annex I, regulation 18.3).
        weather = rng.uniform(1.05, 1.2) if rng.random() < 0.1 else 1.0
        wanted_m = hull.ballast_draught_m * weather * (1.0 + abs(rng.normal(0.0, 0.04)))
        ballast_t = displacement_t(hull, wanted_m, self.water_t_m3) - dry_t
        # Tanks for ballast hold some 0.45 of the deadweight at most (general knowledge).
        ballast_t = float(np.clip(ballast_t, kept * hull.deadweight_t, 0.45 * hull.deadweight_t))
        return _Load(aboard_t, full_t, draught_at_m(hull, dry_t + ballast_t, self.water_t_m3))

    def _share(self) -> float:
        is_part = self.rng.random() < PARTED_SHARE
        return float(self.rng.uniform(0.35, 0.85)) if is_part else self._most()

    def _most(self) -> float:
        return float(self.rng.uniform(0.93, 1.0))


def _leg(from_s: float, sails_s: float, load: _Load) -> Leg:
    return Leg(from_s, sails_s, load.draught_m, load.state == "laden")


def _moves_cargo(stay: Stay) -> bool:
    return stay.place.kind == "berth" and stay.ended_s - stay.began_s >= TRANSFER_H * HOUR_S


def _transfer_s(stay: Stay) -> float:
    """Most of the cargo is over two thirds through the stay."""
    return stay.began_s + 0.7 * (stay.ended_s - stay.began_s)


def _between(stays: list[Stay], from_s: float, to_s: float) -> list[Stay]:
    """The stops abroad, in port or roads, that begin and end between two times."""
    return [
        stay
        for stay in stays
        if stay.place.country not in {"", "IR"}
        and stay.began_s >= from_s
        and stay.ended_s <= to_s
        and stay.ended_s - stay.began_s >= 2.0 * HOUR_S
    ]


# ---------------------------------------------------------------------------------------------
# What crews enter

DRAUGHTS = ("entered", "measured")
"""As crews enter them, and as they are."""

MOST_M = 25.5

FORGOTTEN_SHARE = {"kept": 0.06, "aft": 0.06, "careless": 0.4}
"""Share of the legs of which a crew does not enter the draught: the one before stands."""
GROSS_SHARE = 0.015
"""Share of entries that are metres in a field of decimetres or the other way."""
READING_M = 0.08
"""Standard deviation of what is read off the marks in a harbour."""
STERN_SHARE = {True: (0.0, 0.002), False: (0.003, 0.007)}
"""How much deeper the stern lies than the middle, of the length, laden and else: trims of up to
0.4 % and of 0.6 to 1.4 % (general knowledge, unverified)."""


class Entry(NamedTuple):
    """A draught in the ship's static reports, from a time on; 0 for none."""

    from_s: float
    draught_m: float


def measured(legs: Sequence[Leg]) -> list[Entry]:
    """The true draughts, entered when most of the cargo is over."""
    return [Entry(leg.from_s, round(leg.draught_m, 1)) for leg in legs]


def entered(legs: Sequence[Leg], hull: Hull, habit: str, rng: np.random.Generator) -> list[Entry]:
    """What a crew of this habit enters.

    Returns
    -------
    list of Entry
        In order of time, the first from before the simulation on.
    """
    if habit == "none":
        return [Entry(-np.inf, 0.0)]
    if habit == "design":
        return [Entry(-np.inf, round(hull.draught_m, 1))]
    entries: list[Entry] = []
    for number, leg in enumerate(legs):
        if number and rng.random() < FORGOTTEN_SHARE[habit]:
            continue
        at_s = leg.sails_s + _offset_s(leg, rng) if number else -np.inf
        read_m = leg.draught_m + rng.normal(0.0, READING_M)
        if habit == "aft":
            read_m += rng.uniform(*STERN_SHARE[leg.is_laden]) * hull.length_m
        if rng.random() < GROSS_SHARE:
            read_m *= 10.0 if rng.random() < 0.5 else 0.1
        # A crew that is late for one port may be so until the next: the last one entered stands.
        entries = [entry for entry in entries if entry.from_s < at_s]
        entries.append(Entry(at_s, float(np.clip(round(read_m, 1), 0.1, MOST_M))))
    return entries


def _offset_s(leg: Leg, rng: np.random.Generator) -> float:
    """When the draught is entered, from sailing: mostly in the last hours in port, at times hours
    or a day or two later, rarely before most of the cargo is over."""
    lot = rng.random()
    in_port_s = leg.sails_s - leg.from_s
    if lot < 0.6:
        return -float(rng.uniform(0.0, in_port_s))
    if lot < 0.85:
        return float(rng.uniform(0.0, 6.0)) * HOUR_S
    if lot < 0.95:
        return float(rng.uniform(6.0, 48.0)) * HOUR_S
    return -float(rng.uniform(1.0, 2.5)) * in_port_s
