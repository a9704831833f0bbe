"""The part that holds steps of the run against other libraries, on one core each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from flows.lake.manifest import part_paths, read_manifest
from tests.measure.benchmark.days import write_day
from tests.measure.benchmark.parts import Given, scratch
from tests.measure.benchmark.process import ROOT, JobFailed, job, say, watched
from tests.measure.benchmark.table import Found, Table, median, ratio

PYTHON = ROOT / ".venv-benchmark" / "bin" / "python"
STEPS = Path(__file__).parent / "peers.py"
STOPS = ROOT / "tests" / "measure" / "evaluation" / "peers.py"

OURS = "Barometer"

BERTHED_SHIPS = 300
"""Of `days`: at 30,000 fixes a week each is heard every two hours or so, as by satellite."""

IN_ORDER_OF_TIME = """
copy (
    select mmsi, reported_at, lon, lat, sog_kn, imo
    from read_parquet($parts, hive_partitioning = false)
    order by reported_at, mmsi, lon, lat
) to $out (format parquet)
"""


def peers(given: Given) -> Found:
    """The same rows, one core each: into a lake, in which port, calls or stops."""
    if not PYTHON.exists():
        say(f"peers: no {PYTHON.relative_to(ROOT)}; `make bench ARGS=peers` makes it. Skipped.")
        return Found([], {"skipped": "no environment with the peers"})
    with scratch(given) as folder:
        day = str(write_day(given.work / "days", given.peer_rows))
        week = [
            str(write_day(given.work / "days", given.slow_rows // 7, number, BERTHED_SHIPS))
            for number in range(7)
        ]
        points, fixes = _fixes(given, folder, [day]), _fixes(given, folder, week)
        limits = given.limits | {"threads": 1}

        def ingest() -> dict[str, Any]:
            with scratch(given) as home:
                return _job("ingest", files=[day], home=str(home / "home"), **limits)

        def copy() -> dict[str, Any]:
            with scratch(given) as work:
                return _job("copy", files=[day], work=str(work), is_ordered=True, **limits)

        tables, measured = [], {}
        for title, note, sides in (
            (
                "From CSV into Parquet",
                "Checked, each fix once, in order of ship and time. DuckDB's COPY checks only the "
                "types; polars drops what Barometer keeps as `reject` with line and reason.",
                {
                    OURS: ingest,
                    "DuckDB's COPY in order": copy,
                    "polars": lambda: _peer("polars-lake", day, str(folder / "polars.parquet")),
                },
            ),
            (
                "In which port area",
                "Points in memory against the same areas. `found`: points inside; boxes find more.",
                {
                    OURS: lambda: _job("fence", points=points),
                    "polars, boxes": lambda: _peer("polars-boxes", points, ""),
                    "GeoPandas, sjoin": lambda: _peer("geopandas-sjoin", points, ""),
                },
            ),
            (
                "Calls, or stops",
                f"A week of {BERTHED_SHIPS} ships that come to Iranian berths. Barometer finds "
                "fences, verdicts and calls; the others find stops anywhere. `found`: calls or "
                "stops.",
                {
                    OURS: lambda: _job("calls", fixes=fixes),
                    "MovingPandas": lambda: _stops("movingpandas", fixes, folder),
                    "trackintel": lambda: _stops("trackintel", fixes, folder),
                },
            ),
        ):
            measured[title] = _in_turn(sides, given.times)
            tables.append(_table(title, note, measured[title]))
    return Found(tables, measured)


def _in_turn(
    sides: Mapping[str, Callable[[], dict[str, Any]]], times: int
) -> dict[str, list[dict[str, Any]]]:
    measured: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    for number in range(times):
        for name, side in sides.items():
            say(f"{name}, {number + 1} of {times}")
            measured[name].append(side())
    return measured


def _table(title: str, note: str, measured: Mapping[str, Sequence[dict[str, Any]]]) -> Table:
    rows = measured[OURS][0]["rows"]
    lines: list[tuple[object, ...]] = [
        (
            " ".join([name, *([runs[0]["version"]] if "version" in runs[0] else [])]),
            rows / median(runs, "seconds"),
            ratio(runs, measured[OURS]),
            runs[0].get("found"),
            median(runs, "peak_mb"),
        )
        for name, runs in measured.items()
    ]
    header = ("", "rows a second", "time against Barometer's", "found", "peak MB")
    return Table(title, f"{rows:,} rows, one core each. {note}", header, lines)


def _fixes(given: Given, folder: Path, files: list[str]) -> str:
    """The valid fixes of files, in order of time, as one Parquet file."""
    home = folder / f"home-{len(files)}"
    job("ingest", files=files, home=str(home), **given.limits)
    parts = part_paths(home, read_manifest(home), "position")
    out = str(folder / f"fixes-{len(files)}.parquet")
    with duckdb.connect() as con:
        con.execute(IN_ORDER_OF_TIME, {"parts": parts, "out": out})
    return out


def _job(name: str, **given: Any) -> dict[str, Any]:
    return job(name, is_on_one_core=True, **given)


def _peer(step: str, given: str, out: str) -> dict[str, Any]:
    return _told([str(PYTHON), str(STEPS), step, given, out])


def _stops(name: str, fixes: str, folder: Path) -> dict[str, Any]:
    out = folder / f"{name}.parquet"
    told = _told([str(PYTHON), str(STOPS), name, fixes, str(out)])
    with duckdb.connect() as con:
        row = con.execute("select count(*) from read_parquet($out)", {"out": str(out)}).fetchone()
    assert row is not None
    return told | {"found": row[0]}


def _told(command: Sequence[str]) -> dict[str, Any]:
    ended = watched(command, is_on_one_core=True)
    if ended.code:
        raise JobFailed(f"{command[2]} failed; its message is above")
    told: dict[str, Any] = json.loads(ended.out)
    return told | {"peak_mb": ended.peak_mb}
