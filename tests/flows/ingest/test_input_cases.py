"""Inputs on which the program was wrong or silent, each with what a user needs of it."""

from __future__ import annotations

import gzip
import io
import itertools
import logging
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.home.settings import BarometerError, Settings
from flows.ingest.stage import ingest_file
from flows.lake import schema
from flows.lake.manifest import read_manifest
from flows.rows import blocks, reasons
from flows.rows.values import STATIC
from flows.runner import run
from flows.sources.definitions import load_sources
from flows.sources.packings import find_files, members, opened
from tests.build.files import (
    day,
    fleet,
    header,
    ingest,
    ingested,
    ledger,
    positions,
    rejects,
    row,
    settings_of,
    write,
    zipped,
)

NAMES = schema.POSITION_SCHEMA.names
CASES = Path(__file__).parents[4] / "shared" / "cases"
needs_cases = pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not here")


def records(home: Settings) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, r, strict=False)) for r in positions(home)]


# A file of which hardly anything is kept


UNREADABLE = {
    "US dates": [row(mmsi=f"42200000{i}", reported_at="4/15/2026 0:01") for i in range(3)],
    "all of the future": fleet(3, reported_at="2026-05-01T00:00:00"),
    "all before AIS": fleet(3, reported_at="1970-01-01T00:00:00"),
    "MMSIs that a spreadsheet rounded": [row(mmsi="4.22E+08", lon=f"5{i}") for i in range(3)],
    "degrees and minutes": fleet(3, lon="56°12'E"),
    "metres": fleet(3, lon="654321.5"),
    "too few fields": [row().rpartition(",")[0]] * 3,
    "one row of twenty is right": [*fleet(1), *["junk"] * 19],
    "base stations": [row(mmsi=f"00211{i:04}") for i in range(9)],
    "base stations and a broken line": [*[row(mmsi=f"00211{i:04}") for i in range(30)], "junk"],
    "ships without a fix": [row(lon="181", lat="91", mmsi=f"42200000{i}") for i in range(9)],
    "US dates beside base stations": [
        *fleet(8, reported_at="4/15/2026 0:01"),
        row(mmsi="002110000"),
        row(mmsi="992110001"),
    ],
}


def test_a_file_that_cannot_be_read_fails_and_is_tried_again(
    home: Settings, tmp_path: Path
) -> None:
    for number, lines in enumerate(UNREADABLE.values()):
        write(tmp_path / "in", day(*lines), name=f"{number:02}.csv")
    for _ in range(2):  # not known the second time
        for number, outcome in enumerate(ingest(home, tmp_path / "in")):
            assert outcome.state == "failed"
            assert outcome.message.startswith(f"{number:02}.csv: ")
            assert "Line 2 " in outcome.message or "Line 3 " in outcome.message
            assert run.problem([outcome]) is not None
        assert read_manifest(home.home).entries == {}
    assert not list((home.home / "tmp").iterdir())


def test_a_file_of_the_future_goes_in_once_its_time_has_come(
    home: Settings, tmp_path: Path
) -> None:
    path = write(tmp_path, day(*fleet(3, reported_at="2026-05-01T00:00:00")))
    assert ingest(home, path)[0].state == "failed"
    assert ingest(home._replace(as_of=datetime(2026, 5, 2)), path)[0].state == "ingested"


def test_dates_that_are_read_month_for_day_on_some_days_fail_the_file(
    home: Settings, tmp_path: Path
) -> None:
    """Of March's 31 days twelve make a date with the day first too, and a wrong one."""
    lines = [
        row("danish-maritime-authority", reported_at=f"03/{n:02}/2026 12:00:00")
        for n in range(1, 32)
    ]
    path = write(tmp_path, day(*lines, layout="danish-maritime-authority"))
    (outcome,) = ingest(home._replace(as_of=datetime(2027, 1, 1)), path)
    assert (outcome.state, "19 time missing" in outcome.message) == ("failed", True)


HONEST = {
    "one ship beside base stations": [*fleet(1), *[row(mmsi=f"00211{i:04}") for i in range(30)]],
    "one ship beside ships without a fix": [
        *fleet(1),
        *[row(lon="181", lat="91", mmsi=f"42200000{i}") for i in range(9)],
    ],
    "a third broken": [*fleet(4), "junk", "junk"],
    "more broken than right": [*fleet(4), *["junk"] * 9],
    "the rest of the future": [*fleet(4), *fleet(8, 10, reported_at="2026-05-01T00:00:00")],
}


