"""Bad input and failures: a message, the lake as it was, and the run goes on."""

from __future__ import annotations

import gzip
import itertools
import pickle
import random
import threading
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from flows.home.settings import BarometerError, Settings
from flows.ingest import inputs, stage
from flows.ingest.outcome import TransientError
from flows.ingest.rows import blocks, reasons
from flows.ingest.stage import ingest_file
from flows.lake.manifest import write_manifest
from flows.lake.prepare import prepare_home
from flows.lake.schema import POSITION_SCHEMA
from flows.runner import run
from flows.sources import packings
from flows.sources.definitions import load_sources
from flows.sources.packings import InputFile, members, opened
from tests.build.files import (
    LAYOUTS,
    PACKINGS,
    day,
    file_id,
    fleet,
    ingest,
    ingested,
    ledger,
    packed,
    positions,
    rejects,
    row,
    settings_of,
    tree,
    write,
    zipped,
)
from tests.build.process import largest_file

GOOD = day(*fleet(3))
NOISE = random.Random(3).randbytes(80_000).hex()
MANY = day(*(line + NOISE[80 * i : 80 * i + 80] for i, line in enumerate(fleet(2000))))
US_DATE, FUTURE = "4/15/2026 0:01", "2026-05-01T00:00:00"
NO_PLACE = [row(lon="181", lat="91", mmsi=f"42200000{i}") for i in range(9)]
TAR = b"day.csv".ljust(257, b"\0") + b"ustar\x0000" + bytes(248)
STATIONS = [row(mmsi=f"00211{i:04}") for i in range(30)]


