"""The benchmark's own arithmetic, and a tiny run of what it measures."""

from __future__ import annotations

import gzip
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.measure import bench
from tests.measure.benchmark import beside, hourly, jobs, parts, process, year
from tests.measure.benchmark.days import SHIPS, pack, write_day
from tests.measure.benchmark.parts import Given
from tests.measure.benchmark.table import Found, Table, median, ratio

LIMITS = {"threads": 2, "memory_limit": "300MB"}
ROWS = 700


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Given, dict[str, Any]]:
    """A home of one week as the part `year` makes it, by a real run, and what that measured."""
    given = Given(tmp_path_factory.mktemp("bench"), LIMITS, times=1, weeks=(0,), week_rows=ROWS)
    files = year.week_files(given, 0)
    home = str(year.home_path(given))
    return given, jobs.run(files, home, publish=True, as_of=year.as_of(0), **LIMITS)


def test_a_run_is_measured_step_by_step(made: tuple[Given, dict[str, Any]]) -> None:
    found = made[1]
    assert found["rows"] == 7 * ROWS
    assert found["seconds"] == pytest.approx(
        found["ingest_s"] + found["derive_s"] + found["report_s"]
    )
    assert sum(found["steps"].values()) == pytest.approx(found["derive_s"])
    assert {"port_call", "vessel_link", "find_calls", "before _settled"} <= set(found["steps"])
    assert found["report_s"] > 0, "a run that publishes writes reports"
    assert 0 <= found["steps"]["the rest"] < 0.5 * found["derive_s"], "most of it has a name"


def test_measuring_leaves_the_program_as_it_was(made: tuple[Given, dict[str, Any]]) -> None:
    from flows.catalogue import build as catalogue
    from flows.catalogue import relations
    from flows.derive import calls
    from flows.runner import run

    for function in (
        relations.create,
        catalogue._settled,
        calls.find_calls,
        run.write_report,
    ):
        assert function.__module__.startswith("flows."), function


def here(name: str, /, **given: Any) -> dict[str, Any]:
    """A job in this process, with what it is given as it comes through a pipe."""
    return jobs.JOBS[name](**json.loads(json.dumps(given)))


