"""Calls from a lake: as files come in pieces, late, twice or with others; what is worked again.

The calls are compared, the verdicts, and what is made of both. Whatever else a run takes over, and
that all relations are the same, is the matter of `test_windows.py`, `test_digest.py` and
`test_histories.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flows.catalogue import access, reuse
from flows.catalogue import build as catalogue
from flows.catalogue.windows import READERS
from flows.derive import calls
from flows.home.settings import Settings
from flows.lake.manifest import CATALOGUE, read_manifest
from flows.runner import run
from flows.simulate.files import LAYOUTS, format_lines
from flows.simulate.simulation import simulate_tables
from geo.plausibility import JUMP, REASONS, SECOND_HULL
from tests.build.derivation import call, jump, only, work
from tests.build.files import copy_of, file_id, ingest, settings_of

CALLS = ("track_call", "candidate_ship", "interference", "position_verdict")
"""What the detector finds."""
FOLLOWING = ("coverage", "vessel", "port_call", "counted_call", "weekly_port_calls")
ALL, WINDOWS = (*CALLS, *FOLLOWING), tuple(READERS)
AS_OF = datetime(2026, 3, 23, 6)
START = pd.Timestamp("2026-03-02")
Rows = dict[str, list[tuple[Any, ...]]]


def write(path: Path, fixes: pd.DataFrame, layout: str = "marinecadastre-2025") -> Path:
    """Fixes as one plain file in a publisher's layout."""
    form = LAYOUTS[layout]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join([form.header.encode(), *format_lines(fixes, form), b""]))
    return path


def bring(
    home: Path, *files: Path, wanted: Sequence[str] = CALLS, kept: Sequence[str] = ()
) -> Settings:
    """Bring files into a home and derive what follows; nothing is published, so no history."""
    settings = settings_of(home, as_of=AS_OF, threads=1)
    if files:
        ingest(settings, *files)
    with only(*wanted, kept=kept):
        run.derive(settings, [], publish=False)
    return settings


def from_scratch(settings: Settings) -> Settings:
    """Work every ship anew."""
    manifest = read_manifest(settings.home)
    with only(*CALLS):
        built, _ = catalogue.build(settings, manifest, {}, publish=False, from_scratch=True)
    access.swap_in(settings, built)
    return settings


def derived(settings: Settings, names: Sequence[str] = CALLS) -> Rows:
    with access.reading(settings) as con:
        return {name: con.table(name).order("all").fetchall() for name in names}


def windows(settings: Settings) -> Rows:
    """What was read window by window."""
    rows = {}
    with duckdb.connect() as con:
        for name in WINDOWS:
            (path,) = (settings.home / reuse.FOLDER).glob(f"*/{name}.parquet")
            read = con.read_parquet(str(path))
            rows[name] = read.order("all").fetchall()
    assert rows["encounter_spell"] and rows["call_cargo"] and rows["heard_spell"]
    return rows


def assert_same(one: Rows, other: Rows) -> None:
    for name in one:
        # The first differences: pytest's own account of thousands of rows takes minutes.
        pairs = zip_longest(one[name], other[name])
        assert not list(islice((pair for pair in pairs if pair[0] != pair[1]), 2)), name


def candidates(settings: Settings, where: str = "true") -> set[int]:
    """The ships that were worked in the last catalogue."""
    with access.reading(settings) as con:
        rows = con.table("candidate_ship").filter(where).select("mmsi").fetchall()
    return {mmsi for (mmsi,) in rows}


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The ships whose fixes are judged while the test runs."""
    seen: set[int] = set()
    judged = calls._judged

    def recording(columns: dict[str, Any], *rest: Any) -> dict[str, Any]:
        seen.update(np.unique(columns["mmsi"]).tolist())
        return judged(columns, *rest)

    monkeypatch.setattr(calls, "_judged", recording)
    return seen


# A week with every trap and interference.


@pytest.fixture(scope="module")
def fixes() -> pd.DataFrame:
    return simulate_tables(days=7, ships=42, seed=3, jammed_share=0.1).fixes


@pytest.fixture(scope="module")
def whole(fixes: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the whole week in one file. Not to be changed."""
    folder = tmp_path_factory.mktemp("whole")
    return bring(folder / "home", write(folder / "week.csv", fixes), wanted=ALL, kept=WINDOWS)


