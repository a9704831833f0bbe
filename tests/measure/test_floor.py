"""The floor that the detector must not fall below, on SIMULATED voyages that nothing was tuned on.

`make evaluate` measures more of it: more receptions, more calls, and other detectors beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build.derivation import only
from tests.measure import evaluate
from tests.measure.evaluation.score import tally


def join(folder: Path) -> None:
    """Make one file of the days, as each file of an ingest costs some 70 ms."""
    first, *others = sorted(folder.iterdir())
    with first.open("ab") as joined:
        for path in others:
            joined.write(path.read_bytes().partition(b"\n")[2])
            path.unlink()


@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    ("reception", "seed", "ships", "days", "fewest", "precision", "recall"),
    [
        pytest.param("all", 401, 60, 9, 76, 1.0, 1.0, id="all fixes"),
        pytest.param("all-and-cells", 402, 60, 9, 76, 1.0, 1.0, id="all fixes and hourly cells"),
        pytest.param("cells", 401, 72, 28, 301, 0.99, 0.97, id="hourly cells, a third lost"),
        pytest.param("6h-half", 402, 160, 28, 601, 0.99, 0.97, id="a fix in 6 h, half lost"),
    ],
)
def test_precision_and_recall_with_every_trap(
    tmp_path: Path,
    reception: str,
    seed: int,
    ships: int,
    days: int,
    fewest: int,
    precision: float,
    recall: float,
) -> None:
    """Through the program from the files to the calls; the seeds are used here only."""
    how = evaluate.RECEPTIONS[reception]
    world = evaluate.make_world(tmp_path / "world", how, ships, days, seed)
    for folder in world.folders:
        join(folder / "ais")
    with only("port_call"):
        found = evaluate.detect_barometer(world, tmp_path)
    figures = tally(evaluate.score(world, found, how).judged)
    assert figures["true"] >= fewest
    assert figures["precision"] >= precision
    assert figures["recall"] >= recall
