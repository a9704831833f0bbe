"""Ingest: a file goes in whole or not at all, once, in any order; and what the operator is told."""

from __future__ import annotations

import gzip
import itertools
import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.home.settings import Settings
from flows.ingest import commit
from flows.ingest.rows import blocks, reasons, repeats
from flows.ingest.rows.values import STATIC
from flows.lake import schema
from flows.lake.prepare import prepare_home
from flows.lake.schema import POSITION_SCHEMA, REJECT_SCHEMA
from flows.runner import run
from tests.build.files import (
    AS_OF,
    LAYOUTS,
    PACKINGS,
    day,
    file_id,
    fleet,
    header,
    ingest,
    ingested,
    ledger,
    positions,
    rejects,
    row,
    settings_of,
    tree,
    write,
    zipped,
)

SOG = POSITION_SCHEMA.names.index("sog_kn")


# Once


def test_the_same_content_is_one_file_however_it_is_packed(home: Settings, tmp_path: Path) -> None:
    content = day(*fleet(20), "junk")
    twice = zipped({"a.csv": content, "b/c.csv": content})
    outcome, second = ingest(home, write(tmp_path / "in", twice, name="x.zip"))
    assert (outcome.state, second.state) == ("ingested", "known")
    before = tree(home.home)
    assert outcome.entry is not None and outcome.entry.file_id == file_id(content)
    for packing in PACKINGS:
        (again,) = ingest(home, write(tmp_path / "again", content, packing, name="other.csv"))
        assert (again.state, again.entry) == ("known", None)
        assert outcome.name in again.message
    assert tree(home.home) == before


