"""Step 4, the lake: what its manifest names. Parquet files, a ledger of inputs, one commit point.

Layout of a home::

    manifest.json                                  the only commit point
    position/source=S/file_id=F/N.parquet          the kept rows of an input file, N its version
    reject/source=S/file_id=F/0.parquet            its rejected rows
    position/empty.parquet, reject/empty.parquet   typed and without a row
    tmp/                                           work in progress; garbage after a crash
    lock                                           who writes, for as long as the system locks it

A file that the manifest does not name is garbage. A version that was replaced is swept at the start
of the next run, so that a reader who opened an older catalogue keeps what it names.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import json
import os
import shlex
import shutil
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.durable import make_folder, sync_folder, write_durably
from flows.read import POSITION_SCHEMA, REJECT_SCHEMA
from flows.settings import BarometerError, Settings

FORMAT = 1
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""A manifest of a format, as JSON, as one of the next. An older home is read through these steps,
and the next commit writes it in the new format. There is one format so far, and no step."""

MANIFEST = "manifest.json"
CATALOGUE = "barometer.duckdb"
KINDS = ("position", "reject")

LOCK = ".lock"
_HELD: ContextVar[frozenset[Path]] = ContextVar("_HELD", default=frozenset())
"""Folders that this thread of work has locked; Prefect hands the context on to a flow's tasks."""

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""What flock(2) answers on a file system that keeps no locks."""

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
        If it cannot be read, or is of a format that this version does not know.
    """
    path = home / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        while raw["format"] != FORMAT:
            if raw["format"] not in UPGRADES:
                raise BarometerError(
                    f"{path}: format {raw['format']}, and this version knows {FORMAT}. Use the "
                    "version of barometer that wrote it, or a later one: the last code_version in "
                    "history/run.jsonl. Nothing was changed."
                )
            raw = UPGRADES[raw["format"]](raw)
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


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other writers out of a home, or of a folder of it, for the length of a command.

    flock(2) on the file `.lock`, into which the holder writes who it is. The system lets go of it
    when the process ends, however it ends. Whoever holds it already, in this thread or in one that
    got its context, passes; another thread of the process does not.

    On NFS, Linux makes a lock of the server of it, which holds between machines; where a file
    system keeps no locks nothing is written.

    Raises
    ------
    BarometerError
        If another holds it, if the folder cannot be written, or if its file system has no locks.
    """
    key = folder.resolve()
    if key in _HELD.get():
        yield
        return
    try:
        # Unbuffered: what a full disk does not take is not tried again when the file is closed.
        handle = (folder / LOCK).open("ab+", buffering=0)
    except OSError as error:
        raise BarometerError(
            f"{folder}: cannot be written ({error.strerror}). Check its rights, its free space and "
            "whether the disk is mounted read-only; or name another home with --home."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BarometerError(
                f"{folder}: another barometer is writing here: {_holder(handle)}. Wait until it "
                "has ended, or end it; the lock goes with it."
            ) from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            raise BarometerError(
                f"{folder}: its file system keeps no locks ({error.strerror}), so that two runs "
                "could meet. Put the home on a local disk, or mount the share with locks."
            ) from error
        _sign(handle)
        token = _HELD.set(_HELD.get() | {key})
        try:
            yield
        finally:
            _HELD.reset(token)
            with suppress(OSError):
                handle.truncate(0)


def _sign(handle: io.FileIO) -> None:
    """Write who holds a lock. A full disk leaves it unsigned, and held all the same."""
    who = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200],
        "since": f"{datetime.now(UTC):%F %T} UTC",
    }
    with suppress(OSError):
        handle.truncate(0)
        handle.write(json.dumps(who).encode())


def _holder(handle: io.FileIO) -> str:
    """Who signed a lock; its text may be of anyone who may write there, and is shown as ASCII."""
    try:
        handle.seek(0)
        who = json.loads(handle.read(4096))
        return (
            f"process {int(who['pid'])} on {ascii(str(who['host']))[1:-1]}, since "
            f"{ascii(str(who['since']))[1:-1]}: {ascii(str(who['command']))[1:-1]}"
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "it has not said who it is"


def prepare(home: Path) -> Manifest:
    """Make a home ready for writing: sweep what the manifest does not name, and give its manifest.

    Also writes the two empty Parquet files, by which an empty lake has typed relations.

    Raises
    ------
    BarometerError
        If the home cannot be written.
    """
    manifest = read_manifest(home)
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
        make_folder(home / kind)
        empty = home / kind / "empty.parquet"
        named.add(empty)
        for path in list((home / kind).rglob("*.parquet")):  # folders go while we walk
            if path not in named and not path.is_dir():
                path.unlink()
                _remove_empty(path.parent, home / kind)
        table = io.BytesIO()
        pq.write_table(pa.schema([*schema, *_PARTITION]).empty_table(), table)
        if not empty.is_file() or empty.read_bytes() != table.getvalue():
            write_durably(empty, table.getvalue())
    # What write_durably had not finished: beside the manifest, the reports and the registers.
    for path in (*home.glob(".*.new"), *(home / "reports").rglob(".*.new")):
        path.unlink()
    for path in (home / "registers").rglob(".*.new"):
        path.unlink()
    (home / "tmp").mkdir(exist_ok=True)  # it may be a link to a faster disk


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove a folder that a sweep left empty, and those above it, below the top."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def fault_of(home: Path, part: Part, *, is_hashed: bool) -> str | None:
    """What is wrong with a file of the lake; None where it is sound.

    Parameters
    ----------
    home : Path
        The home.
    part : Part
        What the manifest says of it.
    is_hashed : bool
        Read it to its end for its hash. Without it only a missing or cut file is found.
    """
    path = home / part.path
    try:
        if not path.is_file():
            return "is missing"
        if path.stat().st_size != part.bytes:
            return f"has {path.stat().st_size:,} bytes, not {part.bytes:,}"
        if is_hashed and _hash(path) != part.hash:
            return "is not the file that was written"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None


def is_sound(home: Path, entry: Entry) -> bool:
    """Whether the files of an entry are those that were written; reads them to their end."""
    return all(fault_of(home, part, is_hashed=True) is None for part in parts(entry))


def faults(home: Path, manifest: Manifest, *, is_hashed: bool) -> list[str]:
    """A sentence for each file of the lake that is missing or damaged.

    It tells which file, what is lost with it, and how to get it back. See `fault_of`.
    """
    return [
        f"{home / part.path}: {why}. Lost with it: {part.rows:,} rows of {_what(entry)}. Give that "
        "file again: barometer run FILE (any name and packing will do); or restore it from a backup"
        for entry in manifest.entries.values()
        for part in parts(entry)
        if (why := fault_of(home, part, is_hashed=is_hashed)) is not None
    ]


def _what(entry: Entry) -> str:
    days = ""
    if entry.first_reported_at and entry.last_reported_at:
        days = f", {entry.first_reported_at:%F} to {entry.last_reported_at:%F}"
    return f"{ascii(entry.name)[1:-1]} ({entry.source}{days})"


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
    make_folder(target.parent)
    digest = _hash(written)
    with written.open("rb") as raw:
        os.fsync(raw.fileno())
    rows = pq.read_metadata(written).num_rows
    size = written.stat().st_size
    written.replace(target)
    sync_folder(target.parent)
    return Part(path, rows, size, digest)


def _hash(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, lambda: hashlib.blake2b(digest_size=32)).hexdigest()


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
