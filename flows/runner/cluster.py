"""A Dask cluster for the main job: inputs are staged and ships worked in other processes.

Every worker needs this version of barometer, and access to the inputs, the home (for staged files)
and the lake under the same paths as the process that runs the job. Only that process writes the
lake.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.home.code import method_hash
from flows.home.extras import install_command
from flows.home.settings import DEFAULT_MEMORY_LIMIT, BarometerError, Settings

if TYPE_CHECKING:
    from prefect.task_runners import TaskRunner

LOCAL = "dask"
CONNECT_S = 10
"""An existing scheduler answers within seconds (a choice)."""

AHEAD_A_THREAD = 2
"""Inputs staged ahead of the commit, per thread of the cluster: one in work, one waiting for the
commit (a choice). It bounds the size of `tmp/`."""

WORKING_SHARE = 0.5
"""DuckDB's share of a worker's memory (a choice); the rest is for the reader, Python and fixes."""


class Cluster(NamedTuple):
    """Prefect's task runner of the flow, and how many inputs may be staged ahead."""

    runner: TaskRunner[Any]
    ahead: int


def cluster(on: str, settings: Settings, workers: int | None = None) -> Cluster:
    """A cluster on this machine, made when the flow starts, or an existing one.

    Parameters
    ----------
    on : str
        ``dask``, or the address of a scheduler such as ``tcp://host:8786``.
    settings : Settings
        Their threads give the number of workers on this machine.
    workers : int, optional
        Processes of a cluster on this machine; by default one per thread.

    Raises
    ------
    BarometerError
        If the packages are missing, the scheduler does not answer, or a worker of it has another
        version or no access to the home.
    """
    try:
        import dask  # noqa: PLC0415
        import distributed  # noqa: PLC0415
        from prefect_dask.task_runners import DaskTaskRunner  # noqa: PLC0415
    except ImportError as error:
        raise BarometerError(
            f"--on needs the package {error.name}. Install it with: {install_command('cluster')}"
        ) from error
    if on != LOCAL:
        return Cluster(DaskTaskRunner(address=on), AHEAD_A_THREAD * _threads_of(on, settings))
    # Its pages, which include logs, have no authentication: serve none.
    dask.config.set({f"distributed.{who}.http.routes": [] for who in ("scheduler", "worker")})
    count = workers or settings.threads
    local = {
        "n_workers": count,
        "threads_per_worker": 1,
        "memory_limit": distributed.system.MEMORY_LIMIT // count,
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",  # Dask's HTTP server starts in any case
        "scheduler_kwargs": {"dashboard": False},
        # Whoever reaches a scheduler can run code as this user: certificates made for this run keep
        # out other users of the machine.
        "security": True,
    }
    return Cluster(DaskTaskRunner(cluster_kwargs=local), AHEAD_A_THREAD * count)


def _threads_of(address: str, settings: Settings) -> int:
    """The number of threads of a cluster, after a check of its workers."""
    from distributed import Client  # noqa: PLC0415

    probe = settings.home / "tmp" / f"{uuid.uuid4().hex}.probe"
    probe.parent.mkdir(exist_ok=True)
    try:
        client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        raise BarometerError(
            f"--on {address}: no scheduler answers there ({str(error) or type(error).__name__}). "
            "Start one with: dask scheduler"
        ) from error
    with client:
        probe.touch()
        try:
            answers: dict[str, tuple[str, bool]] = client.run(_about, probe, on_error="return")
        finally:
            probe.unlink()
        threads: int = sum(client.nthreads().values())
    if not answers:
        raise BarometerError(f"--on {address}: it has no worker. Start some: dask worker {address}")
    for worker, answer in answers.items():
        if isinstance(answer, BaseException) or answer[0] != method_hash():
            raise BarometerError(
                f"--on {address}: the worker {worker} has not this version of barometer. Install "
                "the same version everywhere."
            )
        if not answer[1]:
            raise BarometerError(
                f"--on {address}: the worker {worker} does not see {settings.home}. The home and "
                "the inputs must be on a shared disk, under the same paths everywhere."
            )
    return threads


def _about(probe: Path) -> tuple[str, bool]:
    """The version of a worker's code, and whether it has access to the home."""
    return method_hash(), probe.exists()


def of_worker(settings: Settings) -> Settings:
    """The settings of a task in a worker: one thread, and its share of the worker's memory.

    A memory limit other than the default applies to each task. Outside a worker nothing changes.
    """
    from distributed import get_worker  # noqa: PLC0415

    try:
        worker: Any = get_worker()
    except ValueError:
        return settings
    limit = worker.memory_manager.memory_limit
    if settings.memory_limit == DEFAULT_MEMORY_LIMIT and limit:
        share = int(WORKING_SHARE * limit / worker.state.nthreads)
        settings = settings._replace(memory_limit=f"{share}B")
    return settings._replace(threads=1)
