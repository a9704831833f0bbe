"""The lake on object storage: the same as on a disk, and no two homes undo each other's work."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from flows.analyst.explore.catalogue import Catalogue
from flows.catalogue import access, check
from flows.cli import main
from flows.home import lock
from flows.home.extras import install_command
from flows.home.settings import BarometerError, Settings, load_settings
from flows.ingest import commit
from flows.ingest.outcome import Outcome
from flows.ingest.recover import recover
from flows.ingest.stage import ingest_file
from flows.lake import damage, store
from flows.lake.entry import Entry, Manifest
from flows.lake.manifest import Place, connect, read_manifest, write_manifest
from flows.lake.prepare import prepare_home
from flows.runner import run
from flows.sources.definitions import load_sources
from flows.sources.packings import InputFile
from tests.build.contents import contents, differing
from tests.build.derivation import in_a_rebuild, only
from tests.build.files import day, file_id, fleet, header, row, write, zipped
from tests.conftest import AS_OF, ROOT, no_pictures

LATE = datetime(2026, 5, 1)
"""After the fixes of `tests.build.files`."""
KEYS = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A server, and the variables that let a client in."""
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "build" / "programs" / "s3_server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        yield server, json.loads(server.stdout.readline())
    finally:
        server.kill()
        server.communicate()


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with serving() as (_, environ), pytest.MonkeyPatch.context() as changed:
        for name, value in environ.items():
            changed.setenv(name, value)
        changed.setattr(store, "RETRIES", 0)
        yield environ


@pytest.fixture(autouse=True)
def let_in(server: dict[str, str]) -> None:
    store._made.cache_clear()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A lake of the test's own."""
    return f"s3://lake/{tmp_path.name}"


def settings_of(home: Path, url: str | None, **changes: Any) -> Settings:
    settings = load_settings({"home": home, "as_of": AS_OF, "threads": 1, "lake": url}, {})
    prepare_home(settings.home, settings.place)
    return settings._replace(**changes)


def take_in(settings: Settings, *paths: Path) -> list[Outcome]:
    sources = load_sources(settings.home)
    return [o for p in paths for o in ingest_file(InputFile(p, is_named=True), sources, settings)]


def filled(settings: Settings, *paths: Path) -> list[Outcome]:
    with lock.locked(settings.home), no_pictures():
        outcomes = take_in(settings, *paths)
        run.derive(settings, outcomes, publish=True)
    return outcomes


def objects(url: str) -> set[str]:
    return {one["path"] for some in store._store(url).list() for one in some}


