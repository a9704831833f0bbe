"""Recover: a lost manifest, rebuilt from the files of the lake. Nothing is deleted.

The rows come from the Parquet files, everything else from the note of the input (see
`flows.lake.notes`), a manifest that is older, the catalogue, or the history, in this order; what
none of them knows is said, and such an input is read anew when it is given again. Of a file's
versions the lowest counts, which lost the fewest rows to others; what two inputs share then stays
in the lower of them, as in an ingest.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.clock import utc_now
from flows.home.durable import make_folder, sync_folder
from flows.home.history import RUN, read_history
from flows.home.settings import Place, Settings
from flows.ingest.commit import COUNT_SHARED, WITHOUT_SHARED
from flows.lake import losses, notes, prepare, store
from flows.lake.entry import Entry, Manifest, Part, address, overlap, part_path, version_of_path
from flows.lake.manifest import (
    CATALOGUE,
    MANIFEST,
    DamagedManifest,
    adopt,
    connect,
    described,
    find_manifest,
    stored_files,
    write_manifest,
    write_note,
)
from flows.lake.schema import POSITION_SCHEMA, REJECT_SCHEMA

LOST = "lost"
"""Folder of the lake for files without a recoverable entry."""

UNKNOWN_NAME = "(name unknown)"

SPAN = """
select min(reported_at), max(reported_at)
from read_parquet($part, hive_partitioning = false)
"""
LEDGER = """
select
    file_id,
    name,
    source,
    rows_read,
    rows_kept,
    rows_rejected,
    first_reported_at::varchar as first_reported_at,
    last_reported_at::varchar as last_reported_at,
    ingested_at::varchar as ingested_at
