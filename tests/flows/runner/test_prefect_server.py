"""Our own Prefect server ends with the command that started it, however that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from flows.runner.prefect_server import without_heartbeats
from tests.build.process import ROOT, unset
from tests.build.stream import until

SOON_S = 240.0
"""A process that starts or stops beside others on a busy machine takes as long as it takes."""


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
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name)
def test_the_server_ends_with_its_run(tmp_path: Path, number: signal.Signals) -> None:
    """SIGHUP and SIGINT end a command as SIGTERM does: `tests/flows/commands/test_cli.py`."""
    command = [sys.executable, "-m", "flows.cli", "run", "data/sample/ais", "--home"]
    with subprocess.Popen(
        [*command, str(tmp_path / "home")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=unset(),
    ) as process:
        try:
            until(lambda: servers_of(process), SOON_S)
            (server,) = servers_of(process)
            process.send_signal(number)
            _, log = process.communicate(timeout=SOON_S)
            until(lambda: not is_there(server), SOON_S)
        finally:
            process.kill()
    if number != signal.SIGKILL:
        assert process.returncode == 1, log
        assert "barometer: stopped. What was committed stays" in log
    assert "Traceback" not in log


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc here")
@pytest.mark.usefixtures("prefect_server")
def test_the_server_of_a_run_loads_nothing_of_dask() -> None:
    """Prefect would import all that can register blocks; tornado is what Dask talks by."""
    children = psutil.Process().children()
    (server,) = [one for one in children if "server_process" in " ".join(one.cmdline())]
    loaded = Path(f"/proc/{server.pid}/maps").read_text()
    assert "/pydantic_core/" in loaded
    assert "/tornado/" not in loaded


HELD = """
import sys
from flows import cli
from flows.home.settings import BarometerError
from flows.runner import prefect_server

def start(settings, has_schedule):
    heavy = {"duckdb", "numpy", "pandas", "prefect", "pyarrow"} & set(sys.modules)
    raise BarometerError(f"started after {sorted(heavy)}")

prefect_server.prefect_server = start
sys.exit(cli.main())
"""


def test_the_server_starts_before_anything_large_is_imported(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HELD, "run", "data/sample/ais", "--home", str(tmp_path)]
    ended = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=unset(), check=False
    )
    assert "started after []" in ended.stderr


def test_a_run_on_its_own_server_waits_for_no_heartbeat() -> None:
    from prefect.flow_engine import FlowRunEngine
    from prefect.flows import Flow

    engine = FlowRunEngine(Flow(lambda: None, name="any"))
    assert engine.heartbeat_seconds is not None
    with without_heartbeats():
        assert engine.heartbeat_seconds is None
