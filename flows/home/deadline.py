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
    """A context that shuts sockets down when its time is over, and then raises `TimeoutError` at
    its end.

    Attributes
    ----------
    sockets : list of socket.socket
        More may be added while it lasts.
    """

    def __init__(self, limit_s: float, *sockets: socket.socket) -> None:
        self.sockets = list(sockets)
        self._limit_s, self._is_over = limit_s, False
        self._left, self._lock = threading.Event(), threading.Lock()
        self.extend()

    def extend(self) -> None:
        """Begin the time anew."""
        self._end_s = time.monotonic() + self._limit_s

    def __enter__(self) -> Deadline:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        with self._lock:
            self._left.set()
        if self._is_over and (error is None or isinstance(error, Exception)):
            raise TimeoutError(f"no end in {self._limit_s:g} s") from error

    def _watch(self) -> None:
        while not self._left.wait(max(0.0, self._end_s - time.monotonic())):
            with self._lock:
                if self._left.is_set() or time.monotonic() < self._end_s:
                    continue
                self._is_over = True
                for one in self.sockets:
                    with contextlib.suppress(OSError):
                        # Not SSLSocket.shutdown, which drops the encryption while the other reads.
                        socket.socket.shutdown(one, socket.SHUT_RDWR)
                # A socket that was still being opened is added later.
                self._end_s = time.monotonic() + 1
