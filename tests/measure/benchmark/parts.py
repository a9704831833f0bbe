"""The parts of the benchmark that measure the run as it is: day, sizes, packing, dask."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.measure.benchmark.days import pack, write_day
from tests.measure.benchmark.process import JobFailed, job, say, watched
from tests.measure.benchmark.table import Found, Table, median, ratio

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


def day(given: Given) -> Found:
    """The whole run on one day against COPY in the lake's order and unordered."""
    return _against_copy(given, (given.rows,), "The whole run on a day")


def sizes(given: Given) -> Found:
    """The same at several sizes: ten days are ten files, taken in by one run."""
    return _against_copy(given, given.sizes, "The whole run by size")


def _against_copy(given: Given, sizes: tuple[int, ...], title: str) -> Found:
    measured: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for rows in sizes:
        files = day_files(given, rows)
        sides: dict[str, list[dict[str, Any]]] = {"floor": [], "run": [], "bare": []}
        for number in range(given.times):
            for name, runs in sides.items():
                say(f"{rows:,} rows, {name}, {number + 1} of {given.times}")
                runs.append(_side(name, files, given))
        measured[rows] = sides
    header = ("", *(f"{rows:,} rows" for rows in sizes))

    def line(label: str, figure: Callable[[int], Any]) -> tuple[object, ...]:
        return (label, *(figure(rows) for rows in sizes))

    def of(name: str, key: str) -> Callable[[int], float]:
        return lambda rows: median(measured[rows][name], key)

    rows = [
        line("COPY in the lake's order, s", of("floor", "seconds")),
        line("COPY unordered, s", of("bare", "seconds")),
        line("the whole run, s", of("run", "seconds")),
        line("of which ingest, s", of("run", "ingest_s")),
        line("of which all that follows, s", of("run", "derive_s")),
        line("and after it the reports, s", of("run", "report_s")),
        line(
            "rows a second, the whole run", lambda r: of("run", "rows")(r) / of("run", "seconds")(r)
        ),
        line("run / COPY in order", lambda r: ratio(measured[r]["run"], measured[r]["floor"])),
        line("run / COPY unordered", lambda r: ratio(measured[r]["run"], measured[r]["bare"])),
        line("peak memory, the whole run, MB", of("run", "peak_mb")),
        line("peak memory, COPY in order, MB", of("floor", "peak_mb")),
    ]
    note = (
        "A process each, in turn; the ratios are of the rounds. COPY reads the same columns and "
        "writes zstd Parquet, a file after the other. Prefect's start is not in it."
    )
    return Found([Table(title, note, header, rows)], measured)


def _side(name: str, files: list[str], given: Given) -> dict[str, Any]:
    with scratch(given) as folder:
        if name == "run":
            return job("run", files=files, home=str(folder / "home"), publish=False, **given.limits)
        is_ordered = name == "floor"
        return job("copy", files=files, work=str(folder), is_ordered=is_ordered, **given.limits)


def packing(given: Given) -> Found:
    """The same day as plain, zip, zst and gz."""
    (plain,) = day_files(given, given.rows)
    paths = {}
    for kind in ("plain", "zip", "zst", "gz"):
        say(f"packing as {kind}")
        paths[kind] = pack(Path(plain), kind)
    measured: dict[str, list[dict[str, Any]]] = {kind: [] for kind in paths}
    for number in range(given.times):
        for kind, path in paths.items():
            say(f"{kind}, {number + 1} of {given.times}")
            with scratch(given) as folder:
                home = str(folder / "home")
                measured[kind].append(job("ingest", files=[str(path)], home=home, **given.limits))
    rows: list[tuple[object, ...]] = [
        (
            kind,
            paths[kind].stat().st_size / 1e6,
            median(runs, "seconds"),
            ratio(runs, measured["plain"]),
            median(runs, "peak_mb"),
        )
        for kind, runs in measured.items()
    ]
    note = f"Ingest alone of {given.rows:,} rows."
    header = ("packing", "file, MB", "ingest, s", "against plain", "peak MB")
    return Found([Table("Packings", note, header, rows)], measured)


DASK = {
    "an empty run": None,
    "one process": (),
    "--on dask --workers 1": ("--on", "dask", "--workers", "1"),
    "--on dask --workers 2": ("--on", "dask", "--workers", "2"),
}


def dask(given: Given) -> Found:
    """`barometer run` on the same files without Dask and with one and two workers."""
    command = [sys.executable, "-m", "flows.cli", "run"]
    usage = watched([*command, "--help"]).out
    if "--on" not in usage or "--workers" not in usage:
        say("dask: this barometer knows no --on dask --workers N; skipped")
        return Found([], {"skipped": "barometer run has no --on and --workers"})
    files = day_files(given, given.sizes[-1])
    measured: dict[str, list[dict[str, Any]]] = {name: [] for name in DASK}
    for number in range(given.times):
        for name, flags in DASK.items():
            say(f"{name}, {number + 1} of {given.times}")
            with scratch(given) as folder:
                home = ["--home", str(folder / "home"), "--threads", str(given.limits["threads"])]
                end = watched([*command, *(() if flags is None else (*files, *flags)), *home])
            if end.code:
                raise JobFailed(f"dask: {name} ended with exit {end.code}; see above")
            measured[name].append({"seconds": end.seconds, "peak_mb": end.peak_mb})
    rows: list[tuple[object, ...]] = [
        (
            name,
            median(runs, "seconds"),
            None if DASK[name] is None else ratio(runs, measured["one process"]),
            median(runs, "peak_mb"),
        )
        for name, runs in measured.items()
    ]
    note = (
        f"`barometer run` of {given.sizes[-1]:,} rows in {len(files)} files, Prefect's start and "
        "the reports included; the empty run is what the start costs. Memory of all processes."
    )
    header = ("", "seconds", "against one process", "peak MB")
    return Found([Table("On Dask", note, header, rows)], measured)
