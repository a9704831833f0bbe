"""A Dask cluster for the main job: staging of inputs and batches of ships, in other processes.

Every worker must have this version of barometer, and see the inputs and the home (for what is
staged) under the same paths as the process that runs the job; and the lake, where it is elsewhere.
Only that process writes the lake.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.home.extras import install_command
from flows.home.settings import DEFAULT_MEMORY_LIMIT, BarometerError, Settings

if TYPE_CHECKING:
    from prefect.task_runners import TaskRunner

LOCAL = "dask"
CONNECT_S = 10
"""An existing scheduler answers within seconds (a choice)."""

AHEAD_A_THREAD = 2
"""Inputs staged ahead of the commit, for each thread of the cluster: one to work and one to go on
with while the other waits for the commit (a choice). It bounds what lies in `tmp/`."""

WORKING_SHARE = 0.5
"""DuckDB's share of a worker's memory (a choice): the rest is for the reader, Python and a batch of
fixes."""


class Cluster(NamedTuple):
    """What the flow is run on: Prefect's task runner, and how many inputs may be staged ahead."""

    runner: TaskRunner[Any]
    ahead: int


def cluster(on: str, settings: Settings, workers: int | None = None) -> Cluster:
    """A cluster of this machine's own, made when the flow begins, or one that is there.

    Parameters
    ----------
    on : str
        ``dask``, or the address of a scheduler such as ``tcp://host:8786``.
    settings : Settings
        Its threads are shared out among the workers of this machine.
    workers : int, optional
        Processes of this machine's own cluster; without it one a thread.

    Raises
    ------
    BarometerError
        If the packages are missing, the scheduler does not answer, or a worker of it has another
        version or does not see the home.
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
    # Its pages, logs among them, ask nobody who he is: serve none.
    dask.config.set({f"distributed.{who}.http.routes": [] for who in ("scheduler", "worker")})
    count = workers or settings.threads
    local = {
        "n_workers": count,
        "threads_per_worker": 1,
        "memory_limit": distributed.system.MEMORY_LIMIT // count,
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",  # Dask's HTTP server starts in any case
        "scheduler_kwargs": {"dashboard": False},
        # Whoever reaches a scheduler can run code as us: certificates made for this run keep the
        # other users of the machine out.
        "security": True,
    }
    return Cluster(DaskTaskRunner(cluster_kwargs=local), AHEAD_A_THREAD * count)


def _threads_of(address: str, settings: Settings) -> int:
    """How many tasks a cluster works at once; first whether its workers are of use."""
    from distributed import Client  # noqa: PLC0415

    from flows.derive.calls import method_hash  # noqa: PLC0415

    sign = settings.home / "tmp" / f"{uuid.uuid4().hex}.sign"
    sign.parent.mkdir(exist_ok=True)
    try:
        client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:  # a time-out is an OSError too
        raise BarometerError(
            f"--on {address}: no scheduler answers there ({str(error) or type(error).__name__}). "
            "Start one with: dask scheduler"
        ) from error
    with client:
        sign.touch()
        try:
            told: dict[str, tuple[str, bool]] = client.run(_about, sign, on_error="return")
        finally:
            sign.unlink()
        threads: int = sum(client.nthreads().values())
    if not told:
        raise BarometerError(f"--on {address}: it has no worker. Start some: dask worker {address}")
    for worker, answer in told.items():
        if isinstance(answer, BaseException) or answer[0] != method_hash():
            raise BarometerError(
                f"--on {address}: the worker {worker} has not this version of barometer. Install "
                "the same everywhere."
            )
        if not answer[1]:
            raise BarometerError(
                f"--on {address}: the worker {worker} does not see {settings.home}. The home and "
                "the inputs must lie on a disk that all share, under the same paths."
            )
    return threads


def _about(sign: Path) -> tuple[str, bool]:
    from flows.derive.calls import method_hash  # noqa: PLC0415

    return method_hash(), sign.exists()


def of_worker(settings: Settings) -> Settings:
    """The settings of a task in a worker: a thread, and its share of the worker's memory.

    A memory limit that was named holds for each task. Outside of a worker nothing changes.
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
