"""Run a measured process, watch the memory of it and its children, and say how far one is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[3]
WATCH_S = 0.2
"""A choice: short against a run of seconds. Asked more often, the kernel's count of the
pages that a tree shares would be felt in what is measured."""

ONE_THREAD = dict.fromkeys(
    (
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
        *("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "ARROW_IO_THREADS"),
    ),
    "1",
)


class JobFailed(Exception):
    """What was to be measured failed; its own message is on stderr."""


class Ended(NamedTuple):
    """A process that ended: what it printed, its wall-clock seconds, the peak of its whole tree."""

    out: str
    code: int
    seconds: float
    peak_mb: float


def watched(command: Sequence[str], *, stdin: str = "", is_on_one_core: bool = False) -> Ended:
    """Run a command to its end; its stderr goes to ours.

    `peak_mb` is the resident memory of the process, or with children the sum of all their
    proportional set sizes (what they share counts once), looked at every `WATCH_S`: what lives
    shorter is missed.
    """
    start = time.perf_counter()
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **(ONE_THREAD if is_on_one_core else {})}
    how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": ROOT, "text": True}
    process = subprocess.Popen(command, env=environ, **how)
    if is_on_one_core and hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
    peak = [0.0]
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, ended), daemon=True)
    watcher.start()
    try:
        out, _ = process.communicate(stdin)
    finally:
        if process.poll() is None:
            process.kill()
        ended.set()
        watcher.join()
    return Ended(out, process.returncode, time.perf_counter() - start, peak[0])


def _watch(pid: int, peak: list[float], ended: threading.Event) -> None:
    while not ended.wait(WATCH_S):
        peak[0] = max(peak[0], _tree_mb(pid))


def _tree_mb(pid: int) -> float:
    try:
        top = psutil.Process(pid)
        children = top.children(recursive=True)
        if not children:
            return float(top.memory_info().rss) / 2**20
        return sum(map(_own_mb, (top, *children)))
    except psutil.Error:
        return 0.0


def _own_mb(one: psutil.Process) -> float:
    with suppress(psutil.Error):
        memory = one.memory_full_info()
        return float(getattr(memory, "pss", memory.rss)) / 2**20
    return 0.0


def job(name: str, /, *, is_on_one_core: bool = False, **given: Any) -> dict[str, Any]:
    """One of `tests.measure.benchmark.jobs` in a process of its own; see there for what it gives.

    `peak_mb` is the largest of its own peak, which the system keeps exactly, and its tree's.
    """
    command = [sys.executable, "-m", "tests.measure.benchmark.jobs", name]
    ended = watched(command, stdin=json.dumps(given), is_on_one_core=is_on_one_core)
    if ended.code:
        raise JobFailed(f"the benchmark's {name} failed; its message is above")
    found: dict[str, Any] = json.loads(ended.out)
    return found | {"peak_mb": max(found.get("peak_mb", 0.0), ended.peak_mb)}


def in_turn(
    sides: Mapping[str, Callable[[], dict[str, Any]]], times: int, of: str = ""
) -> dict[str, list[dict[str, Any]]]:
    """What each side measured, round after round, so that a noisy minute meets all of them."""
    measured: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    for number in range(times):
        for name, side in sides.items():
            say(f"{of}{name}, {number + 1} of {times}")
            measured[name].append(side())
    return measured


def say(text: str) -> None:
    """A line of progress, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
