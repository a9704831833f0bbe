"""A Parquet file's rows and its hash from one reading."""

from __future__ import annotations

import io
from typing import IO, Any

from flows.home.hashes import new_hash

LENGTH_BYTES = 8
"""The end of a Parquet file: the length of its footer in four bytes, and "PAR1" (its
specification)."""

END_BYTES = 1 << 16
"""What pyarrow reads of the end first, in the hope that the footer is in it."""

STEP_BYTES = 1 << 20
"""Read at a time where nothing asks for more (a choice)."""


class Once(io.RawIOBase):
    """A file for pyarrow of which every byte is read once, and goes into a hash.

    The end of a Parquet file, which says where its rows are, is read first and kept. The rest is
    read forwards, as far as it is asked for. What lies before `pass_over` is forgotten, so that
    the memory is that of a row group.

    Parameters
    ----------
    raw : binary file
        Open at its begin.
    size : int
        Its bytes.
    """

    def __init__(self, raw: IO[bytes], size: int) -> None:
        self._raw, self._size, self._place = raw, size, 0
        self._hash = new_hash()
        raw.seek(max(0, size - LENGTH_BYTES))
        footer = int.from_bytes(raw.read(4), "little") + LENGTH_BYTES
        self._end_from = max(0, size - max(END_BYTES, footer if footer < size else 0))
        raw.seek(self._end_from)
        self._end = raw.read(size - self._end_from)
        raw.seek(0)
        self._held_from, self._held = 0, bytearray()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = start + offset
        return self._place

    def read(self, size: int = -1) -> bytes:
        first = self._place
        last = self._size if size is None or size < 0 else min(first + size, self._size)
        if first < self._held_from:
            raise OSError("a part of the file that was passed over is read again")
        self._place = max(first, last)
        self._read_to(min(last, self._end_from))
        held = self._held[first - self._held_from : max(0, last - self._held_from)]
        if last <= self._end_from:
            return bytes(held)
        end = self._end[max(0, first - self._end_from) : last - self._end_from]
        return bytes(held) + end if first < self._end_from else end

    def readinto(self, buffer: Any) -> int:
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def pass_over(self, place: int) -> None:
        """Forget what lies before a place, which is not read again."""
        place = min(place, self._end_from)
        self._read_to(place)
        if place > self._held_from:
            del self._held[: place - self._held_from]
            self._held_from = place

    def hash(self) -> str:
        """The blake2b-256 of the whole file, hexadecimal; what was not read yet is read."""
        while (place := self._held_from + len(self._held)) < self._end_from:
            self._held_from, self._held = place, bytearray()
            before = place
            self._read_to(min(place + STEP_BYTES, self._end_from))
            if self._held_from + len(self._held) == before:
                break  # the file has become shorter
        whole = self._hash.copy()
        whole.update(self._end)
        return whole.hexdigest()

    def _read_to(self, place: int) -> None:
        missing = place - self._held_from - len(self._held)
        while missing > 0 and (content := self._raw.read(missing)):
            self._hash.update(content)
            self._held += content
            missing -= len(content)
