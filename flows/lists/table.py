"""Lists as CSV, read as hostile input: what is no row is junk with its line; the rest goes on."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flows.lists.entry import CUT, Junk
from flows.lists.letters import plain_text

HEAD_BYTES = 1 << 16
"""How much of a file is read to tell its format."""

MOST_LINE_BYTES = 8 << 20
"""A longer line is not read whole: a file of one endless line must not fill the memory. A ship's
row is below a kilobyte, a nested JSON entity of a large company some megabytes."""

RAW_SIGNS = 200
"""How much of a line a `Junk` shows."""


class TableRow(NamedTuple):
    """A row of a CSV.

    cells: plain text by the column's name in lower case, empty where there is none. is_unended: no
    line end follows, so the file may be cut here.
    """

    line: int
    raw: str
    cells: dict[str, str]
    is_unended: bool


def read_head(path: Path) -> str:
    """The first `HEAD_BYTES` of a file as text, without a byte order mark; never raises on junk."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES).decode("utf-8-sig", "replace")


def header_columns(head: str, delimiter: str = ",") -> list[str]:
    """The column names of the first line of a CSV's head, in lower case; empty where it has none.

    >>> header_columns('IMO; "Name"\\n9187629;SAAM', ";"), header_columns("")
    (['imo', 'name'], [])
    """
    first = head.split("\n", 1)[0].rstrip("\r")
    try:
        cells = next(csv.reader([first], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []
    return [cell.strip().lower() for cell in cells]


def bounded_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers from 1 and their line ends, without a UTF-8 BOM.

    Of a line longer than `MOST_LINE_BYTES` the first `MOST_LINE_BYTES + 1` bytes are given.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            while len(line) > MOST_LINE_BYTES and not line.endswith(b"\n"):
                line = file.readline(MOST_LINE_BYTES + 1)


def table_rows(path: Path, columns: list[str], delimiter: str = ",") -> Iterator[TableRow | Junk]:
    """The rows of a CSV below its first line, one a line, and what is no row as `Junk`.

    A row is one line, so that a quote that is not closed costs that row and not the rest of the
    file. Blank lines are passed over, and empty cells after the last of the columns.
    """
    for number, line in bounded_lines(path):
        if number == 1:
            continue
        is_unended = not line.endswith(b"\n")
        if len(line) > MOST_LINE_BYTES:
            raw = line[:RAW_SIGNS].decode("utf-8", "replace")
            yield Junk(number, f"a line of more than {MOST_LINE_BYTES} bytes", raw, True)
            continue
        row = line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")
        if row.strip():
            yield _table_row(number, row, columns, delimiter, is_unended)


def _table_row(
    number: int, row: str, columns: list[str], delimiter: str, is_unended: bool
) -> TableRow | Junk:
    raw = row[:RAW_SIGNS]
    try:
        cells = next(csv.reader((row,), delimiter=delimiter, strict=True))
    except csv.Error as error:
        cells = lenient_fields(row, delimiter)
        if len(cells) != len(columns):
            is_open = str(error) == "unexpected end of data"  # a quote is open at the line's end
            is_cut = is_open and is_unended
            fault = f"{CUT} in its last line" if is_cut else f"no row of CSV: {error}"
            return Junk(number, fault, raw, True)
    fault = f"{len(cells)} fields, expected {len(columns)}"
    if len(cells) < len(columns):
        if is_unended:
            fault = f"{CUT}: {fault}"
        return Junk(number, fault, raw, True)
    if any(cell.strip() for cell in cells[len(columns) :]):
        return Junk(number, fault, raw, True)
    texts = (plain_text(cell) or "" for cell in cells)
    return TableRow(number, raw, dict(zip(columns, texts, strict=False)), is_unended)


def lenient_fields(line: str, delimiter: str = ",") -> list[str]:
    """The fields of a line in which quotes stand unescaped inside quoted fields.

    A quote ends a field only where a delimiter and the next field, quoted or without any quote,
    follow. The caller holds the number of fields against what it must be. None at all where a
    field does not end, or is longer than `csv.field_size_limit`.

    >>> lenient_fields('1,"HUNT "THREE" STAR","a.k.a. "OLD", of Kharg"')
    ['1', 'HUNT "THREE" STAR', 'a.k.a. "OLD", of Kharg']
    """
    pieces = line.strip("\r\n").split(delimiter)
    fields = []
    start: int | None = None
    for at, piece in enumerate(pieces):
        if start is None:
            if not piece.lstrip().startswith('"'):
                fields.append(piece)
                continue
            start = at
        after = pieces[at + 1] if at + 1 < len(pieces) else '"'
        is_end = piece.rstrip().endswith('"') and (at > start or len(piece.strip()) > 1)
        if is_end and (after.lstrip().startswith('"') or '"' not in after):
            field = delimiter.join(pieces[start : at + 1]).strip()
            fields.append(field[1:-1].replace('""', '"'))
            start = None
    is_whole = start is None and max(map(len, fields), default=0) <= csv.field_size_limit()
    return fields if is_whole else []


def first_rows(head: bytes, delimiter: str, count: int) -> list[list[str]]:
    """The first rows of a CSV by its first bytes, empty ones where there are fewer.

    >>> first_rows(b"\\xef\\xbb\\xbfimo,name\\r\\n9187629,", ",", 3)
    [['imo', 'name'], ['9187629', ''], []]
    """
    lines = io.StringIO(head.decode("utf-8-sig", errors="replace"), newline="")
    try:
        rows = list(itertools.islice(csv.reader(lines, delimiter=delimiter), count))
    except csv.Error:
        rows = []
    return rows + [[] for _ in range(count - len(rows))]


def whole_rows(
    path: Path, delimiter: str, header: list[str]
) -> Iterator[tuple[int, list[str]] | Junk]:
    """The rows below the header, each with its first line; junk for those that are not whole.

    A row with fewer columns than the header at the end of the file says that the file is cut.
    """
    short: Junk | None = None
    is_below_header = False
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        pieces = iter(lambda: lines.readline(MOST_LINE_BYTES), "")
        reader = csv.reader(pieces, delimiter=delimiter)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Junk(line, f"no row of a CSV: {error}", "", True)
                continue
            if cells is None:
                break
            if not is_below_header:
                is_below_header = cells == header
                continue
            if not cells:
                continue
            if short is not None:
                yield short
                short = None
            if len(cells) == len(header):
                yield line, cells
            else:
                reason = f"{len(cells)} columns, expected {len(header)}"
                short = Junk(line, reason, delimiter.join(cells)[:RAW_SIGNS], True)
                if len(cells) > len(header):
                    yield short
                    short = None
    if short is not None:
        yield short._replace(reason=f"{CUT}: {short.reason}")
