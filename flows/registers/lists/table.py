"""Lists as CSV. The files are untrusted: a line that is not a row becomes `Junk`, the rest is read.

`csv_rows` reads every CSV from outside. `table_rows` adds the names of the columns, for the files
that have a header.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from flows.registers.lists.entry import CUT, Junk
from flows.registers.lists.letters import plain_text

HEAD_BYTES = 1 << 16
"""How much of a file is read to recognise its format."""

MOST_LINE_BYTES = 8 << 20
"""A longer line is not read whole, so that a file of one endless line cannot fill the memory. A
ship's row has less than a kilobyte, a nested JSON entity of a large company some megabytes."""

RAW_SIGNS = 200
"""How many characters of a line a `Junk` keeps."""

_BLANK = " \t\x1a"
"""0x1A alone is the last line of OFAC's sdn.csv: the end-of-file sign of DOS."""


class CsvRow(NamedTuple):
    """A row of a CSV file, before anything is known of its columns.

    line: where it begins, from 1. raw: its first line, at most `RAW_SIGNS` characters. cells: as in
    the file; none on a blank line and where `fault` says why the row cannot be read. is_unended:
    the file ends within the row or right behind it, without a line end, so it may be cut here.
    """

    line: int
    raw: str
    cells: list[str]
    fault: str | None
    is_unended: bool


class TableRow(NamedTuple):
    """A row below a header: `CsvRow` with the cells by column, as in the file."""

    line: int
    raw: str
    cells: dict[str, str]
    is_unended: bool

    def texts(self) -> dict[str, str]:
        """The cells as plain text (`plain_text`), empty where there is none."""
        return {name: plain_text(cell) or "" for name, cell in self.cells.items()}


def read_head(path: Path) -> str:
    """The first `HEAD_BYTES` of a file as text, without a byte order mark; junk never raises."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES).decode("utf-8-sig", "replace")


def first_rows(head: str, delimiter: str, count: int) -> list[list[str]]:
    r"""The first rows of a CSV from its head, as empty lists where there are fewer.

    >>> first_rows('imo; "name"\r\n9187629;', ";", 3)
    [['imo', 'name'], ['9187629', ''], []]
    """
    lines = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = list(itertools.islice(lines, count))
    except csv.Error:
        rows = []
    return rows + [[] for _ in range(count - len(rows))]


def header_columns(head: str, delimiter: str = ",") -> list[str]:
    """The column names in the first row of a CSV, in lower case; empty where it has none.

    >>> header_columns('IMO; "Name"\\n9187629;SAAM', ";"), header_columns("")
    (['imo', 'name'], [])
    """
    return [cell.strip().lower() for cell in first_rows(head, delimiter, 1)[0]]


def bounded_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers from 1 and their line ends, without a UTF-8 BOM.

    Of a line longer than `MOST_LINE_BYTES` only the first `MOST_LINE_BYTES + 1` bytes.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            while len(line) > MOST_LINE_BYTES and not line.endswith(b"\n"):
                line = file.readline(MOST_LINE_BYTES + 1)


def first_not_utf8(path: Path) -> Junk | None:
    """The first line that is not UTF-8; None where all are. Lines too long to read do not count."""
    for number, line in bounded_lines(path):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            if len(line) > MOST_LINE_BYTES:  # shortened, perhaps in the middle of a character
                continue
            reason = "the file is not UTF-8: save it as CSV UTF-8 (Excel offers it by that name)"
            return Junk(number, reason, line.decode("utf-8", "replace")[:RAW_SIGNS], True)
    return None


class _Lines:
    """The lines of a file as text. number, last: of the line read last. is_over: none is left."""

    def __init__(self, file: TextIO, fallback: str | None) -> None:
        self._file, self._fallback = file, fallback
        self.number, self.last, self.is_over = 0, "", False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline(MOST_LINE_BYTES + 1)
        if not line:
            self.is_over = True
            raise StopIteration
        self.number += 1
        self.last = line if line.isascii() else _decoded(line, self._fallback)
        while len(line) > MOST_LINE_BYTES and not line.endswith(("\n", "\r")):
            line = self._file.readline(MOST_LINE_BYTES + 1)
        return self.last


def _decoded(line: str, fallback: str | None) -> str:
    """A line with surrogates for the bytes that are not UTF-8, in the encoding to fall back to."""
    content = line.encode("utf-8", "surrogateescape")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(fallback or "utf-8", "replace")


def csv_rows(
    path: Path,
    delimiter: str = ",",
    *,
    width: int = 0,
    spans_lines: bool = False,
    fallback: str | None = None,
) -> Iterator[CsvRow]:
    """All rows of a CSV file, blank ones and the header among them. Lines end in LF, CRLF or CR.

    Parameters
    ----------
    path : Path
        In UTF-8, with or without a byte order mark.
    delimiter : str
        One character.
    width : int
        How many cells a row has. Where it is given, a row with quotes that are not doubled is read
        all the same if it then has that many; 0: it is a fault. Rows of another width are no fault.
    spans_lines : bool
        Whether a quoted cell may hold line ends. If not, each line is a row, and a quote that is
        not closed costs that line only; else the file up to the next quote.
    fallback : str or None
        The encoding of a line that is not UTF-8; None: U+FFFD for each byte that is not.

    Raises
    ------
    OSError
        If the file cannot be read. Nothing in it raises.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = _Lines(file, fallback)
        for first in lines:
            yield _csv_row(first, lines, delimiter, width, spans_lines)


