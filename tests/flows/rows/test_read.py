"""Reading: text becomes typed positions; every line is a position or a reject with its reason."""

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

from flows.rows import blocks, parse, repeats
from flows.rows.reasons import (
    BAD_FIELDS,
    BAD_MMSI,
    BAD_POSITION,
    BAD_TIME,
    FUTURE_TIME,
    LONG_LINE,
    MAX_LINE_BYTES,
    NO_MMSI,
    NO_NUMBERS,
    NO_POSITION,
    OLD_TIME,
)
from flows.rows.values import TEXTS
from flows.sources.definitions import OPTIONAL
from flows.sources.layouts import tell_source
from tests.build.files import (
    AS_OF,
    FIX,
    LAYOUTS,
    SOURCES,
    Read,
    day,
    fields,
    fleet,
    header,
    layout_of,
    read_all,
    read_one,
    row,
    rules_of,
)

NOON = datetime(2026, 4, 15, 12)


def one(**changes: str) -> dict[str, Any]:
    found = read_one(**changes)
    assert isinstance(found, dict), found
    return found


# Values


def test_all_layouts_give_the_same_position() -> None:
    by_layout = {layout: one(layout=layout) for layout in LAYOUTS}
    whole = {
        "mmsi": 422100987,
        "reported_at": NOON,
        "lon": 50.33123,
        "lat": 29.23456,
        "sog_kn": np.float32(0.1),
        "cog_deg": np.float32(123.4),
        "heading_deg": 120.0,
        "nav_status": 5,
        "imo": 9074729,
        "vessel_name": "BARO ONE",
        "call_sign": "EPAB1",
        "ship_type": 80,
        "length_m": 240.0,
        "beam_m": 42.0,
        "draught_m": 12.5,
        "destination": "KHARG",
        "line": 2,
    }
    lacking = {
        layout: {name for name in whole if found[name] is None}
        for layout, found in by_layout.items()
    }
    static = {"imo", "call_sign", "length_m", "beam_m", "draught_m", "destination"}
    assert lacking == {
        "marinecadastre-2024": {"destination"},
        "marinecadastre-2025": {"destination"},
        "danish-maritime-authority": set(),
        "aishub": set(),
        "aishub-encoded": set(),
        "vt-explorer": set(),
        "statsat": static | {"vessel_name", "ship_type"},
        "aisstream-hormuz-tracker": static,
        "aisstream-listen": set(),
        "ais-world-sample": static | {"vessel_name", "nav_status"},
        "marinetraffic": (static | {"vessel_name", "ship_type"}) - {"imo"},
        "marinetraffic-extended": set(),
        "spire": set(),
        "brest-naridata": static | {"vessel_name", "ship_type"},
        "statsat-ship": (static | {"vessel_name", "ship_type"}) - {"imo", "length_m"},
        "hais": static | {"vessel_name", "ship_type"},
        "marine-exchange-alaska": {"heading_deg"},
        "marine-exchange-alaska-legacy": {"heading_deg", "call_sign", "length_m", "beam_m"},
    }
    for layout, found in by_layout.items():
        assert found == whole | dict.fromkeys(lacking[layout])


def test_batches_have_the_schema_whatever_they_hold() -> None:
    for content in (day(row()), day("junk"), day(row(sog_kn="?"), "junk", "")):
        stream, digest = io.BytesIO(content), hashlib.blake2b()
        head = blocks.read_head(stream, digest)
        block = next(blocks.blocks(stream, digest, head.rest, 2))
        parsed = parse.parser(layout_of(LAYOUTS[1]), ".", rules_of())(block)
        assert all(b.schema.equals(repeats.PACKED_SCHEMA) for b in parsed.batches)


