"""Interference events: where and when many ships were displaced to one place.

One ship that jumps may have a fault of its own. Several that jump to the same few kilometres within
hours of each other all received a wrong position, and so may a ship whose own track leaves room for
a visit there. Where reception is so thin that every jump leaves room for a voyage, the number of
ships is the evidence: far more at once than ever come to the port.
"""

from __future__ import annotations

import math
from itertools import pairwise, product
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from flows.home.rules import rule
from geo.earth import great_circle_m

_Ints: TypeAlias = npt.NDArray[np.int64]
_Floats: TypeAlias = npt.NDArray[np.float64]

MIN_SHIPS = int(rule("interference_ships"))
"""From this many ships on a common place is no accident: two may share an MMSI, or a fault."""
CELL_DEG = rule("interference_cell_deg")
"""Places this far apart, some 5 km, are neighbours: a jammed receiver scatters by a kilometre or
so, and spoofed rings reach a few."""
WINDOW_US = int(rule("interference_window_h") * 3_600 * 1_000_000)
"""Times this far apart are neighbours: satellites hear a ship every six hours."""
REACH_SHARE = 0.95
"""The radius of an event holds this share of its fixes."""


CROWD_US = int(rule("crowd_window_h") * 3_600 * 1_000_000)
"""Arrivals within a day are held against what is usual at the port."""
CROWD_CHANCE = 1 / rule("crowd_chance_one_in")
"""A crowd is a number of arrivals that chance brings less often than this. A year has some ten
thousand port days, so that chance alone makes about one."""


class Events(NamedTuple):
    """Interference events, in order of time and place. All but the last have shape (n,).

    lon, lat: median place, degrees. radius_m: holds `REACH_SHARE` of the fixes. began_us,
    ended_us: first and last displaced fix, microseconds since 1970, UTC. ships: distinct MMSIs.
    fixes: displaced fixes. event: of each fix that was given, the number of its event from 0, -1
    for none.
    """

    lon: _Floats
    lat: _Floats
    radius_m: _Floats
    began_us: _Ints
    ended_us: _Ints
    ships: _Ints
    fixes: _Ints
    event: _Ints


