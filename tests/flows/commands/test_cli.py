"""The command line: exit codes, streams and formats."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq
import pytest
from shapely.geometry import shape

from flows import cli
from flows.cli import main
from flows.commands import register
from flows.home.resources import port_files
from flows.home.settings import Settings
from flows.simulate.reception import RECEPTIONS
from geo.ports import load_ports
from tests.build.derivation import only
from tests.build.process import ROOT, barometer
from tests.conftest import AS_OF, SAMPLE, FillHome

PORTS = load_ports(*port_files()).port
COMMANDS = [
    *(module.__name__.rpartition(".")[2] for module in cli.COMMANDS if module is not register),
    *("register-import", "register-list", "register-remove"),
]


pytestmark = pytest.mark.usefixtures("undrawn")


class Done(NamedTuple):
    """How a command ended."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()


Command = Callable[..., Done]


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes]) -> Command:
    """Runs a command in this process."""

    def run(*arguments: str) -> Done:
        try:
            code = main(list(arguments))
        except SystemExit as ended:
            code = int(str(ended.code))
        streams = capfdbinary.readouterr()
        return Done(code, streams.out, streams.err.decode())

    return run


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


@pytest.mark.parametrize("name", ["", "register", *COMMANDS])
def test_every_command_has_help_with_examples(name: str, command: Command) -> None:
    words = name.split("-") if name else []
    done = command(*words, "--help")
    assert done.code == 0
    assert re.search(rf"examples:\n( .*\n)*  barometer {' '.join(words)}", done.out)
    if name == "simulate":
        assert f"{{{','.join(RECEPTIONS)}}}" in done.out


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["nonsense"], ["ingest"], ["report", "--weak", "x"], ["run", "--threads", "x"]),
        *(["report", "--week", week] for week in ("W16", "2026-w16", "2026-W1", "")),
        *(["report", "--as-known-on", day] for day in ("yesterday", "2026-02-30")),
        ["register", "import", "list.csv", "--published-on", "13.4.2026"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(arguments: list[str], command: Command) -> None:
    assert command(*arguments).code == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_command_and_leaves_the_handlers(
    number: signal.Signals, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(number)
    stop = "flows.analyst.ports.show"
    monkeypatch.setattr(stop, lambda: os.kill(os.getpid(), number))
    done = command("ports")
    assert done.code == 1 and "barometer: stopped. What was committed stays" in done.err
    assert signal.getsignal(number) is before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with cli._stoppable():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ingest_reports_each_file_without_prefect(sample_days: list[Path], tmp_path: Path) -> None:
    """The real process: data on stdout, messages on stderr."""
    broken = tmp_path / "broken.csv"
    broken.write_text("mmsi,lat,lon\n1,2,3\n")
    paths = [str(path) for path in ("nowhere.csv", sample_days[0], broken)]
    done = barometer("ingest", *paths, "--home", str(tmp_path / "home"), "--as-of", AS_OF, "--json")
    assert done.returncode == 1
    assert "nowhere.csv: failed, no such file" in done.stderr
    assert "broken.csv: failed" in done.stderr and "Closest is" in done.stderr
    assert "2 of 3 inputs failed" in done.stderr
    states = [file["state"] for file in json.loads(done.stdout)]
    assert states == ["failed", "ingested", "failed"]


def test_a_folder_without_ais_fails(tmp_path: Path, command: Command) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    with only():
        done = command("ingest", str(tmp_path), "--home", str(tmp_path / "home"))
    assert (done.code, done.out) == (1, "") and "none of the files is AIS" in done.err


def test_sql_gives_the_same_rows_in_every_format(home: str, command: Command) -> None:
    query = """
        select week, russian_linked_tanker_calls as calls from barometer
        where series = 'russian_linked_tankers' order by week
    """

    def formatted(name: str) -> Done:
        return command("sql", query, "--home", home, "--format", name)

    assert "2026-W11" in command("sql", query, "--home", home).out
    rows = [json.loads(line) for line in formatted("json").out.splitlines()]
    read = csv.DictReader(io.StringIO(formatted("csv").out))
    assert [(row["week"], int(row["calls"])) for row in read] == [(*row.values(),) for row in rows]
    assert pq.read_table(io.BytesIO(formatted("parquet").raw)).to_pylist() == rows


def test_sql_reads_a_query_from_standard_input(
    home: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = io.TextIOWrapper(io.BytesIO(b"select count(*) as n from port"))
    monkeypatch.setattr(sys, "stdin", query)
    assert command("sql", "--home", home, "--format", "csv").out == f"n\n{len(PORTS)}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sql", "select nonsense from port_call"], "nonsense"),
        (["sql", "drop table port_call"], "read-only"),
        (["report", "--week", "2031-W01"], "2026-W10 to 2026-W12"),
    ],
    ids=["unknown column", "change of the catalogue", "unknown week"],
)
def test_a_failure_is_a_message(
    arguments: list[str], message: str, home: str, command: Command
) -> None:
    done = command(*arguments, "--home", home)
    assert (done.code, done.out) == (1, "") and message in done.err


