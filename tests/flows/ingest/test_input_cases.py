"""Inputs on which the program was wrong or silent, each with what a user needs of it."""

from __future__ import annotations

import gzip
import itertools
import logging
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.home.settings import Settings
from flows.ingest.stage import ingest_file
from flows.lake import schema
from flows.rows import blocks, reasons
from flows.rows.values import STATIC
from flows.runner import run
from flows.sources.definitions import load_sources
from flows.sources.packings import find_files
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
    for number, order in enumerate(itertools.islice(itertools.permutations(lines), 0, 120, 29)):
        home = settings_of(tmp_path / f"{number}")
        ingested(home, day(*order, layout="spire"))
        counts = [c[2:6] for c in ledger(home)]
        found.append((counts, [r[: len(NAMES)] for r in positions(home)]))
    assert all(other == found[0] for other in found)
    assert found[0][0] == [(5, 2, 1, 0)]
    assert {r[NAMES.index("vessel_name")] for r in found[0][1]} == {"B"}


def test_a_report_of_another_day_is_not_joined_and_an_empty_one_rejected(home: Settings) -> None:
    late = spire("static", 1).replace("2026-04-15", "2026-04-16")
    empty = spire("position", 1, lon="", lat="")
    ingested(home, day(spire("position", 1), late, empty, layout="spire"))
    assert [r["imo"] for r in records(home)] == [None]
    assert [r[1] for r in rejects(home)] == [reasons.NO_POSITION]


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
