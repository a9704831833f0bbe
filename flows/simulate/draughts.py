"""What crews enter as draught.

The draught of a static report is set by hand (ITU-R M.1371-5, table 52: a tenth of a metre, 25.5
for 25.5 and more, 0 for not available). Studies of such fields found many wrong or old (Harati-
Mokhtari et al., Automatic Identification System: Data Reliability and Human Error Implications,
Journal of Navigation 60, 2007). How many ships do what here is a choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flows.simulate.cargoes import Leg
from flows.simulate.hulls import Hull
from flows.simulate.voyages import HOUR_S

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