def test_report_marks_the_sample_as_simulated(home: str, command: Command) -> None:
    assert command("report", "--week", "2026-W11", "--home", home).out.startswith("SIMULATED DATA")
    assert (Path(home) / "reports" / "2026-W11" / "SIMULATED.txt").exists()


def test_a_week_as_json_has_the_values_of_sql(home: str, command: Command) -> None:
    at = ("--home", home)
    week = json.loads(command("report", "--week", "2026-W11", "--json", *at).out)
    query = "from port_call where week = '2026-W11' and is_russian_linked and is_tanker"
    lines = command("sql", query, "--format", "json", *at).out.splitlines()
    arrivals = sorted(json.loads(line)["arrived_at"] for line in lines)
    assert sorted(call["arrived_at"] for call in week["calls"]) == arrivals


def test_check_finds_no_fault(home: str, command: Command) -> None:
    sound = command("check", "--home", home, "--as-of", AS_OF, "--json")
    assert sound.code == 0
    assert {finding["check"] for finding in json.loads(sound.out)} == {"never_heard"}


def test_a_rebuild_differs_where_the_catalogue_was_changed(
    fill_home: FillHome,
    sample_days: list[Path],
    tmp_path: Path,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Alone: the other checks ask for more relations than this home has."""
    monkeypatch.setattr("flows.catalogue.check.check", lambda _: [])
    changed = str(tmp_path / "home")
    with only("vessel"):
        fill_home(tmp_path / "home", sample_days[:1], reports=False)
        with duckdb.connect(f"{changed}/barometer.duckdb") as con:
            con.execute("delete from vessel where mmsi = (select min(mmsi) from vessel)")
            con.execute("drop table worked_part")
        done = command("check", "--rebuild", "--home", changed, "--as-of", AS_OF, "--json")
    assert done.code == 1
    assert sorted(finding["message"].partition(". ")[0] for finding in json.loads(done.out)) == [
        "vessel: 0 rows are missing in a rebuild, and 1 are only there",
        "worked_part: only one of the two has it",
    ]


def test_a_home_that_was_moved_works_and_is_repointed(
    home: str, tmp_path: Path, command: Command
) -> None:
    moved = tmp_path / "moved [1]*"
    shutil.copytree(home, moved)
    fixes = json.loads((SAMPLE / "expected.json").read_text())["fixes"]
    hidden = Path(home).with_name("hidden")
    Path(home).rename(hidden)
    try:
        count = ("sql", "select count(*) as n from position", "--format", "csv")
        assert command(*count, "--home", str(moved)).out == f"n\n{fixes}\n"
        assert command("check", "--repoint", "--home", str(moved), "--as-of", AS_OF).code == 0
        with duckdb.connect(str(moved / "barometer.duckdb"), read_only=True) as con:
            assert con.execute("select count(*) from position").fetchone() == (fixes,)
    finally:
        hidden.rename(home)


def test_settings_come_from_flag_then_environment_then_file(
    home: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAROMETER_HOME", home)
    monkeypatch.setenv("BAROMETER_THREADS", "1")
    count = ("sql", "select count(*) as n from week", "--format", "csv")
    assert command(*count).out == "n\n3\n"
    other = ("--home", str(tmp_path / "other"))
    done = command("report", *other)
    assert done.code == 1 and "no catalogue yet" in done.err
    (tmp_path / "other" / "barometer.toml").write_text("threads = 0\n")
    assert "no catalogue yet" in command("report", *other).err
    monkeypatch.delenv("BAROMETER_THREADS")
    assert "threads: '0' is not a whole number" in command("report", *other).err


def test_ports_lists_all_of_them(command: Command) -> None:
    ports = json.loads(command("ports", "--json").out)
    fences = {area["area_id"]: shape(area["geometry"]) for port in ports for area in port["areas"]}
    known = load_ports(*port_files()).port_area.set_index("area_id")["geometry"]
    assert fences == known.to_dict()
    assert Counter(port["country"] for port in ports) == Counter(PORTS["country"])
    kinds = {area["kind"] for port in ports for area in port["areas"]}
    assert kinds == {"port_limit", "anchorage", "berth", "land"}
    assert "Kharg Island" in command("ports").out


def test_ingest_reads_what_simulate_writes(tmp_path: Path, command: Command) -> None:
    folder, home = str(tmp_path / "sim"), str(tmp_path / "home")
    done = command("simulate", folder, "--days", "2", "--ships", "3", "--trap", "none")
    assert done.code == 0 and "SIMULATED" in done.out
    with only("track_call"):
        done = command("ingest", folder, "--home", home, "--as-of", AS_OF)
    assert done.code == 0, done.err


def test_simulate_writes_into_no_folder_that_has_anything_else(
    tmp_path: Path, command: Command
) -> None:
    folder = tmp_path / "sim"
    words = ("simulate", str(folder), "--days", "1", "--ships", "2", "--trap", "none")

    def refused(name: str) -> None:
        made = folder / name
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text("mine")
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        done = command(*words)
        assert (done.code, done.out) == (1, "") and f"{name} there is not of an earlier" in done.err
        assert "Give a new or empty folder." in done.err
        assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
        made.unlink()

    folder.mkdir()
    for name in ("truth.csv", "manifest.json", "barometer.duckdb"):
        refused(name)
    assert command(*words, "--layout", "marinecadastre-2024").code == 0
    (folder / "spoofed.csv").write_text("of an earlier one")
    assert command(*words).code == 0, "what it wrote itself is replaced"
    assert sorted(path.name for path in (folder / "ais").iterdir()) == [
        "simulated-ais-2026-03-02.csv.zst"
    ]
    assert not (folder / "spoofed.csv").exists()
    for name in ("manifest.json", "ais/mine.csv"):
        refused(name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--days 0", "argument --days: '0' is not a whole number above 0"),
        ("--ships 10", "these traps need 36 ships, got 10: give more --ships, or fewer --trap."),
        ("--ships 6000", "--ships: at most 5000"),
        ("--seed -1", "--seed: -1 is below 0."),
        ("--start 2026-02-30", "argument --start: '2026-02-30' is not a day such as 2026-04-13"),
        ("--start 9999-12-30", "--days: 21 from 9999-12-30 on end after 9999-12-31."),
        ("--trap nope", "--trap: no such nope; there are pass_by,"),
        ("--spoofing nope", "--spoofing: no such kind: nope; there are circle,"),
        ("--jammed-share 2", "--jammed-share must be from 0 to 0.5, got 2.0."),
        ("--report-minutes inf", "--report-minutes must be from 0.01 to 1440, got inf."),
    ],
)
def test_simulate_names_the_flag_that_does_not_fit(
    arguments: str, message: str, tmp_path: Path, command: Command
) -> None:
    done = command("simulate", str(tmp_path / "sim"), *arguments.split())
    assert (done.code, done.out) == (2, "") and message in done.err
    assert not (tmp_path / "sim").exists()
