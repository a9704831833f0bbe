"""Serve the page, or open the notebook for editing."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flows.analyst.explore.guard import Guard
from flows.catalogue import access
from flows.home.extras import install_command
from flows.home.settings import PREFIX, BarometerError, Settings

NOTEBOOK = Path(__file__).with_name("notebook.py")
COPY = "explore.py"
"""The notebook of a home, for its analyst to change."""

HEAD = """
<script>
addEventListener("DOMContentLoaded", () =>
  document.getElementById("root").setAttribute("role", "main"));
</script>
"""
"""Readers who do not see the page find its content."""

ENDING_S = 10.0
"""How long the threads of open pages, which may be in a query, are waited for: a choice."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ADVICE = (
    "barometer explore: {host} can be reached from other machines, without encryption. Whoever has "
    "the address with its token reads the catalogue."
)


def serve(settings: Settings, host: str, port: int, *, is_opened: bool) -> None:
    """Serve the page until Ctrl-C, to who has its token.

    Parameters
    ----------
    settings : Settings
        Of the home; its catalogue exists.
    host : str
        Address to listen on.
    port : int
        0 for any that is free.
    is_opened : bool
        Whether a browser is opened.

    Raises
    ------
    BarometerError
        If there is no catalogue, a package is missing, or the address cannot be used.
    """
    _require(settings)
    import marimo  # noqa: PLC0415 an extra
    import uvicorn  # noqa: PLC0415

    listening = _listen(host, port)
    os.environ.update(_environment(settings))
    port = listening.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    token = secrets.token_urlsafe(24)
    site = marimo.create_asgi_app(token=token, quiet=True, html_head=HEAD)
    page = site.with_app(path="", root=str(NOTEBOOK)).build()
    is_own = host in LOOPBACK
    hosts = frozenset(f"{own}:{port}" for own in ("127.0.0.1", "localhost", "[::1]"))
    app = Guard(page, hosts if is_own else None)
    if not is_own:
        print(ADVICE.format(host=host), file=sys.stderr)  # noqa: T201
    address = f"http://{name}:{port}/?access_token={token}"
    print(f"Page: {address}\nCtrl-C ends it.", flush=True)  # noqa: T201
    if is_opened:
        webbrowser.open(address)
    # A page that is open in a browser must not hold up Ctrl-C.
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
    try:
        uvicorn.Server(config).run([listening])
    finally:
        listening.close()
        _end_sessions(page)


def _end_sessions(page: Any) -> None:
    """End the threads of open pages, which would keep the process alive: what marimo does when its
    application ends, and which nobody tells it of an application that is mounted in another.

    Python aborts where it ends before a thread that is in DuckDB, so these are waited for.
    """
    for route in page.routes:
        route.app.state.session_manager.close_all_sessions()
    end = time.monotonic() + ENDING_S
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(max(end - time.monotonic(), 0))


def edit(settings: Settings, host: str, port: int, *, is_opened: bool) -> int:
    """Open the home's own copy of the notebook in marimo's editor; its exit code.

    Raises
    ------
    BarometerError
        As for `serve`, and if the home cannot be written.
    """
    _require(settings)
    copy = settings.home / COPY
    try:
        if not copy.exists():
            shutil.copyfile(NOTEBOOK, copy)
    except OSError as error:
        raise BarometerError(f"{copy}: cannot be written ({error.strerror}).") from error
    command = [sys.executable, "-m", "marimo", "edit", str(copy), "--host", host, "--token"]
    command += ["--skip-update-check", "--no-sandbox"]
    command += ["--port", str(port)] if port else []
    command += [] if is_opened else ["--headless"]
    environ = os.environ | _environment(settings)
    return subprocess.run(command, env=environ, check=False).returncode  # noqa: S603


def _require(settings: Settings) -> None:
    access.existing(settings.home)
    if find_spec("marimo") is None:
        raise BarometerError(
            f"the page needs the package marimo. Install it with: {install_command('explore')}"
        )


def _environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, for the notebook, which marimo runs."""
    values = settings._asdict() | {"as_of": settings.as_of.isoformat()}
    return {
        PREFIX + name.upper(): str(value) for name, value in values.items() if value is not None
    }


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, number, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, number)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        # Who asks before the page is up waits, and is not refused: the address is shown first.
        listening.listen()
    except (OSError, UnicodeError) as error:  # the latter for a host name that can be none
        why = error.strerror if isinstance(error, OSError) else "not a host name"
        raise BarometerError(
            f"{host}:{port}: cannot listen there ({why}). Give another --host or --port."
        ) from error
    return listening
