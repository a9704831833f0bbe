"""Two runs do not meet in one home, and a crash leaves no lock behind."""

from __future__ import annotations

import contextvars
import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.cli import main
from flows.home import lock
from flows.home.settings import BarometerError
from tests.conftest import ROOT

HOLD = "import sys; from pathlib import Path; from flows.home import lock\n"
HOLD += "with lock.locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


@contextmanager
def held(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of a home."""
    home.mkdir(exist_ok=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def try_lock(home: Path) -> str:
    """The message that another writer gets; empty where it gets the lock."""
    try:
        with lock.locked(home):
            return ""
    except BarometerError as error:
        return str(error)


def test_a_second_writer_is_told_who_holds_it_until_the_first_is_gone(tmp_path: Path) -> None:
    with held(tmp_path) as holder:
        message = try_lock(tmp_path)
        assert "another barometer is writing" in message
        assert f"process {holder.pid} on " in message and " UTC: -c " in message
    assert try_lock(tmp_path) == ""
    assert (tmp_path / lock.LOCK).read_text() == ""


def writers(home: Path) -> dict[str, list[str]]:
    """The commands that write."""
    return {
        "run": ["run", str(ROOT / "data" / "sample"), "--home", str(home)],
        "ingest": ["ingest", str(ROOT / "data" / "sample"), "--home", str(home)],
        "import": ["register", "import", "x.csv", "--home", str(home)],
        "remove": ["register", "remove", "1", "--home", str(home)],
        "repoint": ["check", "--repoint", "--home", str(home)],
        "as known on": ["report", "--as-known-on", "2026-03-01", "--home", str(home)],
    }


@pytest.mark.parametrize("name", writers(Path()))
def test_a_command_that_writes_ends_at_once_and_touches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    home = tmp_path / "home"
    with held(home):
        assert main(writers(home)[name]) == 1
        assert [path.name for path in home.iterdir()] == [lock.LOCK]
    told = capsys.readouterr()
    assert told.err.startswith(f"barometer: {home}: another barometer is writing here: process ")
    assert told.err.count("\n") == 1 and told.out == ""


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "5", "[" * 5000, '{"pid": "x"}', '{"pid": 1}', "\0" * 99],
    ids=lambda text: text[:20],
)
def test_whatever_stands_in_the_file_the_second_is_refused(tmp_path: Path, text: str) -> None:
    with held(tmp_path):
        (tmp_path / lock.LOCK).write_text(text)
        assert "unknown process" in try_lock(tmp_path)


def test_a_hostile_signature_is_shown_as_plain_signs(tmp_path: Path) -> None:
    with held(tmp_path):
        (tmp_path / lock.LOCK).write_text(
            r'{"pid": 1, "host": "\u001b[2J", "since": "\u202e", "command": "a\nb"}'
        )
        assert r"on \x1b[2J, since \u202e: a\nb." in try_lock(tmp_path)


def test_the_holder_and_the_threads_of_its_work_pass_and_another_thread_does_not(
    tmp_path: Path,
) -> None:
    with ThreadPoolExecutor(1) as pool, lock.locked(tmp_path):
        assert try_lock(tmp_path) == ""
        of_it = contextvars.copy_context()
        assert pool.submit(of_it.run, try_lock, tmp_path).result() == ""
        assert f"process {os.getpid()} on " in pool.submit(try_lock, tmp_path).result()
        with held(tmp_path / "other"):  # another home is another lock
            pass
    assert try_lock(tmp_path) == ""


def test_a_lock_in_a_lock_is_let_go_of_by_the_outer_one(tmp_path: Path) -> None:
    with lock.locked(tmp_path):
        with lock.locked(tmp_path / "."):
            pass
        with ThreadPoolExecutor(1) as pool:
            assert "another barometer" in pool.submit(try_lock, tmp_path).result()


def failing(number: int) -> Callable[..., None]:
    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return flock


def test_a_file_system_without_locks_is_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", failing(errno.ENOLCK))
    assert "keeps no locks (No locks available)" in try_lock(tmp_path)
    monkeypatch.setattr(fcntl, "flock", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        try_lock(tmp_path)


def test_a_home_that_cannot_be_written_is_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder in the place of the lock stands for a read-only disk: root may write anywhere."""
    (tmp_path / lock.LOCK).mkdir()
    for arguments in writers(tmp_path).values():
        assert main(arguments) == 1
        told = capsys.readouterr().err
        assert told.startswith(f"barometer: {tmp_path}: cannot be written (")
        assert told.count("\n") == 1 and "--home" in told
