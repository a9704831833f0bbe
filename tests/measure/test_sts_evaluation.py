"""The scoring of transfers, on tables small enough to judge by eye."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from tests.measure import evaluate_sts
from tests.measure.evaluation.sts_scenes import build
from tests.measure.evaluation.sts_world import Answers, World, heard, pairs_of

TRUE: dict[str, Any] = {
    **{"scene": "at anchor", "kind": "sts", "mmsi_a": 1, "mmsi_b": 2},
    **{"began_s": 1000.0, "ended_s": 9000.0, "giver": 1},
}
ROW: dict[str, Any] = {
    **{"kind": "sts", "mmsi_a": 1, "mmsi_b": 2, "began_s": 1200.0, "ended_s": 9500.0},
    **{"giver": 1, "reasons": ""},
}


def answers(truth: list[dict[str, Any]], found: list[dict[str, Any]]) -> Answers:
    return Answers(
        pd.DataFrame([TRUE | row for row in truth], columns=list(TRUE)),
        pd.DataFrame([ROW | row for row in found], columns=list(ROW)),
        pd.DataFrame(columns=list(ROW)),
    )


def score(truth: list[dict[str, Any]], found: list[dict[str, Any]]) -> dict[str, str]:
    line = evaluate_sts.totals(answers(truth, found))
    return dict(zip(evaluate_sts.TOTALS[1:], line, strict=True))


def test_a_row_is_right_for_its_ships_at_its_time() -> None:
    other, late = {"mmsi_b": 3}, {"began_s": 20_000.0, "ended_s": 30_000.0}
    assert score([{}], [{}])["precision"] == "1.000"
    for wrong in (other, late):
        assert score([{}], [wrong]) == {
            **{"true": "1", "found": "0", "recall": "0.000"},
            **{"rows": "1", "right": "0", "precision": "0.000", "gave": "0", "of them right": "0"},
        }


def test_a_transfer_seen_as_two_rows_is_found_once_and_both_are_right() -> None:
    found = score([{}], [{"ended_s": 3000.0}, {"began_s": 5000.0}])
    assert (found["found"], found["rows"], found["right"]) == ("1", "2", "2")


def test_another_kind_is_not_found_and_bunkers_taken_for_a_transfer_are_wrong() -> None:
    assert score([{}], [{"kind": "alongside"}])["found"] == "0"
    wrong = score([{"scene": "bunkers", "kind": "bunkering"}], [{}])
    assert (wrong["true"], wrong["rows"], wrong["right"]) == ("0", "1", "0")


def test_who_gave_counts_where_it_is_said() -> None:
    said = score(
        [{}, {"mmsi_b": 3}, {"mmsi_b": 4}],
        [{}, {"mmsi_b": 3, "giver": 3}, {"mmsi_b": 4, "giver": 0}],
    )
    assert (said["gave"], said["of them right"]) == ("2", "1")


def test_seeds_are_kept_apart() -> None:
    both = evaluate_sts.joined([answers([{}], []), answers([], [{}])])
    pairs = pairs_of(both)
    assert pairs["truth"].notna().sum() == pairs["row"].notna().sum() == 1
    assert len(pairs) == 2


def test_a_world_sounds_the_same_twice_and_another_one_has_the_same_ships() -> None:
    fleet, world = build(7), World("", 1800)
    first, again = (pd.concat(heard(build(7), world, 7)) for _ in range(2))
    assert first.equals(again)
    thinner = pd.concat(heard(fleet, World("", 3600, 0.5), 7))
    assert set(thinner["mmsi"]) == set(first["mmsi"])
    assert len(thinner) < len(first) / 3


def test_the_page_has_each_world_by_the_program_and_by_the_measure_alone(
    monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(evaluate_sts, "ask", lambda *_: answers([{}], [{}]))
    page = tmp_path / "page.md"
    assert evaluate_sts.main(["--markdown", str(page)]) == 0
    lines = page.read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("| every ") for line in lines) == 2 * len(evaluate_sts.WORLDS)
    assert any("| at anchor | 1 | sts 1 |" in line for line in lines)
