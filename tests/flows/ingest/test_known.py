"""Known files are not opened again, and a file that is not the one that was taken in is read."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from flows.cli import main
from flows.home.settings import Settings
from flows.ingest import inputs, known
from flows.ingest.known import FILE, Stamp, remembering
from flows.ingest.stage import ingest_input, stage
from flows.lake.prepare import prepare_home
from flows.runner import run
from flows.sources import packings
from flows.sources.definitions import load_sources
from tests.build.derivation import only
from tests.build.files import day, fleet, rot, write, zipped

LONG_AGO = 3600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files as they lie there since an hour, but for the time of their inodes."""
    made = tmp_path / "in"
    write(made, day(*fleet(3)), name="1.csv")
    write(made, day(*fleet(3, 10)), "gz", name="2.csv")
    write(made, zipped({"a.csv": day(*fleet(3, 20)), "b.csv": day(*fleet(3, 30))}), name="3.zip")
    age(made)
    return made


def age(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (time.time() - LONG_AGO,) * 2)


@pytest.fixture(autouse=True)
def an_old_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an inode nobody can set the time back: the files' own are taken for it."""
    plain = known.stamp_of

    def stamp_of(path: Path) -> Stamp | None:
        found = plain(path)
        return found and found._replace(changed_ns=found.modified_ns)

    monkeypatch.setattr(known, "stamp_of", stamp_of)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were opened."""
    names: list[str] = []
    plain = packings.members

    def members(path: Path) -> list[packings.Member]:
        names.append(path.name)
        return plain(path)

    monkeypatch.setattr(inputs, "members", members)
    return names


def states(home: Settings, *paths: Path) -> list[str]:
    """Ingest as `barometer ingest` does; the state of each input."""
    manifest, sources = prepare_home(home.home), load_sources(home.home)
    files, _ = inputs.find_inputs(paths)
    results = []
    with remembering(home, is_verifying=False) as memory:
        for outcome in inputs.inputs_of(files, manifest, memory):
            if isinstance(outcome, inputs.Input):
                outcome = ingest_input(outcome, sources, home)  # noqa: PLW2901
            memory.take(outcome.name, outcome.file_id)
            results.append(outcome.state)
    return results


def test_a_folder_given_again_is_not_opened(
    home: Settings, folder: Path, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert states(home, folder) == ["ingested"] * 4
    opened.clear()
    assert states(home, folder) == ["known"] * 4
    arguments = ["ingest", str(folder), "--home", str(home.home), "--as-of", "2026-04-20"]
    with only():
        assert main(arguments) == 0
        assert opened == []
        assert main([*arguments, "--verify"]) == 0
    assert opened == ["1.csv", "2.csv.gz", "3.zip"]


@pytest.mark.parametrize("change", ["grown", "same size", "exchanged"])
def test_a_changed_file_at_the_same_path_is_read(
    home: Settings, folder: Path, opened: list[str], change: str
) -> None:
    states(home, folder)
    opened.clear()
    content = (folder / "1.csv").read_bytes().replace(b"422000000", b"422000009")
    new = folder / ("new" if change == "exchanged" else "1.csv")
    new.write_bytes(day(*fleet(4)) if change == "grown" else content)
    new.replace(folder / "1.csv")
    assert states(home, folder) == ["ingested", "known", "known", "known"]
    assert opened == ["1.csv"]


def test_a_file_that_was_changed_just_before_is_not_trusted(
    home: Settings, folder: Path, opened: list[str]
) -> None:
    """It may change again within the same tick of its disk's clock."""
    now = time.time()
    for path, before_s in (("1.csv", 0), ("2.csv.gz", known.SETTLED_S / 2), ("3.zip", -60)):
        os.utime(folder / path, (now - before_s,) * 2)
    states(home, folder)
    opened.clear()
    assert states(home, folder) == ["known"] * 4
    assert opened == ["1.csv", "2.csv.gz", "3.zip"]


def test_the_time_of_the_inode_tells_a_changed_file_with_its_old_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    path = write(tmp_path, b"one")
    before = known.stamp_of(path)
    stat = path.stat()
    time.sleep(0.05)
    path.write_bytes(b"two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert before is not None and known.stamp_of(path) != before
    assert known.stamp_of(tmp_path / "none") is None


def test_a_file_that_changed_while_it_was_read_is_not_remembered(
    home: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    plain = stage

    def slow_stage(given: inputs.Input, *rest: object, **named: object) -> object:
        done = plain(given, *rest, **named)
        os.utime(given.member.path, (time.time() - LONG_AGO / 2,) * 2)
        return done

    with monkeypatch.context() as patch:
        patch.setattr("flows.ingest.stage.stage", slow_stage)
        states(home, folder / "1.csv")
    opened.clear()
    assert states(home, folder / "1.csv") == ["known"]
    assert opened == ["1.csv"]


def test_a_damaged_memory_is_none(home: Settings, folder: Path, opened: list[str]) -> None:
    states(home, folder / "1.csv")
    for text in (
        *("", "{", "null", "[]", '{"format": 1}', '{"format": 2, "files": {}}', "[" * 99_999),
        *('{"format": 1, "files": {"x": [1]}}', '{"format": 1, "files": {"x": [1, 2, 3, [4]]}}'),
    ):
        opened.clear()
        (home.home / FILE).write_text(text)
        assert states(home, folder / "1.csv") == ["known"]
        assert opened == ["1.csv"]


def test_a_file_with_a_member_that_failed_is_opened_again(
    home: Settings, tmp_path: Path, opened: list[str]
) -> None:
    folder = tmp_path / "in"
    write(folder, zipped({"a.csv": day(*fleet(3)), "b.csv": b"a,b\n1,2\n"}), name="1.zip")
    write(folder, b"a,b\n1,2\n", name="2.csv")
    age(folder)
    assert states(home, folder) == ["ingested", "skipped", "skipped"]
    opened.clear()
    states(home, folder)
    assert opened == ["1.zip", "2.csv"]


def test_where_the_lake_is_damaged_its_files_are_read_again(
    home: Settings, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states(home, folder)
    for path in (home.home / "position").rglob("[0-9].parquet"):
        path.unlink()
    assert states(home, folder) == ["ingested"] * 4
    with only():
        run.derive(home, [], publish=False)
    for path in (home.home / "position").rglob("[0-9].parquet"):
        rot(path)  # which only the check finds
    assert main(["check", "--home", str(home.home)]) == 1
    assert "FAULT  files: " in capsys.readouterr().out
    assert states(home, folder) == ["ingested"] * 4
