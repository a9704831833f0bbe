"""A header in the middle of a file: files that were put one behind the other."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import NamedTuple

from flows.home.settings import BarometerError
from flows.ingest.rows.values import decoded
from flows.sources.definitions import Source
from flows.sources.layouts import Layout, UnknownHeader, match_source

_NUMBER = re.compile(r"\s*[+-]?\d+([.,]\d+)?\s*")
_DIGIT = re.compile(rb"\d")


class Header(NamedTuple):
    """A line that is a header.

    Attributes
    ----------
    layout : Layout
        That of the lines after it.
    is_same : bool
        Whether it is the layout of the lines before it too.
    row : list of str or None
        The row before it on the same line, if the preceding file ends without a line end.
    """

    layout: Layout
    is_same: bool
    row: list[str] | None = None


class Headers(NamedTuple):
    """Detects header lines by the sources' column names, and those of the MMSI column."""

    sources: tuple[Source, ...]
    names: frozenset[str]
    marks: tuple[bytes, ...]

    def find(
        self, raw: bytes, fields: list[str] | None, layout: Layout, line: int
    ) -> Header | None:
        """The header that a line is, None where it is none.

        Text that a ship sends cannot be one: the other fields of its row have numbers.

        Parameters
        ----------
        raw : bytes
            The line.
        fields : list of str or None
            It by the layout of the lines before, None where it cannot be taken apart.
        layout : Layout
            That layout.
        line : int
            Its number.

        Raises
        ------
        BarometerError
            If it is a header that matches no source: the lines after it cannot be read.
        """
        if fields is not None and len(fields) == len(layout.header):
            mmsi = layout.header.index(layout.source.columns["mmsi"])
            if any(c.isdigit() for c in fields[mmsi]):
                return None
        lower = raw.lower()
        if not any(mark in lower for mark in self.marks) and _DIGIT.search(raw):
            return None
        text = decoded(raw).strip("\r\n")
        try:
            return self._whole(text, layout) or self._behind_a_row(text, layout)
        except UnknownHeader as error:
            raise BarometerError(f"a second header in line {line}: {error}") from error

    def _whole(self, text: str, layout: Layout) -> Header | None:
        names = _names(text, layout)
        if tuple(names) == layout.header:
            return Header(layout, is_same=True)
        if any(_NUMBER.fullmatch(name) for name in names):
            return None
        mmsi = layout.header.index(layout.source.columns["mmsi"])
        if len(names) == len(layout.header) and names[mmsi] == layout.header[mmsi]:
            # The name in the place of the numbers: a header, whatever the others are called.
            new_layout: Layout | None = match_source(text, self.sources)
        else:
            new_layout = self._match(text)
        return None if new_layout is None else Header(new_layout, new_layout == layout)

    def _behind_a_row(self, text: str, layout: Layout) -> Header | None:
        names = _names(text, layout)
        last = len(layout.header) - 1
        if len(names) <= last + 1 or any(_NUMBER.fullmatch(name) for name in names[last + 1 :]):
            return None
        for start in range(len(names[last])):
            first = names[last][start:]
            if first not in self.names:
                continue
            new_layout = self._match(layout.delimiter.join([first, *names[last + 1 :]]))
            if new_layout is not None:
                return Header(
                    new_layout, new_layout == layout, [*names[:last], names[last][:start]]
                )
        return None

    def _match(self, text: str) -> Layout | None:
        try:
            return match_source(text, self.sources)
        except UnknownHeader as error:
            if error.is_ais and not any(_NUMBER.fullmatch(x) for x in re.split("[,;\t]", text)):
                raise
            return None


def headers_of(sources: Iterable[Source]) -> Headers:
    """A detector of the headers of these sources."""
    known = tuple(sources)
    marks = {source.columns["mmsi"].lower().encode() for source in known}
    names = frozenset(name for s in known for name in (*s.header, *s.aliases))
    return Headers(known, names, tuple(sorted(marks)))


def _names(text: str, layout: Layout) -> list[str]:
    """The names in a line, under which the layout's source publishes them."""
    try:
        cells = next(csv.reader([text.lstrip("\ufeff")], delimiter=layout.delimiter), [])
    except csv.Error:
        return []
    return [layout.source.aliases.get(cell.strip(), cell.strip()) for cell in cells]
