"""Step 4, the lake: what its manifest names. Parquet files, a ledger of inputs, one commit point.

Layout of a home::

    manifest.json                                  the only commit point
    position/source=S/file_id=F/N.parquet          the kept rows of an input file, N its version
    reject/source=S/file_id=F/0.parquet            its rejected rows
    position/empty.parquet, reject/empty.parquet   typed and without a row
    tmp/                                           work in progress; garbage after a crash

A file that the manifest does not name is garbage. A version that was replaced is swept at the start
of the next run, so that a reader who opened an older catalogue keeps what it names.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.read import POSITION_SCHEMA, REJECT_SCHEMA
from flows.settings import BarometerError, Settings

FORMAT = 1
MANIFEST = "manifest.json"
CATALOGUE = "barometer.duckdb"
KINDS = ("position", "reject")

_PARTITION = [("source", pa.string()), ("file_id", pa.string())]


class Part(NamedTuple):
    """A Parquet file of the lake. `path` is relative to the home; `hash` is its blake2b-256."""

    path: str
    rows: int
    bytes: int
    hash: str


class Entry(NamedTuple):
    """An input file in the ledger: where its rows went. The three counts add up to `rows_read`.

    Attributes
    ----------
    file_id : str
        blake2b-256 of the decompressed content, hexadecimal.
    name, source : str
        As it was called when it came in first; id of its source.
    fingerprint : str
        Hash of its first bytes, by which a known file is suspected.
    rows_read, rows_kept, rows_repeated, rows_rejected : int
        Lines that are not empty, without the header; a fix that another line or file holds too is
        repeated.
    first_reported_at, last_reported_at : datetime or None
        Of the rows that are not rejected, UTC: the same whatever other files hold.
    ingested_at : datetime
        The as-of time of the run that read it, UTC.
    position, reject : Part or None
        None where there is no such row.
    """

    file_id: str
    name: str
    source: str
    fingerprint: str
    rows_read: int
    rows_kept: int
    rows_repeated: int
    rows_rejected: int
    first_reported_at: datetime | None
    last_reported_at: datetime | None
    ingested_at: datetime
    position: Part | None
    reject: Part | None


class Manifest(NamedTuple):
    """The lake at one moment: its entries by `file_id`, sorted."""

    entries: dict[str, Entry]

    def with_entries(self, changed: Iterable[Entry]) -> Manifest:
        """The manifest with these entries added or put in place of those with the same id."""
        entries = self.entries | {entry.file_id: entry for entry in changed}
        return Manifest(dict(sorted(entries.items())))


def read_manifest(home: Path) -> Manifest:
    """The manifest of a home; without one, an empty lake.

    Raises
    ------
    BarometerError
        If it cannot be read, or was written by a newer format.
    """
    path = home / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            raise BarometerError(
                f"{path}: format {raw['format']}, and this version knows {FORMAT}. "
                "Use the version of barometer that wrote it."
            )
        return Manifest({e["file_id"]: _entry(e) for e in raw["files"]})
    except FileNotFoundError:
        return Manifest({})
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BarometerError(
            f"{path}: not readable as a manifest ({error}). Restore it from a backup, "
            "or start a new home and ingest the files again."
        ) from error


def write_manifest(home: Path, manifest: Manifest) -> None:
    """Commit: all that the manifest names is on disk before its name is."""
    files = [_raw(entry) for entry in manifest.entries.values()]
    text = json.dumps({"format": FORMAT, "files": files}, separators=(",", ":"), default=_iso)
    write_durably(home / MANIFEST, text.encode())


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, even if the power goes: fsync, rename, fsync the folder."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other writers out of a home, or of a folder of it.

    The system lets go of the lock when the process ends.

    Raises
    ------
    BarometerError
        If another process holds it.
    """
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BarometerError(
                f"{folder}: another barometer is writing here. Wait until it has ended."
            ) from error
        yield


