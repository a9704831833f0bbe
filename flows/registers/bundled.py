"""The registers that come with Barometer: the facts in `data/registers`, each with its act."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pyarrow.dataset as ds

from flows.home.hashes import folder_hash
from flows.home.resources import data_path, data_rows
from flows.home.settings import BarometerError
from flows.registers.lists.entry import Entry, as_table, whole_number


class Version(NamedTuple):
    """One state of a register: the list as it stood on a day.

    published_on: the day of the list. imported_at: time of the import, ISO 8601; null for a bundled
    one. import_number, removed_number: the lines of its import and removal in the home's register
    history, from 1; null for a bundled one and while it counts. accepted: the doubts with which
    it was imported; null for none.
    """

    register: str
    link_source: str
    published_on: date
    imported_at: str | None
    name: str
    entries: ds.Dataset
    import_number: int | None = None
    removed_number: int | None = None
    accepted: str | None = None


def bundled_versions(folder: Path | None = None) -> list[Version]:
    """The versions in `data/registers`, oldest first. Each is a TOML file and a CSV.

    Raises
    ------
    BarometerError
        If a list has fewer or more entries than its TOML allows, so it is another list or
        truncated.
    """
    folder = folder or data_path("registers")
    return list(_versions(folder, folder_hash(folder)))


# Thousands of rows, parsed again only when the files change. The tables are immutable.
@lru_cache(maxsize=1)
def _versions(folder: Path, _content: str) -> tuple[Version, ...]:
    versions = []
    for definition in sorted(folder.glob("*.toml")):
        about = tomllib.loads(definition.read_text(encoding="utf-8"))
        rows = data_rows(folder / about["file"])
        if not about["fewest_rows"] <= len(rows) <= about["most_rows"]:
            raise BarometerError(
                f"{folder / about['file']}: {len(rows)} entries, expected "
                f"{about['fewest_rows']} to {about['most_rows']}. Restore the file."
            )
        entries = [
            Entry(
                register=about["register"],
                link_source=about["link_source"],
                reference=row["reference"],
                programme=row["programme"] or None,
                imo=whole_number(row["imo"]),
                vessel_name=row["vessel_name"] or None,
                vessel_type=row.get("vessel_type") or None,
                gross_t=whole_number(row.get("gross_t")),
                deadweight_t=whole_number(row.get("deadweight_t")),
                listed_on=_date(row["listed_on"]),
                delisted_on=_date(row["delisted_on"]),
                ground=row.get("reason_code") or None,
                line=number,
            )
            for number, row in enumerate(rows, 2)
        ]
        versions.append(
            Version(
                about["register"],
                about["link_source"],
                about["as_of"],
                None,
                about["file"],
                ds.dataset(as_table(entries)),
            )
        )
    return tuple(sorted(versions, key=lambda version: (version.published_on, version.register)))


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
