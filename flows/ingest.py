"""Step 5, ingest: one CSV into the lake, in one streaming pass, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import logging
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows import lake, read
from flows.files import InputFile, Member, find_files, members, opened
from flows.lake import Entry, Manifest
from flows.settings import BarometerError, Settings
from flows.sources import Source, UnknownHeader, tell_source

log = logging.getLogger("barometer.ingest")

Progress = Callable[[str, int, int, int], None]
"""Told from time to time: the input's name, bytes of its file on disk that were read, the size of
that file, rows so far."""

MAY_PASS = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENETUNREACH)
"""Faults of reading for which the network or the drive is to blame, not the file."""

WRITE = """
copy (
    select * exclude (is_kept)
    from incoming
    -- A plain is_kept would be handed down to pyarrow, which copies every column to filter it.
    where coalesce(is_kept, false)
    -- By lon and lat, in hundred-thousandths of a degree in one number: a key of three columns fits
    -- in the 24 bytes that DuckDB sorts as they are, and one of four takes half as long again.
    order by mmsi, reported_at, round(lon * 1e5)::bigint * 100000000 + round(lat * 1e5)::bigint
    -- Level 1 takes a seventh less work than DuckDB's 3, the sort included, and the file of the
    -- day of `make bench` is a third larger.
) to $out (format parquet, compression zstd, compression_level 1)
"""
ROWS = """
select *
from read_parquet($part, file_row_number = true, hive_partitioning = false)
semi join suspect using (file_row_number)
order by file_row_number
"""
WITHOUT_ROWS = """
copy (
    select mine.* exclude (file_row_number)
    from read_parquet($part, file_row_number = true, hive_partitioning = false) as mine
    anti join dropped using (file_row_number)
    order by mmsi, reported_at, lon, lat
) to $out (format parquet, compression zstd)
"""
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


class Outcome(NamedTuple):
    """What became of one input.

    `state` is ``ingested``, ``known`` (its content is in the lake already), ``skipped`` (found in a
    folder, and not AIS) or ``failed``; `message` says why for the last two. `is_transient`: the
    writing failed, not the content.
    """

    name: str
    state: str
    message: str = ""
    entry: Entry | None = None
    is_transient: bool = False


class TransientError(Exception):
    """An input failed for a reason that may pass: the disk or a network drive, not its content."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


def find_inputs(paths: Sequence[str | Path]) -> tuple[list[InputFile], list[Outcome]]:
    """The files below the paths, and a failed outcome for each path that gives none.

    A wrong path, such as a drive that is not mounted, does not keep the others from going in.
    """
    good: list[str | Path] = []
    failed = []
    for path in paths:
        try:
            find_files([path])
        except BarometerError as error:
            failed.append(Outcome(str(path), "failed", str(error)))
        else:
            good.append(path)
    return find_files(good), failed


def ingest_file(
    file: InputFile,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None = None,
    *,
    raise_transient: bool = False,
) -> list[Outcome]:
    """Bring every CSV of a file into the lake and commit each; one that fails leaves no trace.

    Parameters
    ----------
    file : InputFile
        A plain, gzip, zstd or zip file.
    sources : dict
        The known layouts.
    settings : Settings
        Home (made ready by `lake.prepare`), as-of time and limits.
    progress : callable, optional
        See `Progress`.
    raise_transient : bool
        Raise `TransientError` where another try may help, for a caller that tries again: the
        members that went in are known by then.

    Returns
    -------
    list of Outcome
        One a member, in the archive's order.
    """
    try:
        found = members(file.path)
    except BarometerError as error:
        return [Outcome(file.path.name, "failed", str(error))]
    outcomes = []
    for member in found:
        outcome = _ingest_member(file, member, sources, settings, progress)
        if raise_transient and outcome.is_transient:
            raise TransientError(outcome)
        outcomes.append(outcome)
    return outcomes


