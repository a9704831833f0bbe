"""Laws: the order, the repetition and the cut of the input change nothing that follows from it."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa

from flows.catalogue import access
from flows.home.settings import Settings
from flows.lake.manifest import CATALOGUE
from tests.build.derivation import only
from tests.conftest import FillHome

FOLLOWS = (
    *("port", "port_area", "week", "heard_hour", "observed_hour", "coverage", "vessel"),
    *("vessel_link", "call_evidence", "port_call", "counted_call", "port_week"),
    *("weekly_port_calls", "barometer"),
)
PUBLISHED = ("first_published_at", "restated_from")
RESTATEMENT = "restatement.csv"
"""Of the runs, not of the input: a week that comes in pieces is published in pieces."""


def _rows(settings: Settings, name: str) -> list[tuple[object, ...]]:
    with access.reading(settings) as con:
        relation = con.table(name)
        kept = [c for c in relation.columns if c not in PUBLISHED]
        return relation.select(*kept).order("all").fetchall()


def _fixes(settings: Settings) -> list[tuple[object, ...]]:
    """The fixes by what makes them: of equal ones that differ in their text, files decide."""
    with access.reading(settings) as con:
        fixes = con.table("position").select("mmsi", "reported_at", "lon", "lat")
        return fixes.order("all").fetchall()


def _reports(settings: Settings) -> dict[str, bytes]:
    folder = settings.home / "reports"
    files = (path for path in sorted(folder.rglob("*.csv")) if path.name != RESTATEMENT)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _read(path: Path) -> bytes:
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        return bytes(stream.read())


def assert_same_rows(one: Settings, other: Settings, name: str) -> None:
    is_same = _rows(one, name) == _rows(other, name)
    assert is_same, name  # without the rows: to tell thousands apart takes minutes


def assert_same(one: Settings, other: Settings) -> None:
    for name in FOLLOWS:
        assert_same_rows(one, other, name)
    assert _fixes(one) == _fixes(other)
    assert _reports(one) == _reports(other)


def test_files_in_any_order_in_two_runs_and_twice_and_a_rebuild_from_the_lake_alone(
    fill_home: FillHome, sample_home: Settings, sample_days: list[Path], tmp_path: Path
) -> None:
    mixed = list(sample_days)
    random.Random(5).shuffle(mixed)
    with only(publish=True):  # what a run publishes is all that the next one has of it
        fill_home(tmp_path / "home", mixed[:9], reports=False)
    with only(*FOLLOWS, "source_file", publish=True):
        settings = fill_home(tmp_path / "home", mixed[9:], reports=False)
    fill_home(tmp_path / "home", mixed[:3], derive=False)
    for name in (*FOLLOWS, "source_file", "position", "reject"):
        assert_same_rows(sample_home, settings, name)
    (settings.home / CATALOGUE).unlink()
    assert_same(sample_home, fill_home(tmp_path / "home", []))


def test_rows_cut_into_other_files_in_any_order(
    fill_home: FillHome, nine_days: Settings, sample_days: list[Path], tmp_path: Path
) -> None:
    """All rows shuffled over five files: no day, no week and no ship is in one piece."""
    header, lines = b"", []
    for day in sample_days[:9]:
        first, *rest = _read(day).splitlines(keepends=True)
        header, lines = first, lines + rest
    random.Random(1).shuffle(lines)
    files = []
    for number in range(5):
        files.append(tmp_path / f"simulated-{number}.csv")
        files[-1].write_bytes(header + b"".join(lines[number::5]))
    settings = fill_home(tmp_path / "home", files)
    assert_same(nine_days, settings)
