"""A year for a first look at the program, as `barometer run --demo` reads it.

Its ships are the rows of ``data/simulator/year.csv``. Its story, all of it a choice: the calls of
linked tankers double five weeks before the end; for two weeks nothing is received anywhere; what
was heard of the Caspian in one week comes three weeks late; and a witness, which otherwise counts
four calls of five, misses nearly all of the last two weeks.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from flows.home.resources import data_path, data_rows
from flows.simulate.files import LAYOUTS, fleet_list, format_lines
from flows.simulate.fleet import Role
from flows.simulate.simulation import simulate_tables
from flows.sources.packings import FLEET_LIST

START, WEEKS, SEED = date(2025, 3, 24), 52, 1
"""Monday of 2025-W13; the last week is 2026-W12, that of the newest bundled lists."""

LOST_WEEKS = (28, 29)
LATE_WEEK = 49
"""Counted from the first, 0: 2025-W41 and W42; 2026-W10."""

MISSED_FROM_WEEK = 50
SEEN_SHARE, MISSED_SHARE = 0.8, 0.1
"""Share of the true calls that the witness counts, up to this week and from it on."""

REPORT_MINUTES = 120.0
"""Thin, so that a year is read in seconds; still three fixes in each six hours."""

SPARE_DAYS = 14
"""Simulated beyond the end and left out: ships set out for no voyage that they cannot end."""

CASPIAN_LAT = 34.0
"""North of it a fix is in the Caspian, south of it in the Gulf."""


class Feed(NamedTuple):
    """The files that have come by one run, and when it is."""

    as_of: datetime
    files: list[Path]


class Year(NamedTuple):
    """The list to import before, and what each run takes in."""

    fleet_list: Path
    feeds: list[Feed]


def write_year(directory: Path) -> Year:
    """Write the files of the year into a folder, which is made; the same bytes each time.

    The first run has all weeks but the last, a month a file; the second has the last week, and the
    file that came late.
    """
    tables = simulate_tables(
        start=START,
        days=7 * WEEKS + SPARE_DAYS,
        seed=SEED,
        traps=(),
        report_minutes=REPORT_MINUTES,
        roles=_roles(),
    )
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "SIMULATED.txt").write_text(
        "ALL OF THIS IS SIMULATED. No ship here exists, no voyage here was made, and no witness "
        "counted it.\nWritten by: barometer run --demo\n",
        encoding="utf-8",
    )
    linked = directory / FLEET_LIST
    fleet_list(tables.fleet).to_csv(linked, index=False)

    fixes = tables.fixes
    week = _week(fixes["reported_at"])
    is_kept = (week < WEEKS) & ~np.isin(week, LOST_WEEKS)
    is_late = (week == LATE_WEEK) & (fixes["lat"].to_numpy() > CASPIAN_LAT)
    is_last = week == WEEKS - 1
    counts = _witness_counts(tables.truth, tables.fleet)
    feeds = []
    for number, is_fed in enumerate((~is_late & ~is_last, is_late | is_last)):
        as_of = datetime.combine(START + timedelta(weeks=WEEKS - 1 + number), time(6))
        fed = fixes[is_kept & is_fed]
        label = fed["reported_at"].dt.strftime("%Y-%m" if number == 0 else "%G-W%V")
        files = [
            _write_fixes(directory / f"simulated-ais-{name}.csv", part)
            for name, part in fed.groupby(label)
        ]
        witness = directory / f"simulated-portwatch-fetched-{as_of:%F}.csv"
        counts[counts["date"] < as_of].to_csv(witness, index=False, date_format="%Y-%m-%d")
        feeds.append(Feed(as_of, [*files, witness]))
    return Year(linked, feeds)


def _roles() -> list[Role]:
    return [
        Role(
            trap="",
            water=row["water"],
            is_tanker=row["cargo"] == "oil",
            flag=row["flag"],
            link=row["link"],
            from_day=int(row["from_day"]),
            idle_days=float(row["idle_days"]),
        )
        for row in data_rows(data_path("simulator", "year.csv"))
        for _ in range(int(row["ships"]))
    ]


def _week(at: pd.Series) -> np.ndarray:
    """The number of the week, from 0."""
    return ((at - pd.Timestamp(START)) // pd.Timedelta(weeks=1)).to_numpy()


def _write_fixes(path: Path, fixes: pd.DataFrame) -> Path:
    form = LAYOUTS["marinecadastre-2025"]
    path.write_bytes(b"\n".join([form.header.encode(), *format_lines(fixes, form), b""]))
    return path


def _witness_counts(truth: pd.DataFrame, fleet: pd.DataFrame) -> pd.DataFrame:
    """The tanker calls of each day and port, as PortWatch's layer `Daily_Ports_Data` has them."""
    rng = np.random.default_rng([SEED, 6])
    ports = json.loads(data_path("ports", "iran.geojson").read_text(encoding="utf-8"))
    names = {
        feature["properties"]["port_id"]: feature["properties"]["port_name"]
        for feature in ports["features"]
        if feature["properties"]["kind"] == "port_limit"
    }
    tankers = truth["mmsi"].isin(fleet.loc[fleet["is_tanker"], "mmsi"])
    week = _week(truth["arrived_at"])
    share = np.where(week < MISSED_FROM_WEEK, SEEN_SHARE, MISSED_SHARE)
    seen = truth[tankers & (week < WEEKS) & (rng.random(len(truth)) < share)]
    calls = seen.groupby([seen["arrived_at"].dt.floor("D"), "port_id"]).size()
    days = pd.date_range(START, periods=7 * WEEKS)
    theirs = data_rows(data_path("witnesses", "portwatch.csv"))
    ids = {row["port_id"]: row["portid"] for row in theirs}
    rows = calls.reindex(pd.MultiIndex.from_product([days, sorted(ids)]), fill_value=0)
    day, port = rows.index.get_level_values(0), rows.index.get_level_values(1)
    return pd.DataFrame(
        {
            "date": day,
            "portid": port.map(ids),
            "portname": port.map(names),
            "country": "Iran",
            "ISO3": "IRN",
            "portcalls_tanker": rows.to_numpy(),
        }
    )
