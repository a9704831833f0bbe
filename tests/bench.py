"""`make bench`: the whole run on a day of MarineCadastre's size against DuckDB's bare COPY.

The floor reads the same columns of the same file with DuckDB and writes them as zstd Parquet in the
lake's own row order, with the same threads and memory limit. Each is a process of its own, in turn,
several times; the table gives medians. The file is SIMULATED: ships that drift, in US waters and in
the Gulf, some of them still in Iranian berths, one row in a thousand bad and some repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROWS = 8_100_000
MEMORY_LIMIT = "300MB"
COLUMNS = {
    "mmsi": "integer",
    "base_date_time": "timestamp",
    "longitude": "double",
    "latitude": "double",
    "sog": "float",
    "cog": "float",
    "heading": "float",
    "vessel_name": "varchar",
    "imo": "varchar",
    "call_sign": "varchar",
    "vessel_type": "smallint",
    "status": "smallint",
    "length": "float",
    "width": "float",
    "draft": "float",
    "cargo": "smallint",
    "transceiver": "varchar",
}

# 15,000 ships heard in turn; ship 0 to 1,999 in the Gulf, 0 to 299 of them still off Bandar Abbas,
# at Kharg or at Bandar Imam Khomeini, the others along the coasts of the United States.
WRITE_DAY = """
copy (
    with fix as (
        select
            i,
            hash(i) as noise,
            (hash(i) % 15000)::integer as ship
        from range($rows) as t (i)
    ),
    placed as (
        select
            *,
            case
                when ship < 100 then 56.06 when ship < 200 then 50.33 when ship < 300 then 49.07
                when ship < 2000 then 50.5 + (hash(ship) % 7000) / 1000.0 + 0.4 * i / $rows
                else -125 + (hash(ship) % 55000) / 1000.0 + 0.4 * i / $rows
            end as lon,
            case
                when ship < 100 then 27.10 when ship < 200 then 29.23 when ship < 300 then 30.43
                when ship < 2000 then 25.0 + (hash(ship * 3) % 3000) / 1000.0
                else 25.0 + (hash(ship * 3) % 24000) / 1000.0
            end as lat
        from fix
    )
    select
        case
            when noise % 1000 = 0 then 111000000 + ship else 200000000 + 37000 * ship
        end as mmsi,
        strftime(
            timestamp '2025-01-06' + to_seconds(i * 86400.0 / $rows), '%Y-%m-%d %H:%M:%S'
        ) as base_date_time,
        round(lon + (noise % 100) / 100000.0, 5) as longitude,
        round(lat + (noise % 97) / 100000.0, 5) as latitude,
        case when ship < 300 then 0.1 else round((noise % 150) / 10.0, 1) end as sog,
        round((noise % 3600) / 10.0, 1) as cog,
        (noise % 360)::integer as heading,
        'VESSEL NAME ' || ship as vessel_name,
        case when ship % 3 = 0 then '' else 'IMO' || (9000000 + ship) end as imo,
        'CALL' || ship as call_sign,
        30 + ship % 60 as vessel_type,
        (noise % 9)::integer as status,
        20 + ship % 300 as length,
        5 + ship % 40 as width,
        round(2 + (ship % 150) / 10.0, 1) as draft,
        30 + ship % 60 as cargo,
        case when ship % 4 = 0 then 'B' else 'A' end as transceiver
    from placed
    order by i
) to $path (header)
"""
FLOOR = """
copy (
    select * exclude (cargo, transceiver)
    from read_csv(
        $path, columns = $columns, header = true, auto_detect = false, delim = ',', quote = '"'
    )
    order by mmsi, base_date_time, longitude, latitude
) to $out (format parquet, compression zstd)
"""
BARE = FLOOR.replace("    order by mmsi, base_date_time, longitude, latitude\n", "")


def measure_copy(query: str, day: Path, work: Path, threads: int) -> dict[str, float]:
    """Time and peak memory of DuckDB's COPY in this process."""
    config = {"threads": threads, "memory_limit": MEMORY_LIMIT, "temp_directory": str(work)}
    with duckdb.connect(config=config) as con:
        con.execute("set enable_progress_bar = false; set preserve_insertion_order = false")
        start = time.perf_counter()
        out = str(work / "copy.parquet")
        con.execute(query, {"path": str(day), "columns": COLUMNS, "out": out})
        return _measured(start)


