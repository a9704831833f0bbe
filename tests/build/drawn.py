"""Tracks drawn at random, for laws that hold for every track."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.build.tracks import Leg, lie, sail, seen_at, silence, slip, together, voyage

law = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

PLACES = ("A berth", "A anchorage", "A limit", "A edge", "B berth", "roads", "D berth", "sea")
legs = st.one_of(
    st.builds(sail, st.sampled_from(PLACES), st.sampled_from([6.0, 11.0, 16.0])),
    st.builds(slip, st.sampled_from(PLACES)),
    st.builds(lie, st.sampled_from([0.5, 1.5, 7.0, 30.0])),
    st.builds(silence, st.sampled_from([3.0, 30.0, 24.0 * 8, 24.0 * 22])),
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
