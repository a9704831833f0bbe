"""Sources: which publisher a header belongs to, and definitions that do not hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import load_sources
from flows.sources.layouts import UnknownHeader, match_source
from tests.build.files import (
    LAYOUTS,
    SOURCES,
    columns,
    day,
    header,
    ingest,
    read_all,
    row,
    settings_of,
    write,
)

HEADER = '["id", "when", "x", "y", "speed", "status"]'
GOOD = f"""
publisher = "P"
licence = "L"
files = "F"
coverage = "C"
header = {HEADER}
[columns]
mmsi = "id"
reported_at = "when"
lon = "x"
lat = "y"
sog_kn = "speed"
[time]
format = "iso"
[not_available]
sog_kn = [99]
text = ["None"]
"""


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda h: h[::-1], id="reversed"),
        pytest.param(lambda h: ["", *h, "extra", "extra"], id="extra columns, twice and unnamed"),
        pytest.param(lambda h: [f'"{c}"' for c in h], id="quoted"),
        pytest.param(lambda h: [f" {c} " for c in h], id="with blanks"),
        pytest.param(lambda h: ["\ufeff" + h[0], *h[1:]], id="byte order mark"),
        pytest.param(lambda h: [*h[:-1], h[-1] + "\r"], id="carriage return"),
    ],
)
def test_a_header_may_be_written_in_many_ways(change: Callable[[list[str]], list[str]]) -> None:
    for layout in LAYOUTS:
        for delimiter in ",;\t":
            line = delimiter.join(change(list(SOURCES[layout].header)))
            match = match_source(line, SOURCES.values())
            assert (match.source.source_id, match.delimiter) == (layout, delimiter)


def test_columns_in_another_order_give_the_same_position() -> None:
    for layout in LAYOUTS:
        names = ["7", "0", *SOURCES[layout].header[::-1], "extra"]
        usual = read_all(day(row(layout), layout=layout)).rows
        assert read_all(day(columns(names, layout), first=",".join(names))).rows == usual


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        pytest.param(
            header().replace("latitude", "lat_deg"),
            ["marinecadastre-2025", "missing 'latitude'", "unexpected 'lat_deg'", "TOML"],
            id="the nearest source and what differs",
        ),
        pytest.param(header() + ",mmsi", ["'mmsi' more than once"], id="a mapped column twice"),
        pytest.param("x" * 500_000, [], id="a field longer than the csv module takes"),
        pytest.param("mmsi\rlat\rlon", [], id="lone carriage returns"),
        pytest.param('"mmsi,lat', [], id="an open quote"),
        pytest.param("\0\0\0", [], id="NUL"),
        pytest.param(",,,,", [], id="no names"),
        pytest.param(";", [], id="a delimiter"),
        pytest.param("\ufffd" * 100, [], id="not text"),
        pytest.param(",".join("x" * 3000 + str(i) for i in range(300)), [], id="long names"),
    ],
)
def test_a_first_line_that_fits_no_source_is_refused(line: str, parts: list[str]) -> None:
    with pytest.raises(UnknownHeader) as caught:
        match_source(line, SOURCES.values())
    assert len(str(caught.value)) < 1000
    assert caught.value.is_ais or not parts
    assert all(part in str(caught.value) for part in parts)


TRUTH = b"mmsi,imo,port_id,arrived_at,departed_at,area_kind\n422100987,9074729,IRKHK,,,berth\n"
AIS = b"MMSI,Time,Latitude_deg,Longitude_deg\n1,2,3,4\n"


@pytest.mark.parametrize(
    ("content", "given", "state", "message"),
    [
        pytest.param(TRUTH, [""], "skipped", "truth.csv: ", id="a table that is not AIS, found"),
        pytest.param(TRUTH, ["truth.csv"], "failed", "truth.csv: ", id="named"),
        pytest.param(TRUTH, ["", "truth.csv"], "failed", "truth.csv: ", id="found and named"),
        pytest.param(AIS, [""], "failed", "Closest is", id="AIS in an unknown layout, found"),
    ],
)
def test_an_unknown_table_fails_where_it_is_ais_or_named(
    home: Settings, tmp_path: Path, content: bytes, given: list[str], state: str, message: str
) -> None:
    write(tmp_path / "in", content, name="truth.csv")
    (outcome,) = ingest(home, *(tmp_path / "in" / name for name in given))
    assert outcome.state == state
    assert message in outcome.message


def test_a_home_adds_a_source_without_code(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    write(settings.home / "sources", GOOD.encode(), name="mine.toml")
    text = b"id,when,x,y,speed\n422100987,2026-04-15,50.1,29.2,99\n"
    (outcome,) = ingest(settings, write(tmp_path / "in", text))
    assert outcome.entry is not None
    assert (outcome.entry.source, outcome.entry.rows_kept) == ("mine", 1)


def test_a_column_may_be_named_like_a_number(tmp_path: Path) -> None:
    text = GOOD.replace('"x"', '"4"').replace('"y"', '"0"')
    write(tmp_path / "sources", text.encode(), name="mine.toml")
    content = b"0,id,when,4,cargo,speed\n29.2,422100987,2026-04-15,50.1,7,3\n"
    (fix,) = read_all(content, sources=load_sources(tmp_path).values()).rows
    assert (fix["lon"], fix["lat"], fix["sog_kn"]) == (50.1, 29.2, 3.0)


def test_a_home_may_replace_a_source_of_the_project(tmp_path: Path) -> None:
    write(tmp_path / "sources", GOOD.encode(), name=f"{LAYOUTS[0]}.toml")
    assert load_sources(tmp_path)[LAYOUTS[0]].publisher == "P"


def but(old: str, new: str, more: str = "") -> str:
    """The good definition with a text replaced, and lines added."""
    assert old in GOOD
    return GOOD.replace(old, new) + more


SPEED = 'sog_kn = "speed"'
HOSTILE: dict[str, str | bytes | tuple[str, str]] = {
    "not utf-8": b"\xff\xfe\x00",
    "ten megabytes": b"#" * 10_000_000,
    "empty": b"",
    "no toml": b"a = [",
    "nested to the bottom": b"a = " + b"[" * 90_000,
    "no header": but("header", "heading"),
    "no publisher": (but("publisher", "who"), "publisher: is missing"),
    "no columns": but("[columns]", "[column]"),
    "columns is a number": 'columns = 5\nheader = ["a"]',
    "columns is a text": 'columns = "abcd"\nheader = ["a"]',
    "columns is a list": but("[columns]", "[[columns]]"),
    "a column is a number": but('mmsi = "id"', "mmsi = 5"),
    "a column is a table": but('mmsi = "id"', "mmsi = {a = 1}"),
    "lacks lat": but("lat =", "beam_m ="),
    "an unknown column of ours": (
        *(but("sog_kn =", "speed ="), r"columns\.speed: unknown column; possible are mmsi"),
    ),
    "a column not in the header": but('"speed"\n', '"pace"\n'),
    "one column mapped twice": but('lat = "y"', 'lat = "x"'),
    "header is a text": but(HEADER, '"id,when,x,y,speed,status"'),
    "header is a number": (but(HEADER, "7"), "header: must be a list"),
    "header holds numbers": but('"status"]', "7]"),
    "time is a text": 'time = "iso"\n' + but("[time]\nformat =", "[times]\nformat ="),
    "no time format": but("format", "shape"),
    "a time format without a day": (
        *(but('"iso"', '"%H:%M"'), r"time\.format: '%H:%M' has no date"),
    ),
    "a time format of nothing": but('"iso"', '""'),
    "an invalid time format": but('"iso"', '"%Q"'),
    "a time format that is a number": but('"iso"', "1"),
    "not_available is a number": (but("[99]", "99"), r"not_available\.sog_kn: must be a list"),
    "not_available is a text": but("[99]", '"99"'),
    "not_available holds texts": but("[99]", '["fast"]'),
    "not_available of no column": but("sog_kn = [99]", "lon = [181]"),
    "texts is a text": (but('["None"]', '"None"'), r"not_available\.text: must be a list"),
    "a list for a place": but('lon = "x"', 'lon = ["x", "y"]'),
    "a sum of one": but(SPEED, f'length_m = ["status"]\n{SPEED}'),
    "a sum of three": but(SPEED, 'length_m = ["speed", "status", "x"]'),
    "a sum of a column twice": but(SPEED, 'beam_m = ["speed", "speed"]'),
    "a sum of numbers": but(SPEED, "length_m = [1, 2]"),
    "a sum not in the header": but(SPEED, 'length_m = ["A", "B"]'),
    "a sum of a column that is mapped": but(SPEED, 'length_m = ["status", "x"]'),
    "aliases is a list": 'aliases = ["a"]\n' + GOOD,
    "an alias of no column": GOOD + '[aliases]\nspeed_kn = "pace"',
    "an alias that is a column": GOOD + '[aliases]\nspeed = "x"',
    "an alias of a number": GOOD + "[aliases]\nspeed_kn = 5",
    "divisor is a number": "divisor = 5\n" + GOOD,
    "a divisor of a text": GOOD + "[divisor]\nmmsi = 10",
    "a divisor of 0": (GOOD + "[divisor]\nlon = 0", r"divisor\.lon: must be greater than 0"),
    "a divisor below 0": GOOD + "[divisor]\nlon = -600000",
    "a divisor that is a text": GOOD + '[divisor]\nlon = "600000"',
    "a divisor that is true": GOOD + "[divisor]\nlon = true",
    "a divisor that is not a number": GOOD + "[divisor]\nlon = nan",
    "text_start is a text": but('text = ["None"]', 'text_start = "Unknown"'),
    "text_start is empty": but('text = ["None"]', 'text_start = [""]'),
    "words of a path": GOOD + '[words]\nnav_status = "../../etc/passwd"',
    "words of an unknown table": GOOD + '[words]\nnav_status = "mid"',
    "words of a number": GOOD + "[words]\nnav_status = 5",
    "words for a measure": GOOD + '[words]\nsog_kn = "dma_word"',
    "words is a text": 'words = "dma_word"\n' + GOOD,
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_definition_that_does_not_hold_is_refused_with_file_key_and_reason(
    tmp_path: Path, case: str | bytes | tuple[str, str]
) -> None:
    text, reason = case if isinstance(case, tuple) else (case, "")
    content = text.encode() if isinstance(text, str) else text
    path = write(tmp_path / "sources", content, name="mine.toml")
    with pytest.raises(BarometerError) as caught:
        load_sources(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and len(message) < 1000
    assert not reason or re.search(f"{reason}.*Fix the file", message)


def test_a_definition_must_have_a_plain_name_and_be_a_file(tmp_path: Path) -> None:
    for number, name in enumerate("a b.toml|a'b.toml|é.toml|.toml|a=b.toml|$x.toml".split("|")):
        path = write(tmp_path / str(number) / "sources", GOOD.encode(), name=name)
        with pytest.raises(BarometerError, match="letters, digits") as caught:
            load_sources(tmp_path / str(number))
        assert str(path) in str(caught.value)
    (tmp_path / "sources" / "x.toml").mkdir(parents=True)
    with pytest.raises(BarometerError, match=r"x\.toml"):
        load_sources(tmp_path)
