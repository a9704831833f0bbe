"""The outcome of an input, for the log, the record of a run and the exit code."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import NamedTuple

import duckdb
import pyarrow as pa

from flows.home.settings import BarometerError, Settings
from flows.lake import damage, store
from flows.lake.entry import Entry

Progress = Callable[[str, int, int, int], None]
"""Called from time to time: the input's name, bytes of its file that were read, the size of
that file, rows so far."""

FAULTS = (
    *(BarometerError, OSError, MemoryError),
    *(duckdb.Error, pa.ArrowException),
)
"""What reading an input or writing the lake may raise, and no other input should end for."""

MAY_PASS = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENETUNREACH)
"""Faults of reading for which the network or the drive is to blame, not the file."""


class Outcome(NamedTuple):
    """The outcome of one input.

    `state` is ``ingested``, ``known`` (its content is in the lake already), ``skipped`` (found in a
    folder, and not AIS) or ``failed``; `message` says why for the last two. `is_transient`: the
    writing failed, not the content. `file_id`: of a content that is in the lake. `remarks` say what
    the operator should know of an input that went in; those of one kind are alike, so that they can
    be reported once for many files.
    """

    name: str
    state: str
    message: str = ""
    entry: Entry | None = None
    is_transient: bool = False
    file_id: str | None = None
    remarks: tuple[str, ...] = ()


class TransientError(Exception):
    """An input failed for a reason that may pass: the disk or a network drive, not its content."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome

    def __str__(self) -> str:
        return self.outcome.message


def is_complete(settings: Settings, known: Entry) -> bool:
    """Whether an input need not be read again: its parts are sound, and its ledger is whole.

    Of an entry that was recovered without a note the fingerprint is not known, nor is the rest.
    """
    return bool(known.fingerprint) and damage.is_sound(settings.place, known)


def is_known(name: str, known: Entry) -> Outcome:
    message = f"same content as {known.name}, ingested {known.ingested_at:%F}"
    return Outcome(name, "known", message, file_id=known.file_id)


def failed_outcome(name: str, settings: Settings, error: BaseException) -> Outcome:
    if isinstance(error, BarometerError):
        text = str(error)
        return Outcome(
            name,
            "failed",
            text if name in text else f"{name}: {text}",
            is_transient=isinstance(error, store.ConflictError)
            or getattr(error.__cause__, "errno", None) in MAY_PASS,
        )
    why = (str(error) or type(error).__name__).splitlines()[0]
    check = "Check free disk space, permissions and the memory limit"
    if settings.lake:
        check += f", and whether {settings.lake} can be reached and written"
    return Outcome(
        name,
        "failed",
        f"{name}: not written to {settings.home} ({why}). {check}; the lake is unchanged.",
        is_transient=True,
    )
