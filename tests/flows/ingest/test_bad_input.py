"""Bad input: a message with file and reason, no trace in the lake, and the run goes on."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from flows.home.settings import Settings
from flows.ingest.stage import ingest_file
from flows.lake.manifest import read_manifest
from flows.lake.prepare import prepare_home
from flows.rows import reasons
from flows.sources.packings import InputFile
from tests.build.files import (
    LAYOUTS,
    PACKINGS,
    day,
    fleet,
    header,
    ingest,
    ingested,
    ledger,
    positions,
    rejects,
    row,
    tree,
    write,
)

GOOD = day(*fleet(3))

WHOLE_FILES = {
    "empty": (b"", "the file is empty"),
    "only line ends": (b"\r\n\n\r\n", "the file is empty"),
    "UTF-16 with a mark": (GOOD.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": (GOOD.decode().encode("utf-16-le"), "UTF-16"),
    "zeros": (bytes(200_000), "not text"),
    "random bytes": (b"\n\0" + random.Random(1).randbytes(100_000), ""),
    "random bytes without NUL": (
        random.Random(2).randbytes(300_000).replace(b"\0", b"").replace(b"\n", b""),
        "",
    ),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(100), ""),
    "a web page": (b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n", "fits no source"),
    "JSON": (b'{"mmsi": 422100987, "lat": 29.2, "lon": 50.3}\n', "fits no source"),
    "no header": (row().encode() + b"\n", "fits no source"),
    "another delimiter": (GOOD.replace(b",", b"|"), "fits no source"),
    "old Mac line ends": (GOOD.replace(b"\n", b"\r"), "line"),
    "a changed layout": (GOOD.replace(b"longitude", b"long"), "missing 'longitude'"),
    "a header of a megabyte": (b"x" * 1_000_000 + b"\n" + row().encode(), ""),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize(("content", "words"), WHOLE_FILES.values(), ids=WHOLE_FILES.keys())
def test_a_file_that_is_unreadable_whole_is_named_and_leaves_no_trace(
    home: Settings, tmp_path: Path, content: bytes, words: str, packing: str
) -> None:
    path = write(tmp_path / "in", content, packing)
    before = tree(home.home)
    (outcome,) = ingest(home, path)
    assert (outcome.state, outcome.is_transient) == ("failed", False)
    assert outcome.message.startswith(path.name)
    assert words in outcome.message
    assert len(outcome.message) < 1000
    assert tree(home.home) == before


def test_a_bad_file_does_not_stop_the_others(home: Settings, tmp_path: Path) -> None:
    for number, (content, _) in enumerate(WHOLE_FILES.values()):
        write(tmp_path / "in", content, name=f"{number:02}.csv")
    write(tmp_path / "in", b"port,country\nIRKHK,IR\n", name="fleet.csv")
    write(tmp_path / "in", day(*fleet(3)), name="good.csv")
    *states, other, good = [o.state for o in ingest(home, tmp_path / "in")]
    assert (other, good) == ("skipped", "ingested")
    assert set(states) == {"failed"}
    assert len(positions(home)) == 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_ais_in_utf_16_is_not_passed_over_in_a_folder(
    home: Settings, tmp_path: Path, encoding: str
) -> None:
    write(tmp_path / "in", GOOD.decode().encode(encoding))
    (outcome,) = ingest(home, tmp_path / "in")
    assert (outcome.state, "Save the file as UTF-8" in outcome.message) == ("failed", True)


def test_a_file_that_goes_away_is_named(home: Settings, tmp_path: Path) -> None:
    (outcome,) = ingest_file(InputFile(tmp_path / "gone.csv", is_named=True), {}, home)
    assert (outcome.state, outcome.message.startswith("gone.csv: ")) == ("failed", True)


def test_a_line_of_another_delimiter_is_a_reject_with_a_reason(home: Settings) -> None:
    ingested(home, day(*fleet(3), row().replace(",", ";"), row(layout=LAYOUTS[2])))
    assert {r[1] for r in rejects(home)} == {reasons.BAD_FIELDS}


HOSTILE_ROWS = {
    "the year nought": row(reported_at="0000-01-01 00:00:00"),
    "the first year, east of Greenwich": row(reported_at="0001-01-01T00:00:00+14:00"),
    "a far year": row(reported_at="9999-12-31T23:59:59-12:00"),
    "a Danish year nought": None,
    "a field of NUL": row(mmsi="\0\0\0"),
    "a line of NUL": "\0" * 1000,
    "a line of quotes": '"' * 999,
    "a line of commas": "," * 100_000,
    "a line break in a name": row(vessel_name='"A\nB"'),
    "a name that never ends": row(vessel_name='"' + "N" * 200_000),
    "not a number": row(lon="nan", lat="nan"),
    "endless": row(lon="inf", lat="-inf"),
    "bytes that are no text": row(lat="x").encode() + b"\xff\xfe\x80",
    "half a letter": row(vessel_name="A").encode()[:-1] + b"\xc3",
}


@pytest.mark.parametrize("bad", HOSTILE_ROWS.values(), ids=HOSTILE_ROWS.keys())
def test_a_hostile_line_harms_no_other(home: Settings, bad: str | bytes | None) -> None:
    layout = LAYOUTS[1]
    if bad is None:
        layout, bad = LAYOUTS[2], row(LAYOUTS[2], reported_at="01/01/0000 00:00:00")
    good = [row(layout, mmsi=f"42200000{i}") for i in range(4)]
    ingested(home, day(*good[:2], bad, *good[2:], layout=layout))
    kept = [r[0] for r in positions(home)]
    assert [m for m in kept if m != 422100987] == [422_000_000 + i for i in range(4)]
    assert read_manifest(home.home).entries
    prepare_home(home.home)
    ingested(home, day(*good, "", "", layout=layout))  # the lake still takes files
    ledger(home)


@pytest.mark.parametrize(
    "name",
    ["=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "<script>", "'; drop table position; --"],
)
def test_a_hostile_name_is_stored_as_it_was_sent(home: Settings, name: str) -> None:
    ingested(home, day(row(vessel_name=f'"{name}"')))
    assert name in positions(home)[0]


def test_a_broken_file_of_many_rows_adds_up(home: Settings) -> None:
    """Every eleventh line is damaged by a byte that is put anywhere in it."""
    chance = random.Random(7)
    lines: list[str | bytes] = []
    for number, line in enumerate(fleet(4000)):
        raw = line.encode()
        if number % 11 == 0:
            at = chance.randrange(len(raw))
            raw = raw[:at] + chance.choice([b'"', b"\r", b"\0", b",", b"\n", b"\xff"]) + raw[at:]
        lines.append(raw)
    content = day(*lines)
    ingested(home, content)
    (_, _, rows_read, kept, repeated, rejected, _, _) = ledger(home)[0]
    assert rows_read == sum(bool(x.strip()) for x in content.split(b"\n")) - 1
    assert rows_read == kept + repeated + rejected
    assert kept > 4000 * 10 / 11 - 1
    assert 0 < rejected < 800
    of_line = {r[0]: r[2] for r in rejects(home)}
    shown = content.split(b"\n")
    for line, raw in of_line.items():
        assert shown[line - 1].rstrip(b"\r").replace(b"\0", b" ")[:20] == raw.encode()[:20] or (
            b"\xff" in shown[line - 1]
        )


def test_a_header_alone_of_every_layout_is_in_order(home: Settings) -> None:
    ingested(home, *(day(first=header(layout)) for layout in LAYOUTS))
    assert [c[2] for c in ledger(home)] == [0] * len(LAYOUTS)
