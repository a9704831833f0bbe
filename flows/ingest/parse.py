"""Step 3, read: a stream of CSV text becomes typed positions, and rejects with line and reason.

A record is a line. The stream is cut into blocks of whole lines; a block goes through pyarrow's CSV
reader, and only a small block in which something is wrong is taken apart line by line. Every line
but the header and the empty ones ends as a position or as a reject.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import queue
import re
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from flows.home.settings import BarometerError
from flows.ingest import times
from flows.ingest.headers import Header, Headers
from flows.lake.schema import POSITION_SCHEMA, REJECT_SCHEMA
from flows.sources.layouts import OPTIONAL, Layout

BLOCK_BYTES = 8 << 20
LOOK_BYTES = 64 << 10
"""Size of the pieces in which line ends are counted, so that a line is looked for in one of them. A
block at once would take several times as long: such an array gets new pages of memory each time."""

MAX_HEADERS = 1000
"""Files of other layouts that may stand one behind the other in one: three years of days."""

DECIMAL_BYTES = 64 << 10
"""Of what follows a header so much is looked at for the decimal mark."""

CAREFUL_BYTES = 128 << 10
"""Size of the pieces in which a faulty block is looked for its faulty lines."""

MAX_LINE_BYTES = 128 << 10
"""A longer line is not AIS; it is rejected without being held in memory. The csv module takes no
longer field, so up to here both ways of parsing see the same."""

FINGERPRINT_BYTES = 64 << 10
RAW_CHARACTERS = 1000
FUTURE = timedelta(minutes=10)
"""A fix later than this after the as-of time is from a wrong clock (README, "How it decides")."""

BAD_FIELDS = "wrong number of fields"
BAD_RECORD = "not a CSV record"
LONG_LINE = f"line longer than {MAX_LINE_BYTES >> 10} KiB"
BAD_MMSI = "mmsi is not a ship's"
NO_MMSI = "mmsi missing or unreadable"
BAD_TIME = "time missing or unreadable"
OLD_TIME = "time before AIS"
FUTURE_TIME = "time in the future"
FAR_TIME = "time far outside the file's span"
NO_POSITION = "position not available"
NO_NUMBERS = "position unreadable"
BAD_POSITION = "position not on Earth"

RANGES = {
    # ITU-R M.1371-5, tables 45 and 48: what the fields can carry and mean. Outside is null.
    "sog_kn": (0.0, 102.2),
    "cog_deg": (0.0, 359.9999),
    "heading_deg": (0.0, 359.9999),
    "nav_status": (0.0, 15.0),
    "ship_type": (0.0, 99.0),
    "length_m": (0.0, 1022.0),
    "beam_m": (0.0, 126.0),
    "draught_m": (0.0, 25.5),
}
FLOATS = ("lon", "lat", "sog_kn", "cog_deg", "heading_deg")
"""Fields of many values, read as numbers at once; a field of few is converted once a value."""
TEXTS = ("vessel_name", "call_sign", "destination")
CODES = ("nav_status", "ship_type")
STATIC = (
    *("imo", "vessel_name", "call_sign", "ship_type"),
    *("length_m", "beam_m", "draught_m", "destination"),
)
"""What AIS sends in messages of its own (ITU-R M.1371-5, messages 5 and 24)."""

NULLS = (
    # pyarrow's, then those of databases and of languages: PostgreSQL's and MySQL's exports, Python,
    # pandas, R. Compared without regard to case.
    *pa_csv.ConvertOptions().null_values,
    *("None", "NONE", "none", "Null", "(null)", "(NULL)", "\\N", "<NA>", "<null>", "<NULL>", "NaT"),
)
_NULLS = frozenset(word.casefold() for word in NULLS)
_NULL_WORDS = pa.array(sorted(_NULLS - {""}), pa.string())
_NULL_STARTS = np.array([chr(i).casefold() in {w[0] for w in _NULLS if w} for i in range(256)])
_NULL_LENGTH = max(map(len, _NULLS))

STATIC_SCHEMA = pa.schema(
    [field for field in POSITION_SCHEMA if field.name in ("mmsi", "reported_at", *STATIC)]
)
"""A static report in a row of its own: no place, and something about the ship."""

_TEXT = pa.dictionary(pa.int32(), pa.binary())
KEY = ("mmsi", "reported_at", "lon", "lat")
"""The same fix. Two hulls may share MMSI and time: the place belongs to it."""

PACKED_KEY = ("mmsi", "reported_at", "place")
PACKED_SCHEMA = pa.schema(
    [
        ("mmsi", pa.int32()),
        ("reported_at", pa.timestamp("us")),
        ("place", pa.int64()),
        *(field for field in POSITION_SCHEMA if field.name not in KEY),
        ("is_kept", pa.bool_()),
    ]
)
"""What `parser` gives: rows in their order; only those with `is_kept` are positions, the others are
among the rejects or repeat a fix.

