"""Recognises the publisher of a list file, by content and never by name."""

from __future__ import annotations

from pathlib import Path

from flows.home.settings import BarometerError
from flows.registers.lists.entry import ListFile
from flows.registers.lists.table import HEAD_BYTES, header_columns
from flows.registers.publishers import eu, gur, ofac, opensanctions, switch_list, team, uk

PUBLISHERS = (ofac, eu, uk, gur, opensanctions, switch_list, team)
"""In the order in which they are tried. A team's own list, with few and common columns, is last.
What each can read is its `FORMS`."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_ARCHIVES = (b"pk\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"bzh")
"""How zip, gzip, zstd, 7z and bzip2 files begin, letters in lower case."""

_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
"""The first member of a spreadsheet such as the UK publishes, not packed."""

_WEB_PAGE = "a web page, such as a login or an error: fetch the list again and look at the file"
_SIMPLE_TABLE = "OpenSanctions' table of names, without IMO numbers: take its entities.ftm.json"
_CLOSED_LIST = "the UK Treasury's list, closed on 28 January 2026: take the UK sanctions list"


def open_list(path: Path) -> ListFile:
    """The list in a file.

    Raises
    ------
    BarometerError
        If the file cannot be read, or is in no known format; the message names what it is instead.
    """
    try:
        for publisher in PUBLISHERS:
            opened: ListFile | None = publisher.open_list(path)
            if opened is not None:
                return opened
    except OSError as error:
        raise BarometerError(f"{path}: cannot be read ({error.strerror}).") from error
    raise BarometerError(
        f"{path}: {_kind_of(path)}. Lists that can be read: "
        f"{'; '.join(publisher.FORMS for publisher in PUBLISHERS)}."
    )


def _kind_of(path: Path) -> str:
    """What a file is that is not a list, and what to do with it, by its first bytes.

    A failed download leaves a web page, an archive or nothing under the list's name.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1000].lower()
    columns = set(header_columns(head.decode("utf-8", "replace").removeprefix("\ufeff")))
    kinds = (
        (not start, "the file is empty: fetch it again"),
        (b"\0" in start and head[:2] in _UTF_16, "text in UTF-16: save it as UTF-8"),
        (b"<html" in start or start.startswith(b"<!doctype html"), _WEB_PAGE),
        (b"xl/workbook" in head, "an Excel workbook: save the sheet as CSV UTF-8"),
        (_OPEN_DOCUMENT in head, "an OpenDocument spreadsheet: save the sheet as CSV UTF-8"),
        (start.startswith(_ARCHIVES), "an archive: unpack it, and import the list in it"),
        (start.startswith(b"%pdf"), "a PDF: take the list as XML or CSV"),
        (start.startswith((b"{", b"[")), "JSON of another kind, or not an entity a line"),
        (start.startswith(b"<"), "XML of another kind"),
        (columns >= {"id", "schema", "identifiers"}, _SIMPLE_TABLE),
        (columns >= {"group type", "group id"}, _CLOSED_LIST),
    )
    return next((text for is_it, text in kinds if is_it), "unrecognised list format")
