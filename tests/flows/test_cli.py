"""The command line as its users type it: exit codes, what goes to which stream, and formats."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from flows.cli import main
from flows.home.settings import Settings
from flows.simulate.reception import RECEPTIONS
from tests.conftest import AS_OF, ROOT, SAMPLE


def barometer(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
        check=False,
    )


@pytest.fixture(scope="module")
def home(sample_home: Settings) -> str:
    return str(sample_home.home)


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    probe = (
        "import sys; from flows.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'prefect', 'pandas', 'duckdb', 'pyarrow', 'shapely', 'rich', 'httpx',"
        " 'websockets'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "command", ["run", "ingest", "fetch", "report", "sql", "ports", "check", "simulate"]
)
def test_every_command_helps_with_examples(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert f"examples:\n  barometer {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["ingest"], ["report", "--weak", "x"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert barometer(*arguments).returncode == 2


def test_ingest_needs_no_prefect_and_says_what_became_of_each_file(
    sample_days: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("mmsi,lat,lon\n1,2,3\n")
    home = str(tmp_path / "home")
    done = barometer("ingest", str(sample_days[0]), str(broken), "--home", home, "--as-of", AS_OF)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "broken.csv: failed" in done.stderr and "Nearest is" in done.stderr
    assert "1 of 2 inputs failed" in done.stderr
    again = barometer("ingest", str(sample_days[0]), "--home", home, "--as-of", AS_OF, "--json")
    assert again.returncode == 0
    assert [file["state"] for file in json.loads(again.stdout)] == ["known"]


def test_a_path_that_is_not_there_does_not_keep_the_others_out(
    sample_days: list[Path], tmp_path: Path
) -> None:
    day, home = str(sample_days[0]), str(tmp_path / "home")
    done = barometer("ingest", "nowhere.csv", day, "--home", home, "--as-of", AS_OF, "--json")
    assert done.returncode == 1
    assert "nowhere.csv: failed, no such file" in done.stderr
    assert [file["state"] for file in json.loads(done.stdout)] == ["failed", "ingested"]


def test_a_folder_without_ais_fails(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    done = barometer("ingest", str(tmp_path), "--home", str(tmp_path / "home"))
    assert done.returncode == 1
    assert "none of the files is AIS" in done.stderr


def test_sql_gives_the_same_rows_in_every_format(home: str) -> None:
    query = "select week, russian_linked_tanker_calls as calls from barometer order by week"
    table = barometer("sql", query, "--home", home)
    assert "2026-W11" in table.stdout
    as_csv = list(
        csv.DictReader(
            io.StringIO(barometer("sql", query, "--home", home, "--format", "csv").stdout)
        )
    )
    as_json = [
        json.loads(line)
        for line in barometer("sql", query, "--home", home, "--format", "json").stdout.splitlines()
    ]
    assert [(r["week"], int(r["calls"])) for r in as_csv] == [
        (r["week"], r["calls"]) for r in as_json
    ]
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "sql", query, "--home", home, "--format", "parquet"],
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    assert pq.read_table(io.BytesIO(done.stdout)).to_pylist() == as_json


def test_sql_reads_a_query_from_standard_input(home: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "sql", "--home", home, "--format", "csv"],
        input="select count(*) as n from port",
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout == "n\n53\n"


def test_sql_that_does_not_hold_is_told_without_a_traceback(home: str) -> None:
    done = barometer("sql", "select nonsense from port_call", "--home", home)
    assert done.returncode == 1
    assert "nonsense" in done.stderr and "Traceback" not in done.stderr


def test_sql_cannot_change_the_catalogue(home: str) -> None:
    assert barometer("sql", "drop table port_call", "--home", home).returncode == 1
    assert barometer("sql", "select count(*) from port_call", "--home", home).returncode == 0


def test_report_of_a_week_that_is_not_there_names_those_that_are(home: str) -> None:
    done = barometer("report", "--week", "2031-W01", "--home", home)
    assert done.returncode == 1
    assert "2026-W10 to 2026-W12" in done.stderr


def test_report_says_that_the_sample_is_simulated(home: str) -> None:
    done = barometer("report", "--week", "2026-W11", "--home", home)
    assert done.stdout.startswith("SIMULATED DATA")
    assert (Path(home) / "reports" / "2026-W11" / "SIMULATED.txt").exists()


def test_an_empty_home_says_so(tmp_path: Path) -> None:
    done = barometer("report", "--home", str(tmp_path / "new"))
    assert done.returncode == 1
    assert "no catalogue yet" in done.stderr


def test_check_finds_nothing_wrong_and_names_the_limits(home: str) -> None:
    done = barometer("check", "--home", home, "--as-of", AS_OF, "--json")
    findings = json.loads(done.stdout)
    assert done.returncode == 0, findings
    assert {f["check"] for f in findings} == {"never_heard"}


def test_check_finds_a_damaged_and_a_missing_file(home: str, tmp_path: Path) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home, copy)
    first, second = sorted(copy.glob("position/*/*/*.parquet"))[:2]
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1] + b"x")
    done = barometer("check", "--home", str(copy))
    assert done.returncode == 1
    assert "is missing" in done.stdout and "is not the file that was written" in done.stdout


def test_a_home_that_was_moved_works_and_is_repointed(home: str, tmp_path: Path) -> None:
    moved = tmp_path / "moved [1]*"
    shutil.copytree(home, moved)
    fixes = json.loads((SAMPLE / "expected.json").read_text())["fixes"]
    hidden = Path(home).with_name("hidden")
    Path(home).rename(hidden)
    try:
        count = ("sql", "select count(*) as n from position", "--format", "csv")
        assert barometer(*count, "--home", str(moved)).stdout == f"n\n{fixes}\n"
        assert (
            barometer("check", "--repoint", "--home", str(moved), "--as-of", AS_OF).returncode == 0
        )
        probe = (
            "import duckdb, sys\n"
            "con = duckdb.connect(sys.argv[1], read_only=True)\n"
            "print(con.execute('select count(*) from position').fetchone()[0])\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", probe, str(moved / "barometer.duckdb")],
            capture_output=True,
            text=True,
            cwd="/",
            check=True,
        )
        assert done.stdout == f"{fixes}\n"
    finally:
        hidden.rename(home)


def test_a_rebuild_gives_the_same_and_one_that_does_not_is_told(home: str, tmp_path: Path) -> None:
    done = barometer("check", "--rebuild", "--home", home, "--as-of", AS_OF)
    assert done.returncode == 0, done.stdout
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    with duckdb.connect(str(copy / "barometer.duckdb")) as con:
        con.execute("delete from vessel where mmsi = (select min(mmsi) from vessel)")
        con.execute("drop table worked_part")
    done = barometer("check", "--rebuild", "--home", str(copy), "--as-of", AS_OF)
    assert done.returncode == 1
    assert "vessel: 0 rows that a rebuild does not have, 1 that only it has" in done.stdout
    assert "worked_part: only one of the two has it" in done.stdout


def test_settings_come_from_flag_then_environment_then_file(home: str, tmp_path: Path) -> None:
    count = ("sql", "select count(*) as n from barometer", "--format", "csv")
    assert barometer(*count, BAROMETER_HOME=home).stdout == "n\n3\n"
    other = tmp_path / "other"
    assert barometer(*count, "--home", str(other), BAROMETER_HOME=home).returncode == 1
    (other / "barometer.toml").write_text("threads = 0\n")
    done = barometer("report", "--home", str(other))
    assert "threads: '0' is not a whole number" in done.stderr
    (other / "barometer.toml").write_text("thread = 1\n")
    assert "no such setting: thread" in barometer("report", "--home", str(other)).stderr


def test_ports_lists_all_of_them(home: str) -> None:
    ports = json.loads(barometer("ports", "--json").stdout)
    assert Counter(port["country"] for port in ports) == {"IR": 27, "RU": 24, "UA": 2}
    assert {area["kind"] for port in ports for area in port["areas"]} == {
        "port_limit",
        "anchorage",
        "berth",
        "land",
    }
    assert "Kharg Island" in barometer("ports").stdout


def test_simulate_offers_every_reception() -> None:
    told = barometer("simulate", "--help").stdout
    assert f"{{{','.join(RECEPTIONS)}}}" in told


def test_simulate_writes_what_run_reads(tmp_path: Path) -> None:
    done = barometer(
        "simulate", str(tmp_path / "sim"), "--days", "2", "--ships", "3", "--trap", "none"
    )
    assert done.returncode == 0 and "SIMULATED" in done.stdout
    home = str(tmp_path / "home")
    done = barometer("ingest", str(tmp_path / "sim"), "--home", home, "--as-of", AS_OF)
    assert done.returncode == 0, done.stderr
    assert "truth.csv: skipped" in done.stderr


def test_simulate_refuses_nonsense_with_a_message(tmp_path: Path) -> None:
    done = barometer("simulate", str(tmp_path / "sim"), "--trap", "nonsense")
    assert done.returncode == 1
    assert "pass_by" in done.stderr and "Traceback" not in done.stderr