`place` is longitude and latitude, each in hundred-thousandths of a degree from -180 and -90, the
latitude in the lowest 25 bits: one number to sort by and to carry takes an eighth less work.
"""

_BLANK = b" \r\n\xef\xbb\xbf"  # blanks, line ends, and the mark that some editors put first
FIRST_YEAR = np.datetime64("0001-01-01", "us")
YEAR_10000 = np.datetime64("10000-01-01", "us")
FIRST_DAY = np.datetime64("1998-05-12", "D")
FIRST_MOMENT = FIRST_DAY.astype("datetime64[us]")
"""The IMO adopted the standard for AIS that day (resolution MSC.74(69), annex 3). An earlier time
is of a clock that was never set, such as 1970, and would stretch the series by decades."""
T = TypeVar("T")
S = TypeVar("S")
Rejects = list[tuple[int, str, bytes]]


class Readable(Protocol):
    """What can be read as a binary file is."""

    def read(self, size: int, /) -> bytes: ...


class Parsed(NamedTuple):
    """What a block holds: `row_count` lines, each in one of the batches, among the rejects, one of
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


class Block(NamedTuple):
    """Whole lines of a file, without the header. `first_line` counts from 1, as editors do;
    `line_ends` is how many lie before the end of each piece of `LOOK_BYTES`."""

    content: bytes
    first_line: int
    line_ends: npt.NDArray[np.int64]
    too_long: tuple[tuple[int, bytes], ...] = ()


class Head(NamedTuple):
    """The header of a file, and what was read beyond it.

    `line_number` is the header's own (empty lines may stand before it); `fingerprint` is the hash
    of the first bytes, by which a file that may be known already is told cheaply.
    """

    text: str
    line_number: int
    rest: bytes
    fingerprint: str


def read_head(content: Readable, digest: hashlib.blake2b) -> Head:
    """Read up to the end of the header, the first line that is not empty.

    Raises
    ------
    BarometerError
        If there is no such line.
    """
    read = b""
    while b"\n" not in read.lstrip(_BLANK) and len(read) < MAX_LINE_BYTES:
        piece = content.read(FINGERPRINT_BYTES)
        if not piece:
            break
        digest.update(piece)
        read += piece
    start = len(read) - len(read.lstrip(_BLANK))
    end = read.find(b"\n", start)
    end = len(read) if end < 0 else end
    if not read[start:end].strip():
        raise BarometerError("the file is empty. Fetch it again.")
    return Head(
        text=read[start:end].decode("utf-8", "replace"),
        line_number=read[:start].count(b"\n") + 1,
        rest=read[end + 1 :],
        fingerprint=hashlib.blake2b(read[:FINGERPRINT_BYTES], digest_size=16).hexdigest(),
    )


def blocks(
    content: Readable, digest: hashlib.blake2b, start: bytes, first_line: int
) -> Iterator[Block]:
    """Cut a stream into blocks of whole lines.

    Parameters
    ----------
    content : binary file
        The stream, read to its end.
    digest : hashlib.blake2b
        Is fed with all that is read.
    start : bytes
        What was already read beyond the header.
    first_line : int
        The number of the line at which `start` begins.
    """
    piece, rest, line = start, b"", first_line
    skipping = False  # inside a line that is too long
    is_end = False
    while True:
        if skipping:
            end = piece.find(b"\n") + 1
            if end:
                piece, skipping, line = piece[end:], False, line + 1
            else:
                piece = b""
        cut = piece.rfind(b"\n") + 1
        if is_end:
            whole, rest = rest, b""
        elif cut:  # to add up and then cut would copy a block twice
            whole, rest = b"".join((rest, memoryview(piece)[:cut])), piece[cut:]
        else:
            whole, rest = b"", rest + piece
        if whole:
            kept, too_long = _without_long_lines(whole, line)
            block = Block(kept, line, _line_ends(kept), tuple(too_long))
            yield block
            line += int(block.line_ends[-1])
        if not skipping and len(rest) > MAX_LINE_BYTES:
            yield Block(b"", line, _line_ends(b""), ((line, rest[: RAW_CHARACTERS * 4]),))
            rest, skipping = b"", True
        if is_end:
            return
        piece = content.read(BLOCK_BYTES)
        digest.update(piece)
        is_end = not piece