def test_every_question_is_answered_by_a_plain_client(
    made: tuple[Given, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(year, "job", here)
    found = year.queries(made[0])
    tables, measured = found.tables, found.measured
    assert {path.stem for path in jobs.QUESTIONS.glob("*.sql")} == set(measured)
    answers = {name: runs[0] for name, runs in measured.items()}
    assert all(answer["rows"] for name, answer in answers.items() if name != "linked_fixes")
    assert answers["series"]["files_read"] == 0, "it stands in the catalogue"
    assert answers["ship_year"]["files_read"] == 7
    shown = {str(row[0]).split("]")[0][1:]: row for row in tables[0].rows}
    assert shown["linked_fixes"][6] == "7 of 7"
    assert shown["series"][6] is None


def test_hourly_files_are_asked_as_parts_and_compact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hourly, "DAYS", 2)
    monkeypatch.setattr(hourly, "job", here)
    found = hourly.hourly(Given(tmp_path, LIMITS, times=1, week_rows=ROWS))
    (table,) = found.tables
    opened = {(str(row[0]).split("]")[0][1:], row[1]): row[2] for row in table.rows}
    assert opened["ship_year", "parts"] == 48
    assert opened["ship_year", "compact"] == 2, "the compact file, and the empty part"
    for name in hourly.ASKED:
        answers = {found.measured[state][name][0]["rows"] for state in ("parts", "compact")}
        assert len(answers) == 1, name


def test_row_groups_are_those_that_the_statistics_leave(
    made: tuple[Given, dict[str, Any]],
) -> None:
    groups = year.row_groups(year.home_path(made[0]))
    assert 0.99 * 7 * ROWS < sum(group["rows"] for group in groups) < 7 * ROWS
    week = year.questions(0)["linked_fixes"][1]
    assert sum(year.may_hold(group, week) for group in groups) == len(groups) == 7
    next_week = year.questions(1)["linked_fixes"][1]
    assert sum(year.may_hold(group, next_week) for group in groups) == 0


def test_a_day_of_the_year_joins_the_next_without_a_jump(tmp_path: Path) -> None:
    files = [str(write_day(tmp_path, 9_000, day, 300)) for day in range(9)]
    with duckdb.connect() as con:
        (fastest_kn,) = con.execute(
            """
            select max(
                60 * sqrt(power(lat - last_lat, 2) + power(lon - last_lon, 2))
                / (epoch(seen_at - last_at) / 3600)
            )
            from (
                select
                    base_date_time as seen_at, latitude as lat, longitude as lon,
                    lag(seen_at) over ship as last_at,
                    lag(lat) over ship as last_lat,
                    lag(lon) over ship as last_lon
                from read_csv($files)
                where mmsi >= 200000000
                window ship as (partition by mmsi order by base_date_time)
            )
            where seen_at - last_at >= interval 5 minutes
            """,
            {"files": files},
        ).fetchone()  # type: ignore[misc]
    assert fastest_kn < 10


def test_half_of_the_ships_are_others_the_week_after_and_the_same_after_thirteen(
    tmp_path: Path,
) -> None:
    def ships(day: int) -> set[int]:
        path = str(write_day(tmp_path, 20_000, day, 300))
        with duckdb.connect() as con:
            rows = con.execute(
                "select distinct mmsi from read_csv($path) where mmsi >= 200000000", {"path": path}
            ).fetchall()
        return {mmsi for (mmsi,) in rows}

    first, second, later = ships(0), ships(7), ships(13 * 7)
    assert len(first) == len(second) == 300
    assert len(first & second) == 150
    assert first == later


def test_packings_hold_the_same_rows_and_are_made_once(tmp_path: Path) -> None:
    day = write_day(tmp_path, 100)
    plain = day.read_bytes()
    with zipfile.ZipFile(pack(day, "zip")) as archive:
        assert archive.read(day.name) == plain
    assert gzip.decompress(pack(day, "gz").read_bytes()) == plain
    with pa.input_stream(str(pack(day, "zst")), compression="zstd") as stream:
        assert stream.read() == plain
    assert pack(day, "plain") == day
    at = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    write_day(tmp_path, 100)
    pack(day, "zip")
    assert at == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}


def test_memory_is_that_of_a_process_and_its_children() -> None:
    child = "import time; held = bytearray(b'x') * 200_000_000; time.sleep(0.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    ended = process.watched([sys.executable, "-c", parent])
    assert ended.code == 0
    assert 190 < ended.peak_mb < 300
    assert ended.seconds > 0.5


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux's affinity")
def test_on_one_core_holds_for_the_process_and_not_for_who_watches_it() -> None:
    ask = "import os; print(len(os.sched_getaffinity(0)), os.environ['POLARS_MAX_THREADS'])"
    before = os.sched_getaffinity(0)
    ended = process.watched([sys.executable, "-c", ask], is_on_one_core=True)
    assert ended.out.split() == ["1", "1"]
    assert os.sched_getaffinity(0) == before


def test_a_job_runs_in_a_process_of_its_own_and_tells_its_peak(tmp_path: Path) -> None:
    day = str(write_day(tmp_path, 100))
    found = process.job("copy", files=[day], work=str(tmp_path), is_ordered=True, **LIMITS)
    assert found["seconds"] > 0
    assert found["peak_mb"] > 20
    assert pq.read_metadata(tmp_path / "copy-0.parquet").num_rows == 100


def test_a_job_that_fails_is_no_measurement(tmp_path: Path, capfd: Any) -> None:
    with pytest.raises(process.JobFailed, match="copy failed"):
        process.job("copy", files=["none.csv"], work=str(tmp_path), is_ordered=True, **LIMITS)
    assert "none.csv" in capfd.readouterr().err


