"""Sources: whose a header is, where files are, definitions and addresses that do not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.home.settings import BarometerError, Settings
from flows.sources.addresses import Publication, address_of, files_of
from flows.sources.definitions import REQUIRED, load_sources
from flows.sources.layouts import UnknownHeader, match_source
from tests.build.files import (
    LAYOUTS,
    SOURCES,
    columns,
    day,
    fleet,
    header,
    ingest,
    read_all,
    row,
    write,
)
from tests.build.publisher import SOURCE, publish

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


WAYS: dict[str, Callable[[list[str]], list[str]]] = {
    "reversed": lambda h: h[::-1],
    "extra columns, twice and unnamed": lambda h: ["", *h, "extra", "extra"],
    "quoted": lambda h: [f'"{c}"' for c in h],
    "with blanks": lambda h: [f" {c} " for c in h],
    "byte order mark": lambda h: ["\ufeff" + h[0], *h[1:]],
    "carriage return": lambda h: [*h[:-1], h[-1] + "\r"],
}


@pytest.mark.parametrize("change", WAYS.values(), ids=WAYS)
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


NEAREST = ["marinecadastre-2025", "missing 'latitude'", "unexpected 'lat_deg'", "TOML"]
# A field longer than the csv module takes, carriage returns alone, an open quote and so on.
UNKNOWN = ["x" * 500_000, "mmsi\rlat\rlon", '"mmsi,lat', "\0\0\0", ",,,,", ";", "\ufffd" * 100]
UNKNOWN.append(",".join("x" * 3000 + str(i) for i in range(300)))


def test_a_first_line_that_fits_no_source_is_refused() -> None:
    for line, parts in (
        (header().replace("latitude", "lat_deg"), NEAREST),
        (header() + ",mmsi", ["'mmsi' more than once"]),
        *((line, []) for line in UNKNOWN),
    ):
        with pytest.raises(UnknownHeader) as caught:
            match_source(line, SOURCES.values())
        assert len(str(caught.value)) < 1000
        assert caught.value.is_ais or not parts
        assert all(part in str(caught.value) for part in parts)


TRUTH = b"mmsi,imo,port_id,arrived_at,departed_at,area_kind\n422100987,9074729,IRKHK,,,berth\n"
AIS = b"MMSI,Time,Latitude_deg,Longitude_deg\n1,2,3,4\n"


def test_an_unknown_table_fails_where_it_is_ais_or_named(home: Settings, tmp_path: Path) -> None:
    for content, names, state, message in (
        (TRUTH, [""], "skipped", "truth.csv: "),
        (TRUTH, ["truth.csv"], "failed", "truth.csv: "),
        (TRUTH, ["", "truth.csv"], "failed", "truth.csv: "),
        (AIS, [""], "failed", "Closest is"),
    ):
        write(tmp_path / "in", content, name="truth.csv")
        (outcome,) = ingest(home, *(tmp_path / "in" / name for name in names))
        assert outcome.state == state
        assert message in outcome.message


def test_a_home_adds_a_source_without_code_or_replaces_one(home: Settings, tmp_path: Path) -> None:
    for name in ("mine", LAYOUTS[0]):
        write(home.home / "sources", GOOD.encode(), name=f"{name}.toml")
    assert load_sources(home.home)[LAYOUTS[0]].publisher == "P"
    (home.home / "sources" / f"{LAYOUTS[0]}.toml").unlink()
    text = b"id,when,x,y,speed\n422100987,2026-04-15,50.1,29.2,99\n"
    (outcome,) = ingest(home, write(tmp_path / "in", text))
    assert outcome.entry is not None
    assert (outcome.entry.source, outcome.entry.rows_kept) == ("mine", 1)


OWN = """
publisher = "P"
licence = "L"
files = "F"
coverage = "C"
header = {header}
[columns]
{columns}
[time]
format = "%m/%d/%Y %H:%M"
"""


@pytest.mark.parametrize(
    ("mapped", "more"),
    [(tuple(SOURCES[LAYOUTS[1]].columns), ""), (REQUIRED, ""), (SOURCES[LAYOUTS[1]].columns, "x")],
    ids=["all columns", "those that are needed", "a file with another column"],
)
def test_a_homes_own_source_goes_before_a_shipped_one_with_its_header(
    home: Settings, tmp_path: Path, mapped: Iterable[str], more: str
) -> None:
    """What the message about times in another format tells the user to do."""
    shipped = SOURCES[LAYOUTS[1]]
    end = f",{more}" if more else ""
    lines = [line + end for line in fleet(3, reported_at="4/15/2026 12:00")]
    path = write(tmp_path / "in", day(*lines, first=header() + end))
    (outcome,) = ingest(home, path)
    assert outcome.state == "failed" and "describe it in a TOML file" in outcome.message
    pairs = "\n".join(f'{name} = "{shipped.columns[name]}"' for name in mapped)
    own = OWN.format(header=list(shipped.header), columns=pairs)
    write(home.home / "sources", own.encode(), name="zzz.toml")
    (outcome,) = ingest(home, path)
    assert outcome.entry is not None, outcome
    assert (outcome.entry.source, outcome.entry.rows_kept) == ("zzz", 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_a_header_is_read_in_the_encodings_of_rows(tmp_path: Path, encoding: str) -> None:
    text = GOOD.replace('"speed"', '"größe"')
    write(tmp_path / "sources", text.encode(), name="mine.toml")
    lines = ["id,when,x,y,größe", "422100987,2026-04-15,50.1,29.2,3"]
    lines += ["größe,id,when,x,y", "4,422100988,2026-04-15,50.1,29.2"]
    content = "\n".join(lines).encode(encoding)
    fixes = read_all(content, sources=load_sources(tmp_path).values()).rows
    assert [fix["sog_kn"] for fix in fixes] == [3.0, 4.0]


def test_a_column_may_be_named_like_a_number(tmp_path: Path) -> None:
    text = GOOD.replace('"x"', '"4"').replace('"y"', '"0"')
    write(tmp_path / "sources", text.encode(), name="mine.toml")
    content = b"0,id,when,4,cargo,speed\n29.2,422100987,2026-04-15,50.1,7,3\n"
    (fix,) = read_all(content, sources=load_sources(tmp_path).values()).rows
    assert (fix["lon"], fix["lat"], fix["sog_kn"]) == (50.1, 29.2, 3.0)


def test_a_definition_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    write(tmp_path / "sources", GOOD.encode("utf-8-sig"), name="mine.toml")
    assert load_sources(tmp_path)["mine"].publisher == "P"


def but(old: str, new: str) -> str:
    """The good definition with a text replaced."""
    assert old in GOOD
    return GOOD.replace(old, new)


SPEED = 'sog_kn = "speed"'
HOSTILE: dict[str, str | bytes | tuple[str, str]] = {
    "not utf-8": b"\xff\xfe\x00",
    "ten megabytes": b"#" * 10_000_000,
    "empty": b"",
    "no toml": b"a = [",
    "nested to the bottom": b"a = " + b"[" * 90_000,
    "a number of too many digits": b"a = " + b"9" * 5_000,
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
    "a time format without a day": (but('"iso"', '"%H:%M"'), r"time\.format: '%H:%M' has no date"),
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
    "an accuracy that is true": "position_accuracy_m = true\n" + GOOD,
    "an accuracy that is a text": 'position_accuracy_m = "800"\n' + GOOD,
    "an accuracy that is not a number": "position_accuracy_m = nan\n" + GOOD,
    "a step of a day": "time_step_s = 86400\n" + GOOD,
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


# Addresses

NOAA = "https://coast.noaa.gov/htdata/CMSP/AISDataHandler"
AZURE = "https://noaaocm.blob.core.windows.net/ais"
DANISH = "http://aisdata.ais.dk"


def test_addresses_of_a_day() -> None:
    us24, us25, danish = "marinecadastre-2024", "marinecadastre-2025", "danish-maritime-authority"
    csv2 = "csv2/csv2026/ais-2026-01-01.csv.zst"
    for source, when, addresses in (
        (us24, date(2024, 1, 1), [f"{NOAA}/2024/AIS_2024_01_01.zip"]),
        (us24, date(2025, 1, 1), []),
        (us25, date(2024, 12, 31), []),
        (us25, date(2026, 1, 1), [f"{AZURE}/{csv2}", f"{NOAA}/{csv2}"]),
        (danish, date(2024, 2, 29), [f"{DANISH}/2024/aisdk-2024-02.zip"]),
        (danish, date(2024, 3, 1), [f"{DANISH}/{y}aisdk-2024-03-01.zip" for y in ("", "2024/")]),
    ):
        published = SOURCES[source].published
        assert published is not None
        assert [a for file in files_of(published, [when]) for a in file.addresses] == addresses


ZIPS = ["https://a.example/{day:%Y}/{day:%Y-%m-%d}.zip"]
FILE: dict[str, Any] = {"addresses": ZIPS, "max_bytes": 9}
PUBLISHED: dict[str, Any] = {"delay_days": 7, "files": [FILE]}
HOSTILE_ADDRESSES = {
    "no day": "https://a.example/x.zip",
    "another field": "https://a.example/{home}/{day:%Y}.zip",
    "an attribute": "https://a.example/{day.__class__}/{day:%Y}.zip",
    "an index": "https://a.example/{day[0]}/{day:%Y}.zip",
    "a conversion": "https://a.example/{day!r}/{day:%Y}.zip",
    "a field in a field": "https://a.example/{day:{day:%Y}}.zip",
    "no code": "https://a.example/{day:}.zip",
    "a code of the locale": "https://a.example/{day:%c}.zip",
    "a slash in a field": "https://a.example/{day:%Y/../%m}.zip",
    "a file of this machine": "file:///etc/{day:%Y}.zip",
    "no scheme": "a.example/{day:%Y}.zip",
    "the day as host": "https://{day:%Y}/",
    "a user": "https://user:word@a.example/{day:%Y}.zip",
    "a query": "https://a.example/{day:%Y}.zip?key=1",
    "a fragment": "https://a.example/{day:%Y}.zip#x",
    "a folder": "https://a.example/{day:%Y}/",
    "a hidden file": "https://a.example/.{day:%Y}.zip",
    "dots": "https://a.example/{day:%Y}/..",
    "a blank": "https://a.example/{day:%Y} x.zip",
    "a line end": "https://a.example/{day:%Y}\n.zip",
    "a backslash": "https://a.example/{day:%Y}\\x.zip",
    "an escape": "https://a.example/%2e%2e%2f{day:%Y}.zip",
    "another script": "https://a.example/é{day:%Y}.zip",
    "an invalid port": "https://a.example:x/{day:%Y}.zip",
    "a number": 5,
}
TWO_NAMES = ["https://a.example/{day:%Y%m}.zip", "https://a.example/{day:%j}.zip"]
HOSTILE_TABLES: dict[str, Any] = {
    "an unknown key": {"user": "x"},
    "files is empty": {"files": []},
    "files is a text": {"files": "x"},
    "files holds texts": {"files": ["x"]},
    "no size": {"files": [{"addresses": ZIPS}]},
    "a size of nothing": {"files": [FILE | {"max_bytes": 0}]},
    "a size that is true": {"files": [FILE | {"max_bytes": True}]},
    "a delay below 0": {"delay_days": -1},
    "a day with a time": {"files": [FILE | {"first": datetime(2026, 1, 1)}]},
    "a day as text": {"files": [FILE | {"last": "2026-01-01"}]},
    "an end first": {"files": [FILE | {"first": date(2026, 1, 2), "last": date(2026, 1, 1)}]},
    "two names": {"files": [FILE | {"addresses": TWO_NAMES}]},
}


def test_what_is_no_publication_is_refused() -> None:
    assert Publication.model_validate(PUBLISHED)
    for address in HOSTILE_ADDRESSES.values():
        with pytest.raises(ValueError, match="address"):
            Publication.model_validate(PUBLISHED | {"files": [FILE | {"addresses": [address]}]})
    for table in ({"delay_days": 7}, *(PUBLISHED | change for change in HOSTILE_TABLES.values())):
        with pytest.raises((ValueError, KeyError, TypeError)):
            Publication.model_validate(table)


def test_a_definition_with_a_bad_address_is_named(home: Settings) -> None:
    publish(home, "ftp://a.example")
    with pytest.raises(BarometerError, match=rf"{SOURCE}\.toml.*https://"):
        load_sources(home.home)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dates(date(2006, 3, 1), date(2027, 12, 31)), max_size=40))
def test_every_day_of_a_source_is_in_one_file(days: list[date]) -> None:
    published = SOURCES["danish-maritime-authority"].published
    assert published is not None
    files = files_of(published, days)
    assert sorted(d for file in files for d in file.days) == sorted(set(days))
    assert len({file.name for file in files}) == len(files)
    assert [file.days[0] for file in files] == sorted(file.days[0] for file in files)


@settings(max_examples=50, deadline=None)
@given(st.dates(date(1998, 5, 1), date(9999, 12, 31)))
def test_an_address_holds_the_day_and_nothing_else(when: date) -> None:
    assert address_of("https://a/{day:%Y_%m_%d}/{day:%j}.zip", when) == (
        f"https://a/{when.isoformat().replace('-', '_')}/{when.timetuple().tm_yday:03}.zip"
    )
