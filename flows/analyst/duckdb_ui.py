"""`barometer sql --ui`: DuckDB's own page on the catalogue."""

from __future__ import annotations

import threading
from importlib import import_module
from pathlib import Path

import duckdb

from flows.analyst.query import explained, say, warn_of_move
from flows.catalogue import access
from flows.home.extras import PIP, install_command
from flows.home.settings import BarometerError, Settings

REMOTE = (
    "The page itself comes from DuckDB's maker (https://ui.duckdb.org): without a network it stays "
    "empty. barometer explore needs none. Ctrl-C ends it."
)


def serve_ui(settings: Settings) -> None:
    """Serve the page, read-only and on this machine alone, until Ctrl-C.

    Raises
    ------
    BarometerError
        If the extension is not installed, or does not match DuckDB.
    """
    extension = _extension()
    with access.reading(settings) as con, explained(con, settings):
        con.load_extension(str(extension))
        (message,) = con.execute("call start_ui_server()").fetchone() or ("",)
        warn_of_move(con, settings)
        say(f"{message}. {REMOTE}")
        threading.Event().wait()


def _extension() -> Path:
    try:
        package = import_module("duckdb_extension_ui")
    except ImportError as error:
        raise BarometerError(
            f"DuckDB's own page needs its extension. Install it with: {install_command('ui')}; or "
            "use barometer explore."
        ) from error
    folder = Path(str(package.__file__)).parent / "extensions"
    path = folder / f"v{duckdb.__version__}" / "ui.duckdb_extension"
    if not path.is_file():
        raise BarometerError(
            f"duckdb-extension-ui does not match DuckDB {duckdb.__version__}. Install the one for "
            f"it: {PIP} duckdb-extension-ui=={duckdb.__version__}"
        )
    return path