# Contents that are no AIS text, and words of the message.
NO_AIS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "only line ends": (b"\r\n\n\r\n", "the file is empty"),
    "UTF-16 with a mark": (GOOD.decode().encode("utf-16"), "Save the file as UTF-8"),
    "UTF-16, little endian": (GOOD.decode().encode("utf-16-le"), "Save the file as UTF-8"),
    "UTF-16, big endian": (GOOD.decode().encode("utf-16-be"), "Save the file as UTF-8"),
    "zeros": (bytes(200_000), "not UTF-8 text"),
    "random bytes": (b"\n\0" + random.Random(1).randbytes(100_000), ""),
    "random bytes, no NUL": (random.Random(2).randbytes(300_000).translate(None, b"\0\n"), ""),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(100), ""),
    "a web page": (b"<!DOCTYPE html>\n<html><body>404</body></html>\n", "matches no source"),
    "JSON": (b'{"mmsi": 422100987, "lat": 29.2, "lon": 50.3}\n', "matches no source"),
    "JSON by line": (b'[{"a": 1, "b": 2},\n{"a": 3, "b": 4}]\n', ""),
    "a sentence": (b"ERROR! Too frequent requests!\n", ""),
    "a sentence with commas": (b"Error, too many requests, try again later\n", ""),
    "two sentences": (b"Error, limit reached.\nSee, if you will, the manual.\n", ""),
    "no header": (row().encode() + b"\n", "matches no source"),
    "another delimiter": (GOOD.replace(b",", b"|"), "matches no source"),
    "old Mac line ends": (GOOD.replace(b"\n", b"\r"), "line"),
    "a changed layout": (GOOD.replace(b"longitude", b"long"), "missing 'longitude'"),
    "a header of a megabyte": (b"x" * 1_000_000 + b"\n" + row().encode(), ""),
    "no MMSI column": (
        b"Vessel;IMO;Date (UTC);Latitude;Longitude;Speed;Course;Draught;Source\n"
        b"A;1;2026-04-15 00:01:00;27,1;56,2;0;1;9,5;AIS\n",
        "no MMSI column",
    ),
}
# AIS of which hardly anything can be kept.
UNREADABLE = {
    "US dates": [row(mmsi=f"42200000{i}", reported_at=US_DATE) for i in range(3)],
    "all of the future": fleet(3, reported_at=FUTURE),
    "all before AIS": fleet(3, reported_at="1970-01-01T00:00:00"),
    "MMSIs that a spreadsheet rounded": [row(mmsi="4.22E+08", lon=f"5{i}") for i in range(3)],
    "degrees and minutes": fleet(3, lon="56°12'E"),
    "metres": fleet(3, lon="654321.5"),
    "too few fields": [row().rpartition(",")[0]] * 3,
    "one row of twenty is right": [*fleet(1), *["junk"] * 19],
    "base stations": STATIONS[:9],
    "base stations and a broken line": [*STATIONS, "junk"],
    "ships without a fix": NO_PLACE,
    "US dates beside base stations": [*fleet(8, reported_at=US_DATE), *STATIONS[:2]],
}
# Containers of other kinds: what they are called, and the remedy.
CONTAINERS = {
    "tar": (TAR, "a tar archive", "Unpack it"),
    "tar.gz": (gzip.compress(TAR), "a tar archive", "Unpack it"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(90), "a 7z archive", "Unpack it"),
    "rar": (b"Rar!\x1a\x07\x01\x00" + bytes(90), "a RAR archive", "Unpack it"),
    "Excel": (zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "workbook", "sheet"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel", "sheet"),
    "SQLite": (b"SQLite format 3\0" + bytes(90), "SQLite", "Export"),
    "gzip twice": (gzip.compress(gzip.compress(b"a")), "gzip twice", "Unpack it"),
    "zip in gzip": (gzip.compress(zipped({"a.csv": b"a"})), "archive inside another", "Unpack it"),
    "NMEA": (b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\n", "no time", "tag block"),
    "zip of shapes": (zipped({"a.shp": b"x"}), "contains no AIS file but 'a.shp'", "Unpack it"),
}


def test_files_that_cannot_be_read_are_named_and_stop_no_other(
    home: Settings, tmp_path: Path
) -> None:
    expected: dict[str, tuple[str, ...]] = {}
    for number, (content, words) in enumerate(NO_AIS.values()):
        path = write(tmp_path / "in", content, PACKINGS[number % 4], name=f"a{number}.csv")
        expected[path.name] = (words,)
    for number, lines in enumerate(UNREADABLE.values()):
        path = write(tmp_path / "in", day(*lines), name=f"b{number}.csv")
        expected[path.name] = ("Line ",)
    for number, (content, *words) in enumerate(CONTAINERS.values()):
        expected[write(tmp_path / "in", content, name=f"c{number}.csv").name] = (*words,)
    expected[write(tmp_path / "in", CONTAINERS["7z"][0], name="d.7z").name] = ("Unpack it",)
    for packing, most in itertools.product(("gz", "zst", "zip"), (-5, 60_000)):
        cut = packed(MANY, packing)[:most]
        path = write(tmp_path / "in", cut, name=f"e{len(expected)}.csv.{packing}")
        expected[path.name] = ("cut or damaged",)
    before = tree(home.home)
    for good in (0, 1):  # not known the second time
        if good:
            write(tmp_path / "in", b"port,country\nIRKHK,IR\n", name="ports.csv")
            write(tmp_path / "in", GOOD, name="good.csv")
        outcomes = {o.name.partition("!")[0]: o for o in ingest(home, tmp_path / "in")}
        for name, words in expected.items():
            outcome = outcomes.pop(name)
            assert (outcome.state, outcome.is_transient) == ("failed", False), outcome
            assert outcome.message.startswith(name) and len(outcome.message) < 1000
            assert all(word in outcome.message for word in words), (outcome, words)
            assert name[0] not in "cd" or "damaged" not in outcome.message
            assert run.problem([outcome]) is not None
        assert good or tree(home.home) == before
    assert {o.name: o.state for o in outcomes.values()} == {
        **{"good.csv": "ingested", "ports.csv": "skipped"}
    }
    assert len(positions(home)) == 3


def test_a_file_that_goes_away_is_named(home: Settings, tmp_path: Path) -> None:
    (outcome,) = ingest_file(InputFile(tmp_path / "gone.csv", is_named=True), {}, home)
    assert (outcome.state, outcome.message.startswith("gone.csv: ")) == ("failed", True)


def test_a_file_of_the_future_goes_in_once_its_time_has_come(
    home: Settings, tmp_path: Path
) -> None:
    path = write(tmp_path, day(*fleet(3, reported_at=FUTURE)))
    assert ingest(home, path)[0].state == "failed"
    assert ingest(home._replace(as_of=datetime(2026, 5, 2)), path)[0].state == "ingested"


def test_dates_that_are_read_month_for_day_on_some_days_fail_the_file(
    home: Settings, tmp_path: Path
) -> None:
    """Of March's 31 days twelve make a date with the day first too, and a wrong one."""
    layout = "danish-maritime-authority"
    lines = [row(layout, reported_at=f"03/{n:02}/2026 12:00:00") for n in range(1, 32)]
    path = write(tmp_path, day(*lines, layout=layout))
    (outcome,) = ingest(home._replace(as_of=datetime(2027, 1, 1)), path)
    assert (outcome.state, "19 time missing" in outcome.message) == ("failed", True)


def test_an_honest_file_with_many_rejects_goes_in(home: Settings) -> None:
    honest = {
        "one ship beside base stations": [*fleet(1), *STATIONS],
        "one ship beside ships without a fix": [*fleet(1), *NO_PLACE],
        "a third broken": [*fleet(4), "junk", "junk"],
        "more broken than right": [*fleet(4), *["junk"] * 9],
        "the rest of the future": [*fleet(4), *fleet(8, 10, reported_at=FUTURE)],
    }
    ingested(home, *(day(*lines) for lines in honest.values()))
    assert sorted(c[2] for c in ledger(home)) == sorted(map(len, honest.values()))


def test_a_window_that_the_decompressor_refuses_is_not_called_damage(tmp_path: Path) -> None:
    """A frame of RFC 8878 by hand: no checksum, a window of 1 GiB, one raw block."""
    block = (1 | 5 << 3).to_bytes(3, "little") + b"a,b\n1"
    path = write(tmp_path, b"\x28\xb5\x2f\xfd\x00" + bytes([20 << 3]) + block, name="x.csv.zst")
    (member,) = members(path)
    assert not isinstance(member, BarometerError)
    with pytest.raises(BarometerError, match=r"window(.|\n)*--long=31") as caught, opened(member):
        pass
    assert "damaged" not in str(caught.value)


def test_an_archive_whose_table_of_contents_fills_memory_is_not_opened(tmp_path: Path) -> None:
    table = zipped({f"{i:06}.csv": b"" for i in range(20_000)})
    path = write(tmp_path, zipped({"inner.zip": bytes(30_000_000) + table}), name="x.zip")
    (fault,) = members(path)
    assert isinstance(fault, BarometerError)
    assert "compressed from" in str(fault)


# Bad lines

HOSTILE_ROWS: list[str | bytes] = [
    row(reported_at="0000-01-01 00:00:00"),
    row(reported_at="0001-01-01T00:00:00+14:00"),
    row(reported_at="9999-12-31T23:59:59-12:00"),
    row(mmsi="\0\0\0"),
    *("\0" * 1000, '"' * 999, "," * 100_000),
    row(vessel_name='"' + "N" * 200_000),
    row(lon="nan", lat="nan"),
    row(lon="inf", lat="-inf"),
    row(lat="x").encode() + b"\xff\xfe\x80",
]
HOSTILE_NAMES = "=cmd|'/c calc'!A0\n+1\n-1\n@SUM(A1)\n<script>\n'; drop table position; --"


def test_a_hostile_line_harms_no_other_and_a_name_is_stored_as_sent(home: Settings) -> None:
    stored = HOSTILE_NAMES.split("\n")
    names = [*stored, "A\nB"]  # a line break in quotes: neither half is a record
    good = [row(mmsi=f"42200000{9 - i}", vessel_name=f'"{name}"') for i, name in enumerate(names)]
    mixed = itertools.chain(*itertools.zip_longest(HOSTILE_ROWS, good, fillvalue=""))
    ingested(home, day(*mixed))
    at = POSITION_SCHEMA.names.index("vessel_name")
    assert [(422_000_009 - r[0], r[at]) for r in positions(home)][::-1] == [*enumerate(stored)]
    assert len(rejects(home)) == len(HOSTILE_ROWS) - 1 + 2  # one is a static report
    prepare_home(home.home)
    ingested(home, day(*fleet(3, 50), row().replace(",", ";"), row(layout=LAYOUTS[2])))
    assert [r[1] for r in rejects(home)].count(reasons.BAD_FIELDS) >= 2
    ledger(home)


def failing(error: BaseException) -> Any:
    """A function that fails."""

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


NO_SPACE = OSError(28, "No space left on device")
NO_RIGHTS = PermissionError(13, "Permission denied")
NO_MEMORY = duckdb.OutOfMemoryException("out of memory")
NOWHERE = stage.WRITE.replace("to $out", "to '/no/such/folder/x.parquet'").replace(
    "order by", "and $out <> '' order by"
)
FAILING: dict[str, AbstractContextManager[Any]] = {
    "writer of rejects": patch("pyarrow.parquet.ParquetWriter", failing(NO_SPACE)),
    "rejects": patch("pyarrow.parquet.ParquetWriter.write_table", failing(NO_SPACE)),
    "copy": patch("flows.ingest.stage.WRITE", NOWHERE),
    "connection": patch("flows.ingest.stage.connect", failing(NO_MEMORY)),
    "memory": patch("flows.ingest.rows.parse.rejects_table", failing(MemoryError())),
    "adoption": patch("flows.ingest.commit.adopt", failing(NO_SPACE)),
    "manifest": patch("flows.lake.manifest.write_durably", failing(NO_SPACE)),
    "rights": patch("flows.lake.manifest.sync_folder", failing(NO_RIGHTS)),
    "a disk that takes no more": largest_file(2_000),
}
LOW, HIGH = sorted([day(*fleet(9), "junk"), day(*fleet(9, 5), "junk")], key=file_id)


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """Positions and ledger of a home that took in both files."""
    home = settings_of(tmp_path_factory.mktemp("untroubled") / "home")
    ingested(home, LOW, HIGH)
    return positions(home), ledger(home)


@pytest.mark.parametrize("failure", FAILING.values(), ids=FAILING.keys())
def test_a_failing_write_leaves_the_lake_as_it_was_and_may_be_tried_again(
    home: Settings,
    tmp_path: Path,
    untroubled: tuple[Any, ...],
    failure: AbstractContextManager[Any],
) -> None:
    ingested(home, HIGH)
    before = tree(home.home)
    path = write(tmp_path / "new", LOW)
    with failure:
        (outcome,) = ingest(home, path)
    assert (outcome.state, outcome.is_transient) == ("failed", True)
    assert outcome.message.startswith("day.csv: not written to ")
    assert "lake is unchanged" in outcome.message
    assert {name: tree(home.home).get(name) for name in before} == before
    assert list((home.home / "tmp").iterdir()) == []
    assert [t for t in threading.enumerate() if t.name == "read-ahead"] == []
    assert [o.state for o in ingest(home, path)] == ["ingested"]
    assert (positions(home), ledger(home)) == untroubled


class Broken:
    """A stream that fails in the middle."""

    def __init__(self, content: Any, error: BaseException) -> None:
        self.content, self.error, self.reads = content, error, 0

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        if self.reads > 2:
            raise self.error
        return bytes(self.content.read(min(size, 3000)))


@pytest.mark.parametrize(
    ("error", "is_transient", "words"),
    [
        (OSError(5, "Input/output error"), True, "Input/output"),
        (OSError(116, "Stale file handle"), True, "Stale"),
        (PermissionError(13, "Permission denied"), False, "Check its permissions"),
        (EOFError("cut"), False, "cut or damaged"),
    ],
    ids=["drive", "network", "rights", "cut"],
)
def test_a_failing_read_names_the_file_and_leaves_no_trace(
    home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    is_transient: bool,
    words: str,
) -> None:
    plain = packings.Explained.__init__
    monkeypatch.setattr(
        packings.Explained,
        "__init__",
        lambda self, content, name: plain(self, Broken(content, error), name),
    )
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", 100)
    before = tree(home.home)
    (outcome,) = ingest(home, write(tmp_path / "in", day(*fleet(900))))
    assert (outcome.state, outcome.is_transient) == ("failed", is_transient)
    assert outcome.message.startswith("day.csv: ")
    assert words in outcome.message
    assert tree(home.home) == before


def test_a_transient_failure_is_raised_and_may_be_tried_again(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {f"{i}.csv": day(*fleet(3, 3 * i)) for i in range(3)}
    path = write(tmp_path / "in", zipped(members), name="x.zip")
    file, sources = InputFile(path, is_named=True), load_sources()
    plain, calls = write_manifest, []

    def once(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise NO_SPACE
        plain(*given)

    monkeypatch.setattr("flows.ingest.commit.write_manifest", once)
    states = []
    for one in inputs.inputs_of([file]):
        assert isinstance(one, inputs.Input)
        try:
            states.append(stage.ingest_input(one, sources, home, raise_transient=True).state)
        except TransientError as error:
            # It comes out of a process of a cluster too.
            copy = pickle.loads(pickle.dumps(error))
            assert (copy.outcome.name, str(copy)) == ("x.zip!1.csv", copy.outcome.message)
            states.append(stage.ingest_input(one, sources, home, raise_transient=True).state)
            states.append("after a second try")
    assert states == ["ingested", "ingested", "after a second try", "ingested"]
    assert len(positions(home)) == 9
