"""A stream of text in blocks of whole lines, read ahead."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from flows.home.settings import BarometerError
from flows.ingest.rows.reasons import MAX_LINE_BYTES
from flows.ingest.rows.values import decoded

BLOCK_BYTES = 8 << 20
LOOK_BYTES = 64 << 10
"""Size of the pieces in which line ends are counted, so that a line is looked for in one of them. A
block at once would take several times as long: such an array gets new pages of memory each time."""

FINGERPRINT_BYTES = 64 << 10
RAW_CHARACTERS = 1000

_BLANK = b" \r\n\xef\xbb\xbf"  # blanks, line ends, and the mark that some editors put first
T = TypeVar("T")
S = TypeVar("S")
Rejects = list[tuple[int, str, bytes]]


class Readable(Protocol):
    """What can be read as a binary file is."""

    def read(self, size: int, /) -> bytes: ...


class Block(NamedTuple):
    """Whole lines of a file, without the header. `first_line` counts from 1, as editors do;
    `line_ends` counts the line ends up to the end of each piece of `LOOK_BYTES`."""

    content: bytes
    first_line: int
    line_ends: npt.NDArray[np.int64]
    too_long: tuple[tuple[int, bytes], ...] = ()


class Head(NamedTuple):
    """The header of a file, and what was read beyond it.

    `line_number` is the header's own (empty lines may stand before it); `start` is what was read
    from its first letter on, `rest` what follows its line end; `fingerprint` is the hash of the
    first bytes, a cheap first check for a file that may be known already.
    """

    text: str
    line_number: int
    start: bytes
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
        text=decoded(read[start:end]),
        line_number=read[:start].count(b"\n") + 1,
        start=read[start:],
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
            block = Block(kept, line, line_ends_of(kept), tuple(too_long))
            yield block
            line += int(block.line_ends[-1])
        if not skipping and len(rest) > MAX_LINE_BYTES:
            yield Block(b"", line, line_ends_of(b""), ((line, rest[: RAW_CHARACTERS * 4]),))
            rest, skipping = b"", True
        if is_end:
            return
        piece = content.read(BLOCK_BYTES)
        digest.update(piece)
        is_end = not piece


def line_ends_of(content: bytes) -> npt.NDArray[np.int64]:
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
    too_long = [
        (first_line + int(i), whole[starts[i] : starts[i] + RAW_CHARACTERS * 4]) for i in long
    ]
    pieces, at = [], 0
    for i in long:
        pieces.append(whole[at : starts[i]])
        at = int(ends[i])
    return b"".join([*pieces, whole[at:]]), too_long


def read_ahead(source: Iterable[T]) -> Generator[T, None, None]:
    """The same items, each produced by a separate thread while the previous one is processed."""
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
    """The results of a function for each item, computed by several threads, in order."""
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
