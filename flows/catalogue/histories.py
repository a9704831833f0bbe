"""The histories of a home as tables."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from flows.derive.record import run_files
from flows.home.history import OUTBOX, PUBLISHED, PUBLISHED_CALL, PUBLISHED_WEEK, read_history
from flows.lake.entry import Manifest
from flows.lists.entry import ENTRY_SCHEMA
from flows.registers.bundled import Version

LEDGER_SCHEMA = pa.schema(
    [
        ("file_id", pa.string()),
        ("name", pa.string()),
        ("source", pa.string()),
        ("rows_read", pa.int64()),
        ("rows_kept", pa.int64()),
        ("rows_repeated", pa.int64()),
        ("rows_rejected", pa.int64()),
        ("first_reported_at", pa.timestamp("us")),
        ("last_reported_at", pa.timestamp("us")),
        ("ingested_at", pa.timestamp("us")),
        ("rows_static", pa.int64()),
    ]
)
RUN_SCHEMA = pa.schema(
    [
        ("run_id", pa.int64()),
        ("as_of", pa.timestamp("us")),
        ("code_version", pa.string()),
        ("inputs_hash", pa.string()),
        ("fences_hash", pa.string()),
        ("registers_hash", pa.string()),
        ("files_ingested", pa.int64()),
        ("files_known", pa.int64()),
        ("files_failed", pa.int64()),
        ("code_hash", pa.string()),
        ("method_hash", pa.string()),
        ("bundled_hash", pa.string()),
        ("decisions_hash", pa.string()),
        ("sources_hash", pa.string()),
        ("register_imports", pa.int64()),
        ("threads", pa.int64()),
        ("memory_limit", pa.string()),
    ]
)
RUN_FILE_SCHEMA = pa.schema(
    [
        ("run_id", pa.int64()),
        ("file_id", pa.string()),
        ("name", pa.string()),
        ("first_reported_at", pa.timestamp("us")),
        ("last_reported_at", pa.timestamp("us")),
        ("is_gone", pa.bool_()),
    ]
)
RUN_REGISTER_SCHEMA = pa.schema(
    [
        ("run_id", pa.int64()),
        ("register", pa.string()),
        ("link_source", pa.string()),
        ("published_on", pa.date32()),
        ("age_days", pa.int64()),
        ("file_hash", pa.string()),
    ]
)
VERSION_SCHEMA = pa.schema(
    [
        ("version", pa.int32()),
        ("register", pa.string()),
        ("link_source", pa.string()),
        ("published_on", pa.date32()),
        ("imported_at", pa.timestamp("us")),
        ("name", pa.string()),
        ("entries", pa.int64()),
        ("import_number", pa.int64()),
        ("removed_number", pa.int64()),
        ("accepted", pa.string()),
    ]
)
OUTBOX_SCHEMA = pa.schema(
    [
        ("outbox_id", pa.int64()),
        ("week", pa.string()),
        ("week_state", pa.string()),
        ("version", pa.string()),
        ("to", pa.list_(pa.string())),
        ("state", pa.string()),
        ("at", pa.timestamp("us")),
        ("attempt", pa.int64()),
        ("message_id", pa.string()),
        ("error", pa.string()),
        ("next_try_at", pa.timestamp("us")),
    ]
)
_PUBLICATION = [
    ("publication_id", pa.int64()),
    ("published_at", pa.timestamp("us")),
    ("run_id", pa.int64()),
    ("week", pa.string()),
]
PUBLISHED_SCHEMA = pa.schema(
    [
        *_PUBLICATION,
        ("port_id", pa.string()),
        ("link_tier", pa.string()),
        ("port_calls", pa.int64()),
        ("state", pa.string()),
    ]
)
PUBLISHED_WEEK_SCHEMA = pa.schema(
    [
        *_PUBLICATION,
        ("russian_linked_tanker_calls", pa.int64()),
        ("russian_linked_berth_calls", pa.int64()),
        ("tanker_calls", pa.int64()),
        ("listed_calls", pa.int64()),
        ("flag_calls", pa.int64()),
        ("owner_calls", pa.int64()),
        ("trade_calls", pa.int64()),
        ("calls_known_at_call", pa.int64()),
        ("observed_share", pa.float64()),
        ("state", pa.string()),
        ("word", pa.string()),
    ]
)
PUBLISHED_CALL_SCHEMA = pa.schema(
    [
        *_PUBLICATION,
        ("port_call_id", pa.string()),
        ("port_id", pa.string()),
        ("is_counted", pa.bool_()),
        ("link_tier", pa.string()),
        ("area_kind", pa.string()),
        ("is_headline", pa.bool_()),
        ("vessel_name", pa.string()),
        ("imo", pa.int32()),
        ("mmsi", pa.int32()),
        ("arrived_at", pa.timestamp("us")),
    ]
)


class _Publication(NamedTuple):
    """One kind of what a run publishes: its history, its rows there, what is new, and its name."""

    history: str
    schema: pa.Schema
    query: str
    record: str


PUBLICATIONS = (
    _Publication(
        PUBLISHED_CALL, PUBLISHED_CALL_SCHEMA, "publication_call", "published_call_record"
    ),
    _Publication(
        PUBLISHED_WEEK, PUBLISHED_WEEK_SCHEMA, "publication_week", "published_week_record"
    ),
    _Publication(PUBLISHED, PUBLISHED_SCHEMA, "publication", "published"),
)
"""In the order in which they are appended: a count never stands without the calls that made it."""


def run_tables(runs: list[dict[str, Any]], manifest: Manifest) -> dict[str, pa.Table]:
    registers = [
        {"run_id": run["run_id"]} | register
        for run in runs
        for register in run.get("registers", [])
    ]
    return {
        "run_record": as_table(runs, RUN_SCHEMA),
        "run_file_record": as_table(run_files(runs, manifest), RUN_FILE_SCHEMA),
        "run_register_record": as_table(registers, RUN_REGISTER_SCHEMA),
    }


def ledger_table(manifest: Manifest) -> pa.Table:
    return as_table([entry._asdict() for entry in manifest.entries.values()], LEDGER_SCHEMA)


def outbox_table(home: Path) -> pa.Table:
    records = read_history(home, OUTBOX)
    numbered = [{"outbox_id": number} | record for number, record in enumerate(records, 1)]
    return as_table(numbered, OUTBOX_SCHEMA)


def as_table(records: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Records as a table; what a record lacks is null, and times and days may be ISO texts."""
    parse = {
        field.name: datetime.fromisoformat
        if pa.types.is_timestamp(field.type)
        else date.fromisoformat
        for field in schema
        if pa.types.is_temporal(field.type)
    }
    rows = [
        {
            name: parse[name](value)
            if name in parse and isinstance(value := record.get(name), str)
            else record.get(name)
            for name in schema.names
        }
        for record in records
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def version_records(versions: list[Version]) -> pa.Table:
    rows = [
        version._asdict() | {"version": number, "entries": version.entries.num_rows}
        for number, version in enumerate(versions, 1)
    ]
    return as_table(rows, VERSION_SCHEMA)


def version_entries(versions: list[Version]) -> pa.Table:
    schema = pa.schema([pa.field("version", pa.int32()), *ENTRY_SCHEMA])
    tables = [
        version.entries.add_column(
            0, schema.field("version"), pa.array([number] * version.entries.num_rows, pa.int32())
        )
        for number, version in enumerate(versions, 1)
    ]
    return pa.concat_tables([schema.empty_table(), *tables])
