"""The witnesses of a home: files that were taken in, never deleted.

A file's rows are two Parquet files below `witness/` in the home, what is used and what is not. Its
line in the home's history is the commit point: a file without one is garbage of an interrupted
ingest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.durable import make_folder, write_durably
from flows.home.history import WITNESS, append_history, begin_history, read_history
from flows.home.settings import BarometerError, Settings
from flows.ingest.witnesses.places import area_kinds, covered_ports, port_ids
from flows.ingest.witnesses.reading import JUNK, ROWS, SCHEMAS, Reading
from flows.ingest.witnesses.rows import JUNK_SCHEMA
from geo.ports import Ports

FOLDER = "witness"

_FETCHED = re.compile(r"-fetched-([0-9]{4}-[0-9]{2}-[0-9]{2})(?![0-9])")

_FILE = pa.field("file", pa.int32())


class Tables(NamedTuple):
    """What the catalogue reads: events, values, passes and rejects of all files, by the file's
    number."""

    witness_row: pa.Table
    witness_value: pa.Table
    witness_pass: pa.Table
    witness_junk: pa.Table


def known(home: Path) -> dict[str, dict[str, Any]]:
    """The record of every content that was taken in, the one of the latest version, by file_id."""
    records = read_history(home, WITNESS)
    return {str(r.get("file_id")): r for r in sorted(records, key=lambda r: r["published_on"])}


def fetched_on(name: str) -> date | None:
    """The day of a fetch that a file's name gives; None without one."""
    for text in reversed(_FETCHED.findall(name)):
        try:
            return date.fromisoformat(text)
        except ValueError:
            continue
    return None


def keep_again(name: str, record: dict[str, Any], settings: Settings) -> dict[str, Any] | None:
    """Record that a content was published again, and return the record; None where it was not.

    A publisher may return to earlier figures: then a content is a later version too.
    """
    day = fetched_on(name)
    if day is None or day.isoformat() <= record["published_on"]:
        return None
    again = record | {
        "name": name,
        "published_on": day.isoformat(),
        "ingested_at": settings.as_of.isoformat(),
    }
    append_history(settings.home, WITNESS, [again])
    return again


def keep(reading: Reading, settings: Settings) -> dict[str, Any]:
    """Take a reading into the home, and return its record. Its folder `work` is left to the caller.

    Raises
    ------
    OSError
        If the home cannot be written; it is as before then.
    """
    folder = settings.home / FOLDER
    make_folder(folder)
    begin_history(settings.home, WITNESS)
    for name, path in _paths(settings.home, reading.file_id).items():
        write_durably(path, (reading.work / name).read_bytes())
    record = {
        "file_id": reading.file_id,
        "name": reading.name,
        "source": reading.source,
        "holds": reading.holds,
        "published_on": published_on(reading, settings.as_of.date()).isoformat(),
        "ingested_at": settings.as_of.isoformat(),
        "rows_read": reading.rows_read,
        "rows_kept": reading.rows_kept,
        "rows_rejected": reading.rows_rejected,
        "rows_aside": reading.rows_aside,
        "oldest_on": reading.oldest_on and reading.oldest_on.isoformat(),
        "newest_on": reading.newest_on and reading.newest_on.isoformat(),
    }
    append_history(settings.home, WITNESS, [record])
    return record


def published_on(reading: Reading, today: date) -> date:
    """The day of a file's version: of its fetch by its name, else its last day, else today.

    A last day in the future is no day of a version: it may be a slip of one row.
    """
    return fetched_on(reading.name) or min(reading.newest_on or today, today)


def _paths(home: Path, file_id: str) -> dict[str, Path]:
    folder = home / FOLDER
    return {ROWS: folder / f"{file_id}.parquet", JUNK: folder / f"{file_id}.junk.parquet"}


def load(home: Path, ports: Ports) -> Tables:
    """Everything that the witnesses of a home gave, with the port and area that each event was at,
    and the ports that each pass covers.

    Raises
    ------
    BarometerError
        If a file is missing or damaged.
    """
    tables: dict[str, list[pa.Table]] = {**{holds: [] for holds in SCHEMAS}, "junk": []}
    for number, record in enumerate(read_history(home, WITNESS), 1):
        holds = record["holds"]
        for name, path in _paths(home, record["file_id"]).items():
            schema = SCHEMAS[holds] if name == ROWS else JUNK_SCHEMA
            try:
                rows = pq.read_table(path, schema=schema)
            except (OSError, pa.ArrowInvalid) as error:
                raise BarometerError(
                    f"{path}: rows of the witness's file {record['name']} cannot be read "
                    f"({error}). Restore it from a backup: the history of this home names it."
                ) from error
            numbers = pa.array(np.full(rows.num_rows, number, np.int32))
            tables[holds if name == ROWS else "junk"].append(rows.add_column(0, _FILE, numbers))
    events = _joined(tables["events"], SCHEMAS["events"])
    passes = _joined(tables["passes"], SCHEMAS["passes"])
    places = events["lons"], events["lats"], ports
    events = events.append_column("port_id", port_ids(*places))
    return Tables(
        events.append_column("area_kind", area_kinds(*places)),
        _joined(tables["series"], SCHEMAS["series"]),
        passes.append_column("port_ids", covered_ports(passes["footprint"], ports)),
        _joined(tables["junk"], JUNK_SCHEMA),
    )


def _joined(tables: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([pa.schema([_FILE, *schema]).empty_table(), *tables])
