"""Law: whatever the history of runs, a home holds what one run over all files gives.

Files come in other batches and order, late and twice, while the as-of time moves on. What a run
takes over from the one before, results or reports, changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from flows.catalogue import access, check
from flows.home.settings import Settings
from flows.report.tables import FILES, csv_bytes, week_folder, week_table, weeks
from flows.simulate import simulate
from tests.conftest import FillHome

FIRST, DAYS = date(2026, 3, 7), 10
"""A Saturday: three weeks, the first and the last of them in part."""
MORNING = time(6)
END_H = 24 * DAYS + 48
"""Hours from the first morning to the last run."""

OF_RUNS = {
    *("meta", "run", "run_file", "run_register", "restatement"),
    *("published_call", "published_port_calls", "published_week", "nowcast", "alert"),
}
"""Relations that tell what was run and published, and when."""
COLUMNS_OF_RUNS = {"ingested_at", "first_published_at", "restated_from"}


class Run(NamedTuple):
    """The days whose files a run gets, and hours from the newest of all to when it is made."""

    days: list[int]
    after_h: int


HISTORIES = {
    "the first days late": [Run([2, 7, 4], 32), Run([5, 0, 8, 3, 6, 1, 9], 0)],
    "a file twice, the first day last": [
        *(Run([1, 3, 6, 9, 4], 31), Run([2, 7, 8, 5, 3], 12), Run([0], 7)),
    ],
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A small world, a file a day."""
    folder = tmp_path_factory.mktemp("world")
    simulate(folder, start=FIRST, days=DAYS, ships=6, seed=4, traps=(), report_minutes=120)
    return sorted((folder / "ais").iterdir())


@pytest.fixture(scope="module")
def at_once(
    files: list[Path], fill_home: FillHome, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """A home that got all files in one run."""
    return fill_home(
        tmp_path_factory.mktemp("at_once") / "home", files, as_of=as_of(END_H), reports=False
    )


def as_of(hours: int) -> str:
    return (datetime.combine(FIRST, MORNING) + timedelta(hours=hours)).isoformat()


def assert_same(one: Settings, other: Settings) -> None:
    with access.reading(one) as con, access.reading(other) as other_con:
        tables = {name for (name,) in con.execute(check.RELATIONS).fetchall()}
        for name in sorted(tables - OF_RUNS):
            columns = [c for c in con.table(name).columns if c not in COLUMNS_OF_RUNS]
            rows, other_rows = (
                which.table(name).select(*columns).order("all").fetchall()
                for which in (con, other_con)
            )
            is_same = rows == other_rows
            assert is_same, name


def assert_reports_are_of_the_catalogue(settings: Settings) -> None:
    with access.reading(settings) as con:
        for week in weeks(con):
            for name, query in FILES.items():
                written = (week_folder(settings.home, week) / name).read_bytes()
                is_same = written == csv_bytes(week_table(con, query, week))
                assert is_same, f"{week} {name}"


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_any_history_of_runs_gives_what_one_run_gives(
    history: list[Run],
    files: list[Path],
    at_once: Settings,
    fill_home: FillHome,
    tmp_path: Path,
) -> None:
    newest = hours = 0
    is_reported = len(history) > 2
    for run in history:
        newest = max(newest, *(day + 1 for day in run.days))
        hours = END_H if run is history[-1] else max(hours, 24 * newest + run.after_h)
        settings = fill_home(
            tmp_path / "home",
            [files[day] for day in run.days],
            as_of=as_of(hours),
            reports=is_reported,
        )
        if is_reported:
            assert_reports_are_of_the_catalogue(settings)
    assert_same(at_once, settings)
    if is_reported:
        assert check.check_rebuild(settings) == []
