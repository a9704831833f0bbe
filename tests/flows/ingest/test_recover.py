"""A lost manifest: nothing is swept or made anew, and it is rebuilt from the files of the lake."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.catalogue import access
from flows.cli import main
from flows.home import lock
from flows.home.settings import BarometerError, Settings
from flows.ingest.recover import LOST, UNKNOWN_NAME, recover
from flows.lake import notes
from flows.lake.entry import KINDS, Entry
from flows.lake.manifest import CATALOGUE, MANIFEST, read_manifest, stored_files
from flows.lake.prepare import prepare_home
from flows.runner import run
from tests.build.files import (
    day,
    file_id,
    fleet,
    ingest,
    positions,
    rejects,
    settings_of,
    tree,
    write,
)
from tests.conftest import no_pictures

Loss = Callable[[Settings], object]


def shared_files() -> list[bytes]:
    """Three files that share fixes, with rejects and repetitions; in the order of their ids."""
    contents = [
        day(*fleet(9), "junk", *fleet(2)),
        day(*fleet(9, 5), "junk", "junk"),
        day(*fleet(4, 8)),
    ]
    return sorted(contents, key=file_id)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with three files that share fixes, the highest first, and one of a header alone."""
    folder = tmp_path_factory.mktemp("whole")
    settings = settings_of(folder / "home")
    for number, content in enumerate([*reversed(shared_files()), day()]):
        ingest(settings, write(folder / "in", content, name=f"{number}.csv"))
    with no_pictures():
        run.derive(settings, [], publish=True)
    return settings


@pytest.fixture
def home(whole: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(whole.home.parent, tmp_path / "copy")
    return whole._replace(home=tmp_path / "copy" / "home")


def manifest_of(settings: Settings) -> dict[str, Entry]:
    """The entries as they are whatever the versions of their parts."""
    return {
        file_id: entry._replace(
            **{k: part and part._replace(path=k) for k in KINDS for part in [getattr(entry, k)]}
        )
        for file_id, entry in read_manifest(settings.place).entries.items()
    }


def of_another(settings: Settings) -> None:
    other = settings_of(settings.home.with_name("other"))
    ingest(other, write(other.home.with_name("in2"), day(*fleet(5, 70))))
    shutil.copyfile(other.home / MANIFEST, settings.home / MANIFEST)


def older(settings: Settings) -> None:
    path = settings.home / MANIFEST
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(raw | {"files": raw["files"][:1]}))


def rewritten(content: bytes) -> Loss:
    return lambda settings: (settings.home / MANIFEST).write_bytes(content)


LOSSES: dict[str, Loss] = {
    "missing": lambda s: (s.home / MANIFEST).unlink(),
    "of no bytes": rewritten(b""),
    "zeros": rewritten(bytes(900)),
    "garbage": rewritten(b"\xff{{"),
    "cut": lambda s: (s.home / MANIFEST).write_text((s.home / MANIFEST).read_text()[:-40]),
    "of no file": rewritten(b'{"format": 1, "files": []}'),
    "of another home": of_another,
    "an older one": older,
}


def refusing(function: Callable[..., Any], wrong: Path) -> Callable[..., Any]:
    """A function that may not read a place, as for a user without the right (root has all)."""

    def refused(path: Any, *rest: Any, **named: Any) -> Any:
        if str(path).startswith(str(wrong)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(wrong))
        return function(path, *rest, **named)

    return refused


