"""One process at a time writes to a home."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from flows.home.clock import utc_now
from flows.home.settings import BarometerError

LOCK = ".lock"
_HELD: ContextVar[frozenset[Path]] = ContextVar("_HELD", default=frozenset())
"""Folders that this thread of work has locked; Prefect hands the context on to a flow's tasks."""

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""What flock(2) answers on a file system that keeps no locks."""


class HeldError(BarometerError):
    """Another process holds the lock of a folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other writers out of a home, or of a folder of it, for the length of a command.

    flock(2) on the file `.lock`, into which the holder writes who it is. The system lets go of it
    when the process ends, however it ends. Whoever holds it already, in this thread or in one that
    got its context, passes; another thread of the process does not.

    On NFS, Linux makes a lock of the server of it, which holds between machines; where a file
    system keeps no locks nothing is written.

    Raises
    ------
    HeldError
        If another holds it.
    BarometerError
        If the folder cannot be written, or if its file system has no locks.
    """
    key = folder.resolve()
    if key in _HELD.get():
        yield
        return
    try:
        # Unbuffered: what a full disk does not take is not tried again when the file is closed.
        handle = (folder / LOCK).open("ab+", buffering=0)
    except OSError as error:
        raise BarometerError(
            f"{folder}: cannot be written ({error.strerror}). Check its rights, its free space and "
            "whether the disk is mounted read-only; or name another home with --home."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HeldError(
                f"{folder}: another barometer is writing here: {_holder(handle)}. Wait until it "
                "has ended, or end it; the lock goes with it."
            ) from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            raise BarometerError(
                f"{folder}: its file system keeps no locks ({error.strerror}), so that two runs "
                "could meet. Put the home on a local disk, or mount the share with locks."
            ) from error
        _sign(handle)
        token = _HELD.set(_HELD.get() | {key})
        try:
            yield
        finally:
            _HELD.reset(token)
            with suppress(OSError):
                handle.truncate(0)


def _sign(handle: io.FileIO) -> None:
    """Write who holds a lock. A full disk leaves it unsigned, and held all the same."""
    who = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200],
        "since": f"{utc_now():%F %T} UTC",
    }
    with suppress(OSError):
        handle.truncate(0)
        handle.write(json.dumps(who).encode())


def _holder(handle: io.FileIO) -> str:
    """Who signed a lock; its text may be of anyone who may write there, and is shown as ASCII."""
    try:
        handle.seek(0)
        who = json.loads(handle.read(4096))
        return (
            f"process {int(who['pid'])} on {ascii(str(who['host']))[1:-1]}, since "
            f"{ascii(str(who['since']))[1:-1]}: {ascii(str(who['command']))[1:-1]}"
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "it has not said who it is"