@pytest.fixture(scope="module")
def expected(whole: Settings) -> Rows:
    rows = derived(whole, ALL)
    assert len(rows["port_call"]) > 30
    assert len(rows["interference"]) >= 3
    assert {row[-1] for row in rows["position_verdict"]} >= {REASONS[JUMP], REASONS[SECOND_HULL]}
    return rows


@pytest.fixture
def again(whole: Settings, tmp_path: Path) -> Settings:
    """A home like the other, to be changed."""
    return copy_of(whole, tmp_path)


def test_a_cut_in_midweek_with_the_late_part_first_changes_nothing(
    fixes: pd.DataFrame, whole: Settings, expected: Rows, tmp_path: Path
) -> None:
    """Nor what is read window by window."""
    is_late = fixes["reported_at"] >= START + timedelta(hours=79.63)
    bring(tmp_path / "home", write(tmp_path / "late.csv", fixes[is_late]), kept=WINDOWS)
    early = write(tmp_path / "early.csv", fixes[~is_late])
    settings = bring(tmp_path / "home", early, wanted=ALL, kept=WINDOWS)
    assert_same(derived(settings, ALL), expected)
    assert_same(windows(settings), windows(whole))


def test_the_same_fixes_by_two_publishers_are_the_same_calls(
    again: Settings, fixes: pd.DataFrame, expected: Rows, tmp_path: Path
) -> None:
    settings = bring(
        again.home, write(tmp_path / "AIS.csv", fixes, "marinecadastre-2024"), wanted=ALL
    )
    sources = {entry.source for entry in read_manifest(settings.home).entries.values()}
    assert sources == {"marinecadastre-2024", "marinecadastre-2025"}
    assert_same(derived(settings, ALL), expected)


def test_a_ship_on_the_other_side_of_the_world_changes_no_call(
    again: Settings, fixes: pd.DataFrame, expected: Rows, tmp_path: Path, worked: set[int]
) -> None:
    one = fixes[fixes["mmsi"] == expected["track_call"][0][2]]
    american = one.assign(mmsi=367000001, lon=one["lon"] - 145.0, imo=0)
    names = ("track_call", "interference", "port_call", "coverage", "weekly_port_calls")
    after = bring(again.home, write(tmp_path / "us.csv", american), wanted=names)
    assert_same(derived(after, names), expected)
    assert not worked & {367000001}


def test_a_file_is_worked_only_for_its_ships_and_those_that_depend_on_reception(
    fixes: pd.DataFrame, tmp_path: Path, worked: set[int]
) -> None:
    home, noon = tmp_path / "home", START + timedelta(days=5, hours=12)
    ships = np.sort(fixes["mmsi"].unique())
    is_new = (fixes["reported_at"] >= noon) & fixes["mmsi"].isin(ships[::7])
    before = bring(home, write(tmp_path / "old.csv", fixes[fixes["reported_at"] < noon]))
    known, hanging = candidates(before), candidates(before, "depends_on_reception")
    worked.clear()
    after = bring(home, write(tmp_path / "new.csv", fixes[is_new]))
    touched = set(fixes.loc[is_new, "mmsi"].tolist()) & candidates(after)
    assert touched - hanging
    assert known - touched - hanging
    assert worked == touched | hanging
    rows = derived(after)
    worked.clear()
    assert_same(derived(from_scratch(after)), rows)
    assert worked == candidates(after)


def test_a_ship_whose_fixes_stand_in_a_new_file_is_worked_again(
    whole: Settings, fixes: pd.DataFrame, tmp_path: Path, worked: set[int]
) -> None:
    """Her fixes are as many as before, but their speeds are others."""
    mmsi = min(candidates(whole) - candidates(whole, "depends_on_reception"))
    of_ship = fixes[fixes["mmsi"] == mmsi]
    speeds = (of_ship["sog_kn"], of_ship["sog_kn"] + 2)
    files = [
        write(tmp_path / f"{n}.csv", of_ship.assign(sog_kn=sog)) for n, sog in enumerate(speeds)
    ]
    stands, other = sorted(files, key=lambda file: file_id(file.read_bytes()))
    bring(tmp_path / "home", other)
    worked.clear()
    rows = derived(bring(tmp_path / "home", stands))
    assert worked == {mmsi}
    assert_same(rows, derived(bring(tmp_path / "of one", stands)))