@pytest.mark.parametrize(
    ("text", "mmsi"),
    [
        ("422100987", 422100987),
        ("200000000", 200000000),
        ("799999999", 799999999),
        (" 422100987 ", 422100987),  # padding is no part of it
        ("422100987.0", 422100987),  # as pandas writes a column with gaps
        ("422100987.", 422100987),
        *(
            (text, BAD_MMSI)
            for text in (
                "0422100987 42210098 4221009870 111000000 199999999 800000000 970123456 972000001 "
                "992110001 002110000 0 2110000.0"
            ).split()
        ),
        *(
            (text, NO_MMSI)
            for text in (
                "+422100987 -422100987 4.22e8 4.22100987e8 422100987.5 422100987.01 -1 nan null "
                "0x19285E7B 422_100_987 42210O987 ４２２１００９８７ ٤٢٢١٠٠٩٨٧ 422,100,987 true"
            ).split()
        ),
        ("", NO_MMSI),
        ("422 100987", NO_MMSI),
        ("422100987\0", NO_MMSI),
    ],
)
def test_an_mmsi_is_nine_digits_of_a_ship(text: str, mmsi: int | str) -> None:
    found = read_one(mmsi=f'"{text}"')
    assert (found if isinstance(found, str) else found["mmsi"]) == mmsi


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-04-15T12:00:00", NOON),
        ("2026-04-15 12:00:00", NOON),
        (" 2026-04-15 12:00:00 ", NOON),
        ("2026-04-15 12:00", NOON),
        ("2026-04-15", datetime(2026, 4, 15)),
        ("2026-04-15T12:00:00.5", NOON + timedelta(seconds=0.5)),
        ("2026-04-15T12:00:00.123456", NOON + timedelta(microseconds=123456)),
        ("2026-04-15T12:00:00.123456789", NOON + timedelta(microseconds=123456)),
        ("2026-04-15T12:00:00Z", NOON),
        *(
            (f"2026-04-15 12:00:00{fraction}{zone}", NOON + timedelta(seconds=float(fraction or 0)))
            for fraction in ("", ".5", ".000", ".25")
            for zone in (" UTC", "UTC", " GMT", " Z", "z", " +00:00", "+00", " +0000 UTC", " utc")
        ),
        ("2026-04-15 15:30:00 +03:30", NOON),
        ("2026-04-15T15:30:00+03:30", NOON),
        ("2026-04-15T15:30:00+0330", NOON),
        ("2026-04-15T10:00:00.25-02", NOON + timedelta(seconds=0.25)),
        ("2024-02-29 23:59:59", datetime(2024, 2, 29, 23, 59, 59)),
        *(
            (text, None)
            for text in (
                "2026-02-30|2026-02-30T00:00:00|2025-02-29|2026-04-15T24:00:00|2026-04-15T12:60:00|"
                "2026-04-15T12:00:60|2026-13-01|2026-00-10|20260415|2026-04-15T|12:00:00|now|null|"
                "1776254400|2026/04/15|15/04/2026 12:00:00|2026-4-15|2026-04-15T12:00:00 AST|"
                "2026-04-15 15:30:00 +0330 UTC|2026-04-15 12:00:00 UTC UTC|UTC|"
                "0000-00-00 00:00:00|0000-01-01 00:00:00|0001-01-01T00:00:00+03:30|-2026-04-15|"
                "９026-04-15|2026-W16-3|2026-04-15T12:00:00+25:00|2026-04-15_12:00:00|10000-01-01"
            ).split("|")
        ),
        ("", None),
    ],
)
def test_an_iso_time_is_read_as_utc_or_not_at_all(text: str, moment: datetime | None) -> None:
    found = read_one(reported_at=text)
    if moment is None:
        assert found in (BAD_TIME, OLD_TIME)
    else:
        assert one(reported_at=text)["reported_at"] == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("15/04/2026 12:00:00", NOON),
        ("1/4/2026 2:03:04", datetime(2026, 4, 1, 2, 3, 4)),
        *(
            (text, None)
            for text in (
                "30/02/2026 00:00:00|31/04/2026 00:00:00|15/13/2026 00:00:00|15/04/26 12:00:00|"
                "15/04/202612:00:00|15/04/2026 12:00:60|15/04/2026 24:00:00|15/04/2026|"
                "15.04.2026 12:00:00|2026-04-15 12:00:00|01/01/0000 00:00:00|15/04/2026 12:00:00 x"
            ).split("|")
        ),
        ("", None),
    ],
)
@pytest.mark.parametrize("broken_beside", [False, True], ids=["alone", "beside a broken line"])
def test_a_danish_time_is_day_first_and_exact(
    text: str, moment: datetime | None, broken_beside: bool
) -> None:
    lines = [row(LAYOUTS[2], reported_at=text), *(["junk"] if broken_beside else [])]
    found = read_all(day(*lines, layout=LAYOUTS[2]))
    if moment is None:
        assert found.reasons[0] == (2, BAD_TIME)
    else:
        assert [r["reported_at"] for r in found.rows] == [moment]


