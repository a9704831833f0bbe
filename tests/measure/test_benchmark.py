"""The benchmark's own arithmetic, and a tiny run of what it measures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.registers.lists.entry import Entry
from flows.registers.publishers.formats import open_list
from tests.build.derivation import only
from tests.conftest import no_pictures
from tests.measure import bench
from tests.measure.benchmark import beside, hourly, jobs, memory, parts, process, start, year
from tests.measure.benchmark.days import SHIPS, write_day
from tests.measure.benchmark.parts import Given
from tests.measure.benchmark.table import Found, Table, medians, ratio

LIMITS = {"threads": 2, "memory_limit": "300MB"}
ROWS = 700
KEYS = ("ingest_s", "derive_s", "report_s", "compact_s", "peak_mb", "catalogue_mb")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[Given, dict[str, Any]]:
    """A home of one week as the part `year` makes it, by a real run, and what that measured."""
    given = Given(tmp_path_factory.mktemp("bench"), LIMITS, times=1, weeks=(0,), week_rows=ROWS)
    files, home = year.week_files(given, 0), str(year.home_path(given))
    with no_pictures():
        return given, jobs.run(files, home, publish=True, as_of=year.as_of(0), **LIMITS)


def test_a_run_is_measured_part_by_part(week: tuple[Given, dict[str, Any]]) -> None:
    measured = week[1]
    assert measured["rows"] == 7 * ROWS
    parts = [measured[name] for name in ("ingest_s", "derive_s", "report_s")]
    assert min(parts) > 0
    assert measured["seconds"] == pytest.approx(sum(parts))
    assert set(KEYS) <= set(measured)


def test_ships_beside_each_other_are_measured_step_by_step() -> None:
    measured = jobs.encounters(20_000, **LIMITS)
    assert measured["pairs"] > 0
    assert min(measured[name] for name in ("digest_s", "window_s", "spell_s", "peak_mb")) > 0


def here(name: str, /, **given: Any) -> dict[str, Any]:
    """A job in this process."""
    with no_pictures():
        return jobs.JOBS[name](**json.loads(json.dumps(given)))


def test_hourly_files_are_asked_before_and_after_compaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(year, "job", here)
    monkeypatch.setattr(hourly, "DAYS", 1)
    monkeypatch.setattr("flows.lake.compact.FEW", 20)
    monkeypatch.setattr("flows.runner.run.write_reports", lambda *_: [])
    monkeypatch.setattr("flows.runner.run.write_feed", lambda *_: None)
    with only("vessel_link", publish=True):
        found = hourly.hourly(Given(tmp_path, LIMITS, times=1, week_rows=240))
    opened = [(state, files) for _, state, files, *_ in found.tables[0].rows]
    assert {files for state, files in opened if state == "parts"} == {24}
    assert {files for state, files in opened if state == "compact"} <= {1, 2}
    assert len(opened) == 2 * len(hourly.ASKED)


def test_every_question_is_answered_by_a_plain_client(
    week: tuple[Given, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(year, "job", here)
    results = year.queries(week[0])
    answers = {name: runs[0] for name, runs in results.measured.items()}
    assert set(answers) == {path.stem for path in jobs.QUESTIONS.glob("*.sql")}
    assert all(answer["rows"] for name, answer in answers.items() if name != "linked_fixes")
    assert answers["series"]["files_read"] == 0, "it is in the catalogue"
    assert answers["ship_year"]["files_read"] == 7
    groups = year.row_groups(year.home_path(week[0]))
    for number, matching in ((0, 7), (1, 0)):
        bounds = year.questions(number)["linked_fixes"][1]
        assert sum(year.may_hold(group, bounds) for group in groups) == matching


def test_our_side_of_the_peers_finds_ports_and_calls(
    week: tuple[Given, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "job", here)
    given, _ = week
    files = [str(write_day(given.work / "days", 1_000, day, 100)) for day in range(7)]
    fixes = beside._fixes(given, given.work, files)
    fenced, called = jobs.fence(fixes), jobs.calls(fixes)
    assert fenced["rows"] == called["rows"] > 6_900
    assert fenced["found"] > 0.6 * fenced["rows"], "they are in port from Monday to Friday"
    assert 80 <= called["found"] <= 120, "each of 100 ships calls once"


def test_a_job_runs_in_a_process_of_its_own_and_fails_with_its_message(
    tmp_path: Path, capfd: Any
) -> None:
    ended = process.watched([sys.executable, "-c", "print(1); held = bytearray(200_000_000)"])
    assert (ended.code, ended.out) == (0, "1\n")
    asked = {"files": ["none.csv"], "work": str(tmp_path / "work"), "is_ordered": True}
    with pytest.raises(process.JobFailed, match="copy failed"):
        process.job("copy", **asked, **LIMITS)
    assert "none.csv" in capfd.readouterr().err


def test_medians_are_of_a_figure_and_ratios_within_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ([{"seconds": s} for s in runs] for runs in ((2, 30, 4), (1, 10, 4)))
    assert medians(first, "seconds") == [4]
    assert ratio(first, second) == 2, "rounds 2, 3 and 1; the ratio of the medians would be 1"
    seconds = iter([1, 2, 1, 4, 6, 3, 2, 3, 1])

    def fake(name: str, **given: Any) -> dict[str, Any]:
        return {"seconds": next(seconds), "rows": 100} | dict.fromkeys(KEYS, 1)

    monkeypatch.setattr(parts, "job", fake)
    (table,) = parts.day(Given(tmp_path, LIMITS, times=3, rows=100)).tables
    figures = {str(row[0]): row[1] for row in table.rows}
    assert figures["run / COPY in order"] == 1.5, "of 2, 1.5 and 1.5"
    assert figures["run / COPY unordered"] == 2, "of 2, 2 and 3"
    assert [path.name for path in tmp_path.iterdir()] == ["days"], "only the days are left"


class Fakes:
    """Jobs that take a known time and leave a trace in the home."""

    def __init__(self, seconds: list[float]) -> None:
        self.seconds = iter(seconds)
        self.seen: list[list[str]] = []

    def __call__(
        self, name: str, /, *, home: str, files: list[str], **given: Any
    ) -> dict[str, Any]:
        folder = Path(home)
        folder.mkdir(exist_ok=True)
        self.seen.append(sorted(path.name for path in folder.iterdir()))
        (folder / f"{Path(files[0]).stem}.parquet").touch()
        (folder / "history").write_text("appended")
        seconds = next(self.seconds, None)
        if seconds is None:
            raise process.JobFailed("out of memory")
        return {"seconds": seconds, "rows": 7} | dict.fromkeys(KEYS, 1.0)


def test_a_measured_week_begins_each_time_from_the_home_of_the_weeks_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = Fakes([2, 4, 6, 5, 7, 8, 8, 8])
    monkeypatch.setattr(year, "job", fakes)
    (table,) = year.year(Given(tmp_path, LIMITS, times=3, weeks=(2,), week_rows=1)).tables
    weeks = [f"ais-{day}-1-{SHIPS}.parquet" for day in ("2025-01-06", "2025-01-13")]
    assert fakes.seen == [[], [], [], [weeks[0], "history"], *[[*weeks, "history"]] * 3]
    assert not list((tmp_path / "days").iterdir()), "the files of a week go when it is measured"
    assert [(*row[:2], row[6]) for row in table.rows] == [("0", 4.0, 1.0), ("2", 8.0, 2.0)]


def test_what_was_measured_before_a_failure_is_kept_and_the_exit_code_is_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(year, "job", Fakes([2, 3, 4]))
    flags = ["--times", "1", "--week-rows", "1", "--weeks", "1", "3", "--keep", str(tmp_path / "w")]
    markdown, data = tmp_path / "r.md", tmp_path / "r.json"
    assert bench.main(["year", *flags, "--markdown", str(markdown), "--json", str(data)]) == 1
    printed = capsys.readouterr().out
    assert "SIMULATED" in printed
    assert "The run failed at 3 weeks before: out of memory." in printed
    assert "| 1 | 3 |" in printed
    assert markdown.read_text() == printed.removesuffix("\n")
    assert json.loads(data.read_text())["data"] == "SIMULATED"


def test_what_cannot_be_measured_is_wrong_usage_or_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(["dya"])
    assert ended.value.code == 2
    assert "no such part: dya" in capsys.readouterr().err
    given = Given(tmp_path, LIMITS)
    monkeypatch.setattr(beside, "PYTHON", beside.ROOT / "none")
    assert beside.peers(given).tables == []
    with pytest.raises(SystemExit, match="--keep"):
        parts.day_files(given, 10**13)


def test_the_page_has_the_tables_and_the_machine() -> None:
    table = Table("T", "N.", ("", "s"), [("a", 1.0)])
    text = bench.page({"day": Found([table], {})}, Given(Path(), LIMITS, times=3))
    assert "medians of 3" in text
    assert "| a | 1 |" in text
    assert bench.machine().endswith("GB of memory")


class Programs:
    """Commands that take a known time, of which `seen` keeps the arguments."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = iter(seconds)
        self.seen: list[list[str]] = []

    def __call__(self, command: list[str]) -> process.Ended:
        self.seen.append(command)
        return process.Ended("", 0, next(self.seconds), 1.0)


