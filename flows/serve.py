"""The weekly schedule: a Prefect runner that starts the flow, and makes up for missed runs."""

from __future__ import annotations

import asyncio
import logging
import warnings
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from prefect import get_client
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.home import history
from flows.home.clock import utc_now
from flows.home.settings import Settings
from flows.runner.late import next_tick
from flows.weekly import weekly

log = logging.getLogger("serve")  # not "barometer.": Prefect attributes those to a flow run

NAME = "weekly"
"""Of the deployment ``barometer-weekly/weekly``."""


def serve(settings: Settings, parameters: dict[str, Any], cron: str) -> None:
    """Run the flow on a schedule until the process is stopped.

    Missed runs, because the machine was off, are made up for at once by one run. Runs never
    overlap. A run in progress is stopped with the process; the next one needs no cleanup.

    Parameters
    ----------
    settings : Settings
        The home, whose history has the time of the last run.
    parameters : dict
        Of the flow `flows.weekly.weekly`.
    cron : str
        Five fields, in UTC.

    Raises
    ------
    BarometerError
        If `cron` is not a valid schedule.
    """
    next_at = next_tick(cron, utc_now())
    runner = Runner(name="barometer", limit=1, pause_on_shutdown=False)
    deployment = runner.add_flow(
        weekly,
        name=NAME,
        schedule=Cron(cron, timezone="UTC"),
        parameters=parameters,
        description="Files in, weekly counts and reports out, and the mail.",
        # By module: a file path would depend on the working directory of the command.
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    last = last_run_at(settings)
    if last is not None and next_tick(cron, last) <= utc_now():
        log.info("no run since %s UTC, and one was due: starting it now", last)
        with get_client(sync_client=True) as client:
            client.create_flow_run_from_deployment(cast("UUID", deployment))
    inputs = [*parameters["paths"], *(parameters["fetched"] or [])]
    log.info("serving barometer-weekly/%s, next at %s UTC", NAME, next_at)
    log.info("home %s, input %s; Ctrl-C stops it", settings.home, ", ".join(inputs) or "none")
    if not inputs:
        log.warning("no files and no --fetch were given: each run only derives the numbers again")
    # On SIGTERM Prefect 3.8.8 does not await its own stop, and warns of that.
    warnings.filterwarnings("ignore", "coroutine 'Runner.astop'", RuntimeWarning)
    asyncio.run(runner.start())


def last_run_at(settings: Settings) -> datetime | None:
    """The as-of time of the last run of this home, naive UTC; None before the first."""
    runs = history.read_history(settings.home, history.RUN)
    return max((datetime.fromisoformat(run["as_of"]) for run in runs), default=None)
