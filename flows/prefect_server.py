"""A Prefect server for the schedule. Prefect is not imported here: it reads its settings then."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from flows.settings import BarometerError, Settings

PORT = 4200
"""Prefect's own default; PREFECT_SERVER_API_PORT sets another."""

START_S = 120.0
"""A server that makes its database anew took 10 to 60 seconds on two busy cores."""

STOP_S = 10.0
"""Prefect's services end within seconds (a choice)."""


@contextmanager
def prefect_server(settings: Settings) -> Iterator[None]:
    """The operator's Prefect server if PREFECT_API_URL names one, else one of our own.

    Prefect's temporary server, which a single run uses, starts no schedule. This one listens on
    this machine alone, keeps its data and its log in the home's `prefect/`, and ends with the
    caller. PREFECT_API_URL is set meanwhile.

    Raises
    ------
    BarometerError
        If the port is taken, or the server does not start.
    """
    if os.environ.get("PREFECT_API_URL"):
        yield
        return
    port = os.environ.get("PREFECT_SERVER_API_PORT") or str(PORT)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BarometerError(f"PREFECT_SERVER_API_PORT: {port!r} is no port. Usual is {PORT}.")
    address = f"http://127.0.0.1:{port}/api"
    if _is_healthy(address):
        raise BarometerError(
            f"port {port} of this machine has a Prefect server already. To use it: export "
            f"PREFECT_API_URL={address}; to leave it alone: PREFECT_SERVER_API_PORT with a free "
            "port."
        )
    folder = settings.home / "prefect"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    with (folder / "server.log").open("ab") as out:
        server = subprocess.Popen(  # noqa: S603 our own words, and a port
            [*command, "--port", port], stdout=out, stderr=out, start_new_session=True
        )
    try:
        end = time.monotonic() + START_S
        while not _is_healthy(address):
            if server.poll() is not None or time.monotonic() > end:
                raise BarometerError(
                    f"Prefect's server did not start at {address}: {folder / 'server.log'} says "
                    "why. Is the port free? PREFECT_SERVER_API_PORT sets another."
                )
            time.sleep(0.2)
        os.environ["PREFECT_API_URL"] = address
        yield
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        server.terminate()
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()


def _is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:  # noqa: S310 ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
