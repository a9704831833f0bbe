"""The parts on a home of a year: what a week more costs, and what questions cost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from flows.catalogue import access
from flows.home.settings import load_settings
from flows.lake.manifest import read_manifest
from tests.measure.benchmark.days import FIRST_DAY
from tests.measure.benchmark.parts import Given, write_days
from tests.measure.benchmark.process import JobFailed, in_turn, job, say
from tests.measure.benchmark.table import Found, Runs, Table, medians, ratio


def year(given: Given) -> Found:
    """Weeks come in one by one, each a run that publishes; some are measured several times.

    Before those the home is laid aside, and put back for each repetition. What was measured before
    a week failed is shown, with that said first: hours of it are not lost.
    """
    home = home_path(given)
    shutil.rmtree(home, ignore_errors=True)
    aside = home.with_name(f"{home.name}-aside")
    measured: dict[int, list[dict[str, Any]]] = {}
    shown = (0, *given.weeks)
    for week in range(given.weeks[-1] + 1):
        files = week_files(given, week)
        times = given.times if week in shown else 1
        if times > 1:
            clone(home, aside)
        runs: list[dict[str, Any]] = []
        for number in range(times):
            if number:
                clone(aside, home)
            say(f"week {week + 1}, {number + 1} of {times}")
            try:
                runs.append(add_week(given, home, week, files))
            except JobFailed as error:
                why = f"The run failed at {week} weeks before: {error}."
                whole = {week: runs for week, runs in measured.items() if week in shown}
                return Found([cost(whole, why)], measured, is_whole=False)
        measured[week] = runs
        shutil.rmtree(aside, ignore_errors=True)
        _remove(files)
    return Found([cost({week: measured[week] for week in shown})], measured)


def cost(measured: Mapping[int, Runs], failure: str = "") -> Table:
    """What a week costs, by how many weeks the home holds before it."""
    rows = []
    for week, runs in measured.items():
        keys = ("ingest_s", "derive_s", "report_s", "compact_s", "peak_mb", "catalogue_mb")
        seconds, *parts, peak_mb, catalogue_mb = medians(runs, "seconds", *keys)
        beside = seconds / medians(measured[0], "seconds")[0]
        rows.append((str(week), seconds, *parts, beside, peak_mb, catalogue_mb))
    note = (
        "Seven files a week. Half of the ships are heard every week, the other half one week in "
        "13. The reports of all weeks that changed are in it. Parts are compacted beside the "
        "reports, every fifth week; what is left when those are written is waited for, and part of "
        "what follows."
    )
    header = ("weeks before", "a week more, s", "ingest, s", "all that follows, s", "reports, s")
    header += ("compaction, s", "against the first", "peak MB", "catalogue, MB")
    return Table("A week more", f"{failure} {note}".strip(), header, rows)


def home_path(given: Given) -> Path:
    """The home of the year: one of other size or length lies elsewhere."""
    return given.work / f"year-{given.week_rows}-{given.weeks[-1] + 1}"


def week_files(given: Given, week: int, rows: int | None = None) -> list[str]:
    """The seven days of a week, written if they are not there: of `week_rows`, or of other size."""
    return write_days(given, rows or given.week_rows, range(7 * week, 7 * week + 7))


def _remove(files: Sequence[str]) -> None:
    for path in files:
        Path(path).unlink()


def add_week(given: Given, home: Path, week: int, files: Sequence[str]) -> dict[str, Any]:
    """A run that adds files to a home and publishes, on the Monday after the week."""
    moment = as_of(week)
    return job("run", files=files, home=str(home), as_of=moment, publish=True, **given.limits)


def as_of(week: int) -> str:
    """Monday after the week, 6:00: when the schedule runs."""
    monday = datetime.combine(FIRST_DAY, time(6)) + timedelta(weeks=week + 1)
    return monday.isoformat()


def home_of_year(given: Given) -> Path:
    """The home that `year` left; where there is none, one made of the same files in one run."""
    home = home_path(given)
    weeks = range(given.weeks[-1] + 1)
    if len(read_manifest(home).entries) < 7 * len(weeks):
        say(f"a home of {len(weeks)} weeks")
        shutil.rmtree(home, ignore_errors=True)
        files = [path for week in weeks for path in week_files(given, week)]
        add_week(given, home, weeks[-1], files)
        _remove(files)
    return home


def full_week(given: Given) -> Found:
    """The week after the year, with MarineCadastre's rows: to an empty home and to the year's.

    The weeks of `year` are thin, so that a year of them can be measured. What a later week costs
    more than the first one hangs on ships and weeks; this tells how much it is beside full days.
    """
    home = home_of_year(given)
    week = given.weeks[-1] + 1
    files = week_files(given, week, given.rows)
    to = home.with_name(f"{home.name}-full")

    def added(start: Path) -> dict[str, Any]:
        clone(start, to)
        return add_week(given, to, week, files)

    sides = {"an empty home": given.work / "none", f"{week} weeks": home}
    measured = in_turn({n: partial(added, start) for n, start in sides.items()}, given.times)
    shutil.rmtree(to)
    _remove(files)
    empty = measured["an empty home"]
    rows = []
    for label, runs in measured.items():
        keys = ("seconds", "ingest_s", "derive_s", "report_s", "peak_mb")
        *seconds, peak_mb = medians(runs, *keys)
        rows.append((label, *seconds, ratio(runs, empty), peak_mb))
    note = (
        f"{empty[0]['rows']:,} rows in seven files of {given.rows:,}, added to an empty home and "
        f"to that of {week} weeks of {7 * given.week_rows:,} rows; the reports are in it. Ratios "
        "are of the rounds."
    )
    header = ("before", "a week more, s", "ingest, s", "all that follows, s", "reports, s")
    header += ("against the empty home", "peak MB")
    return Found([Table("A full week more", note, header, rows)], measured)


def clone(home: Path, to: Path) -> None:
    """A copy of a home. The lake's parts never change under one name, so they are linked."""
    shutil.rmtree(to, ignore_errors=True)

    def copy(source: str, target: str) -> None:
        (os.link if source.endswith(".parquet") else shutil.copy2)(source, target)

    if home.exists():
        shutil.copytree(home, to, copy_function=copy)