def test_every_relation_report_and_record_is_that_of_a_lake_on_a_disk(
    sample_days: list[Path],
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    server: dict[str, str],
) -> None:
    there = settings_of(tmp_path / "there", url)
    here = settings_of(tmp_path / "here", None)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    paths = [sample_days[2], tmp_path / "bad.csv", sample_days[0], sample_days[2]]
    remote, local = (
        [(o.name, o.state, o.message) for o in filled(settings, *paths)]
        for settings in (there, here)
    )
    assert remote == local
    held, plain = contents(there), contents(here)
    assert held.keys() > {
        *("relation port_call", "relation position", "rows reject", "history published")
    }
    # The lake's own files lie elsewhere.
    assert differing(held, plain) == ["files"]
    assert not (there.home / "manifest.json").exists() and not (there.home / "position").exists()
    with access.reading(there) as con:
        assert in_a_rebuild(there, "port_call") == con.table("port_call").order("all").fetchall()
    assert [f for f in check.check(there) if f.is_fault] == []
    arguments = ["--home", str(there.home), "--lake", url]
    capsys.readouterr()
    for command in (
        ["sql", "--format", "csv", "select count(*) as n from position"],
        ["check", "--repoint"],
        ["report", "--json"],
        ["vessel", "--json", "SIM KRAZ"],
    ):
        with patch("flows.report.write._draw", lambda *_: {}):  # what is drawn is read all the same
            assert main([*command, *arguments]) == 0
    assert capsys.readouterr().out.startswith("n\n")
    # No key is kept in the home or shown.
    secrets = [server[name] for name in KEYS[2:]]
    files = [path.read_bytes() for path in there.home.rglob("*") if path.is_file()]
    assert not any(secret.encode() in content for secret in secrets for content in files)
    assert not any(secret in repr(store._access()) for secret in secrets)
    # A catalogue whose lake is gone is a message.
    for name in objects(url) - {"manifest.json"}:
        store._store(url).delete(name)
    assert main(["sql", "select count(*) from port_call", *arguments]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_of_two_homes_that_write_one_lake_the_slower_is_told_and_nothing_is_lost(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low, high = sorted([day(*fleet(9)), day(*fleet(9, 5))], key=file_id)
    mine = write(tmp_path / "in", low, name="mine.csv")
    theirs = write(tmp_path / "in", high, name="theirs.csv")
    third = write(tmp_path / "in", day(*fleet(9, 4)), name="third.csv")
    one = settings_of(tmp_path / "one", url, as_of=LATE)
    other = settings_of(tmp_path / "other", url, as_of=LATE)
    plain = write_manifest

    def slower(place: Place, manifest: Manifest) -> None:
        monkeypatch.setattr("flows.ingest.commit.write_manifest", plain)
        assert [o.state for o in take_in(other, theirs)] == ["ingested"]
        plain(place, manifest)

    for before in ([], [third]):  # the first manifest of a lake, and the next
        take_in(one, *before)
        monkeypatch.setattr("flows.ingest.commit.write_manifest", slower)
        (result,) = take_in(one, mine)
        assert (result.state, result.is_transient) == ("failed", True)
        assert "another barometer wrote to this lake at the same time" in result.message
        assert [e.name for e in read_manifest(url).entries.values()].count("theirs.csv") == 1
        assert damage.faults(url, read_manifest(url), is_hashed=True) == []
        theirs = write(tmp_path / "in", day(*fleet(5, 90)), name="theirs.csv")
        if not before:
            store.delete(url, sorted(objects(url)))
    (result,) = take_in(one, mine)
    assert result.state == "ingested"
    never = settings_of(tmp_path / "never", None, as_of=LATE)
    take_in(never, third, theirs, mine)
    held, wanted = (
        [(e.file_id, e.rows_kept, e.rows_repeated, e.position and e.position.hash) for e in entries]
        for entries in (read_manifest(place).entries.values() for place in (url, never.home))
    )
    assert held == wanted
    distinct = {line for path in (third, theirs, mine) for line in path.read_bytes().splitlines()}
    distinct.remove(header().encode())
    assert sum(kept for _, kept, _, _ in held) == len(distinct) < 9 + 5 + 9


def test_a_commit_whose_answer_was_lost_is_no_conflict(url: str, tmp_path: Path) -> None:
    """The client asks once more, and is told that there is another version: its own. It was said
    that another barometer wrote, and of a file that is in the lake that it is not."""
    settings = settings_of(tmp_path / "home", url, as_of=LATE)
    obstore = import_module("obstore")

    def twice(place: Any, path: str, new: Any, **how: Any) -> Any:
        if path == "manifest.json":
            obstore.put(place, path, new, **how)
        return obstore.put(place, path, new, **how)

    lossy = SimpleNamespace(**(vars(obstore) | {"put": twice}))
    explained = store._explained

    @contextmanager
    def losing() -> Iterator[Any]:
        with explained():
            yield lossy

    with patch.object(store, "_explained", losing):
        (outcome,) = take_in(settings, write(tmp_path, day(*fleet(1))))
    assert (outcome.state, outcome.message) == ("ingested", "")
    assert len(read_manifest(url).entries) == 1


def test_a_missing_object_is_named_and_given_again(url: str, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home", url, as_of=LATE)
    path = write(tmp_path / "in", zipped({"a.csv": day(*fleet(3)), "b.csv": day(*fleet(3, 5))}))
    take_in(settings, path)
    gone, cut = (e.position for e in read_manifest(url).entries.values())
    assert gone is not None and cut is not None
    store._store(url).delete(gone.path)
    store.put(url, cut.path, b"x" * cut.bytes)
    with pytest.raises(BarometerError, match=r"the lake is damaged(.|\n)*/[0-9a-f-]+\.parquet: is"):
        run.derive(settings, [], publish=True)
    result = [f.message for f in check.check(settings) if f.check == "files"]
    assert [message.split(": ")[1].split(".")[0] for message in result] == [
        "is missing",
        "is not the file that was written",
    ]
    assert [o.state for o in take_in(settings, path)] == ["ingested"] * 2
    copy = tmp_path / "copy.duckdb"
    assert [f for f in check._check_files(settings, read_manifest(url), copy) if f.is_fault] == []


def test_a_sweep_keeps_what_is_young_and_what_is_named(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path / "home", url, as_of=LATE)
    take_in(settings, write(tmp_path / "in", day(row(), "junk")))
    before = objects(url)
    strays = {"position/source=s/file_id=f/0-ab.parquet", "reject/x.parquet"}
    mine = {"position/notes.txt", "notes.parquet"}
    for name in strays | mine:
        store.put(url, name, b"x")
    prepare_home(settings.home, url)
    assert objects(url) == before | strays | mine
    monkeypatch.setattr(store, "KEPT_FOR", timedelta(seconds=-1))
    prepare_home(settings.home, url)
    assert objects(url) == before | mine
    store._store(url).delete("manifest.json")  # lost, and may be put back
    with pytest.raises(BarometerError, match="barometer check --recover"):
        prepare_home(settings.home, url)
    assert objects(url) == (before | mine) - {"manifest.json"}
    assert recover(settings)[0].startswith("the manifest was rebuilt: 1 input files, 1 fixes")
    prepare_home(settings.home, url)
    assert before <= objects(url)
    assert damage.faults(url, read_manifest(url), is_hashed=True) == []


def test_a_wrong_key_is_a_message(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "in", day(row()))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-word")
    arguments = [str(path), "--home", str(tmp_path / "home"), "--lake", url]
    assert main(["ingest", *arguments]) == 1
    error = capsys.readouterr().err
    assert f"{url}: the lake cannot be reached" in error and "refuses the key" in error
    assert "not-the-word" not in error and "Traceback" not in error
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert main(["ingest", *arguments]) == 1
    assert "AWS_SECRET_ACCESS_KEY not set" in capsys.readouterr().err


def test_a_bucket_that_is_not_there_is_no_empty_lake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "in", day(row()))
    arguments = [str(path), "--home", str(tmp_path / "home"), "--lake", "s3://nobody/x"]
    assert main(["ingest", *arguments]) == 1
    error = capsys.readouterr().err
    assert "s3://nobody/x: the lake cannot be reached (there is no such bucket)" in error


def test_a_listing_that_fails_says_what_to_look_at(url: str, tmp_path: Path) -> None:
    """As a SlowDown of the second thousand of objects: free space has nothing to do with it."""
    settings = settings_of(tmp_path / "home", url)
    slow = patch.object(store, "sweep", side_effect=OSError(5, "503 SlowDown"))
    with slow, pytest.raises(BarometerError, match=f"503 SlowDown.*whether {url} can be reached"):
        prepare_home(settings.home, settings.place)


def test_a_server_that_goes_in_the_middle_is_a_message_and_exit_1(
    tmp_path: Path,
    sample_days: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, home = "s3://lake", tmp_path / "home"
    arguments = ["--home", str(home), "--lake", url, "--as-of", AS_OF]
    with serving() as (server, environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        with only("port_call"):
            assert main(["ingest", str(sample_days[0]), *arguments]) == 0
        capsys.readouterr()
        plain = commit._commit

        def dying(*given: Any) -> Entry:
            server.kill()
            server.wait()
            return plain(*given)

        monkeypatch.setattr(commit, "_commit", dying)
        assert main(["ingest", str(sample_days[1]), *arguments]) == 1
        error = capsys.readouterr().err
        assert f"{url}: the lake cannot be reached" in error and "Traceback" not in error
        assert not [*(home / "tmp").iterdir()]
        for command in (["sql", "select count(*) from position"], ["check"], ["report"]):
            assert main([*command, *arguments]) == 1
            error = capsys.readouterr().err
            assert "cannot be reached" in error and error.count("\n") == 1


def test_without_the_extra_it_is_said_what_to_install(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(BarometerError, match=re.escape(install_command("cluster"))):
        read_manifest(url)
    monkeypatch.setitem(sys.modules, "duckdb_extension_httpfs", None)
    with pytest.raises(BarometerError, match=re.escape(install_command("cluster"))):
        connect(load_settings({"home": tmp_path, "lake": url}, {}))


def test_the_page_of_analysts_reads_the_lake_there_and_no_other_object(
    url: str, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path / "home", url, as_of=LATE)
    with only("port_call"):
        run.derive(settings, take_in(settings, write(tmp_path, day(*fleet(3)))), publish=False)
    opened = Catalogue(settings)
    try:
        fixes = opened.start("select count(lon) as fixes from position")
        assert fixes.wait(200) and fixes.result is not None and fixes.result.rows == [(3,)]
        other = opened.start(f"from read_text('{url}/manifest.json')")
        assert other.wait(200) and other.error is not None and "Permission Error" in other.error
    finally:
        opened.close()
