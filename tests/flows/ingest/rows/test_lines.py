"""Lines: every one is a position or a reject with its reason, wherever the file is cut."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import re
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.home.settings import BarometerError
from flows.ingest.rows import blocks, parse, repeats
from flows.ingest.rows.reasons import BAD_FIELDS, LONG_LINE, MAX_LINE_BYTES, NO_MMSI
from flows.sources.definitions import OPTIONAL
from flows.sources.layouts import match_source
from tests.build.files import (
    AS_OF,
    LAYOUTS,
    SOURCES,
    comparable,
    day,
    header,
    layout_of,
    read_all,
    read_each,
    row,
    rules_of,
)

NOON = datetime(2026, 4, 15, 12)


def test_batches_have_the_schema_whatever_they_hold() -> None:
    for content in (day(row()), day("junk"), day(row(sog_kn="?"), "junk", "")):
        stream, digest = io.BytesIO(content), hashlib.blake2b()
        head = blocks.read_head(stream, digest)
        block = next(blocks.blocks(stream, digest, head.rest, 2))
        parsed = parse.parser(layout_of(LAYOUTS[1]), ".", rules_of())(block)
        assert all(b.schema.equals(repeats.PACKED_SCHEMA) for b in parsed.batches)


def next_row(**changes: str) -> str:
    """A line with a fix of its own."""
    moment = NOON + timedelta(seconds=next(_seconds))
    return row(**({"reported_at": moment.isoformat()} | changes))


_seconds = itertools.count(1)
GOOD, GOOD_TOO = next_row(), next_row()
JOINED, BROKEN = GOOD + "\r" + GOOD_TOO, row(vessel_name='"BA|RO"').split("|")


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(
    ("lines", "kept", "bad"),
    [
        pytest.param([GOOD, "", GOOD_TOO, "", ""], [2, 4], [], id="empty lines"),
        pytest.param([GOOD, "  ", " \t ", GOOD_TOO], [2, 5], [], id="blank lines"),
        pytest.param([GOOD, header(), GOOD_TOO], [2, 4], [], id="header again"),
        pytest.param([GOOD, "x", GOOD_TOO], [2, 4], [3], id="too few fields"),
        pytest.param([GOOD, GOOD + ",x"], [2], [3], id="too many fields"),
        pytest.param([row(vessel_name='"BARO'), GOOD], [3], [2], id="open quote"),
        pytest.param(
            [GOOD, row(vessel_name='"BA'), next_row(vessel_name='RO"'), GOOD_TOO],
            *([2, 4, 5], [3]),
            id="open quote that another line closes",
        ),
        pytest.param([GOOD, *BROKEN, GOOD_TOO], [2, 5], [3, 4], id="line break in quotes"),
        pytest.param([JOINED, GOOD], [3], [2], id="lone CR"),
        pytest.param([JOINED, "", GOOD], [4], [2], id="lone CR, empty line"),
        pytest.param([JOINED, *BROKEN], [], [2, 3, 4], id="lone CR, line break in quotes"),
        pytest.param([GOOD + "\r", GOOD_TOO], [2, 3], [], id="CR before the line end"),
        pytest.param([row(vessel_name="BA\0RO"), "\0", GOOD], [2, 4], [3], id="NUL"),
        pytest.param([GOOD[: len(GOOD) // 2]], [], [2], id="half a line"),
    ],
)
def test_a_fault_in_a_line_is_that_lines_alone(
    lines: list[str], kept: list[int], bad: list[int], end: str
) -> None:
    found = read_all(day(*lines, end=end))
    assert (found.kept, found.reasons) == (kept, [(line, BAD_FIELDS) for line in bad])


def test_the_last_line_needs_no_end() -> None:
    for tail in ("", "\n", "\r\n", "\r", "\n\n\n"):
        assert read_all(day(GOOD) + GOOD_TOO.encode() + tail.encode()).kept == [2, 3]


def test_a_tab_delimited_line_of_empty_fields_is_a_line() -> None:
    empty = "\t" * (len(SOURCES[LAYOUTS[1]].header) - 1)
    for other in (GOOD.replace(",", "\t"), "junk"):
        found = read_all(day(empty, other, first=header(delimiter="\t")))
        assert (found.count, found.reasons[0]) == (2, (2, NO_MMSI))


def test_long_lines_are_read_and_a_reject_holds_a_thousand_characters() -> None:
    for size in (900, 1000, 1001, 5000, 60_000):
        text = "ø" * size
        assert read_all(day(text, GOOD)).rejects == [(2, BAD_FIELDS, text[:1000])]
    for size in (50_000, MAX_LINE_BYTES - 500):
        (fix,) = read_each([row(vessel_name="N" * size)])
        assert isinstance(fix, dict) and len(fix["vessel_name"]) == size


def test_a_file_without_a_line_is_empty() -> None:
    for content in (b"", b"\n\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n\n", b"  "):
        with pytest.raises(BarometerError, match="empty"):
            blocks.read_head(io.BytesIO(content), hashlib.blake2b())


# Two ways, one result

MESSY = st.sampled_from(
    [
        *"0 -1 5 4.7 102.3 360 511 1e400 inf nan NULL N/A abc +5 5,5 =cmd @@ A@ Ø <b> -0.0".split(),
        *("", " ", '"5,5"', '"', '""', '"a""b"', 'a"b', '"a"b', '"a"b"c', "9" * 30, "15", "99"),
        *("\0", "\r", "\x85", "\x1c", "\xa0", "\udcd8"),
        *"12.345675 -12.345665 0.000005 1.000015 90 -180 91 181 90.000001".split(),
    ]
)
TIMES = st.sampled_from(
    (
        "2026-04-15T12:00:00|2026-04-15 12:00:00.25|2026-04-15|2026-04-15T12|2026-02-30|"
        "2026-04-15T12:00:00Z|2026-04-15T12:00:00+03:30|0000-01-01|9999-12-31|2027-01-01|"
        "2026-04-15 12:00:00 |2026-04-15T24:00:00|15/04/2026 12:00:00|31/04/2026 12:00:00|"
        "1/4/2026 0:0:0|15/04/26 00:00:00|0001-01-01T00:00:00+01:00|1-1-1|"
        "2026-04-15 12:00:00 GMT|2026-04-15 12:00:00 UTC|2026-02-30 12:00:00 GMT|"
        "1776254400|99999999999|1776254400.5|1776254400 |x1776254400"
    ).split("|")
)
NAMES = ["mmsi", "lon", "lat", *OPTIONAL]


@st.composite
def lines(draw: st.DrawFn, layout: str) -> bytes:
    """A line: mostly right, with a few odd fields; sometimes no record at all."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(
            st.sampled_from([b"", b" ", b"junk", b'"', b"a,b", b"\r", b"\0", b",,,", b"\xff"])
        )
    odd = draw(st.dictionaries(st.sampled_from(NAMES), MESSY, max_size=kind // 2))
    if kind > 5:
        odd["reported_at"] = draw(TIMES)
    mmsi = {"mmsi": f"{draw(st.integers(422_000_000, 422_000_009))}"}
    text = row(layout, **(mmsi | odd))
    if kind == 1:
        cut = draw(st.integers(0, len(text)))
        text = (
            text[:cut]
            + draw(st.sampled_from(["", "\r", '"', ",", "\0", "\r" + text, "\n", "\udcff"]))
            + text[cut:]
        )
    return text.encode("utf-8", "surrogateescape")


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    layout = draw(st.sampled_from(LAYOUTS))
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    starts = [b"", b"\xef\xbb\xbf", b"\r\n", b"\n\r\n", b"\xef\xbb\xbf\n\n", b"  \n"]
    start = draw(st.sampled_from(starts))
    body = draw(st.lists(lines(layout), max_size=12))
    head = header(layout).encode()
    last = draw(st.booleans())
    return layout, start + end.join([head, *body, *([b""] if last else [])])


MANY = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def plain_reading(content: bytes, layout: str) -> tuple[list[list[int]], list[int]]:
    """Lines of each fix that is kept, and lines rejected, by the csv module and the rules."""
    source, rejected = SOURCES[layout], []
    kept: dict[tuple[Any, ...], list[int]] = {}
    text = content.decode("latin-1").removeprefix("ï»¿").split("\n")
    began = False
    for number, line in enumerate(text, 1):
        if not line.strip(" \t\r\x0b\x0c"):
            continue
        if not began:
            began = True
            continue
        values = next(csv.reader([line.rstrip("\r").replace("\r", " ")]), [])
        right = len(values) == len(source.header)
        if right:
            of = {k: values[source.header.index(c)] for k, c in source.columns.items()}
            right = (
                re.fullmatch(r"[2-7]\d{8}", of["mmsi"].strip(), re.ASCII) is not None
                and _place(of["lon"], 180, source.divisor.get("lon", 1))
                and _place(of["lat"], 90, source.divisor.get("lat", 1))
                and _moment(of["reported_at"].strip(), source.time_format) is not None
            )
        if right:
            place = [
                float(np.round(_number(of[k]) / source.divisor.get(k, 1), 5))
                for k in ("lon", "lat")
            ]
            moment = _moment(of["reported_at"].strip(), source.time_format)
            kept.setdefault((int(of["mmsi"]), moment, *place), []).append(number)
        else:
            rejected.append(number)
    return list(kept.values()), rejected


def _place(text: str, limit: float, divisor: float) -> bool:
    try:
        return "_" not in text and abs(_number(text) / divisor) <= limit
    except ValueError:
        return False


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _moment(text: str, form: str) -> datetime | None:
    bare = re.sub(r" (GMT|UTC)$", "", text)
    try:
        if form == "unix":
            moment = datetime.fromtimestamp(int(text.removesuffix(".5")), UTC)
        elif form == "iso":
            moment = datetime.fromisoformat(bare)
        elif re.search("GMT|UTC", form) and bare == text:
            return None
        else:
            moment = datetime.strptime(bare, re.sub(" (GMT|UTC)$", "", form))
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return moment if moment <= AS_OF + timedelta(minutes=10) else None


@MANY
@given(files(), st.integers(1, 400), st.integers(20, 400), st.integers(1, 400), st.integers(0, 100))
def test_every_way_of_reading_gives_what_a_plain_reading_does(
    monkeypatch: pytest.MonkeyPatch,
    given_file: tuple[str, bytes],
    block: int,
    careful: int,
    look: int,
    first: int,
) -> None:
    """In one piece, line by line, by the careful way alone and wherever the stream is cut."""
    layout, content = given_file
    usual = read_all(content)
    kept, rejected = plain_reading(content, layout)
    assert [line for line, _ in usual.reasons] == rejected
    shown = content.decode("utf-8", "replace").split("\n")
    for line, _, raw in usual.rejects:
        assert "\ufffd" in shown[line - 1] or raw == shown[line - 1].rstrip("\r").replace("\0", " ")
    assert [sum(line in usual.kept for line in alike) for alike in kept] == [1] * len(kept)
    assert len(usual.kept) == len(kept)
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block)
        patch.setattr(blocks, "LOOK_BYTES", look)
        patch.setattr(parse, "LOOK_BYTES", look)
        patch.setattr(blocks, "FINGERPRINT_BYTES", first + 1)
        patch.setattr(parse, "CAREFUL_BYTES", careful)
        assert comparable(read_all(content)) == comparable(usual)
    with monkeypatch.context() as patch:
        patch.setattr(parse, "CAREFUL_BYTES", 1)  # the fast way line by line
        assert comparable(read_all(content)) == comparable(usual)
        patch.setattr(parse, "_parse_fast", lambda *_: None)
        assert comparable(read_all(content)) == comparable(usual)


# Blocks


@MANY
@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 60), st.booleans())
def test_a_line_over_the_limit_is_one_reject_wherever_the_stream_is_cut(
    monkeypatch: pytest.MonkeyPatch, lengths: list[int], block: int, ended: bool
) -> None:
    content = b"\n".join(b"x" * n for n in lengths) + (b"\n" if ended else b"")
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block)
        patch.setattr(blocks, "MAX_LINE_BYTES", 20)
        cut = list(blocks.blocks(io.BytesIO(content), hashlib.blake2b(), b"", 7))
    long = [line for b in cut for line, _ in b.too_long]
    assert long == [i for i, n in enumerate(lengths, 7) if n > 20]
    short = {b.first_line + i: t for b in cut for i, t in enumerate(b.content.split(b"\n")) if t}
    assert short == {i: b"x" * n for i, n in enumerate(lengths, 7) if 0 < n <= 20}


