"""An end for what a server may make last for ever.

A socket's timeout is for one read: a server that sends a byte now and then, or lines without end,
meets it always.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Deadline:
    """While it lasts, sockets are shut down once the time is over; leaving it then is a
    `TimeoutError`.

    Attributes
    ----------
    sockets : list of socket.socket
        May grow.
    """

    def __init__(self, limit_s: float, *sockets: socket.socket) -> None:
        self.sockets = list(sockets)
        self._limit_s, self._is_over, self._left = limit_s, False, threading.Event()
        self.extend()

    def extend(self) -> None:
        """Begin the time anew."""
        self._end_s = time.monotonic() + self._limit_s

    def __enter__(self) -> Deadline:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        self._left.set()
        if self._is_over and (error is None or isinstance(error, Exception)):
            raise TimeoutError(f"no whole answer in {self._limit_s:g} s") from error

    def _watch(self) -> None:
        while not self._left.wait(max(0.0, self._end_s - time.monotonic())):
            if time.monotonic() < self._end_s:
                continue
            self._is_over = True
            for one in self.sockets:
                with contextlib.suppress(OSError):
                    # Not SSLSocket's, which takes the encryption away under who reads.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)
            # A socket that was still being opened comes after.
            self._end_s = time.monotonic() + 1
