"""Step 5, ingest: one CSV into the lake, in one streaming pass, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import logging
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.file_names import shown_name
from flows.home.settings import BarometerError, Place, Settings
from flows.ingest import parse as read
from flows.ingest import refusal, remark, span, static
from flows.ingest.headers import headers_of
from flows.ingest.known import Memory
from flows.lake import manifest as lake
from flows.lake import schema, store
from flows.lake.manifest import Entry, Manifest
from flows.sources.layouts import Layout, Source, UnknownHeader, told_or_refused
from flows.sources.packings import InputFile, Member, find_files, members, opened

log = logging.getLogger("barometer.ingest")

Progress = Callable[[str, int, int, int], None]
"""Told from time to time: the input's name, bytes of its file on disk that were read, the size of
that file, rows so far."""

FAULTS = (
    *(BarometerError, OSError, MemoryError),
    *(duckdb.Error, pa.ArrowException),
)
"""What reading an input or writing the lake may raise, and no other input should end for."""

MAY_PASS = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENETUNREACH)
"""Faults of reading for which the network or the drive is to blame, not the file."""

REJECT, STATIC = "reject.parquet", "static.parquet"

WRITE = """
copy (
    select
        mmsi,
        reported_at,
        -- As PACKED_SCHEMA (read.py) says: from -180 and -90, the latitude in the lowest 25 bits.
        ((place >> 25) - 18000000) / 1e5 as lon,
        ((place & 33554431) - 9000000) / 1e5 as lat,
        * exclude (mmsi, reported_at, place)
    from (
        select * exclude (is_kept)
        from incoming
        -- A plain is_kept would be handed down to pyarrow, which copies all columns to filter it.
        where coalesce(is_kept, false)
        -- A key of three columns fits in the 24 bytes that DuckDB sorts as they are, and one of
        -- four, with lon and lat, takes half as long again.
        order by mmsi, reported_at, place
    )
    -- Level 1 takes a seventh less work than DuckDB's 3, the sort included, and the file of the
    -- day of `make bench` is a third larger. Version 2 of the format, which encodes differences,
    -- takes half of that back; tried with DuckDB 1.1.3, pyarrow 26 and polars 2.1.
) to $out (format parquet, compression zstd, compression_level 1, parquet_version v2)
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
    writing failed, not the content. `file_id`: of a content that is in the lake. `remarks` say what
    the operator should know of an input that went in; those of one kind are alike, so that they can
    be told once for many files.
    """

    name: str
    state: str
    message: str = ""
    entry: Entry | None = None
    is_transient: bool = False
    file_id: str | None = None
    remarks: tuple[str, ...] = ()


class TransientError(Exception):
    """An input failed for a reason that may pass: the disk or a network drive, not its content."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome

    def __str__(self) -> str:
        return self.outcome.message


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
            failed.append(Outcome(shown_name(path), "failed", str(error)))
        else:
            good.append(path)
    return find_files(good), failed


class Input(NamedTuple):
    """One CSV to take in. `is_named`: its file was given by the user himself."""

    member: Member
    is_named: bool


def inputs_of(
    files: Iterable[InputFile], manifest: Manifest | None = None, memory: Memory | None = None
) -> Iterator[Input | Outcome]:
    """Every CSV of the files, in order; a failed outcome for a file that cannot be opened.

    With the manifest and the memory of known files, those are not opened; the memory gets the
    outcomes, in this order, by `Memory.take`.
    """
    for file in files:
        if memory is not None and manifest is not None:
            recalled = memory.recall(file.path, manifest)
            if recalled is not None:
                memory.expect(None, len(recalled))
                yield from (_is_known(name, entry) for name, entry in recalled)
                continue
        if memory is not None:
            memory.look(file.path)
        try:
            found = members(file.path)
        except BarometerError as error:
            if memory is not None:
                memory.expect(None, 1)
            yield Outcome(shown_name(file.path.name), "failed", str(error))
            continue
        if memory is not None:
            memory.expect(file.path, len(found))
        for member in found:
            if isinstance(member, BarometerError):
                yield Outcome(str(member).partition(": ")[0], "failed", str(member))
            else:
                yield Input(member, file.is_named)


