"""The confidence of a call: whether arrival, stop and departure were received."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from flows.home.rules import rule
from geo.earth import M_PER_NM, great_circle_m
from geo.plausibility import DISPUTED
from geo.stays import HOUR_US, Bools, Floats, Ints, StayTable, Table, neighbour

ROOM_KN = (8.0, 15.0)
"""A ship is taken to have come to a berth and gone at the median of its speeds under way, within
these bounds: a small coaster's, and the service speed of a tanker, which stands where none is
known.
"""
SAILING_KN = 5.0
"""Reports above this are of a ship on passage; those below of one that manoeuvres or swings."""
ROOM_US = HOUR_US
"""The time that must remain for a single still fix to stand for a stop."""
SEEN_WITHIN_US = int(rule("heard_within_h") * HOUR_US)
"""An arrival or departure is seen if the fixes on its two sides are at most this far apart.

The hearing window of `coverage`. Global Fishing Watch takes 4 hours for a gap
(min_gap_minutes = 240), too short for satellites that pass every six.
"""


class OutsideFixes(NamedTuple):
    """The fixes just outside each call, or the call's own where there is none."""

    before: Ints
    after: Ints
    is_before: Bools
    is_after: Bools
    saw_arrival: Bools
    saw_departure: Bools


def fixes_outside(table: Table, stays: StayTable) -> OutsideFixes:
    """The credible fixes before and after each call, where they are outside its limit.

    After a silence that ended a call the fix just before is inside: then there is none.
    """
    first, last = stays.first, stays.last
    before, is_before = neighbour(table.track, first, -1)
    after, is_after = neighbour(table.track, last, 1)
    is_before &= table.port[before] != table.port[first]
    is_after &= table.port[after] != table.port[last]
    return OutsideFixes(
        before,
        after,
        is_before,
        is_after,
        saw_arrival=is_before
        & (table.at[first] - table.at[before] <= SEEN_WITHIN_US)
        & (table.verdict[before] != DISPUTED),
        saw_departure=is_after
        & (table.at[after] - table.at[last] <= SEEN_WITHIN_US)
        & (table.verdict[after] != DISPUTED),
    )


def confidence_of(table: Table, stays: StayTable, passed_over: Ints) -> npt.NDArray[np.int8]:
    """The confidence of each call, 1 to 4, after Global Fishing Watch's port visits. Shape (n,).

    There: 4 for entry, stop and exit, 3 without one of the two, 2 for a stop alone
    (pipe_anchorages/transforms/create_port_visits.py, compute_confidence).
    """
    first, last = stays.first, stays.last
    outside = fixes_outside(table, stays)
    confidence = 2 + outside.saw_arrival.astype(np.int8) + outside.saw_departure
    no_hour = stays.lying == 0
    one_fix = no_hour & (stays.moored == 1)
    has_room = room_beside(table, np.minimum(stays.berth_row, last)[one_fix])
    confidence[one_fix] = np.where(has_room, 2, 1)
    # Interference: an unexplained jump at a fix of the call makes it contested. More
    # implausible fixes than credible ones, from the fix before the call to the one after, make it
    # less sure, since arrival and departure may be jammed too.
    before, after = neighbour(table.track, first, -1)[0], neighbour(table.track, last, 1)[0]
    jammed = passed_over[after] - passed_over[before] > last - first + 1
    unknown = no_hour & (stays.moored == 0)
    confidence[jammed & (confidence > 2)] -= 1
    confidence[unknown | (stays.disputed > 0)] = 1
    return confidence.astype(np.int8)


def room_beside(table: Table, rows: Ints) -> Bools:
    """Whether the fixes before and after leave time to come, stop and go.

    True at the ends of a track.
    """
    before, is_before = neighbour(table.track, rows, -1)
    after, is_after = neighbour(table.track, rows, 1)
    lon, lat = table.lon, table.lat
    way_m = great_circle_m(lon[before], lat[before], lon[rows], lat[rows])
    way_m += great_circle_m(lon[rows], lat[rows], lon[after], lat[after])
    sailing_us = way_m / (usual_speed_kn(table, rows) * M_PER_NM) * HOUR_US
    room_us = table.at[after] - table.at[before] - sailing_us
    return np.asarray((room_us >= ROOM_US) | ~is_before | ~is_after)


def usual_speed_kn(table: Table, rows: Ints) -> Floats:
    """The median speed under way of the track of each row, within `ROOM_KN`."""
    tracks = np.unique(table.track[rows])
    sails = np.flatnonzero((table.sog > SAILING_KN) & np.isin(table.track, tracks))
    usual = pd.Series(table.sog[sails], dtype=np.float64).groupby(table.track[sails]).median()
    speed_kn = usual.reindex(table.track[rows]).fillna(ROOM_KN[1]).to_numpy()
    return np.asarray(np.clip(speed_kn, *ROOM_KN))


def outside_distance_m(
    table: Table, stays: StayTable, outside: OutsideFixes
) -> npt.NDArray[np.float32]:
    """Metres between the fixes on the two sides of the limit, at the nearer of both ends."""
    lon, lat = table.lon, table.lat
    sides = (
        (outside.before, stays.first, outside.is_before),
        (outside.after, stays.last, outside.is_after),
    )
    ways = [
        np.where(known, great_circle_m(lon[a], lat[a], lon[b], lat[b]), np.inf)
        for a, b, known in sides
    ]
    nearer = np.minimum(*ways)
    return np.where(np.isinf(nearer), np.nan, nearer).astype(np.float32)