def measure_run(day: Path, work: Path, threads: int) -> dict[str, float]:
    """Time and peak memory of the whole run in this process; importing and Prefect apart.

    What it publishes comes after it, timed apart: it hangs on the weeks, not on the rows.
    """
    from flows import catalogue, lake, run
    from flows.files import InputFile
    from flows.ingest import ingest_file
    from flows.report.tables import week_folder, weeks
    from flows.report.write import write_report
    from flows.settings import load_settings
    from flows.sources import load_sources

    settings = load_settings(
        {"home": work / "home", "threads": threads, "memory_limit": MEMORY_LIMIT}, {}
    )
    start = time.perf_counter()
    lake.prepare(settings.home)
    outcomes = ingest_file(InputFile(day, is_named=True), load_sources(), settings)
    ingested = time.perf_counter() - start
    run.derive(settings, outcomes, publish=False)
    assert outcomes[0].state == "ingested", outcomes[0].message
    found = _measured(start) | {"ingest_s": ingested}
    start = time.perf_counter()
    with catalogue.reading(settings) as con:
        for week in weeks(con):
            write_report(con, week_folder(settings.home, week), week)
    return found | {"report_s": time.perf_counter() - start}


def _measured(start: float) -> dict[str, float]:
    return {"seconds": time.perf_counter() - start, "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    """Peak resident memory of this process. Linux's ru_maxrss has the parent's from the fork."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Write the day, measure in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--one", choices=("floor", "bare", "run"))
    parser.add_argument("--day", type=Path)
    flags = parser.parse_args()
    threads = min(os.cpu_count() or 1, 8)
    if flags.one:
        with tempfile.TemporaryDirectory(dir=flags.day.parent) as work:
            found = (
                measure_run(flags.day, Path(work), threads)
                if flags.one == "run"
                else measure_copy(
                    FLOOR if flags.one == "floor" else BARE, flags.day, Path(work), threads
                )
            )
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder:
        day = Path(folder) / "ais-2025-01-06.csv"
        with duckdb.connect() as con:
            con.execute("set enable_progress_bar = false")
            con.execute(WRITE_DAY, {"rows": flags.rows, "path": str(day)})
        print(
            f"{flags.rows:,} SIMULATED rows, {day.stat().st_size / 1e6:,.0f} MB; "
            f"{threads} threads, DuckDB limited to {MEMORY_LIMIT}; medians of {flags.times}"
        )
        results: dict[str, list[dict[str, float]]] = {"floor": [], "run": [], "bare": []}
        for _ in range(flags.times):
            for name, found in results.items():
                found.append(_in_a_process(name, day))
        _print_table(results)


def _in_a_process(name: str, day: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", name, "--day", str(day)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _print_table(results: dict[str, list[dict[str, float]]]) -> None:
    def median(name: str, key: str) -> float:
        return statistics.median(found[key] for found in results[name])

    ratios = {
        against: statistics.median(
            run["seconds"] / other["seconds"]
            for run, other in zip(results["run"], results[against], strict=True)
        )
        for against in ("floor", "bare")
    }
    print(f"{'':28}{'seconds':>9}{'peak MB':>9}")
    for name, label in (
        ("floor", "COPY in the lake's order"),
        ("bare", "COPY unordered"),
        ("run", "the whole run"),
    ):
        print(f"{label:28}{median(name, 'seconds'):9.1f}{median(name, 'peak_mb'):9.0f}")
    print(f"{'  of which ingest':28}{median('run', 'ingest_s'):9.1f}")
    print(f"{'and after it the reports':28}{median('run', 'report_s'):9.1f}")
    print(f"run / COPY in order {ratios['floor']:.2f}, run / COPY unordered {ratios['bare']:.2f}")


if __name__ == "__main__":
    main()
