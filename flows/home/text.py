"""Foreign text made safe to show: ship names, file names and servers' answers."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
"""Control, bidirectional and other invisible characters, which can forge lines or reverse text."""


def safe_text(text: str) -> str:
    """Foreign text on one line, without invisible characters.

    >>> safe_text("SEA\\x1b[31m STAR\\u202e")
    'SEA [31m STAR'
    """
    if text.isascii() and text.isprintable() and "  " not in text:  # most are, and it is quick
        return text.strip()
    return re.sub(r"\s+", " ", INVISIBLE.sub(" ", text)).strip()


def address_parts(text: str) -> SplitResult:
    """The parts of an address; all empty where it cannot be one: half a pair of brackets, or a host
    name with two dots in a row or more than 63 letters between dots.

    >>> address_parts("http://host:4200/api").hostname, address_parts("http://[::1/api").hostname
    ('host', None)
    """
    try:
        parts = urlsplit(text)
        (parts.hostname or "").strip(".").encode("idna")
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def foreign(text: str) -> str:
    """Foreign text for a mail: one line, and nothing that a mail program makes a link.

    >>> foreign("WWW.EVIL.RU"), foreign("HTTP://X"), foreign("A@B"), foreign("M.T. VOLNA")
    ('WWW[.]EVIL[.]RU', 'HTTP: //X', 'A @ B', 'M.T. VOLNA')
    """
    text = safe_text(text).replace("://", ": //").replace("@", " @ ")
    return re.sub(r"\.(?=\w\w)", "[.]", text)