def prepare(home: Path) -> Manifest:
    """Make a home ready for writing: sweep what the manifest does not name, and give its manifest.

    Also writes the two empty Parquet files, by which an empty lake has typed relations.

    Raises
    ------
    BarometerError
        If the home cannot be written, or a file that the manifest names is missing or cut.
    """
    manifest = read_manifest(home)
    for entry in manifest.entries.values():
        for part in parts(entry):
            path = home / part.path
            if not path.is_file() or path.stat().st_size != part.bytes:
                raise BarometerError(
                    f"{path}: missing or cut, and {home / MANIFEST} names it. Restore it from a "
                    "backup, or start a new home and ingest the files again."
                )
    try:
        _sweep(home, manifest)
    except OSError as error:
        raise BarometerError(
            f"{home}: cannot be made ready for writing ({error}). Check its rights and free space."
        ) from error
    return manifest


def _sweep(home: Path, manifest: Manifest) -> None:
    shutil.rmtree(home / "tmp", ignore_errors=True)
    named = {home / part.path for e in manifest.entries.values() for part in parts(e)}
    for kind, schema in zip(KINDS, (POSITION_SCHEMA, REJECT_SCHEMA), strict=True):
        (home / kind).mkdir(exist_ok=True)
        empty = home / kind / "empty.parquet"
        named.add(empty)
        for path in (home / kind).rglob("*.parquet"):
            if path not in named and not path.is_dir():
                path.unlink()
        table = pa.schema([*schema, *_PARTITION]).empty_table()
        pq.write_table(table, home / kind / ".empty.new")
        (home / kind / ".empty.new").replace(empty)
    (home / "tmp").mkdir(exist_ok=True)  # it may be a link to a faster disk


def parts(entry: Entry) -> list[Part]:
    """The Parquet files of an entry."""
    return [part for part in (entry.position, entry.reject) if part is not None]


def part_paths(home: Path, manifest: Manifest, kind: str) -> list[str]:
    """Absolute paths of the lake's Parquet files of a kind; of an empty lake, the empty file."""
    found = [
        str(home / part.path)
        for entry in manifest.entries.values()
        if (part := getattr(entry, kind)) is not None
    ]
    return found or [str(home / kind / "empty.parquet")]


def part_path(kind: str, source: str, file_id: str, version: int) -> str:
    """Where a part lies, relative to the home. `source` and `file_id` hold no path signs."""
    return f"{kind}/source={source}/file_id={file_id}/{version}.parquet"


def adopt(home: Path, written: Path, path: str) -> Part:
    """Move a finished Parquet file from `tmp/` to its place, durably, and describe it."""
    target = home / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with written.open("rb") as raw:
        digest = hashlib.file_digest(raw, lambda: hashlib.blake2b(digest_size=32)).hexdigest()
        os.fsync(raw.fileno())
    rows = pq.read_metadata(written).num_rows
    size = written.stat().st_size
    written.replace(target)
    for folder in (target.parent, *target.parent.parents[:2]):
        sync_folder(folder)  # source=S and file_id=F may be new
    return Part(path, rows, size, digest)


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with the run's limits, that spills to the home's `tmp/`."""
    con = duckdb.connect(
        config={
            "threads": settings.threads,
            "memory_limit": settings.memory_limit,
            "temp_directory": str(settings.home / "tmp"),
        }
    )
    con.execute("set enable_progress_bar = false")
    return con


def _raw(entry: Entry) -> dict[str, Any]:
    raw = entry._asdict()
    return raw | {k: raw[k]._asdict() for k in KINDS if raw[k] is not None}


def _entry(raw: dict[str, Any]) -> Entry:
    times = ("first_reported_at", "last_reported_at", "ingested_at")
    read = {k: datetime.fromisoformat(raw[k]) if raw[k] else None for k in times}
    found = {k: Part(**raw[k]) if raw[k] else None for k in KINDS}
    return Entry(**(raw | read | found))


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a manifest")
