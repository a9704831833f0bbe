"""What a home holds, apart from how often it was run: to hold a disturbed home against another."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow.parquet as pq

from flows.catalogue import access, reuse
from flows.derive import digest
from flows.home import history, lock
from flows.home.settings import Settings
from flows.ingest import known
from flows.lake import compact, store
from flows.lake.entry import KINDS, Entry
from flows.lake.manifest import CATALOGUE, read_manifest

OF_RUNS = {"run", "run_register", "outbox", "alert_delivery"}
"""Relations that tell the runs themselves: a home that was disturbed had one more."""
NUMBERS = {"run_id", "publication_id"}


def contents(settings: Settings) -> dict[str, str]:
    """A hash of each thing in a home: lake, relations, reports, history, and which files lie there.

    Without the numbers of runs and publications, without Prefect's own folder, and without what
    tells the order in which files came: versions of the lake's parts, what is kept of them. And
    without the known files, which are remembered once they are some seconds old.
    """
    home = settings.home
    manifest = read_manifest(settings.place)
    found: dict[str, Any] = {"manifest": [_unversioned(e) for e in manifest.entries.values()]}
    for kind in KINDS:
        named = [p for e in manifest.entries.values() if (p := getattr(e, kind)) is not None]
        files = [store.readable(settings.place, part.path) for part in named]
        tables = [pq.read_table(file, partitioning=None) for file in files]
        found[f"rows {kind}"] = [table.to_pylist() for table in tables]
    relations = _relations(settings) if (home / CATALOGUE).exists() else {}
    for name in (history.PUBLISHED, history.PUBLISHED_WEEK, history.PUBLISHED_CALL):
        records = history.read_history(home, name)
        rows = [{key: it for key, it in row.items() if key not in NUMBERS} for row in records]
        found[f"history {name}"] = sorted(json.dumps(row, sort_keys=True) for row in rows)
    runs = history.read_history(home, history.RUN)
    found["history run files"] = sorted(f["file_id"] for record in runs for f in record["files"])
    found["run numbers"] = [r["run_id"] for r in runs] == list(range(1, len(runs) + 1))
    files = [path.relative_to(home) for path in sorted(home.rglob("*")) if not path.is_dir()]
    found["files"] = [
        str(path.parent if path.parts[0] in KINDS else path)
        for path in files
        if path.parts[0] not in ("prefect", lock.LOCK, known.FILE)
        and path.parts[0] not in (digest.FOLDER, reuse.FOLDER, compact.FOLDER)
    ]
    for path in sorted((home / "reports").rglob("*")):
        if path.is_file():
            found[f"report {path.relative_to(home)}"] = path.read_bytes()
    return {name: _hash(it) for name, it in found.items()} | relations


def _hash(it: Any) -> str:
    return hashlib.blake2b(repr(it).encode()).hexdigest()[:16]


def _unversioned(entry: Entry) -> Entry:
    return entry._replace(
        **{k: part._replace(path=k) for k in KINDS if (part := getattr(entry, k)) is not None}
    )


def _relations(settings: Settings) -> dict[str, str]:
    found = {}
    with access.reading(settings) as con:
        names = con.execute(
            "select distinct table_name from information_schema.tables order by all"
        ).fetchall()
        for (name,) in names:
            if name in OF_RUNS or name.endswith("_record"):
                continue
            relation = con.table(name)
            if name == "meta":  # but for where the home lies
                relation = relation.filter("key <> 'home'")
            kept = [column for column in relation.columns if column not in NUMBERS]
            found[f"relation {name}"] = _hash(relation.select(*kept).order("all").fetchall())
    return found


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """The names of what two homes do not hold alike."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
