"""Simulated tankers beside each other: transfers, and what looks like them.

SIMULATED. Metres about a place, a corner a minute. Ships at anchor lie down the tide from their
anchors, turn with it in their own time and yaw; ships alongside turn as one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tests.build.ships import imo

Floats = npt.NDArray[np.float64]
Random = np.random.Generator

START = datetime(2026, 3, 2)
DAYS = 18
HOUR_S, STEP_S = 3600.0, 60.0
KN = 1852 / HOUR_S
"""Metres a second."""

OPEN_SEA = [(57.4 + 0.25 * i, 25.1 - 0.25 * j) for i in range(8) for j in range(6)]
"""In the Gulf of Oman, over 25 km apart and far from every known anchorage."""
FUJAIRAH = [(56.45 + 0.07 * i, 25.0 + 0.06 * j) for i in range(5) for j in range(4)]
JETTY = [(61.0 + 0.25 * i, 25.2) for i in range(5)]
"""A port that nobody has told the program of."""


class Ship(NamedTuple):
    """What a ship sends of itself; ``draughts`` are (seconds, metres), from the first on."""

    mmsi: int
    imo: int
    length_m: int
    beam_m: int
    ship_type: int = 80
    draughts: tuple[tuple[float, float], ...] = ((0.0, 10.0),)


class Way(NamedTuple):
    """Where an antenna was, and the bow: seconds from the start, metres east and north, degrees."""

    at_s: Floats
    east: Floats
    north: Floats
    bow: Floats


class Truth(NamedTuple):
    """A pair that lay together: what it was, and who gave."""

    scene: str
    kind: str
    mmsi_a: int
    mmsi_b: int
    began_s: float
    ended_s: float
    giver: int = 0


class Fleet:
    """Ships with numbers of their own, their ways, and the truth about them."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 22])
        self.ways: list[tuple[Ship, tuple[float, float], Way]] = []
        self.truth: list[Truth] = []
        self.count = 0

    def ship(self, length_m: int | None = None, **said: Any) -> Ship:
        """A tanker, of 180 to 333 m if no length is given."""
        self.count += 1
        length = length_m or int(self.rng.choice([180, 183, 228, 244, 250, 274, 333]))
        number = 980_000 + self.count
        return Ship(352_000_000 + number, imo(number), length, round(length / 5.9), **said)

    def begin_s(self, hours: float) -> float:
        """When a scene of so many hours begins, so that it ends in time."""
        return float(self.rng.uniform(30, DAYS * 24 - hours - 60)) * HOUR_S

    def add(self, place: tuple[float, float], *sailed: tuple[Ship, Way]) -> None:
        self.ways += [(ship, place, way) for ship, way in sailed]

    def tell(
        self, scene: str, kind: str, *ships: Ship, span_s: tuple[float, float], giver: int = 0
    ) -> None:
        low, high = sorted(ship.mmsi for ship in ships)
        self.truth.append(Truth(scene, kind, low, high, *span_s, giver))


# How ships move


def clock(begin_s: float, hours: float) -> Floats:
    """A corner a minute."""
    return np.arange(begin_s, begin_s + hours * HOUR_S, STEP_S)


def wander(rng: Random, n: int, spread: float, hours: float) -> Floats:
    """A slow random walk that comes back (Ornstein-Uhlenbeck), of this spread and memory."""
    keep = np.exp(-STEP_S / (hours * HOUR_S))
    out = np.empty(n)
    value = rng.normal(0, spread)
    for i, push in enumerate(rng.normal(0, spread * np.sqrt(1 - keep**2), n)):
        value = keep * value + push
        out[i] = value
    return out


def tide(rng: Random) -> tuple[float, float]:
    """Direction of the flood, and when it begins: shared by the ships of a place."""
    return float(rng.uniform(0, 360)), float(rng.uniform(0, 12.42)) * HOUR_S


