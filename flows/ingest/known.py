"""Known files: which paths were ingested, so that they need not be opened again.

``known.json`` in the home holds path, size and times of each file whose every CSV is in the lake.
It is only ever a saving: without it, or where it does not fit, a file is opened and known by its
content. It is discarded where a file of the lake is found damaged, so that what is given again
is read.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from flows.home.durable import write_durably
from flows.home.settings import Settings
from flows.lake import damage
from flows.lake.entry import Entry, Manifest

FILE = "known.json"
FORMAT = 1

SETTLED_S = 3.0
"""A file that changed within so many seconds before it was looked at may change again without
another time: FAT's times are two seconds apart, and those of NFS up to one."""


class Stamp(NamedTuple):
    """Size and times of a file, by which an unchanged file is recognised.

    The change time of the inode, which no program can set, reveals a changed file whose old
    modification time was restored.
    """

    size: int
    modified_ns: int
    changed_ns: int


class _Open(NamedTuple):
    """A file that was given: how it was, and when, before it was opened; what became of it."""

    path: Path | None
    before: Stamp | None
    at_ns: int
    awaited: int
    csvs: list[tuple[str, str | None]]


class Memory:
    """What is remembered of the files of a home, and what this run adds.

    Parameters
    ----------
    settings : Settings
        The home.
    is_verifying : bool
        Ignore what is remembered, so that every file is opened.
    """

    def __init__(self, settings: Settings, *, is_verifying: bool = False) -> None:
        self._home = settings.home
        self._place = settings.place
        self._files = _read(settings.home)
        self._is_verifying = is_verifying
        self._is_changed = False
        self._seen: tuple[Stamp | None, int] = None, 0
        self._open: deque[_Open] = deque()

    def recall(self, path: Path, manifest: Manifest) -> list[tuple[str, Entry]] | None:
        """Name and entry of each CSV of a file, if it is the one that was taken in, and they are.

        A part of the lake is looked at for its size, and not read.
        """
        remembered = None if self._is_verifying else self._files.get(_key(path))
        if remembered is None or remembered[0] != stamp_of(path):
            return None
        entries = [(name, manifest.entries.get(file_id)) for name, file_id in remembered[1]]
        known = [
            (name, entry) for name, entry in entries if entry is not None and entry.fingerprint
        ]
        if len(known) < len(entries) or not all(self._is_there(entry) for _, entry in known):
            return None
        return known

    def _is_there(self, entry: Entry) -> bool:
        if isinstance(self._place, str):
            return True  # a question for each would take longer; a run asks for all at once
        return not any(damage.fault_of(self._place, part, is_hashed=False) for part in entry.parts)

    def look(self, path: Path) -> None:
        """Look at a file before it is opened."""
        self._seen = stamp_of(path), time.time_ns()

    def expect(self, path: Path | None, count: int) -> None:
        """So many outcomes will follow: of the file that was looked at last, or of none to keep."""
        self._open.append(_Open(path, *self._seen, count, []))

    def take(self, name: str, file_id: str | None) -> None:
        """The next outcome, in the order of the inputs: a CSV that is in the lake, or None."""
        oldest = self._open[0]
        oldest.csvs.append((name, file_id))
        if len(oldest.csvs) < oldest.awaited:
            return
        self._open.popleft()
        csvs = [(name, file_id) for name, file_id in oldest.csvs if file_id is not None]
        if oldest.path is None or oldest.before is None or len(csvs) < oldest.awaited:
            return
        changed_ns = max(oldest.before.modified_ns, oldest.before.changed_ns)
        if changed_ns > oldest.at_ns - SETTLED_S * 1e9 or stamp_of(oldest.path) != oldest.before:
            return
        self._files[_key(oldest.path)] = (oldest.before, csvs)
        self._is_changed = True

    def save(self) -> None:
        """Write what is remembered; a disk that is full costs time, and no run."""
        if not self._is_changed:
            return
        files = {key: [*stamp, csvs] for key, (stamp, csvs) in sorted(self._files.items())}
        text = json.dumps({"format": FORMAT, "files": files}, separators=(",", ":"))
        with suppress(OSError):
            write_durably(self._home / FILE, text.encode())


@contextmanager
def remembering(settings: Settings, *, is_verifying: bool) -> Iterator[Memory]:
    """The memory of a home, saved at the end, however that comes."""
    memory = Memory(settings, is_verifying=is_verifying)
    try:
        yield memory
    finally:
        memory.save()


def forget(home: Path) -> None:
    """Forget all files, so that damaged parts of the lake are read again from their inputs."""
    with suppress(OSError):
        (home / FILE).unlink(missing_ok=True)


def stamp_of(path: Path) -> Stamp | None:
    """Size and times of a file; None where it cannot be looked at."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return Stamp(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def _key(path: Path) -> str:
    return os.path.realpath(path)


def _read(home: Path) -> dict[str, tuple[Stamp, list[tuple[str, str]]]]:
    try:
        raw = json.loads((home / FILE).read_bytes())
        if raw["format"] != FORMAT:
            return {}
        return {
            str(key): (
                Stamp(int(size), int(modified), int(changed)),
                [(str(name), str(file_id)) for name, file_id in csvs],
            )
            for key, (size, modified, changed, csvs) in raw["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
