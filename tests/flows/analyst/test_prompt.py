"""`barometer sql` as a process: a prompt on a terminal with history, completion and pager, Ctrl-C,
pipes and full disks."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from flows.analyst.prompt import HISTORY, Column, Relation, _Completer
from flows.catalogue import access
from flows.home.settings import Settings
from tests.build.process import ROOT, unset

SQL = [sys.executable, "-m", "flows.cli", "sql"]


def running(home: Settings, *arguments: str, **given: Any) -> subprocess.Popen[str]:
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(
        [*SQL, *arguments, "--home", str(home.home)],
        **{"cwd": ROOT, "env": unset(), "encoding": "utf-8", "errors": "replace"} | pipes | given,
    )


def test_the_session_is_in_utc_and_a_query_comes_from_a_file(home: Settings) -> None:
    text = """\ufeff
    select
        current_setting('TimeZone') as zone,
        timestamp '2026-03-08 23:00:00'::timestamptz as at,
        date_trunc('day', timestamptz '2026-03-09 00:30:00+00')::date as on,
        timestamp '2026-03-08 23:00:00' < timestamptz '2026-03-08 23:30:00+00' as is_before
    """
    environ = unset() | {"TZ": "Asia/Tehran"}
    with running(home, "--format", "json", env=environ) as process:
        out, _ = process.communicate(text, 200)
    assert json.loads(out) == {
        "zone": "UTC",
        "at": "2026-03-08T23:00:00+00",
        "on": "2026-03-09",
        "is_before": True,
    }


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_closed_pipe_ends_the_output(home: Settings, form: str) -> None:
    many = "select range, hash(range) as h from range(400000)"
    with running(home, "--format", form, many) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_full_disk_is_reported(home: Settings, form: str) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        running(home, "select 1", "--format", form, stdout=full) as process,
    ):
        _, err = process.communicate(timeout=200)
    assert process.returncode == 1
    assert err == "barometer: the result could not be written: No space left on device.\n"


ENDLESS = "select count(*) from range(1000000000) a, range(1000) b where a.range + b.range < 0"


class Typing:
    """A prompt on a terminal, and the person who types there."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.master, slave = pty.openpty()
        self.running = subprocess.Popen(
            [*SQL, "--home", str(home)],
            **dict.fromkeys(("stdin", "stdout", "stderr"), slave),
            cwd=ROOT,
            env=unset() | {"TERM": "dumb", "TZ": "Asia/Tehran"} | environ,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def type(self, text: str, *shown: str) -> None:
        """Type a line, and wait for what it shows in turn."""
        self.seen = ""
        os.write(self.master, text.encode() + b"\n")
        for expected in shown:
            self.see(expected)

    def see(self, text: str, patience_s: float = 200, is_stopped: bool = False) -> str:
        """Wait for a text; with ``is_stopped`` press Ctrl-C while nothing comes: one that
        comes between a prompt and its input is only seen with the next key."""
        end = time.monotonic() + patience_s
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.master], [], [], 1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the terminal was closed at the other end
                    break
            elif is_stopped:
                os.kill(self.running.pid, signal.SIGINT)
        assert text in self.seen, self.seen
        return self.seen


@pytest.fixture(scope="module")
def typing(home: Settings) -> Iterator[Typing]:
    """One prompt for all tests, as a process takes seconds to start."""
    prompt = Typing(home.home)
    prompt.see("barometer> ")
    yield prompt
    prompt.running.kill()
    prompt.running.wait()
    os.close(prompt.master)


def test_the_prompt_goes_on_after_errors(typing: Typing) -> None:
    for text, message in (
        ("select nonsense from hull;", "nonsense"),
        ("selct 1;", "syntax error"),
        ("drop table hull;", "For tables of your own"),
        (";", "barometer> "),
        ("select 1/0 as x, cast('y' as integer);", "Could not convert"),
    ):
        typing.type(text)
        assert "Traceback" not in typing.see(message)
    typing.type("create temp table mine as select 6 as x;", "barometer> ")
    typing.type("select x * 7 as", "... ")
    query = "answer from mine; select current_setting('TimeZone') as zone;"
    typing.type(query, "42", "UTC", "barometer> ")


def test_commands_tell_what_there_is(typing: Typing) -> None:
    typing.type(".help", ".describe TABLE", "Ctrl-C", "barometer> ")
    typing.type(".tables", "oil_volume", "port_call", "weekly_port_calls", "barometer> ")
    typing.type(".describe PORT_CALL;", "port_call: ", "arrived_at", "timestamp", "barometer> ")
    typing.type(".describe port_cal", "no such table", "port_call", "barometer> ")
    typing.type(".nonsense", "no such command; .help lists them", "barometer> ")
    typing.type(".mode nonsense", "no such mode; one of table, csv", "barometer> ")


