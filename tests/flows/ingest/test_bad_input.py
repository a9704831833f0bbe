"""Bad input: a message with file and reason, no trace in the lake, and the run goes on."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from flows.home.settings import Settings
from flows.ingest.stage import ingest_file
from flows.lake.prepare import prepare_home
from flows.lake.schema import POSITION_SCHEMA
from flows.rows import reasons
from flows.sources.packings import InputFile
from tests.build.files import (
    LAYOUTS,
    PACKINGS,
    day,
    fleet,
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
    "zeros": (bytes(200_000), "not UTF-8 text"),
    "random bytes": (b"\n\0" + random.Random(1).randbytes(100_000), ""),
    "random bytes without NUL": (
        random.Random(2).randbytes(300_000).replace(b"\0", b"").replace(b"\n", b""),
        "",
    ),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(100), ""),
    "a web page": (
        b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n",
        "matches no source",
    ),
    "JSON": (b'{"mmsi": 422100987, "lat": 29.2, "lon": 50.3}\n', "matches no source"),
    "no header": (row().encode() + b"\n", "matches no source"),
    "another delimiter": (GOOD.replace(b",", b"|"), "matches no source"),
    "old Mac line ends": (GOOD.replace(b"\n", b"\r"), "line"),
    "a changed layout": (GOOD.replace(b"longitude", b"long"), "missing 'longitude'"),
    "a header of a megabyte": (b"x" * 1_000_000 + b"\n" + row().encode(), ""),
}


def test_a_file_that_is_unreadable_whole_is_named_and_leaves_no_trace(
    home: Settings, tmp_path: Path
) -> None:
    before = tree(home.home)
    for number, (content, words) in enumerate(WHOLE_FILES.values()):
        path = write(tmp_path / "in", content, PACKINGS[number % 4], name=f"{number}.csv")
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


HOSTILE_ROWS: list[str | bytes] = [
    row(reported_at="0000-01-01 00:00:00"),
    row(reported_at="0001-01-01T00:00:00+14:00"),
    row(reported_at="9999-12-31T23:59:59-12:00"),
    row(mmsi="\0\0\0"),
    "\0" * 1000,
    '"' * 999,
    "," * 100_000,
    row(vessel_name='"' + "N" * 200_000),
    row(lon="nan", lat="nan"),
    row(lon="inf", lat="-inf"),
    row(lat="x").encode() + b"\xff\xfe\x80",
]
HOSTILE_NAMES = [
    "=cmd|'/c calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "<script>",
    "'; drop table position; --",
]


def test_a_hostile_line_harms_no_other_and_a_name_is_stored_as_sent(home: Settings) -> None:
    names = [*HOSTILE_NAMES, "A\nB"]  # a line break in quotes: neither half is a record
    good = [row(mmsi=f"42200000{i}", vessel_name=f'"{name}"') for i, name in enumerate(names)]
    mixed = itertools.chain(*itertools.zip_longest(HOSTILE_ROWS, good, fillvalue=""))
    ingested(home, day(*mixed))
    at = POSITION_SCHEMA.names.index("vessel_name")
    assert [(r[0] - 422_000_000, r[at]) for r in positions(home)] == [*enumerate(HOSTILE_NAMES)]
    assert len(rejects(home)) == len(HOSTILE_ROWS) - 1 + 2  # one is a static report
    prepare_home(home.home)
    ingested(home, day(*fleet(3, 50)))  # the lake still takes files
    ledger(home)


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