def test_a_time_format_with_an_offset_is_converted() -> None:
    source = SOURCES[LAYOUTS[1]].model_copy(update={"time_format": "%Y%m%d %H%M%S %z"})
    found = read_all(day(row(reported_at="20260415 153000 +0330")), sources=[source])
    assert [r["reported_at"] for r in found.rows] == [NOON]


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (timedelta(minutes=10), None),
        (timedelta(minutes=10, microseconds=1), FUTURE_TIME),
    ],
    ids=["at the edge", "after it"],
)
def test_a_time_more_than_ten_minutes_after_the_as_of_time_is_the_future(
    later: timedelta, reason: str | None
) -> None:
    found = read_one(reported_at=(AS_OF + later).isoformat())
    assert found == reason if reason else isinstance(found, dict)


@pytest.mark.parametrize(
    ("lon", "lat", "want"),
    [
        ("180", "90", (180.0, 90.0)),
        ("-180", "-90", (-180.0, -90.0)),
        ("0", "0", (0.0, 0.0)),
        ("50.123454", "29.123456", (50.12345, 29.12346)),
        ("5.0123456e1", "+29.5", (50.12346, 29.5)),
        (" 50.5 ", " 29.5 ", (50.5, 29.5)),
        ("50", "90.0001", BAD_POSITION),
        ("180.0001", "29", BAD_POSITION),
        ("-180.0001", "29", BAD_POSITION),
        ("50", "-91", BAD_POSITION),
        ("50", "91", NO_POSITION),
        ("181", "29", NO_POSITION),
        ("181.0", "91.0", NO_POSITION),
        ("inf", "29", NO_NUMBERS),
        ("50", "-inf", NO_NUMBERS),
        ("1e400", "29", NO_NUMBERS),
        ("nan", "29", NO_POSITION),
        ("", "29", NO_POSITION),
        ("50", "", NO_POSITION),
        ("50E", "29N", NO_NUMBERS),
        ("NULL", "29", NO_POSITION),
        ("0x32", "29", NO_NUMBERS),
        ("5_0", "29", NO_NUMBERS),
        ("٥٠", "29", NO_NUMBERS),
        ("29 13 00", "29", NO_NUMBERS),
    ],
)
def test_a_position_is_a_place_on_earth(
    lon: str, lat: str, want: tuple[float, float] | str
) -> None:
    found = read_one(lon=lon, lat=lat)
    assert found == want if isinstance(found, str) else (found["lon"], found["lat"]) == want


def test_there_is_no_minus_zero() -> None:
    found = one(lon="-0.000001", lat="-0.0", sog_kn="-0", cog_deg="-0.0")
    text = repr([found[k] for k in ("lon", "lat", "sog_kn", "cog_deg")])
    assert text == "[0.0, 0.0, 0.0, 0.0]"


JUNK = [
    "",
    " ",
    "abc",
    "1e400",
    "-1e400",
    "inf",
    "nan",
    "NULL",
    "-1",
    "1_0",
    "0x5",
    "٣",
    "5,5",
    "\x01",
]


