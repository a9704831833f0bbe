"""A real WebSocket server for tests, messages such as aisstream.io's, and a recorder of them."""

from __future__ import annotations

import csv
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from flows.sources.streams import listen
from flows.sources.streams.aisstream import HEADER, csv_line
from flows.sources.streams.connection import Limits
from tests.conftest import ROOT

KEY = "0123456789abcdef-s3cret"
Script = Callable[[ServerConnection], None]


class Stream(NamedTuple):
    """A running server: its address, and the subscriptions that it got."""

    url: str
    asked: list[dict[str, Any]]


@contextmanager
def stream(
    *scripts: Script | HTTPStatus, context: ssl.SSLContext | None = None
) -> Iterator[Stream]:
    """A server whose connections run these scripts, one each; later ones say nothing.

    A status refuses the connection. A script may end the connection by returning.
    """
    asked: list[dict[str, Any]] = []
    plan = list(scripts)

    def refuse(connection: ServerConnection, _: Request) -> Response | None:
        if plan and isinstance(plan[0], HTTPStatus):
            return connection.respond(plan.pop(0), "no")
        return None

    def handle(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed, OSError):
            asked.append(json.loads(connection.recv(3)))
            script = plan.pop(0) if plan else hold
            assert not isinstance(script, HTTPStatus)
            script(connection)

    with serve(handle, "localhost", 0, ssl=context, process_request=refuse) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        scheme = "ws" if context is None else "wss"
        yield Stream(f"{scheme}://localhost:{server.socket.getsockname()[1]}", asked)
        server.shutdown()
        thread.join()


def hold(connection: ServerConnection) -> None:
    """Say nothing until the client goes."""
    for _ in connection:
        pass


def until(is_so: Callable[[], Any], timeout_s: float = 10) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def position(
    mmsi: int = 422_000_001, kind: str = "PositionReport", **changes: Any
) -> dict[str, Any]:
    """A position report. `changes` are of the report itself, or `meta` of its MetaData."""
    meta = {
        **{"MMSI": mmsi, "MMSI_String": mmsi, "ShipName": "SEA STAR            "},
        **{"latitude": 27.1, "longitude": 56.1},
        "time_utc": "2026-04-15 12:00:03.563705035 +0000 UTC",
    } | changes.pop("meta", {})
    body = {
        **{"MessageID": 1, "UserID": mmsi, "Valid": True, "NavigationalStatus": 5, "Sog": 11.4},
        **{"Cog": 187.2, "TrueHeading": 186, "Latitude": 27.123456666, "Longitude": 56.1},
        "Timestamp": 2,
    } | changes
    if kind != "PositionReport":
        del body["NavigationalStatus"]
    return {"MessageType": kind, "MetaData": meta, "Message": {kind: body}}


def static(kind: str, mmsi: int, body: dict[str, Any]) -> dict[str, Any]:
    """A message of static data."""
    body = {"UserID": mmsi, "Valid": True} | body
    return {"MessageType": kind, "MetaData": {"MMSI": mmsi}, "Message": {kind: body}}


def ship_static(mmsi: int = 422_000_001, **changes: Any) -> dict[str, Any]:
    """A class A ship's static data."""
    body = {
        **{"MessageID": 5, "ImoNumber": 9074729, "CallSign": "EPAB1  ", "Type": 80},
        **{"Name": "SEA STAR@@@@@@@@@@@@", "Dimension": {"A": 200, "B": 40, "C": 20, "D": 22}},
        **{"MaximumStaticDraught": 12.5, "Destination": "KHARG               "},
    }
    return static("ShipStaticData", mmsi, body | changes)


def static_half(mmsi: int, a: dict[str, Any] | None, b: dict[str, Any] | None) -> dict[str, Any]:
    """Half of a class B ship's static data; the other one is there, empty and not valid."""
    half_a = {"Valid": True, **a} if a else {"Valid": False, "Name": ""}
    half_b = {"Valid": True, **b} if b else {"Valid": False, "CallSign": "", "ShipType": 0}
    return static("StaticDataReport", mmsi, {"ReportA": half_a, "ReportB": half_b})


CONFIRMATION = {"MessageType": "SubscriptionConfirmation", "Message": {"CompressionEnabled": True}}


def frame(message: dict[str, Any]) -> bytes:
    """A message as aisstream.io sends it: a binary frame of JSON."""
    return json.dumps(message).encode()


# The recorder


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


def listen_for(home: Path, url: str, for_s: float, **changes: Any) -> list[Path]:
    return listen.listen(home, KEY, url, BOXES, for_s=for_s, **{"limits": QUICK} | changes)


def record(home: Path, url: str, **changes: Any) -> list[Path]:
    return listen_for(home, url, 15, **changes)


def recorded(home: Path, *scripts: Script | HTTPStatus, **changes: Any) -> Stream:
    """Record from a server that runs these scripts; the server, with what it was asked."""
    with stream(*scripts) as server:
        record(home, server.url, **changes)
    return server


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
    command = [sys.executable, "-m", "flows.cli", "listen", "--home", str(home)]
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **pipes, text=True, cwd=ROOT, env=environ) as process:
        try:
            yield process
        finally:
            process.kill()


def steadily(sent: list[float] | None = None) -> Script:
    """A message every few milliseconds, until the client goes; `sent` gets the moment of each."""

    def script(connection: ServerConnection) -> None:
        for i in range(100_000):
            connection.send(frame(position(422_000_000 + i)))
            if sent is not None:
                sent.append(time.monotonic())
            time.sleep(0.002)

    return script
