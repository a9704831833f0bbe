"""File names as they may be shown, stored and sent: they are bytes, and anyone's."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

_ADDRESS = "file://"


def shown_name(name: str | Path) -> str:
    r"""The name of a file as people, JSON and Arrow can hold it: one line of Unicode.

    A file name is any bytes but 0 and the slash. Bytes that are not UTF-8, and signs that do not
    print or turn the text round, are written as escapes.

    >>> shown_name("a\nb\u202e\udcff.csv")
    'a\\x0ab\\u202e\\xff.csv'
    """
    return "".join(c if c.isprintable() else _escaped(ord(c)) for c in str(name))


def _escaped(sign: int) -> str:
    if 0xDC80 <= sign <= 0xDCFF:  # Python's sign for a byte that is not UTF-8
        sign -= 0xDC00
    return f"\\x{sign:02x}" if sign < 256 else f"\\u{sign:04x}"


def sendable(path: str) -> str:
    r"""A path as a text that JSON can carry: a ``file:`` address where it is not UTF-8.

    `find_files` takes both.

    >>> sendable("ais/*.csv"), sendable("/ais/\udcff.csv")
    ('ais/*.csv', 'file:///ais/%FF.csv')
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        return Path(path).absolute().as_uri()
    return path


def path_of(given: str | Path) -> Path:
    text = str(given)
    if not text.startswith(_ADDRESS):
        return Path(given)
    return Path(unquote(text.removeprefix(_ADDRESS), errors="surrogateescape"))


def printable(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[-200:]