@pytest.mark.parametrize("name", [n for n in OPTIONAL if n not in (*TEXTS, "imo")])
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_junk_in_an_optional_field_is_null_and_the_row_stays(name: str, junk: str) -> None:
    assert one(**{name: f'"{junk}"'}) == one() | {name: None}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("sog_kn", "102.3", None),
        ("sog_kn", "102.2", np.float32(102.2)),
        ("sog_kn", "0", 0.0),
        ("cog_deg", "360", None),
        ("cog_deg", "360.0", None),
        ("cog_deg", "359.9", np.float32(359.9)),
        ("heading_deg", "511", None),
        ("heading_deg", "511.0", None),
        ("heading_deg", "0", 0.0),
        ("nav_status", "15", None),
        ("nav_status", "0", 0),
        ("nav_status", "5.0", 5),
        ("nav_status", "4.7", None),
        ("nav_status", "16", None),
        ("ship_type", "0", None),
        ("ship_type", "1099", None),
        ("ship_type", "80.5", None),
        ("length_m", "0", None),
        ("beam_m", "0.0", None),
        ("draught_m", "0", None),
        ("draught_m", "25.5", 25.5),
        ("draught_m", "25.6", None),
    ],
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_codes_for_not_available_are_null(
    layout: str, name: str, text: str, value: float | None
) -> None:
    source = SOURCES[layout]
    has = name in source.columns or name in source.sums
    assert one(layout=layout, **{name: text})[name] == (value if has else None)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("nav_status", "At anchor", 1),
        ("nav_status", "AT ANCHOR", 1),
        ("nav_status", " moored ", 5),
        ("nav_status", "Unknown value", None),
        ("nav_status", "Napping", None),
        ("ship_type", "Tanker", 80),
        ("ship_type", "Undefined", None),
        ("ship_type", "Tanker!", None),
        ("vessel_name", "Unknown", None),
        ("vessel_name", "UNDEFINED", None),
        ("imo", "Unknown", None),
    ],
)
def test_danish_words_become_codes_and_what_has_none_is_null(
    name: str, text: str, value: int | None
) -> None:
    assert one(layout=LAYOUTS[2], **{name: text})[name] == value


@pytest.mark.parametrize(
    "text",
    ["9074729", "IMO9074729", "IMO 9074729", "imo9074729", " 9074729 "],
)
def test_an_imo_number_may_be_written_with_the_letters(text: str) -> None:
    assert one(imo=text)["imo"] == 9074729


@pytest.mark.parametrize(
    "text",
    "9074728 IMO9074728 0000000 IMO0000000 0 907472 90747290 1234568 9074729.5 -9074729 "
    "IMOIMO9074729 ９０７４７２９ 9074729E0 IMO".split(),
)
def test_an_imo_number_with_a_wrong_check_digit_or_form_is_null(text: str) -> None:
    assert one(imo=text) == one() | {"imo": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"BARO", "BARO"),
        (b"  BARO  ", "BARO"),
        (b"BARO@@@@", "BARO"),
        (b"BARO @ @", "BARO"),
        (b"M@RY", "M@RY"),
        (b"@@@@", None),
        (b"", None),
        (b"   ", None),
        (b'"BARO, THE ""1ST"""', 'BARO, THE "1ST"'),
        (b"=cmd|'/c calc'!A0", "=cmd|'/c calc'!A0"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        (b"BA\x00RO", "BA RO"),
        (b"BA\x1b[31mRO", "BA [31mRO"),
        (b"\x01\x02\x03", None),
        (b"BA\tRO", "BA RO"),
        (b"BA\xc2\x85RO", "BA RO"),
        (b"BJ\xc3\x98RN", "BJØRN"),
        (b"BJ\xd8RN", "BJØRN"),
        (b"\xff\xfe\xfa", "ÿþú"),
        ("НОВО".encode(), "НОВО"),
        *((word, None) for word in (b"NULL", b"null", b"None", b"nan", b"NaN", b"\\N", b"N/A")),
        *((word, None) for word in (b"(null)", b"<NA>", b"NA", b"#N/A", b" NULL ", b"NULL@@")),
        (b"NULLARBOR", "NULLARBOR"),
        (b"NANTES", "NANTES"),
    ],
)
@pytest.mark.parametrize("broken_beside", [False, True], ids=["alone", "beside a broken line"])
def test_a_name_is_cleaned_and_nothing_is_null(
    text: bytes, value: str | None, broken_beside: bool
) -> None:
    line = row(vessel_name="%").encode().replace(b"%", text)
    found = read_all(day(line, *(["junk"] if broken_beside else [])))
    assert [r["vessel_name"] for r in found.rows] == [value]


