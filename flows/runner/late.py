"""Times of the schedule, and runs that accumulate while the machine is off.

A run ingests everything present when it starts. So a run that was due before another run of the
same deployment started has nothing left to do, whether it starts beside that one or after it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cronsim import CronSim, CronSimError

from flows.home import lock
from flows.home.settings import BarometerError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("barometer.late")

WAIT_S = 6 * 3600.0
"""How long a scheduled run waits for the home's lock (a choice: four times the longest run of the
benchmark)."""
RETRY_S = 5.0
"""Between two attempts to take the lock (a choice)."""


class Started(NamedTuple):
    """A started run of a deployment; sorts by start.

    `due_at` is its scheduled time. `is_lost`: it crashed or was cancelled, and another run must do
    its work.
    """

    started_at: datetime
    run_id: str
    due_at: datetime
    is_lost: bool = False


def done_by(mine: str, runs: Iterable[Started]) -> Started | None:
    """The run that does the work of the run `mine`; None if that does its own.

    Parameters
    ----------
    mine : str
        Its `run_id`.
    runs : iterable of Started
        The runs of its deployment, including itself.

    Examples
    --------
    >>> at = [datetime(2026, 4, 20, hour) for hour in (6, 7, 8, 9)]
    >>> late = [Started(at[3], "a", at[0]), Started(at[3], "b", at[1])]
    >>> done_by("a", late), done_by("b", late).run_id
    (None, 'a')
    """
    workers: list[Started] = []
    for run in sorted(runs):
        other = next((w for w in workers if not w.is_lost and w.started_at >= run.due_at), None)
        if run.run_id == mine:
            return other
        if other is None:
            workers.append(run)
    return None


def next_tick(cron: str, after: datetime) -> datetime:
    """The first time of a cron schedule after a moment, both naive UTC.

    Raises
    ------
    BarometerError
        If it is not a valid schedule, or has no next time.

    Examples
    --------
    >>> next_tick("0 6 * * 1", datetime(2026, 4, 20, 6))
    datetime.datetime(2026, 4, 27, 6, 0)
    """
    try:
        return next(CronSim(cron, after))
    except (CronSimError, StopIteration) as error:
        raise BarometerError(
            f"--cron: {cron!r} is not a schedule. Give five fields, such as '0 6 * * 1' for every "
            "Monday at 6:00 UTC."
        ) from error


@contextmanager
def locked_in_turn(home: Path, *, wait_s: float) -> Iterator[None]:
    """The home's lock, after a wait for the run that holds it.

    Raises
    ------
    HeldError
        If it is still held after `wait_s`.
    BarometerError
        If the home cannot be locked at all.
    """
    end = time.monotonic() + wait_s
    is_logged = False
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(lock.locked(home))
                break
            except lock.HeldError as error:
                if time.monotonic() >= end:
                    raise
                if not is_logged:
                    log.info("%s This run waits for it.", error)
                    is_logged = True
            time.sleep(RETRY_S)
        yield
