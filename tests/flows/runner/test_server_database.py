"""The database that Prefect's own server starts with: the migrations' schema, or none of ours."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from flows.runner import server_database
from flows.runner.server_database import SCHEMA, is_current
from tests.build.process import ROOT, unset


@pytest.fixture(autouse=True)
def _no_database_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness of the tests' own flows sets one."""
    for name in [name for name in os.environ if "DATABASE" in name]:
        monkeypatch.delenv(name)


def lines(schema: str) -> list[str]:
    """The lines of a schema; the migrations add the constraints of a table in any order."""
    return sorted(line.strip().rstrip(",") for line in schema.splitlines())


def test_the_schema_is_that_of_the_installed_prefects_migrations(tmp_path: Path) -> None:
    """If it fails after an update of Prefect: python -m flows.runner.server_database."""
    script = (
        "from flows.runner.server_database import schema_of_migrations as s; print(s(), end='')"
    )
    made = subprocess.run(
        [sys.executable, "-c", script],
        env=unset() | {"PREFECT_HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert lines(made.stdout) == lines(SCHEMA.read_text(encoding="utf-8"))


def test_a_new_database_is_made_once_and_stays(tmp_path: Path) -> None:
    assert is_current(tmp_path)
    database = tmp_path / "prefect.db"
    with closing(sqlite3.connect(database)) as con:
        assert con.execute("pragma journal_mode").fetchone() == ("wal",), "as Prefect sets it"
        con.execute("insert into block_type (name, slug) values ('of a person', 'p')")
        con.commit()
    assert is_current(tmp_path)
    with closing(sqlite3.connect(database)) as con:
        assert con.execute("select name from block_type").fetchall() == [("of a person",)]
    assert [path.name for path in tmp_path.iterdir()] == ["prefect.db"]


def test_another_version_of_prefect_runs_its_own_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_database, "version", lambda _: "3.8.80")
    assert not is_current(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "statement", ["update alembic_version set version_num = 'a3b9'", "delete from alembic_version"]
)
def test_an_older_database_is_left_to_the_migrations(tmp_path: Path, statement: str) -> None:
    assert is_current(tmp_path)
    with closing(sqlite3.connect(tmp_path / "prefect.db")) as con:
        con.execute(statement)
        con.commit()
    assert not is_current(tmp_path)


def test_what_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "prefect.db").write_bytes(b"no database" * 100)
    assert not is_current(tmp_path)
    assert (tmp_path / "prefect.db").read_bytes().startswith(b"no database")


@pytest.mark.parametrize(
    "name", ["PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_SERVER_DATABASE_HOST"]
)
def test_an_operators_database_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "postgresql+asyncpg://db/prefect")
    assert not is_current(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_profile_may_name_another_database(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text("")
    assert not is_current(tmp_path)


def test_a_folder_that_cannot_be_written_is_left_to_the_servers_message(tmp_path: Path) -> None:
    assert not is_current(tmp_path / "missing")