def test_a_mode_stays_until_another(typing: Typing) -> None:
    typing.type(".mode vertical", "mode: vertical", "barometer> ")
    typing.type("select 7 as x, 'a' as long_name; select 8 as y;", "-- row 1\r\n", "        x  7")
    typing.see("y  8")
    typing.see("barometer> ")
    typing.type(".mode table", "mode: table", "barometer> ")
    typing.type(";", "barometer> ")


def test_tab_completes_columns_of_a_table(typing: Typing) -> None:
    typing.type("select count(call_evidence.referen\t) + 6 * 7 as n from call_ev\t;", "42")
    typing.see("barometer> ")


def test_ctrl_c_ends_the_query_and_not_the_prompt(typing: Typing) -> None:
    for _ in range(2):
        typing.type(f"{ENDLESS};", "< 0;")
        assert "Traceback" not in typing.see("The query was stopped.", is_stopped=True)
        typing.see("barometer> ")
        typing.type("select 6 * 7 as answer;", "42", "barometer> ")
    typing.type("select half of a query", "... ")
    typing.see("barometer> ", is_stopped=True)
    typing.type("select 6 * 8 as answer;", "48", "barometer> ")


def test_ctrl_c_ends_a_query_of_the_command(home: Settings) -> None:
    with running(home, f"select 'begun' as note; {ENDLESS}") as process:
        assert any("begun" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        assert process.wait(200) == 1
        message = process.stderr.read()
    assert "stopped" in message and "Traceback" not in message


def test_a_prompt_says_that_the_catalogue_was_replaced(home: Settings, typing: Typing) -> None:
    path = access.existing(home.home)
    typing.type("select 'before' as note;", "before", "barometer> ")
    newer = path.with_name("newer.duckdb")
    newer.write_bytes(path.read_bytes())
    newer.replace(path)
    replaced = "A run has replaced the catalogue"
    typing.type("select count(*) as ports, 'after' as told from port;", "after", replaced)
    typing.type("select 'again' as note;", "again")
    assert "A run has replaced" not in typing.see("barometer> ")
    for _ in range(200):  # one that comes while the query runs is lost
        typing.type("\x04")
        with suppress(subprocess.TimeoutExpired):
            assert typing.running.wait(1) == 0
            break
    assert typing.running.poll() == 0


def test_exit_leaves_and_the_history_is_kept_for_its_owner_alone(home: Settings) -> None:
    path = home.home / HISTORY
    path.unlink(missing_ok=True)
    for word, typed in (("exit", "select 1 as one;"), ("quit;", "select 2 as two;")):
        prompt = Typing(home.home)
        prompt.see("barometer> ")
        prompt.type(typed, "barometer> ")
        prompt.type(word)
        assert prompt.running.wait(200) == 0
        os.close(prompt.master)
        assert path.stat().st_mode & 0o777 == 0o600
    lines = path.read_text().splitlines()
    assert lines == ["select 1 as one;", "exit", "select 2 as two;", "quit;"]


COMPLETER = _Completer(
    {
        "port": Relation("", (Column("port_id", "", ""), Column("name", "", ""))),
        "port_call": Relation("", (Column("port_id", "", ""), Column("mmsi", "", ""))),
    }
)
COMPLETIONS = {
    "a command": (".d", "", [".describe"]),
    "tables and columns": ("PORT", "select", ["port", "port_call", "port_id"]),
    "columns of a table": ("port_call.", "select", ["port_call.port_id", "port_call.mmsi"]),
    "columns of an alias": ("p.mm", "select", ["p.mmsi"]),
    "a table to describe": ("po", ".describe", ["port", "port_call"]),
    "a mode": ("v", ".mode", ["vertical"]),
    "nothing": ("zz", "select", []),
}


@pytest.mark.parametrize(("text", "first", "expected"), COMPLETIONS.values(), ids=COMPLETIONS)
def test_completion(text: str, first: str, expected: list[str]) -> None:
    assert COMPLETER.candidates(text, first) == expected


def test_a_long_result_goes_through_the_pager(home: Settings, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho paged by $LESS\nhead -n 2 >/dev/null\n")
    pager.chmod(0o700)
    prompt = Typing(home.home, TERM="vt100", PAGER=str(pager), LINES="24", COLUMNS="80")
    prompt.see("barometer> ")
    prompt.type("select range as x from range(10);", " 9 ", "barometer> ")
    assert "paged by" not in prompt.seen
    prompt.type("select range as x from range(1000);", "paged by FRSX", "barometer> ")
    assert "999" not in prompt.seen and "Traceback" not in prompt.seen
    prompt.type("exit")
    assert prompt.running.wait(200) == 0
    os.close(prompt.master)
