"""Two runs do not meet in one home, and a crash leaves no lock behind."""

from __future__ import annotations

import contextvars
import errno
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.cli import main
from flows.home import lock
from flows.home.settings import BarometerError
from tests.build.process import held


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


def writers(home: Path) -> list[list[str]]:
    """The commands that write."""
    commands = (
        *("run --demo", "ingest x.csv", "register import x.csv", "register remove 1"),
        *("check --repoint", "report --as-known-on 2026-03-01"),
    )
    return [[*command.split(), "--home", str(home)] for command in commands]


def test_a_command_that_writes_ends_at_once_and_touches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with held(home):
        for arguments in writers(home):
            assert main(arguments) == 1
            assert [path.name for path in home.iterdir()] == [lock.LOCK]
            out, err = capsys.readouterr()
            assert err.startswith(f"barometer: {home}: another barometer is writing here: process ")
            assert err.count("\n") == 1 and out == ""


def test_any_text_in_the_file_keeps_the_second_out(tmp_path: Path) -> None:
    with held(tmp_path):
        for text in ("", "{", "[]", "5", "[" * 5000, '{"pid": "x"}', '{"pid": 1}', "\0" * 99):
            (tmp_path / lock.LOCK).write_text(text)
            assert "unknown process" in try_lock(tmp_path), text
        hostile = r'{"pid": 1, "host": "\u001b[2J", "since": "\u202e", "command": "a\nb"}'
        (tmp_path / lock.LOCK).write_text(hostile)
        assert r"on \x1b[2J, since \u202e: a\nb." in try_lock(tmp_path)


def test_the_holder_and_the_threads_of_its_work_pass_and_another_thread_does_not(
    tmp_path: Path,
) -> None:
    with ThreadPoolExecutor(1) as pool, lock.locked(tmp_path):
        assert try_lock(tmp_path / ".") == ""  # the lock in the lock does not let go of it
        of_it = contextvars.copy_context()
        assert pool.submit(of_it.run, try_lock, tmp_path).result() == ""
        assert f"process {os.getpid()} on " in pool.submit(try_lock, tmp_path).result()
        with held(tmp_path / "other"):  # another home is another lock
            pass
    assert try_lock(tmp_path) == ""


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
    for arguments in writers(tmp_path):
        assert main(arguments) == 1
        told = capsys.readouterr().err
        assert told.startswith(f"barometer: {tmp_path}: cannot be written (")
        assert told.count("\n") == 1 and "--home" in told
