"""Text of lists normalised: digits of every script, and letters that only look Latin.

Lists are typed on keyboards of two alphabets. A Cyrillic or Greek letter in a tag, a flag or a
name looks right and compares as another letter.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode's confusables (UTS 39) map to a Latin one.
_LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABESIJKMHOPCTYXaesijopcyxABEZHIKMNOPTYXo",
)

_NULLS = frozenset(("", "-0-", "-", "--", "n/a", "#n/a", "null", "nil", "none", "nan"))
"""Placeholders for "no value" in lists and exports: OFAC's ``-0-``, the UK's N/A."""


def plain_text(text: str | None) -> str | None:
    """Text on one line, in plain letters and digits; None where it is empty or a placeholder.

    Control characters and repeated spaces are removed, digits of every script become ASCII, and
    dashes become hyphens. Where the text has Latin letters, words that only look Latin become
    Latin. A text without any, such as a name in Cyrillic, stays as it is.

    >>> plain_text("  SEA\\n STAR "), plain_text(" "), plain_text("-0- "), plain_text("N/A")
    ('SEA STAR', None, None, None)
    >>> plain_text("\\u0421EA ST\\u0410R \\uff17"), plain_text("СЕВЕР")
    ('CEA STAR 7', 'СЕВЕР')
    """
    plain = text or ""
    if not (plain.isascii() and plain.isprintable()):  # most text is plain already
        plain = "".join(map(_plain_sign, unicodedata.normalize("NFKC", plain)))
        if not plain.isascii() and re.search("[A-Za-z]", plain):
            plain = re.sub(r"\S+", lambda word: _plain_word(word[0]), plain)
    plain = " ".join(plain.split())
    return None if plain.casefold() in _NULLS else plain


def plain_code(text: str | None) -> str | None:
    """`plain_text` of a tag or another code, which are Latin in every list.

    >>> plain_code("\\u0420\\u0415\\u0415\\u0405\\u0410"), plain_code("\\u0416")
    ('PEESA', 'Ж')
    """
    plain = plain_text(text)
    latin = (plain or "").translate(_LATIN)
    return latin if latin.isascii() and latin else plain


def as_latin(text: str) -> str:
    """Text with every letter that looks Latin replaced by the Latin one."""
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