def anchored(
    rng: Random, at_s: Floats, of: Ship, of_tide: tuple[float, float], east: float, north: float
) -> Way:
    """At anchor: turned at each slack of 6.2 hours, in half an hour and more, and yawing."""
    flood, begin_s = of_tide
    phase = (at_s - begin_s - rng.normal(0, 8) * 60) / (6.21 * HOUR_S)
    turns = np.floor(phase)
    turn_h = rng.uniform(0.4, 0.9)
    part = np.clip((phase - turns) * 6.21 / turn_h, 0, 1)
    first = int(turns.min())
    ways = np.cumsum(rng.choice([-180.0, 180.0], int(turns.max()) - first + 1))
    index = (turns - first).astype(int)
    before = np.concatenate([[0.0], ways])[index]
    bow = flood + before + (ways[index] - before) * (1 - np.cos(np.pi * part)) / 2
    bow = bow + wander(rng, at_s.size, rng.uniform(3, 12), 0.2)
    radius = rng.uniform(150, 280) + 0.8 * of.length_m
    angle = np.radians(bow)
    return Way(at_s, east - radius * np.sin(angle), north - radius * np.cos(angle), bow)


def adrift(rng: Random, at_s: Floats, knots: float, east: float = 0.0, north: float = 0.0) -> Way:
    """Drifting with wind and current, the bow turning slowly."""
    course = np.radians(rng.uniform(0, 360) + wander(rng, at_s.size, 20, 4))
    speed = knots * KN * (1 + wander(rng, at_s.size, 0.1, 2))
    bow = rng.uniform(0, 360) + wander(rng, at_s.size, 25, 3)
    return Way(
        at_s,
        east + np.cumsum(speed * np.sin(course)) * STEP_S,
        north + np.cumsum(speed * np.cos(course)) * STEP_S,
        bow,
    )


def beside(rng: Random, mother: Way, of: Ship, other: Ship) -> Way:
    """Where the other's antenna is while she lies alongside, manifold at manifold."""
    side, is_turned = rng.choice([-1, 1]), rng.random() < 0.1
    across = side * ((of.beam_m + other.beam_m) / 2 + 4)
    ahead = 0.3 * of.length_m + (0.3 if is_turned else -0.3) * other.length_m + rng.uniform(-15, 15)
    angle = np.radians(mother.bow)
    bow = mother.bow + (180 if is_turned else 0) + wander(rng, mother.at_s.size, 1, 0.2)
    return Way(
        mother.at_s,
        mother.east + ahead * np.sin(angle) + across * np.cos(angle),
        mother.north + ahead * np.cos(angle) - across * np.sin(angle),
        bow,
    )


def visit(
    rng: Random, mother: Way, of: Ship, other: Ship, hours: float, begin_s: float
) -> tuple[Way, tuple[float, float]]:
    """The other comes from 15 km off, lies alongside for so many hours and leaves; and when."""
    lying = beside(rng, mother, of, other)
    end_s = begin_s + hours * HOUR_S
    is_near = (mother.at_s >= begin_s - 2.5 * HOUR_S) & (mother.at_s <= end_s + 2 * HOUR_S)
    at_s = mother.at_s[is_near]
    before_h = np.maximum(begin_s - at_s, at_s - end_s) / HOUR_S
    # A kilometre in the last 40 minutes, then at some seven knots.
    off = np.interp(before_h, [0, 0.67, 2.5], [0, 1000, 25_000])
    angle = np.where(at_s < begin_s, *rng.uniform(0, 2 * np.pi, 2))
    return Way(
        at_s,
        lying.east[is_near] + off * np.sin(angle),
        lying.north[is_near] + off * np.cos(angle),
        lying.bow[is_near],
    ), (begin_s, end_s)


def moored(rng: Random, at_s: Floats, east: float, north: float) -> Way:
    """At a quay: what moves is the noise of the receiver."""
    return Way(at_s, np.full(at_s.size, east), np.full(at_s.size, north), np.full(at_s.size, 40.0))


# Scenes


def draughts(
    rng: Random, before: float, after: float, end_s: float, habit: str
) -> tuple[tuple[float, float], ...]:
    """As a crew enters it: soon after, late, or never."""
    late_h = {"soon": rng.uniform(0.2, 5), "late": rng.uniform(7, 40), "never": 1e6}[habit]
    return (0.0, before), (end_s + late_h * HOUR_S, after)


