"""The floor that the detector must not fall below, on SIMULATED voyages that nothing was tuned on.

`make evaluate` measures more of it: more receptions, more calls, and other detectors beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.measure import evaluate


@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    ("reception", "ships", "days", "seed", "fewest", "precision", "recall"),
    [
        pytest.param("all", 60, 8, 401, 60, 1.0, 1.0, id="all fixes"),
        pytest.param("6h-half", 100, 21, 402, 300, 0.99, 0.97, id="a fix in 6 h, half lost"),
    ],
)
def test_precision_and_recall_with_every_trap(
    tmp_path: Path,
    reception: str,
    ships: int,
    days: int,
    seed: int,
    fewest: int,
    precision: float,
    recall: float,
) -> None:
    how = evaluate.RECEPTIONS[reception]
    world = evaluate.make_world(tmp_path / "world", how, ships, days, seed)
    result = evaluate.detect_barometer(world, tmp_path)
    figures = evaluate.pooled([evaluate.score(world, result, how)])
    assert figures["true"] >= fewest
    assert figures["precision"] >= precision
    assert figures["recall"] >= recall
