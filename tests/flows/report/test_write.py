"""The files of a report: golden, explained, safe in a spreadsheet, and left alone."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.catalogue import access, check
from flows.home import history
from flows.home.resources import sql_text
from flows.home.settings import BarometerError, Settings
from flows.registers import store
from flows.report import dictionary, figures, limits, tables, write
from flows.report.tables import FILES, safe_cell
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import copy_of, day, ingested, settings_of
from tests.build.ships import AS_OF, DANISH, call, ship
from tests.conftest import ROOT, FillHome, no_pictures
from tests.flows.registers.test_guard import opensanctions

GOLDEN = ROOT / "tests" / "golden"
WEEKS = ("2026-W10", "2026-W11", "2026-W12")
WEEK = WEEKS[-1]


@pytest.fixture(scope="module")
def reports(sample_home: Settings) -> Path:
    return sample_home.home / "reports"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


# What is in them.


@pytest.mark.parametrize("week", WEEKS)
@pytest.mark.parametrize("name", sorted(FILES))
def test_the_sample_gives_the_golden_files(reports: Path, week: str, name: str) -> None:
    written = (reports / week / name).read_bytes()
    golden = GOLDEN / week / name
    if os.environ.get("GOLDEN_WRITE"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(written)
    before = golden.read_bytes() if golden.exists() else None
    assert written == before, "if this is meant: GOLDEN_WRITE=1 make test, and read the difference"


def test_the_folder_holds_the_files_and_no_other(drawn_week: Path) -> None:
    names = {path.name for path in drawn_week.iterdir()}
    beside = {"data_dictionary.csv", "report.html", "report.png", "SIMULATED.txt"}
    beside |= {"barometer.xlsx", "datapackage.json"}
    assert names == {*FILES, *beside}


def test_the_series_of_an_old_week_does_not_grow(reports: Path) -> None:
    assert [row["week"] for row in read(reports / WEEKS[0] / "barometer.csv")] == [WEEKS[0]]


def test_every_call_of_the_headline_has_its_evidence(reports: Path) -> None:
    for week in WEEKS:
        rows = read(reports / week / "port_calls.csv")
        linked = [row for row in rows if row["is_russian_linked"] == "true"]
        assert linked
        assert all(row["evidence"] and row["link_reasons"] for row in linked)


def test_every_column_is_explained_in_its_order_and_as_its_cells_are(reports: Path) -> None:
    """And nothing else is."""
    told = [row for row in read(reports / WEEK / dictionary.NAME) if row["column"]]
    assert all(row["meaning"].endswith(".") and row["type"] for row in told)
    assert {row["type"] for row in told} == {*dictionary.TYPES.values(), "whole number"}
    known = {f"{row['file']} {row['column']}" for row in told} | {row["column"] for row in told}
    assert set(dictionary.COMPUTED) <= known
    for name in FILES:
        types = {row["column"]: row["type"] for row in told if row["file"] == name}
        header = (reports / WEEK / name).read_text(encoding="utf-8").partition("\n")[0]
        assert list(types) == header.split(",")
        assert len(types) == sum(row["file"] == name for row in told)
        for row in read(reports / WEEK / name):
            for column, cell in row.items():
                number = {"whole number": int, "number": float}.get(types[column])
                if cell and number:
                    number(cell)


def test_lists_that_were_imported_despite_a_warning_are_reported(
    fill_home: FillHome, sample_days: list[Path], tmp_path: Path
) -> None:
    settings = fill_home(tmp_path / "home", sample_days[:1], as_of="2026-03-10", derive=False)
    for key, on in (("GB-RUS", "2026-03-01"), ("GB-RUS-MARE", "2026-03-05")):
        path = opensanctions(settings, range(4), key, seen_on=on)
        store.import_list(settings, path, published_on=date.fromisoformat(on), accept_loss=True)
    run.derive(settings, [], publish=False)
    with access.reading(settings) as con:
        (week,) = con.sql("select max(week) from week").fetchone()
        sentences = limits.doubts_of(tables.records(con, "report/register", week=week), [])
    name = "OpenSanctions gb_fcdo_sanctions of 2026-03-05"
    assert [sentence.startswith(name) for sentence in sentences] == [True, True]
    assert "was imported despite a warning: " in sentences[0]
    assert "'GB-RUS-MARE' (4 hulls)" in sentences[0]
    assert "4 ships under unknown programme keys (GB-RUS-MARE)" in sentences[1]
    findings = {f.check: f.message for f in check.check(settings)}
    assert "barometer register remove 2" in findings["register"]
    assert "4 hulls under 'GB-RUS-MARE'" in findings["programme"]


# Cells.


@given(st.text())
def test_no_text_becomes_a_formula_or_leaves_its_cell(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert not set(cell) & {"\n", "\r", "\0", "\x1b", "\u202e", "\u2028"}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-1.5, -1.5),
        (None, ""),
        (float("nan"), ""),
        (False, "false"),
        (datetime(2026, 4, 15, 12, 0, 1), "2026-04-15 12:00:01"),
        (" =1+1", "'=1+1"),
        ("\u200b@x", "'@x"),
    ],
)
def test_cells(value: object, cell: object) -> None:
    assert safe_cell(value) == cell


def test_a_catalogue_of_another_version_is_named_with_what_to_do() -> None:
    with duckdb.connect() as con, pytest.raises(BarometerError, match="another version"):
        tables.week_table(con, "report/weekly_water", WEEK)


# When they are written.


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(drawn_week: Path, tmp_path: Path) -> Path:
    """A copy of a week's report."""
    return Path(shutil.copytree(drawn_week, tmp_path / WEEK))


