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

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.durable import make_folder, sync_folder, write_durably
from flows.home.file_names import shown_name
from flows.home.history import RUN, read_history
from flows.home.settings import BarometerError, Place, Settings
from flows.lake import notes, store
from flows.lake.schema import POSITION_SCHEMA, REJECT_SCHEMA

FORMAT = 2
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda old: {"format": 2, "files": [file | {"rows_static": 0} for file in old["files"]]}
}
"""A manifest of a format, as JSON, as one of the next. An older home is read through these steps,
and the next commit writes it in the new format."""

MANIFEST = "manifest.json"
CATALOGUE = "barometer.duckdb"
KINDS = ("position", "reject")
EMPTY = "empty.parquet"

RECOVER = "barometer check --recover"

_PARTITION = [("source", pa.string()), ("file_id", pa.string())]


class DamagedManifest(BarometerError):
    """A manifest that is there and is none."""


class Part(NamedTuple):
    """A Parquet file. `path` is relative to the lake's place; `hash` is its blake2b-256."""

    path: str
    rows: int
    bytes: int
    hash: str


class Entry(NamedTuple):
    """An input file in the ledger: where its rows went. See `accounted`.

    Attributes
    ----------
    file_id : str
        blake2b-256 of the decompressed content, hexadecimal.
    name, source : str
        As it was called when it came in first; id of its source.
    fingerprint : str
        Hash of its first bytes, by which a known file is suspected.
    rows_read, rows_kept, rows_repeated, rows_rejected, rows_static : int
        Lines that are not empty, without headers; a fix that another line or file holds too is
        repeated; a static report in a row of its own stands in the fixes of its ship.
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
    rows_static: int
    first_reported_at: datetime | None
    last_reported_at: datetime | None
    ingested_at: datetime
    position: Part | None
    reject: Part | None


def accounted(entry: Entry) -> int:
    """The rows of an input of which the ledger says where they went: all that were read."""
    return entry.rows_kept + entry.rows_repeated + entry.rows_rejected + entry.rows_static


class Manifest(NamedTuple):
    """The lake at one moment: its entries by `file_id`, sorted.

    `tag` is that of the object that was read, where the lake is on object storage.
    """

    entries: dict[str, Entry]
    tag: str | None = None

    def with_entries(self, changed: Iterable[Entry]) -> Manifest:
        """The manifest with these entries added or put in place of those with the same id."""
        entries = self.entries | {entry.file_id: entry for entry in changed}
        return self._replace(entries=dict(sorted(entries.items())))


def read_manifest(place: Place) -> Manifest:
    """The manifest of a lake; where there is neither one nor data, an empty lake.

    Raises
    ------
    BarometerError
        If it is lost, cannot be read, or is of a format that this version does not know.
    """
    path = address(place, MANIFEST)
    found = find_manifest(place)
    if found is not None:
        return found
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
        found = _fetched(place)
        return Manifest(_entries(path, found[0].decode()), found[1]) if found else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BarometerError(
            f"{path}: cannot be opened ({error.strerror}). Check its rights and the disk. "
            "Nothing was changed."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedManifest(
            f"{path}: not readable as a manifest ({error}). Restore it from a backup, "
            f"or rebuild it from the lake's files: {RECOVER}. Nothing was changed."
        ) from error


def stored_files(place: Place) -> list[str]:
    """The paths of the Parquet files of a lake and its notes, named by a manifest or not."""
    if isinstance(place, str):
        found = [path for kind in KINDS for path in store.listed(place, kind)]
    else:
        found = [
            str(path.relative_to(place))
            for kind in KINDS
            for path in (place / kind).rglob("*.parquet")
            if not path.is_dir()
        ]
    noted = (f"{notes.FOLDER}/{file_id}.json" for file_id in notes.noted(place))
    named = [p for p in found if p.endswith(".parquet") and not p.endswith(f"/{EMPTY}")]
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
    raw = json.loads(text)
    while raw["format"] != FORMAT:
        if raw["format"] not in UPGRADES:
            raise BarometerError(
                f"{path}: format {raw['format']}, and this version knows {FORMAT}. Use the "
                "version of barometer that wrote it, or a later one: the last code_version in "
                "history/run.jsonl. Nothing was changed."
            )
        raw = UPGRADES[raw["format"]](raw)
    return {e["file_id"]: _entry(e) for e in raw["files"]}


def write_manifest(place: Place, manifest: Manifest) -> None:
    """Commit: all that the manifest names is durable before its name is.

    Raises
    ------
    store.ConflictError
        On object storage, if another wrote one since this was read; that one stays.
    """
    files = [_raw(entry) for entry in manifest.entries.values()]
    text = json.dumps({"format": FORMAT, "files": files}, separators=(",", ":"), default=_iso)
    if isinstance(place, str):
        store.swap(place, MANIFEST, text.encode(), manifest.tag)
    else:
        write_durably(place / MANIFEST, text.encode())


def prepare(home: Path, place: Place | None = None) -> Manifest:
    """Make a home ready for writing: sweep what the manifest does not name, and give its manifest.

    Also writes the two empty Parquet files, by which an empty lake has typed relations.

    Parameters
    ----------
    home : Path
        The home.
    place : Path or str, optional
        Where its lake lies; without it, in the home.

    Raises
    ------
    BarometerError
        If the home or the lake cannot be written.
    """
    place = home if place is None else place
    try:
        # Before the manifest is read: what another home notes meanwhile, that manifest names.
        noted = notes.noted(place)
        manifest = _first_manifest(home, place)
        _refuse_another(home, place, manifest, noted)
        shutil.rmtree(home / "tmp", ignore_errors=True)
        if isinstance(place, str):
            _sweep_objects(place, manifest)
        else:
            _sweep_parts(place, manifest)
        _sweep_home(home)
        notes.begin(place)
        for file_id in manifest.entries.keys() - noted:
            write_note(place, manifest.entries[file_id])
    except OSError as error:
        raise BarometerError(
            f"{place}: cannot be made ready for writing ({error}). Check its rights and free space."
        ) from error
    return manifest


def _first_manifest(home: Path, place: Place) -> Manifest:
    """The manifest; a new lake gets its first, without which its first part would look lost."""
    manifest = read_manifest(place)
    if manifest.entries or find_manifest(place) is not None:
        return manifest
    if read_history(home, RUN) or (home / CATALOGUE).exists():
        raise BarometerError(
            f"{address(place, MANIFEST)}: is missing, and so are all files of the lake, but this "
            "home has had runs. Is a disk not mounted, or is it another lake? Restore the lake "
            f"from a backup; or begin with an empty one, and give all files again: {RECOVER}. "
            "Nothing was changed."
        )
    with suppress(store.ConflictError):  # another home made it meanwhile
        write_manifest(place, manifest)
    return read_manifest(place)


def _recorded(home: Path) -> set[str]:
    """The inputs that the runs of a home had at last, for a lake of before there were notes."""
    held: set[str] = set()
    for record in read_history(home, RUN):
        held |= {file["file_id"] for file in record.get("files") or []}
        held -= set(record.get("gone") or [])
    return held


def unnamed(home: Path, place: Place, manifest: Manifest, noted: set[str]) -> set[str]:
    """The inputs that were taken in here, and that a manifest does not name."""
    taken_in = noted if notes.is_begun(place) else noted | _recorded(home)
    return taken_in - manifest.entries.keys()


def _refuse_another(home: Path, place: Place, manifest: Manifest, noted: set[str]) -> None:
    """Refuse a manifest that does not name what this lake took in: older, or of another lake."""
    if missing := unnamed(home, place, manifest, noted):
        raise BarometerError(
            f"{address(place, MANIFEST)}: is older than the lake, or of another home: it does not "
            f"name {len(missing):,} of the files that were taken in here. Restore the newest, or "
            f"rebuild it from the lake's files: {RECOVER}. Nothing was changed."
        )


def write_note(place: Place, entry: Entry) -> None:
    """Note an entry that is in the manifest; see `flows.lake.notes`."""
    notes.write_note(place, json.loads(json.dumps(entry._asdict(), default=_iso)))


def _sweep_parts(home: Path, manifest: Manifest) -> None:
    named = {home / part.path for e in manifest.entries.values() for part in parts(e)}
    # Where something that it names is not there, what it does not name may be of use.
    is_whole = all(path.is_file() for path in named)
    for kind in KINDS:
        make_folder(home / kind)
        empty = home / kind / EMPTY
        named.add(empty)
        for path in (
            list((home / kind).rglob("*.parquet")) if is_whole else []
        ):  # folders go while we walk
            if path not in named and not path.is_dir():
                path.unlink()
                _remove_empty(path.parent, home / kind)
        if not empty.is_file() or empty.read_bytes() != _empty(kind):
            write_durably(empty, _empty(kind))


def _sweep_objects(url: str, manifest: Manifest) -> None:
    named = {part.path for e in manifest.entries.values() for part in parts(e)}
    named |= {f"{kind}/{EMPTY}" for kind in KINDS}
    store.sweep(url, KINDS, named)
    for kind in KINDS:
        if store.size(url, f"{kind}/{EMPTY}") != len(_empty(kind)):
            store.put(url, f"{kind}/{EMPTY}", _empty(kind))


def _empty(kind: str) -> bytes:
    """A Parquet file of a kind, typed and without a row."""
    schema = POSITION_SCHEMA if kind == "position" else REJECT_SCHEMA
    table = io.BytesIO()
    pq.write_table(pa.schema([*schema, *_PARTITION]).empty_table(), table)
    return table.getvalue()


def _sweep_home(home: Path) -> None:
    # What write_durably had not finished: beside the manifest, the reports and the registers.
    for path in (*home.glob(".*.new"), *(home / "reports").rglob(".*.new")):
        path.unlink()
    for folder in ("registers", notes.FOLDER):
        for path in (home / folder).rglob(".*.new"):
            path.unlink()
    (home / "tmp").mkdir(exist_ok=True)  # it may be a link to a faster disk


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove a folder that a sweep left empty, and those above it, below the top."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def fault_of(place: Place, part: Part, *, is_hashed: bool) -> str | None:
    """What is wrong with a file of the lake; None where it is sound.

    Parameters
    ----------
    place : Path or str
        Where the lake lies.
    part : Part
        What the manifest says of it.
    is_hashed : bool
        Read it to its end for its hash. Without it only a missing or cut file is found.
    """
    try:
        size = _size(place, part)
        if size is None:
            return "is missing"
        if size != part.bytes:
            return f"has {size:,} bytes, not {part.bytes:,}"
        if is_hashed and _digest(place, part) != part.hash:
            return "is not the file that was written"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None


def _size(place: Place, part: Part) -> int | None:
    if isinstance(place, str):
        return store.size(place, part.path)
    path = place / part.path
    return path.stat().st_size if path.is_file() else None


def _digest(place: Place, part: Part) -> str:
    if isinstance(place, str):
        return store.digest(place, part.path)
    return _hash(place / part.path)


def is_sound(place: Place, entry: Entry) -> bool:
    """Whether the files of an entry are those that were written; reads them to their end."""
    return all(fault_of(place, part, is_hashed=True) is None for part in parts(entry))


def damage(place: Place, manifest: Manifest, *, is_hashed: bool) -> dict[Part, str]:
    """What is wrong with the files of the lake that are missing or damaged; see `fault_of`."""
    named = [part for entry in manifest.entries.values() for part in parts(entry)]
    # A question to an object storage takes a while, most of it on the way there and back.
    with ThreadPoolExecutor(1 if isinstance(place, Path) else 16) as pool:
        whys = pool.map(lambda part: fault_of(place, part, is_hashed=is_hashed), named)
        return {part: why for part, why in zip(named, whys, strict=True) if why is not None}


def told(place: Place, manifest: Manifest, damaged: Mapping[Part, str]) -> list[str]:
    """A sentence for each damaged file: which, what is lost with it, and how to get it back."""
    found = [
        f"{address(place, part)}: {damaged[part]}. Lost with it: {part.rows:,} rows of "
        f"{_what(entry)}. Give that file again: barometer run FILE (any name and packing will do); "
        "or restore it from a backup"
        for entry in manifest.entries.values()
        for part in parts(entry)
        if part in damaged
    ]
    if found and isinstance(place, Path):
        found += [
            f"{place / kind}: the folder is missing. Is a disk not mounted?"
            for kind in KINDS
            if not (place / kind).is_dir()
        ]
    return found


def faults(place: Place, manifest: Manifest, *, is_hashed: bool) -> list[str]:
    """A sentence for each file of the lake that is missing or damaged; see `damage`, `told`."""
    return told(place, manifest, damage(place, manifest, is_hashed=is_hashed))


def _what(entry: Entry) -> str:
    days = ""
    if entry.first_reported_at and entry.last_reported_at:
        days = f", {entry.first_reported_at:%F} to {entry.last_reported_at:%F}"
    return f"{ascii(entry.name)[1:-1]} ({entry.source}{days})"


def parts(entry: Entry) -> list[Part]:
    """The Parquet files of an entry."""
    return [part for part in (entry.position, entry.reject) if part is not None]


def address(place: Place, part: Part | str) -> str:
    """Absolute path or address of a file of the lake.

    >>> address("s3://bucket/prefix", "manifest.json")
    's3://bucket/prefix/manifest.json'
    """
    path = part if isinstance(part, str) else part.path
    return f"{place}/{path}" if isinstance(place, str) else str(place / path)


def part_paths(place: Place, manifest: Manifest, kind: str) -> list[str]:
    """Addresses of the lake's Parquet files of a kind; of an empty lake, the empty file."""
    found = [
        address(place, part)
        for entry in manifest.entries.values()
        if (part := getattr(entry, kind)) is not None
    ]
    return found or [address(place, f"{kind}/{EMPTY}")]


