"""A database for Prefect's own server, made from its schema in a moment.

Prefect makes an empty database by all migrations since its first version, which takes half of a
first run, and looks through them at each start. The schema that they lead to is a file here, for
one version of Prefect; with another version the server's own migrations run as usual.

``python -m flows.runner.server_database`` writes that file anew, after an update of Prefect.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

from flows.home.resources import data_path

SCHEMA = data_path("prefect", "schema.sql")


def is_current(folder: Path) -> bool:
    """Whether a server's database has the schema of the installed Prefect; one is made if missing.

    Parameters
    ----------
    folder : Path
        The server's PREFECT_HOME, which exists.

    Returns
    -------
    bool
        False if the schema file is of another version of Prefect, the database has another schema,
        settings of Prefect may name another database, or it cannot be read or written: the server's
        migrations have to run, and its messages name what is wrong.
    """
    schema = SCHEMA.read_text(encoding="utf-8")
    head = schema.partition("\n")[0]
    is_set = any(name.startswith("PREFECT_") and "DATABASE" in name for name in os.environ)
    if is_set or (folder / "profiles.toml").exists():
        return False
    database = folder / "prefect.db"
    try:
        if not head.startswith(_head(version("prefect"), "")):
            return False
        if not database.exists():
            _make(database, schema)
        return head == _head(version("prefect"), _revision(database))
    except (OSError, sqlite3.Error):
        return False


def _head(prefect_version: str, revision: str) -> str:
    """The first line of the schema file; its begin, for an empty revision."""
    return f"-- Database schema of Prefect's server {prefect_version}, revision {revision}"


def _revision(database: Path) -> str:
    """The last migration that a database has had."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as con:
        return "".join(name for (name,) in con.execute("select version_num from alembic_version"))


def _make(database: Path, schema: str) -> None:
    """Write a new database whole, or not at all; one that is there by then stays."""
    new = database.with_name(f"prefect.db.{os.getpid()}")
    try:
        with closing(sqlite3.connect(new)) as con:
            con.executescript(schema)
        with suppress(FileExistsError):
            database.hardlink_to(new)
    finally:
        new.unlink(missing_ok=True)


def schema_of_migrations() -> str:
    """The schema to which the installed Prefect's migrations lead, with the version on top."""
    from prefect.server.database import provide_database_interface  # noqa: PLC0415
    from prefect.settings import PREFECT_HOME  # noqa: PLC0415

    asyncio.run(provide_database_interface().create_db())
    database = PREFECT_HOME.value() / "prefect.db"
    with closing(sqlite3.connect(database)) as con:
        # As Prefect sets it; the mode is a property of the file, not of the schema.
        mode = con.execute("pragma journal_mode").fetchone()[0]
        lines = [line.rstrip() for text in con.iterdump() for line in text.splitlines()]
    head = _head(version("prefect"), _revision(database))
    return "\n".join([head, f"pragma journal_mode = {mode};", *lines, ""])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"PREFECT_HOME": home, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
        text = schema_of_migrations()
    SCHEMA.write_text(text, encoding="utf-8")
