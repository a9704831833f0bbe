"""The weekly schedule: a Prefect runner that starts the flow, and makes up for what was missed."""

from __future__ import annotations

import asyncio
import logging
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

log = logging.getLogger("serve")  # not "barometer.": Prefect takes those for logs of a run

NAME = "weekly"
"""The deployment is called ``barometer-weekly/weekly``."""


def serve(settings: Settings, parameters: dict[str, Any], cron: str) -> None:
    """Run the flow by a schedule until the process is told to end.

    A tick that nobody served, because the machine was off, is made up for at once, by one run: it
    takes in and counts all that was missed. Runs never overlap. A run that is under way when the
    process is told to end is stopped as well; the next one needs no cleaning up.

    Parameters
    ----------
    settings : Settings
        The home, whose history tells when the last run was.
    parameters : dict
        Of the flow `flows.weekly.weekly`.
    cron : str
        Five fields, in UTC.

    Raises
    ------
    BarometerError
        If `cron` is no schedule.
    """
    next_at = next_tick(cron, utc_now())
    runner = Runner(name="barometer", limit=1, pause_on_shutdown=False)
    deployment = runner.add_flow(
        weekly,
        name=NAME,
        schedule=Cron(cron, timezone="UTC"),
        parameters=parameters,
        description="Files in, weekly counts and reports out, and the mail.",
        # By its module: a file's path would hang on the folder that the command was given in.
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    last = last_run_at(settings)
    if last is not None and next_tick(cron, last) <= utc_now():
        log.info("no run since %s UTC, and one was due: it is made up for now", last)
        with get_client(sync_client=True) as client:
            client.create_flow_run_from_deployment(cast("UUID", deployment))
    log.info("serving barometer-weekly/%s, next at %s UTC", NAME, next_at)
    asyncio.run(runner.start())


def last_run_at(settings: Settings) -> datetime | None:
    """The as-of time of the last run of this home, naive UTC; None before the first."""
    runs = history.read_history(settings.home, history.RUN)
    return max((datetime.fromisoformat(run["as_of"]) for run in runs), default=None)
