"""Whatever is wrong with a home, every command ends with a message and no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from flows.cli import main
from flows.home.settings import Settings
from flows.lake.manifest import CATALOGUE, MANIFEST
from tests.build.derivation import only
from tests.build.files import copy_of, day, fleet, write
from tests.conftest import ROOT

Condition = Callable[[Path], Any]

COMMANDS = {
    "sql": ["sql", "select count(lon) from position"],
    "report": ["report"],
    "report as known": ["report", "--as-known-on", "2026-03-15"],
    "report --send": ["report", "--send", "--dry-run"],
    "vessel": ["vessel", "SIM"],
    "map": ["ports", "--map", "{tmp}/map.html", "--ship", "SIM KRAZ"],
    "check": ["check"],
    "check --rebuild": ["check", "--rebuild"],
    "check --repoint": ["check", "--repoint"],
    "check --recover": ["check", "--recover"],
    "ingest": ["ingest", "{tmp}/in"],
    "register": ["register", "import", "{tmp}/in/day.csv"],
}


@contextmanager
def open_elsewhere(home: Path) -> Iterator[None]:
    """A notebook has the catalogue open for writing."""
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home / CATALOGUE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"1\n"
        try:
            yield
        finally:
            process.kill()


def changed(name: str, change: Callable[[bytes], bytes]) -> Condition:
    def apply(home: Path) -> None:
        path = home / name
        path.write_bytes(change(path.read_bytes()))

    return apply


def of_a_folder(home: Path) -> None:
    (home / CATALOGUE).unlink()
    (home / CATALOGUE).mkdir()


def without_parts(home: Path) -> None:
    for path in (home / "position").rglob("0.parquet"):
        path.unlink()


def without_relations(home: Path) -> None:
    """A catalogue of another version."""
    import duckdb

    with duckdb.connect(str(home / CATALOGUE)) as con:
        con.execute("drop table barometer; drop table meta; drop table outbox")


BUILDING = ("report as known", "check --rebuild", "check --repoint", "ingest", "register")
"""Commands that build a catalogue, which costs seconds."""
CHANGING = ("check --repoint", "check --recover", "ingest", "register")
"""Commands that change what is wrong with a home: each meets it anew."""
LEFT_OUT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("a cut catalogue", "a catalogue of no bytes"), BUILDING),  # as of garbage
    "no history": ("report as known",),  # builds as `check --rebuild` does
}

CONDITIONS: dict[str, Condition] = {
    "a cut catalogue": changed(CATALOGUE, lambda content: content[: len(content) // 2]),
    "a catalogue of no bytes": changed(CATALOGUE, lambda _: b""),
    "a catalogue of garbage": changed(CATALOGUE, lambda _: b"garbage" * 9999),
    "a catalogue that is a folder": of_a_folder,
    "a catalogue of another version": without_relations,
    "a catalogue open elsewhere": open_elsewhere,
    "no catalogue": lambda home: (home / CATALOGUE).unlink(),
    "missing parts": without_parts,
    "no folder of positions": lambda home: shutil.rmtree(home / "position"),
    "no manifest": lambda home: (home / MANIFEST).unlink(),
    "a manifest of garbage": changed(MANIFEST, lambda _: b"\xff{"),
    "no history": lambda home: shutil.rmtree(home / "history"),
    "a history that is a file": lambda home: (
        shutil.rmtree(home / "history"),
        (home / "history").write_bytes(b""),
    ),
}


def worked(command: list[str], folder: Path, home: Path) -> int:
    """The exit code of a command on a home, with input in `in` of a folder.

    What changes or rebuilds a home ends with a build of which nothing is shown but how it ends: it
    reads the lake and the catalogue in use.
    """
    write(folder / "in", day(*fleet(3)))
    arguments = [part.replace("{tmp}", str(folder)) for part in command]
    is_small = command[0] in ("ingest", "register") or "--rebuild" in command
    with only("track_call") if is_small else nullcontext():
        return main([*arguments, "--home", str(home), "--as-of", "2026-04-20"])


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("damage", CONDITIONS)
def test_every_command_ends_with_a_message(
    two_days: Settings, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    condition = CONDITIONS[damage]
    readers = [name for name in COMMANDS if name not in CHANGING]
    for group in (readers, *([name] for name in CHANGING)):
        names = [name for name in group if name not in LEFT_OUT.get(damage, ())]
        shutil.rmtree(tmp_path / "home", ignore_errors=True)
        home = copy_of(two_days, tmp_path).home if names else tmp_path
        applied = condition(home) if names else None
        with applied if hasattr(applied, "__enter__") else nullcontext():
            for name in names:
                capsys.readouterr()
                code = worked(COMMANDS[name], tmp_path, home)
                told, errors = capsys.readouterr()
                assert code in (0, 1), (name, code)
                if condition is without_relations and name.startswith("check"):
                    assert code == 1 and "another version" in told + errors, (name, told)
                if condition is open_elsewhere and name.split()[0] in ("sql", "report", "vessel"):
                    assert code == 1 and "PID" in errors, (name, errors)
                    assert "read_only=True" in errors, (name, errors)


def refuse(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """No rights in the home: as root a test cannot take them away."""

    def refusing(plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *rest: Any, **named: Any) -> Any:
            if isinstance(path, str | os.PathLike) and str(path).startswith(f"{home}/"):
                raise PermissionError(13, "Permission denied", str(path))
            return plain(path, *rest, **named)

        return call

    for name in ("open", "scandir", "stat", "mkdir"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    opening = refusing(open)
    monkeypatch.setattr("builtins.open", opening)
    monkeypatch.setattr("io.open", opening)


def test_a_home_without_rights_is_a_message(
    two_days: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, command in COMMANDS.items():
        with monkeypatch.context() as patch:
            refuse(patch, two_days.home)
            code = worked(command, tmp_path, two_days.home)
        assert code in (1, 2) and "ermission denied" in capsys.readouterr().err, name


def test_a_deleted_working_directory_is_a_message(tmp_path: Path) -> None:
    commands = [["sql", "select 1"], ["check"], ["report"], ["run", "x.csv"]]
    (tmp_path / "gone").mkdir()
    text = f"import os, sys; os.rmdir(os.getcwd()); sys.path.insert(0, {str(ROOT)!r})"
    text += f"; from flows.cli import main; print([main(one) for one in {commands!r}])"
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=tmp_path / "gone",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[1, 1, 1, 1]\n"
    assert done.stderr.count("working directory") == 4 and "Traceback" not in done.stderr
