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
    *("weekly_port_calls", "barometer", "call_cargo", "interference", "unexplained_loading"),
    *("possible_dark_call", "possible_spoofed_call", "sts_encounter", "ship_indicator"),
)
REBUILT = ("vessel", "vessel_link", "port_call", "weekly_port_calls", "barometer")
FIXES = "fixes"
"""`position` by what makes a fix: of equal ones that differ in their text, files decide."""
PUBLISHED = ("first_published_at", "restated_from")
RESTATEMENT = "restatement.csv"
"""Of the runs, not of the input: a week that comes in pieces is published in pieces."""


def _marked(settings: Settings, *names: str) -> dict[str, object]:
    """How many rows each relation has, and a sum of their hashes."""
    marks = {}
    with access.reading(settings) as con:
        for name in names:
            if name == FIXES:
                rows = con.table("position").select("mmsi", "reported_at", "lon", "lat")
            else:
                rows = con.table(name)
                rows = rows.select(*(c for c in rows.columns if c not in PUBLISHED))
            marks[name] = rows.query("row", "select count(*), sum(hash(row)) from row").fetchone()
    return marks


def _reports(settings: Settings) -> dict[str, bytes]:
    folder = settings.home / "reports"
    files = (path for path in sorted(folder.rglob("*.csv")) if path.name != RESTATEMENT)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _read(path: Path) -> bytes:
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        return bytes(stream.read())


def test_files_in_any_order_in_two_runs_and_twice_and_a_rebuild_from_the_lake_alone(
    fill_home: FillHome, nine_days: Settings, sample_days: list[Path], tmp_path: Path
) -> None:
    mixed = sample_days[:9]
    random.Random(5).shuffle(mixed)
    with only(publish=True):  # what a run publishes is all that the next one has of it
        fill_home(tmp_path / "home", mixed[:4], reports=False)
    settings = fill_home(tmp_path / "home", mixed[4:])
    assert _marked(settings, *FOLLOWS) == _marked(nine_days, *FOLLOWS)
    assert _reports(settings) == _reports(nine_days)
    fill_home(tmp_path / "home", mixed[:3], derive=False)
    (settings.home / CATALOGUE).unlink()
    with only(*REBUILT, "source_file"):
        fill_home(tmp_path / "home", [], reports=False)
    held = (*REBUILT, "source_file", "position", "reject")
    assert _marked(settings, *held) == _marked(nine_days, *held)


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
    with only(*FOLLOWS):
        settings = fill_home(tmp_path / "home", files, reports=False)
    held = (*FOLLOWS, FIXES)
    assert _marked(settings, *held) == _marked(nine_days, *held)
