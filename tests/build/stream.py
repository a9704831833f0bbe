"""A real WebSocket server for tests, on threads of its own, and messages such as aisstream.io's."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

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
        "MMSI": mmsi,
        "MMSI_String": mmsi,
        "ShipName": "SEA STAR            ",
        "latitude": 27.1,
        "longitude": 56.1,
        "time_utc": "2026-04-15 12:00:03.563705035 +0000 UTC",
    } | changes.pop("meta", {})
    body = {
        "MessageID": 1,
        "UserID": mmsi,
        "Valid": True,
        "NavigationalStatus": 5,
        "Sog": 11.4,
        "Cog": 187.2,
        "TrueHeading": 186,
        "Latitude": 27.123456666,
        "Longitude": 56.1,
        "Timestamp": 2,
    } | changes
    if kind != "PositionReport":
        del body["NavigationalStatus"]
    return {"MessageType": kind, "MetaData": meta, "Message": {kind: body}}


def ship_static(mmsi: int = 422_000_001, **changes: Any) -> dict[str, Any]:
    """A class A ship's static data."""
    body = {
        "MessageID": 5,
        "UserID": mmsi,
        "Valid": True,
        "ImoNumber": 9074729,
        "CallSign": "EPAB1  ",
        "Name": "SEA STAR@@@@@@@@@@@@",
        "Type": 80,
        "Dimension": {"A": 200, "B": 40, "C": 20, "D": 22},
        "MaximumStaticDraught": 12.5,
        "Destination": "KHARG               ",
    } | changes
    return {
        "MessageType": "ShipStaticData",
        "MetaData": {"MMSI": mmsi},
        "Message": {"ShipStaticData": body},
    }


def static_half(mmsi: int, a: dict[str, Any] | None, b: dict[str, Any] | None) -> dict[str, Any]:
    """Half of a class B ship's static data; the other one is there, empty and not valid."""
    body = {
        "UserID": mmsi,
        "Valid": True,
        "ReportA": {"Valid": True, **a} if a else {"Valid": False, "Name": ""},
        "ReportB": {"Valid": True, **b} if b else {"Valid": False, "CallSign": "", "ShipType": 0},
    }
    return {
        "MessageType": "StaticDataReport",
        "MetaData": {"MMSI": mmsi},
        "Message": {"StaticDataReport": body},
    }


CONFIRMATION = {"MessageType": "SubscriptionConfirmation", "Message": {"CompressionEnabled": True}}


def frame(message: dict[str, Any]) -> bytes:
    """A message as aisstream.io sends it: a binary frame of JSON."""
    return json.dumps(message).encode()
