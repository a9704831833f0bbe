"""The hourly files of a recording, kept valid through crashes."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from flows.home.clock import Clock
from flows.home.durable import sync_folder
from flows.home.settings import BarometerError
from flows.sources.streams import aisstream
from flows.sources.streams.connection import Limits

log = logging.getLogger("barometer.listen")

FOLDER = "recordings"
GAPS = "gaps.log"
GAP_HEADER = ("from", "to", "why", "dropped")
PART = ".part"

_HOUR = re.compile(r"[a-z]+-\d{4}-\d\d-\d\dT\d\d", re.ASCII)
"""The beginning of a recording's name: its stream and its hour."""

TAIL_BYTES = 64 << 10
"""More than the last line of a recording or of the gaps can be."""


class Gap(NamedTuple):
    """An interval without reception; `to_at` is None while it lasts.

    `why` is one of ``start``, ``stop``, ``not connected``, ``refused``, ``connection lost``,
    ``server closed``, ``silent`` and ``buffer full``; only the last has `dropped` messages, and not
    all between its ends.
    """

    from_at: datetime | None
    to_at: datetime | None
    why: str
    dropped: int = 0


class ListenProgress(NamedTuple):
    """Progress: counts since the start, and ships since the start of the file."""

    messages: int
    rows: int
    ships: int
    bad: int
    dropped: int
    file: str
    state: str


class Failed(Exception):
    """A connection ended: the reason, in the words of `Gap`, the detail, and how many seconds to
    wait at least before the next try."""

    def __init__(self, why: str, text: str, least_s: float = 0.0) -> None:
        super().__init__(why, text)
        self.why, self.text, self.least_s = why, text, least_s


@dataclass
class Recorder:
    """Shared state of a running recorder."""

    folder: Path
    clock: Clock
    limits: Limits
    key: str = ""
    stream: str = "aisstream"
    header: tuple[str, ...] = aisstream.HEADER
    counts: Counter[str] = field(default_factory=Counter)
    known: aisstream.Known = field(default_factory=dict)
    reports: aisstream.Reports = field(default_factory=aisstream.Reports)
    ships: set[str] = field(default_factory=set)
    waiting: list[tuple[datetime, bytes]] = field(default_factory=list)
    gap: Gap | None = None
    overflow: Gap | None = None
    heard_at: datetime | None = None
    open_file: OpenFile | None = None
    files: list[Path] = field(default_factory=list)
    state: str = "connecting"
    was_connected: bool = False


@dataclass
class OpenFile:
    """The recording of an hour while it is written. `length` is what is known to be whole."""

    path: Path
    hour: datetime
    out: io.FileIO
    length: int
    synced_s: float


def progress(recorder: Recorder) -> ListenProgress:
    """The current progress of a recorder."""
    return ListenProgress(
        messages=recorder.counts["messages"],
        rows=recorder.counts["rows"],
        ships=len(recorder.ships),
        bad=sum(n for name, n in recorder.counts.items() if name.startswith("bad: ")),
        dropped=recorder.counts["dropped"],
        file=recorder.open_file.path.name if recorder.open_file else "",
        state=recorder.state,
    )


def summary(counts: Counter[str]) -> str:
    """Counts of messages as a log line; unusable messages by reason.

    >>> summary(Counter({"messages": 12, "rows": 9, "bad: not JSON": 2}))
    '12 messages of ships, 9 rows, 0 dropped, 2 not usable (not JSON: 2)'
    >>> summary(Counter({"messages": 12, "rows": 9, "copies": 1}))
    '12 messages of ships, 9 rows, 0 dropped, 1 late copies, 0 not usable'
    """
    bad = sorted((name[5:], n) for name, n in counts.items() if name.startswith("bad: "))
    copies = f"{counts['copies']:,} late copies, " if counts["copies"] else ""
    reasons = f" ({', '.join(f'{name}: {n:,}' for name, n in bad)})" if bad else ""
    return (
        f"{counts['messages']:,} messages of ships, {counts['rows']:,} rows, "
        f"{counts['dropped']:,} dropped, {copies}{sum(n for _, n in bad):,} not usable{reasons}"
    )


