"""A track by slots of ten minutes, and the pieces of it of which a detector says yes or no.

A slot has the first fix in it: a ship that reports every ten seconds is judged by as many fixes as
one that reports every ten minutes. Pieces of a fixed length begin every three hours of the clock,
whenever the track begins; one with too few fixes is passed over, and nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from flows.home.rules import rule
from geo.earth import EARTH_RADIUS_M

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

HOUR_US = 3_600_000_000
SLOT_US = int(rule("slot_min")) * 60_000_000
SLOTS_AN_HOUR = HOUR_US // SLOT_US
HOP_SLOTS = 3 * SLOTS_AN_HOUR
"""A piece begins every three hours: a choice, a quarter of the shortest piece."""
QUARTERS = 4
LEAST_SHARE_OF_HOURS = 0.5
"""In each quarter of a piece as many fixes as half of its hours, rounded up: a choice, so that a
fix an hour of which a third is lost is enough."""
HOLE_US = 6 * HOUR_US
"""A stretch goes on over a silence of six hours, in which satellites receive a ship about once."""


class Track(NamedTuple):
    """The fixes of a track, one a slot, in order of time. All arrays have shape (n,).

    ``at`` in microseconds; NaN where a measure is not available. ``is_flagged`` marks fixes that
    the plausibility test took aside.
    """

    at: Ints
    lon: Floats
    lat: Floats
    sog_kn: Floats
    cog_deg: Floats
    heading_deg: Floats
    is_flagged: Bools


class Pieces(NamedTuple):
    """Pieces of a track: ``rows`` of fixes, shape (pieces, slots), -1 for an empty slot; and the
    places in metres east and north of each piece's first fix, NaN there."""

    rows: Ints
    east_m: Floats
    north_m: Floats


class Stretch(NamedTuple):
    """Fixes from ``first`` to ``last`` of a track, and what a detector found in them.

    ``numbers`` has the columns of `stretches.NUMBERS` that the kind has.
    """

    kind: str
    first: int
    last: int
    numbers: dict[str, float]
    evidence: str


def east_north_m(lon: Floats, lat: Floats, lon0: Any, lat0: Any) -> tuple[Floats, Floats]:
    """Metres east and north of a point, on a plane: good to 1 % within some hundred km."""
    m_per_degree = np.radians(1.0) * EARTH_RADIUS_M
    east = (lon - lon0 + 180.0) % 360.0 - 180.0
    return east * m_per_degree * np.cos(np.radians(lat0)), (lat - lat0) * m_per_degree


def pieces_of(track: Track, hours: int) -> Pieces:
    """The pieces of so many hours that have fixes enough."""
    slots = hours * SLOTS_AN_HOUR
    if track.at.size == 0:
        return Pieces(*(np.empty((0, slots), dtype) for dtype in (np.int64, float, float)))
    slot = track.at // SLOT_US
    begin = slot[0] // HOP_SLOTS * HOP_SLOTS - slots + HOP_SLOTS
    grid = np.full(slot[-1] - begin + slots, -1, dtype=np.int64)
    grid[slot - begin] = np.arange(slot.size)
    rows = np.lib.stride_tricks.sliding_window_view(grid, slots)[::HOP_SLOTS]
    heard = (rows >= 0).reshape(len(rows), QUARTERS, slots // QUARTERS).sum(axis=2)
    least = np.ceil(LEAST_SHARE_OF_HOURS * hours / QUARTERS)
    rows = rows[(heard >= least).all(axis=1)]
    is_empty = rows < 0
    lon, lat = track.lon[rows], track.lat[rows]
    first = np.argmin(is_empty, axis=1)[:, None]
    east_m, north_m = east_north_m(
        lon, lat, np.take_along_axis(lon, first, 1), np.take_along_axis(lat, first, 1)
    )
    return Pieces(rows, np.where(is_empty, np.nan, east_m), np.where(is_empty, np.nan, north_m))


def values(column: npt.NDArray[Any], rows: Ints) -> Floats:
    """A column of a track in the places of pieces, NaN in empty slots."""
    return np.where(rows < 0, np.nan, column[rows])


def runs(rows: Ints, is_found: Bools) -> Iterator[tuple[int, int]]:
    """The first and last fix of each run of pieces that were found and overlap."""
    begin = end = -1
    for piece in rows[is_found]:
        heard = piece[piece >= 0]
        if begin >= 0 and heard[0] > end:
            yield begin, end
            begin = -1
        begin, end = int(heard[0]) if begin < 0 else begin, int(heard[-1])
    if begin >= 0:
        yield begin, end


def extended(track: Track, first: int, last: int, holds: Bools) -> tuple[int, int]:
    """A stretch with the fixes before and after it for which its law holds too."""
    while first > 0 and holds[first - 1] and track.at[first] - track.at[first - 1] <= HOLE_US:
        first -= 1
    end = track.at.size - 1
    while last < end and holds[last + 1] and track.at[last + 1] - track.at[last] <= HOLE_US:
        last += 1
    return first, last


def steps_m(track: Track) -> Floats:
    """The way from the fix before each fix; 0 for the first."""
    east, north = east_north_m(track.lon[1:], track.lat[1:], track.lon[:-1], track.lat[:-1])
    return np.concatenate([[0.0], np.hypot(east, north)])[: track.at.size]


def hours_of(track: Track, first: int, last: int) -> float:
    return float(track.at[last] - track.at[first]) / HOUR_US
