"""A write, a rename, a full disk, a power cut may fail at any call: the next run mends it all.

Every rename and each fourth other call on the way into the lake, and the commits of what follows
from it, which take seconds each. `make crash` goes through all calls.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.flows.conftest import LAYOUTS, day, file_id, write
from tests.flows.faulty import EIO, FULL, KILL
from tests.flows.ships import call, ship
from tests.flows.whole import differing

MODES = (KILL, FULL, EIO)
Case = dict[str, Any]


def inputs(folder: Path) -> None:
    """Two files that share fixes; the second takes some of the first's, whose part is replaced."""
    rows = call(ship(1, "VOLNA", mid=273), 1)
    contents = [day(*part, layout=LAYOUTS[2]) for part in (rows[:20], [*rows[15:], "x"])]
    for number, content in enumerate(sorted(contents, key=file_id, reverse=True)):
        write(folder / "in", content, name=f"{number}.csv")


def cases(folder: Path, step: str, plan: Iterable[tuple[int, str]]) -> list[Case]:
    """The undisturbed case, and those of the plan; see `tests.flows.faulty`."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.flows.faulty", str(folder), step],
        input="".join(json.dumps(one) + "\n" for one in plan),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def faults_of(case: Case, never: dict[str, str]) -> str:
    """What is wrong with a case; empty where the next run made the home whole."""
    where = f"call {case['at']}, {case['mode']}: "
    if case["mode"] == KILL and case["code"] != 9:
        return f"{where}was not reached, exit {case['code']}"
    if case["mode"] != KILL and case["code"] != 0:
        return f"{where}ended with a traceback"
    if not case["second"] or case["second"]["told"] != "done":
        return f"{where}the next run did not end: {case['second']}"
    unlike = differing(never, case["second"]["holds"])
    return f"{where}differs in {', '.join(unlike)}" if unlike else ""


def kinds_of(folder: Path, step: str) -> list[str]:
    """The calls of an undisturbed run, by kind."""
    (folder / "never").mkdir()
    inputs(folder / "never")
    (found,) = cases(folder / "never", step, [])
    assert found["first"]["told"] == "done"
    return list(found["first"]["kinds"])


@pytest.mark.parametrize("mode", MODES)
def test_whatever_call_fails_on_the_way_into_the_lake_the_next_run_makes_it_whole(
    tmp_path: Path, mode: str
) -> None:
    kinds = kinds_of(tmp_path, "lake")
    assert {"open", "write", "fsync", "rename", "mkdir"} <= set(kinds)
    inputs(tmp_path)
    plan = [
        (at, mode)
        for at, kind in enumerate(kinds, 1)
        if kind == "rename" or at % 4 == MODES.index(mode)
    ]
    never, *disturbed = cases(tmp_path, "lake", plan)
    assert len(disturbed) == len(plan)
    assert [f for case in disturbed if (f := faults_of(case, never["second"]["holds"]))] == []


def test_killed_while_publishing_the_next_run_publishes_each_number_once(tmp_path: Path) -> None:
    kinds = kinds_of(tmp_path, "run")
    inputs(tmp_path)
    # The writes at the end are the appends to the histories; the catalogue's is the last rename.
    writes = [at for at, kind in enumerate(kinds, 1) if kind == "write"][-4:]
    renames = [at for at, kind in enumerate(kinds, 1) if kind == "rename"][-1:]
    plan = [(at, KILL) for at in (*writes[1:3], *renames)] + [(writes[2], FULL)]
    never, *disturbed = cases(tmp_path, "run", plan)
    holds = never["second"]["holds"]
    assert {"history published", "relation port_call", "files"} <= holds.keys()
    assert len(disturbed) == len(plan)
    assert [f for case in disturbed if (f := faults_of(case, holds))] == []
