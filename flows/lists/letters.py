"""Foreign text made plain: digits of every script, and letters that only look Latin.

People type lists on keyboards of two alphabets. A Cyrillic or Greek letter in a tag, a flag or a
name looks right and compares as another letter.
"""

from __future__ import annotations

import re
import unicodedata

# Letters to which Unicode's confusables (UTS 39) give the shape of a Latin one.
_LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABESIJKMHOPCTYXaesijopcyxABEZHIKMNOPTYXo",
)

_NULLS = frozenset(("", "-0-", "-", "--", "n/a", "#n/a", "null", "nil", "none", "nan"))
"""What lists, and the programs that write them, put for nothing: OFAC's ``-0-``, the UK's N/A."""


def plain_text(text: str | None) -> str | None:
    """Foreign text on one line, in plain letters and digits; None where it is empty.

    Control signs and doubled spaces go, digits of every script become ASCII, and a dash is a
    hyphen. Where the text has Latin letters, the words that only look Latin become Latin too. A
    text without any, such as a name in Cyrillic, stays as it is.

    >>> plain_text("  SEA\\n STAR "), plain_text(" "), plain_text("-0- "), plain_text("N/A")
    ('SEA STAR', None, None, None)
    >>> plain_text("\\u0421EA ST\\u0410R \\uff17"), plain_text("СЕВЕР")
    ('CEA STAR 7', 'СЕВЕР')
    """
    found = text or ""
    if not (found.isascii() and found.isprintable()):  # most text is plain: look at signs no more
        found = "".join(map(_plain_sign, unicodedata.normalize("NFKC", found)))
        if not found.isascii() and re.search("[A-Za-z]", found):
            found = re.sub(r"\S+", lambda word: _plain_word(word[0]), found)
    found = " ".join(found.split())
    return None if found.casefold() in _NULLS else found


def plain_code(text: str | None) -> str | None:
    """A tag or another code, which are Latin in every list, as `plain_text`.

    >>> plain_code("\\u0420\\u0415\\u0415\\u0405\\u0410"), plain_code("\\u0416")
    ('PEESA', 'Ж')
    """
    found = plain_text(text)
    latin = (found or "").translate(_LATIN)
    return latin if latin.isascii() and latin else found


def as_latin(text: str) -> str:
    """Text with every letter that looks Latin as the Latin one."""
    return text if text.isascii() else text.translate(_LATIN)


def _plain_sign(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind in ("Cc", "Cf", "Zl", "Zp", "Cs"):
        return " "
    if sign.isascii():
        return sign
    if kind == "Nd":
        return str(unicodedata.digit(sign))
    return "-" if kind == "Pd" else sign


def _plain_word(word: str) -> str:
    latin = word.translate(_LATIN)
    is_latin = all("LATIN" in unicodedata.name(s, "") for s in latin if s.isalpha())
    return latin if is_latin else word
