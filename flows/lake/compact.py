"""Step 7, compact: the lake's small parts once more as few files, so that a query opens few.

A year of hourly recordings is 8,760 parts. The parts stay what the lake is: they are how a file is
known, replaced and repaired. The view `position` reads the compact files in their place, sorted by
ship and time over all of them.
"""

from __future__ import annotations

import glob
import logging
import uuid
from pathlib import Path

from flows.home import cache as derived
from flows.home.cache import Kept
from flows.home.settings import Settings
from flows.lake.columns import POSITION
from flows.lake.entry import Entry, Manifest, address
from flows.lake.manifest import connect

log = logging.getLogger("barometer.compact")

FOLDER = "compact"
METHOD = "1"
"""Version of the method; with another number all compact files are made again."""

SMALL_ROWS = 1_000_000
"""Parts with fewer rows are small (a choice): eight row groups of DuckDB's, where a day of a large
source has tens. A ship lies in one or two of either."""

FEW = 32
"""So many small parts are left as they are (a choice): a month of days costs a query nothing."""

MOST_ROWS = 4_000_000
"""About so many rows go into one compact file, so that sorting them fits in `MEMORY_LIMIT`."""

MEMORY_LIMIT = "150MB"
"""Of DuckDB, beside the run's own, with one thread."""

COLUMNS = (*POSITION, "source", "file_id")


def kept(home: Path, manifest: Manifest) -> list[Kept]:
    """The valid compact files."""
    present = [e.position.hash for e in manifest.entries.values() if e.position is not None]
    return derived.kept(home / FOLDER, METHOD, present)


def compact(settings: Settings, manifest: Manifest) -> int:
    """Compact the small parts of a lake in the home, where there are more than a few.

    A catalogue goes on reading the parts until `catalogue.point` is called for it. A lake on object
    storage is left alone.

    Returns
    -------
    int
        How many parts were compacted.
    """
    if settings.lake:
        return 0
    covered = {part for compacted in kept(settings.home, manifest) for part in compacted.parts}
    small = [
        entry
        for entry in manifest.entries.values()
        if (part := entry.position) is not None
        and part.rows < SMALL_ROWS
        and part.hash not in covered
    ]
    if len(small) <= FEW:
        return 0
    log.info("compacting %d small parts of the lake", len(small))
    for share in _shares(small):
        folder = _made(settings, share)
        parts = {part.hash: part.path for e in share if (part := e.position) is not None}
        derived.keep(settings.home / FOLDER, METHOD, folder, parts)
    return len(small)


def drop_damaged(home: Path, manifest: Manifest) -> bool:
    """Delete the compact files that are not as they were written; whether there were any.

    It reads them to their end: for when something could not be read.
    """
    holding = kept(home, manifest)
    sound = [compacted for compacted in holding if not derived.faults([compacted])]
    if len(sound) == len(holding):
        return False
    log.warning("%d compact files were damaged and are made again", len(holding) - len(sound))
    derived.prune(home / FOLDER, sound)
    return True


def _shares(small: list[Entry]) -> list[list[Entry]]:
    """The entries by their first fix, cut where they have `MOST_ROWS`."""
    shares: list[list[Entry]] = [[]]
    rows = 0
    for entry in sorted(small, key=lambda e: (str(e.first_reported_at), e.file_id)):
        if rows >= MOST_ROWS:
            shares.append([])
            rows = 0
        shares[-1].append(entry)
        rows += entry.rows_kept
    return shares


def _made(settings: Settings, entries: list[Entry]) -> Path:
    folder = settings.home / "tmp" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    paths = [
        glob.escape(address(settings.place, part))
        for entry in entries
        if (part := entry.position) is not None
    ]
    with connect(settings._replace(threads=1, memory_limit=MEMORY_LIMIT)) as con:
        con.read_parquet(paths, hive_partitioning=True).select(*COLUMNS).order(
            "mmsi, reported_at, lon, lat, file_id"
        ).write_parquet(str(folder / "position.parquet"), compression="zstd")
    return folder
