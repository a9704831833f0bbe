"""Traps that are laid on ships which sail already."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from flows.simulate.fleet import OVERLAYS, blocks, pairs
from flows.simulate.interference import (
    plant_circles,
    plant_clock_error,
    plant_drift,
    plant_echoes,
    plant_frozen,
    plant_jumps,
    plant_late_receiver,
    plant_spoofed_stay,
    plant_stuck_speed,
    plant_twin,
    swap_identities,
)
from flows.simulate.jamming import jam
from flows.simulate.tracks import OUT_AND_BACK_H, Heard, hide_static
from flows.simulate.voyages import Voyage

OUT_H = f"{OUT_AND_BACK_H - 6:g} to {OUT_AND_BACK_H - 2:g}"
"""Outside of 12 km; outside of the 5 km of a true call up to the rule's own hours."""

TRAPS: dict[str, str] = {
    "pass_by": "sails through a port's limit without a stop: no call",
    "pilot_stop": "stops for 20 to 40 minutes off a berth: no call",
    "waiting_outside": "waits two days over 15 km from any Iranian port: no call",
    "roads_then_berth": "anchors in the roads, then berths: one call of kind berth",
    "roads_only": "anchors in the roads and leaves: a call of kind anchorage",
    "harbour_shift": "goes from one berth to another of the same port: one call",
    "out_and_back": f"leaves for {OUT_H} hours and comes back: one call",
    "neighbours": "calls at two ports beside each other: two calls",
    "silent_berth": "is silent for one to three days in its berth: one call",
    "silent_departure": "is last heard in its berth, next far away two days later: one call",
    "first_heard_in_berth": "is first heard in its berth: one call",
    "still_in_port_at_end": "is in its berth when the data end: an open call",
    "week_edge": "reaches the port before midnight on a Sunday, its berth on Monday: one call",
    "month_edge": "reaches the port before midnight of a month's last day, its berth after it",
    "flag_change": "leaves the Russian flag: one IMO number, two MMSIs",
    "fix_jumps": "is thrown onto Iranian quays for one to three fixes: no call",
    "jamming": "thrown to one false place with the ships about it, for minutes to days: no call",
    "circles": "seems to go round a ring 30 to 300 km off for hours: no call",
    "drift_away": "seems to drift onto an Iranian berth, lies there and jumps back: no call",
    "spoofed_stay": "pretends to lie at anchor abroad while it loads in Iran: no call is heard",
    "shared_mmsi": "a second hull sends the same MMSI all the time: the calls of both",
    "still_twin": "a second transmitter with its MMSI lies in an Iranian berth for days: no call",
    "identity_swap": "two tankers exchange MMSI, IMO and name: calls under what is sent then",
    "sts_outside": "two tankers lie side by side for a day or more outside all ports: no call",
    "clock_error": "heard by a receiver whose clock is wrong: places right, times not",
    "static_silence": "sends no name, number or type for days",
    "hostile_names": "ships named as formulas, markup and CSV would be",
    "repeated_rows": "rows written twice, in one file or again in the next day's",
    "dirty_rows": "rows that no ship sent, or that a file has broken",
    "frozen_place": "its place stays frozen in its berth for hours after it left: one call",
    "stuck_speed": "reports one low speed all the time, under way and moored: calls as they are",
    "several_clocks": "some fixes again by five receivers with wrong clocks: one call each",
    "late_receiver": "half of its fixes by a receiver that is hours late: one call each",
}
"""Each trap by name, with what it holds for the true calls."""


def plant_roles(
    voyages: Sequence[Voyage], heard: list[Heard], traps: Sequence[str], seed: int
) -> None:
    """Lay what belongs to a voyage of its own on the ship that sails it; changes ``heard``."""
    rng = _trap_rng(seed, "spoofed_stay")
    ships = [voyage.ship for voyage in voyages]
    if "spoofed_stay" in traps:
        for i, ship in enumerate(ships):
            if ship.role.trap == "spoofed_stay":
                heard[i] = plant_spoofed_stay(voyages[i], heard[i], rng)
    if "identity_swap" in traps:
        for first, second in pairs(ships, "identity_swap"):
            heard[first], heard[second] = swap_identities(heard[first], heard[second])