def test_ten_megabytes_without_a_line_end_are_one_reject() -> None:
    long = row(vessel_name='"' + "N" * 10_000_000)
    result = read_all(day(GOOD, long, "bad", GOOD_TOO))
    assert (result.kept, result.reasons) == ([2, 5], [(3, LONG_LINE), (4, BAD_FIELDS)])
    assert result.rejects[0][2] == long[:1000]
    result = read_all(day(GOOD, long))
    assert (result.kept, result.reasons) == ([2], [(3, LONG_LINE)])


class Endless(io.RawIOBase):
    """A stream of so many bytes without a line end."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return b"x" * size


def test_a_line_or_header_without_an_end_is_not_held_in_memory() -> None:
    tracemalloc.start()
    try:
        cut = list(blocks.blocks(Endless(100_000_000), hashlib.blake2b(), b"", 2))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [b.too_long[0][0] for b in cut] == [2]
    assert peak < 4 * blocks.BLOCK_BYTES
    stream = Endless(100_000_000)
    head = blocks.read_head(stream, hashlib.blake2b())
    assert stream.left > 90_000_000
    with pytest.raises(BarometerError):
        match_source(head.text, SOURCES.values())


# Reading ahead


def threads() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("read-ahead", "ThreadPool"))]


WAYS = {
    "read ahead": blocks.read_ahead,
    "in order": lambda source: blocks.in_order(lambda item: item, source, 2),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_items_come_in_order_few_ahead_and_no_thread_stays(way: Any) -> None:
    assert list(way(range(100))) == list(range(100))
    taken: list[int] = []
    items = way(taken.append(i) or i for i in range(1000))  # type: ignore[func-returns-value]
    assert next(items) == 0
    time.sleep(0.1)
    assert len(taken) <= 5
    items.close()
    assert not threads()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt("x")])
def test_an_error_of_the_source_comes_after_the_items_before_it(
    way: Any, error: BaseException
) -> None:
    def source() -> Iterator[int]:
        yield from (1, 2)
        raise error

    items: list[int] = []
    with pytest.raises(type(error)) as caught:
        items.extend(way(source()))
    assert caught.value is error
    assert items == ([1, 2] if way is blocks.read_ahead else [])
    assert not threads()


def test_an_error_of_the_function_is_raised_at_its_item() -> None:
    items = blocks.in_order(lambda item: 1 // (4 - item), range(9), 1)
    assert [next(items) for _ in range(4)] == [0, 0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(items)
