"""Write a week's report: which files there are, and when each is written again."""

from __future__ import annotations

import json
import logging
import pickle
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from flows.exports import package
from flows.home.code import code_hash
from flows.home.durable import make_folder, write_durably
from flows.home.hashes import new_hash, text_hash
from flows.report import citable, dictionary
from flows.report.beside import nowcast
from flows.report.citable import citations
from flows.report.limits import doubts_mark, doubts_of
from flows.report.tables import (
    FILES,
    Table,
    csv_bytes,
    fingerprints,
    records,
    week_folder,
    week_table,
)
from flows.report.words import SIMULATED

PAGE, CHART, MARK = "report.html", "report.png", "SIMULATED.txt"

WRITTEN = "written.json"
"""What each week's report was made of, and how its files were left; only ever a saving."""

MANY_WEEKS, MOST_PROCESSES = 8, 4
"""From so many reports on, others draw them: one process takes as long to start as two pages to
draw, and some 150 MB. Choices."""

log = logging.getLogger("barometer.report")


def write_reports(con: duckdb.DuckDBPyConnection, home: Path, threads: int = 1) -> list[str]:
    """Write the report of every week that is new or changed; see `write_report`.

    A week is passed over if its rows and the code are those of the last time, and its files are as
    they were left. Many are drawn in as many processes as there are `threads`.

    Returns
    -------
    list of str
        The weeks of which a number is new or changed.
    """
    (notes,) = records(con, "report/notes", week="")
    method = f"{code_hash()} {duckdb.__version__} {notes['is_simulated']}"
    before = _written(home)
    made_of = {week: text_hash(f"{method} {rows}", 16) for week, rows in fingerprints(con).items()}
    due = [
        week
        for week, mark in made_of.items()
        if before.get(week) != [mark, _left(week_folder(home, week))]
    ]

    def write(week: str) -> bool:
        is_changed = write_report(con, week_folder(home, week), week)
        log.info("report of %s", week)
        return is_changed

    processes = min(threads, MOST_PROCESSES) if len(due) >= MANY_WEEKS else 1
    if processes > 1:
        with _others_draw(processes) as mapped:
            changes = mapped(write, due)
    else:
        changes = [write(week) for week in due]
    written = {
        week: [mark, _left(week_folder(home, week))] if week in due else before[week]
        for week, mark in made_of.items()
    }
    if written != before:
        with suppress(OSError):
            write_durably(home / WRITTEN, json.dumps(written, indent=0).encode())
    return [week for week, is_changed in zip(due, changes, strict=True) if is_changed]


