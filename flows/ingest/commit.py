"""A staged file into the lake: one swap of the manifest, in one transaction."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow.parquet as pq

from flows.home.settings import BarometerError, Place, Settings
from flows.ingest.outcome import FAULTS, Outcome, failed_outcome, is_complete, is_known
from flows.ingest.rows import repeats
from flows.lake import damage
from flows.lake.entry import Entry, Manifest, Part, address, overlap, part_path
from flows.lake.manifest import adopt, connect, read_manifest, write_manifest, write_note

COUNT_SHARED = """
select count(*)
from read_parquet($part, hive_partitioning = false) as mine
semi join read_parquet($other, hive_partitioning = false) as theirs
    using (mmsi, reported_at, lon, lat)
"""
WITHOUT_SHARED = """
copy (
    select mine.*
    from read_parquet($part, hive_partitioning = false) as mine
    anti join read_parquet($other, hive_partitioning = false) as theirs
        using (mmsi, reported_at, lon, lat)
    order by mmsi, reported_at, lon, lat
) to $out (format parquet, compression zstd)
"""


class Staged(NamedTuple):
    """An input that was read completely into the folder `work`, not yet part of the lake.

    `position` is sorted by `KEY` and holds each fix once. `as_of` is what it was read by. `remarks`
    as in `Outcome`.
    """

    name: str
    source: str
    file_id: str
    fingerprint: str
    as_of: datetime
    rows_read: int
    rows_kept: int
    rows_repeated: int
    rows_rejected: int
    rows_static: int
    first_reported_at: datetime | None
    last_reported_at: datetime | None
    work: Path
    position: Path
    reject: Path
    remarks: tuple[str, ...]


def commit(staged: Staged, settings: Settings) -> Outcome:
    """Make a staged input part of the lake, whole or not at all; what was staged is gone then.

    One after the other, under the home's lock. In the order of the inputs, of two with the same
    content the first gives the name.
    """
    try:
        manifest = read_manifest(settings.place)
        try:
            known = manifest.entries.get(staged.file_id)
            if known is not None and is_complete(settings, known):
                return is_known(staged.name, known)  # its twin came in meanwhile
            changed = _commit(staged, manifest, settings)
        except FAULTS as error:
            return failed_outcome(staged.name, settings, error)
    finally:
        shutil.rmtree(staged.work, ignore_errors=True)
    return Outcome(
        staged.name, "ingested", "", changed, file_id=changed.file_id, remarks=staged.remarks
    )


def _commit(staged: Staged, manifest: Manifest, settings: Settings) -> Entry:
    """Drop shared fixes, move the parts to their places, and name them in the manifest.

    A file that the lake knows, and whose part is damaged, takes its own place again: its name and
    the versions of its parts stay, so that an older catalogue finds them too.
    """
    place = settings.place
    before = manifest.entries.get(staged.file_id)
    position: Path = staged.position
    replaced: list[tuple[Entry, Path]] = []
    if others := _at_the_same_time(staged, manifest, place):
        with connect(settings) as con:  # to open DuckDB takes ten milliseconds
            position, replaced = _without_shared(con, staged, others, place)
    moved = [_replace_position(place, old, part) for old, part in replaced]
    kept = pq.read_metadata(position).num_rows
    entry = Entry(
        file_id=staged.file_id,
        name=before.name if before and before.fingerprint else staged.name,
        source=staged.source,
        fingerprint=staged.fingerprint,
        rows_read=staged.rows_read,
        rows_kept=kept,
        rows_repeated=staged.rows_repeated + staged.rows_kept - kept,
        rows_rejected=staged.rows_rejected,
        rows_static=staged.rows_static,
        first_reported_at=staged.first_reported_at,
        last_reported_at=staged.last_reported_at,
        ingested_at=staged.as_of,
        position=_adopt(place, "position", staged, position, kept, before),
        reject=_adopt(place, "reject", staged, staged.reject, staged.rows_rejected, before),
    )
    if entry.rows_accounted != entry.rows_read:
        raise BarometerError(
            f"{staged.name}: {entry.rows_read} rows read, but {entry.rows_kept} kept, "
            f"{entry.rows_repeated} repeated, {entry.rows_rejected} rejected and "
            f"{entry.rows_static} static reports. The file was not ingested; please report this."
        )
    write_manifest(place, manifest.with_entries([*moved, entry]))
    write_note(place, entry)
    return entry


def _adopt(
    place: Place, kind: str, staged: Staged, path: Path, rows: int, before: Entry | None
) -> Part | None:
    if rows == 0:
        return None
    old: Part | None = getattr(before, kind, None)
    version = old.version if old else 0
    return adopt(place, path, part_path(kind, staged.source, staged.file_id, version))


def repeated_rows(part: Path) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Row numbers of the fixes that equal the one before them in a part sorted by `read.KEY`.

    Raises
    ------
    AssertionError
        If the part is not sorted: then equal fixes need not be neighbours.
    """
    repeated, start = [np.empty(0, dtype=np.int64)], 0
    last = None
    for batch in pq.ParquetFile(part).iter_batches(batch_size=1 << 18, columns=list(repeats.KEY)):
        columns = [batch.column(name).to_numpy(zero_copy_only=False) for name in repeats.KEY]
        if last is not None:
            columns = [np.concatenate((at, c)) for at, c in zip(last, columns, strict=True)]
        same = np.ones(len(columns[0]) - 1, dtype=bool)
        for column in columns:
            # Sorted by one column after the other: where all before are equal, this may not fall.
            assert not (same & (column[1:] < column[:-1])).any(), f"{part} is not sorted"
            same &= column[1:] == column[:-1]
        repeated.append(np.flatnonzero(same) + start + (last is None))
        start += batch.num_rows
        last = [c[-1:] for c in columns]
    return np.concatenate(repeated)


