"""Fixes as sorted columns, what a ship can sail, and the thresholds of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from flows.home.rules import rule
from geo.earth import EARTH_RADIUS_M, M_PER_NM, great_circle_m

Fixes: TypeAlias = pd.DataFrame | Mapping[str, npt.NDArray[Any]]
Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

MAX_SPEED_KN = rule("max_speed_kn")
"""Faster than this nothing that calls at a tanker port sails.

Tankers make 12 to 16 knots, fast container ships and ferries stay below 30. Global Fishing Watch
cuts at 25 (gpsdio_segment/core.py, DEFAULT_MAX_KNOTS); 30 leaves room for the current and for
ships that are no tankers.
"""
TIME_SLACK_S = 60.0
"""Public sources give whole minutes, so a time between two fixes can be a minute short."""
POSITION_SLACK_M = 1_000.0
"""Antennas, rounding and ordinary GPS error together stay well below a kilometre."""
UNDER_WAY_KN = 5.0
"""Reports above this are of a ship under way; those below are of one that manoeuvres or swings."""

SLOT_US = int(rule("slot_min") * 60 * 1_000_000)
CELL_DEGREES = rule("slot_cell_deg")
"""Fixes of one MMSI within ten minutes and about 5 km of each other are judged as one.

All costs and counts below were set on fixes some ten minutes apart. In that time a ship makes 9 km
at most, so nothing that is displaced further is hidden.
"""
STRONG = 16
"""From this many fixes on a piece is as good as any longer one: more fixes add no proof."""
FEW = 3
"""So few fixes are noise where only `STRONG` neighbours stand beside them and exclude them."""
STRAY_NEAR_M = 20_000.0
"""A fix so near outside a place shows that the ship sailed there and was not displaced."""
SPOT_M = 5_000.0
"""Pieces within this of each other are one place: scatter of jammed receivers, swing at anchor."""
RING_M = 10_000.0
"""So wide is a place where fixes go round: spoofed rings reach a few kilometres. A ship that sails
is out of it within an hour."""
MIXED_SHARE = 0.2
"""Where IMO numbers change in more than this share of the steps within pieces, they come from a
join by MMSI and not from the hull: two numbers at random change in half of the steps."""

BLOCK = 1 << 17  # steps measured at a time, so that they stay in the processor's cache
KN = M_PER_NM / 3600.0  # metres in a second
M_PER_US = MAX_SPEED_KN * KN / 1e6
SLACK_M = POSITION_SLACK_M + MAX_SPEED_KN * KN * TIME_SLACK_S
M_PER_DEGREE = EARTH_RADIUS_M * np.pi / 180.0
HOUR_US = 3_600_000_000


def microseconds(times: npt.ArrayLike) -> Ints:
    """Times as whole microseconds since 1970, UTC.

    Parameters
    ----------
    times : array_like of datetime64, or naive datetimes
        Shape (n,), UTC. NaT gives the smallest int64.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)

    Examples
    --------
    >>> microseconds(np.array(["1970-01-01T00:00:01"], dtype="datetime64[s]"))
    array([1000000])
    """
    return np.asarray(times).astype("datetime64[us]", copy=False).view(np.int64)


def as_times(microseconds_: Ints, known: Bools | None = None) -> npt.NDArray[np.datetime64]:
    """Microseconds as times, NaT where not known."""
    times = microseconds_.view("datetime64[us]")
    return times if known is None else np.where(known, times, np.datetime64("NaT", "us"))


def column(fixes: Fixes, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """One column of a table of fixes as an array, without a copy where the type fits.

    Raises
    ------
    KeyError
        If the table has no such column.

    Examples
    --------
    >>> column({"lon": np.array([56, 57])}, "lon", np.float64)
    array([56., 57.])
    """
    return np.asarray(fixes[name]).astype(dtype, copy=False)


def is_within(
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
    metres: npt.ArrayLike,
) -> Bools:
    """Whether points are at most so far apart: `great_circle_m`, mostly without trigonometry.

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : array_like of float
        Degrees, WGS 84, shape (n,); the second point may be one for all.
    metres : array_like of float
        Shape (n,) or one for all.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        True up to and at the distance. A NaN coordinate gives False.

    Examples
    --------
    >>> is_within([56.0, 56.0], [26.0, 26.0], [56.0, 56.0], [26.004, 26.01], 500.0)
    array([ True, False])
    """
    x1, y1 = np.asarray(lon1, dtype=np.float64), np.asarray(lat1, dtype=np.float64)
    x2, y2 = np.asarray(lon2, dtype=np.float64), np.asarray(lat2, dtype=np.float64)
    limit_m = np.asarray(metres, dtype=np.float64)
    # Degrees of longitude are longest at the equator, and no way is shorter than its latitude.
    north_m = np.abs(y2 - y1) * M_PER_DEGREE
    within: Bools = np.abs(x2 - x1) * M_PER_DEGREE + north_m <= limit_m
    rest = np.flatnonzero(~within & (north_m <= limit_m + 1.0))
    if rest.size:
        x2, y2, limit_m = (np.broadcast_to(values, x1.shape)[rest] for values in (x2, y2, limit_m))
        within[rest] = great_circle_m(x1[rest], y1[rest], x2, y2) <= limit_m
    return within


def can_sail(
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
    elapsed_us: npt.ArrayLike,
    error_m: npt.NDArray[np.float64] | float = 0.0,
) -> Bools:
    """Whether a ship can have made each way in the time given.

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : array_like of float
        Degrees, WGS 84, shape (n,).
    elapsed_us : array_like of int
        Microseconds between the two fixes at most, not negative, shape (n,).
    error_m : array of float, or float
        By how much the two places together may be further off than receivers', metres.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        True up to and at `MAX_SPEED_KN` after `TIME_SLACK_S` and `POSITION_SLACK_M`. A NaN
        coordinate gives False.

    Examples
    --------
    Sixty kilometres take more than an hour, and less than two:

    >>> can_sail([56.0, 56.0], [26.0, 26.0], [56.0, 56.0], [26.54, 26.54], [36e8, 72e8])
    array([False,  True])
    """
    reach_m = np.asarray(elapsed_us, dtype=np.float64) * M_PER_US + SLACK_M + error_m
    return is_within(lon1, lat1, lon2, lat2, reach_m)


class Table(NamedTuple):
    """Fixes as columns, in order of mmsi, time and place."""

    mmsi: Ints
    at: Ints
    lon: Floats
    lat: Floats
    sog: npt.NDArray[np.float32]
    imo: Ints
    error_m: Floats  # how far off the place may be, beyond a receiver's error; see geo.exactness
    step_us: Ints  # how much later the fix may have been made

    def rows(self, which: Any) -> Table:
        """The rows of a mask or of an array of indices."""
        return Table(*(values[which] for values in self))

    def can_sail(self, start: Ints, end: Ints) -> Bools:
        """Whether a ship can have gone from the fixes in rows `start` to those in rows `end`."""
        return can_sail(
            self.lon[start],
            self.lat[start],
            self.lon[end],
            self.lat[end],
            self.longest_us(start, end),
            self.error_m[start] + self.error_m[end],
        )

    def longest_us(self, start: Ints, end: Ints) -> Ints:
        """The longest time between fixes that is allowed for: half a step more than they give.

        Each was made somewhere in its step. At `MAX_SPEED_KN` half a step takes a ship as far as a
        whole one at 15 knots, the service speed of tankers; to allow for more lets interference of
        some 50 km pass for a way that was sailed.
        """
        longest: Ints = np.maximum(self.step_us[start], self.step_us[end]) // 2
        longest += self.at[end] - self.at[start]
        return longest

    def slack_m(self, start: Ints, end: Ints) -> Floats:
        """What the errors of fixes add to the way between them at most."""
        return np.asarray(SLACK_M + self.error_m[start] + self.error_m[end])

    def metres(self, start: Ints, end: Ints) -> Floats:
        """How far the fixes in rows `start` are from those in rows `end`."""
        return great_circle_m(self.lon[start], self.lat[start], self.lon[end], self.lat[end])


class PieceTable(NamedTuple):
    """Runs of fixes that belong together, in track and time order."""

    mmsi: Ints
    head: Ints  # row of the first fix
    tail: Ints  # row of the last fix
    fixes: Ints
    imo: Ints  # 0 where none was sent
    own_kn: Floats  # how fast the ship is expected to sail
    extent_m: Floats
    proof: Floats  # what it costs a path to leave the piece aside
    is_frozen: Bools  # the place is reported when the ship cannot be there, see `_frozen_ends`
    is_doubtful: Bools  # it may be: the place was frozen from the first fix there on

    def rows(self, which: Any) -> PieceTable:
        """The pieces of a mask or of an array of indices."""
        return PieceTable(*(values[which] for values in self))


def row_order(table: Table) -> Ints | None:
    """The rows in order of mmsi, time, place and the rest; None where they are so."""
    up = table.mmsi[1:] > table.mmsi[:-1]
    same = table.mmsi[1:] == table.mmsi[:-1]
    up |= same & (table.at[1:] > table.at[:-1])
    tied = np.flatnonzero(~up)
    is_tied = same[tied] & (table.at[tied + 1] == table.at[tied])
    east = table.lon[tied + 1] - table.lon[tied]
    north = table.lat[tied + 1] - table.lat[tied]
    if np.all(is_tied & ((east > 0) | ((east == 0) & (north > 0)))):
        return None
    return np.lexsort((table.imo, table.sog, table.lat, table.lon, table.at, table.mmsi))


def thinned(table: Table) -> tuple[Ints, Ints]:
    """The fixes that stand for all, and which of them stands for each: the first in slot and cell.

    What is weighed, how far back is looked, and what counts as a step are all in fixes. So that a
    receiver on land, which hears a ship every few seconds, finds what one fix in ten minutes does,
    the fixes of one MMSI within `SLOT_US` and a cell of `CELL_DEGREES` are one.
    """
    cells = [np.trunc(values / CELL_DEGREES) for values in (table.lat, table.lon)]
    keys = (*cells, table.at // SLOT_US, table.mmsi)
    order = np.lexsort(keys)
    is_new = np.ones(order.size, dtype=np.bool_)
    is_new[1:] = np.any([key[order[1:]] != key[order[:-1]] for key in keys], axis=0)
    first = order[is_new]  # lexsort is stable: the earliest of each
    by_time = np.argsort(first)
    place = np.empty_like(by_time)
    place[by_time] = np.arange(first.size)
    group = np.empty_like(order)
    group[order] = place[np.cumsum(is_new) - 1]
    return first[by_time], group


def most_common(values: Ints) -> int:
    """The value that occurs most often, the lowest of several."""
    distinct, count = np.unique(values, return_counts=True)
    return int(distinct[count.argmax()])


def rows_of(pieces: PieceTable, which: Ints) -> Ints:
    """The rows of the fixes of pieces, in order."""
    fixes = pieces.fixes[which]
    within = np.arange(int(fixes.sum())) - np.repeat(np.cumsum(fixes) - fixes, fixes)
    return np.repeat(pieces.head[which], fixes) + within


def extent_of_m(table: Table, rows: Ints) -> float:
    """The diagonal of the box round some fixes."""
    lon, lat = table.lon[rows], table.lat[rows]
    return float(great_circle_m(lon.min(), lat.min(), lon.max(), lat.max()))