@pytest.mark.parametrize("broken_beside", [False, True], ids=["alone", "beside a broken line"])
def test_each_field_has_its_own_encoding(broken_beside: bool) -> None:
    line = row(vessel_name="BJØRN").encode().replace(b"EPAB1", b"EP\xd8")
    found = read_all(day(line, *(["junk"] if broken_beside else [])))
    assert [(r["vessel_name"], r["call_sign"]) for r in found.rows] == [("BJØRN", "EPØ")]


# Decimal commas


@pytest.mark.parametrize("quoted", [True, False], ids=["quoted in commas", "parted by semicolons"])
def test_a_decimal_comma_is_told_from_the_file(quoted: bool) -> None:
    changes = {"lon": "50,33123", "lat": "29,23456", "sog_kn": "0,1", "cog_deg": "123,4"}
    values = fields(LAYOUTS[2], **changes, draught_m="12,5")
    mark = "," if quoted else ";"
    lines = [mark.join(f'"{v}"' if "," in v else v for v in values)]
    found = read_all(day(*lines, first=header(LAYOUTS[2], mark)))
    assert found.rows == read_all(day(row(LAYOUTS[2]), layout=LAYOUTS[2])).rows


def test_the_decimal_comma_is_found_behind_rows_without_a_place() -> None:
    lines = [";".join(fields(LAYOUTS[2], lat=lat, lon="5")) for lat in ("", "91", "x", "29,5")]
    found = read_all(day("", *lines, first=header(LAYOUTS[2], ";")))
    assert [(r["line"], r["lat"]) for r in found.rows] == [(6, 29.5)]


# Lines


def reading(*lines: str | bytes, end: str = "\n") -> tuple[list[int], list[tuple[int, str]]]:
    found = read_all(day(*lines, end=end))
    return found.kept, found.reasons


def next_row(**changes: str) -> str:
    """A line with a fix of its own."""
    moment = NOON + timedelta(seconds=next(_seconds))
    return row(**({"reported_at": moment.isoformat()} | changes))