def find_interference(
    mmsi: _Ints,
    at_us: _Ints,
    lon: _Floats,
    lat: _Floats,
    is_certain: npt.NDArray[np.bool_],
) -> Events:
    """The interference events in displaced fixes.

    Parameters
    ----------
    mmsi : array of int
        Shape (n,), the ship of each displaced fix, in any order.
    at_us : array of int
        Microseconds since 1970, UTC.
    lon, lat : array of float
        Degrees, WGS 84.
    is_certain : array of bool
        False for a fix that a ship can have made, but that nothing near it confirms.

    Returns
    -------
    Events
        One for each place and time at which at least `MIN_SHIPS` ships, one of them for certain,
        were displaced to neighbouring cells within neighbouring windows, with the displaced fixes
        beside them. The order of the fixes changes only the order of `event`.

    Examples
    --------
    Three ships at one place within an hour, and one elsewhere:

    >>> hour = 3_600_000_000
    >>> events = find_interference(
    ...     np.array([1, 2, 3, 4]), np.array([0, 1, 1, 2]) * hour,
    ...     np.array([56.01, 56.02, 56.01, 50.3]), np.array([27.11, 27.11, 27.12, 29.2]),
    ...     np.array([True, False, False, True]))
    >>> events.ships.tolist(), events.event.tolist()
    ([3], [0, 0, 0, -1])
    """
    # One number a cell: a table of three would be sorted by rows, at several times the memory.
    numbers = (at_us // WINDOW_US << 2 * _CELL_BITS) + (_cell(lon) << _CELL_BITS) + _cell(lat)
    cells, cell_of = np.unique(numbers, return_inverse=True)
    component = _components(cells, cell_of, mmsi, is_certain)[cell_of]
    by_component = np.argsort(component, kind="stable")
    starts = np.searchsorted(component[by_component], np.arange(component.max(initial=-1) + 2))
    members = [by_component[a:b] for a, b in pairwise(starts.tolist())]
    described = [_describe(mmsi[rows], at_us[rows], lon[rows], lat[rows]) for rows in members]
    order = sorted(range(len(members)), key=lambda index: described[index])
    event = np.full(mmsi.size, -1, dtype=np.int64)
    for number, index in enumerate(order):
        event[members[index]] = number
    columns: list[Any] = list(zip(*(described[index] for index in order), strict=True)) or [()] * 7
    began, ended, middle_lon, middle_lat, radius, ships, fixes = columns
    return Events(
        np.array(middle_lon, dtype=np.float64),
        np.array(middle_lat, dtype=np.float64),
        np.array(radius, dtype=np.float64),
        np.array(began, dtype=np.int64),
        np.array(ended, dtype=np.int64),
        np.array(ships, dtype=np.int64),
        np.array(fixes, dtype=np.int64),
        event,
    )


_CELL_BITS = 14
_AROUND = tuple(
    (window << 2 * _CELL_BITS) + (x << _CELL_BITS) + y
    for window, x, y in product((-1, 0, 1), repeat=3)
)


def _cell(degrees: _Floats) -> _Ints:
    """The number of the column or row of cells, above 0 for every place."""
    number: _Ints = np.floor(degrees / CELL_DEG).astype(np.int64) + 2 ** (_CELL_BITS - 1)
    return number


def _components(
    cells: _Ints, cell_of: _Ints, mmsi: _Ints, is_certain: npt.NDArray[np.bool_]
) -> _Ints:
    """The number of the event of each cell, -1 for none.

    A cell with enough ships in and around it is the core of an event; cores beside each other are
    one event, and cells beside a core belong to it.
    """
    ships: list[set[int]] = [set() for _ in range(len(cells))]
    # An MMSI has 30 bits. Each ship once a cell: a displaced ship may report every second.
    for cell, ship in (divmod(one, 2**30) for one in np.unique((cell_of << 30) + mmsi).tolist()):
        ships[cell].add(ship)
    index = {cell: number for number, cell in enumerate(cells.tolist())}
    around = [[index[near] for step in _AROUND if (near := cell + step) in index] for cell in index]
    certain = set(np.unique(cell_of[is_certain]).tolist())
    is_core = [
        len(set().union(*(ships[near] for near in nears))) >= MIN_SHIPS
        and not certain.isdisjoint(nears)
        for nears in around
    ]
    component = np.full(len(cells), -1, dtype=np.int64)
    count = 0
    for start in range(len(cells)):
        if not is_core[start] or component[start] >= 0:
            continue
        component[start] = count
        waiting = [start]
        while waiting:
            for near in around[waiting.pop()]:
                if component[near] < 0:
                    component[near] = count
                    if is_core[near]:
                        waiting.append(near)
        count += 1
    return component


def _describe(
    mmsi: _Ints, at_us: _Ints, lon: _Floats, lat: _Floats
) -> tuple[int, int, float, float, float, int, int]:
    """Begin, end, place, radius, ships and fixes of an event."""
    middle_lon, middle_lat = float(np.median(lon)), float(np.median(lat))
    return (
        int(at_us.min()),
        int(at_us.max()),
        middle_lon,
        middle_lat,
        reach_m(lon, lat, middle_lon, middle_lat),
        int(np.unique(mmsi).size),
        int(mmsi.size),
    )


def reach_m(lon: _Floats, lat: _Floats, middle_lon: float, middle_lat: float) -> float:
    """The radius about a place that holds `REACH_SHARE` of some points, metres.

    Examples
    --------
    >>> round(reach_m(np.array([56.0, 56.0]), np.array([27.0, 27.01]), 56.0, 27.0))
    1112
    """
    away_m = np.sort(great_circle_m(lon, lat, middle_lon, middle_lat))
    return float(away_m[int(np.ceil(REACH_SHARE * away_m.size)) - 1])


def find_crowds(at_us: _Ints, is_glimpse: npt.NDArray[np.bool_], span_us: int) -> _Ints:
    """Glimpses of ships at one port in numbers in which they never come there.

    Parameters
    ----------
    at_us : array of int
        Shape (n,), sorted: when each call at the port began, microseconds since 1970, UTC.
    is_glimpse : array of bool
        Whether a single fix is all that shows the call, and no fix close by confirms it.
    span_us : int
        How long the port could have been called at: the length of the data.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        The number of the crowd of each call from 0, in order of time, -1 for none. A crowd is of
        glimpses, `MIN_SHIPS` or more within `CROWD_US`. What is usual comes from the glimpses at
        other times, and from the calls beside them: where many ships come, some are hardly heard.

    Examples
    --------
    Two calls a week for a month, and five ships glimpsed within a day:

    >>> day = 86_400_000_000
    >>> at = np.array([1, 4, 8, 11, 15, 18, 22, 25, 26.0, 26.1, 26.2, 26.3, 26.4, 28]) * day
    >>> is_glimpse = (at > 25.5 * day) & (at < 27 * day)
    >>> find_crowds(at.astype(np.int64), is_glimpse, 28 * day).tolist()
    [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, -1]
    """
    glimpses = np.flatnonzero(is_glimpse)
    crowd = np.full(at_us.size, -1, dtype=np.int64)
    days = max(span_us, CROWD_US) / CROWD_US
    in_crowd = np.zeros(glimpses.size, dtype=np.bool_)
    for first, start in enumerate(at_us[glimpses].tolist()):
        last = int(np.searchsorted(at_us[glimpses], start + CROWD_US, side="right"))
        ships = last - first
        if ships < MIN_SHIPS:
            continue
        other_glimpses = glimpses.size - ships
        stays = at_us.size - glimpses.size
        beside = np.searchsorted(at_us, start + CROWD_US, side="right")
        beside -= np.searchsorted(at_us, start, side="left") + ships
        usual = (other_glimpses + 1) / days + beside * (other_glimpses + 1) / (stays + 1)
        if _poisson_tail(ships, usual) < CROWD_CHANCE:
            in_crowd[first:last] = True
    crowded = glimpses[in_crowd]
    if crowded.size:
        crowd[crowded] = np.cumsum(np.diff(at_us[crowded], prepend=at_us[crowded[0]]) > CROWD_US)
    return crowd


def _poisson_tail(count: int, mean: float) -> float:
    """The chance of `count` or more where `mean` are usual."""
    term = math.exp(-mean)
    below = 0.0
    for number in range(count):
        below += term
        term *= mean / (number + 1)
    return max(1.0 - below, 0.0)
