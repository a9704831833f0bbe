"""The lock of a home: one process at a time writes to it."""

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
"""Folders locked in this context, which Prefect copies to the tasks of a flow."""

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""Errors of flock(2) on a file system without locks."""


class HeldError(BarometerError):
    """Another process holds the lock of a folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other writers out of a home, or of a folder of it.

    flock(2) on the file `.lock`, into which the holder writes its process, host and command. The
    system releases it when the process ends, however it ends. It can be taken again in the same
    context (`contextvars`), but not by another thread of the process.

    On NFS, Linux uses a lock of the server, which also works between machines. On a file system
    without locks nothing is written.

    Raises
    ------
    HeldError
        If another process holds it.
    BarometerError
        If the folder cannot be written, or its file system has no locks.
    """
    key = folder.resolve()
    if key in _HELD.get():
        yield
        return
    try:
        # Unbuffered, so that a write that failed is not repeated when the file is closed.
        handle = (folder / LOCK).open("ab+", buffering=0)
    except OSError as error:
        raise BarometerError(
            f"{folder}: cannot be written ({error.strerror}). Check its rights and free space, and "
            "that the disk is not mounted read-only; or use another home with --home."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HeldError(
                f"{folder}: another barometer is writing here: {_holder(handle)}. Wait for it, or "
                "stop it; the lock ends with it."
            ) from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            raise BarometerError(
                f"{folder}: its file system keeps no locks ({error.strerror}), so two runs could "
                "write at once. Put the home on a local disk, or mount the share with locks."
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
    """Write the holder into the lock file. On a full disk this fails, and the lock still holds."""
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200],
        "since": f"{utc_now():%F %T} UTC",
    }
    with suppress(OSError):
        handle.truncate(0)
        handle.write(json.dumps(holder).encode())


def _holder(handle: io.FileIO) -> str:
    """The holder of a lock; foreign text, shown as ASCII."""
    try:
        handle.seek(0)
        holder = json.loads(handle.read(4096))
        return (
            f"process {int(holder['pid'])} on {ascii(str(holder['host']))[1:-1]}, since "
            f"{ascii(str(holder['since']))[1:-1]}: {ascii(str(holder['command']))[1:-1]}"
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "unknown process"
