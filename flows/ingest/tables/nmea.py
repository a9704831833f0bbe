"""Rows of NMEA: AIS messages decoded by pyais, with the time that the recorder wrote.

Positions are messages 1 to 3, 18, 19 and 27; static reports, messages 5 and 24, are rows of their
own. The reports of base stations, search aircraft and aids to navigation are rejected as such, and
the other kinds as having neither (ITU-R M.1371-5, annex 8, table 46).
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Any

import pyais
from pyais.exceptions import AISBaseException

from flows.ingest.rows.blocks import Block, Head, Readable, Rejects, blocks, in_order, read_ahead
from flows.ingest.rows.checks import Rules
from flows.ingest.rows.parse import Parsed
from flows.ingest.rows.reasons import BAD_MESSAGE, BAD_MMSI, LONG_LINE, OTHER_MESSAGE
from flows.ingest.tables.chunks import parsed_texts
from flows.ingest.tables.sentences import Joiner, Message
from flows.sources.definitions import Source
from flows.sources.layouts import Layout, match_names

COLUMNS = (
    *("time", "mmsi", "lon", "lat", "speed", "course", "heading", "status"),
    *("imo", "shipname", "callsign", "ship_type", "to_bow", "to_stern", "to_port", "to_starboard"),
    *("draught", "destination"),
)
"""What a message gives, by pyais's names; data/sources/nmea.toml describes them."""

SHIPS = (1, 2, 3, 5, 18, 19, 24, 27)
STATIONS = (4, 9, 11, 21)
LONG_RANGE = 27
NO_LONG_RANGE_SPEED = 63
"""Its "not available" (ITU-R M.1371-5, message 27), which is a speed in every other message."""

CHUNK = 1 << 14
"""So many messages are decoded at a time by each thread: some ten megabytes."""


def nmea_layout(sources: Iterable[Source]) -> Layout:
    """The layout of decoded messages."""
    return match_names(COLUMNS, sources)


def nmea_rows(
    head: Head,
    content: Readable,
    digest: hashlib.blake2b,
    layout: Layout,
    rules: Rules,
    workers: int,
) -> Generator[Parsed, None, None]:
    """The contents of a file of sentences, in order; a row is a message."""

    def parse(chunk: tuple[list[Message], Rejects]) -> Parsed:
        return _parsed(*chunk, layout, rules)

    cut = blocks(content, digest, head.start, head.line_number)
    with closing(read_ahead(cut)) as ahead:
        yield from in_order(parse, _chunks(ahead), workers)


def _chunks(cut: Iterable[Block]) -> Iterator[tuple[list[Message], Rejects]]:
    joiner = Joiner()
    messages: list[Message] = []
    rejects: Rejects = []
    for block in cut:
        rejects += [(line, LONG_LINE, raw) for line, raw in block.too_long]
        for line, raw in enumerate(block.content.split(b"\n"), block.first_line):
            for item in joiner.take(line, raw):
                if isinstance(item, Message):
                    messages.append(item)
                else:
                    rejects += item
            if len(messages) + len(rejects) >= CHUNK:
                yield messages, rejects
                messages, rejects = [], []
    yield messages, rejects + joiner.rest()


def _parsed(messages: list[Message], rejects: Rejects, layout: Layout, rules: Rules) -> Parsed:
    columns = [COLUMNS.index(published) for published in layout.source.columns.values()]
    rows, lines, texts = [], [], []
    for message in messages:
        row = decoded_row(message)
        if isinstance(row, str):
            rejects.append((message.line, row, message.raw))
            continue
        rows.append([row[column] for column in columns])
        lines.append(message.line)
        texts.append(message.raw)
    return parsed_texts(rows, lines, texts.__getitem__, layout, rules, rejects)


def decoded_row(message: Message) -> list[str] | str:
    """The texts of `COLUMNS` in a message; why it is rejected, where it is no ship's."""
    try:
        decoded = pyais.decode(*message.sentences)
        fields: dict[str, Any] = dict(decoded.asdict(enum_as_int=True))
    except (AISBaseException, ValueError, TypeError, IndexError, KeyError, OverflowError):
        return BAD_MESSAGE
    kind = fields.get("msg_type")
    if kind in STATIONS:
        return BAD_MMSI
    if kind not in SHIPS:
        return OTHER_MESSAGE
    if fields.get("mmsi") is None:
        return BAD_MESSAGE
    if kind == LONG_RANGE and fields.get("speed") == NO_LONG_RANGE_SPEED:
        del fields["speed"]
    fields["time"] = message.at.isoformat()
    fields["mmsi"] = f"{fields['mmsi']:09d}"
    return ["" if (value := fields.get(name)) is None else str(value) for name in COLUMNS]