def plant_overlays(
    voyages: Sequence[Voyage], heard: list[Heard], carriers: dict[str, list[int]], seed: int
) -> None:
    """Lay the traps that need no voyage of their own on plain ships; changes ``heard``.

    A ship carries one of `OVERLAYS` at most, so that each can be judged by its ships; silence and
    names, which move nothing, may come on top.
    """
    plain = [i for i, voyage in enumerate(voyages) if not voyage.ship.role.trap]
    tankers = [i for i in plain if voyages[i].ship.role.is_tanker]
    if "static_silence" in carriers:
        rng = _trap_rng(seed, "static_silence")
        for i in tankers[1::12]:
            heard[i] = hide_static(voyages[i], heard[i], rng)
            carriers["static_silence"].append(voyages[i].ship.mmsi)
    if "hostile_names" in carriers:
        carriers["hostile_names"] = [
            voyages[i].ship.mmsi for i in plain if not voyages[i].ship.name.startswith("SIM ")
        ]

    free = list(plain)
    ships_of_trap = _overlay_ships(len(voyages), len(plain), carriers)
    for trap, plant in LAID_ON_ONE_SHIP.items():
        rng = _trap_rng(seed, trap)
        # Tankers first: theirs are the calls that are counted. Not ships heard in passes only: of
        # hours of interference a receiver might get nothing.
        steady = [i for i in rng.permutation(free) if not voyages[i].ship.is_satellite]
        for i in sorted(steady, key=lambda i: not voyages[i].ship.role.is_tanker):
            if len(carriers.get(trap, [])) >= ships_of_trap.get(trap, 0):
                break
            planted = plant(voyages[i], heard[i], rng)
            if planted is not None:
                heard[i] = planted
                free.remove(i)
                carriers[trap].append(voyages[i].ship.mmsi)

    for trap in ("clock_error", "jamming"):
        if trap in carriers:
            rng = _trap_rng(seed, trap)
            pool = [int(i) for i in rng.permutation(free)[: ships_of_trap[trap]]]
            hit: list[int] = []
            if trap == "clock_error":
                for k in range(blocks(len(voyages))):
                    hit += plant_clock_error(voyages, heard, pool[k :: blocks(len(voyages))], rng)
            elif pool:
                hit = jam(heard, pool, voyages[0].chart, rng, max_events=len(pool))
            carriers[trap] = [voyages[i].ship.mmsi for i in hit]
            free = [i for i in free if i not in pool]


LAID_ON_ONE_SHIP: dict[str, Callable[[Voyage, Heard, np.random.Generator], Heard | None]] = {
    "fix_jumps": plant_jumps,
    "circles": plant_circles,
    "drift_away": plant_drift,
    "still_twin": plant_twin,
    "frozen_place": plant_frozen,
    "stuck_speed": plant_stuck_speed,
    "several_clocks": plant_echoes,
    "late_receiver": plant_late_receiver,
}


def _overlay_ships(ships: int, plain: int, traps: Collection[str]) -> dict[str, int]:
    """Share the plain ships among the traps laid on them; one ship at least for each."""
    full = {trap: n * blocks(ships) for trap, n in OVERLAYS.items() if trap in traps}
    share = min(1.0, plain / max(sum(full.values()), 1))
    return {trap: max(1, int(n * share)) for trap, n in full.items()}


def _trap_rng(seed: int, trap: str) -> np.random.Generator:
    """A generator of its own for each trap: one trap more or less leaves the others' draws."""
    return np.random.default_rng([seed, 2, list(TRAPS).index(trap)])