def test_a_start_is_held_against_the_bare_flow_on_a_home_as_new_or_as_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Programs(10, 5, 8, 6, 10, 7, 8, 8, 10, 9, 8, 4)
    monkeypatch.setattr(start, "watched", programs)
    (table,) = start.start(Given(tmp_path, LIMITS, times=3)).tables
    beside = {row[0]: row[3] for row in table.rows if row[0].startswith(start.RUN)}
    assert list(beside.values()) == [0.7, 0.75], "of 0.5, 0.7, 0.9; of 0.75, 1 and 0.5"
    homes = [command[-1] if "--home" in command else command[1] for command in programs.seen]
    assert homes[:2] == homes[2:4], "the second of a round finds what the first left"
    assert len(set(homes)) == 6, "each round begins on new ones"


def test_known_files_are_held_against_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Programs(9, 1, 1.5, 4)
    monkeypatch.setattr(start, "watched", programs)
    monkeypatch.setattr(start, "KNOWN_DAYS", 3)
    (table,) = start.known(Given(tmp_path, LIMITS, times=1)).tables
    assert [row[1] for row in table.rows] == [9, 1, 1.5, 4]
    files = [sum(part.endswith(".csv") for part in command) for command in programs.seen]
    assert files == [3, 1, 3, 3]
    assert ["--verify" in command for command in programs.seen] == [False, False, False, True]