SHIP = 200_000_000 + 37_000 * 152
"""Ship 152 of `days`: a tanker at Kharg from Monday to Friday, every week."""

BOX = {"west": 49.9, "east": 50.7, "south": 28.9, "north": 29.6}
"""Round Kharg."""


def questions(week: int) -> dict[str, tuple[dict[str, Any], dict[str, tuple[Any, Any]]]]:
    """Each question's parameters, and the bounds that its constants set on `position`."""
    monday = datetime.combine(FIRST_DAY + timedelta(weeks=week), time())
    name = f"{monday:%G-W%V}"
    span = (monday, monday + timedelta(days=7, microseconds=-1))
    moment = {"moment": monday.isoformat()}
    box = {"lon": (BOX["west"], BOX["east"]), "lat": (BOX["south"], BOX["north"])}
    return {
        "ship_year": ({"mmsi": SHIP}, {"mmsi": (SHIP, SHIP)}),
        "port_week_calls": ({"port_id": "IRKHK", "week": name}, {}),
        "port_week_fixes": (BOX | moment, box | {"reported_at": span}),
        "series": ({}, {}),
        "top_ships": ({}, {}),
        "call_track": ({"mmsi": SHIP, "week": name}, {"mmsi": (SHIP, SHIP)}),
        "linked_fixes": (moment, {"reported_at": span}),
    }


def ask(given: Given, home: Path, name: str, parameters: Mapping[str, Any]) -> Runs:
    """A question several times, each in a new process."""
    asked = {"name": name, "parameters": parameters, "threads": given.limits["threads"]}
    asked |= {"home": str(home), "times": given.times}
    return in_turn({name: partial(job, "query", **asked)}, given.times)[name]


def queries(given: Given) -> Found:
    """Analysts' questions on the home of the year."""
    home = home_of_year(given)
    groups = row_groups(home)
    measured, rows = {}, []
    for name, (parameters, bounds) in questions(given.weeks[-1] // 2).items():
        measured[name] = runs = ask(given, home, name, parameters)
        cold_s, warm_s, read_mb, peak_mb = medians(runs, "cold_s", "warm_s", "read_mb", "peak_mb")
        opened, kept = None, None
        if bounds:
            opened = runs[0]["files_read"]
            kept = f"{sum(may_hold(one, bounds) for one in groups):,} of {len(groups):,}"
        link = f"[{name}](questions/{name}.sql)"
        rows.append((link, cold_s, warm_s, runs[0]["rows"], opened, read_mb, kept, peak_mb))
    fixes = sum(group["rows"] for group in groups)
    files = {group["file"] for group in groups}
    lake_mb = sum(Path(file).stat().st_size for file in files) / 1e6
    note = (
        f"On {fixes:,} fixes in {len(files)} files of {lake_mb:,.0f} MB, "
        "with DuckDB alone, opened read-only. Cold: a new process, the system's pages of the home "
        "given back before; read: what the system handed to it meanwhile, opening included. Files "
        "opened: by `explain analyze`. Row groups: those that their statistics do not rule out for "
        "the question's constants."
    )
    header = ("question", "cold, s", "warm, s", "rows", "files opened", "read, MB", "row groups")
    return Found([Table("Questions", note, (*header, "peak MB"), rows)], measured)


def row_groups(home: Path) -> list[dict[str, Any]]:
    """Every row group of `position`: file, rows, and (least, greatest) by column."""
    found = []
    settings = load_settings({"home": home}, {})
    files = access.lake_files(settings, read_manifest(settings.place), "position")
    for path in sorted({*files.parts, *files.compact}):
        metadata = pq.read_metadata(path)
        for group in map(metadata.row_group, range(metadata.num_row_groups)):
            spans = {}
            for column in map(group.column, range(group.num_columns)):
                if column.statistics is not None and column.statistics.has_min_max:
                    spans[column.path_in_schema] = (column.statistics.min, column.statistics.max)
            if group.num_rows:  # the empty part has a group too
                found.append({"file": path, "rows": group.num_rows, "spans": spans})
    return found


def may_hold(group: Mapping[str, Any], bounds: Mapping[str, tuple[Any, Any]]) -> bool:
    """Whether a row group's statistics leave room for a row within all bounds (ends included).

    >>> group = {"spans": {"mmsi": (200, 300)}}
    >>> may_hold(group, {"mmsi": (300, 400)}), may_hold(group, {"mmsi": (301, 400)})
    (True, False)
    >>> may_hold(group, {"lon": (50, 51)})
    True
    """
    spans = group["spans"]
    return all(
        name not in spans or (spans[name][0] <= high and low <= spans[name][1])
        for name, (low, high) in bounds.items()
    )
