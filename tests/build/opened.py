"""How often files are opened, by whatever library, as Linux counts it (inotify(7))."""

from __future__ import annotations

import ctypes
import os
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

IN_OPEN = 0x20
IN_NONBLOCK = os.O_NONBLOCK if hasattr(os, "O_NONBLOCK") else 0


@contextmanager
def opens(paths: Iterable[Path]) -> Iterator[Counter[Path]]:
    """A count for each of the files, filled at the end of the block."""
    libc = ctypes.CDLL(None, use_errno=True)
    watcher = libc.inotify_init1(IN_NONBLOCK)
    assert watcher >= 0, os.strerror(ctypes.get_errno())
    counted: Counter[Path] = Counter()
    try:
        watched = {libc.inotify_add_watch(watcher, bytes(path), IN_OPEN): path for path in paths}
        assert min(watched, default=1) > 0, os.strerror(ctypes.get_errno())
        yield counted
        while events := _events(watcher):
            counted.update(watched[number] for number in events)
    finally:
        os.close(watcher)


def _events(watcher: int) -> list[int]:
    """The numbers of the watched files that were opened; equal ones in a row count once."""
    try:
        content = os.read(watcher, 1 << 20)
    except BlockingIOError:
        return []
    numbers = []
    while content:
        number, _, _, name_bytes = struct.unpack_from("iIII", content)
        numbers.append(number)
        content = content[16 + name_bytes :]
    return numbers
