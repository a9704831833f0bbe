"""Write a week's report: which files there are, and when they are written anew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from flows.home.durable import make_folder, write_durably
from flows.report import dictionary
from flows.report.tables import FILES, Table, csv_bytes, records, week_table
from flows.report.words import SIMULATED, doubtful_lists, doubts_mark

PAGE, CHART, MARK = "report.html", "report.png", "SIMULATED.txt"


def write_report(con: duckdb.DuckDBPyConnection, folder: Path, week: str) -> bool:
    """Write the CSV files of a week, its page and its chart to a folder.

    Parameters
    ----------
    con : DuckDBPyConnection
        On a catalogue.
    folder : Path
        It is made where it is missing.
    week : str
        ISO week such as ``2026-W16``, one of the relation `barometer`.

    Returns
    -------
    bool
        Whether a number is new or changed: a file of `FILES`. A file that would be the same is
        left as it is; page and chart are drawn only where a number, or what is doubtful about a
        list, changed, or one of them is missing, for they cost a second.
    """
    make_folder(folder)
    tables = {name: week_table(con, query, week) for name, query in FILES.items()}
    numbers = {name: csv_bytes(table) for name, table in tables.items()}
    beside = {dictionary.NAME: csv_bytes(dictionary.data_dictionary(con, tables))}
    if records(con, "report_notes", week=week)[0]["is_simulated"]:
        beside[MARK] = f"{SIMULATED}\n".encode()
    is_changed = bool(_differing(folder, numbers))
    doubts = doubtful_lists(records(con, "report_register", week=week))
    if is_changed or not (folder / CHART).exists() or not _tells(folder / PAGE, doubts):
        beside |= _drawn(con, week, tables)
    # The numbers go last: killed before them, the next run finds them changed and draws again.
    for name, content in (_differing(folder, beside) | _differing(folder, numbers)).items():
        write_durably(folder / name, content)
    return is_changed


def _tells(page: Path, doubts: Sequence[str]) -> bool:
    """Whether a page is there that was drawn with these doubts."""
    if not page.exists():
        return False
    told = re.search(r'<meta name="doubts" content="(\w+)" />', page.read_text(encoding="utf-8"))
    return (told[1] if told else None) == doubts_mark(doubts)


def _differing(folder: Path, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    return {
        name: content
        for name, content in contents.items()
        if not (folder / name).exists() or (folder / name).read_bytes() != content
    }


def _drawn(
    con: duckdb.DuckDBPyConnection, week: str, tables: Mapping[str, Table]
) -> dict[str, bytes]:
    # Matplotlib takes half a second to load, and most commands draw nothing.
    from flows.report import charts, page  # noqa: PLC0415

    found = page.gather(con, week, tables)
    chart = charts.series_png(found["barometer"], page.in_short(found), page.usual_of(found))
    return {PAGE: page.render(found).encode(), CHART: chart}
