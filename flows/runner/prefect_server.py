"""The Prefect server of a run or a schedule: the operator's, or one of our own.

Prefect is not imported here before the server answers: it reads its settings when it is imported.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from flows.home.settings import BarometerError, Settings
from flows.runner import server_process

PORT = 4200
"""Prefect's own default; PREFECT_SERVER_API_PORT sets another."""

START_S = 120.0
"""A server that makes its database anew took 10 to 60 seconds on two busy cores."""

STOP_S = server_process.STOP_S

REACH_S = 30.0
"""How long the operator's server may be out of reach before a run fails, as while it restarts; a
choice."""
ANSWER_S = 10.0
"""For one answer of it; a choice."""
DRAIN_S = 10.0
"""For the last log lines and events on their way to the server; a choice."""

LOG_BYTES = 20_000
"""Of the end of the server's log, in which the cause is looked for."""


@contextmanager
def prefect_server(settings: Settings, *, has_schedule: bool) -> Iterator[None]:
    """The operator's Prefect server if PREFECT_API_URL names one, else one of our own.

    Our own listens on this machine alone, keeps its data and its log in the home's `prefect/`, and
    ends with this process, however that ends. PREFECT_API_URL is set meanwhile. At the end, what
    Prefect still has to tell the server is sent before it stops.

    Parameters
    ----------
    settings : Settings
        The home.
    has_schedule : bool
        The server also starts scheduled runs and shows its pages, on a fixed port. Without it, a
        smaller one on a free port, for a single run.

    Raises
    ------
    BarometerError
        If the operator's server cannot be used, the port is taken, or our own does not start.
    """
    set_up(settings)
    given = os.environ.get("PREFECT_API_URL")
    if given:
        require_prefect(given)
        try:
            yield
        finally:
            drain()
        return
    with _listening(_port() if has_schedule else 0) as listening:
        port = listening.getsockname()[1]
        server = _started(settings, listening, port, has_schedule=has_schedule)
    address = f"http://127.0.0.1:{port}/api"
    try:
        _wait_until_healthy(server, address, _log(settings))
        os.environ["PREFECT_API_URL"] = address
        try:
            yield
        finally:
            os.environ.pop("PREFECT_API_URL", None)
            drain()
    finally:
        server.terminate()
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        assert server.stdin is not None
        server.stdin.close()


def set_up(settings: Settings) -> None:
    """Prefect's settings for this home, where the environment does not set them."""
    if not os.environ.get("PREFECT_API_URL"):
        os.environ.setdefault("PREFECT_HOME", str(settings.home / "prefect"))
    for name, value in {
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "barometer",
        "PREFECT_LOGGING_COLORS": "false",
    }.items():
        os.environ.setdefault(name, value)


def _port() -> int:
    text = os.environ.get("PREFECT_SERVER_API_PORT") or str(PORT)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise BarometerError(f"PREFECT_SERVER_API_PORT: {text!r} is not a port. Usual is {PORT}.")
    return int(text)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """A socket bound to a port of this machine, 0 for any free one."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            address = f"http://127.0.0.1:{port}/api"
            if error.errno == errno.EADDRINUSE and answer_of(address) == "":
                raise BarometerError(
                    f"port {port} of this machine has a Prefect server already. To use it: export "
                    f"PREFECT_API_URL={address}; to leave it alone: PREFECT_SERVER_API_PORT with a "
                    "free port."
                ) from error
            raise BarometerError(
                f"port {port} of this machine cannot be used for Prefect's server "
                f"({error.strerror}). Set PREFECT_SERVER_API_PORT to a free port."
            ) from error
        yield listening


def _log(settings: Settings) -> Path:
    return settings.home / "prefect" / "server.log"


def _started(
    settings: Settings, listening: socket.socket, port: int, *, has_schedule: bool
) -> subprocess.Popen[bytes]:
    environ = os.environ | {
        "PREFECT__SERVER_FINAL": "1",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
    }
    if has_schedule:  # on a port that is not the default its pages look for the API elsewhere
        environ.setdefault("PREFECT_SERVER_UI_API_URL", f"http://127.0.0.1:{port}/api")
    else:
        environ |= {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT_SERVER_UI_ENABLED": "false"}
    log = _log(settings)
    command = [sys.executable, "-P", server_process.__file__, str(listening.fileno())]
    try:
        log.parent.mkdir(exist_ok=True)
        with log.open("wb") as out:  # of this start alone: what is quoted is of it
            return subprocess.Popen(  # noqa: S603 our own words, and a number
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env=environ,
                cwd=log.parent,
                pass_fds=[listening.fileno()],
                start_new_session=True,  # Ctrl-C at a terminal is for the run, which stops it
            )
    except OSError as error:
        raise BarometerError(
            f"{log.parent}: Prefect's server cannot be started ({error.strerror}). Check the "
            "folder's rights and the disk's free space. Nothing was taken in."
        ) from error


def _wait_until_healthy(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + START_S
    while answer_of(address) != "":
        code = server.poll()
        if code is not None or time.monotonic() > end:
            why = f"ended with code {code}"
            if code is None:
                why = f"did not answer in {START_S:.0f} s"
            raise BarometerError(
                f"Prefect's own server {why}. Nothing was taken in. Its log, {log}, has the cause: "
                f"{_last_error(log)}. Where it is the disk, make room or mend its rights; where it "
                f"is the database, move {log.with_name('prefect.db')} away, and a new one is made; "
                "or name a server of yours with PREFECT_API_URL."
            )
        time.sleep(0.1)


def _last_error(log: Path) -> str:
    """The last line of a log that names an error, else its last line."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_BYTES))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    told = [line.strip() for line in lines if line.strip()]
    errors = [line for line in told if re.match(r"[\w.]+(Error|Exception|Interrupt)\b", line)]
    return ascii((errors or told or ["it is empty"])[-1])[1:-1][:300]


