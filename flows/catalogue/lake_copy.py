"""The files of the lake read once: held against the manifest, and their rows copied for checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.catalogue.relations import quoted
from flows.home.settings import Place, Settings
from flows.lake import store
from flows.lake.damage import fault_of
from flows.lake.entry import KINDS, Entry, Manifest, Part
from flows.lake.manifest import connect
from flows.lake.once import Once
from flows.lake.schema import PARTITION, POSITION_SCHEMA, REJECT_SCHEMA

SCHEMAS = {"position": POSITION_SCHEMA, "reject": REJECT_SCHEMA}

TEXTS = ("vessel_name", "call_sign", "destination", "reason", "raw")
"""Not copied: no check reads them, and they take half of the copy's time."""

WRITE = "attach {path} as lake_copy (recovery_mode no_wal_writes); use lake_copy"
"""A file that lives no longer than the process needs no write-ahead log."""

INSERT = {
    "position": "insert into position select *, $source, $file_id from rows",
    "reject": "insert into reject select *, $source, $file_id from rows",
}

READ = """
attach {path} as lake_copy (read_only);
create temp view position as from lake_copy.position;
create temp view reject as from lake_copy.reject
"""
"""Temporary views come before those of the catalogue."""


def copied(
    settings: Settings, manifest: Manifest, path: Path
) -> tuple[dict[Part, str], dict[Part, str]]:
    """Read each file of the lake once, and copy all rows, without `TEXTS`, into a DuckDB file.

    Returns
    -------
    damaged, drifted : dict of Part to str
        What is wrong with files that are not as they were written; and with others, in columns,
        types or rows.
    """
    damaged, drifted = {}, {}
    with connect(settings) as con:
        con.execute(WRITE.format(path=quoted(str(path))))
        for kind in KINDS:
            fields = [SCHEMAS[kind].field(name) for name in _columns(kind)]
            empty = pa.schema([*fields, *PARTITION]).empty_table()
            con.from_arrow(empty).create(kind)
        for entry in manifest.entries.values():
            for kind in KINDS:
                part: Part | None = getattr(entry, kind)
                if part is None:
                    continue
                why = fault_of(settings.place, part, is_hashed=False)
                drift = None
                if why is None:
                    why, drift = _read(settings.place, con, kind, entry, part)
                if why is not None:
                    damaged[part] = why
                elif drift is not None:
                    drifted[part] = drift
        con.execute("checkpoint lake_copy")
    return damaged, drifted


def read_copy(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Let a session on the catalogue read the copy in the place of the lake."""
    con.execute(READ.format(path=quoted(str(path))))


def _read(
    place: Place, con: duckdb.DuckDBPyConnection, kind: str, entry: Entry, part: Part
) -> tuple[str | None, str | None]:
    """What is wrong with the content of a file; see `copied`."""
    try:
        given = store.readable(place, part.path)
        with given.open("rb") if isinstance(given, Path) else given as raw:
            once = Once(raw, part.bytes)
            try:
                drift = _copy(con, kind, entry, part, once)
            except (OSError, pa.ArrowException, duckdb.Error) as error:
                drift = f"cannot be read as Parquet ({error})"
            is_same = once.hash() == part.hash
    except OSError as error:
        return f"cannot be read ({error.strerror})", None
    return (None, drift) if is_same else ("is not the file that was written", None)


def _copy(
    con: duckdb.DuckDBPyConnection, kind: str, entry: Entry, part: Part, once: Once
) -> str | None:
    """Copy the rows of a file, unless its columns, types or rows are not what they should be."""
    file = pq.ParquetFile(once)
    if file.metadata.num_rows != part.rows:
        return f"has {file.metadata.num_rows:,} rows instead of the {part.rows:,} in the manifest"
    schema = SCHEMAS[kind]
    if not file.schema_arrow.equals(schema):
        has, writes = (
            {f"{field.name} {field.type}" for field in fields}
            for fields in (file.schema_arrow, schema)
        )
        odd = sorted(has ^ writes)
        return (
            f"has other columns than this version writes ({', '.join(odd) or 'their order'}). "
            "Ingest the input files into a new home with this version"
        )
    fields = pa.schema([schema.field(name) for name in _columns(kind)])
    con.register("rows", pa.RecordBatchReader.from_batches(fields, _batches(file, once, fields)))
    con.execute(INSERT[kind], {"source": entry.source, "file_id": entry.file_id})
    return None


def _batches(file: pq.ParquetFile, once: Once, fields: pa.Schema) -> Iterator[pa.RecordBatch]:
    for number in range(file.num_row_groups):
        once.pass_over(_start_of(file.metadata.row_group(number)))
        rows = file.read_row_group(number, columns=fields.names, use_threads=False)
        yield from rows.to_batches()


def _columns(kind: str) -> list[str]:
    return [name for name in SCHEMAS[kind].names if name not in TEXTS]


def _start_of(group: pq.RowGroupMetaData) -> int:
    """Where the first page of a row group is."""
    columns = [group.column(number) for number in range(group.num_columns)]
    starts = [(one.dictionary_page_offset, one.data_page_offset) for one in columns]
    return int(min(start for pages in starts for start in pages if start))