def _line_ends(content: bytes) -> npt.NDArray[np.int64]:
    """As `Block` has them. Several times as fast as bytes.count with lines as short as these."""
    letters = np.frombuffer(content, dtype=np.uint8)
    starts = range(0, len(letters) or 1, LOOK_BYTES)
    return np.cumsum(
        [np.count_nonzero(letters[at : at + LOOK_BYTES] == ord("\n")) for at in starts]
    )


def _has_long_line(whole: bytes) -> bool:
    """Whether two line ends lie further apart than a line may be long: a few look-ups a block."""
    at = 0
    while at + MAX_LINE_BYTES < len(whole):
        end = whole.rfind(b"\n", at, at + MAX_LINE_BYTES + 1)
        if end < 0:
            return True
        at = end + 1
    return False


def _without_long_lines(whole: bytes, first_line: int) -> tuple[bytes, list[tuple[int, bytes]]]:
    """The block with its too long lines emptied (an empty line is no row), and those lines."""
    if not _has_long_line(whole):
        return whole, []
    ends = np.flatnonzero(np.frombuffer(whole, dtype=np.uint8) == ord("\n"))
    starts = np.concatenate(([0], ends + 1))
    ends = np.concatenate((ends, [len(whole)]))
    long = np.flatnonzero(ends - starts > MAX_LINE_BYTES)
    if not len(long):
        return whole, []
    found = [(first_line + int(i), whole[starts[i] : starts[i] + RAW_CHARACTERS * 4]) for i in long]
    pieces, at = [], 0
    for i in long:
        pieces.append(whole[at : starts[i]])
        at = int(ends[i])
    return b"".join([*pieces, whole[at:]]), found


