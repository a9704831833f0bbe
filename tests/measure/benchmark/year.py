"""The parts on a home of a year: what a week more costs, and what questions cost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from flows.catalogue import access
from flows.home.settings import load_settings
from flows.lake.manifest import read_manifest
from tests.measure.benchmark.days import FIRST_DAY
from tests.measure.benchmark.parts import Given, write_days
from tests.measure.benchmark.process import JobFailed, job, say
from tests.measure.benchmark.table import Found, Table, median, ratio

SHOWN = 25
"""Steps in the table, the dearest at the end; the JSON has all."""


def year(given: Given) -> Found:
    """Weeks come in one by one, each a run that publishes; some are measured several times.

    Before those the home is laid aside, and put back for each repetition.
    """
    home = home_path(given)
    shutil.rmtree(home, ignore_errors=True)
    aside = home.with_name(f"{home.name}-aside")
    measured: dict[int, list[dict[str, Any]]] = {}
    for week in range(given.weeks[-1] + 1):
        files = week_files(given, week)
        times = given.times if week in (0, *given.weeks) else 1
        if times > 1:
            clone(home, aside)
        measured[week] = []
        for number in range(times):
            if number:
                clone(aside, home)
            say(f"week {week + 1}, {number + 1} of {times}")
            try:
                measured[week].append(_week_more(given, home, week, files))
            except JobFailed as error:
                return _so_far(measured, given.weeks, week, str(error))
        shutil.rmtree(aside, ignore_errors=True)
        for path in files:
            Path(path).unlink()
    return Found([cost(measured, given.weeks), growth(measured, given.weeks)], measured)


def _so_far(
    measured: Mapping[int, Sequence[dict[str, Any]]], weeks: Sequence[int], failed: int, why: str
) -> Found:
    """What was measured before a week failed, with that said first: hours of it are not lost."""
    title = f"The run failed at {failed} weeks before"
    whole = [week for week in weeks if week < failed]
    tables = [cost(measured, whole), *([growth(measured, whole)] if whole else [])]
    said = Table(title, why, ("weeks before", "state"), [(str(failed), "failed")])
    return Found([said, *(tables if failed else [])], {"failed": failed} | dict(measured), False)


def cost(measured: Mapping[int, Sequence[dict[str, Any]]], weeks: Sequence[int]) -> Table:
    """What a week costs, by how many weeks the home holds before it."""
    first = median(measured[0], "seconds")
    rows: list[tuple[object, ...]] = [
        (
            str(week),
            *(
                median(runs, key)
                for key in ("seconds", "ingest_s", "derive_s", "report_s", "compact_s")
            ),
            median(runs, "seconds") / first,
            *(median(runs, key) for key in ("peak_mb", "catalogue_mb")),
        )
        for week in (0, *weeks)
        for runs in [measured[week]]
    ]
    note = (
        f"{measured[0][0]['rows']:,} rows a week in seven files. Half of the ships are heard every "
        "week, the other half one week in 13. The reports of all weeks that changed are in it. "
        "Parts are compacted beside the reports, every fifth week; what is left when those are "
        "written is waited for, and part of what follows."
    )
    header = ("weeks before", "a week more, s", "ingest, s", "all that follows, s", "reports, s")
    header += ("compaction, s", "against the first", "peak MB", "catalogue, MB")
    return Table("A week more", note, header, rows)


def growth(measured: Mapping[int, Sequence[dict[str, Any]]], weeks: Sequence[int]) -> Table:
    """Seconds of each relation and step by weeks before, the dearest at the end first."""

    def seconds(step: str, week: int) -> float:
        return median([{"s": run["steps"].get(step, 0.0)} for run in measured[week]], "s")

    steps = {step for week in weeks for run in measured[week] for step in run["steps"]}
    dearest = sorted(steps, key=lambda step: -seconds(step, weeks[-1]))[:SHOWN]
    rows: list[tuple[object, ...]] = []
    for step in dearest:
        at = [seconds(step, week) for week in weeks]
        rows.append((step, *at, at[-1] / at[0] if at[0] else None))
    return Table(
        "Which steps grow with the home",
        "Seconds of each relation and step, though only a week was added.",
        ("step", *(f"{week} weeks" for week in weeks), f"{weeks[-1]} / {weeks[0]}"),
        rows,
    )


def home_path(given: Given) -> Path:
    """The home of the year: one of other size or length lies elsewhere."""
    return given.work / f"year-{given.week_rows}-{given.weeks[-1] + 1}"


def week_files(given: Given, week: int, rows: int | None = None) -> list[str]:
    """The seven days of a week, written if they are not there: of `week_rows`, or of other size."""
    return write_days(given, rows or given.week_rows, range(7 * week, 7 * week + 7))


def _week_more(given: Given, home: Path, week: int, files: list[str]) -> dict[str, Any]:
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
        _week_more(given, home, weeks[-1], files)
        for path in files:
            Path(path).unlink()
    return home


def full_week(given: Given) -> Found:
    """The week after the year, with MarineCadastre's rows: to an empty home and to the year's.

    The weeks of `year` are thin, so that a year of them can be measured. What a later week costs
    more than the first one hangs on ships and weeks; this tells how much it is beside full days.
    """
    home = home_of_year(given)
    week = given.weeks[-1] + 1
    files = week_files(given, week, given.rows)
    before = {"an empty home": None, f"{week} weeks": home}
    sides: dict[str, list[dict[str, Any]]] = {label: [] for label in before}
    for number in range(given.times):
        for label, start in before.items():
            say(f"a full week to {label}, {number + 1} of {given.times}")
            to = home.with_name(f"{home.name}-full")
            shutil.rmtree(to, ignore_errors=True)
            if start is not None:
                clone(start, to)
            sides[label].append(_week_more(given, to, week, files))
            shutil.rmtree(to)
    for path in files:
        Path(path).unlink()
    empty = sides["an empty home"]
    rows: list[tuple[object, ...]] = [
        (
            label,
            *(median(runs, key) for key in ("seconds", "ingest_s", "derive_s", "report_s")),
            ratio(runs, empty),
            median(runs, "peak_mb"),
        )
        for label, runs in sides.items()
    ]
    note = (
        f"{empty[0]['rows']:,} rows in seven files of {given.rows:,}, added to an empty home and "
        f"to that of {week} weeks of {7 * given.week_rows:,} rows; the reports are in it. Ratios "
        "are of the rounds."
    )
    header = ("before", "a week more, s", "ingest, s", "all that follows, s", "reports, s")
    header += ("against the empty home", "peak MB")
    return Found([Table("A full week more", note, header, rows)], sides)


def clone(home: Path, to: Path) -> None:
    """A copy of a home. The lake's parts never change under one name, so they are linked."""
    shutil.rmtree(to, ignore_errors=True)

    def copy(source: str, target: str) -> None:
        if source.endswith(".parquet"):
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    if home.exists():
        shutil.copytree(home, to, copy_function=copy)


