"""What tests of several steps share: homes with simulated weeks, and Prefect's harness."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import pickle
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

from flows.catalogue import access
from flows.catalogue.windows import READERS
from flows.commands import run as command_run
from flows.home.settings import Settings, load_settings
from flows.ingest.outcome import Outcome
from flows.ingest.stage import ingest_file
from flows.report.tables import fingerprints
from flows.report.write import write_report
from flows.runner import run
from flows.sources.definitions import load_sources
from flows.sources.packings import InputFile
from tests.build.derivation import only
from tests.build.files import settings_of
from tests.build.post import authority, plain, post, starttls, tls  # noqa: F401 fixtures

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
AS_OF = "2026-03-23T06:00"

FillHome = Callable[..., Settings]

# Under nohup, or in a shell's background, the signals are ignored, and so they would be by every
# process that a test starts.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Of a command in this process: DuckDB's threads wait for each other by polling, which costs a sixth
# of a small home. `sample_home` has two.
os.environ["BAROMETER_THREADS"] = "1"


def pytest_collection_finish() -> None:
    """What was collected, half a million objects, stays: no search for garbage goes through it."""
    gc.freeze()


def pytest_runtest_setup() -> None:
    """Prefect's handler writes to the standard error of the test that loaded it, which is closed in
    the next: an error that is logged there would end in a traceback of `logging`."""
    for handler in logging.root.handlers[:]:
        if type(handler).__name__ == "PrefectConsoleHandler":
            logging.root.removeHandler(handler)


class OneServer(LoadFileScheduling):
    """A file's tests in one process, and all tests on Prefect's server in one: a server and the
    imports beside it cost ten seconds."""

    def _split_scope(self, nodeid: str) -> str:
        return _process_of(super()._split_scope(nodeid))


@cache
def _process_of(file: str) -> str:
    return "prefect" if "prefect_server" in (ROOT / file).read_text("utf-8") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneServer | None:
    """For `--dist loadfile`."""
    return OneServer(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """An empty home."""
    return settings_of(tmp_path / "home")


@contextmanager
def no_pictures() -> Iterator[None]:
    """Reports without page, chart and workbook, which cost two seconds a week: for tests of the
    numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.report.write._drawn", lambda *_: {})
        patch.setattr("flows.report.write.MANY_WEEKS", 1000)  # no other process to draw
        patch.setattr("flows.report.citable.week_workbook", lambda *_: b"a workbook")
        yield


@pytest.fixture
def undrawn() -> Iterator[None]:
    """`no_pictures` for a test."""
    with no_pictures():
        yield


@pytest.fixture
def unfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages as they are, but without charts and maps: for tests of their text."""
    monkeypatch.setattr("flows.report.figures.standing_or_drawn", lambda *_: "")
    monkeypatch.setattr("flows.report.charts.series_png", lambda *_: b"a chart")


def _fill(
    home: Path,
    files: Iterable[Path],
    *,
    as_of: str = AS_OF,
    derive: bool = True,
    reports: bool = True,
    threads: int = 1,
) -> Settings:
    settings = load_settings({"home": home, "as_of": as_of, "threads": threads}, {})
    run.prepare(settings)
    sources = load_sources(settings.home)
    outcomes: list[Outcome] = []
    for file in files:
        outcomes += ingest_file(InputFile(file, is_named=True), sources, settings)
    if derive:
        with no_pictures():
            run.derive(settings, outcomes, publish=True, reports=reports)
    return settings


@pytest.fixture(scope="session")
def fill_home() -> FillHome:
    """Bring files into a home and derive all that follows, as the flow does without Prefect."""
    return _fill


@pytest.fixture(scope="session")
def sample_days() -> list[Path]:
    """The day files of the sample, in order."""
    return sorted((SAMPLE / "ais").iterdir())


def once(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> Any:
    """A copy of a folder that the first process of the session which asks for it makes for all.

    With it comes what `make` returned there.
    """
    base = folders.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"once-{name}"
    shared.mkdir(exist_ok=True)
    returned = shared / "returned"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not returned.exists():
            shutil.rmtree(shared / "made", ignore_errors=True)
            returned.write_bytes(pickle.dumps(make(shared / "made")))
    copy = shutil.copytree(shared / "made", folders.mktemp(name) / "made")
    return copy, pickle.loads(returned.read_bytes())


def home_once(
    folders: pytest.TempPathFactory, name: str, fill: Callable[[Path], Settings]
) -> Settings:
    """A copy of a home, see `once`. Its catalogue reads the lake of the copy."""
    home, settings = once(folders, name, fill)
    settings = settings._replace(home=home)
    access.repoint(settings)
    return settings


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory, sample_days: list[Path]) -> Settings:
    """A home with the whole sample, derived, without pictures. Not to be changed.

    It is made with two threads, and homes of one are held against it.
    """
    return home_once(tmp_path_factory, "sample", lambda home: _fill(home, sample_days, threads=2))


@pytest.fixture(scope="session")
def two_days(tmp_path_factory: pytest.TempPathFactory, sample_days: list[Path]) -> Settings:
    """A home with the first two days of the sample. Not to be changed."""
    return home_once(tmp_path_factory, "two", lambda home: _fill(home, sample_days[:2]))


@pytest.fixture(scope="session")
def nine_days(tmp_path_factory: pytest.TempPathFactory, sample_days: list[Path]) -> Settings:
    """A home with the first nine days of the sample, the end of a week. Not to be changed."""
    return home_once(tmp_path_factory, "nine", lambda home: _fill(home, sample_days[:9]))


@pytest.fixture(scope="session")
def year_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home after `barometer run --demo`, without Prefect and pictures. Not to be changed.

    Of its reports it has the last week's.
    """

    def last(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
        return dict([max(fingerprints(con).items())])

    def fill(home: Path) -> Settings:
        feeds = command_run.demo_feeds(load_settings({"home": home, "threads": 1}, {}))
        with patch("flows.report.write.fingerprints", last):
            for settings, files in feeds:
                is_last = settings is feeds[-1].settings
                derived = nullcontext() if is_last else only(publish=True, kept=tuple(READERS))
                with derived:
                    at = settings.as_of.isoformat()
                    _fill(home, map(Path, files), as_of=at, reports=is_last)
        return settings

    return home_once(tmp_path_factory, "year", fill)


@pytest.fixture(scope="session")
def drawn_week(tmp_path_factory: pytest.TempPathFactory, sample_home: Settings) -> Path:
    """The report of the sample's last week, with its pictures. Not to be changed."""

    def draw(folder: Path) -> None:
        with access.reading(sample_home) as con:
            write_report(con, folder / "2026-W12", "2026-W12")

    return Path(once(tmp_path_factory, "drawn", draw)[0], "2026-W12")


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The program's own Prefect server, one for the whole session."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.runner.prefect_server import prefect_server

    settings = settings_of(tmp_path_factory.mktemp("server") / "home")
    with patch.dict(os.environ), prefect_server(settings, has_schedule=False) as wait_for_server:
        wait_for_server()
        with temporary_settings({PREFECT_API_URL: os.environ["PREFECT_API_URL"]}):
            yield


CHROMIUM = Path("/usr/bin/chromium")


# For a module and no longer: as long as it is open, playwright's event loop counts as running in
# this thread, and `asyncio.run` in a test after it would be refused.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser (playwright's `Browser`), for what a page does when it is opened."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()
