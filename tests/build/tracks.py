"""A toy world of four ports, and tracks through it in one line.

    calls_of(voyage("A berth 20h, sea", every="1h"))

The world lies along latitude 27. Each port has a limit of 12 km about its centre, a berth of 1 km
to the north and an anchorage of 2 km to the south; where limits overlap the nearer centre wins.

    sea (51.0)    D 51.76    A 52.00    R 52.25 (roads that serve A and D)    B 53.00
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from geo.earth import great_circle_m
from geo.plausibility import judge
from geo.port_calls import find_port_calls

A, B, R, D = range(4)
PORT_IDS = ("IRAAA", "IRBBB", "IRRDS", "IRDDD")
SERVES = {R: {A, D}}
CENTRE_LON = np.array([52.0, 53.0, 52.25, 51.76])
LIMIT_M, BERTH_M, ANCHORAGE_M, ROADS_M = 12_000, 1_000, 2_000, 6_000
START = datetime(2026, 4, 6)

PLACES = {
    "sea": (51.0, 26.6),
    "east sea": (53.6, 26.6),
    "far": (50.0, 29.0),
    "upper gulf": (49.0, 29.6),
    "off A": (52.0, 26.8),  # 10 km outside the limit of A
    "off B": (53.0, 26.8),
    "A berth": (52.0, 27.05),
    "A anchorage": (52.0, 26.95),
    "A limit": (52.05, 27.0),  # inside, in no inner area
    "A edge": (52.0, 26.894),  # 200 m inside the limit
    "A-D border": (51.88, 27.0),
    "B berth": (53.0, 27.05),
    "B anchorage": (53.0, 26.95),
    "B limit": (53.05, 27.0),
    "D berth": (51.76, 27.05),
    "roads": (52.25, 27.0),
    "R limit": (52.25, 26.92),  # outside the roads
}


class Leg(NamedTuple):
    """A way to a place at a speed, or (with no place) time spent where the ship is."""

    place: str | None
    hours: float
    knots: float
    is_heard: bool


def sail(place: str, knots: float = 10.0, is_heard: bool = True) -> Leg:
    """Sail straight to a place."""
    return Leg(place, 0.0, knots, is_heard)


def lie(hours: float, is_heard: bool = True) -> Leg:
    """Lie still where the ship is."""
    return Leg(None, hours, 0.0, is_heard)


LEG = re.compile(r"(~?)([A-Za-z][A-Za-z -]*?)?(?:@([\d.]+))? ?(?:(-?)([\d.]+)h)?")


def way(text: str) -> list[Leg]:
    """Legs as text: `"A berth@12 30h, -24h, ~sea"` sails to the berth at 12 knots (10 if none is
    given), lies there for 30 hours, is silent for 24 and sails to sea unheard."""
    legs = []
    for part in text.split(", "):
        match = LEG.fullmatch(part)
        assert match and part, text
        unheard, place, knots, silent, hours = match.groups()
        if place:
            legs.append(sail(place, float(knots or 10), not unheard))
        if hours:
            legs.append(lie(float(hours), not silent))
    return legs


def voyage(
    *legs: Leg | str,
    start: str = "sea",
    every: str = "10min",
    track_id: int = 422000001,
    at: datetime = START,
    sog: float | str = "true",
    imo: int = 0,
) -> pd.DataFrame:
    """The fixes of a ship that goes through the legs from a place, one fix each `every`.

    Legs may be text, see `way`; text that begins with `"A berth > "` starts there.

    `sog` is "true" for the speed she makes, "none" for NaN, or a number for what she says.
    """
    if legs and isinstance(legs[0], str) and " > " in legs[0]:
        start, _, first = legs[0].partition(" > ")
        legs = (first, *legs[1:])
    times, lons, lats, heard = [0.0], [PLACES[start][0]], [PLACES[start][1]], []
    parsed = [leg for part in legs for leg in (way(part) if isinstance(part, str) else [part])]
    for leg in parsed:
        lon, lat = PLACES[leg.place] if leg.place else (lons[-1], lats[-1])
        way_m = float(great_circle_m(lons[-1], lats[-1], lon, lat))
        hours = way_m / 1852 / leg.knots if leg.place else leg.hours
        times.append(times[-1] + hours)
        lons.append(lon)
        lats.append(lat)
        heard.append(leg.is_heard)
    step_h = pd.Timedelta(every) / pd.Timedelta("1h")
    t = np.arange(0.0, times[-1] + 1e-9, step_h)
    of_leg = np.clip(np.searchsorted(times, t, side="right") - 1, 0, len(parsed) - 1)
    knots = np.array([leg.knots for leg in parsed])[of_leg]
    said = {"true": knots, "none": np.full(t.size, np.nan)}
    is_heard = np.array(heard)[of_leg]
    return fixes_at(
        at,
        t[is_heard],
        np.interp(t, times, lons)[is_heard],
        np.interp(t, times, lats)[is_heard],
        sog_kn=(said[sog] if isinstance(sog, str) else np.full(t.size, sog))[is_heard],
        track_id=track_id,
        imo=imo,
    )


def fixes_at(
    at: datetime,
    hours: npt.ArrayLike,
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    sog_kn: npt.ArrayLike = 0.0,
    track_id: int = 422000001,
    imo: int = 0,
) -> pd.DataFrame:
    """Fixes at hours after a time, with the areas of the toy world."""
    micros = np.rint(np.asarray(hours, dtype=np.float64) * 3.6e9).astype(np.int64)
    x = np.round(np.broadcast_to(np.asarray(lon, dtype=np.float64), micros.shape), 5)
    y = np.round(np.broadcast_to(np.asarray(lat, dtype=np.float64), micros.shape), 5)
    to_centre = great_circle_m(x[:, None], y[:, None], CENTRE_LON, 27.0)
    nearest = np.argmin(to_centre, axis=1)
    inside = to_centre[np.arange(x.size), nearest] <= LIMIT_M
    port = np.where(inside, nearest, -1)
    in_roads = (port == R) & (to_centre[:, R] <= ROADS_M)
    to_berth = great_circle_m(x, y, CENTRE_LON[nearest], 27.05)
    to_anchorage = great_circle_m(x, y, CENTRE_LON[nearest], 26.95)
    area = np.where(inside, 1, 0)
    area[inside & (port != R) & (to_anchorage <= ANCHORAGE_M) | in_roads] = 2
    area[inside & (port != R) & (to_berth <= BERTH_M)] = 3
    return pd.DataFrame(
        {
            "track_id": np.full(x.size, track_id, dtype=np.int64),
            "mmsi": np.full(x.size, track_id, dtype=np.int32),
            "reported_at": np.datetime64(at, "us") + micros.astype("timedelta64[us]"),
            "lon": x,
            "lat": y,
            "sog_kn": np.broadcast_to(sog_kn, x.shape).astype(np.float32),
            "imo": np.full(x.size, imo, dtype=np.int32),
            "port": port.astype(np.int16),
            "area": area.astype(np.int8),
            "is_shared_roads": in_roads,
        }
    )


def seen_at(
    place: str,
    hours: npt.ArrayLike,
    sog_kn: npt.ArrayLike = 0.0,
    track_id: int = 422000001,
    imo: int = 0,
) -> pd.DataFrame:
    """Fixes at a place at hours after the start, apart from any voyage."""
    return fixes_at(START, np.atleast_1d(hours), *PLACES[place], sog_kn, track_id, imo)


def seen(text: str) -> pd.DataFrame:
    """Single fixes as text: `"sea 0 @9, A berth 20 21"` is at sea at hour 0, reporting 9 knots, and
    in the berth at hours 20 and 21, reporting 0 (`@nan`: no speed)."""
    tables = []
    for part in text.split(", "):
        fix, _, sog = part.partition(" @")
        place, hours = re.fullmatch(r"(.*?)((?: -?[\d.]+)+)", fix).groups()
        tables.append(seen_at(place, [float(hour) for hour in hours.split()], float(sog or 0)))
    return together(*tables)


def together(*tables: pd.DataFrame) -> pd.DataFrame:
    """Tables of fixes as one, in track and time order."""
    fixes = pd.concat(tables, ignore_index=True)
    order = np.lexsort((fixes["lat"], fixes["lon"], fixes["reported_at"], fixes["track_id"]))
    return fixes.iloc[order].reset_index(drop=True)


def hour(hours: float) -> pd.Timestamp:
    """The time so many hours after the start."""
    return pd.Timestamp(START) + pd.Timedelta(hours=hours)


def always(ports: Iterable[int] = range(4), days: int = 400) -> dict[int, npt.NDArray[np.int64]]:
    """Hours heard: every hour, from a day before the start, at the ports given."""
    first = int(np.datetime64(START, "h").astype(np.int64)) - 24
    return {port: np.arange(first, first + days * 24, dtype=np.int64) for port in ports}


def calls_of(
    *tables: pd.DataFrame,
    heard: Mapping[int, npt.NDArray[np.int64]] | None = None,
    end: datetime | pd.Timestamp | None = None,
) -> pd.DataFrame:
    """The calls of the tables, with the data ending at the last fix if nothing else is said."""
    fixes = judged(together(*tables))
    return find_port_calls(
        fixes,
        port_ids=PORT_IDS,
        serves=SERVES,
        heard=heard or {},
        data_end=end if end is not None else fixes["reported_at"].max(),
    )


def judged(fixes: pd.DataFrame) -> pd.DataFrame:
    """Fixes with their verdict, each on its track."""
    verdict, reason, track_id = judge(fixes)
    return fixes.assign(verdict=verdict, reason=reason, track_id=track_id)


def shown(calls: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Port, kind and confidence of each call: what most tests compare."""
    return list(calls[["port_id", "area_kind", "confidence"]].itertuples(index=False, name=None))