SHIP = 200_000_000 + 37_000 * 152
"""Ship 152 of `days`: a tanker at Kharg from Monday to Friday, every week."""

BOX = {"west": 49.9, "east": 50.7, "south": 28.9, "north": 29.6}
"""Round Kharg."""


def questions(week: int) -> dict[str, tuple[dict[str, Any], dict[str, tuple[Any, Any]]]]:
    """Each question's parameters, and the bounds that its constants set on `position`."""
    monday = datetime.combine(FIRST_DAY + timedelta(weeks=week), time())
    name = f"{monday.isocalendar().year}-W{monday.isocalendar().week:02}"
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


def queries(given: Given) -> Found:
    """Analysts' questions on the home of the year."""
    home = home_of_year(given)
    groups = row_groups(home)
    threads = given.limits["threads"]
    measured: dict[str, list[dict[str, Any]]] = {}
    rows: list[tuple[object, ...]] = []
    for name, (parameters, bounds) in questions(given.weeks[-1] // 2).items():
        measured[name] = []
        for number in range(given.times):
            say(f"{name}, {number + 1} of {given.times}")
            asked = {
                "name": name,
                "parameters": parameters,
                "threads": threads,
                "times": given.times,
            }
            measured[name].append(job("query", home=str(home), **asked))
        kept = sum(may_hold(group, bounds) for group in groups) if bounds else None
        rows.append(
            (
                f"[{name}](questions/{name}.sql)",
                *(median(measured[name], key) for key in ("cold_s", "warm_s")),
                measured[name][0]["rows"],
                measured[name][0]["files_read"] if bounds else None,
                median(measured[name], "read_mb"),
                None if kept is None else f"{kept:,} of {len(groups):,}",
                median(measured[name], "peak_mb"),
            )
        )
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
    header += ("peak MB",)
    return Found([Table("Questions", note, header, rows)], measured)


def row_groups(home: Path) -> list[dict[str, Any]]:
    """Every row group of `position`: file, rows, and (least, greatest) by column."""
    found = []
    settings = load_settings({"home": home}, {})
    files = access.lake_files(settings, read_manifest(settings.place), "position")
    for path in sorted({*files.parts, *files.compact}):
        metadata = pq.read_metadata(path)
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            spans = {}
            for index in range(group.num_columns):
                column = group.column(index)
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