def test_an_honest_file_with_many_rejects_goes_in(home: Settings) -> None:
    ingested(home, *(day(*lines) for lines in HONEST.values()))
    assert sorted(c[2] for c in ledger(home)) == sorted(map(len, HONEST.values()))


TEXTS = {
    "a sentence": b"ERROR! Too frequent requests!\n",
    "a sentence with commas": b"Error, too many requests, try again later\n",
    "two sentences": b"Error, limit reached.\nSee, if you will, the manual.\n",
    "a web page": b"<html>\n<head><title>503</title></head>\n",
    "JSON": b'{"error": "rate limit", "code": 429}\n',
    "JSON by line": b'[{"a": 1, "b": 2},\n{"a": 3, "b": 4}]\n',
    "an image": b"\x89PNG\r\n\x1a\n" + bytes(100),
}


def test_what_is_no_data_among_good_files_is_told_to_the_operator(
    home: Settings, tmp_path: Path
) -> None:
    write(tmp_path / "in", day(*fleet(3)), name="a.csv")
    for number, content in enumerate(TEXTS.values()):
        write(tmp_path / "in", content, ("plain", "gz")[number % 2], name=f"b{number}.csv")
    good, *others = ingest(home, tmp_path / "in")
    assert (good.state, {bad.state for bad in others}) == ("ingested", {"failed"})
    assert all(run.problem([good, bad]) is not None for bad in others)


def test_a_ships_table_without_mmsi_says_what_is_missing(home: Settings, tmp_path: Path) -> None:
    first = "Vessel;IMO;Date (UTC);Latitude;Longitude;Speed;Course;Draught;Source"
    write(tmp_path, f"{first}\nA;1;2026-04-15 00:01:00;27,1;56,2;0;1;9,5;AIS\n".encode())
    (outcome,) = ingest(home, tmp_path)
    assert outcome.state == "failed"
    assert "no MMSI column" in outcome.message


# Whole numbers, codes


# Static reports in rows of their own


def spire(kind: str, minute: int, **changes: str) -> str:
    """A position or a static report: the fields of the other kind are empty."""
    static = dict.fromkeys(("lon", "lat", "sog_kn", "cog_deg", "heading_deg", "nav_status"), "")
    position = dict.fromkeys(STATIC, "")
    moment = {"reported_at": f"2026-04-15T{minute // 60:02}:{minute % 60:02}:00.000Z"}
    return row("spire", **(moment | (position if kind == "position" else static) | changes))


def test_a_ships_static_reports_are_joined_to_her_fixes_of_the_day(home: Settings) -> None:
    lines = [
        spire("position", 1),
        spire("static", 10, draught_m="9.5", destination=""),
        spire("position", 20),
        spire("static", 30, imo="", draught_m="14", destination="SINGAPORE"),
        spire("position", 40),
        spire("position", 50, mmsi="422000001"),
        spire("static", 60, mmsi="422000002"),
    ]
    (outcome,) = ingested(home, day(*lines, layout="spire"))
    found = [r for r in records(home) if r["mmsi"] == 422100987]
    assert [r["draught_m"] for r in found] == [9.5, 9.5, 14.0]
    assert [r["destination"] for r in found] == ["SINGAPORE"] * 3
    assert {(r["imo"], r["ship_type"], r["vessel_name"]) for r in found} == {
        (9074729, 80, "BARO ONE")
    }
    (other,) = [r for r in records(home) if r["mmsi"] == 422000001]
    assert [other[name] for name in STATIC] == [None] * 8
    assert outcome.entry is not None
    counts = (outcome.entry.rows_read, outcome.entry.rows_kept, outcome.entry.rows_static)
    assert counts == (7, 4, 3)
    assert rejects(home) == []
    assert any("static reports of ships without a fix" in r for r in outcome.remarks)


def test_a_static_report_of_another_day_is_not_joined(home: Settings) -> None:
    late = spire("static", 1).replace("2026-04-15", "2026-04-16")
    ingested(home, day(spire("position", 1), late, layout="spire"))
    assert records(home)[0]["imo"] is None