def transfer(
    fleet: Fleet, scene: str, place: tuple[float, float], lying: str, habits: tuple[str, str]
) -> Way:
    """A ship gives to another; the mother's way comes back, for neighbours round her."""
    rng = fleet.rng
    hours = float(rng.uniform(4, 30))
    begin_s = fleet.begin_s(hours)
    end_s = begin_s + hours * HOUR_S
    mother, other = fleet.ship(), fleet.ship()
    is_giver = bool(rng.random() < 0.5)
    full, empty = (14.2, 8.1), (8.3, 13.6)
    mother = mother._replace(
        draughts=draughts(rng, *(full if is_giver else empty), end_s, habits[0])
    )
    other = other._replace(draughts=draughts(rng, *(empty if is_giver else full), end_s, habits[1]))
    at_s = clock(begin_s - 20 * HOUR_S, hours + 70)
    way = (
        adrift(rng, at_s, rng.uniform(0.2, 1.4))
        if lying == "adrift"
        else anchored(rng, at_s, mother, tide(rng), 0, 0)
    )
    came, span_s = visit(rng, way, mother, other, hours, begin_s)
    # Somewhere else before and after, where she enters her draught: she drifts ten miles off.
    fleet.add(place, (mother, way), (other, longer(rng, came, 6, 44)))
    kind = "sts" if scene != "alongside" else "alongside"
    fleet.tell(
        scene, kind, mother, other, span_s=span_s, giver=mother.mmsi if is_giver else other.mmsi
    )
    return way


def longer(rng: Random, way: Way, before_h: float, after_h: float) -> Way:
    """With a drift before it and after it."""
    first = clock(way.at_s[0] - before_h * HOUR_S, before_h)
    last = clock(way.at_s[-1] + STEP_S, after_h)
    a, b = adrift(rng, first, 0.5), adrift(rng, last, 0.5)
    return Way(
        np.concatenate([first, way.at_s, last]),
        np.concatenate(
            [a.east - a.east[-1] + way.east[0], way.east, b.east - b.east[0] + way.east[-1]]
        ),
        np.concatenate(
            [a.north - a.north[-1] + way.north[0], way.north, b.north - b.north[0] + way.north[-1]]
        ),
        np.concatenate([a.bow, way.bow, b.bow]),
    )


