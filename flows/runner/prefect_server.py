"""The Prefect server of a run or a schedule: the operator's, or one started for it.

Prefect is imported only after its settings are made here, because it reads them at import.
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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from flows.home.settings import BarometerError, Settings
from flows.home.text import address_parts
from flows.runner import server_database, server_process

PORT = 4200
"""Prefect's own default; PREFECT_SERVER_API_PORT sets another."""

START_S = 120.0
"""A server took 4 seconds on two idle cores, 30 on busy ones, and 60 by way of its migrations."""

STOP_S = server_process.STOP_S

REACH_S = 30.0
"""How long the operator's server may be unreachable, as during a restart, before a run fails (a
choice)."""
ANSWER_S = 10.0
"""Timeout of one request to it (a choice)."""
DRAIN_S = 10.0
"""For the last log lines and events to reach the server (a choice)."""

LOG_BYTES = 20_000
"""Size of the end of the server's log that is searched for the cause of a failure."""


@contextmanager
def prefect_server(settings: Settings, *, has_schedule: bool) -> Iterator[Callable[[], None]]:
    """The operator's Prefect server if PREFECT_API_URL is set, else one started here.

    The latter listens on localhost only, keeps data and log in the home's `prefect/`, and ends with
    this process, however that ends. PREFECT_API_URL is set meanwhile. At the end, Prefect's pending
    logs and events are sent before it stops.

    Parameters
    ----------
    settings : Settings
        The home.
    has_schedule : bool
        The server also starts scheduled runs and serves its pages, on a fixed port. Otherwise it is
        a smaller one on a free port, for a single run.

    Yields
    ------
    callable
        Waits until the server answers. Until then, what takes long and needs no answer, such as the
        import of a flow, can be done.

    Raises
    ------
    BarometerError
        If the operator's server cannot be used, the port is in use, or the server does not start.
    """
    set_up(settings)
    given = os.environ.get("PREFECT_API_URL")
    if given:
        require_prefect(given)
        try:
            yield lambda: None
        finally:
            drain()
        return
    with _listening(_port() if has_schedule else 0) as listening:
        port = listening.getsockname()[1]
        server = _started(settings, listening, port, has_schedule=has_schedule)
    address = f"http://127.0.0.1:{port}/api"
    try:
        os.environ["PREFECT_API_URL"] = address
        try:
            yield lambda: _wait_until_healthy(server, address, _log(settings))
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
    """Set Prefect's settings for this home, unless the environment has them."""
    if not os.environ.get("PREFECT_API_URL"):
        os.environ.setdefault("PREFECT_HOME", str(settings.home / "prefect"))
    for name, value in {
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "barometer",
        "PREFECT_LOGGING_COLORS": "false",
        # Reports are drawn in threads, which Prefect takes for outside the flow and warns of.
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    }.items():
        os.environ.setdefault(name, value)


