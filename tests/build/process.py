"""Processes of tests: the real command, and one that holds a lock."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOLD = "import sys; from pathlib import Path; from flows.home import lock\n"
HOLD += "with lock.locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def unset() -> dict[str, str]:
    """The environment without settings of Barometer and Prefect."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "BAROMETER_"))}


def barometer(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The real command, without a terminal."""
    command = [sys.executable, "-m", "flows.cli", *arguments]
    place: dict[str, Any] = {"cwd": ROOT, "env": unset() | environ, "timeout": 300}
    return subprocess.run(command, capture_output=True, text=True, check=False, **place)


@contextmanager
def held(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of a folder."""
    folder.mkdir(exist_ok=True)
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    command = [sys.executable, "-c", HOLD, str(folder)]
    holder = subprocess.Popen(command, **pipes, text=True, cwd=ROOT)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A limit of a file's size, in bytes, which stands for a full disk: a write is cut there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
