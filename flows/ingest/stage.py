"""Step 5, ingest: one file into the lake, in one streaming pass, whole or not at all."""

from __future__ import annotations

import logging
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.clock import FUTURE
from flows.home.hashes import new_hash
from flows.home.settings import BarometerError, Settings
from flows.ingest import refusal, remark, span, static, witness
from flows.ingest.commit import Staged, commit, repeated_rows, span_of
from flows.ingest.inputs import Input, inputs_of
from flows.ingest.outcome import (
    FAULTS,
    Outcome,
    Progress,
    TransientError,
    failed_outcome,
    is_complete,
    is_known,
)
from flows.ingest.rows import blocks, checks, parse, repeats
from flows.ingest.rows.headers import headers_of
from flows.ingest.tables import forms
from flows.ingest.witnesses.reading import Reading, read_json, read_table
from flows.lake import schema
from flows.lake.entry import Entry, Manifest
from flows.lake.manifest import connect, read_manifest
from flows.sources.definitions import Source
from flows.sources.layouts import Layout, UnknownHeader
from flows.sources.packings import JSON, InputFile, Member, opened

log = logging.getLogger("barometer.ingest")

REJECT, STATIC = "reject.parquet", "static.parquet"

WRITE = """
copy (
    select
        mmsi,
        reported_at,
        -- As in PACKED_SCHEMA: from -180 and -90, the latitude in the lowest 25 bits.
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
FIXES_BY_DAY = """
select
    day,
    count(*) as fixes
from (
    select distinct
        mmsi,
        reported_at,
        lon,
        lat,
        reported_at::date - $first::date as day
    from read_parquet($part, hive_partitioning = false)
)
group by day
"""
WITHOUT_ROWS = """
copy (
    select mine.* exclude (file_row_number)
    from read_parquet($part, file_row_number = true, hive_partitioning = false) as mine
    anti join dropped using (file_row_number)
    order by mmsi, reported_at, lon, lat
) to $out (format parquet, compression zstd)
"""

Prepared = Staged | Reading
"""What `commit_staged` takes: a file of positions staged, or a witness's file read."""