def test_files_that_begin_alike_are_two_files(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", 400)
    ingested(home, day(*fleet(20)), day(*fleet(21)))
    assert {c[2]: c[3:5] for c in ledger(home)} in (
        {20: (20, 0), 21: (1, 20)},
        {20: (0, 20), 21: (21, 0)},
    )


def test_a_file_that_only_has_a_header_is_in_order(home: Settings) -> None:
    (outcome,) = ingested(home, day())
    assert outcome.entry is not None
    assert outcome.entry[4:8] == (0, 0, 0, 0)
    assert outcome.entry.position is outcome.entry.reject is None
    assert positions(home) == rejects(home) == []
    assert ingest(home, home.home.parent / "input")[0].state == "known"


# Adding up


def test_rows_are_kept_repeated_or_rejected_and_parts_have_the_contracts_types(
    home: Settings,
) -> None:
    """Base stations are read well, and are outside what the lake holds: the file did not fail."""
    stations = [row(mmsi="002110000"), row(mmsi="992110001")]
    lines = [*fleet(5)[::-1], *fleet(2), "junk", "", row(mmsi="1"), row(lat="91"), *stations]
    (outcome,) = ingested(home, day(*lines))
    entry = outcome.entry
    assert entry is not None and entry.position is not None and entry.reject is not None
    assert (entry.rows_read, entry.rows_kept) == (12, 5)
    assert (entry.rows_repeated, entry.rows_rejected) == (2, 5)
    assert (entry.first_reported_at, entry.last_reported_at) == (datetime(2026, 4, 15, 12),) * 2
    assert entry.ingested_at == AS_OF
    assert sorted(r[1] for r in rejects(home)) == sorted(
        [reasons.BAD_FIELDS, *[reasons.BAD_MMSI] * 3, reasons.NO_POSITION]
    )
    schema = pq.read_schema(home.home / entry.position.path)
    assert [(f.name, f.type) for f in schema] == [(f.name, f.type) for f in POSITION_SCHEMA]
    assert pq.read_schema(home.home / entry.reject.path).equals(REJECT_SCHEMA)
    mmsi = pq.read_table(home.home / entry.position.path)["mmsi"].to_pylist()
    assert len(mmsi) == 5 and mmsi == sorted(mmsi)


@pytest.mark.parametrize("block", [150, 1 << 24], ids=["small blocks", "one block"])
def test_of_a_fix_that_stands_twice_in_a_file_the_line_does_not_count(
    home: Settings, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", 200)
    lines = [x for speed in ("", "3", "5", "4") for x in fleet(30, sog_kn=speed)]
    ingested(home, day(*lines))
    # By its values: the smaller number, and any before none.
    assert [r[SOG] for r in positions(home)] == [3.0] * 30
    assert ledger(home)[0][2:6] == (120, 30, 90, 0)


def test_a_place_goes_through_the_sort_to_the_last_bit(home: Settings) -> None:
    edges = [n * sign for n in (0, 0.000004, 0.00001, 0.1, 33.55432, 89.99999) for sign in (1, -1)]
    lons = [*edges, 180, -180, 179.999996, -179.99999, 50.15, 113.48571]
    lats = [*edges, 90, -90, 89.999996, 26.5]
    drawn = np.random.default_rng(6).uniform((-180, -90), (180, 90), (2000, 2)).tolist()
    places = [*itertools.product(lons, lats), *drawn]
    ingested(home, day(*(row(lon=repr(float(x)), lat=repr(float(y))) for x, y in places)))
    want = {(float(np.round(x, 5)) + 0.0, float(np.round(y, 5)) + 0.0) for x, y in places}
    found = [(r[2], r[3]) for r in positions(home)]
    assert sorted(found) == sorted(want)
    assert "-0.0" not in {repr(n) for place in found for n in place}


# The same fix in several files


def shuffled_homes(tmp_path: Path, contents: list[bytes]) -> list[tuple[Any, Any, Any]]:
    """The lake after each order in which the files can come."""
    found = []
    for number, order in enumerate(itertools.permutations(contents)):
        home = settings_of(tmp_path / f"home{number}")
        for content in order:
            ingested(home, content)
            prepare_home(home.home)
        found.append((positions(home), ledger(home), rejects(home)))
    return found


def test_the_lowest_file_keeps_a_fix_that_three_files_share(tmp_path: Path) -> None:
    contents = [
        day(*fleet(10), "junk", *fleet(3, 20), row(sog_kn="1")),
        day(*fleet(10, 5), *fleet(2, 6), row(sog_kn="2")),
        day(*fleet(4, 8), row(sog_kn="3"), row(sog_kn="4")),
    ]
    first, *others = shuffled_homes(tmp_path, contents)
    assert all(other == first for other in others)
    rows, counts, _ = first
    lowest = min(contents, key=file_id)
    shared = [r for r in rows if r[0] == 422100987]
    assert [(r[SOG], r[-1]) for r in shared] == [(contents.index(lowest) + 1.0, file_id(lowest))]
    assert len(rows) == len({r[:4] for r in rows}) == 19
    assert sum(c[3] for c in counts) == len(rows)


def test_a_file_whose_rows_all_lie_in_another_keeps_none(tmp_path: Path) -> None:
    first, second = shuffled_homes(tmp_path, [day(*fleet(3)), day(*fleet(3), "")])
    assert first == second
    assert sorted(c[3:5] for c in first[1]) == [(0, 3), (3, 0)]


def test_a_part_that_was_replaced_stays_until_the_next_run(home: Settings) -> None:
    low, high = sorted([day(*fleet(3)), day(*fleet(3, 1))], key=file_id)
    ingested(home, high)
    old = tree(home.home / "position")
    ingested(home, low)
    parts = tree(home.home / "position")
    assert old.items() <= parts.items()
    versions = [f"source={LAYOUTS[1]}/file_id={file_id(high)}/{n}.parquet" for n in (0, 1)]
    assert [p for p in parts if file_id(high) in p] == versions
    prepare_home(home.home)
    assert [p for p in tree(home.home / "position") if file_id(high) in p] == versions[1:]


# Names and folders


def test_a_home_may_have_any_name(tmp_path: Path) -> None:
    name = "[x]*?{a,b} '\"=$x;%s\\-x\nö~<b>\u202e"
    for decoy in ("a", "b", "x"):  # what a pattern could take for the home
        (tmp_path / decoy / "position").mkdir(parents=True)
    home = settings_of(tmp_path / name)
    low, high = sorted([day(*fleet(3), *fleet(1)), day(*fleet(3, 1), "junk")], key=file_id)
    ingested(home, high)
    ingested(home, low)
    prepare_home(home.home)
    assert len(positions(home)) == 4
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({"a", "b", "x", name, "input"})


# Repetitions within a sorted part


def repeated_rows(folder: Path, *fixes: tuple[float, ...]) -> list[int]:
    schema = pa.schema([POSITION_SCHEMA.field(name) for name in repeats.KEY])
    rows = [dict(zip(repeats.KEY, fix, strict=True)) for fix in fixes]
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "p.parquet", row_group_size=2)
    return commit.repeated_rows(folder / "p.parquet").tolist()


def test_repeated_rows_are_those_that_equal_the_one_before_in_a_sorted_part(tmp_path: Path) -> None:
    one, two, three = (1, 5, 1.0, 1.0), (1, 5, 1.0, 2.0), (1, 6, 1.0, 2.0)
    assert repeated_rows(tmp_path, one, one, two, three, three, three) == [1, 4, 5]
    assert repeated_rows(tmp_path) == []
    for column in range(4):
        with pytest.raises(AssertionError, match="not sorted"):
            repeated_rows(tmp_path, (3,) * 4, tuple(3 - (n == column) for n in range(4)))


NAMES = schema.POSITION_SCHEMA.names


def records(home: Settings) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, r, strict=False)) for r in positions(home)]


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
        spire("static", 50, mmsi="422000001").replace("2026-04-15", "2026-04-16"),
        spire("position", 1, lon="", lat=""),
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
    assert counts == (9, 4, 4)
    assert [r[1] for r in rejects(home)] == [reasons.NO_POSITION]
    assert any("static reports of ships without a fix" in r for r in outcome.remarks)