from source_file
order by file_id
"""

Facts = dict[str, Any]


class _Stored(NamedTuple):
    """The files of an input: its source, and by kind the paths, the best first."""

    source: str
    paths: dict[str, list[str]]


def recovered(settings: Settings) -> list[str]:
    """Rebuild what was lost of a home, its histories and its manifest, as far as it can be.

    Returns what was done, and what could not be known, a sentence each. The caller has the lock.
    """
    return [*losses.restore(settings), *recover(settings)]


def recover(settings: Settings) -> list[str]:
    """Rebuild the manifest of a lake where it is lost, damaged, or not of this lake.

    Parameters
    ----------
    settings : Settings
        The home, locked.

    Returns
    -------
    list of str
        What was done, and what could not be known, a sentence each.

    Raises
    ------
    BarometerError
        If the manifest cannot be opened, or is of a later version.
    OSError
        If a folder or a file of the lake may not be read. Nothing was changed.
    """
    place = settings.place
    noted, is_damaged = notes.noted(place), False
    try:
        before = find_manifest(place)
    except DamagedManifest:
        before, is_damaged = None, True
    if before is not None and not prepare.unnamed(settings.home, place, before, noted):
        return ["the manifest is whole and of this lake; nothing was rebuilt"]
    stored = _stored(place)
    catalogue = _of_catalogue(settings.home)
    history = _of_history(settings.home)
    known = {**history, **catalogue, **(_of_manifest(before) if before else {})}
    facts_of = {
        file_id: {**known.get(file_id, {}), **(notes.read_note(place, file_id) or {})}
        for file_id in sorted(noted | known.keys() | stored.keys())
    }
    report: list[str] = []
    lost: list[str] = []
    entries: list[Entry] = []
    with connect(settings) as con:
        for file_id, files in sorted(stored.items()):
            entry, why = _entry(con, settings, file_id, files, facts_of[file_id])
            if entry is not None:
                entries.append(entry)
            if why:
                (lost if entry is None else report).append(why)
        bare = {file_id: facts_of[file_id] for file_id in facts_of.keys() - stored.keys()}
        for file_id, facts in sorted(bare.items(), key=lambda one: (_is_bare(one[1]), one[0])):
            # Where rows were lost, one whose rows lay in others must be read again to give them.
            if _is_bare(facts) and (facts["rows_read"] == 0 or not lost):
                entries.append(_made(file_id, facts, settings.as_of, None, None))
            elif file_id in noted or file_id in catalogue:
                lost.append(f"{_name(file_id, facts)}: none of its rows is here. Give it again")
        entries = list(_each_fix_once(con, settings, sorted(entries, key=lambda e: e.file_id)))
    named = {part.path for entry in entries for part in entry.parts}
    rest = [path for path in stored_files(place) if path.endswith(".parquet")]
    aside = _set_aside(place, [path for path in rest if path not in named])
    _set_aside(place, [MANIFEST] if is_damaged else [])
    manifest = Manifest({e.file_id: e for e in entries}, before.tag if before else None)
    write_manifest(place, manifest)
    notes.begin(place)
    for file_id in noted - manifest.entries.keys():
        notes.drop_note(place, file_id)
    for entry in entries:
        write_note(place, entry)
    rows = sum(entry.rows_kept for entry in entries)
    summary = f"the manifest was rebuilt: {len(entries):,} input files, {rows:,} fixes"
    if aside:
        summary += f"; {len(aside):,} files without a recoverable entry were moved to {LOST}/"
    if incomplete := [entry for entry in entries if not entry.fingerprint]:
        summary += (
            f"; of {len(incomplete):,} inputs the ledger is not known in full, and they are read "
            "again when they are ingested again"
        )
    return [summary, *lost, *report]


def _is_bare(facts: Facts) -> bool:
    """Whether an input that is known in full had no row of its own."""
    return "rows_read" in facts and facts.get("rows_kept") == facts.get("rows_rejected") == 0


def _stored(place: Place) -> dict[str, _Stored]:
    """The Parquet files of the lake by input; of several versions the one with most rows first."""
    stored: dict[str, _Stored] = {}
    for path in stored_files(place):
        folders = Path(path).parts
        if len(folders) != 4 or not path.endswith(".parquet"):
            continue
        kind, source, file_id = folders[0], *(part.partition("=")[2] for part in folders[1:3])
        files = stored.setdefault(file_id, _Stored(source, defaultdict(list)))
        if files.source == source:
            files.paths[kind].append(path)
    for files in stored.values():
        for paths in files.paths.values():
            paths.sort(key=lambda path: (version_of_path(path), path))
    return stored


def _entry(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    file_id: str,
    files: _Stored,
    facts: Facts,
) -> tuple[Entry | None, str | None]:
    """The entry of an input and a caveat for the report; None if its rows are incomplete."""
    name, place = _name(file_id, facts), settings.place
    position = _first_sound(place, files.paths.get("position", []), POSITION_SCHEMA)
    reject = _first_sound(place, files.paths.get("reject", []), REJECT_SCHEMA)
    if not position and not reject:
        return None, f"{name}: its files cannot be read. Give it again"
    if facts.get("rows_rejected", reject.rows if reject else 0) != (reject.rows if reject else 0):
        return None, f"{name}: its rejected rows are not whole. Give it again"
    kept = position.rows if position else 0
    most = facts.get("rows_read", kept + facts.get("rows_rejected", 0)) - facts.get(
        "rows_rejected", 0
    )
    if kept > most or (not position and most and facts.get("rows_kept") != 0):
        return None, f"{name}: its positions are not whole. Give it again"
    caveat = None
    if "rows_read" not in facts:
        caveat = (
            f"{name}: how many of its rows were repeated or read, and when, is not known; counted "
            "is what is here"
        )
    known = {"source": files.source, **_span(con, place, position, facts)}
    return _made(file_id, known, settings.as_of, position, reject), caveat


def _span(
    con: duckdb.DuckDBPyConnection, place: Place, position: Part | None, facts: Facts
) -> Facts:
    """The facts, and of an input that none are known of what its files tell."""
    span: Facts = {}
    if position is not None and "first_reported_at" not in facts:
        row = con.execute(SPAN, {"part": address(place, position)}).fetchone()
        assert row is not None
        span = dict(zip(("first_reported_at", "last_reported_at"), row, strict=True))
    return {**span, **facts}


def _made(
    file_id: str, facts: Facts, now: datetime, position: Part | None, reject: Part | None
) -> Entry:
    """An entry; an unknown time of ingest is replaced by the time of the last fix."""
    kept, rejected = (part.rows if part else 0 for part in (position, reject))
    static = facts.get("rows_static") or 0  # none in what an earlier version wrote
    read = facts.get("rows_read", kept + rejected + static)
    times = {
        name: datetime.fromisoformat(value) if isinstance(value, str) else value
        for name in ("first_reported_at", "last_reported_at", "ingested_at")
        for value in [facts.get(name)]
    }
    return Entry(
        file_id=file_id,
        name=facts.get("name", UNKNOWN_NAME),
        source=facts["source"],
        fingerprint=facts.get("fingerprint", ""),
        rows_read=read,
        rows_kept=kept,
        rows_repeated=read - kept - rejected - static,
        rows_rejected=rejected,
        rows_static=static,
        first_reported_at=times["first_reported_at"],
        last_reported_at=times["last_reported_at"],
        ingested_at=times["ingested_at"] or times["last_reported_at"] or now,
        position=position,
        reject=reject,
    )


def _first_sound(place: Place, paths: Iterable[str], schema: pa.Schema) -> Part | None:
    """The first of several files that is readable and has the right columns, described."""
    for path in paths:
        try:
            file = pq.ParquetFile(store.readable(place, path))
            if not file.schema_arrow.equals(schema):
                continue
            rows = sum(batch.num_rows for batch in file.iter_batches())
        except (OSError, pa.ArrowException) as error:
            if getattr(error, "errno", None):
                raise  # no right to read it, or a disk that fails: it may be whole
            continue
        if rows:
            return described(place, path, rows)
    return None


def _each_fix_once(
    con: duckdb.DuckDBPyConnection, settings: Settings, entries: Iterable[Entry]
) -> Iterator[Entry]:
    """The entries, sorted by `file_id`, each without the fixes that one before it has."""
    place = settings.place
    before: list[tuple[Entry, str]] = []
    for entry in entries:
        for other, other_path in before:
            if entry.position is None:
                break
            if not overlap(entry.span, other.span):
                continue
            names = {
                "part": address(place, entry.position),
                "other": other_path,
            }
            shared = con.execute(COUNT_SHARED, names).fetchone()
            if shared is None or not shared[0]:
                continue
            out = settings.home / "tmp" / f"{uuid.uuid4().hex}.parquet"
            make_folder(out.parent)
            con.execute(WITHOUT_SHARED, names | {"out": str(out)})
            rows = pq.read_metadata(out).num_rows
            version = entry.position.version + 1
            path = part_path("position", entry.source, entry.file_id, version)
            entry = entry._replace(  # noqa: PLW2901
                rows_kept=rows,
                rows_repeated=entry.rows_repeated + entry.rows_kept - rows,
                position=adopt(place, out, path) if rows else None,
            )
        if entry.position is not None:
            before.append((entry, address(place, entry.position)))
        yield entry


def _set_aside(place: Place, paths: list[str]) -> list[str]:
    """Move files of the lake to a folder `LOST` in it, where nothing is swept."""
    at = f"{utc_now():%Y%m%dT%H%M%S}"
    for path in paths:
        new = f"{LOST}/{at}/{path}"
        if isinstance(place, str):
            store.rename(place, path, new)
        else:
            make_folder((place / new).parent)
            (place / path).rename(place / new)
            sync_folder((place / new).parent)
    return paths


def _of_manifest(manifest: Manifest) -> dict[str, Facts]:
    return {
        file_id: {name: getattr(entry, name) for name in notes.FACTS}
        for file_id, entry in manifest.entries.items()
    }


def _of_catalogue(home: Path) -> dict[str, Facts]:
    """The ledger as the catalogue shows it, that of the last run."""
    try:
        with duckdb.connect(str(home / CATALOGUE), read_only=True) as con:
            rows = con.sql(LEDGER).to_arrow_table().to_pylist()
    except duckdb.Error:
        return {}
    return {row["file_id"]: row for row in rows}


def _of_history(home: Path) -> dict[str, Facts]:
    """Facts about inputs from the records of runs; a run ingests at its as-of time."""
    return {
        file["file_id"]: {**file, "ingested_at": record["as_of"]}
        for record in read_history(home, RUN)
        for file in record.get("files") or []
    }


def _name(file_id: str, facts: Mapping[str, Any]) -> str:
    return f"{facts.get('name', UNKNOWN_NAME)} ({file_id[:12]})"
