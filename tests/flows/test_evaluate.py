"""The evaluation's scoring, on tables small enough to judge by eye."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pandas as pd
import pytest

from tests.measure import evaluate
from tests.measure.evaluation.score import (
    Judged,
    judge,
    matches,
    some_ships,
    tally,
    tally_by_trap,
    traps_of,
)

DAY = datetime(2026, 3, 2)
DATA_END = DAY + timedelta(days=10)
TOLERANCE = timedelta(hours=2)
SHIP, OTHER = 273000001, 273000002


def at(hours: float | None) -> pd.Timestamp | None:
    return None if hours is None else pd.Timestamp(DAY + timedelta(hours=hours))


def table(times: tuple[str, str], *rows: tuple[object, ...]) -> pd.DataFrame:
    """Rows of (port_id, hour of arrival, hour of departure or None[, mmsi, imo])."""
    full = [(*row, SHIP, None)[:5] if len(row) == 3 else row for row in rows]
    frame = pd.DataFrame(full, columns=["port_id", *times, "mmsi", "imo"])
    for name in times:
        frame[name] = pd.to_datetime(frame[name].map(at))
    return frame.astype({"mmsi": "int32", "imo": "Int32"})


def true(*rows: tuple[object, ...]) -> pd.DataFrame:
    return table(("began_at", "ended_at"), *rows)


def detected(*rows: tuple[object, ...]) -> pd.DataFrame:
    return table(("arrived_at", "departed_at"), *rows)


def judged(ours: pd.DataFrame, theirs: pd.DataFrame, tolerance: timedelta = TOLERANCE) -> Judged:
    return judge(ours, theirs, tolerance=tolerance, data_end=DATA_END)


def fates(found: Judged) -> tuple[list[str], list[str]]:
    return found.true["fate"].tolist(), found.detected["fate"].tolist()


def test_a_call_of_the_same_ship_port_and_time_is_found_with_its_errors() -> None:
    found = judged(true(("IRKHK", 10, 40)), detected(("IRKHK", 11, 38.5)))
    assert fates(found) == (["found"], ["found"])
    assert found.true["arrival_error_h"].tolist() == [1.0]
    assert found.true["departure_error_h"].tolist() == [1.5]


@pytest.mark.parametrize(
    "call",
    [
        ("IRBSR", 10, 40),
        ("IRKHK", 43, 50),
        ("IRKHK", 0, 7),
        ("IRKHK", 10, 40, OTHER, None),
    ],
    ids=["another port", "later", "earlier", "another ship"],
)
def test_a_call_at_another_port_or_time_or_of_another_ship_is_invented(
    call: tuple[object, ...],
) -> None:
    found = judged(true(("IRKHK", 10, 40)), detected(call))
    assert fates(found) == (["missed"], ["invented"])
    assert found.true[["arrival_error_h", "departure_error_h"]].isna().all(axis=None)


def test_the_tolerance_is_the_widest_gap_between_two_calls_that_match() -> None:
    ours, theirs = true(("IRKHK", 10, 40)), detected(("IRKHK", 42, 50))
    assert fates(judged(ours, theirs))[0] == ["found"]
    assert fates(judged(ours, theirs, timedelta(hours=1.9)))[0] == ["missed"]


@pytest.mark.parametrize(
    ("ours", "theirs", "fate"),
    [
        ((SHIP, 9074729), (OTHER, 9074729), "found"),
        ((SHIP, 9074729), (SHIP, 9319466), "missed"),
        ((SHIP, None), (SHIP, 9319466), "found"),
        ((SHIP, 9074729), (SHIP, None), "found"),
        ((SHIP, 9074729), (OTHER, None), "missed"),
    ],
    ids=["new MMSI", "shared MMSI", "true IMO unknown", "MMSI only", "other MMSI only"],
)
def test_ships_are_told_by_imo_where_both_have_one(
    ours: tuple[int, int | None], theirs: tuple[int, int | None], fate: str
) -> None:
    found = judged(true(("IRKHK", 10, 40, *ours)), detected(("IRKHK", 10, 40, *theirs)))
    assert fates(found)[0] == [fate]


def test_open_calls_last_to_the_end_of_the_data_and_have_no_departure_error() -> None:
    found = judged(true(("IRKHK", 10, None)), detected(("IRKHK", 230, None)))
    assert fates(found)[0] == ["found"]
    assert found.true["departure_error_h"].isna().all()
    assert fates(judged(true(("IRKHK", 10, 40)), detected(("IRKHK", 1, None))))[0] == ["found"]


def test_further_parts_of_a_found_call_are_split_and_the_longest_stands() -> None:
    ours = true(("IRKHK", 10, 60))
    theirs = detected(("IRKHK", 10, 15), ("IRKHK", 20, 55), ("IRKHK", 58, 60))
    found = judged(ours, theirs)
    assert fates(found) == (["found"], ["split", "found", "split"])
    assert found.true["arrival_error_h"].tolist() == [10.0]


def test_calls_within_one_that_stands_for_another_are_merged() -> None:
    ours = true(("IRKHK", 10, 20), ("IRKHK", 40, 90), ("IRKHK", 100, 110))
    found = judged(ours, detected(("IRKHK", 10, 110)))
    assert fates(found) == (["merged", "found", "merged"], ["found"])


def test_two_calls_in_a_row_keep_their_own_partners_under_a_wide_tolerance() -> None:
    ours = true(("IRKHK", 0, 20), ("IRKHK", 28, 50))
    found = judged(ours, detected(("IRKHK", 29, 50), ("IRKHK", 1, 19)), timedelta(hours=12))
    assert fates(found) == (["found", "found"], ["found", "found"])
    assert found.true["arrival_error_h"].tolist() == [1.0, 1.0]


def test_no_call_at_all_is_no_error() -> None:
    nothing_found = tally(judged(true(("IRKHK", 10, 20)), detected()))
    assert (nothing_found["missed"], nothing_found["recall"]) == (1, 0.0)
    assert nothing_found["precision"] is nothing_found["arrival_error_h_median"] is None
    nothing_true = tally(judged(true(), detected(("IRKHK", 10, 20))))
    assert (nothing_true["invented"], nothing_true["precision"]) == (1, 0.0)
    assert nothing_true["recall"] is None


def test_the_tally_counts_what_precision_and_recall_are_made_of() -> None:
    ours = true(("IRKHK", 0, 20), ("IRKHK", 40, 50), ("IRBSR", 60, 90), ("IRZBR", 150, 160))
    theirs = detected(
        ("IRKHK", 1, 50),
        ("IRBSR", 63, 70),
        ("IRBSR", 72, 90),
        ("IRASA", 100, 101),
    )
    found = tally(judged(ours, theirs))
    assert found == {
        "true": 4,
        "found": 2,
        "missed": 2,
        "invented": 1,
        "split": 1,
        "merged": 1,
        "precision": 0.5,
        "recall": 0.5,
        "arrival_error_h_median": 6.5,
        "arrival_error_h_p95": pytest.approx(11.45),
        "departure_error_h_median": 15.0,
        "departure_error_h_p95": pytest.approx(28.5),
    }


def test_contested_calls_are_counted_by_the_missed_calls_that_they_match() -> None:
    missed = true(("IRKHK", 0, 20), ("IRBSR", 60, 90))
    contested = detected(("IRBSR", 60, 61), ("IRBSR", 80, 81), ("IRZBR", 0, 1))
    found = matches(missed, contested, tolerance=TOLERANCE, data_end=DATA_END)
    assert found["true"].nunique() == 1


FLEET = pd.DataFrame(
    {
        "mmsi": [SHIP, OTHER, 273000003, 273000004, 273000005],
        "imo": pd.array([9074729, 9319466, 9319466, None, None], dtype="Int32"),
    }
)
CARRIERS = {"flag_change": [OTHER], "fix_jumps": [SHIP, OTHER]}


def test_a_hull_carries_its_traps_under_every_mmsi() -> None:
    found = traps_of(FLEET["mmsi"], FLEET, CARRIERS)
    both = ("flag_change", "fix_jumps")
    assert found.tolist() == [("fix_jumps",), both, both, ("plain",), ("plain",)]


def test_the_tally_by_trap_puts_each_call_to_the_traps_of_its_ship() -> None:
    ours = true(("IRKHK", 0, 20), ("IRKHK", 0, 20, OTHER, None), ("IRKHK", 0, 9, 273000004, None))
    theirs = detected(("IRKHK", 1, 20), ("IRBSR", 0, 20, OTHER, None))
    both = Judged(
        *(
            calls.assign(traps=traps_of(calls["mmsi"], FLEET, CARRIERS))
            for calls in judged(ours, theirs)
        )
    )
    found = tally_by_trap(both, ["pass_by", "flag_change", "fix_jumps"])
    counts = {trap: (n["true"], n["found"], n["invented"]) for trap, n in found.items()}
    assert counts == {"flag_change": (1, 0, 1), "fix_jumps": (2, 1, 1), "plain": (1, 0, 0)}


def test_a_share_of_the_ships_keeps_hulls_whole_and_traps_in_proportion() -> None:
    fleet = pd.DataFrame(
        {"mmsi": range(100, 140), "imo": pd.array([None] * 38 + [7, 7], dtype="Int32")}
    )
    fixes = pd.DataFrame({"mmsi": list(range(100, 140)) * 10})
    carriers = {"fix_jumps": list(range(110, 118))}
    some = some_ships(fixes, fleet, carriers, 100)
    assert 9 <= len(some) <= 11
    assert len(some & set(carriers["fix_jumps"])) == 2
    assert len(some & {138, 139}) != 1
    assert some_ships(fixes, fleet, carriers, 400) == set(fleet["mmsi"])


def stays(*stops: tuple[float, float, float, float], **merge: float) -> list[tuple[object, ...]]:
    """Calls from stops of one ship, each (begin hour, end hour, lon, lat)."""
    frame = pd.DataFrame(
        [(SHIP, at(begin), at(end), lon, lat) for begin, end, lon, lat in stops],
        columns=["mmsi", "began_at", "ended_at", "lon", "lat"],
    )
    chosen = evaluate.MERGE["sql"]._replace(**merge)
    with duckdb.connect() as con:
        found = evaluate.stays(con, frame, chosen)
    hours = [(found[name] - DAY) / timedelta(hours=1) for name in ("arrived_at", "departed_at")]
    return list(zip(found["port_id"], *hours, strict=True))


def test_stops_become_calls_at_the_nearest_port_within_reach() -> None:
    # Bandar Imam Khomeini and Mahshahr are 12 km apart.
    assert stays((0, 5, 49.08, 30.43), (20, 25, 49.18, 30.46)) == [
        ("IRBKM", 0.0, 5.0),
        ("IRMRX", 20.0, 25.0),
    ]
    assert stays((0, 5, 50.40, 29.17)) == []
    assert stays((0, 5, 50.40, 29.17), radius_km=12.0) == [("IRKHK", 0.0, 5.0)]


def test_stops_at_a_port_are_one_call_over_gaps_of_up_to_half_a_day() -> None:
    kharg = (50.33, 29.23)
    assert stays((0, 1, *kharg), (13, 14, *kharg), (26.1, 27, *kharg)) == [
        ("IRKHK", 0.0, 14.0),
        ("IRKHK", 26.1, 27.0),
    ]
    # A short stop within a long one does not bring its end forward.
    assert stays((0, 20, *kharg), (2, 3, *kharg), (30, 31, *kharg)) == [("IRKHK", 0.0, 31.0)]


def test_the_tables_mark_a_share_of_the_ships_and_leave_no_cell_empty() -> None:
    found = tally(judged(true(("IRKHK", 10, 40)), detected(("IRKHK", 11, 38))))
    of_all = {"is_subset": False, "contested": 3, "contested_found": 1, "rows_per_s": 1e5}
    of_some = {"is_subset": True, "contested": None, "rows_per_s": 1234.5}
    results = {
        "all": {
            "barometer": {
                **found,
                **of_all,
                "whole_run_rows_per_s": 1e4,
                "traps": {"plain": found},
            },
            "trackintel": {**found, **of_some, "whole_run_rows_per_s": None, "traps": {}},
        }
    }
    first, second = evaluate.lines_of(results)
    assert first[:4] == ["all fixes", "Barometer", "1", "1"]
    assert first[-2:] == ["1 of 3", "100,000 (10,000)"]
    assert second[:3] == ["", "trackintel", "1*"]
    assert second[-2:] == ["-", "1,234"]
    text = evaluate.report_markdown(results, ["SIMULATED"])
    assert "- SIMULATED\n\n| precision / recall | true calls | Barometer | trackintel |" in text
    assert "| all fixes | 1 | 1.000 / 1.000 | 1.000 / 1.000 |" in text
    assert "| plain | 1/1 |" in text
    assert "*: the slow ones" in text
