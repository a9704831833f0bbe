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
from tests.conftest import ROOT, FillHome

GOLDEN = ROOT / "tests" / "golden"
WEEKS = ("2026-W10", "2026-W11", "2026-W12")


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


def test_the_folder_holds_the_files_and_no_other(sample_home: Settings) -> None:
    names = {path.name for path in (sample_home.home / "reports" / "2026-W11").iterdir()}
    beside = {"data_dictionary.csv", "report.html", "report.png", "SIMULATED.txt"}
    assert names == {*FILES, *beside}


def test_a_report_that_would_be_the_same_is_left_alone(sample_home: Settings) -> None:
    folder = sample_home.home / "reports" / "2026-W11"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    with access.reading(sample_home) as con:
        assert not write.write_report(con, folder, "2026-W11")
    assert before == {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.fixture
def folder(sample_home: Settings, tmp_path: Path) -> Path:
    """A copy of a week's report."""
    return Path(shutil.copytree(sample_home.home / "reports" / "2026-W11", tmp_path / "2026-W11"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["report.html", "report.png", "data_dictionary.csv"])
def test_what_is_missing_beside_the_numbers_is_made_again_with_the_same_bytes(
    sample_home: Settings, folder: Path, name: str
) -> None:
    before = contents(folder)
    (folder / name).unlink()
    with access.reading(sample_home) as con:
        assert not write.write_report(con, folder, "2026-W11"), "no number changed"
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["barometer.csv", "coverage.csv"])
def test_with_a_number_the_page_is_drawn_anew(
    sample_home: Settings, folder: Path, name: str
) -> None:
    before = contents(folder)
    (folder / name).write_bytes(before[name] + b"2026-W12\n")
    (folder / "report.html").write_text("of other numbers")
    with access.reading(sample_home) as con:
        assert write.write_report(con, folder, "2026-W11")
    assert contents(folder) == before


def test_with_another_doubt_about_a_list_the_page_is_drawn_anew(
    sample_home: Settings, folder: Path
) -> None:
    before = contents(folder)
    drawn = before["report.html"].replace(b"<head>", b'<head><meta name="doubts" content="0a" />')
    (folder / "report.html").write_bytes(drawn)
    with access.reading(sample_home) as con:
        assert not write.write_report(con, folder, "2026-W11"), "no number changed"
    assert contents(folder) == before


def test_killed_before_its_numbers_the_page_is_drawn_again(
    sample_home: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder)
    (folder / "barometer.csv").write_text("week\n")
    durably = write.write_durably

    def killed(path: Path, content: bytes) -> None:
        if path.name in FILES:
            raise KeyboardInterrupt
        durably(path, content)

    with access.reading(sample_home) as con:
        monkeypatch.setattr(write, "write_durably", killed)
        with pytest.raises(KeyboardInterrupt):
            write.write_report(con, folder, "2026-W11")
        monkeypatch.undo()
        assert write.write_report(con, folder, "2026-W11")
    assert contents(folder) == before


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


def test_hostile_names_are_harmless_in_the_files(fill_home: FillHome, tmp_path: Path) -> None:
    names = [
        '=HYPERLINK("http://x";"y")',
        "@SUM(1)",
        "-2+3",
        "A\u202eB\x1b[31m",
        '"; drop',
        "<script>",
    ]
    header = "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,"
    header += "vessel_type,status,length,width,draft,cargo,transceiver\n"
    rows = [header]
    for number, name in enumerate(names):
        quoted = '"' + name.replace('"', '""') + '"'
        rows += [
            f"27399000{number},2026-04-15 {hour:02}:00:00,50.330{number},29.23,0.0,0,511,"
            f"{quoted},,,80,5,,,,,A\n"
            for hour in range(24)
        ]
    day = tmp_path / "day.csv"
    day.write_text("".join(rows), encoding="utf-8")
    settings = fill_home(tmp_path / "home", [day], as_of="2026-04-27T06:00")
    path = settings.home / "reports" / "2026-W16" / "port_calls.csv"
    with path.open(newline="", encoding="utf-8") as lines:
        written = {row["vessel_name"] for row in csv.DictReader(lines)}
    assert written == {
        '\'=HYPERLINK("http://x";"y")',
        "'@SUM(1)",
        "'-2+3",
        "A B [31m",
        '"; drop',
        "<script>",
    }
