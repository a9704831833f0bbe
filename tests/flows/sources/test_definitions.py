"""Sources: which publisher a header belongs to, and definitions that do not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.home.settings import BarometerError
from flows.sources.definitions import load_sources
from flows.sources.layouts import UnknownHeader, tell_source
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


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_a_layout_is_told_by_its_header(layout: str, delimiter: str) -> None:
    found = tell_source(header(layout, delimiter), SOURCES.values())
    assert (found.source.source_id, found.delimiter) == (layout, delimiter)


@pytest.mark.parametrize("layout", LAYOUTS)
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
def test_a_header_may_be_written_in_many_ways(layout: str, change) -> None:
    line = ",".join(change(list(SOURCES[layout].header)))
    assert tell_source(line, SOURCES.values()).source.source_id == layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_columns_in_another_order_give_the_same_position(layout: str) -> None:
    names = ["7", "0", *SOURCES[layout].header[::-1], "extra"]
    usual = read_all(day(row(layout), layout=layout)).rows
    assert read_all(day(columns(names, layout), first=",".join(names))).rows == usual


def test_columns_that_no_definition_maps_may_be_missing() -> None:
    names = [c for c in SOURCES[LAYOUTS[1]].header if c not in ("cargo", "transceiver")]
    assert tell_source(",".join(names), SOURCES.values()).source.source_id == LAYOUTS[1]


def test_a_header_that_fits_none_names_the_nearest_source_and_what_differs() -> None:
    line = header().replace("latitude", "lat_deg")
    with pytest.raises(UnknownHeader) as caught:
        tell_source(line, SOURCES.values())
    assert caught.value.is_ais
    for part in ("marinecadastre-2025", "missing 'latitude'", "not in it 'lat_deg'", "TOML"):
        assert part in str(caught.value)


def test_a_mapped_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(UnknownHeader, match="'mmsi' more than once"):
        tell_source(header() + ",mmsi", SOURCES.values())


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
    ],
)
def test_a_first_line_that_is_no_header_is_refused_with_a_message(line: str) -> None:
    with pytest.raises(UnknownHeader) as caught:
        tell_source(line, SOURCES.values())
    assert len(str(caught.value)) < 1000


def test_a_message_about_a_hostile_header_is_short() -> None:
    with pytest.raises(UnknownHeader) as caught:
        tell_source(",".join("x" * 3000 + str(i) for i in range(300)), SOURCES.values())
    assert len(str(caught.value)) < 1000


TRUTH = b"mmsi,imo,port_id,arrived_at,departed_at,area_kind\n422100987,9074729,IRKHK,,,berth\n"


def test_a_table_that_is_not_ais_is_skipped_in_a_folder(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    write(tmp_path / "in", TRUTH, name="truth.csv")
    write(tmp_path / "in", day(row()))
    assert [(o.name, o.state) for o in ingest(settings, tmp_path / "in")] == [
        ("day.csv", "ingested"),
        ("truth.csv", "skipped"),
    ]


def test_a_table_that_is_not_ais_fails_where_it_is_named(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    (outcome,) = ingest(settings, write(tmp_path / "in", TRUTH, name="truth.csv"))
    assert outcome.state == "failed"
    assert outcome.message.startswith("truth.csv: ")


def test_a_file_that_is_named_and_found_in_a_folder_counts_as_named(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    path = write(tmp_path / "in", TRUTH, name="truth.csv")
    assert [o.state for o in ingest(settings, tmp_path / "in", path)] == ["failed"]


def test_ais_in_an_unknown_layout_fails_even_in_a_folder(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    write(tmp_path / "in", b"MMSI,Time,Latitude_deg,Longitude_deg\n1,2,3,4\n")
    (outcome,) = ingest(settings, tmp_path / "in")
    assert outcome.state == "failed"
    assert "Nearest is" in outcome.message


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
    ("text", "key"),
    [
        (GOOD.replace("publisher", "who"), "publisher"),
        (GOOD.replace('["id", "when", "x", "y", "speed", "status"]', "7"), "header"),
        (GOOD.replace("[99]", "99"), "sog_kn"),
        (GOOD.replace('["None"]', '"None"'), "text"),
        (GOOD.replace('"iso"', '"%H:%M"'), "format"),
    ],
)
def test_the_message_names_the_key(tmp_path: Path, text: str, key: str) -> None:
    write(tmp_path / "sources", text.encode(), name="mine.toml")
    with pytest.raises(BarometerError, match=key):
        load_sources(tmp_path)