_seconds = itertools.count(1)
GOOD, GOOD_TOO = next_row(), next_row()


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(
    ("lines", "kept", "reasons"),
    [
        pytest.param([GOOD, "", GOOD_TOO, "", ""], [2, 4], [], id="empty lines"),
        pytest.param([GOOD, "  ", " \t ", GOOD_TOO], [2, 5], [], id="blank lines"),
        pytest.param([GOOD, header(), GOOD_TOO], [2, 4], [], id="header again"),
        pytest.param([GOOD, "x", GOOD_TOO], [2, 4], [(3, BAD_FIELDS)], id="too few fields"),
        pytest.param([GOOD, GOOD + ",x"], [2], [(3, BAD_FIELDS)], id="too many fields"),
        pytest.param([row(vessel_name='"BARO'), GOOD], [3], [(2, BAD_FIELDS)], id="open quote"),
        pytest.param(
            [GOOD, row(vessel_name='"BA'), next_row(vessel_name='RO"'), GOOD_TOO],
            [2, 4, 5],
            [(3, BAD_FIELDS)],
            id="open quote that another line closes",
        ),
        pytest.param(
            [GOOD, *row(vessel_name='"BA|RO"').split("|"), GOOD_TOO],
            [2, 5],
            [(3, BAD_FIELDS), (4, BAD_FIELDS)],
            id="line break in quotes",
        ),
        pytest.param([GOOD + "\r" + GOOD_TOO, GOOD], [3], [(2, BAD_FIELDS)], id="lone CR"),
        pytest.param(
            [GOOD + "\r" + GOOD_TOO, "", GOOD],
            [4],
            [(2, BAD_FIELDS)],
            id="lone CR, empty line",
        ),
        pytest.param(
            [GOOD + "\r" + GOOD_TOO, *row(vessel_name='"BA|RO"').split("|")],
            [],
            [(2, BAD_FIELDS), (3, BAD_FIELDS), (4, BAD_FIELDS)],
            id="lone CR, line break in quotes",
        ),
        pytest.param([GOOD + "\r", GOOD_TOO], [2, 3], [], id="CR before the line end"),
        pytest.param([row(vessel_name="BA\0RO"), "\0", GOOD], [2, 4], [(3, BAD_FIELDS)], id="NUL"),
        pytest.param([GOOD[: len(GOOD) // 2]], [], [(2, BAD_FIELDS)], id="half a line"),
    ],
)
def test_a_fault_in_a_line_is_that_lines_alone(
    lines: list[str], kept: list[int], reasons: list[tuple[int, str]], end: str
) -> None:
    assert reading(*lines, end=end) == (kept, reasons)


@pytest.mark.parametrize("tail", ["", "\n", "\r\n", "\r", "\n\n\n"], ids=repr)
def test_the_last_line_needs_no_end(tail: str) -> None:
    assert read_all(day(GOOD) + GOOD_TOO.encode() + tail.encode()).kept == [2, 3]


@pytest.mark.parametrize("start", ["", "\ufeff", "\n\r\n", "\ufeff\n\n", "  \n"], ids=repr)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_line_numbers_are_those_an_editor_shows(start: str, end: str) -> None:
    content = start.encode() + day(GOOD, "bad one", "", GOOD_TOO, "bad two", end=end)
    found = read_all(content)
    shown = content.decode("utf-8-sig").split("\n")
    assert [shown[line - 1].strip() for line, _ in found.reasons] == ["bad one", "bad two"]
    assert [shown[line - 1].strip() for line in found.kept] == [GOOD, GOOD_TOO]
    assert [raw for _, _, raw in found.rejects] == ["bad one", "bad two"]


def test_a_tab_delimited_line_of_empty_fields_is_a_line() -> None:
    empty = "\t" * (len(SOURCES[LAYOUTS[1]].header) - 1)
    for other in (GOOD.replace(",", "\t"), "junk"):
        found = read_all(day(empty, other, first=header(delimiter="\t")))
        assert (found.count, found.reasons[0]) == (2, (2, NO_MMSI))


@pytest.mark.parametrize("size", [900, 1000, 1001, 5000, 60_000])
def test_the_text_of_a_reject_is_at_most_a_thousand_characters(size: int) -> None:
    text = "ø" * size
    assert read_all(day(text, GOOD)).rejects == [(2, BAD_FIELDS, text[:1000])]


@pytest.mark.parametrize("size", [50_000, MAX_LINE_BYTES - 500], ids=["long", "longest"])
@pytest.mark.parametrize("broken_beside", [False, True], ids=["alone", "beside a broken line"])
def test_a_long_field_is_read_alike_wherever_it_stands(size: int, broken_beside: bool) -> None:
    found = read_all(day(row(vessel_name="N" * size), *(["junk"] if broken_beside else [])))
    assert [len(r["vessel_name"]) for r in found.rows] == [size]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n\n", b"  "],
    ids=["nothing", "line ends", "mark", "mark and line ends", "blanks"],
)
def test_a_file_without_a_line_is_empty(content: bytes) -> None:
    with pytest.raises(parse.BarometerError, match="empty"):
        blocks.read_head(io.BytesIO(content), hashlib.blake2b())


# Two ways, one result

MESSY = st.sampled_from(
    [
        *(
            "",
            " ",
            "0",
            "-1",
            "5",
            "4.7",
            "102.3",
            "360",
            "511",
            "1e400",
            "inf",
            "nan",
            "NULL",
            "N/A",
        ),
        *(
            "abc",
            "+5",
            "5,5",
            '"5,5"',
            '"',
            '""',
            '"a""b"',
            'a"b',
            '"a"b',
            '"a"b"c',
            "=cmd",
            "@@",
            "A@",
        ),
        *("\0", "\r", "\x85", "\x1c", "\xa0", "Ø", "\udcd8", "<b>", "-0.0", "9" * 30, "15", "99"),
        *(
            "12.345675",
            "-12.345665",
            "0.000005",
            "1.000015",
            "90",
            "-180",
            "91",
            "181",
            "90.000001",
        ),
    ]
)
TIMES = st.sampled_from(
    [
        *(
            "2026-04-15T12:00:00",
            "2026-04-15 12:00:00.25",
            "2026-04-15",
            "2026-04-15T12",
            "2026-02-30",
        ),
        *(
            "2026-04-15T12:00:00Z",
            "2026-04-15T12:00:00+03:30",
            "0000-01-01",
            "9999-12-31",
            "2027-01-01",
        ),
        *(
            "2026-04-15 12:00:00 ",
            "2026-04-15T24:00:00",
            "15/04/2026 12:00:00",
            "31/04/2026 12:00:00",
        ),
        *("1/4/2026 0:0:0", "15/04/26 00:00:00", "0001-01-01T00:00:00+01:00", "1-1-1"),
        *("2026-04-15 12:00:00 GMT", "2026-04-15 12:00:00 UTC", "2026-02-30 12:00:00 GMT"),
        *("1776254400", "99999999999", "1776254400.5", "1776254400 ", "x1776254400"),
    ]
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
            text[:cut] + draw(st.sampled_from(["", "\r", '"', ",", "\0", "\r" + text])) + text[cut:]
        )
    return text.encode("utf-8", "surrogateescape")


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    layout = draw(st.sampled_from(LAYOUTS))
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    start = draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"\r\n", b"\n\n"]))
    body = draw(st.lists(lines(layout), max_size=12))
    head = header(layout).encode()
    last = draw(st.booleans())
    return layout, start + end.join([head, *body, *([b""] if last else [])])