def test_the_median_is_of_a_figure_and_the_ratio_of_rounds() -> None:
    one = [{"seconds": s} for s in (2, 30, 4)]
    other = [{"seconds": s} for s in (1, 10, 4)]
    assert median(one, "seconds") == 4
    assert ratio(one, other) == 2, "rounds 2, 3 and 1; the ratio of the medians would be 1"


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
        seconds = next(self.seconds)
        steps = {"port_call": seconds / 2, "mid": 1.0}
        keys = ("ingest_s", "derive_s", "report_s", "compact_s", "peak_mb", "catalogue_mb")
        return {"seconds": seconds, "rows": 7, "steps": steps} | dict.fromkeys(keys, 1.0)


def test_a_measured_week_begins_each_time_from_the_home_of_the_weeks_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = Fakes([2, 4, 6, 5, 7, 8, 8, 8])
    monkeypatch.setattr(year, "job", fakes)
    given = Given(tmp_path, LIMITS, times=3, weeks=(2,), week_rows=1)
    found = year.year(given)
    weeks = [f"ais-{day}-1-{SHIPS}.parquet" for day in ("2025-01-06", "2025-01-13", "2025-01-20")]
    assert fakes.seen == [[], [], [], [weeks[0], "history"], *[[*weeks[:2], "history"]] * 3]
    assert sorted(path.name for path in year.home_path(given).iterdir()) == [*weeks, "history"]
    assert not list((tmp_path / "days").iterdir()), "the files of a week go when it is measured"
    cost, growth = found.tables
    assert [row[:2] for row in cost.rows] == [("0", 4.0), ("2", 8.0)]
    assert [row[6] for row in cost.rows] == [1.0, 2.0]
    assert growth.rows[0][:2] == ("port_call", 4.0)


def test_a_full_week_comes_to_an_empty_home_and_to_the_year_each_time_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = Fakes([1, 2, 6, 4, 8, 2, 5])
    monkeypatch.setattr(year, "job", fakes)
    given = Given(tmp_path, LIMITS, times=3, rows=2, weeks=(0,), week_rows=1)
    table = year.full_week(given).tables[0]
    of_year = [f"ais-2025-01-06-1-{SHIPS}.parquet", "history"]
    assert fakes.seen == [[], *[[], of_year] * 3], "the home of the year is made before"
    assert sorted(path.name for path in year.home_path(given).iterdir()) == of_year
    assert not list((tmp_path / "days").iterdir())
    assert [row[:2] for row in table.rows] == [("an empty home", 2), ("1 weeks", 6)]
    assert [row[5] for row in table.rows] == [1, 2.5], "rounds 3, 2 and 2.5"


def test_what_was_measured_before_a_week_failed_is_kept_and_the_exit_code_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    fakes = Fakes([2, 3, 4])

    def fails_at_last(*given: Any, **named: Any) -> dict[str, Any]:
        if len(fakes.seen) == 3:
            raise process.JobFailed("out of memory")
        return fakes(*given, **named)

    monkeypatch.setattr(year, "job", fails_at_last)
    flags = ["--times", "1", "--week-rows", "1", "--weeks", "1", "3", "--keep", str(tmp_path)]
    assert bench.main(["year", *flags]) == 1
    said = capsys.readouterr().out
    assert "The run failed at 3 weeks before\n\nout of memory" in said
    assert "| 1 | 3 |" in said
    assert len(fakes.seen) == 3


def test_steps_that_grow_are_shown_by_their_last_seconds() -> None:
    def runs(*seconds: float) -> list[dict[str, Any]]:
        return [{"steps": {"slow": s, "even": 0.5}} for s in seconds]

    table = year.growth({1: runs(0.1, 0.2, 0.3), 4: runs(0.8, 0.8, 9)}, (1, 4))
    assert table.rows == [("slow", 0.2, 0.8, pytest.approx(4)), ("even", 0.5, 0.5, 1.0)]