def _written(home: Path) -> dict[str, list[str]]:
    try:
        return dict(json.loads((home / WRITTEN).read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def _left(folder: Path) -> str:
    """A hash of the files of a folder: of all names and sizes, and of what the tables hold."""
    digest = new_hash()
    for path in sorted(folder.glob("*")):
        digest.update(f"{path.name} {path.stat().st_size} ".encode())
        if path.suffix == ".csv":
            digest.update(path.read_bytes())
    return digest.hexdigest()


def write_report(con: duckdb.DuckDBPyConnection, folder: Path, week: str) -> bool:
    """Write the CSV files of a week, its page and its chart to a folder.

    Parameters
    ----------
    con : DuckDBPyConnection
        On a catalogue.
    folder : Path
        Created if missing.
    week : str
        ISO week such as ``2026-W16``, one of the relation `barometer`.

    Returns
    -------
    bool
        Whether a number is new or changed: a file of `FILES`. Unchanged files are not written.
        Page and chart take a second, so they are drawn only if a number, a doubt about a list or
        the estimate of what the number becomes changed, or one of them is missing.
    """
    make_folder(folder)
    tables = {name: week_table(con, query, week) for name, query in FILES.items()}
    numbers = {name: csv_bytes(table) for name, table in tables.items()}
    registers = records(con, "report/register", week=week)
    about = citable.about_week(con, week, numbers)
    fields = dictionary.described(con, tables)
    meanings = dictionary.data_dictionary(fields, citations(about.sources))
    beside = {
        dictionary.NAME: csv_bytes(meanings),
        citable.WORKBOOK: citable.week_workbook(about, tables, meanings),
    }
    if about.is_simulated:
        beside[MARK] = f"{SIMULATED}\n".encode()
    is_changed = bool(_differing(folder, numbers))
    doubts = doubts_of(registers, records(con, "report/not_fetched", week=week))
    mark = doubts_mark(doubts, nowcast(records(con, "report/nowcast", week=week)))
    if is_changed or not (folder / CHART).exists() or not _has_mark(folder / PAGE, mark):
        beside |= _drawn(con, folder, week, tables, package.citation(about))
    for name in (PAGE, CHART):
        if name not in beside and (folder / name).exists():
            beside[name] = (folder / name).read_bytes()
    if CHART in beside:
        beside[CHART] = citable.labelled(beside[CHART], about)
    description = {
        package.NAME: citable.week_package(about, fields, numbers | dict(sorted(beside.items())))
    }
    # The numbers come late: if the run is killed before them, the next one draws again. Their
    # description comes last, as it has the hashes of all others.
    for contents in (beside, numbers, description):
        for name, content in _differing(folder, contents).items():
            write_durably(folder / name, content)
    return is_changed


def _has_mark(page: Path, expected: str | None) -> bool:
    """Whether the page exists and was drawn with these doubts and this estimate."""
    if not page.exists():
        return False
    mark = re.search(r'<meta name="doubts" content="(\w+)" />', page.read_text(encoding="utf-8"))
    return (mark[1] if mark else None) == expected


def _differing(folder: Path, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    return {
        name: content
        for name, content in contents.items()
        if not (folder / name).exists() or (folder / name).read_bytes() != content
    }


def _drawn(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    week: str,
    tables: Mapping[str, Table],
    citation: str,
) -> dict[str, bytes]:
    """Page and chart; of those that stand, figures that show the same are taken.

    The chart comes first: a page names the chart beside it.
    """
    # Matplotlib takes half a second to load, and most commands draw nothing.
    from flows.report import page  # noqa: PLC0415

    standing = ""
    if (folder / PAGE).exists():
        standing = (folder / PAGE).read_text(encoding="utf-8", errors="replace")
    data = page.gather(con, week, tables, citation)
    draw = getattr(_of_thread, "draw", _draw)
    return dict(draw(data, standing, (folder / CHART).exists()))


def _draw(data: dict[str, Any], standing: str, has_chart: bool) -> dict[str, bytes]:
    from flows.report import charts, page  # noqa: PLC0415 as above

    html = {PAGE: page.render(data, standing).encode()}
    if has_chart and f'<meta name="chart" content="{page.chart_mark(data)}" />' in standing:
        return html
    chart = charts.series_png(data["barometer"], page.in_short(data), page.usual_of(data))
    return {CHART: chart} | html


# Drawing keeps one core busy, whatever the threads. Of several threads each has a process that
# draws for it, and they take turns with all else. A process ends when the pipe to it does, so also
# if this one is killed.

_of_thread = threading.local()


@contextmanager
def _others_draw(processes: int) -> Iterator[Callable[..., list[bool]]]:
    """A `map` in threads, in which `_drawn` has others draw."""
    turn = threading.Lock()
    with ExitStack() as stack:

        def begin() -> None:
            other = stack.enter_context(
                subprocess.Popen(  # noqa: S603 this program
                    [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            )
            _of_thread.draw = lambda *given: _drawn_by(other, turn, given)

        def in_turn(write: Callable[[str], bool], week: str) -> bool:
            with turn:
                return write(week)

        pool = stack.enter_context(ThreadPoolExecutor(processes, initializer=begin))
        yield lambda write, weeks: list(pool.map(partial(in_turn, write), weeks))


def _drawn_by(
    other: subprocess.Popen[bytes], turn: threading.Lock, given: tuple[Any, ...]
) -> dict[str, bytes]:
    """What `_draw` gives, from another process; from this one if that has ended."""
    assert other.stdin is not None and other.stdout is not None
    turn.release()
    try:
        pickle.dump(given, other.stdin)
        other.stdin.flush()
        return dict(pickle.load(other.stdout))  # noqa: S301 from this program
    except (OSError, EOFError, pickle.UnpicklingError):
        with suppress(OSError):  # what could not be written is tried once more
            other.stdin.close()
    finally:
        turn.acquire()
    _of_thread.draw = _draw
    return _draw(*given)


def _draw_for_another() -> None:
    """Draw what comes in at stdin until it ends."""
    # A person's Ctrl-C goes to all processes; this one ends with the one that it draws for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            given = pickle.load(sys.stdin.buffer)  # noqa: S301 from this program
        except EOFError:
            return
        pickle.dump(_draw(*given), sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _draw_for_another()
