"""Sources: which publisher a header belongs to, and definitions that do not hold."""

from __future__ import annotations

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

GOOD = """
publisher = "P"
licence = "L"
files = "F"
coverage = "C"
header = ["id", "when", "x", "y", "speed", "status"]
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
            told = match_source(line, SOURCES.values())
            assert (told.source.source_id, told.delimiter) == (layout, delimiter)


def test_columns_in_another_order_give_the_same_position() -> None:
    for layout in LAYOUTS:
        names = ["7", "0", *SOURCES[layout].header[::-1], "extra"]
        usual = read_all(day(row(layout), layout=layout)).rows
        assert read_all(day(columns(names, layout), first=",".join(names))).rows == usual


def test_columns_that_no_definition_maps_may_be_missing() -> None:
    names = [c for c in SOURCES[LAYOUTS[1]].header if c not in ("cargo", "transceiver")]
    assert match_source(",".join(names), SOURCES.values()).source.source_id == LAYOUTS[1]


def test_a_header_that_fits_none_names_the_nearest_source_and_what_differs() -> None:
    line = header().replace("latitude", "lat_deg")
    with pytest.raises(UnknownHeader) as caught:
        match_source(line, SOURCES.values())
    assert caught.value.is_ais
    for part in ("marinecadastre-2025", "missing 'latitude'", "unexpected 'lat_deg'", "TOML"):
        assert part in str(caught.value)


def test_a_mapped_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(UnknownHeader, match="'mmsi' more than once"):
        match_source(header() + ",mmsi", SOURCES.values())


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("x" * 500_000, id="a field longer than the csv module takes"),
        pytest.param("mmsi\rlat\rlon", id="lone carriage returns"),
        pytest.param('"mmsi,lat', id="an open quote"),
        pytest.param("\0\0\0", id="NUL"),
        pytest.param(",,,,", id="no names"),
        pytest.param(";", id="a delimiter"),
        pytest.param("\ufffd" * 100, id="not text"),
        pytest.param(",".join("x" * 3000 + str(i) for i in range(300)), id="long names"),
    ],
)
def test_a_first_line_that_is_no_header_is_refused_with_a_message(line: str) -> None:
    with pytest.raises(UnknownHeader) as caught:
        match_source(line, SOURCES.values())
    assert len(str(caught.value)) < 1000


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
    found = read_all(
        b"0,id,when,4,cargo,speed\n29.2,422100987,2026-04-15,50.1,7,3\n",
        sources=load_sources(tmp_path).values(),
    )
    assert [(r["lon"], r["lat"], r["sog_kn"]) for r in found.rows] == [(50.1, 29.2, 3.0)]


def test_a_home_may_replace_a_source_of_the_project(tmp_path: Path) -> None:
    write(tmp_path / "sources", GOOD.encode(), name=f"{LAYOUTS[0]}.toml")
    assert load_sources(tmp_path)[LAYOUTS[0]].publisher == "P"


HOSTILE = {
    "not utf-8": b"\xff\xfe\x00",
    "ten megabytes": b"#" * 10_000_000,
    "empty": b"",
    "no toml": b"a = [",
    "nested to the bottom": b"a = " + b"[" * 90_000,
    "no header": GOOD.replace("header", "heading"),
    "no publisher": GOOD.replace("publisher", "who"),
    "no columns": GOOD.replace("[columns]", "[column]"),
    "columns is a number": 'columns = 5\nheader = ["a"]',
    "columns is a text": 'columns = "abcd"\nheader = ["a"]',
    "columns is a list": GOOD.replace("[columns]", "[[columns]]"),
    "a column is a number": GOOD.replace('mmsi = "id"', "mmsi = 5"),
    "a column is a table": GOOD.replace('mmsi = "id"', "mmsi = {a = 1}"),
    "lacks lat": GOOD.replace("lat =", "beam_m ="),
    "an unknown column of ours": GOOD.replace("sog_kn =", "speed ="),
    "a column not in the header": GOOD.replace('"speed"\n', '"pace"\n'),
    "one column mapped twice": GOOD.replace('lat = "y"', 'lat = "x"'),
    "header is a text": GOOD.replace(
        '["id", "when", "x", "y", "speed", "status"]', '"id,when,x,y,speed,status"'
    ),
    "header is a number": GOOD.replace('["id", "when", "x", "y", "speed", "status"]', "7"),
    "header holds numbers": GOOD.replace('"status"]', "7]"),
    "time is a text": GOOD.replace("[time]\nformat =", "[times]\nformat =").replace(
        "publisher", 'time = "iso"\npublisher'
    ),
    "no time format": GOOD.replace("format", "shape"),
    "a time format without a day": GOOD.replace('"iso"', '"%H:%M"'),
    "a time format of nothing": GOOD.replace('"iso"', '""'),
    "a time format that is none": GOOD.replace('"iso"', '"%Q"'),
    "a time format that is a number": GOOD.replace('"iso"', "1"),
    "not_available is a number": GOOD.replace("[99]", "99"),
    "not_available is a text": GOOD.replace("[99]", '"99"'),
    "not_available holds texts": GOOD.replace("[99]", '["fast"]'),
    "not_available of no column": GOOD.replace("sog_kn = [99]", "lon = [181]"),
    "texts is a text": GOOD.replace('["None"]', '"None"'),
    "a list for a place": GOOD.replace('lon = "x"', 'lon = ["x", "y"]'),
    "a sum of one": GOOD.replace("sog_kn =", 'length_m = ["status"]\nsog_kn =', 1),
    "a sum of three": GOOD.replace('sog_kn = "speed"', 'length_m = ["speed", "status", "x"]'),
    "a sum of a column twice": GOOD.replace('sog_kn = "speed"', 'beam_m = ["speed", "speed"]'),
    "a sum of numbers": GOOD.replace('sog_kn = "speed"', "length_m = [1, 2]"),
    "a sum not in the header": GOOD.replace('sog_kn = "speed"', 'length_m = ["A", "B"]'),
    "a sum of a column that is mapped": GOOD.replace(
        'sog_kn = "speed"', 'length_m = ["status", "x"]'
    ),
    "aliases is a list": 'aliases = ["a"]\n' + GOOD,
    "an alias of no column": GOOD + '[aliases]\nspeed_kn = "pace"',
    "an alias that is a column": GOOD + '[aliases]\nspeed = "x"',
    "an alias of a number": GOOD + "[aliases]\nspeed_kn = 5",
    "divisor is a number": "divisor = 5\n" + GOOD,
    "a divisor of a text": GOOD + "[divisor]\nmmsi = 10",
    "a divisor of nothing": GOOD + "[divisor]\nlon = 0",
    "a divisor below nothing": GOOD + "[divisor]\nlon = -600000",
    "a divisor that is a text": GOOD + '[divisor]\nlon = "600000"',
    "a divisor that is true": GOOD + "[divisor]\nlon = true",
    "a divisor that is no number": GOOD + "[divisor]\nlon = nan",
    "text_start is a text": GOOD.replace('text = ["None"]', 'text_start = "Unknown"'),
    "text_start is empty": GOOD.replace('text = ["None"]', 'text_start = [""]'),
    "words of a path": GOOD + '[words]\nnav_status = "../../etc/passwd"',
    "words of an unknown table": GOOD + '[words]\nnav_status = "mid"',
    "words of a number": GOOD + "[words]\nnav_status = 5",
    "words for a measure": GOOD + '[words]\nsog_kn = "dma_word"',
    "words is a text": 'words = "dma_word"\n' + GOOD,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_definition_that_does_not_hold_is_named_in_the_message(
    tmp_path: Path, text: str | bytes
) -> None:
    content = text.encode() if isinstance(text, str) else text
    path = write(tmp_path / "sources", content, name="mine.toml")
    with pytest.raises(BarometerError) as caught:
        load_sources(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["a b.toml", "a'b.toml", "é.toml", ".toml", "a=b.toml", "$x.toml"])
def test_a_definition_must_have_a_plain_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "sources", GOOD.encode(), name=name)
    with pytest.raises(BarometerError, match="letters, digits") as caught:
        load_sources(tmp_path)
    assert str(path) in str(caught.value)


def test_a_folder_named_like_a_definition_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "sources" / "x.toml").mkdir(parents=True)
    with pytest.raises(BarometerError, match=r"x\.toml"):
        load_sources(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.replace("publisher", "who"), "publisher: is missing"),
        (
            GOOD.replace('["id", "when", "x", "y", "speed", "status"]', "7"),
            "header: must be a list",
        ),
        (GOOD.replace("[99]", "99"), r"not_available\.sog_kn: must be a list"),
        (GOOD.replace('["None"]', '"None"'), r"not_available\.text: must be a list"),
        (GOOD.replace('"iso"', '"%H:%M"'), r"time\.format: '%H:%M' has no date"),
        (GOOD + "[divisor]\nlon = 0", r"divisor\.lon: must be greater than 0"),
        (GOOD.replace("sog_kn =", "speed ="), r"columns\.speed: unknown column; possible are mmsi"),
    ],
)
def test_the_message_has_the_key_and_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    write(tmp_path / "sources", text.encode(), name="mine.toml")
    with pytest.raises(BarometerError, match=rf"mine\.toml: .*{reason}.*Fix the file"):
        load_sources(tmp_path)
