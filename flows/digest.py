"""Step 6, digest: what the lake's parts say that every run asks for, in a hundredth of their rows.

A digest belongs to the parts that were new to one run, so that a week added to a year costs a week:
the next run reads the digests, and the parts that none covers. It is only ever a saving: what is
not of these parts, this code and these fences is taken away and made anew.
"""

from __future__ import annotations

import glob
import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows import lake
from flows.durable import make_folder, sync_folder
from flows.lake import Manifest
from flows.record import code_hash
from flows.registers.codes import folder_hash
from flows.resources import data_path, sql_path
from flows.settings import Place, Settings

log = logging.getLogger("barometer.digest")

FOLDER = "digest"
RELATIONS = ("said", "heard", "close", "strait_fix")
"""The relations of `sql/digest/`: a Parquet file each."""

COVERED = "parts.json"
"""The hashes of the parts that a digest covers."""


def store(con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest) -> None:
    """Store a digest of the parts that none covers, and take away those that do not hold.

    Parameters
    ----------
    con : DuckDBPyConnection
        With what the files of `sql/digest/` name, but for `new_position`.
    settings : Settings
        The home, locked and ready for writing.
    manifest : Manifest
        What the lake holds.
    """
    stored = _stored(settings.home, manifest)
    for folder in (settings.home / FOLDER).glob("*"):
        if folder not in stored:
            shutil.rmtree(folder, ignore_errors=True)
    if new := _uncovered(settings.place, manifest, stored):
        log.info("digesting %d parts of the lake", len(new))
        _keep(settings.home, _made(con, settings.home, list(new.values())), new)


def relate(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest, *, from_scratch: bool
) -> None:
    """Make views of `RELATIONS` over the digests of the whole lake.

    Parameters
    ----------
    con, settings, manifest
        As for `store`.
    from_scratch : bool
        Use no stored digest, to hold what is stored against it.
    """
    stored = {} if from_scratch else _stored(settings.home, manifest)
    new = _uncovered(settings.place, manifest, stored)
    folders = list(stored)
    if new or not stored:
        empty = lake.part_paths(settings.place, Manifest({}), "position")
        folders.append(_made(con, settings.home, list(new.values()) or empty))
    for name in RELATIONS:
        files = [glob.escape(str(folder / f"{name}.parquet")) for folder in folders]
        con.read_parquet(files, hive_partitioning=False).create_view(name)


def _uncovered(place: Place, manifest: Manifest, stored: dict[Path, list[str]]) -> dict[str, str]:
    """Hash and address of the parts of which no digest is stored."""
    covered = {part for parts in stored.values() for part in parts}
    return {
        part.hash: lake.address(place, part.path)
        for entry in manifest.entries.values()
        if (part := entry.position) is not None and part.hash not in covered
    }


def _method() -> str:
    """What a digest depends on beside the parts."""
    return hashlib.blake2b(
        (code_hash() + folder_hash(data_path("ports"))).encode(), digest_size=8
    ).hexdigest()


def _stored(home: Path, manifest: Manifest) -> dict[Path, list[str]]:
    """The digests that hold, with the parts that they cover."""
    present = {e.position.hash for e in manifest.entries.values() if e.position is not None}
    found: dict[Path, list[str]] = {}
    for folder in sorted((home / FOLDER).glob("*")):
        parts = _covered(folder)
        taken = {part for covered in found.values() for part in covered}
        if parts and present.issuperset(parts) and taken.isdisjoint(parts):
            found[folder] = parts
    return found


def _covered(folder: Path) -> list[str]:
    """The parts that a digest covers; none where it is of other code, or not whole."""
    if not folder.name.startswith(_method()):
        return []
    try:
        for name in RELATIONS:
            pq.read_metadata(folder / f"{name}.parquet")
        parts = json.loads((folder / COVERED).read_text(encoding="utf-8"))
    except (OSError, ValueError, pa.ArrowException):
        return []
    return [str(part) for part in parts]


def _made(con: duckdb.DuckDBPyConnection, home: Path, paths: Sequence[str]) -> Path:
    """A digest of some parts of the lake, in `tmp/`."""
    folder = home / "tmp" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    files = [glob.escape(path) for path in paths]
    con.read_parquet(files, hive_partitioning=True).create_view("new_position")
    for name in RELATIONS:
        query = sql_path("digest", f"{name}.sql").read_text(encoding="utf-8")
        con.sql(query).write_parquet(str(folder / f"{name}.parquet"), compression="zstd")
    con.execute("drop view new_position")
    return folder


def _keep(home: Path, made: Path, new: dict[str, str]) -> None:
    """Put a digest among the stored ones, whole or not at all."""
    (made / COVERED).write_text(json.dumps(sorted(new)), encoding="utf-8")
    for path in made.iterdir():
        with path.open("rb") as raw:
            os.fsync(raw.fileno())
    sync_folder(made)
    make_folder(home / FOLDER)
    named = hashlib.blake2b("".join(sorted(new)).encode(), digest_size=8).hexdigest()
    made.rename(home / FOLDER / f"{_method()}-{named}")
    sync_folder(home / FOLDER)