# Tracks drawn at random, for laws that hold for every track

law = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

DRAWN = ("A berth", "A anchorage", "A limit", "A edge", "B berth", "roads", "D berth", "sea")
legs = st.one_of(
    st.builds(sail, st.sampled_from(DRAWN), st.sampled_from([6.0, 11.0, 16.0])),
    st.builds(sail, st.sampled_from(DRAWN), is_heard=st.just(False)),
    st.builds(lie, st.sampled_from([0.5, 1.5, 7.0, 30.0])),
    st.builds(lie, st.sampled_from([3.0, 30.0, 24.0 * 8, 24.0 * 22]), st.just(False)),
)
strays = st.lists(
    st.tuples(st.floats(0, 200), st.sampled_from(["far", "A berth", "B berth"])), max_size=4
)
hops = st.lists(
    st.tuples(
        st.sampled_from(["sea", "far", "A berth", "B berth", "east sea"]),
        st.sampled_from([1, 4, 16]),
        st.sampled_from([0.3, 1.0, 4.0, 8.0, 12.0]),
    ),
    min_size=2,
    max_size=12,
)


@st.composite
def tracks(draw: st.DrawFn) -> pd.DataFrame:
    """A voyage of some legs with a few stray fixes."""
    ways: list[Leg] = draw(st.lists(legs, min_size=1, max_size=8))
    every = draw(st.sampled_from(["20min", "1h", "6h"]))
    sog = draw(st.sampled_from(["true", "none", 0.0]))
    strayed = [seen_at(place, hours) for hours, place in draw(strays)]
    return together(voyage(lie(1), *ways, every=every, sog=sog), *strayed)


@st.composite
def torn_tracks(draw: st.DrawFn) -> pd.DataFrame:
    """A track that hops from place to place, at each for some fixes and then silent for hours."""
    stays, began = [], 0.0
    for place, fixes, hours in draw(hops):
        stays.append(seen_at(place, began + 0.02 * np.arange(fixes)))
        began += 0.02 * fixes + hours
    return together(*stays)
