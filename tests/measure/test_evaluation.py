"""The evaluation's scoring, on tables small enough to judge by eye, and its year of AIS files."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from flows.catalogue import access
from flows.derive import series
from tests.build.derivation import only
from tests.measure import evaluate
from tests.measure.evaluation import tables
from tests.measure.evaluation.score import Judged, judge, some_ships, tally, tally_by_trap, traps_of
from tests.measure.evaluation.series_world import World, fill

DAY = datetime(2026, 3, 2)
DATA_END = DAY + timedelta(days=10)
SHIP, OTHER = 273000001, 273000002
KHARG = "IRKHK"


def at(hours: float | None) -> pd.Timestamp | None:
    return None if hours is None else pd.Timestamp(DAY + timedelta(hours=hours))


def table(times: tuple[str, str], rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """Rows of (port_id, hour of arrival, hour of departure or None[, mmsi, imo])."""
    full = [(*row, SHIP, None)[:5] if len(row) == 3 else row for row in rows]
    frame = pd.DataFrame(full, columns=["port_id", *times, "mmsi", "imo"])
    for name in times:
        frame[name] = pd.to_datetime(frame[name].map(at))
    return frame.astype({"mmsi": "int32", "imo": "Int32"})


def true(*rows: tuple[object, ...]) -> pd.DataFrame:
    return table(("began_at", "ended_at"), [*rows])


def detected(*rows: tuple[object, ...]) -> pd.DataFrame:
    return table(("arrived_at", "departed_at"), [*rows])


def judged(ours: pd.DataFrame, theirs: pd.DataFrame, tolerance_h: float = 2) -> Judged:
    return judge(ours, theirs, tolerance=timedelta(hours=tolerance_h), data_end=DATA_END)


ONE = [(KHARG, 10, 40)]
HULL = 9074729
OF_HULL = [(KHARG, 1, 9, SHIP, HULL)]
FOUND, LOST = ("found", "found"), ("missed", "invented")
CASES = {
    "found": (ONE, [(KHARG, 11, 38.5)], 2, *FOUND),
    "another port": (ONE, [("IRBSR", 10, 40)], 2, *LOST),
    "later": (ONE, [(KHARG, 43, 50)], 2, *LOST),
    "earlier": (ONE, [(KHARG, 0, 7)], 2, *LOST),
    "another ship": (ONE, [(KHARG, 10, 40, OTHER, None)], 2, *LOST),
    "within the tolerance": (ONE, [(KHARG, 42, 50)], 2, *FOUND),
    "beyond it": (ONE, [(KHARG, 42, 50)], 1.9, *LOST),
    "new MMSI": (OF_HULL, [(KHARG, 1, 9, OTHER, HULL)], 2, *FOUND),
    "shared MMSI": (OF_HULL, [(KHARG, 1, 9, SHIP, 9319466)], 2, *LOST),
    "MMSI only": (OF_HULL, [(KHARG, 1, 9)], 2, *FOUND),
    "open": ([(KHARG, 10, None)], [(KHARG, 230, None)], 2, *FOUND),
    "detected open": (ONE, [(KHARG, 1, None)], 2, *FOUND),
    "split": (
        *([(KHARG, 10, 60)], [(KHARG, 10, 15), (KHARG, 20, 55), (KHARG, 58, 60)]),
        *(2, "found", "split found split"),
    ),
    "merged": (
        *([(KHARG, 10, 20), (KHARG, 40, 90), (KHARG, 100, 110)], [(KHARG, 10, 110)]),
        *(2, "merged found merged", "found"),
    ),
    "two in a row": (
        *([(KHARG, 0, 20), (KHARG, 28, 50)], [(KHARG, 29, 50), (KHARG, 1, 19)]),
        *(12, "found found", "found found"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_call_is_found_missed_merged_split_or_invented(case: str) -> None:
    ours, theirs, tolerance_h, of_true, of_detected = CASES[case]
    result = judged(true(*ours), detected(*theirs), tolerance_h)
    assert " ".join(result.true["fate"]) == of_true
    assert " ".join(result.detected["fate"]) == of_detected


def test_the_tally_counts_what_precision_and_recall_are_made_of() -> None:
    ours = true((KHARG, 0, 20), (KHARG, 40, 50), ("IRBSR", 60, 90), ("IRZBR", 150, 160))
    theirs = detected((KHARG, 1, 50), ("IRBSR", 63, 70), ("IRBSR", 72, 90), ("IRASA", 100, 101))
    assert tally(judged(ours, theirs)) == {
        **{"true": 4, "found": 2, "missed": 2, "invented": 1, "split": 1, "merged": 1},
        **{"precision": 0.5, "recall": 0.5},
        **{"arrival_error_h_median": 6.5, "arrival_error_h_p95": pytest.approx(11.45)},
        **{"departure_error_h_median": 15.0, "departure_error_h_p95": pytest.approx(28.5)},
    }
    none_found = tally(judged(true(*ONE), detected()))
    none_true = tally(judged(true(), detected(*ONE)))
    assert (none_found["missed"], none_found["recall"], none_found["precision"]) == (1, 0.0, None)
    assert (none_true["invented"], none_true["recall"], none_true["precision"]) == (1, None, 0.0)


def test_a_hull_carries_its_traps_under_every_mmsi() -> None:
    mmsis = [SHIP, OTHER, 273000003, 273000004]
    imo = pd.array([HULL, 9319466, 9319466, None], dtype="Int32")
    fleet = pd.DataFrame({"mmsi": mmsis, "imo": imo})
    carriers = {"flag_change": [OTHER], "fix_jumps": [SHIP, OTHER]}
    both = ("flag_change", "fix_jumps")
    assert traps_of(fleet["mmsi"], fleet, carriers).tolist() == [
        *(("fix_jumps",), both, both, ("plain",))
    ]
    ours = true((KHARG, 0, 20), (KHARG, 0, 20, OTHER, None), (KHARG, 0, 9, 273000004, None))
    theirs = detected((KHARG, 1, 20), ("IRBSR", 0, 20, OTHER, None))
    tables = [t.assign(traps=traps_of(t["mmsi"], fleet, carriers)) for t in judged(ours, theirs)]
    by_trap = tally_by_trap(Judged(*tables), ["pass_by", "flag_change", "fix_jumps"])
    counts = {trap: (n["true"], n["found"], n["invented"]) for trap, n in by_trap.items()}
    assert counts == {"flag_change": (1, 0, 1), "fix_jumps": (2, 1, 1), "plain": (1, 0, 0)}


def test_a_share_of_the_ships_keeps_hulls_whole_and_traps_in_proportion() -> None:
    imo = pd.array([None] * 38 + [7, 7], dtype="Int32")
    fleet = pd.DataFrame({"mmsi": range(100, 140), "imo": imo})
    fixes = pd.DataFrame({"mmsi": list(range(100, 140)) * 10})
    carriers = {"fix_jumps": list(range(110, 118))}
    chosen = some_ships(fixes, fleet, carriers, 100)
    assert 9 <= len(chosen) <= 11
    assert len(chosen & set(carriers["fix_jumps"])) == 2
    assert len(chosen & {138, 139}) != 1
    assert some_ships(fixes, fleet, carriers, 400) == set(fleet["mmsi"])


BERTH = (50.33, 29.23)


TWO_PORTS = [(0, 5, 49.08, 30.43), (20, 25, 49.18, 30.46)]  # 12 km apart
OFF_KHARG = [(0, 5, 50.40, 29.17)]
STOPS = {
    "at two ports": (TWO_PORTS, {}, [("IRBKM", 0.0, 5.0), ("IRMRX", 20.0, 25.0)]),
    "beyond reach": (OFF_KHARG, {}, []),
    "within a wider one": (OFF_KHARG, {"radius_km": 12.0}, [(KHARG, 0.0, 5.0)]),
    "12 h apart and more": (
        [(0, 1, *BERTH), (13, 14, *BERTH), (26.1, 27, *BERTH)],
        *({}, [(KHARG, 0.0, 14.0), (KHARG, 26.1, 27.0)]),
    ),
    "a short stop within a long one": (
        [(0, 20, *BERTH), (2, 3, *BERTH), (30, 31, *BERTH)],
        *({}, [(KHARG, 0.0, 31.0)]),
    ),
}


@pytest.mark.parametrize("case", STOPS)
def test_stops_become_calls_at_the_nearest_port_within_reach(case: str) -> None:
    stops, merge, expected = STOPS[case]
    rows = [(SHIP, at(begin), at(end), lon, lat) for begin, end, lon, lat in stops]
    frame = pd.DataFrame(rows, columns=["mmsi", "began_at", "ended_at", "lon", "lat"])
    with duckdb.connect() as con:
        calls = evaluate.stays(con, frame, evaluate.MERGE["sql"]._replace(**merge))
    hours = [(calls[name] - DAY) / timedelta(hours=1) for name in ("arrived_at", "departed_at")]
    assert list(zip(calls["port_id"], *hours, strict=True)) == expected


def test_the_tables_mark_a_share_of_the_ships_and_leave_no_cell_empty() -> None:
    figures = tally(judged(true(*ONE), detected((KHARG, 11, 38))))
    of_all = figures | {"is_subset": False, "rows_per_s": 1e5, "traps": {"plain": figures}}
    of_some = figures | {"is_subset": True, "rows_per_s": 1234.5, "traps": {}}
    results = {"all": {"barometer": of_all, "trackintel": of_some}}
    first, second = tables.lines_of(results)
    assert first[:4] == ["all fixes", "Barometer", "1", "1"]
    assert first[-1] == "100,000"
    assert second[:3] == ["", "trackintel", "1*"]
    assert second[-1] == "1,234"
    text = tables.report_markdown(results, ["SIMULATED"])
    assert "- SIMULATED\n\n| precision / recall | true calls | Barometer | trackintel |" in text
    assert "| all fixes | 1 | 1.000 / 1.000 | 1.000 / 1.000 |" in text
    assert "| plain | 1/1 |" in text


def test_a_year_of_ais_with_a_rise_and_two_lost_weeks(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Through the whole program (SIMULATED): the rise is stated, the lost weeks are no fall."""
    lost, rise = [20, 21], 36
    week = np.arange(52)
    heard = np.where(np.isin(week, lost), 0.0, 1.0)
    world = World(datetime(2025, 1, 6), np.where(week < rise, 3.0, 9.0), heard, 1, 11)
    with only("barometer"):
        settings = fill(world, tmp_path_factory.mktemp("year") / "world")
    with access.reading(settings) as con:
        year = con.sql("from barometer where series = getvariable('series') order by week").df()
    assert set(year["word"].iloc[4:20]) == {series.NO_CHANGE}
    assert set(year["word"].iloc[lost]) == {series.UNHEARD}
    assert set(year["state"].iloc[lost]) == {"unobserved"}
    assert year[["russian_linked_tanker_calls", "low_95"]].iloc[lost].isna().all(axis=None)
    assert series.RISE not in set(year["word"].iloc[:rise])
    assert series.RISE in set(year["word"].iloc[rise : rise + 8])
    assert series.FALL not in set(year["word"])
    assert year["word_weeks"].iloc[-1] in (1, 4, 13)
    complete = year.loc[year["state"] == "complete"]
    means = complete.groupby(complete.index >= rise)["russian_linked_tanker_calls"].mean()
    assert means[False] == pytest.approx(3, abs=1)
    assert means[True] == pytest.approx(9, abs=2.5)
