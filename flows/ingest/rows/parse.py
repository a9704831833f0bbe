"""Step 3, read: a stream of CSV text becomes typed positions, and rejects with line and reason.

A record is a line. The stream is cut into blocks of whole lines; a block goes through pyarrow's CSV
reader, and only a small block in which something is wrong is taken apart line by line. Every line
but the header and the empty ones ends as a position or as a reject.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from flows.home.settings import BarometerError
from flows.ingest.rows import times
from flows.ingest.rows.blocks import (
    LOOK_BYTES,
    RAW_CHARACTERS,
    Block,
    Rejects,
    in_order,
    line_ends_of,
)
from flows.ingest.rows.checks import Rules, typed_rows
from flows.ingest.rows.headers import Header, Headers
from flows.ingest.rows.reasons import BAD_FIELDS, BAD_RECORD, LONG_LINE
from flows.ingest.rows.repeats import each_once
from flows.ingest.rows.values import FLOATS, NULLS, TEXT, TEXTS, as_numbers, decoded
from flows.lake.schema import REJECT_SCHEMA
from flows.sources.layouts import Layout

MAX_HEADERS = 1000
"""Limit of concatenated files with different layouts in one file: three years of days."""

DECIMAL_BYTES = 64 << 10
"""Of what follows a header so much is looked at for the decimal mark."""

CAREFUL_BYTES = 128 << 10
"""Size of the pieces in which a faulty block is looked for its faulty lines."""


class Parsed(NamedTuple):
    """The contents of a block: `row_count` lines, each in a batch, among the rejects, one of
    the `repeated`, which are the same fix as another line of the block, or a `static` report.

    `days` is the number of positions by day, from `FIRST_DAY` on. `ended`: the block was read only
    up to the header of another layout, and the lines after it.
    """

    batches: list[pa.RecordBatch]
    rejects: Rejects
    row_count: int
    repeated: int
    static: list[pa.RecordBatch]
    days: npt.NDArray[np.int64]
    ended: tuple[Header, Block] | None


def decimal_mark(layout: Layout, start: bytes) -> str:
    """``,`` where the first positions of the file are written with a decimal comma, else ``.``.

    It is what the fast way expects; where a line has the other one, the careful way reads both.
    """
    latitude = layout.header.index(layout.source.columns["lat"])
    for line in start[:DECIMAL_BYTES].split(b"\n")[:100]:
        fields = _fields(line, layout.delimiter)
        if fields is not None and len(fields) == len(layout.header):
            if re.fullmatch(r"\s*-?\d+,\d+\s*", fields[latitude]):
                return ","
            if re.fullmatch(r"\s*-?\d+\.\d+\s*", fields[latitude]):
                return "."
    return "."


def parsed(
    cut: Iterable[Block], layout: Layout, rules: Rules, workers: int
) -> Generator[Parsed, None, None]:
    """The contents of the blocks of a file, in order, parsed by several threads.

    Where a block has the header of another layout, the lines after it, which threads may have read
    by the layout before, are read by the new one.
    """
    source = iter(cut)
    front: deque[Block] = deque()  # taken from the source, and not read by the layout at hand
    for _ in range(MAX_HEADERS):
        start = b"".join(block.content[:DECIMAL_BYTES] for block in front)
        while len(start) < DECIMAL_BYTES and (block := next(source, None)) is not None:
            front.append(block)
            start += block.content[:DECIMAL_BYTES]
        waiting: deque[Block] = deque()
        parse = parser(layout, decimal_mark(layout, start), rules)
        ended = None
        with closing(in_order(parse, _given(front, source, waiting), workers)) as ahead:
            for block_rows in ahead:
                waiting.popleft()
                yield block_rows
                if block_rows.ended is not None:
                    ended = block_rows.ended
                    break
        if ended is None:
            return
        layout = ended[0].layout
        front.extendleft(reversed([ended[1], *waiting]))
    raise BarometerError(
        f"more than {MAX_HEADERS} headers of other layouts. Split the file at them."
    )


def _given(front: deque[Block], source: Iterator[Block], waiting: deque[Block]) -> Iterator[Block]:
    """Blocks to read, each noted until its result is taken."""
    while (block := front.popleft() if front else next(source, None)) is not None:
        waiting.append(block)
        yield block


def parser(layout: Layout, decimal: str, rules: Rules) -> Callable[[Block], Parsed]:
    """A function from a block to its positions (batches of `PACKED_SCHEMA`) and its rejects.

    Parameters
    ----------
    layout : Layout
        The file's columns.
    decimal : str
        ``.`` or ``,``, as most lines have it.
    rules : Rules
        See there.
    """

    def parse(block: Block) -> Parsed:
        rejects: Rejects = []
        batches: list[pa.RecordBatch] = []
        static: list[pa.RecordBatch] = []
        days = np.zeros(0, dtype=np.int64)
        row_count = 0
        wrong: list[tuple[int, str]] = []
        ended = None
        for piece in _pieces(block, layout, decimal, rules.headers):
            row_count += piece.row_count
            rejects += piece.rejects
            start = 0
            for raw in piece.table.to_batches():
                line = piece.line[start : start + raw.num_rows]
                start += raw.num_rows
                typed = typed_rows(raw, line, layout, rules)
                batches.append(typed.batch)
                wrong += typed.wrong
                days = added(days, typed.days)
                if typed.static is not None:
                    static.append(typed.static)
            ended = piece.ended
        # Those behind a header of another layout come again, with the lines that it reads.
        too_long = [x for x in block.too_long if ended is None or x[0] < ended[1].first_line]
        rejects += [(line, LONG_LINE, raw) for line, raw in too_long]
        row_count += len(too_long)
        if wrong:
            text = _lines(block, [at for at, _ in wrong])
            rejects += [(at, why, text[at]) for at, why in wrong]
        once, repeated = each_once(batches) if batches else ([], 0)
        return Parsed(once, rejects, row_count, repeated, static, days, ended)

    return parse


def added(left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Two counts by day, of which the shorter has nothing on the days that it lacks."""
    short, long = sorted((left, right), key=len)
    total = long.copy()
    total[: len(short)] += short
    return total


