"""A real MQTT broker for tests, mosquitto, and messages such as Digitraffic's."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
NOON = datetime(2026, 4, 15, 12, 0, 5)
NOON_UNIX = 1_776_254_400
PRIMORSK = (28.6, 60.3)


def location(**changes: Any) -> dict[str, Any]:
    """A location off Primorsk, as Digitraffic sends it."""
    return {
        **{"time": NOON_UNIX, "sog": 11.4, "cog": 72.2, "navStat": 0, "rot": 0, "posAcc": False},
        **{"raim": False, "heading": 66, "lon": PRIMORSK[0], "lat": PRIMORSK[1]},
    } | changes


def metadata(**changes: Any) -> dict[str, Any]:
    """A ship's static data, as Digitraffic sends them."""
    return {
        **{"timestamp": NOON_UNIX * 1000, "destination": "PRIMORSK", "name": "SEA STAR"},
        **{"draught": 61, "eta": 100737, "posType": 1, "refA": 200, "refB": 40, "refC": 20},
        **{"refD": 22, "callSign": "OJAB1", "imo": 9074729, "type": 80},
    } | changes


def topic(kind: str = "location", mmsi: int = 230_990_001) -> str:
    return f"vessels-v2/{mmsi}/{kind}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Broker:
    """A broker with a listener for WebSocket and one for those who publish."""

    def __init__(self, folder: Path, *, refuses: bool = False) -> None:
        self.folder, self.web, self.plain = folder, free_port(), free_port()
        self.url = f"ws://localhost:{self.web}/mqtt"
        self.process: subprocess.Popen[bytes] | None = None
        self.refuses = refuses

    def start(self) -> None:
        """Start, and wait until both listeners answer."""
        assert MOSQUITTO is not None
        config = self.folder / "mosquitto.conf"
        lines = ["per_listener_settings true", f"listener {self.web} 127.0.0.1"]
        lines += ["protocol websockets", f"allow_anonymous {str(not self.refuses).lower()}"]
        lines += [f"listener {self.plain} 127.0.0.1", "allow_anonymous true"]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 20
        for port in (self.web, self.plain):
            while True:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                assert time.monotonic() < end and self.process.poll() is None, "no broker"
                time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def send(self, *messages: tuple[str, Any], retain: bool = False) -> None:
        """Publish messages in order: an object as JSON, bytes as they are."""
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.plain)
        client.loop_start()
        for name, body in messages:
            payload = body if isinstance(body, bytes) else json.dumps(body).encode()
            client.publish(name, payload, qos=1, retain=retain).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()


@contextmanager
def broker(folder: Path, **options: Any) -> Iterator[Broker]:
    """A running broker."""
    folder.mkdir(parents=True, exist_ok=True)
    running = Broker(folder, **options)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def beside(work: Any) -> Iterator[None]:
    """Run a function in a thread beside; its error is raised at the end."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    thread.join(30)
    assert not thread.is_alive()
    if errors:
        raise errors[0]
