"""The part that holds steps of the run against other libraries, on one core each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from flows.lake.manifest import part_paths, read_manifest
from tests.measure.benchmark.days import write_day
from tests.measure.benchmark.parts import Given, afresh, scratch
from tests.measure.benchmark.process import ROOT, JobFailed, in_turn, job, say, watched
from tests.measure.benchmark.table import Found, Runs, Table, medians, ratio

PYTHON = ROOT / ".venv-benchmark" / "bin" / "python"
SCRIPT = ROOT / "tests" / "measure" / "peers.py"

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
        ours = partial(job, is_on_one_core=True)
        limited = given._replace(limits=given.limits | {"threads": 1})
        lake = partial(afresh, limited, files=[day], is_on_one_core=True)
        lake_of_polars, stops = str(folder / "polars.parquet"), str(folder / "stops.parquet")
        in_tables = {
            "From CSV into Parquet": (
                "Checked, each fix once, in order of ship and time. DuckDB's COPY checks only the "
                "types; polars drops what Barometer keeps as `reject` with line and reason.",
                {
                    OURS: partial(lake, "ingest", "home"),
                    "DuckDB's COPY in order": partial(lake, "copy", "work", is_ordered=True),
                    "polars": partial(_peer, "polars-lake", day, lake_of_polars),
                },
            ),
            "In which port area": (
                "Points in memory against the same areas. `found`: points inside; boxes find more.",
                {
                    OURS: partial(ours, "fence", points=points),
                    "polars, boxes": partial(_peer, "polars-boxes", points, ""),
                    "GeoPandas, sjoin": partial(_peer, "geopandas-sjoin", points, ""),
                },
            ),
            "Calls, or stops": (
                f"A week of {BERTHED_SHIPS} ships that come to Iranian berths. Barometer finds "
                "fences, verdicts and calls; the others find stops anywhere. `found`: calls or "
                "stops.",
                {
                    OURS: partial(ours, "calls", fixes=fixes),
                    "MovingPandas": partial(_peer, "movingpandas", fixes, stops),
                    "trackintel": partial(_peer, "trackintel", fixes, stops),
                },
            ),
        }
        measured = {t: in_turn(sides, given.times) for t, (_, sides) in in_tables.items()}
    tables = [_table(title, note, measured[title]) for title, (note, _) in in_tables.items()]
    return Found(tables, measured)


def _table(title: str, note: str, measured: Mapping[str, Runs]) -> Table:
    rows = measured[OURS][0]["rows"]
    lines = []
    for name, runs in measured.items():
        seconds, peak_mb = medians(runs, "seconds", "peak_mb")
        named = " ".join([name, *([runs[0]["version"]] if "version" in runs[0] else [])])
        beside = ratio(runs, measured[OURS])
        lines.append((named, rows / seconds, beside, runs[0].get("found"), peak_mb))
    header = ("", "rows a second", "time against Barometer's", "found", "peak MB")
    return Table(title, f"{rows:,} rows, one core each. {note}", header, lines)


def _fixes(given: Given, folder: Path, files: Sequence[str]) -> str:
    """The valid fixes of files, in order of time, as one Parquet file."""
    home = folder / f"home-{len(files)}"
    job("ingest", files=files, home=str(home), **given.limits)
    parts = part_paths(home, read_manifest(home), "position")
    out = str(folder / f"fixes-{len(files)}.parquet")
    with duckdb.connect() as con:
        con.execute(IN_ORDER_OF_TIME, {"parts": parts, "out": out})
    return out


def _peer(step: str, given: str, out: str) -> dict[str, Any]:
    ended = watched([str(PYTHON), str(SCRIPT), step, given, out], is_on_one_core=True)
    if ended.code:
        raise JobFailed(f"{step} failed; its message is above")
    told: dict[str, Any] = json.loads(ended.out)
    return told | {"peak_mb": ended.peak_mb}