def _ingest_member(
    file: InputFile,
    member: Member,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None,
) -> Outcome:
    manifest = lake.read_manifest(settings.home)
    work = settings.home / "tmp" / uuid.uuid4().hex
    try:
        known = _known(member, manifest)
        if known is not None and lake.is_sound(settings.home, known):
            return Outcome(member.name, "known", f"is {known.name} of {known.ingested_at:%F}")
        if known is not None:
            # What was the future then is rejected again: the repaired part is the one that was.
            settings = settings._replace(as_of=known.ingested_at)
        work.mkdir(parents=True)
        staged = _stage(member, sources, settings, work, progress)
        changed = _commit(staged, manifest, settings, work)
    except UnknownHeader as error:
        state = "failed" if error.is_ais or file.is_named else "skipped"
        return Outcome(member.name, state, f"{member.name}: {error}")
    except BarometerError as error:
        text = str(error)
        return Outcome(
            member.name,
            "failed",
            text if member.name in text else f"{member.name}: {text}",
            is_transient=getattr(error.__cause__, "errno", None) in MAY_PASS,
        )
    except (duckdb.IOException, duckdb.OutOfMemoryException, MemoryError, OSError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        return Outcome(
            member.name,
            "failed",
            f"{member.name}: not written to {settings.home} ({why}). Check the disk's free space, "
            "its rights and the memory limit; the lake is as it was.",
            is_transient=True,
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Outcome(member.name, "ingested", "", changed)


def _known(member: Member, manifest: Manifest) -> Entry | None:
    """The entry with the same content. The whole is hashed only where the first bytes agree."""
    suspects = {e.fingerprint for e in manifest.entries.values()}
    digest = hashlib.blake2b(digest_size=32)
    with opened(member) as stream:
        if read.read_head(stream.content, digest).fingerprint not in suspects:
            return None
        while piece := stream.content.read(read.CHUNK_BYTES):
            digest.update(piece)
    return manifest.entries.get(digest.hexdigest())


class Staged(NamedTuple):
    """An input that was read to its end and lies in `tmp/`, not yet part of the lake."""

    name: str
    source: str
    file_id: str
    fingerprint: str
    rows_read: int
    rows_rejected: int
    rows_repeated: int
    position: Path
    reject: Path


def _stage(
    member: Member,
    sources: dict[str, Source],
    settings: Settings,
    work: Path,
    progress: Progress | None,
) -> Staged:
    """Read, validate, sort and write one member; memory does not grow with its size."""
    digest = hashlib.blake2b(digest_size=32)
    rows_read = rows_rejected = rows_repeated = 0
    failure: BaseException | None = None
    size = member.path.stat().st_size
    position, reject = work / "position.parquet", work / "reject.parquet"
    with opened(member) as stream, pq.ParquetWriter(reject, read.REJECT_SCHEMA) as rejects:
        head = read.read_head(stream.content, digest)
        layout = tell_source(head.text, sources.values())
        parse = read.parser(
            layout, read.decimal_mark(layout, head.rest), settings.as_of + read.FUTURE
        )
        cut = read.read_ahead(read.blocks(stream.content, digest, head.rest, head.line_number + 1))
        ahead = read.in_order(parse, cut, settings.threads)

        def batches() -> Iterator[pa.RecordBatch]:
            nonlocal rows_read, rows_rejected, rows_repeated, failure
            try:
                for parsed in ahead:
                    rows_read += parsed.row_count
                    rows_rejected += len(parsed.rejects)
                    rows_repeated += parsed.repeated
                    if parsed.rejects:
                        rejects.write_table(read.rejects_table(parsed.rejects))
                    if progress is not None:
                        progress(member.name, stream.raw.tell(), size, rows_read)
                    yield from parsed.batches
            except GeneratorExit:
                raise
            except BaseException as error:
                # DuckDB would wrap it in an error of its own, without its type.
                failure = error
                raise

        incoming = pa.RecordBatchReader.from_batches(read.MARKED_SCHEMA, batches())
        # Their threads end before the stream that they read is closed.
        with closing(cut), closing(ahead), lake.connect(settings) as con:
            con.register("incoming", incoming)
            try:
                con.execute(WRITE, {"out": str(position)})
            except duckdb.Error:
                if failure is not None:
                    raise failure from failure.__cause__
                raise
    return Staged(
        name=member.name,
        source=layout.source.source_id,
        file_id=digest.hexdigest(),
        fingerprint=head.fingerprint,
        rows_read=rows_read,
        rows_rejected=rows_rejected,
        rows_repeated=rows_repeated,
        position=position,
        reject=reject,
    )


def _commit(staged: Staged, manifest: Manifest, settings: Settings, work: Path) -> Entry:
    """Drop repetitions, move the parts to their places, and name them in the manifest.

    A file that the lake knows, and whose part is damaged, takes its own place again: its name and
    the versions of its parts stay, so that an older catalogue finds them too.
    """
    home = settings.home
    before = manifest.entries.get(staged.file_id)
    with lake.connect(settings) as con:
        position = _without_own_repetitions(con, staged.position, work)
        span = _span(con, position)
        position, replaced = _without_shared(con, staged, position, span, manifest, home, work)
    moved = [_replace_position(home, old, part) for old, part in replaced]
    kept = pq.read_metadata(position).num_rows
    entry = Entry(
        file_id=staged.file_id,
        name=before.name if before else staged.name,
        source=staged.source,
        fingerprint=staged.fingerprint,
        rows_read=staged.rows_read,
        rows_kept=kept,
        rows_repeated=staged.rows_repeated + pq.read_metadata(staged.position).num_rows - kept,
        rows_rejected=staged.rows_rejected,
        first_reported_at=span[0],
        last_reported_at=span[1],
        ingested_at=settings.as_of,
        position=_adopt(home, "position", staged, position, kept, before),
        reject=_adopt(home, "reject", staged, staged.reject, staged.rows_rejected, before),
    )
    if entry.rows_kept + entry.rows_repeated + entry.rows_rejected != entry.rows_read:
        raise BarometerError(
            f"{staged.name}: {entry.rows_read} rows read, but {entry.rows_kept} kept, "
            f"{entry.rows_repeated} repeated and {entry.rows_rejected} rejected. "
            "The file was not taken in; please report this."
        )
    lake.write_manifest(home, manifest.with_entries([*moved, entry]))
    return entry


def _adopt(
    home: Path, kind: str, staged: Staged, path: Path, rows: int, before: Entry | None
) -> lake.Part | None:
    if rows == 0:
        return None
    old: lake.Part | None = getattr(before, kind, None)
    version = int(Path(old.path).stem) if old else 0
    return lake.adopt(home, path, lake.part_path(kind, staged.source, staged.file_id, version))


def _without_own_repetitions(con: duckdb.DuckDBPyConnection, part: Path, work: Path) -> Path:
    """The part with each fix once; `read.repetitions` tells which of its equals."""
    repeated = repeated_rows(part)
    if not len(repeated):
        return part
    out = work / "once.parquet"
    suspect = np.union1d(repeated, repeated - 1)
    con.register("suspect", pa.table({"file_row_number": suspect}))
    equal = con.execute(ROWS, {"part": str(part)}).to_arrow_table()
    con.register("dropped", pa.table({"file_row_number": suspect[read.repetitions(equal)]}))
    con.execute(WITHOUT_ROWS, {"part": str(part), "out": str(out)})
    return out


def repeated_rows(part: Path) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Row numbers of the fixes that equal the one before them in a part sorted by `read.KEY`.

    Raises
    ------
    AssertionError
        If the part is not sorted: then equal fixes need not be neighbours.
    """
    found, start = [np.empty(0, dtype=np.int64)], 0
    last = None
    for batch in pq.ParquetFile(part).iter_batches(batch_size=1 << 18, columns=list(read.KEY)):
        columns = [batch.column(name).to_numpy(zero_copy_only=False) for name in read.KEY]
        if last is not None:
            columns = [np.concatenate((at, c)) for at, c in zip(last, columns, strict=True)]
        same = np.ones(len(columns[0]) - 1, dtype=bool)
        for column in columns:
            # Sorted by one column after the other: where all before are equal, this may not fall.
            assert not (same & (column[1:] < column[:-1])).any(), f"{part} is not sorted"
            same &= column[1:] == column[:-1]
        found.append(np.flatnonzero(same) + start + (last is None))
        start += batch.num_rows
        last = [c[-1:] for c in columns]
    return np.concatenate(found)


def _span(con: duckdb.DuckDBPyConnection, part: Path) -> tuple[datetime | None, datetime | None]:
    row = con.execute(
        "select min(reported_at), max(reported_at) from read_parquet($part)", {"part": str(part)}
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _without_shared(
    con: duckdb.DuckDBPyConnection,
    staged: Staged,
    position: Path,
    span: tuple[datetime | None, datetime | None],
    manifest: Manifest,
    home: Path,
    work: Path,
) -> tuple[Path, list[tuple[Entry, Path]]]:
    """Each fix that the new part shares with one of the lake is dropped from one of the two.

    It stays in the file with the lower `file_id`, whichever came first, so that the lake does not
    depend on the order of its inputs. A part that is missing or cut is passed over: when its file
    is taken in again, it is held against the others. Returns the new part, and the entries of the
    lake whose part must be replaced with the part to replace it.
    """
    replaced = []
    for number, old in enumerate(manifest.entries.values()):
        if old.position is None or not _overlap(
            span, (old.first_reported_at, old.last_reported_at)
        ):
            continue
        if old.file_id == staged.file_id or lake.fault_of(home, old.position, is_hashed=False):
            continue
        theirs = home / old.position.path
        new_loses = old.file_id < staged.file_id
        part, other = (position, theirs) if new_loses else (theirs, position)
        names = {"part": str(part), "other": str(other)}
        shared = con.execute(COUNT_SHARED, names).fetchone()
        assert shared is not None
        if not shared[0]:
            continue
        out = work / f"unshared-{number}.parquet"
        con.execute(WITHOUT_SHARED, names | {"out": str(out)})
        if new_loses:
            position = out
        else:
            replaced.append((old, out))
    return position, replaced


def _overlap(
    one: tuple[datetime | None, datetime | None], two: tuple[datetime | None, datetime | None]
) -> bool:
    if one[0] is None or one[1] is None or two[0] is None or two[1] is None:
        return False
    return one[0] <= two[1] and two[0] <= one[1]


def _replace_position(home: Path, old: Entry, part: Path) -> Entry:
    """The entry with a new version of its positions; what it lost counts as repeated."""
    assert old.position is not None
    rows = pq.read_metadata(part).num_rows
    version = int(Path(old.position.path).stem) + 1
    path = lake.part_path("position", old.source, old.file_id, version)
    return old._replace(
        rows_kept=rows,
        rows_repeated=old.rows_repeated + old.rows_kept - rows,
        position=lake.adopt(home, part, path) if rows else None,
    )
