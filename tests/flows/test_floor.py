"""The floor that the detector must not fall below, on SIMULATED voyages that nothing was tuned on.

`make evaluate` measures more of it: more receptions, more calls, and other detectors beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.measure import evaluate

SEEDS = (401, 402)
"""Used here only."""


def figures(folder: Path, reception: str, ships: int, days: int) -> dict[str, float]:
    """Precision and recall of both seeds together, through the whole program."""
    scores = []
    for seed in SEEDS:
        work = folder / str(seed)
        work.mkdir()
        world = evaluate.make_world(
            work / "world", evaluate.RECEPTIONS[reception], ships, days, seed
        )
        found = evaluate.detect_barometer(world, work)
        scores.append(evaluate.score(world, found, evaluate.RECEPTIONS[reception]))
    return evaluate.pooled(scores)


@pytest.mark.timeout(200)
def test_with_every_trap_and_all_fixes_every_call_is_found_and_none_invented(
    tmp_path: Path,
) -> None:
    found = figures(tmp_path, "all", ships=60, days=9)
    assert found["true"] > 150
    assert (found["precision"], found["recall"]) == (1.0, 1.0)


@pytest.mark.timeout(200)
def test_with_every_trap_a_fix_in_six_hours_and_half_of_them_lost(tmp_path: Path) -> None:
    found = figures(tmp_path, "6h-half", ships=130, days=28)
    assert found["true"] > 1000
    assert found["precision"] >= 0.99
    assert found["recall"] >= 0.97
