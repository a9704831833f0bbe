"""The simulated hulls: size, weight and how deep they lie, ship by ship.

`data/simulator/hulls.csv` has published values of well-known classes; each ship differs from its
class. Nothing here is read from the curves that the program uses, and the formula is another one.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np

from flows.home.resources import data_path
from flows.simulate.places import CASPIAN, GULF

SEA_T_M3 = 1.025
"""Density of the sea water for which load lines are assigned (Load Lines 1966)."""

WATER_T_M3 = {GULF: (1.024, 1.030), CASPIAN: (1.006, 1.011)}
"""Lowest and highest density of the water at berths. Salinity of 39 to 41 g/kg and 12 to 13 g/kg at
15 to 32 degrees: general knowledge, unverified."""

PERPENDICULARS = {GULF: 0.965, CASPIAN: 0.97}
"""Length between perpendiculars over length overall: general knowledge, unverified."""


class HullClass(NamedTuple):
    """A row of the table: published values of a class, metres, tonnes and cubic metres.

    ``share`` is how often a ship of that water and cargo is of the class; ``tank_m3`` is NaN for
    dry cargo.
    """

    hull_class: str
    water: str
    cargo: str
    share: float
    length_m: float
    beam_m: float
    draught_m: float
    deadweight_t: float
    lightship_t: float
    tank_m3: float


class Hull(NamedTuple):
    """One ship's hull. ``draught_m`` is its summer draught, ``displaced_t`` what it displaces there
    in sea water. ``flare`` is C_WP / C_B, ``taper`` the power with which the waterplane narrows,
    and ``ballast_draught_m`` how deep the crew at least keeps it without cargo."""

    hull_class: str
    water: str
    length_m: float
    beam_m: float
    draught_m: float
    displaced_t: float
    flare: float
    taper: float
    lightship_t: float
    deadweight_t: float
    tank_m3: float
    ballast_draught_m: float


def load_classes(data_dir: Path | None = None) -> list[HullClass]:
    """Read ``hulls.csv`` from a folder, by default ``data/simulator``."""
    folder = data_path("simulator") if data_dir is None else data_dir
    with (folder / "hulls.csv").open(encoding="utf-8", newline="") as file:
        return [
            HullClass(
                row["hull_class"],
                row["water"],
                row["cargo"],
                *(float(row[name] or "nan") for name in HullClass._fields[3:]),
            )
            for row in csv.DictReader(file)
        ]


def class_of(
    classes: list[HullClass], water: str, is_tanker: bool, rng: np.random.Generator
) -> HullClass:
    """Draw the class of a ship."""
    cargo = "oil" if is_tanker else "dry"
    fitting = [one for one in classes if one.water == water and one.cargo == cargo]
    reached = np.cumsum([one.share for one in fitting])
    lot = int(rng.integers(0, int(reached[-1])))
    return fitting[int(np.searchsorted(reached, lot, side="right"))]


def build_hull(kind: HullClass, rng: np.random.Generator) -> Hull:
    """Make a ship of a class: sizes within some percent of it, weights by its own form.

    The spreads are choices: yards build a class with lengths, draughts and steel weights of their
    own; general knowledge, unverified. The waterplane is largest at the summer draught, C_WP there,
    and narrows towards the keel with a power of the height that each ship has of its own, so that
    the volume below it is that of C_B. C_WP = 0.18 + 0.86 C_P (Schneekluth and Bertram, Ship Design
    for Efficiency and Economy, 1998, section 2.10), with C_P = C_B / 0.995 for full midships.
    """
    between_m = PERPENDICULARS[kind.water]
    box_t = SEA_T_M3 * between_m * kind.length_m * kind.beam_m * kind.draught_m
    block = (kind.deadweight_t + kind.lightship_t) / box_t + rng.normal(0.0, 0.012)
    # The canals' locks set length and beam of river-sea ships; seagoing ones vary more.
    is_locked = kind.water == CASPIAN
    length_m = kind.length_m * (1.0 + rng.normal(0.0, 0.005 if is_locked else 0.02))
    beam_m = kind.beam_m * (1.0 + rng.normal(0.0, 0.004 if is_locked else 0.012))
    draught_m = kind.draught_m * (1.0 + rng.normal(0.0, 0.025))
    displaced_t = SEA_T_M3 * between_m * length_m * beam_m * draught_m * block
    lightship_t = kind.lightship_t * (length_m / kind.length_m) * (1.0 + rng.normal(0.0, 0.07))
    deadweight_t = displaced_t - lightship_t
    waterplane = 0.18 + 0.86 * block / 0.995 + rng.normal(0.0, 0.012)
    # Seagoing tankers without cargo lie at about half of their full draught; river-sea ships, which
    # are shallow, at six tenths (general knowledge, unverified).
    usual = rng.normal(0.60, 0.05) if is_locked else rng.normal(0.52, 0.04)
    return Hull(
        kind.hull_class,
        kind.water,
        round(length_m, 1),
        round(beam_m, 1),
        draught_m,
        displaced_t,
        max(waterplane / block, 1.0),
        rng.uniform(1.0, 4.0),
        lightship_t,
        round(deadweight_t, -1),
        kind.tank_m3 * (deadweight_t / kind.deadweight_t) * (1.0 + rng.normal(0.0, 0.02)),
        max(usual * draught_m, _least_ballast_m(between_m * length_m)),
    )


def _least_ballast_m(between_m: float) -> float:
    """What MARPOL Annex I, regulation 18, demands of oil tankers of 150 m and more, metres."""
    return 2.0 + 0.02 * between_m if between_m >= 150.0 else 0.0


def displacement_t(hull: Hull, draught_m: float, water_t_m3: float) -> float:
    """What a hull displaces at a draught, t.

    >>> at_sea = displacement_t(EXAMPLE, EXAMPLE.draught_m, SEA_T_M3)
    >>> round(at_sea) == round(EXAMPLE.displaced_t)
    True
    """
    share, _ = _immersed(hull, draught_m / hull.draught_m)
    return hull.displaced_t * water_t_m3 / SEA_T_M3 * share


def draught_at_m(hull: Hull, weight_t: float, water_t_m3: float) -> float:
    """How deep a hull of this weight lies, m: the inverse of `displacement_t`, by Newton's method.

    >>> round(draught_at_m(EXAMPLE, displacement_t(EXAMPLE, 7.3, 1.01), 1.01), 6)
    7.3
    """
    wanted = weight_t / (hull.displaced_t * water_t_m3 / SEA_T_M3)
    depth = wanted
    for _ in range(20):
        share, slope = _immersed(hull, depth)
        depth -= (share - wanted) / slope
    return hull.draught_m * depth


def _immersed(hull: Hull, depth: float) -> tuple[float, float]:
    """The share of the volume below the summer draught that lies below a part of that draught, and
    its slope, which is the waterplane's area: see `build_hull`."""
    if depth >= 1.0:
        return 1.0 + hull.flare * (depth - 1.0), hull.flare
    narrower = (hull.flare - 1.0) * (1.0 - (1.0 - depth) ** (hull.taper + 1.0))
    slope = hull.flare - (hull.flare - 1.0) * (hull.taper + 1.0) * (1.0 - depth) ** hull.taper
    return hull.flare * depth - narrower, slope


EXAMPLE = Hull("mr", GULF, 183.0, 32.2, 13.2, 60_800.0, 1.1, 2.0, 10_800.0, 50_000.0, 53_000.0, 6.9)
"""A medium range tanker as its class is, for the examples here."""
