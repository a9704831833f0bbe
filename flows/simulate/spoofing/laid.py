"""False tracks laid on the calls of tankers in Iran, and honest ones on their stays abroad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flows.simulate.jamming import displaced, in_iran
from flows.simulate.places import distance_km
from flows.simulate.spoofing.honest import HONEST
from flows.simulate.spoofing.kinds import KINDS, Shown, Stay
from flows.simulate.tracks import Heard, Ints, joined
from flows.simulate.voyages import HOUR_S, Voyage

OFF_KM = (60.0, 150.0)
"""So far from the terminal she begins, and ends, to send another track."""
LEAST_H, CHANGE_SHARE = 34.0, 0.2
"""Stays too short, or with hardly a cargo, are left alone: of these no row is to be expected."""
MOST_H = 20.0 * 24.0
HONEST_H = 30.0
LEAST_FIXES = 12


class Laid(NamedTuple):
    """What was laid on a ship, from when to when in seconds, and the port of her call, or ""."""

    mmsi: int
    kind: str
    from_s: float
    to_s: float
    port_id: str


def lay(
    voyages: Sequence[Voyage],
    heard: list[Heard],
    kinds: Sequence[str],
    free: Sequence[int],
    rng: np.random.Generator,
) -> list[Laid]:
    """Lay each of the kinds in turn on the next of these ships that has room; changes ``heard``.

    Raises
    ------
    ValueError
        If a kind is unknown.
    """
    unknown = sorted(set(kinds) - {*KINDS, *HONEST})
    if unknown:
        known = ", ".join([*KINDS, *HONEST])
        raise ValueError(f"--spoofing: no such kind: {', '.join(unknown)}; there are {known}")
    laid: list[Laid] = []
    for i in free:
        # A kind for which this ship has no room is tried on the next one.
        for kind in sorted(kinds, key=lambda name: (_count(laid, name), kinds.index(name))):
            made = (_spoofed if kind in KINDS else _honest)(voyages[i], heard[i], kind, rng)
            if made is not None:
                heard[i], what = made
                laid.append(what)
                break
    return laid


def _count(laid: Sequence[Laid], kind: str) -> int:
    return sum(one.kind == kind for one in laid)


def _spoofed(
    voyage: Voyage, heard: Heard, kind: str, rng: np.random.Generator
) -> tuple[Heard, Laid] | None:
    """A false track from before a call at a terminal to after it."""
    calls = [
        (stays, cargo)
        for stays, cargo in zip(joined(voyage.stays), voyage.cargoes, strict=True)
        if stays[0].ended_s < voyage.horizon_s
        and abs(cargo.draught_out_m - cargo.draught_in_m) >= _change_m(voyage)
    ]
    for number in rng.permutation(len(calls)).tolist():
        stays, _ = calls[number]
        first, last = stays[0], stays[-1]
        off_from_km, off_to_km = rng.uniform(*OFF_KM, 2)
        away_km = distance_km(heard.lon, heard.lat, last.lon, last.lat)
        before = np.flatnonzero((heard.true_s < first.began_s) & (away_km > off_from_km))
        after = np.flatnonzero((heard.true_s > last.ended_s) & (away_km > off_to_km))
        if not before.size or not after.size:
            continue
        rows = np.arange(before[-1] + 1, after[0])
        if not _is_long(heard, rows, LEAST_H) or not heard.is_true[rows].all():
            continue
        shown = KINDS[kind][1](voyage, _stay(heard, rows), rng)
        if shown is not None:
            return _with(heard, rows, shown), _laid(heard, rows, kind, last.place.port_id)
    return None


def _honest(
    voyage: Voyage, heard: Heard, kind: str, rng: np.random.Generator
) -> tuple[Heard, Laid] | None:
    """An honest stay in the place of one abroad: the draught changes there as it did."""
    stays = [
        stay
        for stay in voyage.stays
        if not in_iran(stay.place) and (kind != "moored" or stay.place.kind == "berth")
    ]
    for number in rng.permutation(len(stays)).tolist():
        stay = stays[number]
        inside = (heard.true_s >= stay.began_s) & (heard.true_s <= stay.ended_s)
        rows = np.flatnonzero(inside)
        if not _is_long(heard, rows, HONEST_H):
            continue
        shown = HONEST[kind][1](voyage, _stay(heard, rows), rng)
        if shown is not None:
            return _with(heard, rows, shown), _laid(heard, rows, kind, "")
    return None


def _change_m(voyage: Voyage) -> float:
    """The least change of the draught of a call that is spoofed; no ship without a hull has one."""
    hull = voyage.ship.hull
    return np.inf if hull is None else CHANGE_SHARE * 1.1 * hull.draught_m


def _is_long(heard: Heard, rows: Ints, least_h: float) -> bool:
    if rows.size < LEAST_FIXES:
        return False
    hours = (heard.true_s[rows[-1]] - heard.true_s[rows[0]]) / HOUR_S
    return bool(least_h <= hours <= MOST_H)


def _stay(heard: Heard, rows: Ints) -> Stay:
    return Stay(
        heard.true_s[rows].astype(np.float64),
        heard.lon[rows],
        heard.lat[rows],
        heard.sog_kn[rows],
        heard.cog_deg[rows],
    )


def _with(heard: Heard, rows: Ints, shown: Shown) -> Heard:
    sog_kn = np.where(np.isnan(shown.sog_kn), heard.sog_kn[rows], shown.sog_kn)
    cog_deg = np.where(np.isnan(shown.cog_deg), heard.cog_deg[rows], shown.cog_deg)
    moved = displaced(heard, rows, shown.lon, shown.lat, sog_kn=sog_kn, cog_deg=cog_deg)
    status, heading_deg = moved.nav_status.copy(), moved.heading_deg.copy()
    status[rows] = np.where(np.isnan(shown.nav_status), status[rows], shown.nav_status)
    keeps = np.isnan(shown.heading_deg) | np.isnan(heading_deg[rows])
    heading_deg[rows] = np.where(keeps, heading_deg[rows], shown.heading_deg)
    return moved._replace(nav_status=status, heading_deg=heading_deg)


def _laid(heard: Heard, rows: Ints, kind: str, port_id: str) -> Laid:
    from_s, to_s = float(heard.true_s[rows[0]]), float(heard.true_s[rows[-1]])
    return Laid(int(heard.mmsi[rows[0]]), kind, from_s, to_s, port_id)
