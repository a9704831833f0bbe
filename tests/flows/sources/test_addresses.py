"""Where the files of a source are: patterns of addresses, and what is refused as one."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.home.settings import BarometerError
from flows.sources.addresses import Publication, address_of, files_of
from flows.sources.definitions import load_sources
from tests.build.files import SOURCES, settings_of
from tests.build.publisher import SOURCE, publish

NOAA = "https://coast.noaa.gov/htdata/CMSP/AISDataHandler"
DANISH = "http://aisdata.ais.dk"


@pytest.mark.parametrize(
    ("source", "day", "addresses"),
    [
        ("marinecadastre-2024", date(2024, 1, 1), [f"{NOAA}/2024/AIS_2024_01_01.zip"]),
        ("marinecadastre-2024", date(2025, 1, 1), []),
        ("marinecadastre-2025", date(2024, 12, 31), []),
        (
            *("marinecadastre-2025", date(2026, 1, 1)),
            [
                f"{folder}/csv2/csv2026/ais-2026-01-01.csv.zst"
                for folder in ("https://noaaocm.blob.core.windows.net/ais", NOAA)
            ],
        ),
        ("danish-maritime-authority", date(2024, 2, 29), [f"{DANISH}/2024/aisdk-2024-02.zip"]),
        (
            *("danish-maritime-authority", date(2024, 3, 1)),
            [f"{DANISH}/aisdk-2024-03-01.zip", f"{DANISH}/2024/aisdk-2024-03-01.zip"],
        ),
    ],
)
def test_addresses_of_a_day(source: str, day: date, addresses: list[str]) -> None:
    published = SOURCES[source].published
    assert published is not None
    assert [a for file in files_of(published, [day]) for a in file.addresses] == addresses


FILE: dict[str, Any] = {
    "addresses": ["https://a.example/{day:%Y}/{day:%Y-%m-%d}.zip"],
    "max_bytes": 9,
}
GOOD: dict[str, Any] = {"delay_days": 7, "files": [FILE]}
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
    "no size": {"files": [{"addresses": FILE["addresses"]}]},
    "a size of nothing": {"files": [FILE | {"max_bytes": 0}]},
    "a size that is true": {"files": [FILE | {"max_bytes": True}]},
    "a delay below 0": {"delay_days": -1},
    "a day with a time": {"files": [FILE | {"first": datetime(2026, 1, 1)}]},
    "a day as text": {"files": [FILE | {"last": "2026-01-01"}]},
    "an end first": {"files": [FILE | {"first": date(2026, 1, 2), "last": date(2026, 1, 1)}]},
    "two names": {"files": [FILE | {"addresses": TWO_NAMES}]},
}


def test_what_is_no_publication_is_refused() -> None:
    assert Publication.model_validate(GOOD)
    for address in HOSTILE_ADDRESSES.values():
        with pytest.raises(ValueError, match="address"):
            Publication.model_validate(GOOD | {"files": [FILE | {"addresses": [address]}]})
    for table in ({"delay_days": 7}, *(GOOD | change for change in HOSTILE_TABLES.values())):
        with pytest.raises((ValueError, KeyError, TypeError)):
            Publication.model_validate(table)


def test_a_definition_with_a_bad_address_is_named(tmp_path: Path) -> None:
    home = settings_of(tmp_path / "home")
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
