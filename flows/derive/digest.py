"""Step 6, digest: summaries of the lake's parts that every run needs, a hundredth of their rows.

A digest belongs to the parts that were new to one run: the next one reads the digests, and the
parts that none covers.
"""

from __future__ import annotations

import glob
import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from flows.home import cache
from flows.home.cache import Kept
from flows.home.code import code_hash
from flows.home.hashes import folder_hash, text_hash
from flows.home.resources import data_path, sql_text
from flows.home.settings import Place, Settings
from flows.lake.entry import Manifest, address
from flows.lake.manifest import part_paths

log = logging.getLogger("barometer.digest")

FOLDER = "digest"
RELATIONS = (
    *("static_report", "static_period", "imo_sender"),
    *("heard", "heard_by_slot", "heard_by_day"),
    *("near_limit", "strait_fix", "slow_slot"),
)
"""The relations of `sql/digest/`: a Parquet file each. Some are made from those before them."""


def undigested(settings: Settings, manifest: Manifest) -> dict[str, str]:
    """The parts that no valid digest covers; digests that are not valid are deleted.

    Digests are small: each is read to its end, and one that was changed on disk is made again.

    Parameters
    ----------
    settings : Settings
        The home, locked and ready for writing.
    manifest : Manifest
        What the lake holds.

    Returns
    -------
    dict
        Addresses of the parts by hash, for `store`.
    """
    stored = [digest for digest in kept(settings.home, manifest) if not cache.faults([digest])]
    cache.prune(settings.home / FOLDER, stored)
    return _uncovered(settings.place, manifest, stored)


def store(con: duckdb.DuckDBPyConnection, settings: Settings, parts: Mapping[str, str]) -> None:
    """Store a digest of some parts.

    Parameters
    ----------
    con : DuckDBPyConnection
        With what the files of `sql/digest/` name, but for `new_position`.
    settings : Settings
        The home, locked and ready for writing.
    parts : mapping
        As `undigested` returns them.
    """
    log.info("digesting %d parts of the lake", len(parts))
    folder = _made(con, settings.home, list(parts.values()))
    cache.keep(settings.home / FOLDER, _method(), folder, parts)


def relate(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest, *, from_scratch: bool
) -> None:
    """Make views of `RELATIONS` over the digests of the whole lake.

    Parameters
    ----------
    con, settings
        As for `store`.
    manifest : Manifest
        What the lake holds.
    from_scratch : bool
        Use no stored digest; `barometer check --rebuild` compares the two.
    """
    stored = [] if from_scratch else kept(settings.home, manifest)
    new = _uncovered(settings.place, manifest, stored)
    folders = [digest.folder for digest in stored]
    if new or not stored:
        empty = part_paths(settings.place, Manifest({}), "position")
        folders.append(_made(con, settings.home, list(new.values()) or empty))
    for name in RELATIONS:
        files = [glob.escape(str(folder / f"{name}.parquet")) for folder in folders]
        con.read_parquet(files, hive_partitioning=False).create_view(name)


def kept(home: Path, manifest: Manifest) -> list[Kept]:
    """The stored digests that are valid: of this code, and of parts that the lake still holds."""
    present = [e.position.hash for e in manifest.entries.values() if e.position is not None]
    return cache.kept(home / FOLDER, _method(), present)


def _uncovered(place: Place, manifest: Manifest, stored: Iterable[Kept]) -> dict[str, str]:
    """Hash and address of the parts of which no digest is stored."""
    covered = {part for digest in stored for part in digest.parts}
    return {
        part.hash: address(place, part)
        for entry in manifest.entries.values()
        if (part := entry.position) is not None and part.hash not in covered
    }


def _method() -> str:
    """What a digest depends on beside the parts."""
    return text_hash(code_hash() + folder_hash(data_path("ports")))


def _made(con: duckdb.DuckDBPyConnection, home: Path, paths: Sequence[str]) -> Path:
    """A digest of some parts of the lake, in `tmp/`."""
    folder = home / "tmp" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    files = [glob.escape(path) for path in paths]
    con.read_parquet(files, hive_partitioning=True).create_view("new_position")
    for name in RELATIONS:
        file = str(folder / f"{name}.parquet")
        # One statement: DuckDB's relation API plans a query twice.
        query = sql_text(f"digest/{name}")
        con.execute(f"copy ({query}) to $file (format parquet, compression zstd)", {"file": file})
        con.read_parquet(glob.escape(file)).create_view(f"new_{name}")
    for name in ("position", *RELATIONS):
        con.execute(f"drop view new_{name}")
    return folder