def read_ahead(source: Iterable[T]) -> Generator[T, None, None]:
    """The same items, made by a thread of its own while the one before is being worked on."""
    waiting: queue.Queue[T | BaseException | None] = queue.Queue(1)
    stopped = threading.Event()

    def put(item: T | BaseException | None) -> None:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put(item, timeout=0.2)
                return

    def work() -> None:
        try:
            for item in source:
                put(item)
                if stopped.is_set():
                    return
            put(None)
        except BaseException as error:  # handed to the reader, who raises it
            put(error)

    thread = threading.Thread(target=work, name="read-ahead", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()


def in_order(
    function: Callable[[T], S], source: Iterable[T], workers: int
) -> Generator[S, None, None]:
    """The results of a function for each item, made by several threads, in the items' order."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[S]] = deque()
        try:
            for item in source:
                waiting.append(pool.submit(function, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def decimal_mark(layout: Layout, start: bytes) -> str:
    """``,`` where the first positions of the file are written with a decimal comma, else ``.``."""
    latitude = layout.header.index(layout.source.columns["lat"])
    for line in start[:DECIMAL_BYTES].split(b"\n")[:100]:
        fields = _fields(line, layout.delimiter)
        if fields is not None and len(fields) == len(layout.header):
            if re.fullmatch(r"\s*-?\d+,\d+\s*", fields[latitude]):
                return ","
            if re.fullmatch(r"\s*-?\d+\.\d+\s*", fields[latitude]):
                return "."
    return "."


class Rules(NamedTuple):
    """What a row is held against beside its layout. Times are naive UTC.

    Attributes
    ----------
    latest : datetime
        A later fix is in the future.
    headers : Headers
        By which a line is told that is a header.
    own_days : tuple of int or None
        First and last day of the file's own rows, counted from `FIRST_DAY`; see `span.own_days`.
    """

    latest: datetime
    headers: Headers
    own_days: tuple[int, int] | None = None


def parsed(
    cut: Iterable[Block], layout: Layout, rules: Rules, workers: int
) -> Generator[Parsed, None, None]:
    """What the blocks of a file hold, in their order, read by several threads.

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
            for found in ahead:
                waiting.popleft()
                yield found
                if found.ended is not None:
                    ended = found.ended
                    break
        if ended is None:
            return
        layout = ended[0].layout
        front.extendleft(reversed([ended[1], *waiting]))
    raise BarometerError(f"over {MAX_HEADERS} headers of other layouts. Part the file at them.")


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
        ``.`` or ``,``.
    rules : Rules
        See there.
    """

    def parse(block: Block) -> Parsed:
        rejects: Rejects = [(line, LONG_LINE, raw) for line, raw in block.too_long]
        batches: list[pa.RecordBatch] = []
        static: list[pa.RecordBatch] = []
        days = np.zeros(0, dtype=np.int64)
        row_count = len(rejects)
        wrong: list[tuple[int, str]] = []
        ended = None
        for piece in _pieces(block, layout, decimal, rules.headers):
            row_count += piece.row_count
            rejects += piece.rejects
            start = 0
            for raw in piece.table.to_batches():
                line = piece.line[start : start + raw.num_rows]
                start += raw.num_rows
                typed = _typed(raw, line, layout, decimal, rules)
                batches.append(typed.batch)
                wrong += typed.wrong
                days = added(days, typed.days)
                if typed.static is not None:
                    static.append(typed.static)
            ended = piece.ended
        if wrong:
            text = _lines(block, [at for at, _ in wrong])
            rejects += [(at, why, text[at]) for at, why in wrong]
        once, repeated = _once(batches) if batches else ([], 0)
        return Parsed(once, rejects, row_count, repeated, static, days, ended)

    return parse


def added(one: npt.NDArray[np.int64], two: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Two counts by day, of which the shorter has nothing on the days that it lacks."""
    short, long = sorted((one, two), key=len)
    total = long.copy()
    total[: len(short)] += short
    return total


def _once(batches: list[pa.RecordBatch]) -> tuple[list[pa.RecordBatch], int]:
    """The batches, `is_kept` taken from each row that is the same fix as another one that stands;
    and the number of these rows.

    Most repetitions stand near each other in a file. To find them here is cheap; the few that
    stand in two blocks are found when the file is sorted.
    """
    is_kept = np.concatenate([b["is_kept"].to_numpy(zero_copy_only=False) for b in batches])
    mixed = np.zeros(len(is_kept), dtype=np.uint64)
    for name in PACKED_KEY:
        part = np.concatenate([_as_integers(batch.column(name)) for batch in batches])
        # Multiplying by an odd constant and folding the high half down spreads every bit
        # (Steele et al. 2014, SplitMix64). Equal fixes mix equally; the reverse is checked below.
        mixed = (mixed ^ part.astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(31)
    ordered = np.sort(mixed[is_kept])
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return batches, 0
    rows = np.flatnonzero(np.isin(mixed, twice) & is_kept)
    repeated = rows[repetitions(pa.Table.from_batches(batches).take(rows), PACKED_KEY)]
    is_kept[repeated] = False
    return _marked(batches, is_kept), len(repeated)


def repetitions(fixes: pa.Table, key: Sequence[str]) -> npt.NDArray[np.intp]:
    """Rows of a table that are the same fix as another one of it, which stands.

    Of equal fixes the one stands that is first by all that it says, a column after the other in
    the order of `POSITION_SCHEMA`, nulls last: whatever its line, and wherever a file is cut.

    Parameters
    ----------
    fixes : pyarrow.Table
        Columns of `POSITION_SCHEMA` or `PACKED_SCHEMA`, in any order of rows.
    key : sequence of str
        `KEY` or `PACKED_KEY`, by which two are the same fix.

    Returns
    -------
    numpy.ndarray
        Row numbers, in no order.

    Examples
    --------
    >>> twice = [{"mmsi": 1, "lon": 5.0, "lat": 1.0, "sog_kn": kn} for kn in (None, 9.0)]
    >>> repetitions(pa.Table.from_pylist(twice, POSITION_SCHEMA), KEY).tolist()
    [0]
    """
    names = [*key, *(name for name in POSITION_SCHEMA.names if name not in KEY)]
    order = pc.sort_indices(fixes, [(name, "ascending") for name in names]).to_numpy()
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for name in key:
        column = fixes[name].combine_chunks()
        values = _as_integers(column)[order]
        same &= values[1:] == values[:-1]
    return np.asarray(order[1:][same], dtype=np.intp)


def _as_integers(column: pa.Array) -> npt.NDArray[np.int64]:
    """The bits of a number or time; equal values have equal bits, as there is no minus zero."""
    values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values.astype(np.int64) if values.dtype == np.int32 else values.view(np.int64)


def _marked(batches: list[pa.RecordBatch], is_kept: npt.NDArray[np.bool_]) -> list[pa.RecordBatch]:
    """The batches with another `is_kept`. To copy all columns without a few rows costs far more."""
    marked, start = [], 0
    for batch in batches:
        kept = pa.array(is_kept[start : start + batch.num_rows])
        columns = [*batch.columns[:-1], kept]
        marked.append(pa.RecordBatch.from_arrays(columns, schema=PACKED_SCHEMA))
        start += batch.num_rows
    return marked


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
        small = Block(content[at:end], line, _line_ends(content[at:end]))
        piece = _parse_fast(small, layout, decimal)
        piece = piece or _parse_careful(small, layout, decimal, headers)
        if piece.ended is not None:
            header, rest = piece.ended
            after = rest.content + content[end:]
            too_long = tuple(found for found in block.too_long if found[0] >= rest.first_line)
            rest = Block(after, rest.first_line, _line_ends(after), too_long)
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
    types: dict[str, pa.DataType] = dict.fromkeys(ours.values(), _TEXT)
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


def _parse_careful(block: Block, layout: Layout, decimal: str, headers: Headers) -> _Piece:
    """The block line by line: what is not a record is rejected, and a bad number becomes none."""
    records, rejects, ended = _records(block, layout, headers)
    arrays = {}
    for ours, published in layout.source.columns.items():
        column = layout.header.index(published)
        text = [fields[column] for _, fields in records]
        if ours in FLOATS:
            arrays[ours] = pa.array(_numbers(text, decimal))
        else:
            arrays[ours] = pa.array([t.encode("latin-1") for t in text], pa.binary())
            if ours not in ("mmsi", *TEXTS):
                arrays[ours] = arrays[ours].dictionary_encode()
    line_numbers = np.array([line for line, _ in records], dtype=np.int64)
    return _Piece(pa.table(arrays), line_numbers, rejects, len(records) + len(rejects), ended)


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
        header = headers.told(raw, fields, layout, line)
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
            return records, rejects, (header, Block(rest, line + 1, _line_ends(rest)))
    return records, rejects, None


def _fields(raw: bytes, delimiter: str) -> list[str] | None:
    """The fields of one line, their bytes as Latin-1, or None where it cannot be taken apart."""
    text = raw.rstrip(b"\r").replace(b"\r", b" ").decode("latin-1")
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return None


def _decode(raw: bytes) -> str:
    """UTF-8, or Latin-1 where it is not: every byte is a Latin-1 letter, so this cannot fail."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _times(column: pa.DictionaryArray, time_format: str) -> pa.TimestampArray:
    moments = [times.moment(t, time_format) for t in _as_text(column.dictionary).to_pylist()]
    return pa.array(moments, pa.timestamp("us")).take(column.indices)


def _numbers(text: list[str], decimal: str) -> npt.NDArray[np.float64]:
    return np.array([_number(t.replace(decimal, ".")) for t in text], dtype=np.float64)


def _number(text: str) -> float:
    """As pyarrow reads it, but with a plus sign too; NaN where nothing is there, and infinity,
    which is outside of every range, where something is that is no number."""
    try:
        if text.isascii() and "_" not in text:
            return float(text)
    except ValueError:
        if text.strip().casefold() in _NULLS:
            return float("nan")
    return float("inf")


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


class _Typed(NamedTuple):
    """Rows as `PACKED_SCHEMA` has them, line and reason of those that are neither positions nor
    static reports, the static reports, and the positions by day."""

    batch: pa.RecordBatch
    wrong: list[tuple[int, str]]
    static: pa.RecordBatch | None
    days: npt.NDArray[np.int64]


def _typed(
    raw: pa.RecordBatch,
    line: npt.NDArray[np.int64],
    layout: Layout,
    decimal: str,
    rules: Rules,
) -> _Typed:
    mmsi = _mmsi(raw.column("mmsi"))
    lon = _in_our_unit(_floats(raw.column("lon")), "lon", layout)
    lat = _in_our_unit(_floats(raw.column("lat")), "lat", layout)
    at = raw.column("reported_at")
    if pa.types.is_dictionary(at.type):
        at = _times(at, layout.source.time_format)
    at = at.cast(pa.timestamp("us"))  # an offset is worked in; what is left is UTC
    moment = at.fill_null(0).to_numpy(zero_copy_only=False)
    missing = at.is_null().to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        on_earth = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    faults = [
        (mmsi == NOT_NUMBER, NO_MMSI),
        (mmsi == NOT_SHIP, BAD_MMSI),
        # pyarrow takes the years 0 and 10000, the latter by an offset, which Python does not know.
        (missing | (moment < FIRST_YEAR) | (moment >= YEAR_10000), BAD_TIME),
        (moment < FIRST_MOMENT, OLD_TIME),
        (moment > np.datetime64(rules.latest, "us"), FUTURE_TIME),
        (_is_far(moment, rules.own_days), FAR_TIME),
        (np.isinf(lon) | np.isinf(lat), NO_NUMBERS),
        # ITU-R M.1371-5, table 45: longitude 181 and latitude 91 mean "not available".
        (np.isnan(lon) | np.isnan(lat) | (lon == 181) | (lat == 91), NO_POSITION),
        (~on_earth, BAD_POSITION),
    ]
    wrong = np.select([f for f, _ in faults], np.arange(1, len(faults) + 1), 0)
    is_kept = wrong == 0
    arrays: dict[str, pa.Array] = {
        "mmsi": pa.array(mmsi),
        "reported_at": at,
        "place": pa.array(_place(np.where(on_earth, lon, 0), np.where(on_earth, lat, 0))),
        "is_kept": pa.array(is_kept),
    }
    for name in OPTIONAL:
        if name in layout.source.sums:
            total = _sum(raw, name, layout, decimal)
            arrays[name] = _numbers_or_null(total, name)
        elif name not in raw.schema.names:
            arrays[name] = pa.nulls(raw.num_rows, PACKED_SCHEMA.field(name).type)
        elif name in TEXTS:
            arrays[name] = _texts(raw.column(name), layout)
        elif name in FLOATS:
            arrays[name] = _numbers_or_null(_meant(_floats(raw.column(name)), name, layout), name)
        elif name == "imo":
            arrays[name] = _by_value(raw.column(name), _imo)
        else:
            convert = partial(_measure, name=name, layout=layout, decimal=decimal)
            arrays[name] = _by_value(raw.column(name), convert)
    batch = pa.RecordBatch.from_arrays(
        [arrays[name] for name in PACKED_SCHEMA.names], schema=PACKED_SCHEMA
    )
    static = None
    place_less = wrong == 1 + [reason for _, reason in faults].index(NO_POSITION)
    place_less &= np.isnan(lon) & np.isnan(lat)
    if place_less.any():
        says = [arrays[name].is_valid().to_numpy(zero_copy_only=False) for name in STATIC]
        is_static = place_less & np.logical_or.reduce(says)
        if is_static.any():
            static = batch.select(STATIC_SCHEMA.names).filter(pa.array(is_static))
            wrong[is_static] = 0
    days = (moment[is_kept].astype("datetime64[D]") - FIRST_DAY).astype(np.int64)
    return _Typed(
        batch=batch,
        wrong=[(int(line[i]), faults[wrong[i] - 1][1]) for i in np.flatnonzero(wrong)],
        static=static,
        days=np.bincount(days) if len(days) else np.zeros(0, dtype=np.int64),
    )


def _is_far(
    moment: npt.NDArray[np.datetime64], own_days: tuple[int, int] | None
) -> npt.NDArray[np.bool_]:
    if own_days is None:
        return np.zeros(len(moment), dtype=bool)
    first, last = own_days
    return (moment < FIRST_DAY + first) | (moment >= FIRST_DAY + last + 1)


def _place(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Places on Earth as `PACKED_SCHEMA` has them, rounded to a hundred-thousandth of a degree."""
    east, north = np.rint(lon * 1e5) + 180e5, np.rint(lat * 1e5) + 90e5
    return (east * 2**25 + north).astype(np.int64)  # below 2**51, so exact


def _floats(column: pa.Array) -> npt.NDArray[np.float64]:
    """Nulls as NaN."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _numbers_or_null(values: npt.NDArray[np.float64], name: str) -> pa.Array:
    """Numbers of the field's type, NaN as null."""
    return pa.array(values, mask=np.isnan(values)).cast(PACKED_SCHEMA.field(name).type)


def _by_value(column: pa.DictionaryArray, convert: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Convert each distinct value once and spread the results over the rows."""
    return convert(column.dictionary).take(column.indices)


def _as_text(values: pa.Array) -> pa.StringArray:
    try:
        text = values.cast(pa.string())
    except pa.ArrowInvalid:
        text = pa.array([_decode(value) for value in values.to_pylist()], pa.string())
    return pc.utf8_trim_whitespace(text)


NOT_NUMBER, NOT_SHIP = np.int32(-1), np.int32(-2)
"""What stands for an MMSI that is none."""


def _mmsi(values: pa.BinaryArray) -> npt.NDArray[np.int32]:
    """Nine digits of which the first is 2 to 7 (ITU-R M.585: ship stations), else `NOT_SHIP` for
    another number and `NOT_NUMBER` for what is no number at all."""
    number = _nine_digits(values)
    if number is None:
        number = _by_value(values.dictionary_encode(), _station).to_numpy()
    is_ship = (number >= 200_000_000) & (number <= 799_999_999)
    return np.where(is_ship, number, np.where(number < 0, number, NOT_SHIP)).astype(np.int32)


def _station(values: pa.Array) -> pa.Int32Array:
    text = _as_text(values)
    number = _whole_number(text, 9)
    is_number = pc.match_substring_regex(text, r"^[0-9]+(\.0*)?$").to_numpy(zero_copy_only=False)
    return pa.array(np.where((number < 0) & is_number, NOT_SHIP, number))


def _nine_digits(values: pa.BinaryArray) -> npt.NDArray[np.int32] | None:
    """The numbers where each value is nine ASCII digits and nothing else, else None.

    A field of many values: its letters are counted as they lie, a tenth of the work.
    """
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int32)
    offsets = offsets[values.offset : values.offset + len(values) + 1]
    if not (np.diff(offsets) == 9).all():
        return None
    letters = np.frombuffer(values.buffers()[2] or b"", dtype=np.uint8)
    digits = letters[offsets[0] : offsets[-1]].reshape(-1, 9) - np.uint8(ord("0"))
    if (digits > 9).any():  # what stands before the digits wraps round
        return None
    number = np.zeros(len(values), dtype=np.int32)
    for place in range(9):
        number = number * 10 + digits[:, place]
    return number


def _imo(values: pa.Array) -> pa.Int32Array:
    """Seven digits with a right check digit (IMO Res. A.1117(30)), IMO before it or not, else null.

    The last digit is that of the sum of the first six times 7, 6, 5, 4, 3, 2.
    """
    text = _as_text(values)
    prefixed = pc.starts_with(text, "IMO", ignore_case=True)
    text = pc.if_else(prefixed, pc.utf8_ltrim_whitespace(pc.utf8_slice_codeunits(text, 3)), text)
    imo = _whole_number(text, 7)
    total = sum(imo // 10 ** (weight - 1) % 10 * weight for weight in range(2, 8))
    return pa.array(imo, mask=(imo < 1_000_000) | (total % 10 != imo % 10))


def _whole_number(text: pa.StringArray, digits: int) -> npt.NDArray[np.int32]:
    """The number of texts of just so many ASCII digits, else -1. Where a column has gaps, pandas
    and databases write its whole numbers with `.0`."""
    text = pc.replace_substring_regex(text, r"\.0*$", "")
    whole = pc.and_(pc.equal(pc.binary_length(text), digits), pc.string_is_ascii(text))
    whole = pc.and_(whole, pc.utf8_is_digit(text))
    return np.asarray(pc.if_else(whole, text, "-1").cast(pa.int32()).to_numpy(), dtype=np.int32)


def _measure(values: pa.Array, name: str, layout: Layout, decimal: str) -> pa.Array:
    """Numbers of a measure or code; null codes, words without a code, junk and what is outside the
    field's range become null."""
    text = _as_text(values)
    words = layout.source.words.get(name)
    if words is not None:
        # A publisher's own codes are words too, and may be written as 1024.0.
        keys = pc.replace_substring_regex(text, r"^([0-9]+)\.0*$", r"\1").to_pylist()
        codes = [words.get(key.casefold()) for key in keys]
        text = pa.array(
            [key if code is None else str(code) for key, code in zip(keys, codes, strict=True)],
            pa.string(),
        )
    return _numbers_or_null(_meant(_text_numbers(text, decimal), name, layout), name)


def _text_numbers(text: pa.StringArray, decimal: str) -> npt.NDArray[np.float64]:
    """The numbers that the texts write, NaN where a text writes none."""
    if decimal != ".":
        text = pc.replace_substring(text, decimal, ".")
    try:
        number = pc.if_else(pc.equal(text, ""), "nan", text).cast(pa.float64())
        return np.asarray(number.to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid:
        return _numbers(text.to_pylist(), ".")


def _sum(raw: pa.RecordBatch, name: str, layout: Layout, decimal: str) -> npt.NDArray[np.float64]:
    """The parts of a size added up; NaN where one of them is missing or none that a ship has.

    A part alone may be 0, the sum not: ITU-R M.1371-5, figure 41, has A = C = 0 for an antenna
    whose place is not known on a ship whose size is, and all four 0 where nothing is known.
    """
    parts = layout.source.sums[name]
    most = RANGES[name][1] / 2  # the same figure: each part is up to 511 m along, 63 m across
    total = np.zeros(raw.num_rows)
    for part in parts:
        value = _by_value(
            raw.column(part), lambda v: pa.array(_text_numbers(_as_text(v), decimal))
        ).to_numpy()
        with np.errstate(invalid="ignore"):
            total += np.where((value >= 0) & (value <= most), value, np.nan)
    return _meant(total, name, layout)


def _in_our_unit(
    values: npt.NDArray[np.float64], name: str, layout: Layout
) -> npt.NDArray[np.float64]:
    divisor = layout.source.divisor.get(name)
    return values if divisor is None else values / divisor


def _meant(result: npt.NDArray[np.float64], name: str, layout: Layout) -> npt.NDArray[np.float64]:
    """The numbers with NaN for those that mean "not available" or cannot be of the field."""
    low, high = RANGES[name]
    result = _in_our_unit(result, name, layout)
    with np.errstate(invalid="ignore"):
        result = np.where((result >= low) & (result <= high), result, np.nan)
    if name in CODES:
        result = np.where(result == np.floor(result), result, np.nan)
    for code in layout.source.not_available.get(name, ()):
        result = np.where(result == code, np.nan, result)
    return result + 0.0  # no minus zero


def _texts(column: pa.BinaryArray, layout: Layout) -> pa.StringArray:
    """Text without control characters and AIS's filler ``@`` at the end; nothing left is null."""
    junk, start = layout.source.text_not_available, layout.source.text_not_available_start
    if not junk and not start:
        suspects = _suspects_if_plain(column)
        if suspects is not None and not _has_null(column.take(suspects)):
            text = column.cast(pa.string())
            is_empty = pc.equal(pc.binary_length(text), 0)
            return pc.if_else(is_empty, pa.scalar(None, pa.string()), text)
    values = column.dictionary_encode()
    text = _as_text(values.dictionary)
    text = pc.replace_substring_regex(text, r"\p{Cc}+", " ")
    # ITU-R M.1371-5, table 47: '@' is the six-bit code 0, which fills a name up to its length.
    text = pc.utf8_trim_whitespace(pc.utf8_rtrim(text, "@ "))
    lower = pc.utf8_lower(text)
    empty = pc.or_(pc.equal(text, ""), pc.is_in(lower, value_set=_NULL_WORDS))
    if junk:
        empty = pc.or_(empty, pc.is_in(lower, value_set=pa.array(sorted(junk), pa.string())))
    for words in start:
        empty = pc.or_(empty, pc.starts_with(lower, words))
    text = pc.if_else(empty, pa.scalar(None, pa.string()), text)
    return pa.DictionaryArray.from_arrays(values.indices, text).dictionary_decode()


def _has_null(values: pa.BinaryArray) -> bool:
    lower = pc.utf8_lower(values.cast(pa.string()))
    return bool(pc.any(pc.is_in(lower, value_set=_NULL_WORDS)).as_py())


def _suspects_if_plain(column: pa.BinaryArray) -> pa.Int64Array | None:
    """Where there is nothing to clean (printable ASCII without ``@``, no space at either end): the
    rows whose length and first letter a database's word for null has. Else None."""
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)
    offsets = offsets[column.offset : column.offset + len(column) + 1]
    letters = np.frombuffer(column.buffers()[2] or b"", dtype=np.uint8)
    if ((letters < 0x20) | (letters >= 0x7F) | (letters == ord("@"))).any():
        return None
    filled = np.flatnonzero(np.diff(offsets))
    first, last = letters[offsets[filled]], letters[offsets[filled + 1] - 1]
    if (first == ord(" ")).any() or (last == ord(" ")).any():
        return None
    length = offsets[filled + 1] - offsets[filled]
    return pa.array(filled[_NULL_STARTS[first] & (length <= _NULL_LENGTH)])


def rejects_table(rejects: Rejects) -> pa.Table:
    """Rejects as a table: line, reason, and the line's text, at most 1,000 characters of it."""
    lines, reasons, raws = zip(*rejects, strict=True)
    text = [_decode(raw.rstrip(b"\r\n"))[:RAW_CHARACTERS].replace("\0", " ") for raw in raws]
    return pa.table([lines, reasons, text], schema=REJECT_SCHEMA)