@pytest.mark.parametrize("block", [200, 1 << 24], ids=["small blocks", "one block"])
def test_the_join_depends_neither_on_order_nor_on_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", block)
    lines = [
        # Two equal fixes: the one with an IMO number stands, though the report has a lower one.
        spire("position", 9, vessel_name="C"),
        spire("position", 9, imo="9999993"),
        spire("position", 1),
        spire("position", 1),
        spire("static", 1, vessel_name="A"),
        spire("static", 1, vessel_name="B", imo=""),
        spire("position", 5, draught_m="3"),
    ]
    found = []
    for number, order in enumerate(itertools.islice(itertools.permutations(lines), 0, 5040, 997)):
        home = settings_of(tmp_path / f"{number}")
        ingested(home, day(*order, layout="spire"))
        counts = [c[2:6] for c in ledger(home)]
        found.append((counts, [r[: len(NAMES)] for r in positions(home)]))
    assert all(other == found[0] for other in found)
    assert found[0][0] == [(7, 3, 2, 0)]
    assert found[0][1][-1][NAMES.index("imo")] == 9999993
    assert {r[NAMES.index("vessel_name")] for r in found[0][1]} == {"B"}


# Archives


def test_archives_are_opened_one_level_down_whatever_else_is_in_them(
    home: Settings, tmp_path: Path
) -> None:
    days = [day(*fleet(3, 10 * i)) for i in range(5)]
    inner = zipped({"b.csv": days[1], "c.csv.gz": gzip.compress(days[2]), "read.me": b"x"})
    outer = {
        "a.csv.zst": bytes(pa.compress(days[0], "zstd", asbytes=True)),
        "deep/inner.zip": inner,
        "d.csv": days[3],
        "bad.csv": b"x\n",
        "empty.csv": b"",
        "empty.zip": zipped({}),
        "half.zip": zipped({"x.csv": day()})[:-9],
        "too.zip": zipped({"deep.zip": zipped({"e.csv": days[4]}), "f.csv": day(*fleet(3, 90))}),
    }
    outcomes = ingest(home, write(tmp_path, zipped(outer), name="x.zip"))
    good = "a.csv.zst deep/inner.zip!b.csv deep/inner.zip!c.csv.gz d.csv too.zip!f.csv".split()
    bad = "bad.csv empty.csv empty.zip half.zip too.zip!deep.zip".split()
    expected = {f"x.zip!{name}": "ingested" for name in good}
    expected |= {f"x.zip!{name}": "failed" for name in bad}
    assert {o.name: o.state for o in outcomes} == expected


# What the operator is told


def remarks(home: Settings, *paths: Path) -> list[str]:
    """The remarks of a run over the paths, as it logs them."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.Logger("test")
    log.addHandler(handler)
    run.log_remarks(log, ingest(home, *paths))
    return lines


def test_a_column_that_is_not_read_is_reported_once_for_all_files(
    home: Settings, tmp_path: Path
) -> None:
    layout = "ais-world-sample"
    for number in range(3):
        lines = [f"{row(layout, mmsi=f'42200000{i}', lon=str(number))},9074729" for i in range(2)]
        write(tmp_path, day(*lines, first=header(layout) + ",IMO No."), name=f"{number}.csv")
    (line,) = [x for x in remarks(home, tmp_path) if "looks like" in x]
    assert line.startswith("ais-world-sample: column 'IMO No.' looks like imo and is not read")
    assert line.endswith("(0.csv and 2 more)")


def test_a_mapped_column_that_is_empty_throughout_is_reported(
    home: Settings, tmp_path: Path
) -> None:
    words = {"imo": "an IMO number", "ship_type": "a ship type", "draught_m": "a draught"}
    for number, (name, word) in enumerate(words.items()):
        content = day(*fleet(3, 30 * number, **{name: ""}))
        (line,) = remarks(home, write(tmp_path, content, name="a.csv"))
        assert f"no row has {word}" in line
        content = day(*fleet(2, 30 * number + 10, **{name: ""}), *fleet(1, 30 * number + 20))
        assert remarks(home, write(tmp_path, content, name="a.csv")) == []


def test_rows_after_the_as_of_time_are_reported_as_they_do_not_come_later(
    home: Settings, tmp_path: Path
) -> None:
    late = row(mmsi="422000008", reported_at=f"{home.as_of + timedelta(days=1):%F %T}")
    (line,) = remarks(home, write(tmp_path, day(*fleet(3, 0), late), name="a.csv"))
    assert "rows later than the as-of time were rejected" in line
