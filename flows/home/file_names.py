"""File names for display, storage and JSON. A file name is foreign text in any bytes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

_ADDRESS = "file://"


def shown_name(name: str | Path) -> str:
    r"""A file name as one line of printable Unicode, for people, JSON and Arrow.

    A file name is any bytes but 0 and the slash. Bytes that are not UTF-8, and characters that do
    not print or change the text direction, are escaped.

    >>> shown_name("a\nb\u202e\udcff.csv")
    'a\\x0ab\\u202e\\xff.csv'
    """
    return "".join(c if c.isprintable() else _escaped(ord(c)) for c in str(name))


def _escaped(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # surrogate escape of a byte that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def sendable(path: str) -> str:
    r"""A path as JSON text: a ``file:`` address if it is not UTF-8. `find_files` accepts both.

    >>> sendable("ais/*.csv"), sendable("/ais/\udcff.csv")
    ('ais/*.csv', 'file:///ais/%FF.csv')
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        return Path(path).absolute().as_uri()
    return path


def path_of(given: str | Path) -> Path:
    """The path of a text from `sendable`."""
    text = str(given)
    if not text.startswith(_ADDRESS):
        return Path(given)
    return Path(unquote(text.removeprefix(_ADDRESS), errors="surrogateescape"))


def printable(name: str) -> str:
    """The last 200 characters of a name, unprintable ones as ``?``."""
    return "".join(c if c.isprintable() else "?" for c in name)[-200:]
