"""Which form a file has, by its first bytes, and its contents as typed rows, whatever the form."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flows.home.settings import BarometerError
from flows.ingest.rows import blocks, parse
from flows.ingest.rows.blocks import BLOCK_BYTES, Head
from flows.ingest.rows.checks import Rules
from flows.ingest.rows.parse import Parsed
from flows.ingest.tables import json_lines, parquet
from flows.ingest.tables.sentences import is_nmea
from flows.sources.definitions import Source
from flows.sources.layouts import Layout, layout_of_file
from flows.sources.packings import MAX_SHRINK, SMALL_ARCHIVE_BYTES, Stream

UNPACKED = "unpacked.parquet"


class Input(NamedTuple):
    """An open file: its first line, its stream, and the digest that is fed with all its bytes.

    `work` is a folder for what must be on the disk. The rest as in `Rules` and the settings.
    """

    head: Head
    stream: Stream
    digest: hashlib.blake2b
    work: Path
    sources: tuple[Source, ...]
    rules: Rules
    threads: int


Rows = Generator[Parsed, None, None]


def rows_of(given: Input) -> tuple[Layout, Rows]:
    """The layout of a file and its contents, in order.

    The digest is complete when the contents are read to their end. Closing them ends the threads
    that read.

    Raises
    ------
    BarometerError
        If the file cannot be read; `UnknownHeader` if no source fits. While the contents are
        read, too.
    """
    start = given.head.start
    if start.startswith(parquet.MAGIC):
        return _parquet(given)
    if start.startswith(b"{"):
        return _json_lines(given)
    if start.startswith(b"["):
        raise json_lines.array_refused(start)
    if is_nmea(start):
        return _nmea(given)
    layout = layout_of_file(given.head.text, given.head.rest, given.sources)
    return layout, _csv(given, layout)


def _csv(given: Input, layout: Layout) -> Rows:
    cut = blocks.blocks(
        given.stream.content, given.digest, given.head.rest, given.head.line_number + 1
    )
    with closing(blocks.read_ahead(cut)) as ahead:
        yield from parse.parsed(ahead, layout, given.rules, given.threads)


def _json_lines(given: Input) -> tuple[Layout, Rows]:
    more = b""
    while len(more) < json_lines.LOOK_BYTES:
        piece = given.stream.content.read(json_lines.LOOK_BYTES - len(more))
        if not piece:
            break
        given.digest.update(piece)
        more += piece
    layout = json_lines.layout_of_objects(given.head, more, given.sources)
    rows = json_lines.object_rows(
        given.head, more, given.stream.content, given.digest, layout, given.rules, given.threads
    )
    return layout, rows


def _nmea(given: Input) -> tuple[Layout, Rows]:
    # Its decoder takes some 60 ms to load, and most files are CSV.
    from flows.ingest.tables import nmea  # noqa: PLC0415

    layout = nmea.nmea_layout(given.sources)
    head, stream, digest, *_ = given
    rows = nmea.nmea_rows(head, stream.content, digest, layout, given.rules, given.threads)
    return layout, rows


def _parquet(given: Input) -> tuple[Layout, Rows]:
    """A Parquet file is read from its end, so that a packed one is unpacked into `work` first."""
    if given.stream.is_packed:
        with (given.work / UNPACKED).open("wb") as out:
            _hash_rest(given, out)
        file: BinaryIO = (given.work / UNPACKED).open("rb")
    else:
        _hash_rest(given, None)
        file = given.stream.raw
    try:
        table = parquet.open_table(file, given.sources)
    except BaseException:
        _close(given, file)
        raise

    def rows() -> Rows:
        try:
            yield from parquet.table_rows(table, given.rules, given.threads)
        finally:
            _close(given, file)

    return table.layout, rows()


def _close(given: Input, file: BinaryIO) -> None:
    if file is not given.stream.raw:
        file.close()
        (given.work / UNPACKED).unlink(missing_ok=True)


def _hash_rest(given: Input, out: BinaryIO | None) -> None:
    """Read the stream to its end, for its digest and into a file."""
    most = max(64 * SMALL_ARCHIVE_BYTES, MAX_SHRINK * os.fstat(given.stream.raw.fileno()).st_size)
    piece, length = given.head.start, 0
    while piece:
        length += len(piece)
        if out is not None and length > most:
            raise BarometerError(
                f"a Parquet file that was compressed to less than a {MAX_SHRINK}th of its size is "
                "not opened. Unpack it first if you trust it."
            )
        if out is not None:
            out.write(piece)
        piece = given.stream.content.read(BLOCK_BYTES)
        given.digest.update(piece)