def neighbours(
    fleet: Fleet, scene: str, place: tuple[float, float], off_m: float, count: int = 5
) -> None:
    """Tankers at anchor some hundred metres from each other for two days; none gives anything."""
    rng, of_tide = fleet.rng, tide(fleet.rng)
    at_s = clock(fleet.begin_s(48), 48)
    ships = [fleet.ship() for _ in range(count)]
    for i, of in enumerate(ships):
        spot = off_m * np.array([i % 3, i // 3]) + rng.normal(0, off_m / 12, 2)
        fleet.add(place, (of, anchored(rng, at_s, of, of_tide, *spot)))


def bunkers(fleet: Fleet, place: tuple[float, float]) -> None:
    """A bunker tanker serves a tanker at anchor."""
    rng, hours = fleet.rng, float(fleet.rng.uniform(4, 9))
    begin_s = fleet.begin_s(hours)
    large, small = fleet.ship(), fleet.ship(int(fleet.rng.integers(84, 112)))
    small = small._replace(draughts=draughts(rng, 5.6, 4.4, begin_s + hours * HOUR_S, "soon"))
    way = anchored(rng, clock(begin_s - 12 * HOUR_S, hours + 30), large, tide(rng), 0, 0)
    came, span_s = visit(rng, way, large, small, hours, begin_s)
    fleet.add(place, (large, way), (small, came))
    fleet.tell("bunkers", "bunkering", large, small, span_s=span_s)


def craft(fleet: Fleet, place: tuple[float, float]) -> None:
    """A tug, a pilot boat and a barge that sends a tanker's type lie beside a tanker."""
    rng = fleet.rng
    begin_s = fleet.begin_s(20)
    large = fleet.ship()
    way = anchored(rng, clock(begin_s - 6 * HOUR_S, 40), large, tide(rng), 0, 0)
    fleet.add(place, (large, way))
    for ship_type, length_m, hours in ((52, 32, 6.0), (50, 18, 0.6), (80, 60, 5.0)):
        small = fleet.ship(length_m, ship_type=ship_type)
        came, _ = visit(rng, way, large, small, hours, begin_s + rng.uniform(0, 8) * HOUR_S)
        fleet.add(place, (small, came))


def passing(fleet: Fleet, place: tuple[float, float]) -> None:
    """Tankers that go by at some hundred metres, at twelve knots and at one and a half."""
    rng = fleet.rng
    still, begin_s = fleet.ship(), fleet.begin_s(20)
    at_s = clock(begin_s, 20)
    fleet.add(place, (still, anchored(rng, at_s, still, tide(rng), 0, 0)))
    for knots in (12.0, 1.5):
        along = (at_s - at_s[at_s.size // 2]) * knots * KN
        off = np.full(at_s.size, float(rng.uniform(250, 450)))
        fleet.add(place, (fleet.ship(), Way(at_s, along, off, np.full(at_s.size, 90.0))))


def drifters(fleet: Fleet, place: tuple[float, float]) -> None:
    """Two tankers that wait adrift, and come within half a kilometre of each other by chance."""
    rng = fleet.rng
    at_s = clock(fleet.begin_s(14), 14)
    first = adrift(rng, at_s, 0.8)
    relative = rng.uniform(0.04, 0.2) * KN
    angle, along = rng.uniform(0, 2 * np.pi), (at_s - at_s[at_s.size // 2]) * relative
    miss = rng.uniform(150, 400)
    second = Way(
        at_s,
        first.east + along * np.sin(angle) + miss * np.cos(angle) + wander(rng, at_s.size, 40, 1),
        first.north + along * np.cos(angle) - miss * np.sin(angle) + wander(rng, at_s.size, 40, 1),
        rng.uniform(0, 360) + wander(rng, at_s.size, 25, 3),
    )
    fleet.add(place, (fleet.ship(), first), (fleet.ship(), second))


def jetty(fleet: Fleet, place: tuple[float, float]) -> None:
    """Two tankers on either side of a jetty in a port without a fence."""
    at_s = clock(fleet.begin_s(30), 30)
    fleet.add(place, *((fleet.ship(), moored(fleet.rng, at_s, x, 10.0)) for x in (0.0, 75.0)))


def twin(fleet: Fleet, place: tuple[float, float]) -> None:
    """One ship with two transmitters under two numbers, 12 m apart: she waits, and sails."""
    rng = fleet.rng
    at_s = clock(fleet.begin_s(30), 30)
    sailing = np.clip((at_s - at_s[0]) / HOUR_S - 22, 0, None) * HOUR_S * 11 * KN
    way = adrift(rng, at_s, 0.5)
    way = way._replace(east=way.east + sailing)
    of = fleet.ship()
    fleet.add(place, (of, way), (fleet.ship(of.length_m), way._replace(east=way.east + 12)))


SCENES: dict[str, tuple[int, Callable[[Fleet, int], object]]] = {
    "at anchor": (
        8,
        lambda f, i: transfer(f, "at anchor", OPEN_SEA[i], "anchored", ("soon", "late")),
    ),
    "adrift": (8, lambda f, i: transfer(f, "adrift", OPEN_SEA[8 + i], "adrift", ("late", "never"))),
    "in an anchorage": (
        6,
        lambda f, i: transfer(f, "in an anchorage", FUJAIRAH[i], "anchored", ("soon", "late")),
    ),
    "alongside": (
        3,
        lambda f, i: transfer(f, "alongside", FUJAIRAH[6 + i], "anchored", ("never", "never")),
    ),
    "bunkers": (5, lambda f, i: bunkers(f, FUJAIRAH[9 + i])),
    "neighbours": (
        5,
        lambda f, i: neighbours(f, "neighbours", OPEN_SEA[16 + i], f.rng.uniform(350, 700)),
    ),
    "roads": (3, lambda f, i: neighbours(f, "roads", FUJAIRAH[14 + i], f.rng.uniform(350, 700))),
    "craft": (3, lambda f, i: craft(f, OPEN_SEA[22 + i])),
    "passing": (3, lambda f, i: passing(f, OPEN_SEA[26 + i])),
    "drifters": (6, lambda f, i: drifters(f, OPEN_SEA[30 + i])),
    "jetty": (3, lambda f, i: jetty(f, JETTY[i])),
    "twin": (3, lambda f, i: twin(f, OPEN_SEA[38 + i])),
}
"""How many of each scene a world has, and what makes one."""


def build(seed: int) -> Fleet:
    """All scenes; the same seed gives the same ships and ways, however they are heard."""
    fleet = Fleet(seed)
    for count, make in SCENES.values():
        for i in range(count):
            make(fleet, i)
    return fleet
