"""A write, a rename, a full disk, a power cut may fail at any call: the next run mends it all.

In calls that change a home the process is killed, or a write, fsync or rename fails: the modes in
turn. `make crash` goes through all calls with all three, and with pictures.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.build.contents import differing
from tests.build.files import LAYOUTS, day, file_id, row, write
from tests.build.programs.faulty import EIO, FULL, KILL
from tests.build.ships import SEA, START, call, ship
from tests.conftest import ROOT

MODES = (KILL, FULL, EIO)
FAIL = ("write", "fsync", "rename")
REPORT_FILE = re.compile(r"reports/[^/]+/[^/]+$")
Case = dict[str, Any]
Call = list[str]


def inputs(folder: Path) -> None:
    """Two files that share fixes; the second takes some of the first's, whose part is replaced.

    A fix of the last hour of the week closes it, so that it is published.
    """
    of = ship(1, "VOLNA", mid=273)
    sunday = f"{START + timedelta(days=6, hours=23, minutes=30):%d/%m/%Y %H:%M:%S}"
    last = row(LAYOUTS[2], **of, reported_at=sunday, lon=f"{SEA[0]:.5f}", lat=f"{SEA[1]:.5f}")
    rows = [*call(of, 1), last]
    contents = [day(*part, layout=LAYOUTS[2]) for part in (rows[:20], [*rows[15:], "x"])]
    for number, content in enumerate(sorted(contents, key=file_id, reverse=True)):
        write(folder / "in", content, name=f"{number}.csv")


def cases(
    folder: Path, steps: Sequence[str], plan: Callable[[list[Call]], Iterable[tuple[int, str]]]
) -> dict[str, list[Case]]:
    """By step the undisturbed case, and those that a plan makes of its calls.

    See `programs/faulty.py`.
    """
    inputs(folder)
    found: dict[str, list[Case]] = {}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.build.programs.faulty", str(folder), *steps],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdin and process.stdout
        for step in steps:
            never = json.loads(process.stdout.readline())
            assert never["first"]["told"] == "done", never
            found[step] = [never]
            for one in plan(never["first"]["calls"]):
                print(json.dumps(one), file=process.stdin, flush=True)
                found[step].append(json.loads(process.stdout.readline()))
            print(file=process.stdin, flush=True)
        process.stdin.close()
        assert process.wait() == 0
    return found


def faults_of(case: Case, never: Case) -> str:
    """What is wrong with a case; empty where the next run made the home whole."""
    where = f"call {case['at']}, {never['first']['calls'][case['at'] - 1]}, {case['mode']}: "
    if case["mode"] == KILL and case["code"] != 9:
        return f"{where}was not reached, exit {case['code']}"
    if case["mode"] != KILL and case["code"] != 0:
        return f"{where}ended with a traceback"
    if not case["second"] or case["second"]["told"] != "done":
        return f"{where}the next run did not end: {case['second']}"
    unlike = differing(never["second"]["holds"], case["second"]["holds"])
    return f"{where}differs in {', '.join(unlike)}" if unlike else ""


def every_call(calls: list[Call]) -> Iterable[tuple[int, str]]:
    """One fault in each call: of writes, fsyncs and renames, the three modes in turn.

    In each write and rename but a report's the process is killed too: a file that is written in
    place shows by half of its text, and an order of two files that is wrong by the first alone.

    Of a report's files, which one loop writes, the calls for the first two and the last two; the
    sync of the folder, which ends the writing of a file, is a call for it.
    """
    files = list(dict.fromkeys(path for _, path in calls if REPORT_FILE.match(path)))
    file = ""
    for at, (kind, path) in enumerate(calls, 1):
        if kind != "fsync" or path != str(Path(file).parent):
            file = path
        if file in files[2:-2]:
            continue
        mode = MODES[at % 3 if kind in FAIL else 0]
        yield at, mode
        if kind in ("write", "rename") and file not in files and mode != KILL:
            yield at, KILL


STEPS = {
    "lake": {"manifest.json", "position", "reject"},
    "derive": {"reports", "barometer.duckdb", "history/run.jsonl"}
    | {f"history/published{kind}.jsonl" for kind in ("", "_week", "_call")},
}
"""What each step writes."""


@pytest.fixture(scope="module")
def worked() -> dict[str, list[Case]]:
    """In memory where there is such a place: what an fsync costs there is nothing."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as made:
        return cases(Path(made), list(STEPS), every_call)


@pytest.mark.parametrize("step", STEPS)
def test_whatever_call_fails_the_next_run_makes_the_home_whole(
    worked: dict[str, list[Case]], step: str
) -> None:
    never, *disturbed = worked[step]
    calls = never["first"]["calls"]
    assert {"open", *FAIL, "mkdir"} <= {kind for kind, _ in calls}
    for place in STEPS[step]:
        assert any(path.startswith(place) for _, path in calls), place
    assert [f for case in disturbed if (f := faults_of(case, never))] == []