def _port() -> int:
    text = os.environ.get("PREFECT_SERVER_API_PORT") or str(PORT)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise BarometerError(f"PREFECT_SERVER_API_PORT: {text!r} is not a port. Usual is {PORT}.")
    return int(text)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """A socket bound to a port of localhost, 0 for any free one."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            address = f"http://127.0.0.1:{port}/api"
            if error.errno == errno.EADDRINUSE and answer_of(address) == "":
                raise BarometerError(
                    f"port {port} of this machine already has a Prefect server. To use it: export "
                    f"PREFECT_API_URL={address}; otherwise set PREFECT_SERVER_API_PORT to a free "
                    "port."
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
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
    }
    if has_schedule:  # its pages need the API's address unless the port is the default
        environ.setdefault("PREFECT_SERVER_UI_API_URL", f"http://127.0.0.1:{port}/api")
    else:
        # A single run has no pages, no automations and no blocks but those that were saved.
        environ |= {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT_SERVER_UI_ENABLED": "false"}
        environ.setdefault("PREFECT_API_BLOCKS_REGISTER_ON_START", "false")
        # It would import all of Dask, to see whether these blocks have to be registered again.
        environ.setdefault("PREFECT_MEMOIZE_BLOCK_AUTO_REGISTRATION", "false")
        environ.setdefault("PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED", "false")
    log = _log(settings)
    command = [sys.executable, "-P", server_process.__file__, str(listening.fileno())]
    try:
        log.parent.mkdir(exist_ok=True)
        is_ours = Path(environ["PREFECT_HOME"]) == log.parent
        if is_ours and server_database.is_current(log.parent):
            environ["PREFECT_API_DATABASE_MIGRATE_ON_START"] = "false"
        with log.open("wb") as out:  # only this start's log, which is quoted
            return subprocess.Popen(  # noqa: S603 no foreign argument
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env=environ,
                cwd=log.parent,
                pass_fds=[listening.fileno()],
                start_new_session=True,  # Ctrl-C at a terminal goes to the run, which stops it
            )
    except OSError as error:
        raise BarometerError(
            f"{log.parent}: Prefect's server cannot be started ({error.strerror}). Check the "
            "folder's rights and the disk's free space. Nothing was ingested."
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
                f"Prefect's own server {why}. Nothing was ingested. The cause, from its log {log}: "
                f"{_last_error(log)}. For a disk error, free space or correct the rights; for a "
                f"database error, move {log.with_name('prefect.db')} away, and a new one is made; "
                "or set PREFECT_API_URL to a server of yours."
            )
        time.sleep(0.1)


def _last_error(log: Path) -> str:
    """The last line of a log with an exception, else its last line."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_BYTES))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    stripped = [line.strip() for line in lines if line.strip()]
    errors = [line for line in stripped if re.match(r"[\w.]+(Error|Exception|Interrupt)\b", line)]
    return ascii((errors or stripped or ["it is empty"])[-1])[1:-1][:300]


def require_prefect(url: str) -> None:
    """Check that a Prefect server answers at an address.

    Raises
    ------
    BarometerError
        If not. The message has what answered, or why nothing did.
    """
    shown = without_login(url)
    remedy = "Without the variable, barometer starts a server of its own. Nothing was ingested."
    parts = address_parts(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        what = f"{shown!r} is not" if shown else "not"
        raise BarometerError(
            f"PREFECT_API_URL: {what} an address such as http://host:4200/api. {remedy}"
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
    """An address without user, password and query, for messages.

    >>> without_login("http://me:secret@host:4200/api")
    'http://host:4200/api'
    """
    parts = address_parts(url)
    return ascii(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl())[1:-1]


def answer_of(address: str) -> str:
    """Why no Prefect server answers at an address; empty if one does.

    A server that requires a login counts as one: Prefect has the login.
    """
    import httpx  # noqa: PLC0415 its import takes a third of a second

    # A proxy cannot reach the ports of this machine. Certificates take 40 ms to load.
    parts = address_parts(address)
    is_here, is_tls = parts.hostname in ("127.0.0.1", "localhost", "::1"), parts.scheme == "https"
    url = f"{address.rstrip('/')}/health"
    try:
        answer = httpx.get(url, timeout=ANSWER_S, trust_env=not is_here, verify=is_tls)
    except httpx.TimeoutException:
        return f"no answer within {ANSWER_S:.0f} s"
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return _network_words(error)
    if answer.status_code in (401, 403) or (answer.status_code == 200 and answer.text == "true"):
        return ""
    if answer.status_code >= 500:
        return f"HTTP {answer.status_code}"
    # Such as a page of Prefect, at an address without /api.
    return f"it answers, but not as Prefect's API does (HTTP {answer.status_code})"


def _network_words(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return "unknown host"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        cause = cause.__cause__ or cause.__context__
    return ascii(str(error) or type(error).__name__)[1:-1][:200]


def without_heartbeats() -> AbstractContextManager[Any]:
    """Flow runs without heartbeats, for one on a server that ends with it.

    By heartbeats a server notices lost runs. Their thread sleeps by the second, and a run waits for
    it at its end. The setting has no value of the environment that turns them off.
    """
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings  # noqa: PLC0415

    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})


def drain() -> None:
    """Send Prefect's pending logs and events, and stop its senders.

    Left to the interpreter's exit, they find no server and no event loop any more, and sometimes
    end a successful run with a traceback.
    """
    if "prefect" not in sys.modules:
        return
    from prefect.events.worker import EventsWorker  # noqa: PLC0415
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    for worker in (EventsWorker, APILogWorker):
        worker.drain_all(timeout=DRAIN_S, at_exit=False)
