"""The parts on what a run costs beside its rows: its start, and files that the home knows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.measure.benchmark.parts import Given, scratch, write_days
from tests.measure.benchmark.process import JobFailed, watched
from tests.measure.benchmark.table import Found, Table, medians, ratio

SMALL_ROWS = 1_000
"""Of a day that costs next to nothing but the start of what takes it in."""

KNOWN_DAYS = 365

BARE_FLOW = """
from prefect import flow, task

@task
def work():
    return 1

@flow
def bare():
    return work()

bare()
"""
BARE_SETTINGS = (
    # Prefect's own 20 seconds are too few on a busy machine; it waits no longer than it must.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS=120",
    "PREFECT_SERVER_ANALYTICS_ENABLED=false",  # it would ask the network
)
BARE, RUN = "a bare Prefect flow", "barometer run"


def start(given: Given) -> Found:
    """`barometer run` of a few rows against a flow of one task with Prefect's defaults: each twice
    in a round, on a new home and then on the same."""
    days = write_days(given, SMALL_ROWS, range(2))
    measured: dict[str, list[dict[str, Any]]] = {}
    for _ in range(given.times):
        with scratch(given) as folder:
            bare = partial(_ended, ["env", f"PREFECT_HOME={folder / 'bare'}", *BARE_SETTINGS])
            run = partial(_barometer, folder / "home", "run")
            for number, home in enumerate(("new", "used")):
                for name, seconds in (
                    (BARE, bare([sys.executable, "-c", BARE_FLOW])),
                    (RUN, run(days[number])),
                ):
                    measured.setdefault(f"{name}, {home} home", []).append(seconds)
    rows = []
    for name, runs in measured.items():
        beside = ratio(runs, measured[name.replace(RUN, BARE)])
        rows.append((name, *medians(runs, "seconds", "peak_mb"), beside))
    note = (
        f"{SMALL_ROWS:,} rows a run, a process each; on the used home a second day comes in. "
        "The bare flow has one task and Prefect's defaults. Memory of all processes."
    )
    header = ("", "seconds", "peak MB", "against the bare flow")
    return Found([Table("Start", note, header, rows)], measured)


def known(given: Given) -> Found:
    """A folder of files that the home knows, beside one of them: what the others cost."""
    days = write_days(given, SMALL_ROWS, range(KNOWN_DAYS))
    with scratch(given) as folder:
        ingest = partial(_barometer, folder / "home", "ingest")
        first = ingest(*days)
        sides = {"one known file": days[:1], f"{len(days)} known files": days}
        measured: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
        for _ in range(given.times):
            for name, files in sides.items():
                measured[name].append(ingest(*files))
            measured.setdefault("the same, --verify", []).append(ingest(*days, "--verify"))
    rows = [(name, medians(runs, "seconds")[0]) for name, runs in measured.items()]
    rows.insert(0, (f"{len(days)} new files", first["seconds"]))
    note = (
        f"`barometer ingest` of day files of {SMALL_ROWS:,} rows, its start included; the new "
        "files once. A known file is not opened unless asked, so that its size does not matter."
    )
    return Found([Table("Known files", note, ("", "seconds"), rows)], measured | {"first": [first]})


def _barometer(home: Path, command: str, *arguments: str) -> dict[str, Any]:
    return _ended([], [*_program(command), *arguments, "--home", str(home)])


def _program(command: str) -> list[str]:
    return [sys.executable, "-m", "flows.cli", command]


def _ended(before: Sequence[str], command: Sequence[str]) -> dict[str, Any]:
    ended = watched([*before, *command])
    if ended.code:
        raise JobFailed(f"{' '.join(command[1:4])} ended with exit {ended.code}; see above")
    return {"seconds": ended.seconds, "peak_mb": ended.peak_mb}