def by_hour(rows: list[tuple[datetime, bytes]]) -> Iterator[tuple[datetime, bytes]]:
    """The lines of rows that came one after the other in an hour, together."""
    at = 0
    while at < len(rows):
        hour, start = hour_of(rows[at][0]), at
        while at < len(rows) and hour_of(rows[at][0]) == hour:
            at += 1
        yield hour, b"".join(line for _, line in rows[start:at])


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def open_hour(recorder: Recorder, hour: datetime) -> OpenFile:
    """A new file for what is received in an hour, with its header, under a name that is free.

    A file that was closed may have been ingested: it is never written to again.
    """
    folder, number = recorder.folder, 1
    while True:
        name = f"{recorder.stream}-{hour:%Y-%m-%dT%H}{'' if number == 1 else f'-{number}'}.csv"
        path = folder / f"{name}{PART}"
        if not (folder / name).exists() and not path.exists():
            break
        number += 1
    out = path.open("xb", buffering=0)
    opened = OpenFile(path, hour, out, 0, time.monotonic())
    write_whole(opened, aisstream.csv_line(recorder.header))
    sync_folder(folder)
    return opened


def write_whole(file: OpenFile, lines: bytes) -> None:
    """Append lines, all or none: what a full disk took of them is cut off again."""
    file.length = _append(file.out, lines, file.length)


def _append(out: io.FileIO, content: bytes, length: int) -> int:
    """Append to a file that is so long; its new length. If it fails the file is as it was."""
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[out.write(rest) :]
    except OSError:
        out.truncate(length)
        raise
    return length + len(content)


def close_file(recorder: Recorder) -> None:
    file, recorder.open_file = recorder.open_file, None
    assert file is not None
    with file.out:
        os.fsync(file.out)
    recorder.files.append(finish(file.path))
    recorder.ships.clear()


def finish(part: Path) -> Path:
    """Give a written file its name, durably. Returns its path."""
    path = part.with_name(part.name.removesuffix(PART))
    part.rename(path)
    sync_folder(path.parent)
    return path


def unfinished(folder: Path) -> list[Path]:
    parts = (path for path in folder.glob(f"*.csv{PART}") if _HOUR.match(path.name))
    return sorted(path for path in parts if path.is_file() and not path.is_symlink())


def take_up(part: Path) -> Path | None:
    """Close a file that a crash left: its whole lines are kept, a torn last line is cut off.

    Returns its path; None, and nothing is left of it, where it holds no row.
    """
    with part.open("rb+", buffering=0) as file:
        length = _whole_length(file)
        file.truncate(length)
        os.fsync(file)
        file.seek(0)
        is_without_row = length <= len(file.readline())
    if is_without_row:
        part.unlink()
        return None
    path = finish(part)
    log.info("%s: taken up after a crash, %s bytes", path.name, f"{length:,}")
    return path


def _whole_length(file: io.FileIO) -> int:
    """Bytes up to the last line end, which is looked for from the end."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - TAIL_BYTES)
        file.seek(start)
        at = file.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def append_gap(folder: Path, gap: Gap) -> None:
    """Note a gap, durably and whole. A line that a crash tore is cut off first."""
    line = aisstream.csv_line(
        (_text(gap.from_at), _text(gap.to_at), gap.why, str(gap.dropped or ""))
    )
    path = folder / GAPS
    is_new = not path.exists()
    with path.open("ab+", buffering=0) as out:
        length = _whole_length(out)
        out.truncate(length)
        header = b"" if length else aisstream.csv_line(GAP_HEADER)
        _append(out, header + line, length)
        os.fsync(out)
    if is_new:
        sync_folder(folder)


def _text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="milliseconds") + "Z"


def last_sign_of_life(folder: Path) -> datetime | None:
    """The latest time in the newest recording and in the last line of the gaps; None: neither."""
    hours = {
        path.name: match[0] for path in folder.glob("*.csv") if (match := _HOUR.match(path.name))
    }
    last = max(hours.values(), default="")
    newest = [name for name, hour in hours.items() if hour == last]
    times = [_last_time(folder / name) for name in (*newest, GAPS)]
    return max((moment for moment in times if moment is not None), default=None)


def _last_time(path: Path) -> datetime | None:
    """The last time in the last complete line of a recording or the gaps."""
    try:
        with path.open("rb", buffering=0) as file:
            end = _whole_length(file)
            file.seek(max(0, end - TAIL_BYTES))
            last = file.read(end)[:end].rstrip(b"\n").rpartition(b"\n")[2]
    except FileNotFoundError:
        return None
    times = re.findall(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?=Z(?:,|$))", last)
    with contextlib.suppress(ValueError):
        return max((datetime.fromisoformat(time.decode()) for time in times), default=None)
    return None


def unwritable(folder: Path, error: OSError) -> BarometerError:
    return BarometerError(
        f"{folder}: cannot be written ({error.strerror or error}). Check free space, "
        "permissions and whether the disk is mounted read-only. What was written is complete; "
        "start "
        "again to continue."
    )