def test_the_run_is_held_against_each_copy_round_by_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([1, 2, 1, 4, 6, 3, 2, 3, 1])

    def fake(name: str, **given: Any) -> dict[str, Any]:
        keys = ("ingest_s", "derive_s", "report_s", "compact_s", "peak_mb")
        return {"seconds": next(seconds), "rows": 100} | dict.fromkeys(keys, 1)

    monkeypatch.setattr(parts, "job", fake)
    (table,) = parts.day(Given(tmp_path, LIMITS, times=3, rows=100)).tables
    figures = {str(row[0]): row[1] for row in table.rows}
    assert figures["run / COPY in order"] == 1.5, "of 2, 1.5 and 1.5"
    assert figures["run / COPY unordered"] == 2, "of 2, 2 and 3"
    assert figures["rows a second, the whole run"] == pytest.approx(100 / 3)
    assert [path.name for path in tmp_path.iterdir()] == ["days"], "only the days are left"


def test_more_rows_than_a_day_has_are_several_files(tmp_path: Path) -> None:
    files = parts.day_files(Given(tmp_path, LIMITS, rows=50), 150)
    assert [Path(path).name[4:14] for path in files] == ["2025-01-06", "2025-01-07", "2025-01-08"]
    with duckdb.connect() as con:
        assert con.execute("select count(*) from read_csv($f)", {"f": files}).fetchone() == (150,)


def test_rows_that_the_disk_cannot_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--keep"):
        parts.day_files(Given(tmp_path, LIMITS), 10**13)


def test_dask_is_skipped_where_the_run_has_no_such_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "watched", lambda command: process.Ended("--home", 0, 1, 1))
    assert parts.dask(Given(tmp_path, LIMITS)).tables == []


def test_dask_is_held_against_one_process_on_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = []

    def fake(command: list[str]) -> process.Ended:
        commands.append(command)
        seconds = 8.0 if "1" in command else 4.0 if "dask" in command else 10.0
        return process.Ended("--on --workers", 0, seconds, 50)

    monkeypatch.setattr(parts, "watched", fake)
    given = Given(tmp_path, LIMITS, times=1, rows=5, sizes=(10,))
    (table,) = parts.dask(given).tables
    assert [row[1:3] for row in table.rows] == [(10, None), (10, 1.0), (8, 0.8), (4, 0.4)]
    assert [sum(str(part).endswith(".csv") for part in command) for command in commands] == [
        *(0, 0),
        *(2, 2, 2),
    ]


def test_peers_are_skipped_without_their_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "PYTHON", beside.ROOT / "none")
    assert beside.peers(Given(tmp_path, LIMITS)).tables == []


def test_our_side_of_the_peers_finds_ports_and_calls(made: tuple[Given, dict[str, Any]]) -> None:
    given, _ = made
    files = [str(write_day(given.work / "days", 3_000, day, 300)) for day in range(7)]
    fixes = beside._fixes(given, given.work, files)
    fenced, called = jobs.fence(fixes), jobs.calls(fixes)
    assert fenced["rows"] == called["rows"] > 20_900
    assert fenced["found"] > 0.6 * fenced["rows"], "they are in port from Monday to Friday"
    assert 250 <= called["found"] <= 350, "each of 300 ships calls once"


def test_the_page_says_what_was_measured_and_on_what(capsys: Any) -> None:
    table = Table("T", "N.", ("", "s"), [("a", 1.0)])
    text = bench.page({"day": Found([table], {})}, Given(Path(), LIMITS, times=3))
    assert "SIMULATED" in text
    assert "medians of 3" in text
    assert "| a | 1 |" in text
    assert bench.machine().endswith("GB of memory")


def test_a_part_that_is_not_known_is_wrong_usage(capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(["dya"])
    assert ended.value.code == 2
    assert "no such part: dya" in capsys.readouterr().err


def test_measurements_go_to_the_files_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    table = Table("T", "N.", ("", "s"), [("a", 1.0)])
    monkeypatch.setitem(bench.PARTS, "day", lambda given: Found([table], {"a": [1.0]}))
    files = ["--markdown", str(tmp_path / "r.md"), "--json", str(tmp_path / "r.json")]
    bench.main([*files, "--times", "1"])
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["data"] == "SIMULATED"
    assert told["measured"] == {"day": {"a": [1.0]}}
    assert (tmp_path / "r.md").read_text() == capsys.readouterr().out.removesuffix("\n")