@pytest.mark.parametrize("loss", ["missing", "garbage"])
@pytest.mark.parametrize(
    ("holder", "name", "wrong"),
    [
        *((os, "scandir", folder) for folder in (*KINDS, notes.FOLDER)),
        (pq, "ParquetFile", "position"),
        (Path, "read_bytes", notes.FOLDER),
    ],
)
def test_what_may_not_be_read_is_not_taken_for_lost(
    home: Settings,
    loss: str,
    holder: Any,
    name: str,
    wrong: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    LOSSES[loss](home)
    (home.home / lock.LOCK).touch()
    before = tree(home.home)
    with monkeypatch.context() as patch:
        patch.setattr(holder, name, refusing(getattr(holder, name), home.home / wrong))
        assert main(["check", "--recover", "--home", str(home.home)]) == 1
        assert (
            f"{home.home / wrong}: Permission denied. Check its rights" in capsys.readouterr().err
        )
    assert tree(home.home) == before


@pytest.mark.parametrize("loss", LOSSES)
def test_without_its_manifest_a_home_is_refused_until_it_is_rebuilt(
    whole: Settings, home: Settings, loss: str, capsys: pytest.CaptureFixture[str]
) -> None:
    LOSSES[loss](home)
    (home.home / lock.LOCK).touch()
    before = tree(home.home)
    new = write(home.home.with_name("new"), day(*fleet(3, 40)))
    command = ["register", "import"] if loss == "an older one" else ["ingest"]
    assert main([*command, str(new), "--home", str(home.home), "--as-of", "2026-04-20"]) == 1
    error = capsys.readouterr().err
    assert MANIFEST in error and "barometer check --recover" in error and "Traceback" not in error
    with pytest.raises(BarometerError, match="barometer check --recover"):
        run.prepare(home)
    assert tree(home.home) == before
    (message,) = recover(home)
    assert message.startswith("the manifest was rebuilt: 4 input files")
    assert manifest_of(home) == manifest_of(whole)
    run.prepare(home)  # what is left over is swept, and no row goes
    assert (positions(home), rejects(home)) == (positions(whole), rejects(whole))
    assert {o.state for o in ingest(home, home.home.with_name("in"))} == {"known"}
    assert recover(home) == ["the manifest is whole and of this lake; nothing was rebuilt"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_versions_that_were_replaced_lead_to_no_fix_twice(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    """Lost in the middle of a run, with versions that were replaced still lying there."""
    home, contents = settings_of(tmp_path / "home"), shared_files()
    for number in order:
        ingest(home, write(tmp_path / "in", contents[number], name=f"{number}.csv"))
    before = positions(home), rejects(home), manifest_of(home)
    (home.home / MANIFEST).unlink()
    recover(home)
    assert (positions(home), rejects(home), manifest_of(home)) == before


@pytest.mark.parametrize("kept", [{"catalogue"}, {"history"}, set()], ids=str)
def test_without_notes_what_is_not_known_is_reported_and_comes_back_with_the_files(
    whole: Settings, home: Settings, kept: set[str]
) -> None:
    (home.home / MANIFEST).unlink()
    shutil.rmtree(home.home / notes.FOLDER)
    if "catalogue" not in kept:
        (home.home / CATALOGUE).unlink()
    if "history" not in kept:
        shutil.rmtree(home.home / "history", ignore_errors=True)
    messages = recover(home)
    assert "ledger is not known in full" in messages[0]
    found, were = manifest_of(home), manifest_of(whole)
    assert positions(home) == positions(whole)
    for known_by, entry in found.items():
        old = were[known_by]
        assert (entry.rows_kept, entry.rows_rejected) == (old.rows_kept, old.rows_rejected)
        assert entry.rows_read == entry.rows_kept + entry.rows_repeated + entry.rows_rejected
        assert (entry.name == UNKNOWN_NAME) == (not kept)
        assert entry.rows_read == old.rows_read or any("is not known" in line for line in messages)
    if "history" in kept or not kept:
        shutil.rmtree(home.home / "history", ignore_errors=True)
    prepare_home(home.home)
    ingest(home, home.home.with_name("in"))
    assert positions(home) == positions(whole)
    again = manifest_of(home)
    assert [e.rows_read for e in again.values()] == [e.rows_read for e in were.values()]
    assert all(entry.fingerprint for entry in again.values())


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("position", "missing"),
        ("reject", "missing"),
        ("position", "cut"),
        ("reject", "not Parquet"),
    ],
)
def test_an_input_that_is_not_whole_is_left_out_reported_and_set_aside(
    whole: Settings, home: Settings, kind: str, damage: str
) -> None:
    entry = next(e for e in read_manifest(home.home).entries.values() if getattr(e, kind))
    path = home.home / getattr(entry, kind).path
    for version in path.parent.glob("*.parquet"):
        if damage == "missing":
            version.unlink()
        else:
            version.write_bytes(version.read_bytes()[:-9] if damage == "cut" else b"x" * 99)
    (home.home / MANIFEST).unlink()
    parts = {
        p.read_bytes() for kind in KINDS for p in (home.home / kind).rglob("[0-9]*") if p.is_file()
    }
    messages = recover(home)
    assert any(entry.name in line and "again" in line for line in messages[1:]), messages
    assert entry.file_id not in read_manifest(home.home).entries
    after = {p.read_bytes() for p in home.home.rglob("[0-9]*.parquet")}
    assert parts <= after
    prepare_home(home.home)
    assert list((home.home / LOST).rglob("*.parquet"))
    ingest(home, home.home.with_name("in"))
    assert manifest_of(home) == manifest_of(whole)


def test_a_newer_format_is_neither_swept_nor_rebuilt(home: Settings) -> None:
    (home.home / MANIFEST).write_text('{"format": 99, "files": []}')
    before = tree(home.home)
    for reading in (run.prepare, recover):
        with pytest.raises(BarometerError, match="format 99"):
            reading(home)
    assert tree(home.home) == before


def test_a_lake_that_is_gone_whole_is_no_new_home(home: Settings) -> None:
    (home.home / MANIFEST).unlink()
    for folder in ("position", "reject", notes.FOLDER):
        shutil.rmtree(home.home / folder)
    with pytest.raises(BarometerError, match="not mounted"):
        run.prepare(home)
    messages = recover(home)
    assert len([line for line in messages if "none of its rows is here" in line]) == 3
    run.prepare(home)


def test_a_run_that_is_killed_before_its_first_commit_is_no_loss(tmp_path: Path) -> None:
    home = settings_of(tmp_path / "home")
    write(home.home / "position" / "source=x" / "file_id=y", b"x", name="0.parquet")
    run.prepare(home)
    assert stored_files(home.home) == []


def test_check_recovers_by_the_command_and_a_report_can_be_read(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.home / MANIFEST).unlink()
    flags = ["--home", str(home.home), "--as-of", "2026-04-20"]
    assert main(["check", *flags]) == 1
    assert main(["sql", "select count(*) from position", *flags]) == 1
    assert main(["check", "--recover", "--repoint", "--json", *flags]) == 0  # a copy
    findings = json.loads(capsys.readouterr().out)
    assert findings[0]["check"] == "recover" and not any(f["is_fault"] for f in findings)
    with access.reading(home) as con:
        assert con.execute("select count(*) from position").fetchone() == (14,)


def test_of_a_catalogue_whose_files_are_lost_check_says_that_and_no_more(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.home / MANIFEST).unlink()
    shutil.rmtree(next(path for path in (home.home / "position").rglob("file_id=*")))
    flags = ["--home", str(home.home), "--as-of", "2026-04-20"]
    assert main(["check", "--recover", "--repoint", "--json", *flags]) == 1
    findings = json.loads(capsys.readouterr().out)
    (fault,) = [f["message"] for f in findings if f["is_fault"]]
    assert "built from and the lake lacks: 1." in fault and "barometer run" in fault