MANY = settings(
    max_examples=70,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def comparable(found: Read) -> str:
    """All that was read, as a text in which NaN equals itself and -0.0 does not equal 0.0."""
    return repr((found.rows, found.rejects, found.count, found.repeated))


@MANY
@given(files())
def test_the_fast_and_the_careful_way_agree(
    monkeypatch: pytest.MonkeyPatch, given_file: tuple[str, bytes]
) -> None:
    _, content = given_file
    usual = read_all(content)
    with monkeypatch.context() as patch:
        patch.setattr(parse, "CAREFUL_BYTES", 1)  # the fast way line by line
        assert comparable(read_all(content)) == comparable(usual)
        patch.setattr(parse, "_parse_fast", lambda *_: None)
        assert comparable(read_all(content)) == comparable(usual)


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
                float(np.round(float(of[k]) / source.divisor.get(k, 1), 5)) for k in ("lon", "lat")
            ]
            moment = _moment(of["reported_at"].strip(), source.time_format)
            kept.setdefault((int(of["mmsi"]), moment, *place), []).append(number)
        else:
            rejected.append(number)
    return list(kept.values()), rejected


def _place(text: str, limit: float, divisor: float) -> bool:
    try:
        return "_" not in text and abs(float(text) / divisor) <= limit
    except ValueError:
        return False


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
@given(files())
def test_every_line_is_kept_or_rejected_as_a_plain_reading_says(
    given_file: tuple[str, bytes],
) -> None:
    layout, content = given_file
    found = read_all(content)
    kept, rejected = plain_reading(content, layout)
    assert [line for line, _ in found.reasons] == rejected
    assert [sum(line in found.kept for line in alike) for alike in kept] == [1] * len(kept)
    assert len(found.kept) == len(kept)


# Blocks


@MANY
@given(files(), st.integers(1, 400), st.integers(20, 400), st.integers(1, 400), st.integers(0, 100))
def test_cutting_the_stream_anywhere_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    given_file: tuple[str, bytes],
    block: int,
    careful: int,
    look: int,
    first: int,
) -> None:
    content = given_file[1]
    usual = read_all(content)
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block)
        patch.setattr(parse, "CAREFUL_BYTES", careful)
        patch.setattr(blocks, "LOOK_BYTES", look)
        patch.setattr(parse, "LOOK_BYTES", look)
        patch.setattr(blocks, "FINGERPRINT_BYTES", first + 1)
        assert comparable(read_all(content)) == comparable(usual)


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


@pytest.mark.parametrize("ended", [True, False], ids=["in the middle", "to the end of the file"])
def test_ten_megabytes_without_a_line_end_are_one_reject(ended: bool) -> None:
    long = row(vessel_name='"' + "N" * 10_000_000)
    content = day(GOOD, long, *(["bad", GOOD_TOO] if ended else []))
    found = read_all(content)
    reasons = [(3, LONG_LINE), *([(4, BAD_FIELDS)] if ended else [])]
    assert (found.kept, found.reasons) == ([2, 5] if ended else [2], reasons)
    assert found.rejects[0][2] == long[:1000]


