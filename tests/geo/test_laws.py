"""Laws that verdicts and port calls keep for every track."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.plausibility import Judgement
from geo.port_calls import find_port_calls
from tests.build.tracks import PORT_IDS, SERVES, START, always, judged, law, torn_tracks, tracks

any_track = st.one_of(tracks(), torn_tracks())
TIMES = ("arrived_after", "arrived_at", "berthed_at", "unberthed_at", "departed_at", "departed_by")


def calls_in(
    judged: pd.DataFrame, shift: timedelta = timedelta(0), days: float = 200
) -> pd.DataFrame:
    """The calls in judged fixes, unsorted, with all ports heard and the data's end long after."""
    hours = int(shift / timedelta(hours=1))
    return find_port_calls(
        judged,
        port_ids=PORT_IDS,
        serves=SERVES,
        heard={port: values + hours for port, values in always().items()},
        data_end=START + timedelta(days=days) + shift,
    )


def same(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    """Whether the fixes of two tables have the same verdicts, reasons and tracks."""
    return all(np.array_equal(first[name], second[name]) for name in Judgement._fields)


@settings(law, max_examples=80)
@given(any_track, any_track, st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_rows_and_other_ships_change_nothing(
    fixes: pd.DataFrame, other: pd.DataFrame, random: Any
) -> None:
    """Nor where a ship has two fixes at one time."""
    for later in sorted(random.sample(range(1, len(fixes)), min(3, len(fixes) - 1))):
        fixes.loc[later, "reported_at"] = fixes.loc[later - 1, "reported_at"]
    rows = list(range(len(fixes))) + random.choices(range(len(fixes)), k=5)
    random.shuffle(rows)
    ships = [other.assign(mmsi=200000000), fixes.iloc[rows], other.assign(mmsi=700000000)]
    all_ships, mmsi = judged(pd.concat(ships, ignore_index=True)), fixes["mmsi"][0]
    alone = judged(fixes)
    assert same(all_ships[all_ships["mmsi"] == mmsi], alone.iloc[rows])
    calls = calls_in(all_ships)
    of_ship = calls.loc[calls["mmsi"] == mmsi].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_ship, calls_in(alone))


@law
@given(any_track, st.integers(-50, 50))
def test_a_shift_by_weeks_changes_no_verdict_and_shifts_the_calls(
    fixes: pd.DataFrame, weeks: int
) -> None:
    shift = timedelta(weeks=weeks)
    here, later = judged(fixes), judged(fixes.assign(reported_at=fixes["reported_at"] + shift))
    assert same(later, here)
    moved = calls_in(later, shift)
    for name in (*TIMES, "anchored_at"):
        moved[name] -= shift
    pd.testing.assert_frame_equal(
        moved.drop(columns="port_call_id"), calls_in(here).drop(columns="port_call_id")
    )


@law
@given(any_track)
def test_a_world_in_the_mirror_has_the_same_verdicts(fixes: pd.DataFrame) -> None:
    # Fixes of one time are taken in the order of their places, which a mirror turns round.
    fixes = fixes[~fixes["reported_at"].duplicated(keep=False)]
    mirrored = fixes.assign(lon=(104 - fixes["lon"]).round(5))
    assert same(judged(mirrored), judged(fixes))


@law
@given(tracks(), st.floats(0, 1))
def test_later_fixes_leave_calls_that_ended_three_weeks_before(
    fixes: pd.DataFrame, share: float
) -> None:
    at = fixes["reported_at"]
    cut = at.min() + (at.max() - at.min()) * share
    days = (cut - pd.Timestamp(START)) / timedelta(days=1)

    def old(calls: pd.DataFrame) -> pd.DataFrame:
        ended = calls["departed_at"].fillna(cut)
        kept = calls.loc[ended < cut - timedelta(days=21)].reset_index(drop=True)
        return kept.drop(columns="departed_by")  # a later fix outside bounds an unseen departure

    before = calls_in(judged(fixes.loc[at <= cut]), days=days)
    pd.testing.assert_frame_equal(old(before), old(calls_in(judged(fixes))))


@law
@given(tracks())
def test_what_holds_for_every_call(fixes: pd.DataFrame) -> None:
    calls = calls_in(judged(fixes))
    departed = calls["departed_at"].fillna(pd.Timestamp.max)
    assert not calls["port_call_id"].duplicated().any()
    assert (calls["fixes"] >= 1).all()
    assert calls["confidence"].between(1, 4).all()
    for earlier, later in [*pairwise(TIMES), ("arrived_at", "anchored_at")]:
        assert not (calls[earlier] > calls[later]).any()
    assert not (calls["anchored_at"] > departed).any()
    assert not (calls["berthed_at"].isna() & calls["unberthed_at"].notna()).any()
    left = calls["unberthed_at"].notna() | (calls["area_kind"] == "anchorage")
    assert (left | calls["departed_at"].isna()).all()
    assert (calls["arrived_at"] <= departed).all()
    assert (calls["berthed_at"].notna() == (calls["area_kind"] == "berth")).all()
    assert not (departed.iloc[:-1] > calls["arrived_at"].shift(-1).iloc[:-1]).any()
