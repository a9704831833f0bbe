"""The lake: what its manifest names, no more and no less."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.home.settings import BarometerError, Settings
from flows.lake.entry import Entry, Manifest, Part
from flows.lake.manifest import FORMAT, MANIFEST, part_paths, read_manifest, write_manifest
from flows.lake.prepare import prepare_home
from flows.lake.schema import POSITION_SCHEMA, REJECT_SCHEMA
from tests.build.files import (
    day,
    fleet,
    ingested,
    row,
    settings_of,
    tree,
    write,
)


def entry(file_id: str = "ab", name: str = "day.csv") -> Entry:
    times = (datetime(2026, 4, 15, 1, 2, 3, 456), None, datetime(2026, 4, 20))
    part = Part("position/x.parquet", 1, 2, "h")
    return Entry(file_id, name, "s", "f", 4, 1, 1, 1, 1, *times, part, None)


def test_an_older_manifest_is_read_and_upgraded_by_the_next_commit(home: Settings) -> None:
    """Of the format before static reports."""
    ingested(home, day(*fleet(3)))
    path = home.home / MANIFEST
    raw = json.loads(path.read_text())
    for file in raw["files"]:
        del file["rows_static"]
    path.write_text(json.dumps(raw | {"format": 1}))
    old = path.read_text()
    (entry,) = prepare_home(home.home).entries.values()
    assert (entry.rows_read, entry.rows_static) == (3, 0)
    assert path.read_text() == old  # to read changes nothing
    ingested(home, day(*fleet(3, 10)))
    assert json.loads(path.read_text())["format"] == FORMAT
    assert len(read_manifest(home.home).entries) == 2


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == Manifest({})
    manifest = Manifest({}).with_entries([entry("b"), entry("a", "a\nb\u2028\udcff.csv")])
    write_manifest(tmp_path, manifest)
    shown = entry("a", r"a\x0ab\u2028\xff.csv")
    assert read_manifest(tmp_path) == manifest.with_entries([shown])
    assert list(manifest.entries) == ["a", "b"]
    assert [p.name for p in tmp_path.iterdir()] == [MANIFEST]


LACKS = json.loads(json.dumps(entry()._asdict(), default=str))
del LACKS["name"]
WRONG: list[dict[str, Any]] = [{"position": "x"}, {"extra": 1}, {"ingested_at": "soon"}]


DAMAGED = [
    *("", "{", "null", "[]", "5", '"x"', "{}", '{"format": 1}', "[" * 100_000, "\0" * 1000),
    *(f'{{"format": 1, "files": {files}}}' for files in ("5", "[5]", '["x"]', "[{}]")),
    "\udcff\udcfe{}",  # no UTF-8
    *(
        json.dumps({"format": FORMAT, "files": [LACKS | more]})
        for more in ({}, *({"name": "x"} | wrong for wrong in WRONG))
    ),
]


def test_a_damaged_manifest_is_a_message_and_nothing_is_swept(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    ingested(settings, day(row()))
    for text in DAMAGED:
        (settings.home / MANIFEST).write_bytes(text.encode("utf-8", "surrogateescape"))
        before = tree(settings.home)
        for reading in (read_manifest, prepare_home):
            with pytest.raises(BarometerError, match=r"manifest\.json: not readable.*backup"):
                reading(settings.home)
        assert tree(settings.home) == before
    for number in (FORMAT + 1, 0, "1", None):
        (settings.home / MANIFEST).write_text(json.dumps({"format": number, "files": []}))
        with pytest.raises(BarometerError, match="Use the version of barometer that wrote it"):
            prepare_home(settings.home)


def test_an_empty_lake_has_typed_files_without_a_row(tmp_path: Path) -> None:
    prepare_home(tmp_path)
    (tmp_path / "position" / "empty.parquet").write_bytes(b"")  # is written again
    manifest = prepare_home(tmp_path)
    for kind, schema in (("position", POSITION_SCHEMA), ("reject", REJECT_SCHEMA)):
        (path,) = part_paths(tmp_path, manifest, kind)
        table = pq.read_table(path, partitioning=None)
        assert table.num_rows == 0
        assert table.schema.names == [*schema.names, "source", "file_id"]
        assert [f.type for f in table.schema][: len(schema)] == [f.type for f in schema]


def test_what_the_manifest_does_not_name_is_swept_and_nothing_else(home: Settings) -> None:
    ingested(home, day(*fleet(3), "junk"))
    prepare_home(home.home)
    before = tree(home.home)
    for name in (
        "position/source=x/file_id=y/0.parquet",
        "reject/source=x/0.parquet",
        "position/loose.parquet",
        "tmp/work/position.parquet",
        "tmp/x.duckdb",
    ):
        write((home.home / name).parent, b"x", name=Path(name).name)
    mine = {
        "notes.txt": b"x",
        "barometer.toml": b"threads = 1",
        "other.parquet": b"x",
        "mine/position/a.parquet": b"x",
        "history/run.jsonl": b"{}",
        "reports/2026-W16/x.parquet": b"x",
        "position/READ ME": b"x",
    }
    for name, content in mine.items():
        write((home.home / name).parent, content, name=Path(name).name)
    (home.home / "position" / "folder.parquet").mkdir()
    prepare_home(home.home)
    assert tree(home.home) == before | mine


def test_the_sweep_follows_no_link_out_of_the_home(home: Settings, tmp_path: Path) -> None:
    precious = write(tmp_path / "precious", b"x", name="a.parquet")
    (home.home / "position" / "link").symlink_to(precious.parent)
    (home.home / "position" / "link.parquet").symlink_to(precious)
    (home.home / "tmp").rmdir()
    (home.home / "tmp").symlink_to(precious.parent)
    prepare_home(home.home)
    assert precious.read_bytes() == b"x"
    assert not (home.home / "position" / "link.parquet").is_symlink()


@pytest.mark.parametrize("name", ["position", "reject", "tmp"])
def test_a_home_that_cannot_be_written_is_a_message(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a file")
    with pytest.raises(BarometerError, match=f"{tmp_path.name}: cannot be made ready"):
        prepare_home(tmp_path)