class Endless(io.RawIOBase):
    """A stream of so many bytes without a line end."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return b"x" * size


def test_a_line_of_a_hundred_megabytes_is_not_held_in_memory() -> None:
    tracemalloc.start()
    try:
        cut = list(blocks.blocks(Endless(100_000_000), hashlib.blake2b(), b"", 2))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [b.too_long[0][0] for b in cut] == [2]
    assert peak < 4 * blocks.BLOCK_BYTES


def test_a_header_without_an_end_is_not_read_for_ever() -> None:
    stream = Endless(100_000_000)
    head = blocks.read_head(stream, hashlib.blake2b())
    assert stream.left > 90_000_000
    with pytest.raises(parse.BarometerError):
        tell_source(head.text, SOURCES.values())


# Reading ahead


def threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "read-ahead"]


def test_read_ahead_gives_all_in_order() -> None:
    assert list(blocks.read_ahead(range(100))) == list(range(100))
    assert not threads()


@pytest.mark.parametrize("error", [ValueError("x"), OSError(5, "x"), KeyboardInterrupt("x")])
def test_read_ahead_raises_the_readers_error_after_what_came_before(error: BaseException) -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise error

    found = []
    with pytest.raises(type(error)) as caught:
        for item in blocks.read_ahead(source()):
            found.append(item)
    assert (found, caught.value) == ([1, 2], error)
    assert not threads()


def test_read_ahead_stops_its_thread_when_it_is_left() -> None:
    made = []

    def source() -> Iterator[int]:
        for i in range(1_000_000):
            made.append(i)
            yield i

    ahead = blocks.read_ahead(source())
    assert next(ahead) == 0
    ahead.close()
    assert not threads()
    assert len(made) < 10


def test_read_ahead_holds_only_a_few_items() -> None:
    made = []
    ahead = blocks.read_ahead(made.append(i) or i for i in range(1000))  # type: ignore[func-returns-value]
    next(ahead)
    time.sleep(0.3)
    assert len(made) <= 5
    ahead.close()


def test_in_order_gives_results_in_the_order_of_the_items() -> None:
    def slow_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item * 2

    assert list(blocks.in_order(slow_first, range(20), 3)) == [i * 2 for i in range(20)]


@pytest.mark.parametrize("fault", ["in the source", "in the function"])
def test_in_order_raises_the_error_where_it_belongs(fault: str) -> None:
    def source() -> Iterator[int]:
        yield from range(5)
        if fault == "in the source":
            raise EOFError("cut")
        yield 99

    def function(item: int) -> int:
        if item == 99:
            raise EOFError("cut")
        return item

    found = []
    with pytest.raises(EOFError, match="cut"):
        for item in blocks.in_order(function, source(), 1):
            found.append(item)
    assert found == list(range(len(found)))
    assert len(found) >= 4


def test_in_order_takes_only_a_few_items_ahead_and_stops_when_it_is_left() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for i in range(1000):
            taken.append(i)
            yield i

    found = blocks.in_order(lambda i: i, source(), 2)
    assert next(found) == 0
    found.close()
    assert len(taken) <= 4
    assert not [t for t in threading.enumerate() if t.name.startswith("ThreadPool")]


def test_a_day_of_ships_is_read_whole() -> None:
    found = read_all(day(*fleet(3000), "junk", *fleet(10, 3000)))
    assert (len(found.rows), found.reasons) == (3010, [(3002, BAD_FIELDS)])
    assert {r["vessel_name"] for r in found.rows} == {FIX["vessel_name"]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1998-05-12T00:00:00", None),
        ("1998-05-11T23:59:59", OLD_TIME),
        ("1970-01-01T00:00:00", OLD_TIME),
    ],
)
def test_a_time_from_before_ais_is_a_clock_that_was_never_set(
    text: str, reason: str | None
) -> None:
    found = read_one(reported_at=text)
    assert (found if isinstance(found, str) else None) == reason
