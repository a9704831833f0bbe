"""Losses: a history that is missing or cut is refused, and restored as far as it can be.

What was published, sent, run and imported follows from nothing else. The witness is the catalogue,
which is put in place after the history that it shows: it never holds more. Beside it the folders
`reports/`, `registers/` and `witness/` show that there was a history.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.clock import utc_now
from flows.home.durable import make_folder, write_durably
from flows.home.history import (
    ALERT,
    OUTBOX,
    PUBLISHED,
    PUBLISHED_CALL,
    PUBLISHED_WEEK,
    REGISTER,
    RUN,
    WITNESS,
    history_path,
    read_history,
)
from flows.home.settings import BarometerError, Settings
from flows.lake.manifest import CATALOGUE, RECOVER

Record = dict[str, Any]

RESTORE = f"Restore history/ from a backup, or as far as possible with: {RECOVER}."

SHOWN = {
    RUN: "select count(*) from run",
    PUBLISHED: "select count(*) from published_port_calls",
    PUBLISHED_WEEK: "select count(*) from published_week",
    PUBLISHED_CALL: "select count(*) from published_call",
    OUTBOX: "select count(*) from outbox",
    ALERT: "select count(*) from alert_delivery",
    REGISTER: "select coalesce(max(register_imports), 0) from run",
    WITNESS: "select count(*) from witness_file",
}
"""How many records of each history the catalogue shows."""

RESTORED = {
    RUN: "from run order by run_id",
    PUBLISHED: "from published_port_calls order by publication_id",
    PUBLISHED_WEEK: "from published_week order by run_id, week",
    PUBLISHED_CALL: """
        select * exclude (until_run_id) from published_call order by run_id, week, port_call_id
    """,
    OUTBOX: """
        select outbox_id, week, week_state, version, recipients as "to", state, recorded_at as "at",
            attempt, message_id, error, next_try_at
        from outbox order by outbox_id
    """,
    ALERT: """
        select service, state, recorded_at as "at", alert_ids as alerts, error
        from alert_delivery order by delivery_id
    """,
    WITNESS: """
        select file_id, name, source, holds, published_on, ingested_at, rows_read, rows_kept,
            rows_rejected, rows_aside, oldest_on, newest_on
        from witness_file order by file_number
    """,
}
"""The records of a history as the catalogue shows them."""

KEYS = {
    RUN: ("run_id",),
    PUBLISHED: ("run_id", "week", "port_id", "link_tier"),
    PUBLISHED_WEEK: ("run_id", "week"),
    PUBLISHED_CALL: ("run_id", "port_call_id"),
    OUTBOX: ("week", "version", "state", "at"),
    ALERT: ("service", "state", "at", "alerts"),
    WITNESS: ("file_id",),
}
"""By what a record of the file is known as one of the catalogue."""


def refuse_losses(settings: Settings) -> None:
    """Refuse a home with data whose history is missing or cut.

    Raises
    ------
    BarometerError
        With what is lost, and what to do.
    """
    if found := lost(settings.home):
        raise BarometerError("\n".join([*found, f"{RESTORE} Nothing was changed."]))


def lost(home: Path) -> list[str]:
    """A sentence for each history with fewer records than expected."""
    shown = _shown(home)
    sentences = []
    for name in SHOWN:
        path, least = history_path(home, name), shown.get(name, 0)
        records = read_history(home, name)
        if name == REGISTER:
            least = max([least, *(r.get("register_imports") or 0 for r in read_history(home, RUN))])
        if len(records) < least:
            why = f"has {len(records):,} records, and had {least:,} at the last run"
            sentences.append(f"{path}: {why if path.exists() else 'is missing'}.")
        elif not path.exists() and _is_witnessed(home, name):
            why = "is missing, although its contents left traces in this home"
            sentences.append(f"{path}: {why}.")
    return sentences


def is_catalogue_behind(home: Path) -> bool:
    """Whether the catalogue lacks an import or a removal of a list.

    The command that recorded it was killed, or its disk was full, before the catalogue was built.
    """
    return _shown(home).get(REGISTER, 0) < len(read_history(home, REGISTER))


def _is_witnessed(home: Path, name: str) -> bool:
    if name == RUN:
        return any((home / "reports").glob("[0-9][0-9][0-9][0-9]-W[0-9][0-9]"))
    if name == WITNESS:
        return any((home / "witness").glob("*.parquet"))
    return name == REGISTER and any(_register_files(home))


def _register_files(home: Path) -> list[Path]:
    paths = (home / "registers").glob("*/*.parquet")
    return sorted(path for path in paths if not path.name.endswith(".junk.parquet"))


def _shown(home: Path) -> dict[str, int]:
    """How many records the catalogue shows; nothing where it cannot be read."""
    try:
        with closing(_catalogue(home)) as con:
            shown = {}
            for name, query in SHOWN.items():
                # A catalogue of an earlier release has fewer relations.
                with suppress(duckdb.CatalogException):
                    shown[name] = int(con.sql(query).fetchall()[0][0])
            return shown
    except duckdb.Error:
        return {}


def _catalogue(home: Path) -> duckdb.DuckDBPyConnection:
    if (home / CATALOGUE).exists():
        (home / CATALOGUE).open(
            "rb"
        ).close()  # that it may not be read does not show that it is lost
    return duckdb.connect(str(home / CATALOGUE), read_only=True)


def restore(settings: Settings) -> list[str]:
    """Restore what is lost of the histories, as the catalogue and the files of the home show it.

    The old file is kept beside it. A history without any trace starts empty, which is reported.
    """
    home = settings.home
    report = []
    sentences = lost(home)
    for name in SHOWN:
        if not any(str(history_path(home, name)) in sentence for sentence in sentences):
            continue
        here = read_history(home, name)
        records = _registers(home, here) if name == REGISTER else _merged(home, name, here)
        _replace(home, name, records)
        path, restored = history_path(home, name), len(records) - len(here)
        if restored:
            report.append(f"{path}: {restored:,} records were restored, {len(records):,} are there")
        else:
            report.append(
                f"{path}: nothing here shows what it held, so it starts empty: what was published, "
                "sent or imported before is no longer known"
            )
    return report


def _merged(home: Path, name: str, here: list[Record]) -> list[Record]:
    """The records of the catalogue, and those of the file that it does not show yet."""
    try:
        with closing(_catalogue(home)) as con:
            shown = _records(con, RESTORED[name])
            if name == RUN:
                _add_inputs(con, shown)
            elif name not in (
                OUTBOX,
                ALERT,
                WITNESS,
            ):  # publications write their times as Python prints them
                shown = con.sql(RESTORED[name]).to_arrow_table().to_pylist()
    except duckdb.Error:
        return here
    for number, record in enumerate(shown, 1):
        if name in (PUBLISHED_WEEK, PUBLISHED_CALL):
            record["publication_id"] = number
    key = KEYS[name]
    known = {tuple(str(record.get(k)) for k in key) for record in shown}
    later = [r for r in here if tuple(str(r.get(k)) for k in key) not in known]
    return [*shown, *later]


def _records(con: duckdb.DuckDBPyConnection, query: str) -> list[Record]:
    rows: list[Record] = con.sql(query).to_arrow_table().to_pylist()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _add_inputs(con: duckdb.DuckDBPyConnection, runs: list[Record]) -> None:
    """Give runs their files and registers, which the catalogue shows in relations of their own."""
    files = _records(con, "from run_file order by run_id, file_id")
    registers = _records(con, "from run_register order by run_id, register")
    for run in runs:
        own = [row for row in files if row["run_id"] == run["run_id"]]
        run["files"] = [
            {k: v for k, v in row.items() if k not in ("run_id", "is_gone")}
            for row in own
            if not row["is_gone"]
        ]
        run["gone"] = [row["file_id"] for row in own if row["is_gone"]]
        run["registers"] = [
            {k: v for k, v in row.items() if k != "run_id"}
            for row in registers
            if row["run_id"] == run["run_id"]
        ]


def _registers(home: Path, here: list[Record]) -> list[Record]:
    """The imports by their files; an existing record of an import takes precedence."""
    hashes = {
        register["file_hash"][:16]: register["file_hash"]
        for run in read_history(home, RUN)
        for register in run.get("registers") or []
    }
    named = {record.get("path") for record in here}
    records = list(here)
    for path in _register_files(home):
        place = str(path.relative_to(home))
        try:
            entries = pq.read_table(path)
            junk = pq.read_metadata(path.with_name(f"{path.stem}.junk.parquet")).num_rows
            day, _, prefix = path.stem.rpartition("-")
            date.fromisoformat(day)
            register = entries["register"][0].as_py()
        except (OSError, ValueError, KeyError, IndexError, pa.ArrowException):
            continue
        if place in named:
            continue
        sources = set(entries["link_source"].to_pylist())
        is_one = len(sources) == 1 and not register.startswith("team:")
        hulls = {tuple(row.values()) for row in entries.select(["imo", "vessel_name"]).to_pylist()}
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
        records.append(
            {
                "register": register,
                "link_source": sources.pop() if is_one else register,
                "published_on": day,
                "imported_at": modified.isoformat(),
                "name": path.name,
                "file_hash": hashes.get(prefix, prefix),
                "path": place,
                "entries": entries.num_rows,
                "hulls": len(hulls),
                "junk": junk,
                "added": None,
                "changed": None,
                "gone": None,
                "accepted": None,
            }
        )
    return sorted(records, key=lambda record: str(record["imported_at"]))


def _replace(home: Path, name: str, records: Iterable[Record]) -> None:
    """Replace a history; the old file is kept beside it."""
    path = history_path(home, name)
    make_folder(path.parent)
    if path.exists():
        path.rename(path.with_name(f"{path.name}.{utc_now():%Y%m%dT%H%M%S}"))
    text = "".join(json.dumps(record, default=str) + "\n" for record in records)
    write_durably(path, text.encode())
