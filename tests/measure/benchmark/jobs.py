"""What is measured, each in a process of its own: `python -m tests.measure.benchmark.jobs NAME`.

Takes its arguments as JSON on stdin and prints what it measured as JSON. Importing is not timed.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import psutil

from tests.measure.benchmark.days import COLUMNS

QUESTIONS = Path(__file__).parent / "questions"

BARE = """
copy (
    select * from read_csv(
        $path, columns = $columns, header = true, auto_detect = false, delim = ',', quote = '"'
    )
) to $out (format parquet, compression zstd)
"""
IN_ORDER = BARE.replace(") to", "order by mmsi, base_date_time, longitude, latitude) to")


def copy(
    files: list[str], work: str, threads: int, memory_limit: str, *, is_ordered: bool
) -> dict[str, Any]:
    """DuckDB's COPY of each file in turn, in the lake's row order or unordered."""
    Path(work).mkdir()
    config = {"threads": threads, "memory_limit": memory_limit, "temp_directory": f"{work}/tmp"}
    with duckdb.connect(config=config) as con:
        con.execute("set enable_progress_bar = false; set preserve_insertion_order = false")
        start = time.perf_counter()
        for number, path in enumerate(files):
            out = f"{work}/copy-{number}.parquet"
            sql = IN_ORDER if is_ordered else BARE
            con.execute(sql, {"path": path, "columns": COLUMNS, "out": out})
        return {"seconds": time.perf_counter() - start, "peak_mb": own_peak_mb()}


def ingest(files: list[str], home: str, **given: Any) -> dict[str, Any]:
    """The files into the lake of a home."""
    seconds, outcomes, _ = _ingested(files, home, given)
    return {"seconds": seconds, "rows": _rows(outcomes), "peak_mb": own_peak_mb()}


def run(files: list[str], home: str, *, publish: bool, **given: Any) -> dict[str, Any]:
    """The whole run without Prefect: ingest, then all that follows from the lake.

    With `publish` the reports that are new or changed are part of it. Without, every week's report
    is written after it and timed apart: that hangs on the weeks, not the rows.
    """
    from flows.catalogue import access
    from flows.report.write import write_reports
    from flows.runner import run

    run.load_ahead()  # `barometer run` does it while Prefect's server starts
    ingest_s, outcomes, settings = _ingested(files, home, given)
    start = time.perf_counter()
    with timed(run, "write_reports", "_compact") as within:
        run.derive(settings, outcomes, publish=publish)
    report_s = within["write_reports"]
    derive_s = time.perf_counter() - start - report_s
    found = {
        "seconds": ingest_s + derive_s + report_s,
        "ingest_s": ingest_s,
        "derive_s": derive_s,
        "compact_s": within["_compact"],
        "rows": _rows(outcomes),
        "peak_mb": own_peak_mb(),
        "catalogue_mb": access.existing(settings.home).stat().st_size / 1e6,
    }
    if not publish:
        start = time.perf_counter()
        with access.reading(settings) as con:
            write_reports(con, settings.home)
        report_s = time.perf_counter() - start
    return found | {"report_s": report_s}


def derive(files: list[str], home: str, **given: Any) -> dict[str, Any]:
    """The files into the lake of a home, and all that follows from it but the reports."""
    from flows.runner import run

    start = time.perf_counter()
    _, outcomes, settings = _ingested(files, home, given)
    run.derive(settings, outcomes, publish=False)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "rows": _rows(outcomes), "peak_mb": own_peak_mb()}


def _ingested(files: list[str], home: str, given: dict[str, Any]) -> tuple[float, list[Any], Any]:
    from flows.home.settings import load_settings
    from flows.ingest.stage import ingest_file
    from flows.lake.prepare import prepare_home
    from flows.sources.definitions import load_sources
    from flows.sources.packings import InputFile

    settings = load_settings({"home": home, **given}, {})
    start = time.perf_counter()
    prepare_home(settings.home)
    sources = load_sources(settings.home)
    inputs = [InputFile(Path(path), is_named=True) for path in files]
    outcomes = [outcome for file in inputs for outcome in ingest_file(file, sources, settings)]
    seconds = time.perf_counter() - start
    wrong = [outcome.message for outcome in outcomes if outcome.state != "ingested"]
    if wrong:
        raise SystemExit(f"not ingested: {wrong}")
    return seconds, outcomes, settings


def _rows(outcomes: list[Any]) -> int:
    return sum(outcome.entry.rows_read for outcome in outcomes)


@contextmanager
def timed(module: Any, *names: str) -> Iterator[dict[str, float]]:
    """Seconds by the clock within functions of a module, measured from outside."""
    seconds = dict.fromkeys(names, 0.0)

    def beside(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return plain(*given, **named)
            finally:
                seconds[name] += time.perf_counter() - start

        return step

    with ExitStack() as patches:
        for name in names:
            step = beside(name, getattr(module, name))
            patches.enter_context(mock.patch.object(module, name, step))
        yield seconds


def query(
    home: str, name: str, parameters: dict[str, Any], threads: int, times: int
) -> dict[str, Any]:
    """Seconds of a question on a home: cold, its pages given back to the system, and warm.

    Read like any client does: DuckDB read-only on the catalogue, nothing else. Cold is the first
    time in a new process, opening included; what was read is counted by the system meanwhile.
    """
    forget_pages(Path(home))
    had_read = psutil.Process().io_counters().read_chars
    sql = (QUESTIONS / f"{name}.sql").read_text(encoding="utf-8")
    if "moment" in parameters:
        parameters = parameters | {"moment": datetime.fromisoformat(parameters["moment"])}
    start = time.perf_counter()
    config = {"threads": threads}
    with duckdb.connect(f"{home}/barometer.duckdb", read_only=True, config=config) as con:
        con.execute("set enable_progress_bar = false")
        rows = len(con.execute(sql, parameters).fetchall())
        cold_s = time.perf_counter() - start
        read = psutil.Process().io_counters().read_chars - had_read
        warm = []
        for _ in range(times):
            start = time.perf_counter()
            con.execute(sql, parameters).fetchall()
            warm.append(time.perf_counter() - start)
        told = con.execute(f"explain (analyze, format json) {sql}", parameters).fetchall()
    profile = json.loads(told[0][1])
    return {
        "cold_s": cold_s,
        "warm_s": statistics.median(warm),
        "rows": rows,
        "files_read": _files_read(profile),
        "read_mb": read / 1e6,
        "peak_mb": own_peak_mb(),
    }


def _files_read(operator: dict[str, Any]) -> int:
    own = int(operator.get("extra_info", {}).get("Total Files Read", 0))
    return own + sum(_files_read(child) for child in operator.get("children", []))


def forget_pages(folder: Path) -> None:
    """Give the pages of a folder's files back to the system, where it has a call for that."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as raw:
                os.fsync(raw.fileno())
                os.posix_fadvise(raw.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def fence(points: str) -> dict[str, Any]:
    """Points (lon, lat) in the port areas, as the run locates them."""
    import pyarrow.parquet as pq

    from flows.home.resources import port_files
    from geo.fences import locate
    from geo.ports import load_ports

    ports = load_ports(*port_files())
    table = pq.read_table(points, columns=["lon", "lat"])
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    locate(lon[:1], lat[:1], ports)  # the grid is built once for all calls
    start = time.perf_counter()
    place = locate(lon, lat, ports)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "rows": len(lon), "found": int((place.area > 0).sum())}