def ingest_file(
    file: InputFile,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Bring every table of a file into the lake and commit each; one that fails leaves no trace.

    Parameters
    ----------
    file : InputFile
        A plain, gzip, zstd or zip file.
    sources : dict
        The known layouts.
    settings : Settings
        Home and lake (made ready by `prepare_home`), as-of time and limits.
    progress : callable, optional
        See `Progress`.

    Returns
    -------
    list of Outcome
        One a member, in the archive's order.
    """
    return [
        item if isinstance(item, Outcome) else ingest_input(item, sources, settings, progress)
        for item in inputs_of([file])
    ]


def ingest_input(
    item: Input,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None = None,
    *,
    raise_transient: bool = False,
) -> Outcome:
    """Stage one input and commit it.

    Raises
    ------
    TransientError
        With `raise_transient`, where another try may help: for a caller that tries again.
    """
    staged = stage(item, sources, settings, progress)
    outcome = staged if isinstance(staged, Outcome) else commit_staged(staged, settings)
    if raise_transient and outcome.is_transient:
        raise TransientError(outcome)
    return outcome


def commit_staged(staged: Prepared, settings: Settings) -> Outcome:
    """Make what was staged part of the lake, or of the home's witnesses."""
    if isinstance(staged, Reading):
        return witness.commit(staged, settings)
    return commit(staged, settings)


def stage(
    item: Input,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None = None,
) -> Prepared | Outcome:
    """Read, validate, sort and write one input into a folder of its own in the home's `tmp/`.

    Changes nothing of the lake, so that several may be staged at once, by any process that sees the
    input and the home under the paths that are given.

    Returns
    -------
    Staged, Reading or Outcome
        For `commit_staged`; or what became of an input that is known, no AIS, or failed.
    """
    member = item.member
    work = settings.home / "tmp" / uuid.uuid4().hex
    manifest = read_manifest(settings.place)
    try:
        if witness.is_empty_answer(member):
            return Outcome(member.name, "known", "an answer without an entry")
        known = _known(member, manifest)
        if known is not None and is_complete(settings, known):
            return is_known(member.name, known)
        if known is not None:
            # What was the future then is rejected again: the repaired part is the one that was.
            settings = settings._replace(as_of=known.ingested_at)
        work.mkdir()  # not tmp/ as well: who does not see the home must not make one
        return _staged(member, sources, settings, work, progress)
    except BaseException as error:
        shutil.rmtree(work, ignore_errors=True)
        if isinstance(error, UnknownHeader):
            # Other programs keep JSON beside their files, and publishers in their archives; under
            # another name it is an error answer.
            is_other = member.name.lower().endswith(JSON)
            is_named = item.is_named and not (is_other and member.inside)
            is_failed = error.is_ais or is_named or not (error.is_table or is_other)
            state = "failed" if is_failed else "skipped"
            return Outcome(member.name, state, f"{member.name}: {error}")
        if isinstance(error, FAULTS):
            return failed_outcome(member.name, settings, error)
        raise


def _staged(
    member: Member,
    sources: dict[str, Source],
    settings: Settings,
    work: Path,
    progress: Progress | None,
) -> Prepared | Outcome:
    """A witness's file as such, any other as positions."""
    if reading := witness.staged(read_json, member, settings, work):
        return reading
    try:
        return _stage(member, sources, settings, work, progress)
    except UnknownHeader:
        if reading := witness.staged(read_table, member, settings, work):
            return reading
        raise


def _known(member: Member, manifest: Manifest) -> Entry | None:
    """The entry with the same content. The whole is hashed only where the first bytes agree."""
    suspects = {e.fingerprint for e in manifest.entries.values()}
    digest = new_hash()
    with opened(member) as stream:
        if not suspects & {blocks.read_head(stream.content, digest).fingerprint, ""}:
            return None
        while piece := stream.content.read(blocks.BLOCK_BYTES):
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
    rules = checks.Rules(settings.as_of + FUTURE, headers_of(sources.values()))
    with connect(settings) as con:  # one for all steps: to open DuckDB takes ten milliseconds
        reading = _read(con, member, sources, settings, work, progress, rules)
        own_days = None
        if span.has_gap(reading.days):
            own_days = span.own_days(_fixes_by_day(con, reading.position))
        if own_days is not None:
            rules = rules._replace(own_days=own_days)
            reading = _read(con, member, sources, settings, work, progress, rules)
        source = reading.layout.source
        kept = pq.read_metadata(reading.position).num_rows
        tally = refusal.Tally(
            kept + reading.repeated + reading.static, reading.reasons, reading.first
        )
        if why := refusal.refusal(tally, source, settings.as_of):
            raise BarometerError(f"{member.name}: {why}")
        remarks = [*remark.of_rejects(reading.reasons), *refusal.remarks(tally)]
        # Before static reports are joined, as within a block: which of two equal fixes stands
        # depends on what they say themselves.
        once = _without_own_repetitions(con, reading.position, work)
        if reading.static:
            unjoined, once = once, work / "joined.parquet"
            lonely = static.joined(con, unjoined, work / STATIC, once)
            remarks += remark.of_static_reports(lonely)
        first_reported_at, last_reported_at = span_of(con, once)
    rows_kept = pq.read_metadata(once).num_rows
    return Staged(
        name=member.name,
        source=source.source_id,
        file_id=reading.file_id,
        fingerprint=reading.fingerprint,
        as_of=settings.as_of,
        rows_read=reading.rows,
        rows_kept=rows_kept,
        rows_repeated=reading.repeated + kept - rows_kept,
        rows_rejected=reading.reasons.total(),
        rows_static=reading.static,
        first_reported_at=first_reported_at,
        last_reported_at=last_reported_at,
        work=work,
        position=once,
        reject=work / REJECT,
        remarks=(*remarks, *remark.of_columns(reading.layout, once)),
    )


class _Found(NamedTuple):
    """The result of reading a member completely; its Parquet files are in `work`.

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
    con: duckdb.DuckDBPyConnection,
    member: Member,
    sources: dict[str, Source],
    settings: Settings,
    work: Path,
    progress: Progress | None,
    rules: checks.Rules,
) -> _Found:
    digest = new_hash()
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
        head = blocks.read_head(stream.content, digest)
        known = tuple(sources.values())
        given = forms.Input(head, stream, digest, work, known, rules, settings.threads)
        layout, ahead = forms.rows_of(given)

        def batches() -> Iterator[pa.RecordBatch]:
            nonlocal rows, repeated, days, failure
            try:
                for parsed in ahead:
                    rows += parsed.row_count
                    repeated += parsed.repeated
                    days = parse.added(days, parsed.days)
                    if parsed.rejects:
                        table = parse.rejects_table(parsed.rejects)
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

        incoming = pa.RecordBatchReader.from_batches(repeats.PACKED_SCHEMA, batches())
        # Their threads end before the stream that they read is closed.
        with closing(ahead):
            con.register("incoming", incoming)
            try:
                con.execute(WRITE, {"out": str(position)})
            except duckdb.Error:
                if failure is not None:
                    raise failure from failure.__cause__
                raise
            finally:
                con.unregister("incoming")
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


def _fixes_by_day(
    con: duckdb.DuckDBPyConnection, part: Path
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The fixes of a part by day, each once, counted from `FIRST_DAY`."""
    names = {"part": str(part), "first": checks.FIRST_DAY.item()}
    counted = con.execute(FIXES_BY_DAY, names).to_arrow_table()
    day = counted["day"].to_numpy()
    counts = np.zeros(day.max() + 1, dtype=np.int64)
    counts[day] = counted["fixes"].to_numpy()
    return counts


def _without_own_repetitions(con: duckdb.DuckDBPyConnection, part: Path, work: Path) -> Path:
    """The part with each fix once; `repeats.repetitions` selects which of several equals."""
    repeated = repeated_rows(part)
    if not len(repeated):
        return part
    out = work / "once.parquet"
    suspect = np.union1d(repeated, repeated - 1)
    con.register("suspect", pa.table({"file_row_number": suspect}))
    equal = con.execute(ROWS, {"part": str(part)}).to_arrow_table()
    dropped = suspect[repeats.repetitions(equal, repeats.KEY)]
    con.register("dropped", pa.table({"file_row_number": dropped}))
    con.execute(WITHOUT_ROWS, {"part": str(part), "out": str(out)})
    return out
