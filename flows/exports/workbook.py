"""Tables as a workbook of Excel: a sheet each, typed cells, and no formula from a text."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO, NamedTuple

import duckdb
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from flows.exports.cells import BATCH_ROWS, INTEGERS, NUMBERS, Kind, printed, unique
from flows.home.settings import BarometerError
from flows.home.text import safe_text

MOST_ROWS, MOST_COLUMNS, MOST_SIGNS = 1_048_576, 16_384, 32_767
"""Rows, columns and characters of a cell of a sheet (Excel specifications and limits)."""
MOST_EXACT = 10**15
"""From here on Excel rounds a number: it keeps 15 digits (the same page)."""
CUT = " ... (cut)"
"""At the end of a text that a report's cell does not hold; the CSV has all of it."""
FIRST_DAY = date(1900, 3, 1)
"""Earlier days are wrong in Excel, which takes 1900 for a leap year."""
WIDTHS = {"date": 11, "timestamp": 19}
FORMS = {"date": "yyyy-mm-dd", "timestamp": "yyyy-mm-dd hh:mm:ss"}

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """Write all rows as a workbook. Times are UTC, and a time with a zone is text.

    Raises
    ------
    BarometerError
        If a sheet cannot hold the rows, the columns or a text.
    """
    names, kinds = unique(relation.columns), relation.types
    if len(names) > MOST_COLUMNS:
        raise BarometerError(
            f"a sheet of Excel has {MOST_COLUMNS:,} columns, the result {len(names):,}."
        )
    packed = io.BytesIO()
    book = xlsxwriter.Workbook(packed, OPTIONS)
    sheet = _sheet(book, "result", names, [kind.id for kind in kinds])
    number = 0
    rows = printed(relation)
    while batch := rows.fetchmany(BATCH_ROWS):
        if number + len(batch) >= MOST_ROWS:
            raise BarometerError(
                f"a sheet of Excel has {MOST_ROWS:,} rows, and the result more. Choose fewer, or "
                "take csv or parquet."
            )
        for number, row in enumerate(batch, number + 1):  # noqa: B020 counts on
            for column, (value, kind) in enumerate(zip(row, kinds, strict=True)):
                if value is not None:
                    _cell(sheet, number, column, _typed(value, kind), value)
    sheet.autofilter(0, 0, number, len(names) - 1)
    _close(book)
    out.write(packed.getbuffer())


class Sheet(NamedTuple):
    """A sheet of a workbook: its name, the names and SQL types of its columns, and its rows."""

    name: str
    columns: Sequence[str]
    kinds: Sequence[str]
    rows: Sequence[Sequence[Any]]


def workbook(sheets: Sequence[Sheet], properties: Mapping[str, Any]) -> bytes:
    """Several tables as one workbook; the same input gives the same bytes.

    Parameters
    ----------
    sheets : sequence of Sheet
        In their order; a name has 31 characters at most (Excel's limit).
    properties : mapping
        Of the document, in XlsxWriter's words. `created` must be one of them: it is now otherwise.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    book.set_properties(dict(properties))
    for sheet in sheets:
        page = _sheet(book, sheet.name, sheet.columns, [kind.lower() for kind in sheet.kinds])
        for number, row in enumerate(sheet.rows, 1):
            for column, value in enumerate(row):
                if value is not None:
                    text = str(value)
                    if not isinstance(value, (int, float)):
                        text = safe_text(text)
                    if len(text) > MOST_SIGNS:
                        text = text[: MOST_SIGNS - len(CUT)] + CUT
                    _cell(page, number, column, _held(value), text)
        page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
    _close(book)
    return out.getvalue()


def _close(book: xlsxwriter.Workbook) -> None:
    """Pack the sheets; XlsxWriter wraps what its temporary files raise, such as of a full disk."""
    try:
        book.close()
    except FileCreateError as error:
        raise error.args[0] from error


def _sheet(
    book: xlsxwriter.Workbook, title: str, names: Sequence[str], kinds: Sequence[str]
) -> Worksheet:
    """An empty sheet with its header, which stays in view."""
    sheet = book.add_worksheet(title)
    head = book.add_format({"bold": True})
    forms = {kind: book.add_format({"num_format": form}) for kind, form in FORMS.items()}
    for column, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        width = max(len(name) + 3, WIDTHS.get(kind, 8))  # room for the filter's button
        sheet.set_column(column, column, min(width, 40), forms.get(kind))
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(names):
        _text(sheet, 0, column, name, head)
    return sheet


def _cell(sheet: Worksheet, row: int, column: int, typed: Any, value: str) -> None:
    """A value as Excel's own type where that holds it whole, else as its text."""
    if isinstance(typed, bool):
        sheet.write_boolean(row, column, typed)
    elif isinstance(typed, date):  # a datetime is one
        sheet.write_datetime(row, column, typed)
    elif typed is not None:
        sheet.write_number(row, column, typed)
    else:
        _text(sheet, row, column, value)


def _typed(value: str, kind: Kind) -> Any:
    """A bool, number, date or time; None where Excel has none of it.

    >>> import duckdb
    >>> _typed("3.2", duckdb.sqltypes.FLOAT), _typed("nan", duckdb.sqltypes.FLOAT)
    (3.2, None)
    """
    if kind.id == "boolean":
        return value == "true"
    if kind.id in NUMBERS:
        size = abs(float(value))
        is_whole = kind.id not in INTEGERS | {"decimal"} or size < MOST_EXACT
        return float(value) if math.isfinite(size) and is_whole else None
    if kind.id in ("date", "timestamp"):
        try:
            moment = (date if kind.id == "date" else datetime).fromisoformat(value)
        except ValueError:  # infinite, or after the year 9999
            return None
        return moment if f"{moment:%Y-%m-%d}" >= str(FIRST_DAY) else None
    return None


def _held(value: Any) -> Any:
    """A value of Python where Excel holds it whole, else None.

    >>> _held(True), _held(-1.5), _held(math.nan), _held(10**16), _held(date(1830, 1, 1))
    (True, -1.5, None, None, None)
    """
    if isinstance(value, (int, float)):  # a bool is one
        return value if math.isfinite(value) and abs(value) < MOST_EXACT else None
    if isinstance(value, date):
        return value if f"{value:%Y-%m-%d}" >= str(FIRST_DAY) else None
    return None


def _text(sheet: Worksheet, row: int, column: int, text: str, form: Any = None) -> None:
    if len(text) > MOST_SIGNS:
        raise BarometerError(
            f"a cell of Excel holds {MOST_SIGNS:,} characters, a text of the result {len(text):,}. "
            "Take csv or parquet."
        )
    sheet.write_string(row, column, text, form)