def _csv_row(first: str, lines: _Lines, delimiter: str, width: int, spans_lines: bool) -> CsvRow:
    number, text = lines.number, first.rstrip("\r\n")
    fault: str | None = None
    cells: list[str] = []
    is_open = False
    if len(first) > MOST_LINE_BYTES:
        fault = f"a line of more than {MOST_LINE_BYTES} bytes"
    elif text.strip(_BLANK):
        source = itertools.chain((first,), lines) if spans_lines else (text,)
        try:
            cells = next(csv.reader(source, delimiter=delimiter, strict=not spans_lines))
        except csv.Error as error:
            is_open = str(error) == "unexpected end of data"
            fault = f"not a CSV row: {'a quote is not closed' if is_open else error}"
    is_unended = lines.is_over or not lines.last.endswith(("\n", "\r"))
    if fault and width and len(lenient := lenient_fields(text, delimiter)) == width:
        cells, fault = lenient, None
    elif is_unended and (is_open or (lines.is_over and not fault)):
        cells, fault = [], f"{CUT} in its last line"
    return CsvRow(number, text[:RAW_SIGNS], cells, fault, is_unended)


def table_rows(
    path: Path,
    columns: list[str],
    delimiter: str = ",",
    *,
    header_row: int = 1,
    spans_lines: bool = False,
) -> Iterator[TableRow | Junk]:
    """The rows below a header, and `Junk` for those that cannot be read or have too few cells.

    Parameters
    ----------
    path, delimiter, spans_lines
        As in `csv_rows`.
    columns : list of str
        The names of the columns, in the order of the file.
    header_row : int
        The number of the header's row, from 1. It and all rows before it are passed over.

    Returns
    -------
    iterator of TableRow or Junk
        Without blank rows. Cells behind the last column make a row `Junk`; empty ones there are
        dropped where a row is a line (else two rows may have run into one). A row with too few
        cells that has no line end means that the file is cut.
    """
    width = len(columns)
    rows = csv_rows(path, delimiter, width=width, spans_lines=spans_lines)
    for row in itertools.islice(rows, header_row, None):
        fault = row.fault
        extra = row.cells[width:]
        is_wide = bool(extra) if spans_lines else any(map(str.strip, extra))
        if row.cells and (len(row.cells) < width or is_wide):
            fault = f"{len(row.cells)} fields, expected {width}"
            if len(row.cells) < width and row.is_unended:
                fault = f"{CUT}: {fault}"
        if fault:
            yield Junk(row.line, fault, row.raw, True)
        elif row.cells:
            cells = dict(zip(columns, row.cells, strict=False))
            yield TableRow(row.line, row.raw, cells, row.is_unended)


def lenient_fields(line: str, delimiter: str = ",") -> list[str]:
    """The fields of a line in which quotes inside quoted fields are not doubled.

    A quote ends a field only where a delimiter and the next field, quoted or without any quote,
    follow. The caller compares the number of fields with what it must be. None at all where a
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