class _Piece(NamedTuple):
    """Rows of a block, their columns under our names: exact ones typed, others as dictionaries.

    `row_count` counts the lines that are not empty; `rejects` holds those that are no records.
    `ended` as in `Parsed`.
    """

    table: pa.Table
    line: npt.NDArray[np.int64]
    rejects: Rejects
    row_count: int
    ended: tuple[Header, Block] | None = None


def _pieces(block: Block, layout: Layout, decimal: str, headers: Headers) -> Iterator[_Piece]:
    whole = _parse_fast(block, layout, decimal)
    if whole is not None:
        yield whole
        return
    content, at, line = block.content, 0, block.first_line
    while at < len(content):
        end = content.find(b"\n", min(at + CAREFUL_BYTES, len(content)))
        end = len(content) if end < 0 else end + 1
        small = Block(content[at:end], line, line_ends_of(content[at:end]))
        piece = _parse_fast(small, layout, decimal)
        piece = piece or _parse_careful(small, layout, headers)
        if piece.ended is not None:
            header, rest = piece.ended
            after = rest.content + content[end:]
            too_long = tuple(
                long_line for long_line in block.too_long if long_line[0] >= rest.first_line
            )
            rest = Block(after, rest.first_line, line_ends_of(after), too_long)
            yield piece._replace(ended=(header, rest))
            return
        yield piece
        line += int(small.line_ends[-1])
        at = end


def _parse_fast(block: Block, layout: Layout, decimal: str) -> _Piece | None:
    """The block by pyarrow, or None where a line in it is not in order.

    pyarrow takes a line break inside quotes for a part of the field, and passes over an empty
    line: both show in the number of rows. It takes a lone carriage return for the end of a line,
    which could make up for them, and so has to be looked for.
    """
    content = block.content
    lines = int(block.line_ends[-1]) + (not content.endswith(b"\n") and len(content) > 0)
    ours = {published: name for name, published in layout.source.columns.items()}
    types: dict[str, pa.DataType] = dict.fromkeys(ours.values(), TEXT)
    types |= {name: pa.float64() for name in FLOATS if name in types}
    types |= {name: pa.binary() for name in ("mmsi", *TEXTS) if name in types}
    if (
        layout.source.time_format == "iso"
        and (has_offset := _has_offset(content, layout)) is not None
    ):
        types["reported_at"] = pa.timestamp("us", "UTC" if has_offset else None)
    names = [ours.get(published, str(i)) for i, published in enumerate(layout.header)]
    if not lines or (b"\r" in content and content.count(b"\r") != content.count(b"\r\n")):
        return None
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(content),
            # One thread and one batch a block: several blocks are parsed at a time (`in_order`),
            # which takes a fifth less work than pyarrow's own threads.
            pa_csv.ReadOptions(column_names=names, block_size=len(content), use_threads=False),
            pa_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=False),
            pa_csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=NULLS,
                strings_can_be_null=False,
                check_utf8=False,
                decimal_point=decimal,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != lines:
        return None
    return _Piece(table, np.arange(block.first_line, block.first_line + lines), [], lines)


