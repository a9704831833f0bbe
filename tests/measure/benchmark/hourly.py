"""The part on many small files: a month of hourly recordings, before and after compaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from flows.catalogue import access
from flows.home.settings import load_settings
from flows.lake import compact
from flows.lake.manifest import read_manifest
from tests.measure.benchmark.days import write_day
from tests.measure.benchmark.parts import Given, scratch
from tests.measure.benchmark.process import job, say
from tests.measure.benchmark.table import Found, Table, median
from tests.measure.benchmark.year import as_of, questions

DAYS = 28

ASKED = ("ship_year", "port_week_fixes", "linked_fixes")
"""Questions that read `position`."""

CUT = """
copy (
    select * from read_csv($path, all_varchar = true, header = true, quote = '"', delim = ',')
    where base_date_time[12:13] = $hour
) to $out (format csv, header true)
"""


def hourly(given: Given) -> Found:
    """Questions on the parts of hourly files, and on the few files that compaction makes of them.

    The run compacts them. To ask the parts, the catalogue is pointed at them, as if it had not.
    """
    with scratch(given) as folder:
        files = [str(path) for day in range(DAYS) for path in _hours(folder, given.week_rows, day)]
        say(f"a run over {len(files)} hourly files")
        home = folder / "home"
        run = {"files": files, "home": str(home), "as_of": as_of((DAYS - 1) // 7), "publish": True}
        made = job("run", **run, **given.limits)
        settings = load_settings({"home": home, **given.limits}, {})
        manifest = read_manifest(home)
        measured: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for state in ("compact", "parts"):
            if state == "parts":
                (home / compact.FOLDER).rename(home / "aside")
                access.repoint(settings, manifest)
            measured[state] = {name: [] for name in ASKED}
            for name in ASKED:
                parameters, _ = questions(1)[name]
                for number in range(given.times):
                    say(f"{name} on {state}, {number + 1} of {given.times}")
                    asked = {"name": name, "parameters": parameters, "times": given.times}
                    asked |= {"threads": given.limits["threads"]}
                    measured[state][name].append(job("query", home=str(home), **asked))
        stored_mb = {"parts": _mb(home / "position"), "compact": _mb(home / "aside")}
    rows: list[tuple[object, ...]] = [
        (
            f"[{name}](questions/{name}.sql)",
            state,
            runs[name][0]["files_read"],
            *(median(runs[name], key) for key in ("read_mb", "cold_s", "warm_s")),
        )
        for name in ASKED
        for state, runs in ((state, measured[state]) for state in ("parts", "compact"))
    ]
    note = (
        f"{made['rows']:,} rows in {len(files)} files, taken in by one run. The parts are "
        f"{stored_mb['parts']:,.0f} MB, the compact files {stored_mb['compact']:,.0f} MB."
    )
    header = ("question", "on", "files opened", "read, MB", "cold, s", "warm, s")
    return Found([Table("Hourly files", note, header, rows)], measured | {"made": made})


def _hours(folder: Path, rows: int, day: int) -> list[Path]:
    """A file for each hour of a day, as a recorder writes them."""
    whole = write_day(folder / "days", rows, day)
    found = []
    with duckdb.connect() as con:
        for hour in range(24):
            out = folder / "hours" / f"{whole.stem}-{hour:02}.csv"
            out.parent.mkdir(exist_ok=True)
            con.execute(CUT, {"path": str(whole), "hour": f"{hour:02}", "out": str(out)})
            found.append(out)
    whole.unlink()
    return found


def _mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet")) / 1e6
