"""The records of a witness's file: rows of a CSV or Parquet, lines or entries of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.home.settings import BarometerError
from flows.ingest.tables.parquet import MAGIC
from flows.ingest.witnesses.parquet import parquet_records
from flows.ingest.witnesses.rows import Record, Records
from flows.registers.lists.entry import CUT, Junk
from flows.registers.lists.table import (
    MOST_LINE_BYTES,
    RAW_SIGNS,
    TableRow,
    bounded_lines,
    header_columns,
    table_rows,
)

MOST_DOCUMENT_BYTES = 256 << 20
"""A JSON document is read whole: a larger one is refused (a choice: memory stays below 2 GB)."""

_LISTS = ("entries", "features")
"""Where an answer of the APIs has its entries: Global Fishing Watch, ArcGIS."""

_ATTRIBUTES = ("attributes", "properties")
"""Where an ArcGIS feature has its fields: as `f=json` and as `f=geojson` give it."""


def is_json(head: bytes) -> bool:
    """Whether a file that begins so is JSON.

    >>> is_json(b'\\xef\\xbb\\xbf {"entries"'), is_json(b"mmsi,imo")
    (True, False)
    """
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def delimiter_of(head: str) -> str:
    """Comma, semicolon or tab, whichever the first line has most of."""
    return max(",;\t", key=head.partition("\n")[0].count)


def records(path: Path) -> Records:
    """Every record of a plain file with its line, and `Junk` for what is none.

    Names of CSV columns are in lower case. Of an ArcGIS feature the record is its attributes.

    Raises
    ------
    BarometerError
        If a JSON document is cut, too large, or an error answer, or a Parquet file is damaged.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if head.startswith(MAGIC):
        return parquet_records(path)
    return _of_json(path) if is_json(head) else _of_csv(path, head.decode("utf-8-sig", "replace"))


def _of_csv(path: Path, head: str) -> Records:
    delimiter = delimiter_of(head)
    for row in table_rows(path, header_columns(head, delimiter), delimiter, spans_lines=True):
        yield (row.line, row.texts()) if isinstance(row, TableRow) else row


def _of_json(path: Path) -> Records:
    """Each line is a document, or else the file is one."""
    first = next((line for _, line in bounded_lines(path) if line.strip()), b"")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        yield from _of_document(path)
        return
    for number, line in bounded_lines(path):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except (ValueError, RecursionError) as error:
            is_cut = not line.endswith(b"\n") and len(line) <= MOST_LINE_BYTES
            reason = f"{CUT} in its last line" if is_cut else f"not JSON: {error}"
            yield Junk(number, reason, line[:RAW_SIGNS].decode("utf-8", "replace"), True)
            continue
        yield from _numbered(document, number)


def _of_document(path: Path) -> Records:
    if path.stat().st_size > MOST_DOCUMENT_BYTES:
        raise BarometerError(
            f"a JSON document of more than {MOST_DOCUMENT_BYTES >> 20} MB. Ask for fewer days at "
            "once, or write one entry a line."
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig", errors="replace"))
    except (ValueError, RecursionError) as error:
        is_several = getattr(error, "msg", "") == "Extra data"
        remedy = "Write one object a line." if is_several else "Fetch it again."
        raise BarometerError(f"not whole JSON ({error}). {remedy}") from error
    yield from _numbered(document, None)


def _numbered(document: Any, line: int | None) -> Records:
    """The entries of a document, with its line, or with their own numbers in a file of one."""
    for count, entry in enumerate(_entries(document), 1):
        number = count if line is None else line
        if isinstance(entry, dict):
            yield number, _flat(entry)
        else:
            yield Junk(number, "not an object of JSON", str(entry)[:RAW_SIGNS], True)


def _entries(document: Any) -> Iterator[Any]:
    if isinstance(document, list):
        yield from document
        return
    error = document.get("error") if isinstance(document, dict) else None
    if error is not None:
        why = error.get("message") if isinstance(error, dict) else error
        raise BarometerError(
            f"an error answer of the service ({str(why)[:200]!r}). Fetch it again."
        )
    lists = [document[name] for name in _LISTS if _has_list(document, name)]
    if lists:
        for entries in lists:
            yield from entries
    else:
        yield document


def _has_list(document: Any, name: str) -> bool:
    return isinstance(document, dict) and isinstance(document.get(name), list)


def _flat(entry: dict[str, Any]) -> Record:
    """An ArcGIS feature's attributes; any other entry as it is."""
    if "schema" in entry:  # an entity of FollowTheMoney has properties too
        return entry
    for name in _ATTRIBUTES:
        if isinstance(entry.get(name), dict):
            return {key.lower(): value for key, value in entry[name].items()}
    return entry
