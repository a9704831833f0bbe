"""A query in the background, which can be stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from flows.home.settings import BarometerError

LONGEST_S = 300.0
"""A query is stopped after this time (a choice): the page may have been closed."""
STOPPED = "The query was stopped."
TOO_LONG = f"The query was stopped after {LONGEST_S:.0f} seconds. For longer ones: barometer sql."

Result = TypeVar("Result")


class Job(Generic[Result]):
    """Some work on a thread of its own.

    Parameters
    ----------
    work : callable
        What is done; a BarometerError is its message, a KeyboardInterrupt the answer to `stop`.
    interrupt : callable
        Makes the work end early; called from another thread.
    longest_s : float
        Seconds after which it is stopped.
    """

    def __init__(
        self,
        work: Callable[[], Result],
        interrupt: Callable[[], None],
        longest_s: float = LONGEST_S,
    ) -> None:
        self.result: Result | None = None
        self.error: str | None = None
        self._work, self._interrupt = work, interrupt
        self._began = time.monotonic()
        self._reason = STOPPED
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._limit = threading.Timer(longest_s, self.stop, (TOO_LONG,))
        self._limit.daemon = True
        self._thread.start()
        self._limit.start()

    def _run(self) -> None:
        try:
            self.result = self._work()
        except BarometerError as error:
            self.error = str(error)
        except KeyboardInterrupt:
            self.error = self._reason
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
        finally:
            self._limit.cancel()

    def stop(self, reason: str = STOPPED) -> None:
        """End the work early, if it is not done."""
        if not self.wait(0):
            self._reason = reason
            self._interrupt()

    def wait(self, longest_s: float) -> bool:
        """Whether the work is done, after at most so many seconds."""
        self._thread.join(longest_s)
        return not self._thread.is_alive()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began
