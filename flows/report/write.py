"""Write a week's report: which files there are, and when each is written again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb

from flows.exports import package
from flows.home.code import code_hash
from flows.home.durable import make_folder, write_durably
from flows.home.hashes import new_hash, text_hash
from flows.report import citable, dictionary
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


def write_reports(con: duckdb.DuckDBPyConnection, home: Path) -> list[str]:
    """Write the report of every week that is new or changed; see `write_report`.

    A week is passed over if its rows and the code are those of the last time, and its files are as
    they were left.

    Returns
    -------
    list of str
        The weeks of which a number is new or changed.
    """
    (notes,) = records(con, "report/notes", week="")
    method = f"{code_hash()} {duckdb.__version__} {notes['is_simulated']}"
    before = _written(home)
    written, changed = {}, []
    for week, rows in fingerprints(con).items():
        folder = week_folder(home, week)
        made_of = text_hash(f"{method} {rows}", 16)
        if before.get(week) != [made_of, _left(folder)] and write_report(con, folder, week):
            changed.append(week)
        written[week] = [made_of, _left(folder)]
    if written != before:
        with suppress(OSError):
            write_durably(home / WRITTEN, json.dumps(written, indent=0).encode())
    return changed


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
        Page and chart take a second, so they are drawn only if a number or a doubt about a list
        changed, or one of them is missing.
    """
    make_folder(folder)
    tables = {name: week_table(con, query, week) for name, query in FILES.items()}
    numbers = {name: csv_bytes(table) for name, table in tables.items()}
    registers = records(con, "report/register", week=week)
    about = citable.about_week(con, week, tables)
    fields = dictionary.described(con, tables)
    meanings = dictionary.data_dictionary(fields, package.citation(about), citations(about.sources))
    beside = {
        dictionary.NAME: csv_bytes(meanings),
        citable.WORKBOOK: citable.week_workbook(about, tables, meanings),
    }
    if about.is_simulated:
        beside[MARK] = f"{SIMULATED}\n".encode()
    is_changed = bool(_differing(folder, numbers))
    doubts = doubts_of(registers, records(con, "report/not_fetched", week=week))
    if is_changed or not (folder / CHART).exists() or not _has_doubts(folder / PAGE, doubts):
        beside |= _drawn(con, folder, week, tables)
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


def _has_doubts(page: Path, doubts: Sequence[str]) -> bool:
    """Whether the page exists and was drawn with these doubts."""
    if not page.exists():
        return False
    mark = re.search(r'<meta name="doubts" content="(\w+)" />', page.read_text(encoding="utf-8"))
    return (mark[1] if mark else None) == doubts_mark(doubts)


def _differing(folder: Path, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    return {
        name: content
        for name, content in contents.items()
        if not (folder / name).exists() or (folder / name).read_bytes() != content
    }


def _drawn(
    con: duckdb.DuckDBPyConnection, folder: Path, week: str, tables: Mapping[str, Table]
) -> dict[str, bytes]:
    """Page and chart; of those that stand, figures that show the same are taken.

    The chart comes first: a page names the chart beside it.
    """
    # Matplotlib takes half a second to load, and most commands draw nothing.
    from flows.report import charts, page  # noqa: PLC0415

    standing = ""
    if (folder / PAGE).exists():
        standing = (folder / PAGE).read_text(encoding="utf-8", errors="replace")
    data = page.gather(con, week, tables)
    html = {PAGE: page.render(data, standing).encode()}
    named = f'<meta name="chart" content="{page.chart_mark(data)}" />'
    if named in standing and (folder / CHART).exists():
        return html
    chart = charts.series_png(data["barometer"], page.in_short(data), page.usual_of(data))
    return {CHART: chart} | html
