"""Failures of an ingest: a message, the lake as it was, and another try succeeds."""

from __future__ import annotations

import pickle
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from flows.home.settings import Settings
from flows.ingest import inputs, stage
from flows.ingest.outcome import TransientError
from flows.lake.manifest import write_manifest
from flows.rows import blocks
from flows.sources import packings
from flows.sources.definitions import load_sources
from flows.sources.packings import InputFile
from tests.build.files import (
    day,
    file_id,
    fleet,
    ingest,
    ingested,
    ledger,
    positions,
    settings_of,
    tree,
    write,
    zipped,
)
from tests.build.process import largest_file


def failing(error: BaseException) -> Any:
    """A function that fails."""

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


NO_SPACE = OSError(28, "No space left on device")
NO_RIGHTS = PermissionError(13, "Permission denied")
NO_MEMORY = duckdb.OutOfMemoryException("out of memory")
NOWHERE = stage.WRITE.replace("to $out", "to '/no/such/folder/x.parquet'").replace(
    "order by", "and $out <> '' order by"
)
FAILING: dict[str, AbstractContextManager[Any]] = {
    "writer of rejects": patch("pyarrow.parquet.ParquetWriter", failing(NO_SPACE)),
    "rejects": patch("pyarrow.parquet.ParquetWriter.write_table", failing(NO_SPACE)),
    "copy": patch("flows.ingest.stage.WRITE", NOWHERE),
    "connection": patch("flows.ingest.stage.connect", failing(NO_MEMORY)),
    "memory": patch("flows.rows.parse.rejects_table", failing(MemoryError())),
    "adoption": patch("flows.ingest.commit.adopt", failing(NO_SPACE)),
    "manifest": patch("flows.lake.manifest.write_durably", failing(NO_SPACE)),
    "rights": patch("flows.lake.manifest.sync_folder", failing(NO_RIGHTS)),
    "a disk that takes no more": largest_file(2_000),
}
LOW, HIGH = sorted([day(*fleet(9), "junk"), day(*fleet(9, 5), "junk")], key=file_id)


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """Positions and ledger of a home that took in both files."""
    home = settings_of(tmp_path_factory.mktemp("untroubled") / "home")
    ingested(home, LOW, HIGH)
    return positions(home), ledger(home)


@pytest.mark.parametrize("failure", FAILING.values(), ids=FAILING.keys())
def test_a_failing_write_leaves_the_lake_as_it_was_and_may_be_tried_again(
    home: Settings,
    tmp_path: Path,
    untroubled: tuple[Any, ...],
    failure: AbstractContextManager[Any],
) -> None:
    ingested(home, HIGH)
    before = tree(home.home)
    path = write(tmp_path / "new", LOW)
    with failure:
        (outcome,) = ingest(home, path)
    assert (outcome.state, outcome.is_transient) == ("failed", True)
    assert outcome.message.startswith("day.csv: not written to ")
    assert "lake is unchanged" in outcome.message
    assert {name: tree(home.home).get(name) for name in before} == before
    assert list((home.home / "tmp").iterdir()) == []
    assert [t for t in threading.enumerate() if t.name == "read-ahead"] == []
    assert [o.state for o in ingest(home, path)] == ["ingested"]
    assert (positions(home), ledger(home)) == untroubled


class Broken:
    """A stream that fails in the middle."""

    def __init__(self, content: Any, error: BaseException) -> None:
        self.content, self.error, self.reads = content, error, 0

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        if self.reads > 2:
            raise self.error
        return bytes(self.content.read(min(size, 3000)))


@pytest.mark.parametrize(
    ("error", "is_transient", "words"),
    [
        (OSError(5, "Input/output error"), True, "Input/output"),
        (OSError(116, "Stale file handle"), True, "Stale"),
        (PermissionError(13, "Permission denied"), False, "Check its permissions"),
        (EOFError("cut"), False, "cut or damaged"),
    ],
    ids=["drive", "network", "rights", "cut"],
)
def test_a_failing_read_names_the_file_and_leaves_no_trace(
    home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    is_transient: bool,
    words: str,
) -> None:
    plain = packings.Explained.__init__
    monkeypatch.setattr(
        packings.Explained,
        "__init__",
        lambda self, content, name: plain(self, Broken(content, error), name),
    )
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", 100)
    before = tree(home.home)
    (outcome,) = ingest(home, write(tmp_path / "in", day(*fleet(900))))
    assert (outcome.state, outcome.is_transient) == ("failed", is_transient)
    assert outcome.message.startswith("day.csv: ")
    assert words in outcome.message
    assert tree(home.home) == before


def test_a_transient_failure_is_raised_and_may_be_tried_again(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {f"{i}.csv": day(*fleet(3, 3 * i)) for i in range(3)}
    path = write(tmp_path / "in", zipped(members), name="x.zip")
    file, sources = InputFile(path, is_named=True), load_sources()
    plain, calls = write_manifest, []

    def once(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise NO_SPACE
        plain(*given)

    monkeypatch.setattr("flows.ingest.commit.write_manifest", once)
    states = []
    for one in inputs.inputs_of([file]):
        assert isinstance(one, inputs.Input)
        try:
            states.append(stage.ingest_input(one, sources, home, raise_transient=True).state)
        except TransientError as error:
            # It comes out of a process of a cluster too.
            copy = pickle.loads(pickle.dumps(error))
            assert (copy.outcome.name, str(copy)) == ("x.zip!1.csv", copy.outcome.message)
            states.append(stage.ingest_input(one, sources, home, raise_transient=True).state)
            states.append("after a second try")
    assert states == ["ingested", "ingested", "after a second try", "ingested"]
    assert len(positions(home)) == 9