def calls(fixes: str) -> dict[str, Any]:
    """Port calls from all fixes of some ships, as the run finds them: fences, verdicts, calls."""
    from flows.derive import calls
    from flows.home.resources import port_files
    from geo.ports import load_ports

    ports = load_ports(*port_files())
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(
            "create table position as select *, 'a receiver' as source from read_parquet($fixes)",
            {"fixes": fixes},
        )
        con.execute(
            "create table candidate as select mmsi, count(*) as fixes from position group by all"
        )
        con.execute(
            "create table reception_slot (port_id varchar, slot_at timestamp, hour_bits tinyint)"
        )
        con.execute(
            "create table source_terms "
            "(source varchar, position_accuracy_m float, time_step_s integer)"
        )
        row = con.execute("select max(reported_at), count(*) from position").fetchone()
        assert row is not None
        end, rows = row
        start = time.perf_counter()
        found = calls.find_calls(con, ports, end, calls.NO_WORK)
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "rows": rows, "found": found.calls.num_rows}


ROADS = """
create table main.position as
select
    352980000 + ship as mmsi,
    timestamp '2026-03-02' + to_seconds(600 * slot + (ship * 37) % 600) as reported_at,
    round(57.5 + ship % 15 * 0.007 + 0.002 * cos(slot / 12 + ship), 5) as lon,
    round(25.0 + ship // 15 * 0.0063 + 0.002 * sin(slot / 12 + ship), 5) as lat,
    0.1::float as sog_kn,
    80::smallint as ship_type,
    (slot * 7 % 360)::float as heading_deg,
    'roads' as source,
    352980000 + ship as track_id,
    'credible' as verdict
from range(200) as ships (ship), range($fixes // 200) as slots (slot)
order by reported_at::date, mmsi, reported_at
"""


def encounters(fixes: int, threads: int, memory_limit: str) -> dict[str, Any]:
    """Boxes of slow ships, pairs of ships near each other, and what their fixes show of them."""
    from flows.catalogue import access, relations
    from flows.home.resources import sql_text
    from flows.home.settings import load_settings

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        limits = {"home": home, "threads": threads, "memory_limit": memory_limit}
        settings = load_settings(limits, {})
        con = stack.enter_context(access.open_for_writing(home / "x", settings))
        relations.begin(con)
        con.execute(ROADS, {"fixes": fixes})
        for name in ("new_position", "new_static_report", "track_fix"):
            con.execute(f"create view {name} as from position")
        con.execute("create view hull_spell as select distinct mmsi, mmsi as hull_id from position")
        con.execute("create view hull as select hull_id, true as is_tanker from hull_spell")
        con.execute(
            "create view source_terms as select 'roads' as source, 100 as position_accuracy_m"
        )
        con.execute("create table changed_day (mmsi integer, day date)")
        start = time.perf_counter()
        con.execute(f"create table slow_slot as {sql_text('digest/slow_slot')}")
        digest_s = time.perf_counter() - start
        for name in ("slow_week", "near_pair", "encounter_window"):
            relations.create(con, name)
        window_s = time.perf_counter() - start - digest_s
        relations.create(con, "encounter_spell")
        spell_s = time.perf_counter() - start - digest_s - window_s
        (pairs,) = con.execute("select count(*) from encounter_window").fetchone() or (0,)
    measured = {"digest_s": digest_s, "window_s": window_s, "spell_s": spell_s}
    return measured | {"pairs": pairs, "peak_mb": own_peak_mb()}


def own_peak_mb() -> float:
    """Peak resident memory of this process. Linux's ru_maxrss has the parent's from the fork."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    job.__name__: job for job in (copy, ingest, run, derive, query, fence, calls, encounters)
}


def main() -> None:
    """Do the job that the command line names."""
    given = json.load(sys.stdin)
    print(json.dumps(JOBS[sys.argv[1]](**given)))


if __name__ == "__main__":
    main()
