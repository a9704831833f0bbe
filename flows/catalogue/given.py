"""What is given beside the fixes: records of the home, and large tables, of fences and of lists."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pyarrow as pa

from flows.catalogue.records import Record, given_table, sent_records
from flows.catalogue.run_record import run_files
from flows.home.history import (
    LIST_FETCH,
    PUBLISHED,
    PUBLISHED_CALL,
    PUBLISHED_WEEK,
    RUN,
    SOURCE_FETCH,
    WITNESS,
    read_history,
    read_history_text,
)
from flows.lake.entry import Manifest
from flows.registers.decisions import read_decisions
from flows.registers.held import version_entries, version_records
from flows.registers.store import load_junk, load_versions
from flows.registers.watchlist import read_watchlist
from flows.sources.definitions import load_sources
from flows.sources.lists import load_lists
from flows.sources.witnesses import load_witnesses

PUBLICATIONS = {
    PUBLISHED_CALL: "publication_call",
    PUBLISHED_WEEK: "publication_week",
    PUBLISHED: "publication",
}
"""The histories of what was published, each with the relation of what this run publishes.

In the order in which they are appended: a count never stands without the calls that made it."""

SHOWN = {"publisher", "licence", "citation", "position_accuracy_m", "time_step_s"}
"""What the catalogue shows of the definition of a source."""
WITNESS_FIELDS = {"source_id", "witness", "publisher", "licence", "citation", "coverage"}


def given(
    home: Path, manifest: Manifest, meta: Record, run: Record, *, publish: bool
) -> tuple[dict[str, pa.Table], pa.RecordBatchReader]:
    """The relations that a catalogue is built from, beside the lake and the fences.

    Parameters
    ----------
    home : Path
        The home.
    manifest : Manifest
        What the lake holds.
    meta : mapping
        The rows of the relation `meta`.
    run : mapping
        The record of this run; empty for a catalogue of no run.
    publish : bool
        Whether this run publishes.

    Returns
    -------
    tables : dict of str to pyarrow.Table
        `given`; `register_junk`, what the imports of registers did not take over.
    entries : RecordBatchReader
        For `version_entry`: every entry of every version of every register.
    """
    runs = [*read_history(home, RUN), *([run] if run else [])]
    versions = load_versions(home)
    registers = chain.from_iterable(
        ({"run_id": run["run_id"]} | register for register in run.get("registers", []))
        for run in runs
    )
    kinds: dict[str, Iterable[Record | str]] = {
        "meta": [{"key": key, "value": value} for key, value in meta.items()],
        "source_file": (entry._asdict() for entry in manifest.entries.values()),
        "run": runs,
        "run_file": run_files(runs, manifest),
        "run_register": registers,
        "publishing": [run] if publish else [],
        "register_version": version_records(versions),
        "witness": (w.model_dump(include=WITNESS_FIELDS) for w in load_witnesses(home).values()),
        "witness_file": read_history_text(home, WITNESS),
        "source_terms": source_terms(home),
        "list_fetch": read_history_text(home, LIST_FETCH),
        "source_fetch": read_history_text(home, SOURCE_FETCH),
        "link_decision": read_decisions(home)[0].to_pylist(),
        "watchlist": read_watchlist(home, versions)[0],
        **{name: read_history_text(home, name) for name in PUBLICATIONS},
        **sent_records(home),
    }
    tables = {"given": given_table(kinds), "register_junk": load_junk(home)}
    return tables, version_entries(versions)


def source_terms(home: Path) -> list[Record]:
    """Publisher, terms and exactness of each source of positions and witness, and of registers."""
    lists = {each.register_id: each for each in load_lists(home).values()}
    return [
        {"source": name} | definition.model_dump(include=SHOWN)
        for definitions in (load_sources(home), load_witnesses(home), lists)
        for name, definition in definitions.items()
    ]