@pytest.mark.parametrize("block", [200, 1 << 24], ids=["small blocks", "one block"])
def test_the_join_depends_neither_on_order_nor_on_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", 200)
    lines = [
        spire("position", 1),
        spire("position", 1),
        spire("static", 1, vessel_name="A"),
        spire("static", 1, vessel_name="B", imo=""),
        spire("position", 5, draught_m="3"),
    ]
    found = []
    for number, order in enumerate(itertools.islice(itertools.permutations(lines), 0, 120, 13)):
        home = settings_of(tmp_path / f"{number}")
        ingested(home, day(*order, layout="spire"))
        counts = [c[2:6] for c in ledger(home)]
        found.append((counts, [r[: len(NAMES)] for r in positions(home)]))
    assert all(other == found[0] for other in found)
    assert found[0][0] == [(5, 2, 1, 0)]
    assert {r[NAMES.index("vessel_name")] for r in found[0][1]} == {"B"}


def test_a_row_with_neither_a_place_nor_a_word_of_the_ship_is_a_reject(home: Settings) -> None:
    empty = spire("position", 1, lon="", lat="")
    ingested(home, day(spire("position", 1), empty, layout="spire"))
    assert [r[1] for r in rejects(home)] == [reasons.NO_POSITION]


# Archives and containers


def test_archives_are_opened_one_level_down(home: Settings, tmp_path: Path) -> None:
    days = [day(*fleet(3, 10 * i)) for i in range(5)]
    inner = zipped({"b.csv": days[1], "c.csv.gz": gzip.compress(days[2]), "read.me": b"x"})
    outer = {
        "a.csv.zst": bytes(pa.compress(days[0], "zstd", asbytes=True)),
        "deep/inner.zip": inner,
        "d.csv": days[3],
        "too.zip": zipped({"deep.zip": zipped({"e.csv": days[4]}), "f.csv": day(*fleet(3, 90))}),
    }
    outcomes = ingest(home, write(tmp_path, zipped(outer), name="x.zip"))
    assert [(o.name, o.state) for o in outcomes] == [
        ("x.zip!a.csv.zst", "ingested"),
        ("x.zip!deep/inner.zip!b.csv", "ingested"),
        ("x.zip!deep/inner.zip!c.csv.gz", "ingested"),
        ("x.zip!d.csv", "ingested"),
        ("x.zip!too.zip!deep.zip", "failed"),
        ("x.zip!too.zip!f.csv", "ingested"),
    ]


def test_a_damaged_archive_in_an_archive_stops_no_other(home: Settings, tmp_path: Path) -> None:
    outer = {"a.zip": zipped({"x.csv": day()})[:-9], "b.csv": day(*fleet(2)), "c.zip": zipped({})}
    states = [o.state for o in ingest(home, write(tmp_path, zipped(outer), name="x.zip"))]
    assert states == ["failed", "ingested", "failed"]


def test_an_archive_that_fills_memory_with_its_table_of_contents_is_not_opened(
    tmp_path: Path,
) -> None:
    table = zipped({f"{i:06}.csv": b"" for i in range(20_000)})
    path = write(tmp_path, zipped({"inner.zip": bytes(30_000_000) + table}), name="x.zip")
    (fault,) = members(path)
    assert isinstance(fault, BarometerError)
    assert "compressed from" in str(fault)


def tar_of(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("day.csv")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"mmsi": [1]}), out)
    return out.getvalue()