def require_prefect(url: str) -> None:
    """Make sure that an address is that of a Prefect server that answers.

    Raises
    ------
    BarometerError
        If it is not; the message says what answered, or why nothing did.
    """
    shown = without_login(url)
    remedy = "Without the variable, barometer starts a server of its own. Nothing was taken in."
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BarometerError(
            f"PREFECT_API_URL: {shown!r} is not an address such as http://host:4200/api. {remedy}"
        )
    end = time.monotonic() + REACH_S
    while (why := answer_of(url)) != "":
        is_other = why.startswith("it answers")
        if is_other or time.monotonic() > end:
            hint = (
                "The address of a Prefect server's API ends in /api, as in http://host:4200/api."
                if is_other
                else "Start that server, or correct the address."
            )
            raise BarometerError(
                f"PREFECT_API_URL: no Prefect server can be used at {shown} ({why}). {hint} "
                f"{remedy}"
            )
        time.sleep(1)


def without_login(url: str) -> str:
    """An address without user, password and query, to be shown.

    >>> without_login("http://me:secret@host:4200/api")
    'http://host:4200/api'
    """
    parts = urlsplit(url)
    return ascii(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl())[1:-1]


def answer_of(address: str) -> str:
    """Why an address is not that of a Prefect server which answers; empty where it is.

    A server that wants a login is one: Prefect has the login.
    """
    import httpx  # noqa: PLC0415 it takes a third of a second, and most commands need none

    # A proxy does not know the ports of this machine.
    is_here = urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")
    url = f"{address.rstrip('/')}/health"
    try:
        answer = httpx.get(url, timeout=ANSWER_S, trust_env=not is_here)
    except httpx.TimeoutException:
        return f"no answer within {ANSWER_S:.0f} s"
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return _network_words(error)
    if answer.status_code in (401, 403) or (answer.status_code == 200 and answer.text == "true"):
        return ""
    if answer.status_code >= 500:
        return f"HTTP {answer.status_code}"
    # Perhaps a page, such as Prefect's own at an address without /api.
    return f"it answers, but not as Prefect's API does (HTTP {answer.status_code})"


def _network_words(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return "the host's name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        cause = cause.__cause__ or cause.__context__
    return ascii(str(error) or type(error).__name__)[1:-1][:200]


def drain() -> None:
    """Send what Prefect has not told the server yet, and stop its senders.

    Left to the end of the interpreter, they meet a server and an event loop that are gone, and now
    and then end a run that succeeded with a traceback.
    """
    if "prefect" not in sys.modules:
        return
    from prefect.events.worker import EventsWorker  # noqa: PLC0415
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    for worker in (EventsWorker, APILogWorker):
        worker.drain_all(timeout=DRAIN_S, at_exit=False)
