"""The scoring of detections, on tables small enough to judge by eye, and a small world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.build.derivation import only
from tests.measure import evaluate_detections as evaluation
from tests.measure.evaluation.detection_world import World, ask

SEEN: dict[str, Any] = {
    **{"match": "both", "is_right": True, "reason": None, "is_dark": False},
    "true_length_m": 200.0,
}
DARK = {"match": "sensor alone", "is_right": False, "reason": evaluation.DARK, "is_dark": True}


def test_matches_and_dark_detections_have_precision_and_recall() -> None:
    rows = [
        *({}, {"is_right": False}),
        *(DARK, DARK | {"is_dark": False}),
        DARK | {"reason": "may be MMSI 1"},
        DARK | {"reason": evaluation.UNHEARD},
        DARK | {"true_length_m": 60.0},
    ]
    line = evaluation.match_line("name", pd.DataFrame([SEEN | row for row in rows]))
    assert dict(zip(evaluation.MATCH_HEADER, line, strict=True)) == {
        **{"": "name", "detections": "7", "matched": "2", "right": "0.500"},
        **{"dark": "3", "precision": "0.667", "of ships dark": "2", "recall": "0.500"},
        **{"may be another's": "1", "AIS not heard": "1"},
    }


def test_a_week_holds_its_true_number_or_not() -> None:
    week = {"estimate": 2.0, "low_95": 0.0, "high_95": 5.0, "true_missed": 3}
    unsaid = {"estimate": None, "low_95": None, "high_95": None}
    rows = pd.DataFrame([week, week | {"true_missed": 6}, week | unsaid])
    assert evaluation.week_line("name", rows)[1:4] == ("3", "2", "50.0%")


def test_a_small_world_goes_through_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "DRAWS", 20)
    world = World("small", (1,), ships=40, days=7, dark_share=0.3, false_share=0.1)
    with only("detection_match", "witness_event", "unseen_estimate", "sensor_look"):
        answers = ask(world, 1, tmp_path)
    found = answers.detections
    both = found[found["match"] == "both"]
    assert len(both) > 10 and both["is_right"].mean() > 0.9
    assert (answers.weeks["port_id"].isna() & (answers.weeks["looks"] > 0)).any()
    page = "\n".join(evaluation.report({"usual": answers}, "x"))
    assert "SIMULATED" in page and "| AIS every 10 min" in page