def ingest_file(
    file: InputFile,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Bring every CSV of a file into the lake and commit each; one that fails leaves no trace.

    Parameters
    ----------
    file : InputFile
        A plain, gzip, zstd or zip file.
    sources : dict
        The known layouts.
    settings : Settings
        Home and lake (made ready by `lake.prepare`), as-of time and limits.
    progress : callable, optional
        See `Progress`.

    Returns
    -------
    list of Outcome
        One a member, in the archive's order.
    """
    return [
        one if isinstance(one, Outcome) else ingest_input(one, sources, settings, progress)
        for one in inputs_of([file])
    ]


def ingest_input(
    given: Input,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None = None,
    *,
    raise_transient: bool = False,
) -> Outcome:
    """Stage one CSV and commit it.

    Raises
    ------
    TransientError
        With `raise_transient`, where another try may help: for a caller that tries again.
    """
    staged = stage(given, sources, settings, progress)
    outcome = staged if isinstance(staged, Outcome) else commit(staged, settings)
    if raise_transient and outcome.is_transient:
        raise TransientError(outcome)
    return outcome


class Staged(NamedTuple):
    """An input that was read to its end and lies in `work`, not yet part of the lake.

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


def stage(
    given: Input,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None = None,
) -> Staged | Outcome:
    """Read, validate, sort and write one CSV into a folder of its own in the home's `tmp/`.

    Changes nothing of the lake, so that several may be staged at once, by any process that sees the
    input and the home under the paths that are given.

    Returns
    -------
    Staged or Outcome
        For `commit`; or what became of an input that is known, no AIS, or failed.
    """
    member = given.member
    work = settings.home / "tmp" / uuid.uuid4().hex
    manifest = lake.read_manifest(settings.place)
    try:
        known = _known(member, manifest)
        if known is not None and _is_complete(settings, known):
            return _is_known(member.name, known)
        if known is not None:
            # What was the future then is rejected again: the repaired part is the one that was.
            settings = settings._replace(as_of=known.ingested_at)
        work.mkdir()  # not tmp/ as well: who does not see the home must not make one
        return _stage(member, sources, settings, work, progress)
    except BaseException as error:
        shutil.rmtree(work, ignore_errors=True)
        if isinstance(error, UnknownHeader):
            is_failed = error.is_ais or not error.is_table or given.is_named
            state = "failed" if is_failed else "skipped"
            return Outcome(member.name, state, f"{member.name}: {error}")
        if isinstance(error, FAULTS):
            return _failed(member.name, settings, error)
        raise


def commit(staged: Staged, settings: Settings) -> Outcome:
    """Make a staged input part of the lake, whole or not at all; what was staged is gone then.

    One after the other, under the home's lock. In the order of the inputs, of two with the same
    content the first gives the name.
    """
    try:
        manifest = lake.read_manifest(settings.place)
        try:
            known = manifest.entries.get(staged.file_id)
            if known is not None and _is_complete(settings, known):
                return _is_known(staged.name, known)  # its twin came in meanwhile
            changed = _commit(staged, manifest, settings)
        except FAULTS as error:
            return _failed(staged.name, settings, error)
    finally:
        shutil.rmtree(staged.work, ignore_errors=True)
    return Outcome(
        staged.name, "ingested", "", changed, file_id=changed.file_id, remarks=staged.remarks
    )


def _is_complete(settings: Settings, known: Entry) -> bool:
    """Whether an input need not be read again: its parts are sound, and its ledger is whole.

    Of an entry that was recovered without a note the fingerprint is not known, nor is the rest.
    """
    return bool(known.fingerprint) and lake.is_sound(settings.place, known)


def _is_known(name: str, known: Entry) -> Outcome:
    message = f"is {known.name} of {known.ingested_at:%F}"
    return Outcome(name, "known", message, file_id=known.file_id)


def _failed(name: str, settings: Settings, error: BaseException) -> Outcome:
    if isinstance(error, BarometerError):
        text = str(error)
        return Outcome(
            name,
            "failed",
            text if name in text else f"{name}: {text}",
            is_transient=isinstance(error, store.ConflictError)
            or getattr(error.__cause__, "errno", None) in MAY_PASS,
        )
    why = (str(error) or type(error).__name__).splitlines()[0]
    check = "Check the disk's free space, its rights and the memory limit"
    if settings.lake:
        check += f", and whether {settings.lake} can be reached and written"
    return Outcome(
        name,
        "failed",
        f"{name}: not written to {settings.home} ({why}). {check}; the lake is as it was.",
        is_transient=True,
    )


def _known(member: Member, manifest: Manifest) -> Entry | None:
    """The entry with the same content. The whole is hashed only where the first bytes agree."""
    suspects = {e.fingerprint for e in manifest.entries.values()}
    digest = hashlib.blake2b(digest_size=32)
    with opened(member) as stream:
        if not suspects & {read.read_head(stream.content, digest).fingerprint, ""}:
            return None
        while piece := stream.content.read(read.BLOCK_BYTES):
            digest.update(piece)
    return manifest.entries.get(digest.hexdigest())


def _stage(
    member: Member,
    sources: dict[str, Source],
    settings: Settings,
    work: Path,
    progress: Progress | None,
) -> Staged:
    """Read, validate, sort and write one member; memory does not grow with its size.

    A file that has rows of a wrong clock is read twice: which rows these are is known at its end.
    """
    rules = read.Rules(settings.as_of + read.FUTURE, headers_of(sources.values()))
    found = _read(member, sources, settings, work, progress, rules)
    own_days = span.own_days(found.days)
    if own_days is not None:
        rules = rules._replace(own_days=own_days)
        found = _read(member, sources, settings, work, progress, rules)
    source = found.layout.source
    kept = pq.read_metadata(found.position).num_rows
    tally = refusal.Tally(kept + found.repeated + found.static, found.reasons, found.first)
    if why := refusal.refusal(tally, source, settings.as_of):
        raise BarometerError(f"{member.name}: {why}")
    position, remarks = found.position, list(remark.of_rejects(found.reasons))
    with lake.connect(settings) as con:
        if found.static:
            position = work / "joined.parquet"
            lonely = static.joined(con, found.position, work / STATIC, position)
            remarks += remark.of_static_reports(lonely)
        once = _without_own_repetitions(con, position, work)
        first_reported_at, last_reported_at = _span(con, once)
    rows_kept = pq.read_metadata(once).num_rows
    return Staged(
        name=member.name,
        source=source.source_id,
        file_id=found.file_id,
        fingerprint=found.fingerprint,
        as_of=settings.as_of,
        rows_read=found.rows,
        rows_kept=rows_kept,
        rows_repeated=found.repeated + kept - rows_kept,
        rows_rejected=found.reasons.total(),
        rows_static=found.static,
        first_reported_at=first_reported_at,
        last_reported_at=last_reported_at,
        work=work,
        position=once,
        reject=work / REJECT,
        remarks=(*remarks, *remark.of_columns(found.layout, once)),
    )


class _Found(NamedTuple):
    """What a reading of a whole member gave; its Parquet files lie in `work`.

    `layout` is that of its first header; `reasons` counts the rejects, `first` has the first line
    of each reason, and `days` the positions by day, as `read.Parsed` has them.
    """

    layout: Layout
    file_id: str
    fingerprint: str
    rows: int
    repeated: int
    static: int
    reasons: Counter[str]
    first: dict[str, tuple[int, str]]
    days: np.ndarray[tuple[int], np.dtype[np.int64]]
    position: Path


def _read(
    member: Member,
    sources: dict[str, Source],
    settings: Settings,
    work: Path,
    progress: Progress | None,
    rules: read.Rules,
) -> _Found:
    digest = hashlib.blake2b(digest_size=32)
    rows = repeated = 0
    reasons: Counter[str] = Counter()
    first: dict[str, tuple[int, str]] = {}
    days = np.zeros(0, dtype=np.int64)
    failure: BaseException | None = None
    size = member.path.stat().st_size
    position = work / "position.parquet"
    with (
        opened(member) as stream,
        pq.ParquetWriter(work / REJECT, schema.REJECT_SCHEMA) as rejects,
        static.StaticReports(work / STATIC) as reports,
    ):
        head = read.read_head(stream.content, digest)
        layout = told_or_refused(head.text, head.rest, sources.values())
        cut = read.read_ahead(read.blocks(stream.content, digest, head.rest, head.line_number + 1))
        ahead = read.parsed(cut, layout, rules, settings.threads)

        def batches() -> Iterator[pa.RecordBatch]:
            nonlocal rows, repeated, days, failure
            try:
                for parsed in ahead:
                    rows += parsed.row_count
                    repeated += parsed.repeated
                    days = read.added(days, parsed.days)
                    if parsed.rejects:
                        table = read.rejects_table(parsed.rejects)
                        rejects.write_table(table)
                        _count(table, reasons, first)
                    for batch in parsed.static:
                        reports.add(batch)
                    if progress is not None:
                        progress(member.name, stream.raw.tell(), size, rows)
                    yield from parsed.batches
            except GeneratorExit:
                raise
            except BaseException as error:
                # DuckDB would wrap it in an error of its own, without its type.
                failure = error
                raise

        incoming = pa.RecordBatchReader.from_batches(read.PACKED_SCHEMA, batches())
        # Their threads end before the stream that they read is closed.
        with closing(cut), closing(ahead), lake.connect(settings) as con:
            con.register("incoming", incoming)
            try:
                con.execute(WRITE, {"out": str(position)})
            except duckdb.Error:
                if failure is not None:
                    raise failure from failure.__cause__
                raise
    return _Found(
        layout=layout,
        file_id=digest.hexdigest(),
        fingerprint=head.fingerprint,
        rows=rows,
        repeated=repeated,
        static=reports.rows,
        reasons=reasons,
        first=first,
        days=days,
        position=position,
    )


def _count(table: pa.Table, reasons: Counter[str], first: dict[str, tuple[int, str]]) -> None:
    """Add rejects to the counts by reason, and the line and text of the first of each."""
    for number, why in enumerate(table["reason"].to_pylist()):
        reasons[why] += 1
        if why not in first:
            first[why] = table["line"][number].as_py(), table["raw"][number].as_py()


def _commit(staged: Staged, manifest: Manifest, settings: Settings) -> Entry:
    """Drop shared fixes, move the parts to their places, and name them in the manifest.

    A file that the lake knows, and whose part is damaged, takes its own place again: its name and
    the versions of its parts stay, so that an older catalogue finds them too.
    """
    place = settings.place
    before = manifest.entries.get(staged.file_id)
    with lake.connect(settings) as con:
        position, replaced = _without_shared(con, staged, manifest, place)
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
    if lake.accounted(entry) != entry.rows_read:
        raise BarometerError(
            f"{staged.name}: {entry.rows_read} rows read, but {entry.rows_kept} kept, "
            f"{entry.rows_repeated} repeated, {entry.rows_rejected} rejected and "
            f"{entry.rows_static} static reports. The file was not taken in; please report this."
        )
    lake.write_manifest(place, manifest.with_entries([*moved, entry]))
    lake.write_note(place, entry)
    return entry


def _adopt(
    place: Place, kind: str, staged: Staged, path: Path, rows: int, before: Entry | None
) -> lake.Part | None:
    if rows == 0:
        return None
    old: lake.Part | None = getattr(before, kind, None)
    version = lake.version_of(old) if old else 0
    return lake.adopt(place, path, lake.part_path(kind, staged.source, staged.file_id, version))


def _without_own_repetitions(con: duckdb.DuckDBPyConnection, part: Path, work: Path) -> Path:
    """The part with each fix once; `read.repetitions` tells which of its equals."""
    repeated = repeated_rows(part)
    if not len(repeated):
        return part
    out = work / "once.parquet"
    suspect = np.union1d(repeated, repeated - 1)
    con.register("suspect", pa.table({"file_row_number": suspect}))
    equal = con.execute(ROWS, {"part": str(part)}).to_arrow_table()
    dropped = suspect[read.repetitions(equal, read.KEY)]
    con.register("dropped", pa.table({"file_row_number": dropped}))
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
    con: duckdb.DuckDBPyConnection, staged: Staged, manifest: Manifest, place: Place
) -> tuple[Path, list[tuple[Entry, Path]]]:
    """Each fix that the new part shares with one of the lake is dropped from one of the two.

    It stays in the file with the lower `file_id`, whichever came first, so that the lake does not
    depend on the order of its inputs. A part that is damaged is passed over: when its file
    is taken in again, it is held against the others. Returns the new part, and the entries of the
    lake whose part must be replaced with the part to replace it.
    """
    position, replaced = staged.position, []
    span = (staged.first_reported_at, staged.last_reported_at)
    for number, old in enumerate(manifest.entries.values()):
        if old.position is None or not lake.overlap(span, lake.span(old)):
            continue
        if old.file_id == staged.file_id or lake.fault_of(place, old.position, is_hashed=False):
            continue
        mine, theirs = str(position), lake.address(place, old.position)
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
            if lake.fault_of(place, old.position, is_hashed=True) is None:
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
    version = lake.version_of(old.position) + 1
    path = lake.part_path("position", old.source, old.file_id, version)
    return old._replace(
        rows_kept=rows,
        rows_repeated=old.rows_repeated + old.rows_kept - rows,
        position=lake.adopt(place, part, path) if rows else None,
    )
