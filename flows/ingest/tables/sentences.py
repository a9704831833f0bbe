r"""AIS sentences of NMEA 0183, with the time that a recorder wrote beside them, joined to messages.

The time of a line stands in one of three places:

- in a tag block, ``\s:2573535,c:1671533231*08\!BSVDM,...``, as the Norwegian Coastal Administration
  and Spire send it (pyais, tests/test_tag_block.py; gpsd, "AIVDM/AIVDO protocol decoding",
  https://gpsd.gitlab.io/gpsd/AIVDM.html, "NMEA 4.0 Tag Blocks");
- before the sentence, ISO or unix, divided by a blank, comma, semicolon or tab;
- behind it, as its last field: ``!AIVDM,...*70,b003669794,1272412827``, as the US Coast Guard
  writes it (schwehr/libais, test.aivdm).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache, reduce
from operator import xor
from typing import NamedTuple

from flows.ingest.rows import times
from flows.ingest.rows.blocks import Rejects
from flows.ingest.rows.reasons import BAD_CHECKSUM, BAD_SENTENCE, NO_CLOCK, NO_REST, OTHER_MESSAGE

MOST_OPEN = 1000
"""Messages whose parts are awaited; a receiver sends those of one right behind each other, and a
network of receivers has some hundred of them."""
LONGEST_LINE = 1000
"""A sentence has at most 82 letters, a tag block 80 (NMEA 0183, gpsd's page, "NMEA 4.0 Tag
Blocks"); a longer line is none, and is not searched for one."""
FARTHEST_LINES = 1000
LONGEST_S = 10.0
"""Parts that lie further apart are not of one message: its number, 0 to 9, is used again within
seconds. Both are choices."""

_SENTENCE = (
    rb"!(?P<talker>[A-Z]{2}VD[MO]),(?P<total>[1-9]),(?P<number>[1-9]),(?P<sequence>\d?),"
    rb"(?P<channel>[A-D1-4]?),[0-W`-w]*,[0-5]\*(?P<sum>[0-9A-Fa-f]{2})"
)
_LINE = re.compile(
    rb"(?P<before>[^!$\\]*)(?:\\(?P<tag>[^\\]*)\\)?\s*(?P<sentence>"
    + _SENTENCE
    + rb")(?P<after>[^!]*)",  # another sentence on the line would be lost without a word
    re.DOTALL,
)
_TAG = re.compile(rb"(?P<fields>.*)\*(?P<sum>[0-9A-Fa-f]{1,2})", re.DOTALL)
_GROUP = re.compile(rb"\d+-\d+-(\d+)")
_OTHER = re.compile(rb"(?:[^!$\\]*)(?:\\[^\\]*\\)?\s*[!$][A-Z]{3,5},")
_UNIX = re.compile(r"\d{9,}(\.\d+)?", re.ASCII)


class Message(NamedTuple):
    """The sentences of a message, in order; its first line, its text and its time in UTC."""

    line: int
    raw: bytes
    sentences: tuple[bytes, ...]
    at: datetime


class _Part(NamedTuple):
    line: int
    raw: bytes
    sentence: bytes
    at: datetime | None


def is_nmea(start: bytes) -> bool:
    """Whether a file is NMEA: its first line that is no comment or other sentence is one of AIS."""
    for raw in start.split(b"\n")[:100]:
        line = raw.strip()
        if line and not line.startswith((b"#", b"$")):
            return len(line) <= LONGEST_LINE and _LINE.fullmatch(line) is not None
    return False


class Joiner:
    """Joins the lines of a file to messages; holds at most `MOST_OPEN` that are not complete."""

    def __init__(self) -> None:
        self._open: dict[tuple[bytes, ...], dict[int, _Part]] = {}

    def take(self, line: int, raw: bytes) -> Iterator[Message | Rejects]:
        """What a line completes: a message, and rejects of the lines that belong to none."""
        text = raw.strip()
        if not text or text.startswith(b"#"):
            return
        if len(text) > LONGEST_LINE:
            yield [(line, BAD_SENTENCE, text)]
            return
        match = _LINE.fullmatch(text)
        if match is None:
            why = OTHER_MESSAGE if _OTHER.match(text) and b"VDM" not in text else BAD_SENTENCE
            yield [(line, why, text)]
            return
        tag = _tag_of(match["tag"])
        if tag is None or int(match["sum"], 16) != _sum_of(match["sentence"][1:-3]):
            yield [(line, BAD_CHECKSUM, text)]
            return
        at = _time_of(tag.get("c", ""), match["before"].decode("latin-1"), match["after"])
        part = _Part(line, text, match["sentence"], at)
        total, number = int(match["total"]), int(match["number"])
        if total == 1:
            yield from _whole([part])
            return
        group = _GROUP.fullmatch(tag.get("g", "").encode())
        key = (match["talker"], match["total"], *((group[1],) if group else _sequence(match, tag)))
        parts = self._open.pop(key, {})
        if number in parts or any(_is_far(part, other) for other in parts.values()):
            yield [(other.line, NO_REST, other.raw) for other in parts.values()]
            parts = {}
        parts[number] = part
        if all(n in parts for n in range(1, total + 1)):
            yield from _whole([parts[n] for n in range(1, total + 1)])
            return
        self._open[key] = parts
        if len(self._open) > MOST_OPEN:
            oldest = self._open.pop(next(iter(self._open)))
            yield [(other.line, NO_REST, other.raw) for other in oldest.values()]

    def rest(self) -> Rejects:
        """The lines whose messages were not completed."""
        parts = [part for parts in self._open.values() for part in parts.values()]
        self._open.clear()
        return sorted((part.line, NO_REST, part.raw) for part in parts)


def _sequence(match: re.Match[bytes], tag: dict[str, str]) -> tuple[bytes, ...]:
    return (match["sequence"], match["channel"], tag.get("s", "").encode())


def _whole(parts: list[_Part]) -> Iterator[Message | Rejects]:
    """The message of its parts; without a time, each of them is a reject."""
    # In a group only the first sentence needs to have the time.
    at = next((part.at for part in parts if part.at is not None), None)
    if at is None:
        yield [(part.line, NO_CLOCK, part.raw) for part in parts]
        return
    raw = b" ".join(part.raw for part in parts)
    line = min(part.line for part in parts)
    yield Message(line, raw, tuple(part.sentence for part in parts), at)


def _is_far(left: _Part, right: _Part) -> bool:
    if abs(left.line - right.line) > FARTHEST_LINES:
        return True
    if left.at is None or right.at is None:
        return False
    return abs((left.at - right.at).total_seconds()) > LONGEST_S


def _sum_of(text: bytes) -> int:
    """The checksum of NMEA 0183: exclusive or of all letters between the marks."""
    return reduce(xor, text, 0)


def _tag_of(raw: bytes | None) -> dict[str, str] | None:
    """The fields of a tag block, none where there is no block; None where its checksum is wrong."""
    if raw is None:
        return {}
    match = _TAG.fullmatch(raw)
    if match is None or int(match["sum"], 16) != _sum_of(match["fields"]):
        return None
    fields = match["fields"].decode("latin-1").split(",")
    return {name: value for name, _, value in (field.partition(":") for field in fields)}


@lru_cache(maxsize=1000)  # lines of one second have one time
def _time_of(tag: str, before: str, after: bytes) -> datetime | None:
    behind = after.decode("latin-1").rpartition(",")[2]
    for text in (tag, before, *re.split(r"[,;|\t]", before), behind):
        bare = text.strip(" \t,;|\"'")
        at = times.moment(bare, "unix") if _UNIX.fullmatch(bare) else times.moment(bare, "iso")
        if at is not None:
            return at
    return None
