"""The reports: what a team opens in a spreadsheet, held against golden files and hostile names."""

from __future__ import annotations

import csv
import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import catalogue, report
from flows.settings import Settings
from tests.conftest import ROOT, FillHome

GOLDEN = ROOT / "tests" / "golden"
WEEKS = ("2026-W10", "2026-W11", "2026-W12")


@pytest.mark.parametrize("week", WEEKS)
@pytest.mark.parametrize("name", sorted(report.FILES))
def test_the_sample_gives_the_golden_files(sample_home: Settings, week: str, name: str) -> None:
    """After a change that is meant: GOLDEN_WRITE=1 make test, and read the difference."""
    written = (sample_home.home / "reports" / week / name).read_bytes()
    golden = GOLDEN / week / name
    if os.environ.get("GOLDEN_WRITE"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(written)
    assert written == golden.read_bytes()


def test_a_report_that_would_be_the_same_is_left_alone(sample_home: Settings) -> None:
    folder = sample_home.home / "reports" / "2026-W11"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    with catalogue.reading(sample_home) as con:
        assert not report.write_report(con, folder, "2026-W11")
    assert before == {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_the_series_of_an_old_week_does_not_grow(sample_home: Settings) -> None:
    rows = (sample_home.home / "reports" / "2026-W10" / "barometer.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["2026-W10"]


def test_every_call_of_the_headline_has_its_evidence(sample_home: Settings) -> None:
    for week in WEEKS:
        path = sample_home.home / "reports" / week / "port_calls.csv"
        with path.open(newline="", encoding="utf-8") as lines:
            linked = [row for row in csv.DictReader(lines) if row["is_russian_linked"] == "true"]
        assert linked
        assert all(row["evidence"] and row["link_reasons"] for row in linked)


@given(st.text())
def test_no_text_becomes_a_formula_or_leaves_its_cell(text: str) -> None:
    cell = report.safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert not set(cell) & {"\n", "\r", "\0", "\x1b", "\u202e", "\u2028"}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-1.5, -1.5),
        (None, ""),
        (float("nan"), ""),
        (False, "false"),
        (datetime(2026, 4, 15, 12, 0, 1), "2026-04-15 12:00:01"),
        (" =1+1", "'=1+1"),
        ("\u200b@x", "'@x"),
    ],
)
def test_cells(value: object, cell: object) -> None:
    assert report.safe_cell(value) == cell


def test_hostile_names_are_harmless_in_the_files(fill_home: FillHome, tmp_path: Path) -> None:
    names = [
        '=HYPERLINK("http://x";"y")',
        "@SUM(1)",
        "-2+3",
        "A\u202eB\x1b[31m",
        '"; drop',
        "<script>",
    ]
    header = "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,"
    header += "vessel_type,status,length,width,draft,cargo,transceiver\n"
    rows = [header]
    for number, name in enumerate(names):
        quoted = '"' + name.replace('"', '""') + '"'
        rows += [
            f"27399000{number},2026-04-15 {hour:02}:00:00,50.330{number},29.23,0.0,0,511,"
            f"{quoted},,,80,5,,,,,A\n"
            for hour in range(24)
        ]
    day = tmp_path / "day.csv"
    day.write_text("".join(rows), encoding="utf-8")
    settings = fill_home(tmp_path / "home", [day], as_of="2026-04-27T06:00")
    path = settings.home / "reports" / "2026-W16" / "port_calls.csv"
    with path.open(newline="", encoding="utf-8") as lines:
        written = {row["vessel_name"] for row in csv.DictReader(lines)}
    assert written == {
        '\'=HYPERLINK("http://x";"y")',
        "'@SUM(1)",
        "'-2+3",
        "A B [31m",
        '"; drop',
        "<script>",
    }


def test_the_headline_never_says_zero_without_hearing() -> None:
    series = {
        "russian_linked_tanker_calls": None,
        "russian_linked_berth_calls": None,
        "observed_share": 0.2,
        "state": "unobserved",
    }
    assert (
        report.headline(series)
        == "No number: 20% of the coast's hours heard, too little to say zero."
    )
    heard = series | {"russian_linked_tanker_calls": 0, "russian_linked_berth_calls": 0}
    assert "none seen" in report.headline(heard | {"state": "partial", "observed_share": 0.5})
    seen = series | {"russian_linked_tanker_calls": 3, "russian_linked_berth_calls": 2}
    assert "at least 2 at berth, at least 3 calls" in report.headline(seen | {"state": "partial"})
    assert "so far" in report.headline(seen | {"state": "open"})
