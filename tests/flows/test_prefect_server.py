"""Our own Prefect server ends with the command that started it, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.build.stream import until
from tests.conftest import ROOT

SOON_S = 240.0
"""A process that starts or stops beside others on a busy machine takes as long as it takes."""


@contextmanager
def barometer(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *arguments, "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "BAROMETER_"))},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def servers_of(process: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    found = [int(pid) for pid in children.read_text().split()]
    assert process.poll() is None, process.communicate()
    return [pid for pid in found if b"server_process" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def is_there(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet waited for does not."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc here")
@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL], ids=lambda n: n.name
)
def test_the_server_ends_with_its_run(tmp_path: Path, number: signal.Signals) -> None:
    home = tmp_path / "home"
    with barometer(home, "run", "data/sample") as process:
        until(lambda: servers_of(process), SOON_S)
        (server,) = servers_of(process)
        process.send_signal(number)
        _, log = process.communicate(timeout=SOON_S)
        until(lambda: not is_there(server), SOON_S)
    if number != signal.SIGKILL:
        assert process.returncode == 1, log
        assert "barometer: stopped. What was committed stays" in log
    assert "Traceback" not in log
