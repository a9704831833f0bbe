"""The files of a report: held against golden ones, against hostile names, and left alone."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest

from flows.catalogue import access
from flows.home.settings import Settings
from flows.report import write
from flows.report.tables import FILES
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "golden"
WEEKS = ("2026-W10", "2026-W11", "2026-W12")
WEEK = WEEKS[-1]


@pytest.mark.parametrize("week", WEEKS)
@pytest.mark.parametrize("name", sorted(FILES))
def test_the_sample_gives_the_golden_files(sample_home: Settings, week: str, name: str) -> None:
    """After a change that is meant: GOLDEN_WRITE=1 make test, and read the difference."""
    written = (sample_home.home / "reports" / week / name).read_bytes()
    golden = GOLDEN / week / name
    if os.environ.get("GOLDEN_WRITE"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(written)
    assert written == golden.read_bytes()


def test_the_folder_holds_the_files_and_no_other(drawn_week: Path) -> None:
    names = {path.name for path in drawn_week.iterdir()}
    beside = {"data_dictionary.csv", "report.html", "report.png", "SIMULATED.txt"}
    assert names == {*FILES, *beside}


def test_a_report_that_would_be_the_same_is_left_alone(
    sample_home: Settings, drawn_week: Path
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in drawn_week.iterdir()}
    with access.reading(sample_home) as con:
        assert not write.write_report(con, drawn_week, WEEK)
    assert before == {path.name: path.stat().st_mtime_ns for path in drawn_week.iterdir()}


@pytest.fixture
def folder(drawn_week: Path, tmp_path: Path) -> Path:
    """A copy of a week's report."""
    return Path(shutil.copytree(drawn_week, tmp_path / WEEK))


@pytest.fixture
def drawn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The weeks that were drawn; page and chart are those of the copy, for a drawing costs much."""
    pictures = {name: (folder / name).read_bytes() for name in (write.PAGE, write.CHART)}
    weeks: list[str] = []

    def draw(_: object, week: str, __: object) -> dict[str, bytes]:
        weeks.append(week)
        return pictures

    monkeypatch.setattr(write, "_drawn", draw)
    return weeks


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_missing_files_are_made_again_with_the_same_bytes(
    sample_home: Settings, folder: Path
) -> None:
    before = contents(folder)
    for name in (write.PAGE, write.CHART, "data_dictionary.csv"):
        (folder / name).unlink()
    with access.reading(sample_home) as con:
        assert not write.write_report(con, folder, WEEK), "no number changed"
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("name", "content", "is_changed", "is_drawn"),
    [
        pytest.param("report.html", None, False, True, id="page missing"),
        pytest.param("report.png", None, False, True, id="chart missing"),
        pytest.param("data_dictionary.csv", None, False, False, id="dictionary missing"),
        pytest.param("barometer.csv", b"week\n", True, True, id="other numbers"),
        pytest.param("coverage.csv", b"week\n", True, True, id="other reception"),
        pytest.param(
            "report.html", b'<meta name="doubts" content="0a" />', False, True, id="other doubts"
        ),
    ],
)
def test_what_differs_is_written_again(
    sample_home: Settings,
    folder: Path,
    drawn: list[str],
    name: str,
    content: bytes | None,
    is_changed: bool,
    is_drawn: bool,
) -> None:
    before = contents(folder)
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    with access.reading(sample_home) as con:
        assert write.write_report(con, folder, WEEK) == is_changed
    assert contents(folder) == before
    assert bool(drawn) == is_drawn


def test_killed_before_its_numbers_the_page_is_drawn_again(
    sample_home: Settings, folder: Path, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder)
    (folder / "barometer.csv").write_text("week\n")
    durably = write.write_durably

    def killed(path: Path, content: bytes) -> None:
        if path.name in FILES:
            raise KeyboardInterrupt
        durably(path, content)

    with access.reading(sample_home) as con:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(write, "write_durably", killed)
            write.write_report(con, folder, WEEK)
        assert write.write_report(con, folder, WEEK)
    assert contents(folder) == before and len(drawn) == 2


def test_the_series_of_an_old_week_does_not_grow(sample_home: Settings) -> None:
    rows = (sample_home.home / "reports" / "2026-W10" / "barometer.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["2026-W10"]


def test_every_call_of_the_headline_has_its_evidence(sample_home: Settings) -> None:
    for week in WEEKS:
        path = sample_home.home / "reports" / week / "port_calls.csv"
        with path.open(newline="", encoding="utf-8") as lines:
            linked = [row for row in csv.DictReader(lines) if row["is_russian_linked"] == "true"]
        assert linked
        assert all(row["evidence"] and row["link_reasons"] for row in linked)
