"""Step 4, the lake: what its manifest names. Parquet files, a ledger of inputs, one commit point.

Layout of a home::

    manifest.json                                  the only commit point
    position/source=S/file_id=F/N.parquet          the kept rows of an input file, N its version
    reject/source=S/file_id=F/0.parquet            its rejected rows
    position/empty.parquet, reject/empty.parquet   typed and without a row
    ledger/F.json                                  a note of an input file; see `flows.lake.notes`
    tmp/                                           work in progress; garbage after a crash
    lock                                           who writes, for as long as the system locks it

A file that the manifest does not name is garbage. A version that was replaced is swept at the start
of the next run, so that a reader who opened an older catalogue keeps what it names. A home is made
with its first manifest: data without one, or inputs that it does not name, show that the manifest
was lost, and then nothing is swept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from flows.home.durable import make_folder, sync_folder, write_durably
from flows.home.hashes import file_hash
from flows.home.settings import BarometerError, Place, Settings
from flows.lake import notes, store
from flows.lake.damage import digest_of, size_of
from flows.lake.entry import KINDS, Entry, Manifest, Part, address, entry_of, iso, raw_of

FORMAT = 2
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda old: {"format": 2, "files": [file | {"rows_static": 0} for file in old["files"]]}
}
"""A manifest of a format, as JSON, as one of the next. An older home is read through these steps,
and the next commit writes it in the new format."""

MANIFEST = "manifest.json"
CATALOGUE = "barometer.duckdb"
EMPTY = "empty.parquet"

RECOVER = "barometer check --recover"


class DamagedManifest(BarometerError):
    """A manifest that is there and is none."""


def read_manifest(place: Place) -> Manifest:
    """The manifest of a lake; where there is neither one nor data, an empty lake.

    Raises
    ------
    BarometerError
        If it is lost, cannot be read, or is of a format that this version does not know.
    """
    path = address(place, MANIFEST)
    manifest = find_manifest(place)
    if manifest is not None:
        return manifest
    if data := stored_files(place):
        raise BarometerError(
            f"{path}: is missing, and {len(data):,} files of a lake lie beside it. Restore it from "
            f"a backup, or rebuild it from them: {RECOVER}. Nothing was changed."
        )
    return Manifest({})


def find_manifest(place: Place) -> Manifest | None:
    """The manifest of a lake, if there is one.

    Raises
    ------
    BarometerError
        If it cannot be read, or is of a format that this version does not know.
    """
    path = address(place, MANIFEST)
    try:
        if isinstance(place, Path):
            return Manifest(_entries(path, (place / MANIFEST).read_text(encoding="utf-8")))
        stored = _fetched(place)
        return Manifest(_entries(path, stored[0].decode()), stored[1]) if stored else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BarometerError(
            f"{path}: cannot be opened ({error.strerror}). Check permissions and the disk. "
            "Nothing was changed."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedManifest(
            f"{path}: not readable as a manifest ({error}). Restore it from a backup, "
            f"or rebuild it from the lake's files: {RECOVER}. Nothing was changed."
        ) from error


def stored_files(place: Place) -> list[str]:
    """The paths of the Parquet files of a lake and its notes, named by a manifest or not."""
    paths = [path for kind in KINDS for path in store.listed(place, kind)]
    noted = (f"{notes.FOLDER}/{file_id}.json" for file_id in notes.noted(place))
    named = [p for p in paths if p.endswith(".parquet") and not p.endswith(f"/{EMPTY}")]
    return sorted([*named, *noted])


def _fetched(url: str) -> tuple[bytes, str] | None:
    try:
        return store.content(url, MANIFEST)
    except OSError as error:
        raise BarometerError(
            f"{url}: the lake cannot be reached ({error.strerror}). Check the address, the "
            "variables AWS_*, and the network. Nothing was changed."
        ) from error


def _entries(path: str, text: str) -> dict[str, Entry]:
    return dict(_parsed(path, text))


@lru_cache(maxsize=1)  # a run reads it a dozen times, and a year of day files takes 50 ms
def _parsed(path: str, text: str) -> Mapping[str, Entry]:
    raw = json.loads(text)
    while raw["format"] != FORMAT:
        if raw["format"] not in UPGRADES:
            raise BarometerError(
                f"{path}: format {raw['format']}, but this version supports {FORMAT}. Use the "
                "version of barometer that wrote it, or a later one: the last code_version in "
                "history/run.jsonl. Nothing was changed."
            )
        raw = UPGRADES[raw["format"]](raw)
    return {e["file_id"]: entry_of(e) for e in raw["files"]}


def write_manifest(place: Place, manifest: Manifest) -> None:
    """Commit: all that the manifest names is durable before its name is.

    Raises
    ------
    store.ConflictError
        On object storage, if another wrote one since this was read; that one stays.
    """
    files = [raw_of(entry) for entry in manifest.entries.values()]
    text = json.dumps({"format": FORMAT, "files": files}, separators=(",", ":"), default=iso)
    if isinstance(place, str):
        store.swap(place, MANIFEST, text.encode(), manifest.tag)
    else:
        write_durably(place / MANIFEST, text.encode())


def write_note(place: Place, entry: Entry) -> None:
    """Note an entry that is in the manifest; see `flows.lake.notes`."""
    notes.write_note(place, json.loads(json.dumps(entry._asdict(), default=iso)))


def part_paths(place: Place, manifest: Manifest, kind: str) -> list[str]:
    """Addresses of the lake's Parquet files of a kind; of an empty lake, the empty file."""
    addresses = [
        address(place, part)
        for entry in manifest.entries.values()
        if (part := getattr(entry, kind)) is not None
    ]
    return addresses or [address(place, f"{kind}/{EMPTY}")]


def described(place: Place, path: str, rows: int) -> Part:
    """The description of an existing file of the lake."""
    part = Part(path, rows, 0, "")
    size = size_of(place, part)
    assert size is not None
    return part._replace(bytes=size, hash=digest_of(place, part))


def adopt(place: Place, written: Path, path: str) -> Part:
    """Move a finished Parquet file from `tmp/` to its place, durably, and describe it."""
    if isinstance(place, str):
        path = store.unique(path)
        part = Part(path, _rows_of(written), written.stat().st_size, file_hash(written))
        store.put(place, path, written)
        return part
    target = place / path
    make_folder(target.parent)
    digest = file_hash(written)
    with written.open("rb") as raw:
        os.fsync(raw.fileno())
    rows = _rows_of(written)
    size = written.stat().st_size
    written.replace(target)
    sync_folder(target.parent)
    return Part(path, rows, size, digest)


def _rows_of(path: Path) -> int:
    from pyarrow.parquet import read_metadata  # noqa: PLC0415 readers do without its import

    return int(read_metadata(path).num_rows)


SESSION = "set enable_progress_bar = false; set TimeZone = 'UTC'"
"""Settings of every connection: a service draws no bars, and times are in UTC, wherever it runs."""


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with the run's limits, that spills to the home's `tmp/`."""
    con = duckdb.connect(
        config={
            "threads": settings.threads,
            "memory_limit": settings.memory_limit,
            "temp_directory": str(settings.home / "tmp"),
        }
    )
    con.execute(SESSION)
    store.attach(con, settings.place)
    return con
