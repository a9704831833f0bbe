"""Foreign text as it may be shown: ship names, file names and servers' answers are anyone's."""

from __future__ import annotations

import re

INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
"""Control, bidirectional and other signs that a screen does not show: they can forge a line or turn
a text round."""


def safe_text(text: str) -> str:
    """Foreign text on one line, without signs that a screen does not show.

    >>> safe_text("SEA\\x1b[31m STAR\\u202e")
    'SEA [31m STAR'
    """
    return re.sub(r"\s+", " ", INVISIBLE.sub(" ", text)).strip()


def foreign(text: str) -> str:
    """Foreign text as a mail may show it: one line, and nothing that a mail program makes a link.

    >>> foreign("WWW.EVIL.RU"), foreign("HTTP://X"), foreign("A@B"), foreign("M.T. VOLNA")
    ('WWW[.]EVIL[.]RU', 'HTTP: //X', 'A @ B', 'M.T. VOLNA')
    """
    text = safe_text(text).replace("://", ": //").replace("@", " @ ")
    return re.sub(r"\.(?=\w\w)", "[.]", text)
