"""Which detection is which ship, and how many ships both sensors missed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from flows.derive.detections import FEW, NO_LOOK, inside, matched, missed, unseen
from flows.home.resources import port_files
from geo.ports import load_ports


def pair(detection: str, track: int, distance_m: float, **said: Any) -> dict[str, Any]:
    return {
        **{"look_id": "look", "witness_event_id": detection, "track_id": track},
        **{"distance_m": distance_m, "error_m": 100.0, "length_errors": None},
        "is_heard_near": True,
    } | said


def chosen(*pairs: dict[str, Any]) -> set[tuple[str, int]]:
    found = matched(pd.DataFrame(pairs)).to_pylist()
    return {(row["witness_event_id"], row["track_id"]) for row in found}


def test_two_ships_and_two_detections_go_together_at_the_least_total_cost() -> None:
    """The first is nearest to both; the second has no other."""
    assert chosen(pair("a", 1, 50), pair("a", 2, 150), pair("b", 1, 60)) == {("a", 2), ("b", 1)}


def test_a_detection_is_not_moved_on_to_another_ship_to_match_one_more() -> None:
    """Two ships three standard errors off are less likely than one that nobody heard."""
    assert chosen(pair("a", 1, 0), pair("a", 2, 295), pair("b", 1, 295)) == {("a", 1)}


@pytest.mark.parametrize(
    "change, is_matched",
    [
        ({}, True),
        ({"distance_m": 299.0}, True),
        ({"distance_m": 301.0}, False),
        ({"length_errors": 2.9}, True),
        ({"length_errors": 3.1}, False),
        ({"error_m": 20_000.0}, False),
        ({"error_m": 600.0}, True),
        ({"error_m": 600.0, "is_heard_near": False}, False),
        ({"error_m": 400.0, "is_heard_near": False}, True),
    ],
)
def test_what_is_too_far_too_vague_or_of_another_length_is_not_matched(
    change: dict[str, Any], is_matched: bool
) -> None:
    assert bool(chosen(pair("a", 1, 10.0) | change)) == is_matched


def test_the_length_decides_between_ships_side_by_side() -> None:
    sides = [
        pair("long", 1, 40, length_errors=0.1),
        pair("long", 2, 30, length_errors=2.5),
        pair("short", 1, 30, length_errors=2.5),
        pair("short", 2, 40, length_errors=0.1),
    ]
    assert chosen(*sides) == {("long", 1), ("short", 2)}


def test_no_pairs_are_no_matches() -> None:
    columns = ["look_id", "witness_event_id", "track_id", "distance_m", "error_m", "length_errors"]
    columns += ["is_heard_near"]
    assert matched(pd.DataFrame(columns=columns)).num_rows == 0


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(12)), st.integers(0, 1_000))
def test_the_order_of_the_pairs_decides_nothing(order: list[int], seed: int) -> None:
    """One ship a detection, one detection a ship, whatever the order."""
    distances = np.random.default_rng(seed).uniform(0, 300, 12)
    pairs = [pair("abcd"[n % 4], n // 4, float(d)) for n, d in enumerate(distances)]
    found = chosen(*pairs)
    assert found == chosen(*(pairs[n] for n in order))
    assert len({d for d, _ in found}) == len({t for _, t in found}) == len(found)


@settings(max_examples=30, deadline=None)
@given(st.integers(8, 120), st.floats(0.2, 1), st.floats(0.2, 1))
def test_limits_hold_the_truth_in_95_of_100_cases(ships: int, ais: float, sensor: float) -> None:
    """Exactly, over all numbers of matches that chance may give."""
    heard, detected = max(round(ships * ais), 1), max(round(ships * sensor), 1)
    held = 0.0
    for both in range(max(1, heard + detected - ships), min(heard, detected) + 1):
        estimate, low, high = missed(heard, detected, both)
        assert 0 <= low <= high and low - 1 <= estimate <= high + 1
        if low <= ships - (heard + detected - both) <= high:
            held += float(stats.hypergeom.pmf(both, ships, heard, detected))
    without = float(stats.hypergeom.pmf(0, ships, heard, detected))
    assert held >= 0.95 - without - 1e-9


def count(**said: Any) -> dict[str, Any]:
    return {
        **{"week": "2026-W10", "port_id": None, "looks": 5, "looks_unheard": 1},
        **{"ais_ships": 30, "sensor_ships": 30, "both_ships": 20},
    } | said


@pytest.mark.parametrize(
    "change, reason",
    [
        ({}, None),
        ({"both_ships": 7}, None),
        ({"both_ships": 6}, FEW),
        ({"looks_unheard": 5, "both_ships": 0}, NO_LOOK),
    ],
)
def test_too_few_matches_give_no_estimate_but_a_reason(
    change: dict[str, Any], reason: str | None
) -> None:
    (row,) = unseen(pd.DataFrame([count(**change)])).to_pylist()
    assert row["reason"] == reason
    assert (row["estimate"] is None, row["low_95"] is None) == (reason is not None,) * 2


def test_only_ships_inside_the_limit_and_the_footprint_count_as_not_detected() -> None:
    ports = load_ports(*port_files())
    places = pd.DataFrame(
        {
            "look_id": ["west", "east", "sea", "other"],
            "port_id": ["IRKHK", "IRKHK", "IRKHK", "IRASA"],
            "track_id": [1, 2, 3, 4],
            "lon": [50.33, 50.4017, 52.0, 50.33],
            "lat": [29.23, 29.24, 26.0, 29.23],
        }
    )
    west = "POLYGON ((50 29, 50.36 29, 50.36 30, 50 30, 50 29))"
    footprints = pd.DataFrame(
        {"look_id": ["west", "west", "east", "sea", "other"], "footprint_wkt": [west] * 5}
    )
    found = inside(places, footprints, ports)
    assert found.to_pylist() == [{"look_id": "west", "track_id": 1, "area_kind": "berth"}]
    assert inside(places.iloc[:0], footprints.iloc[:0], ports).num_rows == 0