def span_of(con: duckdb.DuckDBPyConnection, part: Path) -> tuple[datetime | None, datetime | None]:
    row = con.execute(
        "select min(reported_at), max(reported_at) from read_parquet($part)", {"part": str(part)}
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _at_the_same_time(staged: Staged, manifest: Manifest, place: Place) -> list[Entry]:
    """The entries of the lake that may share a fix with the new part.

    A part that is damaged is passed over: when its file is taken in again, it is held against the
    others.
    """
    span = (staged.first_reported_at, staged.last_reported_at)
    return [
        entry
        for entry in manifest.entries.values()
        if entry.position is not None
        and entry.file_id != staged.file_id
        and overlap(span, entry.span)
        and not damage.fault_of(place, entry.position, is_hashed=False)
    ]


def _without_shared(
    con: duckdb.DuckDBPyConnection, staged: Staged, others: Iterable[Entry], place: Place
) -> tuple[Path, list[tuple[Entry, Path]]]:
    """Each fix that the new part shares with one of the lake is dropped from one of the two.

    It stays in the file with the lower `file_id`, whichever came first, so that the lake does not
    depend on the order of its inputs. Returns the new part, and the entries of the lake whose part
    must be replaced with the part to replace it.
    """
    position, replaced = staged.position, []
    for number, old in enumerate(others):
        assert old.position is not None
        mine, theirs = str(position), address(place, old.position)
        new_loses = old.file_id < staged.file_id
        part, other = (mine, theirs) if new_loses else (theirs, mine)
        names = {"part": part, "other": other}
        out = staged.work / f"unshared-{number}.parquet"
        try:
            shared = con.execute(COUNT_SHARED, names).fetchone()
            assert shared is not None
            if not shared[0]:
                continue
            con.execute(WITHOUT_SHARED, names | {"out": str(out)})
        except duckdb.Error:
            if damage.fault_of(place, old.position, is_hashed=True) is None:
                raise
            continue
        if new_loses:
            position = out
        else:
            replaced.append((old, out))
    return position, replaced


def _replace_position(place: Place, old: Entry, part: Path) -> Entry:
    """The entry with a new version of its positions; what it lost counts as repeated."""
    assert old.position is not None
    rows = pq.read_metadata(part).num_rows
    version = old.position.version + 1
    path = part_path("position", old.source, old.file_id, version)
    return old._replace(
        rows_kept=rows,
        rows_repeated=old.rows_repeated + old.rows_kept - rows,
        position=adopt(place, part, path) if rows else None,
    )