CONTAINERS = {
    "tar": (tar_of(b"x"), "a tar archive", "Unpack it"),
    "tar.gz": (gzip.compress(tar_of(b"x")), "a tar archive", "Unpack it"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(90), "a 7z archive", "Unpack it"),
    "rar": (b"Rar!\x1a\x07\x01\x00" + bytes(90), "a RAR archive", "Unpack it"),
    "Parquet": (parquet(), "a Parquet file", "Export it as CSV"),
    "Excel": (zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "workbook", "sheet"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel", "sheet"),
    "SQLite": (b"SQLite format 3\0" + bytes(90), "SQLite", "Export"),
    "gzip twice": (gzip.compress(gzip.compress(b"a")), "gzip twice", "Unpack it"),
    "zip in gzip": (
        gzip.compress(zipped({"a.csv": b"a"})),
        "zip archive inside another archive",
        "Unpack it",
    ),
    "NMEA": (b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\n", "NMEA", "Decode"),
    "zip of shapes": (zipped({"a.shp": b"x"}), "contains no CSV file but 'a.shp'", "Unpack it"),
}


def test_a_container_of_another_kind_is_named_with_its_remedy(
    home: Settings, tmp_path: Path
) -> None:
    contents = [content for content, _, _ in CONTAINERS.values()]
    paths = [write(tmp_path / "in", c, name=f"the day {i:02}.csv") for i, c in enumerate(contents)]
    outcomes = ingest(home, *paths)
    for outcome, (_, kind, remedy) in zip(outcomes, CONTAINERS.values(), strict=True):
        assert outcome.state == "failed"
        assert kind in outcome.message and remedy in outcome.message
        assert "damaged" not in outcome.message


def test_an_archive_that_is_not_opened_is_named_in_a_folder_too(
    home: Settings, tmp_path: Path
) -> None:
    write(tmp_path / "in", day(*fleet(2)), name="a.csv")
    write(tmp_path / "in", CONTAINERS["7z"][0], name="b.7z")
    assert [o.state for o in ingest(home, tmp_path / "in")] == ["ingested", "failed"]


def test_a_window_that_the_decompressor_refuses_is_told_from_damage(tmp_path: Path) -> None:
    """A frame of RFC 8878 by hand: no checksum, a window of 1 GiB, one raw block."""
    block = (1 | 5 << 3).to_bytes(3, "little") + b"a,b\n1"
    path = write(tmp_path, b"\x28\xb5\x2f\xfd\x00" + bytes([20 << 3]) + block, name="x.csv.zst")
    (member,) = members(path)
    assert not isinstance(member, BarometerError)
    with pytest.raises(BarometerError, match="window") as caught, opened(member):
        pass
    assert "damaged" not in str(caught.value)
    assert "--long=31" in str(caught.value)


# What the operator is told


def told(home: Settings, *paths: Path) -> list[str]:
    """The remarks of a run over the paths, as it logs them."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.Logger("test")
    log.addHandler(handler)
    run.log_remarks(log, ingest(home, *paths))
    return lines


def test_a_column_that_is_not_read_is_told_once_for_all_files(
    home: Settings, tmp_path: Path
) -> None:
    layout = "ais-world-sample"
    for number in range(3):
        lines = [f"{row(layout, mmsi=f'42200000{i}', lon=str(number))},9074729" for i in range(2)]
        write(tmp_path, day(*lines, first=header(layout) + ",IMO No."), name=f"{number}.csv")
    (line,) = [x for x in told(home, tmp_path) if "looks like" in x]
    assert line.startswith("ais-world-sample: column 'IMO No.' looks like imo and is not read")
    assert line.endswith("(0.csv and 2 more)")


@pytest.mark.parametrize(
    ("name", "word"),
    [("imo", "IMO number"), ("ship_type", "ship type"), ("draught_m", "draught")],
)
def test_a_mapped_column_that_is_empty_throughout_is_told(
    home: Settings, tmp_path: Path, name: str, word: str
) -> None:
    write(tmp_path, day(*fleet(3, **{name: ""})), name="a.csv")
    (line,) = told(home, tmp_path)
    assert f"no row has an {word}" in line or f"no row has a {word}" in line
    write(tmp_path, day(*fleet(2, 10, **{name: ""}), *fleet(1, 20)), name="a.csv")
    assert told(home, tmp_path) == []


# The cases as they are


WANTED = {
    "gps_week_rollover.csv": ("ingested", 3, 1, 0),
    "all_rows_us_dates.csv": ("failed",),
    "imo_float.csv": ("ingested", 3, 0, 0),
    "marinecadastre_concatenated.csv": ("ingested", 4, 0, 0),
    "spire_standard.csv": ("ingested", 2, 0, 2),
    "marinecadastre_2017_avis.csv": ("ingested", 3, 0, 0),
    "statsat_nested.zip": ("ingested", 2, 0, 0),
    "marinetraffic.csv": ("ingested", 3, 0, 0),
    "kpler_no_mmsi.csv": ("failed",),
    "brest_naridata.csv": ("ingested", 3, 0, 0),
    "aishub_rate_limit.csv": ("failed",),
}


@needs_cases
@pytest.mark.parametrize("name", WANTED)
def test_a_case_gives_what_its_readme_says(home: Settings, name: str) -> None:
    (file,) = find_files([CASES / name])
    found = ingest_file(file._replace(is_named=False), load_sources(home.home), home)
    (outcome,) = found
    counts = ()
    if outcome.entry is not None:
        entry = outcome.entry
        counts = (entry.rows_kept, entry.rows_rejected, entry.rows_static)
    assert (outcome.state, *counts) == WANTED[name]
    assert all(20 < r["lat"] < 72 for r in records(home))