def _has_offset(content: bytes, layout: Layout) -> bool | None:
    """Whether the time in the first line has a UTC offset. pyarrow wants it in all lines or none;
    a block that mixes them is taken apart. None where pyarrow cannot read it at all: then each
    distinct time is converted once."""
    end = content.find(b"\n")
    fields = _fields(content if end < 0 else content[:end], layout.delimiter)
    if fields is None or len(fields) != len(layout.header):
        return False
    time = fields[layout.header.index(layout.source.columns["reported_at"])]
    return times.offset_of_plain(time)


def _parse_careful(block: Block, layout: Layout, headers: Headers) -> _Piece:
    """The block line by line: what is not a record is rejected, and a bad number becomes none."""
    records, rejects, ended = _records(block, layout, headers)
    arrays = {}
    for ours, published in layout.source.columns.items():
        column = layout.header.index(published)
        arrays[ours] = raw_column(ours, [fields[column] for _, fields in records])
    line_numbers = np.array([line for line, _ in records], dtype=np.int64)
    return _Piece(pa.table(arrays), line_numbers, rejects, len(records) + len(rejects), ended)


def raw_column(ours: str, texts: list[str], encoding: str = "latin-1") -> pa.Array:
    """The texts of a column as `typed_rows` takes them: numbers where the field has many values,
    else bytes, of a field of few values each once."""
    if ours in FLOATS:
        return pa.array(as_numbers(texts))
    column = pa.array([text.encode(encoding, "replace") for text in texts], pa.binary())
    return column if ours in ("mmsi", *TEXTS) else column.dictionary_encode()


def _records(
    block: Block, layout: Layout, headers: Headers
) -> tuple[list[tuple[int, list[str]]], Rejects, tuple[Header, Block] | None]:
    """The lines that are records of the layout, with their fields; the rejects; and where the lines
    of another layout begin."""
    records: list[tuple[int, list[str]]] = []
    rejects: Rejects = []
    start = 0
    for line, raw in enumerate(block.content.split(b"\n"), block.first_line):
        start += len(raw) + 1
        if not raw.strip() and layout.delimiter.encode() not in raw:
            continue
        fields = _fields(raw, layout.delimiter)
        header = headers.find(raw, fields, layout, line)
        if header is not None and header.row is not None:
            records.append((line, header.row))
        elif header is None and fields is None:
            rejects.append((line, BAD_RECORD, raw))
        elif header is None and fields is not None:
            if len(fields) == len(layout.header):
                records.append((line, fields))
            else:
                rejects.append((line, BAD_FIELDS, raw))
        if header is not None and not header.is_same:
            rest = block.content[start:]
            return records, rejects, (header, Block(rest, line + 1, line_ends_of(rest)))
    return records, rejects, None


def _fields(raw: bytes, delimiter: str) -> list[str] | None:
    """The fields of one line, their bytes as Latin-1, or None where it cannot be taken apart."""
    text = raw.rstrip(b"\r").replace(b"\r", b" ").decode("latin-1")
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return None


def _lines(block: Block, wanted: list[int]) -> dict[int, bytes]:
    """The text of some lines of a block, which are cheapest to find in their order."""
    content, text = block.content, {}
    searched, ends = -1, np.empty(0, dtype=np.intp)
    for at in wanted:
        start, ends_before = 0, at - block.first_line
        if ends_before:
            piece = int(np.searchsorted(block.line_ends, ends_before))
            begin = piece * LOOK_BYTES
            if piece != searched:
                letters = np.frombuffer(content[begin : begin + LOOK_BYTES], dtype=np.uint8)
                searched, ends = piece, np.flatnonzero(letters == ord("\n"))
            later = int(block.line_ends[piece]) - ends_before  # ends in the piece after the line's
            start = begin + int(ends[-1 - later]) + 1
        end = content.find(b"\n", start)
        text[at] = content[start : end if end >= 0 else len(content)]
    return text


def rejects_table(rejects: Rejects) -> pa.Table:
    """Rejects as a table: line, reason, and the line's text, at most 1,000 characters of it."""
    lines, reasons, raws = zip(*rejects, strict=True)
    text = [decoded(raw.rstrip(b"\r\n"))[:RAW_CHARACTERS].replace("\0", " ") for raw in raws]
    return pa.table([lines, reasons, text], schema=REJECT_SCHEMA)