@pytest.fixture
def written(sample_home: Settings, folder: Path) -> Callable[[], bool]:
    """Writes the copy again, and tells whether a number changed."""

    def write_again() -> bool:
        with access.reading(sample_home) as con:
            return write.write_report(con, folder, WEEK)

    return write_again


@pytest.fixture
def drawn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The weeks that were drawn; page and chart are those of the copy, for a drawing costs much."""
    pictures = {name: (folder / name).read_bytes() for name in (write.PAGE, write.CHART)}
    weeks: list[str] = []

    def draw(_: object, __: Path, week: str, *___: object) -> dict[str, bytes]:
        weeks.append(week)
        return pictures

    monkeypatch.setattr(write, "_drawn", draw)
    return weeks


def test_missing_files_are_made_again_with_the_same_bytes(
    folder: Path, written: Callable[[], bool]
) -> None:
    before = contents(folder)
    for name in (write.PAGE, write.CHART, "data_dictionary.csv"):
        (folder / name).unlink()
    assert not written(), "no number changed"
    assert contents(folder) == before
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert not written()
    assert times == {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


OTHER_DOUBTS = b'<meta name="doubts" content="0a" />'


@pytest.mark.parametrize(
    ("name", "content", "is_changed", "is_drawn"),
    [
        pytest.param("report.html", None, False, True, id="page missing"),
        pytest.param("report.png", None, False, True, id="chart missing"),
        pytest.param("data_dictionary.csv", None, False, False, id="dictionary missing"),
        pytest.param("barometer.csv", b"week\n", True, True, id="other numbers"),
        pytest.param("coverage.csv", b"week\n", True, True, id="other reception"),
        pytest.param("report.html", OTHER_DOUBTS, False, True, id="other doubts"),
    ],
)
def test_what_differs_is_written_again(
    folder: Path,
    written: Callable[[], bool],
    drawn: list[str],
    name: str,
    content: bytes | None,
    is_changed: bool,
    is_drawn: bool,
) -> None:
    before = contents(folder)
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    assert written() == is_changed
    assert contents(folder) == before
    assert bool(drawn) == is_drawn


def test_another_estimate_of_what_the_number_becomes_draws_the_page_again(
    written: Callable[[], bool], drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "nowcast", lambda _: "ESTIMATE")
    assert not written() and drawn == [WEEK]


def test_killed_before_its_numbers_the_page_is_drawn_again(
    folder: Path, written: Callable[[], bool], drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder)
    (folder / "barometer.csv").write_text("week\n")
    durably = write.write_durably

    def killed(path: Path, content: bytes) -> None:
        if path.name in FILES:
            raise KeyboardInterrupt
        durably(path, content)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(write, "write_durably", killed)
        written()
    assert written()
    assert contents(folder) == before and len(drawn) == 2


def test_figures_that_show_the_same_are_not_drawn_again(
    folder: Path, written: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder)
    drawn: list[str] = []
    plain = figures.svg

    def draw(figure: object, name: str, *given: str) -> str:
        drawn.append(name)
        return plain(figure, name, *given)

    monkeypatch.setattr(figures, "svg", draw)
    (folder / "coverage.csv").write_text("week\n")
    assert written()
    assert drawn == []
    page = (folder / write.PAGE).read_text("utf-8")
    other = re.sub('map-wide-desc" data-mark="[0-9a-f]+"', 'map-wide-desc" data-mark="0"', page)
    (folder / write.PAGE).write_text(other, "utf-8")
    (folder / "coverage.csv").write_text("week\n")
    assert written()
    assert drawn == ["map-wide"]
    assert contents(folder) == before


def test_reports_that_nothing_changed_are_not_asked_for(
    fill_home: FillHome, sample_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks: list[str] = []
    plain = write.write_report

    def noted(con: duckdb.DuckDBPyConnection, folder: Path, week: str) -> bool:
        weeks.append(week)
        return plain(con, folder, week)

    monkeypatch.setattr(write, "write_report", noted)
    settings = copy_of(sample_home, tmp_path)
    whole = {path: path.read_bytes() for path in (settings.home / "reports").rglob("*.csv")}
    fill_home(settings.home, [])
    assert weeks == []
    for touched, written in (
        (settings.home / "reports" / WEEK / "coverage.csv", [WEEK]),
        (settings.home / write.WRITTEN, [*WEEKS]),
    ):
        touched.unlink()
        with access.reading(settings) as con, no_pictures():
            write.write_reports(con, settings.home)
        assert weeks == written
        weeks.clear()
    assert whole == {path: path.read_bytes() for path in whole}


def test_what_is_marked_by_row_has_in_a_week_the_rows_up_to_it(sample_home: Settings) -> None:
    of_all = {query for query in tables.FILES.values() if "<= $week" in sql_text(query)}
    assert of_all == set(tables.UP_TO_WEEK)
    with access.reading(sample_home) as con:
        for query in tables.UP_TO_WEEK:
            of_last = tables.as_records(tables.week_table(con, query, max(WEEKS)))
            for week in WEEKS:
                rows = tables.as_records(tables.week_table(con, query, week))
                assert rows and rows == [row for row in of_last if row["week"] <= week], query


@pytest.mark.parametrize("relation", ["barometer", "weekly_water"])
def test_a_change_of_a_week_marks_its_report_and_those_after_it(
    relation: str, sample_home: Settings
) -> None:
    with access.reading(sample_home) as con:
        before = tables.fingerprints(con)
        changed = f"select * replace (tanker_calls + (week = '{WEEKS[1]}')::int as tanker_calls)"
        con.execute(f"create temp table {relation} as {changed} from {relation}")
        after = tables.fingerprints(con)
    assert [week for week in WEEKS if after[week] != before[week]] == [*WEEKS[1:]]


def write_many(home: Settings, folder: Path, weeks: int, patch: pytest.MonkeyPatch) -> None:
    """Reports of the last weeks, which count as many."""
    patch.setattr(write, "MANY_WEEKS", 1)
    marks = write.fingerprints
    patch.setattr(write, "fingerprints", lambda con: dict(list(marks(con).items())[-weeks:]))
    with access.reading(home) as con:
        assert write.write_reports(con, folder, threads=2) == [*WEEKS[-weeks:]]


def test_many_reports_are_drawn_by_others_with_the_same_bytes(
    sample_home: Settings, drawn_week: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_draw", None)
    write_many(sample_home, tmp_path, 1, monkeypatch)
    assert contents(tmp_path / "reports" / WEEK) == contents(drawn_week)


def test_if_others_are_lost_this_process_draws(
    sample_home: Settings, drawn_week: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = {name: (drawn_week / name).read_bytes() for name in (write.PAGE, write.CHART)}
    drawn: list[str] = []
    monkeypatch.setattr(write, "_draw", lambda data, *_: drawn.append(data["week"]) or pictures)
    monkeypatch.setattr(write.sys, "executable", shutil.which("false"))
    write_many(sample_home, tmp_path, 2, monkeypatch)
    assert sorted(drawn) == [*WEEKS[1:]]
    assert contents(tmp_path / "reports" / WEEK) == contents(drawn_week)


def test_a_run_that_leaves_the_reports_publishes_and_the_next_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(run, "write_reports", lambda con, home, threads: asked.append(home) or [])
    monkeypatch.setattr(run, "write_feed", lambda *_: None)
    settings = settings_of(tmp_path / "home", as_of=AS_OF)
    tanker = ship(1, "ALPHA", mid=273)
    files = ingested(settings, day(*call(tanker, 2), *call(tanker, 9), layout=DANISH))
    with only("restatement", publish=True):
        assert run.derive(settings, files, publish=True, reports=False) == []
        weeks = {row["week"] for row in history.read_history(settings.home, history.PUBLISHED_WEEK)}
        assert weeks == {"2026-W23"} and asked == []
        run.derive(settings, [], publish=True)
    assert asked == [settings.home]
    with access.reading(settings) as con:
        assert con.execute("select count(*) from restatement").fetchall() == [(0,)]