def test_a_run_without_new_files_works_only_ships_that_depend_on_reception(
    again: Settings, expected: Rows, worked: set[int]
) -> None:
    assert_same(derived(bring(again.home)), expected)
    assert worked == candidates(again, "depends_on_reception") < candidates(again)


def lose(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def age(path: Path) -> None:
    """Let the catalogue say that other code found its calls, and hold one that is wrong."""
    with duckdb.connect(str(path)) as con:
        con.execute("update meta set value = 'another' where key = 'method_hash'")
        con.execute("update track_call set confidence = 1, fixes = 1")


@pytest.mark.parametrize("spoil", [lose, truncate, age])
def test_a_catalogue_that_is_of_no_use_is_worked_from_scratch(
    again: Settings, expected: Rows, worked: set[int], spoil: Callable[[Path], None]
) -> None:
    spoil(again.home / CATALOGUE)
    assert_same(derived(bring(again.home)), expected)
    assert worked == candidates(again)


# Four weeks, in which a file comes late.


def test_a_file_that_comes_three_weeks_late_leaves_the_result_as_if_it_had_not(
    tmp_path: Path,
) -> None:
    start = date(2026, 2, 23)
    month = simulate_tables(start=start, days=28, ships=9, seed=5, traps=(), reception="2h").fixes
    day = (month["reported_at"] - pd.Timestamp(start)) // timedelta(days=1)
    is_late = day.between(2, 6)
    in_time = write(tmp_path / "in-time.csv", month[~is_late])
    late = write(tmp_path / "late.csv", month[is_late])
    without = derived(bring(tmp_path / "home", in_time))
    afterwards = derived(bring(tmp_path / "home", late, wanted=ALL), ALL)
    assert len(without["track_call"]) != len(afterwards["track_call"])
    at_once = bring(tmp_path / "other", late, in_time, wanted=ALL)
    assert_same(derived(at_once, ALL), afterwards)


# What stays of earlier work.


def counted(**fixes: int) -> pa.Table:
    """The candidates: ``_1=5`` is ship 1 with five fixes."""
    mmsi = pa.array([int(name[1:]) for name in fixes], pa.int32())
    return pa.table({"mmsi": mmsi, "fixes": pa.array(list(fixes.values()), pa.int64())})


def settled_ships(before: calls.Work, candidate: pa.Table, *touched: int) -> list[int]:
    kept = calls.settled(before, candidate, pa.array(touched, pa.int32()))
    ships = sorted(kept.ships["mmsi"].to_pylist())
    assert sorted(kept.calls["mmsi"].to_pylist()) == ships
    assert sorted(kept.flagged["mmsi"].to_pylist()) == ships
    assert [part.schema for part in kept] == [part.schema for part in calls.NO_WORK]
    return ships


FIVE = {"_1": 5, "_2": 5, "_3": 5, "_4": 5}


@pytest.mark.parametrize(
    ("dependent", "counts", "touched", "expected"),
    [
        pytest.param((), FIVE, (), [1, 2, 3, 4], id="no new fix"),
        pytest.param((), FIVE, (2, 9), [1, 3, 4], id="a new fix"),
        pytest.param((), {"_1": 5, "_2": 5, "_3": 5}, (1, 2, 3), [], id="new fixes of all"),
        pytest.param((), {"_1": 5, "_2": 4, "_3": 6, "_9": 5}, (), [1], id="fewer, more, no fixes"),
        pytest.param((1,), {"_1": 5, "_2": 5}, (), [2], id="depends on reception"),
    ],
)
def test_the_ships_that_stay_settled(
    dependent: tuple[int, ...],
    counts: dict[str, int],
    touched: tuple[int, ...],
    expected: list[int],
) -> None:
    numbers = (1, 2, 3, 4)
    ships = [{"mmsi": n, "fixes": 5, "depends_on_reception": n in dependent} for n in numbers]
    before = work([*map(call, numbers)], [*map(jump, numbers)], ships)
    assert settled_ships(before, counted(**counts), *touched) == expected
    assert settled_ships(calls.NO_WORK, counted(**counts)) == []