def test_memory_is_measured_on_calls_within_events_on_ship_days_and_on_ships_of_a_list(
    tmp_path: Path,
) -> None:
    jammed = memory.write_jammed(tmp_path / "jammed.csv", 4)
    with only("port_call", "interference"):
        assert jobs.derive([jammed], str(tmp_path / "home"), **LIMITS)["peak_mb"] > 0
    with duckdb.connect(str(tmp_path / "home" / "barometer.duckdb"), read_only=True) as con:
        called = con.sql("select count(*), count(distinct port_id) from port_call").fetchall()
        events = con.sql("select count(*), any_value(place) from interference").fetchall()
    assert called == [(4 * memory.CALLS_A_DAY, 1)]
    assert events == [(4, "Kharg Island")]
    days = [memory.write_ship_days(tmp_path / f"{day}.csv", 20, day) for day in (9, 10)]
    with duckdb.connect() as con:
        ships = con.read_csv(days).aggregate("count(*), count(distinct mmsi)").fetchall()
        named = con.read_csv(days).aggregate("count(distinct vessel_name)").fetchall()
    assert (ships, named) == ([(40, 20)], [(30,)]), "half of them have another name on the 10th"
    file = open_list(Path(memory.write_list(tmp_path / "list.csv", 50, "2020-01-01")))
    assert len({row.imo for row in file.rows if isinstance(row, Entry)}) == 50


def test_dask_is_held_against_one_process_on_files_packed_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Programs(1, *(4, 3, 2), *(5, 5, 5), *(8, 4, 2))
    monkeypatch.setattr(parts, "watched", programs)
    given = Given(tmp_path, LIMITS, times=1, rows=10, sizes=(20,))
    (table,) = parts.dask(given).tables
    assert [row[2] for row in table.rows] == [None, *(1, 0.75, 0.5), *(1, 1, 1), *(1, 0.5, 0.25)]
    suffixes = {Path(part).suffix for command in programs.seen[-3:] for part in command}
    assert ".gz" in suffixes
    assert ".csv" not in suffixes
