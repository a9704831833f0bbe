"""A recorder for tests: the function and the real command, and what it left on the disk."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from websockets.sync.server import ServerConnection

from flows.sources import listen
from flows.sources.aisstream import HEADER, csv_line
from flows.sources.connection import Limits
from tests.build.stream import (
    KEY,
    Script,
    frame,
    hold,
    position,
    until,
)
from tests.conftest import ROOT

QUICK = Limits(tick_s=0.01, silence_s=9, first_wait_s=0.01, longest_wait_s=0.05)
SOON_SILENT = QUICK._replace(silence_s=1)
"""For what is about silence alone: a busy machine stands still for some tenths of a second."""
BOXES = [[[25.3, 47.48], [31.04, 57.15]]]
NOON = datetime(2026, 4, 15, 12, 0, 5)


def recordings(home: Path) -> list[Path]:
    return sorted((home / "recordings").glob("aisstream-*"))


def rows(home: Path) -> list[dict[str, str]]:
    """The rows of all files that are closed or being written; a torn one fails."""
    found = []
    for path in recordings(home):
        with path.open(encoding="utf-8", newline="") as lines:
            found += list(csv.DictReader(lines, strict=True))
    return found


def whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


def rows_whole(home: Path) -> list[bytes]:
    """The lines of all files while they are written, without one that is there in part."""
    return [line for p in recordings(home) for line in whole_lines(p.read_bytes()).splitlines()[1:]]


def gaps(home: Path) -> list[tuple[str, str, str, str]]:
    with (home / "recordings" / "gaps.log").open(encoding="utf-8", newline="") as lines:
        first, *found = csv.reader(lines)
    assert first == ["from", "to", "why", "dropped"]
    return [(row[0], row[1], row[2], row[3]) for row in found]


def whys(home: Path) -> list[str]:
    """Why there were gaps, in order; each was noted when it began and when it ended."""
    found = gaps(home)
    begun = [(a, why) for a, b, why, _ in found if not b and why != "stop"]
    ended = [(a, why) for a, b, why, dropped in found if b and not dropped]
    assert begun == ended
    assert found[-1][1:3] == ("", "stop")
    return [why for _, why in begun]


def record(home: Path, url: str, limits: Limits = QUICK, **changes: Any) -> list[Path]:
    return listen.listen(home, KEY, url, BOXES, for_s=15, limits=limits, **changes)


def send(*messages: Any) -> Script:
    """Send messages, or bytes and texts as they are, and go."""

    def script(connection: ServerConnection) -> None:
        for message in messages:
            connection.send(frame(message) if isinstance(message, dict) else message)

    return script


def last(home: Path, *messages: Any, count: int, number: int = signal.SIGTERM) -> Script:
    """Send messages; when so many rows are on the disk, tell the recorder to stop by a signal."""

    def script(connection: ServerConnection) -> None:
        send(*messages)(connection)
        until(lambda: len(rows_whole(home)) >= count)
        os.kill(os.getpid(), number)
        hold(connection)

    return script


def ships(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [position(422_000_001 + i) for i in range(start, start + count)]


LINES = csv_line(HEADER) + b"".join(
    csv_line((f"{i}", *[""] * (len(HEADER) - 2), f"2026-04-15T12:00:0{i}.000Z")) for i in range(5)
)


START_S = 120.0
"""A process that starts beside others on a busy machine takes as long as it takes."""


@contextmanager
def barometer(home: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    """The real command, which does not outlive a test that fails."""
    environ = os.environ | {"BAROMETER_AISSTREAM_KEY": KEY, "BAROMETER_AISSTREAM_URL": url}
    with subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "listen", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environ,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def steady(connection: ServerConnection) -> None:
    """A message every few milliseconds, until the client goes."""
    for i in range(100_000):
        connection.send(frame(position(422_000_000 + i)))
        time.sleep(0.002)
