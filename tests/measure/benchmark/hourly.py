"""The part on many small files: a month of hourly recordings, before and after compaction."""

from __future__ import annotations

from pathlib import Path

import duckdb

from flows.catalogue import access
from flows.home.settings import load_settings
from flows.lake import compact
from tests.measure.benchmark.days import write_day
from tests.measure.benchmark.parts import Given, scratch
from tests.measure.benchmark.process import say
from tests.measure.benchmark.table import Found, Table, medians
from tests.measure.benchmark.year import add_week, ask, questions

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
        made = add_week(given, home, (DAYS - 1) // 7, files)
        asked = {name: questions(1)[name][0] for name in ASKED}
        compacted = {name: ask(given, home, name, with_) for name, with_ in asked.items()}
        (home / compact.FOLDER).rename(home / "aside")
        settings = load_settings({"home": home, **given.limits}, {})
        access.repoint(settings)
        parts = {name: ask(given, home, name, with_) for name, with_ in asked.items()}
        parts_mb, compact_mb = _mb(home / "position"), _mb(home / "aside")
    measured = {"parts": parts, "compact": compacted}
    rows = []
    for name in ASKED:
        for state, answers in measured.items():
            figures = medians(answers[name], "read_mb", "cold_s", "warm_s")
            opened = answers[name][0]["files_read"]
            rows.append((f"[{name}](questions/{name}.sql)", state, opened, *figures))
    note = (
        f"{made['rows']:,} rows in {len(files)} files, taken in by one run. The parts are "
        f"{parts_mb:,.0f} MB, the compact files {compact_mb:,.0f} MB."
    )
    header = ("question", "on", "files opened", "read, MB", "cold, s", "warm, s")
    return Found([Table("Hourly files", note, header, rows)], measured | {"made": made})


def _hours(folder: Path, rows: int, day: int) -> list[Path]:
    """A file for each hour of a day, as a recorder writes them."""
    whole = write_day(folder / "days", rows, day)
    (folder / "hours").mkdir(exist_ok=True)
    hours = {f"{n:02}": folder / "hours" / f"{whole.stem}-{n:02}.csv" for n in range(24)}
    with duckdb.connect() as con:
        for hour, out in hours.items():
            con.execute(CUT, {"path": str(whole), "hour": hour, "out": str(out)})
    whole.unlink()
    return [*hours.values()]


def _mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet")) / 1e6
