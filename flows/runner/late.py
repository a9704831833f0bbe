"""The schedule's times, and runs that pile up while the machine sleeps: the first does the work of
all.

A run takes in whatever is there when it begins. So a run that was due before another run of the
same deployment began has nothing left to do, whether it starts beside that one or after it.
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
"""How long a scheduled run waits for another that writes to the home; a choice: the longest run of
the benchmark takes a quarter of it."""
LOOK_S = 5.0
"""Between two looks at the lock; a choice."""


class Begun(NamedTuple):
    """A run of a deployment that began: in the order of these fields, the earlier one first.

    `due_at` is when the schedule wanted it. `is_lost`: it crashed or was cancelled, and its work is
    to be done by another.
    """

    began_at: datetime
    run_id: str
    due_at: datetime
    is_lost: bool = False


def done_by(mine: str, runs: Iterable[Begun]) -> Begun | None:
    """The run that does the work of the run `mine`; None where it has to do its own.

    Parameters
    ----------
    mine : str
        Its `run_id`.
    runs : iterable of Begun
        Of its deployment, itself among them.

    Examples
    --------
    >>> at = [datetime(2026, 4, 20, hour) for hour in (6, 7, 8, 9)]
    >>> late = [Begun(at[3], "a", at[0]), Begun(at[3], "b", at[1])]
    >>> done_by("a", late), done_by("b", late).run_id
    (None, 'a')
    """
    workers: list[Begun] = []
    for run in sorted(runs):
        other = next((w for w in workers if not w.is_lost and w.began_at >= run.due_at), None)
        if run.run_id == mine:
            return other
        if other is None:
            workers.append(run)
    return None


def next_tick(cron: str, after: datetime) -> datetime:
    """The first time of a schedule after a moment, both naive UTC.

    Raises
    ------
    BarometerError
        If it is no schedule, or never comes.

    Examples
    --------
    >>> next_tick("0 6 * * 1", datetime(2026, 4, 20, 6))
    datetime.datetime(2026, 4, 27, 6, 0)
    """
    try:
        return next(CronSim(cron, after))
    except (CronSimError, StopIteration) as error:
        raise BarometerError(
            f"--cron: {cron!r} is no schedule. Give five fields, such as '0 6 * * 1' for every "
            "Monday at 6:00 UTC."
        ) from error


@contextmanager
def locked_in_turn(home: Path, *, wait_s: float) -> Iterator[None]:
    """The home's lock, after another run that holds it has ended.

    Raises
    ------
    lock.HeldError
        If it is still held after `wait_s`.
    BarometerError
        If the home cannot be locked at all.
    """
    end = time.monotonic() + wait_s
    has_said = False
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(lock.locked(home))
                break
            except lock.HeldError as error:
                if time.monotonic() >= end:
                    raise
                if not has_said:
                    log.info("%s This run waits for it.", error)
                    has_said = True
            time.sleep(LOOK_S)
        yield
