"""The parts of the benchmark that measure the run as it is: day, sizes, packing, dask."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tests.measure.benchmark.days import pack, write_day
from tests.measure.benchmark.process import JobFailed, in_turn, job, say, watched
from tests.measure.benchmark.table import Found, Table, medians, ratio

DAY_ROWS = 8_100_000
"""A MarineCadastre day."""

FREE_FOR_A_ROW = 200
"""Bytes of disk: 119 of CSV, 16 in the lake or in a COPY (measured at half a million rows), and
room for a sort that spills (a choice)."""


class Given(NamedTuple):
    """How much is measured, and where.

    `work` is the folder for files, `limits` the threads and DuckDB's memory limit that every side
    gets. The rest are the flags of `tests/measure/bench.py`.
    """

    work: Path
    limits: dict[str, Any]
    times: int = 5
    rows: int = DAY_ROWS
    sizes: tuple[int, ...] = (1_000_000, DAY_ROWS, 10 * DAY_ROWS)
    weeks: tuple[int, ...] = (4, 13, 26, 52)
    week_rows: int = 100_000
    peer_rows: int = 1_000_000
    slow_rows: int = 30_000
    jammed_days: int = 300
    list_rows: int = 1_000_000
    ship_days: int = 20_000_000


@contextmanager
def scratch(given: Given) -> Iterator[Path]:
    """A folder below the work folder that is gone afterwards."""
    given.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.work, prefix="run-") as folder:
        yield Path(folder)


def day_files(given: Given, rows: int) -> list[str]:
    """Days of at most `given.rows` rows each that hold so many together, written once."""
    days = max(1, round(rows / given.rows))
    return write_days(given, rows // days, range(days))


def write_days(given: Given, rows: int, days: range) -> list[str]:
    """Days of so many rows each, written if they are not there. Ends where they have no room."""
    need = len(days) * rows * FREE_FOR_A_ROW
    given.work.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(given.work).free
    if free < need:
        raise SystemExit(
            f"{given.work}: {len(days) * rows:,} rows need {need / 1e9:.0f} GB there, "
            f"{free / 1e9:.0f} are free. Name another folder with --keep, or fewer rows."
        )
    say(f"writing {len(days)} days of {rows:,} SIMULATED rows")
    return [str(write_day(given.work / "days", rows, day)) for day in days]


def afresh(given: Given, name: str, place: str, **asked: Any) -> dict[str, Any]:
    """A job in a home or folder (`place`) that is gone afterwards."""
    with scratch(given) as folder:
        return job(name, **{place: str(folder / place)}, **given.limits | asked)


def day(given: Given) -> Found:
    """The whole run on one day against COPY in the lake's order and unordered."""
    return _against_copy(given, (given.rows,), "The whole run on a day")


def sizes(given: Given) -> Found:
    """The same at several sizes: ten days are ten files, taken in by one run."""
    return _against_copy(given, given.sizes, "The whole run by size")


def _against_copy(given: Given, sizes: Sequence[int], title: str) -> Found:
    measured = {}
    for rows in sizes:
        files = day_files(given, rows)
        copy = partial(afresh, given, "copy", "work", files=files)
        sides = {
            "floor": partial(copy, is_ordered=True),
            "run": partial(afresh, given, "run", "home", files=files, publish=False),
            "bare": partial(copy, is_ordered=False),
        }
        measured[rows] = in_turn(sides, given.times, of=f"{rows:,} rows, ")
    columns = []
    for floor, run, bare in (sides.values() for sides in measured.values()):
        seconds, rows_run = medians(run, "seconds", "rows")
        columns.append(
            {
                "COPY in the lake's order, s": medians(floor, "seconds")[0],
                "COPY unordered, s": medians(bare, "seconds")[0],
                "the whole run, s": seconds,
                "of which ingest, s": medians(run, "ingest_s")[0],
                "of which all that follows, s": medians(run, "derive_s")[0],
                "and after it the reports, s": medians(run, "report_s")[0],
                "rows a second, the whole run": rows_run / seconds,
                "run / COPY in order": ratio(run, floor),
                "run / COPY unordered": ratio(run, bare),
                "peak memory, the whole run, MB": medians(run, "peak_mb")[0],
                "peak memory, COPY in order, MB": medians(floor, "peak_mb")[0],
            }
        )
    note = (
        "A process each, in turn; the ratios are of the rounds. COPY reads the same columns and "
        "writes zstd Parquet, a file after the other. Prefect's start is not in it."
    )
    rows_shown = [(label, *(column[label] for column in columns)) for label in columns[0]]
    header = ("", *(f"{rows:,} rows" for rows in sizes))
    return Found([Table(title, note, header, rows_shown)], measured)


def packing(given: Given) -> Found:
    """The same day as plain, zip, zst and gz."""
    (plain,) = day_files(given, given.rows)
    paths = {kind: pack(Path(plain), kind) for kind in ("plain", "zip", "zst", "gz")}
    sides = {
        kind: partial(afresh, given, "ingest", "home", files=[str(path)])
        for kind, path in paths.items()
    }
    measured = in_turn(sides, given.times)
    rows = []
    for kind, runs in measured.items():
        seconds, peak_mb = medians(runs, "seconds", "peak_mb")
        size_mb = paths[kind].stat().st_size / 1e6
        rows.append((kind, size_mb, seconds, ratio(runs, measured["plain"]), peak_mb))
    header = ("packing", "file, MB", "ingest, s", "against plain", "peak MB")
    note = f"Ingest alone of {given.rows:,} rows."
    return Found([Table("Packings", note, header, rows)], measured)


DASK = {
    "one process": [],
    "--on dask --workers 1": ["--on", "dask", "--workers", "1"],
    "--on dask --workers 2": ["--on", "dask", "--workers", "2"],
}


PACKED = ("plain", "zip", "gz")
"""Of the packings those that take the most work to open, beside none."""


def dask(given: Given) -> Found:
    """`barometer run` of files, packed and not, without Dask and with one and two workers."""
    files = day_files(given, given.sizes[-1])
    sides = {"a small run": partial(_barometer_run, given, write_days(given, 1_000, range(1)))}
    for kind in PACKED:
        packed = [str(pack(Path(path), kind)) for path in files]
        sides |= {
            f"{kind}, {name}": partial(_barometer_run, given, packed + flags)
            for name, flags in DASK.items()
        }
    measured = in_turn(sides, given.times)
    rows = []
    for name, runs in measured.items():
        seconds, peak_mb = medians(runs, "seconds", "peak_mb")
        kind, comma, _ = name.partition(", ")
        beside = ratio(runs, measured[f"{kind}, one process"]) if comma else None
        rows.append((name, seconds, beside, peak_mb))
    note = (
        f"`barometer run` of {given.sizes[-1]:,} rows in {len(files)} files, Prefect's start and "
        "the reports included; the small one, of 1,000 rows, is what the start costs. Memory of "
        "all processes."
    )
    header = ("", "seconds", "against one process", "peak MB")
    return Found([Table("On Dask", note, header, rows)], measured)


def _barometer_run(given: Given, arguments: Sequence[str]) -> dict[str, Any]:
    with scratch(given) as folder:
        home = ["--home", str(folder / "home"), "--threads", str(given.limits["threads"])]
        ended = watched([sys.executable, "-m", "flows.cli", "run", *arguments, *home])
    if ended.code:
        raise JobFailed(f"barometer run ended with exit {ended.code}; see above")
    return {"seconds": ended.seconds, "peak_mb": ended.peak_mb}
