"""Rows of a Parquet file, a batch at a time: memory does not grow with the file."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.settings import BarometerError
from flows.ingest.rows.blocks import RAW_CHARACTERS, in_order, read_ahead
from flows.ingest.rows.checks import Rules
from flows.ingest.rows.parse import Parsed
from flows.ingest.tables.chunks import parsed_columns
from flows.ingest.tables.columns import cell, check_type, raw_array
from flows.ingest.tables.geometry import Geometry, check_geometry, coordinates, geometry_of
from flows.sources.definitions import Source
from flows.sources.layouts import Layout, match_names

MAGIC = b"PAR1"
BATCH_ROWS = 1 << 15
"""So many rows are held at a time by each thread: some megabytes, as much as a block of a CSV."""
BUFFER_BYTES = 1 << 20
"""A column of a row group is read in such pieces, and not whole: a file may be one row group."""

MOST_ROWS_A_BYTE = 100
"""A fix takes some bytes, however well it is compressed. A file with more rows is hostile: a run of
nulls takes no bytes, and reading it would not end."""

LENGTHS = "DELTA_LENGTH_BYTE_ARRAY"
"""An encoding of texts that pyarrow cannot read as a dictionary; DuckDB writes it by version 2 of
the format. Its texts lie in the page one by one, as plain ones do."""

UNBOUNDED = "DELTA_BYTE_ARRAY"
"""A text is written as what it has in common with the one before, and the rest: nothing, where it
is repeated. So ten kilobytes may be gigabytes."""

_DAMAGED = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError)


class Table(NamedTuple):
    """An open Parquet file: its layout, and the geometry column that its places come from."""

    source: BinaryIO
    schema: pa.Schema
    layout: Layout
    geometry: Geometry | None


def open_table(source: BinaryIO, sources: Iterable[Source]) -> Table:
    """A Parquet file by the names of its columns.

    Raises
    ------
    BarometerError
        If it is damaged, if no source fits (`UnknownHeader`), or if a column that the source maps
        cannot be read.
    """
    with explained():
        schema = parquet_file(source).schema_arrow
        geometry = geometry_of(schema.metadata)
    names = [*schema.names, *(geometry.parts if geometry is not None else ())]
    layout = match_names(names, sources)
    mapped = layout.source.columns
    if geometry is not None and not set(geometry.parts) & set(mapped.values()):
        geometry = None
    if geometry is not None:
        check_geometry(geometry, schema)
    published = _published(schema, layout)
    for ours, column in mapped.items():
        if geometry is None or column not in geometry.parts:
            check_type(column, schema.field(published[column]).type, ours)
    return Table(source, schema, layout, geometry)


def table_rows(table: Table, rules: Rules, workers: int) -> Generator[Parsed, None, None]:
    """The contents of a Parquet file, in order. The line of a row is its number, from 1 on."""

    def parse(item: tuple[int, pa.RecordBatch]) -> Parsed:
        return _parsed(table, rules, *item)

    with explained(), closing(read_ahead(_batches(table))) as ahead:
        yield from in_order(parse, ahead, workers)


def _batches(table: Table) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches of the columns that are mapped, each with the number of its first row."""
    published = _published(table.schema, table.layout)
    mapped = {published[c] for c in table.layout.source.columns.values() if c in published}
    if table.geometry is not None:
        mapped.add(table.geometry.column)
    columns = [name for name in table.schema.names if name in mapped]
    before = os.fstat(table.source.fileno())
    texts = [name for name in columns if not pa.types.is_nested(table.schema.field(name).type)]
    file = parquet_file(table.source, texts)
    first = 1
    for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
        yield first, batch
        first += batch.num_rows
    after = os.fstat(table.source.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BarometerError("the file was changed while it was read. Give it again.")


def _parsed(table: Table, rules: Rules, first: int, batch: pa.RecordBatch) -> Parsed:
    layout, geometry = table.layout, table.geometry
    published = _published(table.schema, layout)
    places = dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]()
    if geometry is not None:
        lon_lat = coordinates(batch.column(geometry.column), geometry.encoding)
        places = dict(zip(geometry.parts, lon_lat, strict=True))
    raw = pa.RecordBatch.from_pydict(
        {
            ours: pa.array(places[column])
            if column in places
            else raw_array(ours, batch.column(published[column]))
            for ours, column in layout.source.columns.items()
        }
    )

    def text_of(at: int) -> bytes:
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(cell(c, at) for c in batch.columns)
        return out.getvalue()[: 4 * RAW_CHARACTERS].encode("utf-8", "replace")

    line = np.arange(first, first + batch.num_rows)
    return parsed_columns(raw, line, text_of, layout, rules, [])


def _published(schema: pa.Schema, layout: Layout) -> dict[str, str]:
    """The name in the file of each column of the source."""
    aliases = layout.source.aliases
    return {aliases.get(name, name): name for name in schema.names}


def parquet_file(source: BinaryIO, columns: Iterable[str] = ()) -> pq.ParquetFile:
    """The file; texts of these columns as dictionaries, so that one that is repeated is held once.

    Raises
    ------
    BarometerError
        If it has far more rows than its bytes can hold, or one of these columns an encoding of
        which a few bytes may be gigabytes of text.
    """
    encodings = _encodings(source, columns)
    for column, used in encodings.items():
        if UNBOUNDED in used:
            raise BarometerError(
                f"column {column[:100]!r} is encoded as {UNBOUNDED}, which is not supported. Write "
                "the file again with another encoding, as DuckDB does: copy (from 'FILE') to 'NEW'."
            )
    file = pq.ParquetFile(
        pa.PythonFile(source, mode="r"),
        read_dictionary=[c for c, used in encodings.items() if LENGTHS not in used],
        buffer_size=BUFFER_BYTES,
        pre_buffer=False,
        coerce_int96_timestamp_unit="us",
        page_checksum_verification=True,
        arrow_extensions_enabled=False,
    )
    rows, size = file.metadata.num_rows, source.seek(0, os.SEEK_END)
    if rows > size * MOST_ROWS_A_BYTE:
        raise BarometerError(f"{rows:,} rows in {size:,} bytes are no AIS. Remove the file.")
    return file


def _encodings(source: BinaryIO, columns: Iterable[str]) -> dict[str, set[str]]:
    """How each of these columns is encoded, by the file's own metadata."""
    used: dict[str, set[str]] = {name: set() for name in columns}
    if used:
        metadata = pq.read_metadata(pa.PythonFile(source, mode="r"))
        for group in map(metadata.row_group, range(metadata.num_row_groups)):
            for chunk in map(group.column, range(metadata.num_columns)):
                used.get(chunk.path_in_schema, set()).update(chunk.encodings)
    return used


@contextmanager
def explained() -> Iterator[None]:
    """Errors of the file as messages with a remedy."""
    try:
        yield
    except BarometerError:
        raise
    except _DAMAGED as error:
        why = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise BarometerError(
            f"a damaged Parquet file, or of a kind that is not supported ({why}). Fetch it again."
        ) from error
