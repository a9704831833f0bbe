"""Rows of JSON lines: one object a line, whose keys are the columns of a source.

A key of an object within is a path with points, as ``Message.PositionReport.Longitude``; a place in
a list is its number, as ``geometry.coordinates.0``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, NoReturn

from flows.ingest.rows.blocks import Block, Head, Readable, Rejects, blocks, in_order, read_ahead
from flows.ingest.rows.checks import Rules
from flows.ingest.rows.parse import Parsed
from flows.ingest.rows.reasons import BAD_OBJECT, LONG_LINE
from flows.ingest.rows.values import decoded
from flows.ingest.tables.chunks import parsed_texts
from flows.sources.definitions import REQUIRED, Source
from flows.sources.layouts import Layout, UnknownHeader, looks_like_ais, match_names

LOOK_BYTES = 1 << 20
"""Of the beginning so much is looked at for keys: objects leave out what they do not know, and a
stream mixes kinds of messages. Some thousands of lines."""

DEEPEST = 6
"""Levels of objects that are looked into for keys; aisstream.io's messages have four."""


def layout_of_objects(head: Head, more: bytes, sources: Iterable[Source]) -> Layout:
    """The layout that matches the keys of the first objects.

    A source fits as it does a header. Where none does, one fits that maps no key of the file
    wrongly: all keys are of its header, and the required ones are among them.

    Parameters
    ----------
    head : Head
        The first line.
    more : bytes
        What follows what was read with it.
    sources : iterable of Source
        The known layouts.

    Raises
    ------
    UnknownHeader
        If none fits, or if the first line is no object.
    """
    known = list(sources)
    lines = (head.start + more)[:LOOK_BYTES].split(b"\n")
    objects = [found for line in lines if (found := _object(line)) is not None]
    if _object(lines[0]) is None:
        raise UnknownHeader(
            "it starts with '{', and its first line is not a JSON object. Write one object a line.",
            is_ais=False,
            is_table=False,
        )
    names = sorted({path for found in objects for path in _paths(found)})
    try:
        return match_names(names, known, may_repeat=True)
    except UnknownHeader as error:
        sparse = [source for source in known if _may_be(source, names)]
        if sparse:
            # The keys that no object had so far may come later.
            everything = sorted({*names, *sparse[0].header})
            return match_names(everything, sparse, may_repeat=True)
        if error.is_ais or len(objects) > 1:
            raise
        raise UnknownHeader(str(error), is_ais=False, is_table=False) from error


def array_refused(start: bytes) -> UnknownHeader:
    """The refusal of a JSON array, which is one value and would have to be held whole."""
    try:
        value, _ = json.JSONDecoder().raw_decode(decoded(start[start.find(b"{") :]))
    except (ValueError, RecursionError):
        value = None
    return UnknownHeader(
        "it is a JSON array. Write one object a line: jq -c '.[]' FILE",
        is_ais=looks_like_ais(list(_paths(value))),
        is_table=False,
    )


def object_rows(
    head: Head,
    more: bytes,
    content: Readable,
    digest: hashlib.blake2b,
    layout: Layout,
    rules: Rules,
    workers: int,
) -> Generator[Parsed, None, None]:
    """The contents of JSON lines, in order."""

    def parse(block: Block) -> Parsed:
        return _parsed(block, readers, layout, rules)

    readers = _readers(layout.source)
    cut = blocks(content, digest, head.start + more, head.line_number)
    with closing(read_ahead(cut)) as ahead:
        yield from in_order(parse, ahead, workers)


def _parsed(
    block: Block, readers: list[Callable[[Any], str]], layout: Layout, rules: Rules
) -> Parsed:
    rejects: Rejects = [(line, LONG_LINE, raw) for line, raw in block.too_long]
    rows, numbers, texts = [], [], []
    for line, raw in enumerate(block.content.split(b"\n"), block.first_line):
        if not raw.strip():
            continue
        fields = _object(raw)
        if fields is None:
            rejects.append((line, BAD_OBJECT, raw))
            continue
        rows.append([read(fields) for read in readers])
        numbers.append(line)
        texts.append(raw)
    return parsed_texts(rows, numbers, texts.__getitem__, layout, rules, rejects)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(decoded(raw), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _paths(value: Any, start: str = "", depth: int = 0) -> Iterator[str]:
    """The path of each value in an object that is neither object nor list."""
    if isinstance(value, dict) and depth < DEEPEST:
        for key, inner in value.items():
            yield from _paths(inner, f"{start}.{key}" if start else key, depth + 1)
    elif isinstance(value, list) and depth < DEEPEST:
        for at, inner in enumerate(value[:4]):
            yield from _paths(inner, f"{start}.{at}", depth + 1)
    elif start:
        yield start


def _may_be(source: Source, names: list[str]) -> bool:
    ours = {source.aliases.get(name, name) for name in names}
    required = {source.columns[name] for name in REQUIRED}
    return required <= ours <= set(source.header)


def _readers(source: Source) -> list[Callable[[Any], str]]:
    """For each column that the source maps, in order, what reads its text from an object."""
    return [
        _reader(
            [published, *(alias for alias, name in source.aliases.items() if name == published)]
        )
        for published in source.columns.values()
    ]


def _reader(names: list[str]) -> Callable[[Any], str]:
    paths = [(name, name.split(".")) for name in names]

    def read(found: dict[str, Any]) -> str:
        for name, path in paths:
            value: Any = found.get(name)
            if value is None and len(path) > 1:
                value = _inside(found, path)
            if value is not None:
                return value if isinstance(value, str) else _text(value)
        return ""

    return read


def _inside(value: Any, path: list[str]) -> Any:
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _text(value: Any) -> str:
    """A number as it is written; what no field has (true, a list, an object) is no value."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return repr(value) if is_number else ""