def part_path(kind: str, source: str, file_id: str, version: int) -> str:
    """Where a part lies in the lake. `source` and `file_id` hold no path signs."""
    return f"{kind}/source={source}/file_id={file_id}/{version}.parquet"


def version_of(part: Part) -> int:
    """Which version of a file's rows a part is, counted from 0."""
    return version_of_path(part.path)


def version_of_path(path: str) -> int:
    """The same, of where it lies.

    >>> version_of_path("position/source=s/file_id=f/3-c0ffee.parquet")
    3
    """
    number = Path(path).stem.split("-")[0]
    return int(number) if number.isdecimal() else 0


def span(entry: Entry) -> tuple[datetime | None, datetime | None]:
    """From when to when the fixes of an entry reach."""
    return entry.first_reported_at, entry.last_reported_at


def overlap(
    one: tuple[datetime | None, datetime | None], two: tuple[datetime | None, datetime | None]
) -> bool:
    """Whether two spans share a moment."""
    if one[0] is None or one[1] is None or two[0] is None or two[1] is None:
        return False
    return one[0] <= two[1] and two[0] <= one[1]


def described(place: Place, path: str, rows: int) -> Part:
    """A file of the lake as it lies there."""
    part = Part(path, rows, 0, "")
    size = _size(place, part)
    assert size is not None
    return part._replace(bytes=size, hash=_digest(place, part))


def adopt(place: Place, written: Path, path: str) -> Part:
    """Move a finished Parquet file from `tmp/` to its place, durably, and describe it."""
    if isinstance(place, str):
        path = store.unique(path)
        part = Part(
            path, pq.read_metadata(written).num_rows, written.stat().st_size, _hash(written)
        )
        store.put(place, path, written)
        return part
    target = place / path
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


def _raw(entry: Entry) -> dict[str, Any]:
    raw = entry._asdict()
    return raw | {k: raw[k]._asdict() for k in KINDS if raw[k] is not None}


def _entry(raw: dict[str, Any]) -> Entry:
    times = ("first_reported_at", "last_reported_at", "ingested_at")
    read = {k: datetime.fromisoformat(raw[k]) if raw[k] else None for k in times}
    found = {k: Part(**raw[k]) if raw[k] else None for k in KINDS}
    return Entry(**(raw | read | found | {"name": shown_name(raw["name"])}))


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a manifest")
