"""The record of a run: all that is needed to reproduce a published number.

A record names the files that came into the lake since the run before, so that the inputs of a run
are those of all runs up to it. Registers are recorded in the same way: `register_imports` is the
number of lines of the home's register history, imports and removals, that the run read.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flows import __version__
from flows.home.code import code_hash, method_hash
from flows.home.hashes import file_hash, folder_hash, text_hash
from flows.home.history import REGISTER, read_history
from flows.home.resources import data_path
from flows.home.settings import Settings
from flows.lake.entry import Entry, Manifest
from flows.registers.decisions import read_decisions
from flows.registers.ledger import standing_imports

Record = dict[str, Any]


def run_record(
    settings: Settings, manifest: Manifest, before: Sequence[Record], counts: Mapping[str, int]
) -> Record:
    """The record of a run: a row of the relation `run`, rows of `run_file` and `run_register`.

    Parameters
    ----------
    settings : Settings
        As-of time and limits. The limits change no result.
    manifest : Manifest
        What the lake holds now.
    before : sequence of dict
        The records of the runs before, oldest first.
    counts : mapping
        How many inputs this run met: ``files_ingested``, ``files_known``, ``files_failed``.
    """
    held = lake_files(run_files(before, manifest))
    return {
        "run_id": next_id(before, "run_id"),
        "as_of": settings.as_of.isoformat(),
        "code_version": __version__,
        **hashes(settings.home, manifest),
        **counts,
        "code_hash": code_hash(),
        "method_hash": method_hash(),
        "bundled_hash": folder_hash(data_path("registers")),
        "decisions_hash": _decisions_hash(settings.home),
        "sources_hash": folder_hash(settings.home / "sources"),
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "register_imports": len(read_history(settings.home, REGISTER)),
        "registers": registers_in_use(settings.home, settings.as_of.date()),
        "files": [_file(e) for e in manifest.entries.values() if e.file_id not in held],
        "gone": sorted(held - set(manifest.entries)),
    }


def next_id(records: Iterable[Mapping[str, Any]], name: str) -> int:
    """One more than the highest id. A damaged line takes its id along: none is given twice.

    >>> next_id([{"run_id": 1}, {"run_id": 7}, {}], "run_id")
    8
    """
    return max((record.get(name) or 0 for record in records), default=0) + 1


def run_files(records: Iterable[Record], manifest: Manifest) -> list[Record]:
    """Which run found which file in the lake first, or no more.

    Parameters
    ----------
    records : iterable of dict
        Records of runs, oldest first.
    manifest : Manifest
        What the lake holds now.

    Returns
    -------
    list of dict
        run_id, file_id, name, first_reported_at, last_reported_at, is_gone. A file that no record
        names was there before records named files: it goes to the first such run whose as-of time
        is not before its own. Without one it has no row: the next run will name it.
    """
    records = list(records)
    rows = []
    for record in records:
        run_id = record.get("run_id")
        rows += [{"run_id": run_id, **file, "is_gone": False} for file in record.get("files") or []]
        rows += [
            {"run_id": run_id, "file_id": file_id, "is_gone": True}
            for file_id in record.get("gone") or []
        ]
    named = {row["file_id"] for row in rows}
    silent = [r for r in records if "files" not in r and r.get("as_of")]
    for entry in manifest.entries.values():
        then = (r for r in silent if datetime.fromisoformat(r["as_of"]) >= entry.ingested_at)
        if entry.file_id not in named and (first := next(then, None)) is not None:
            rows.append({"run_id": first["run_id"], **_file(entry), "is_gone": False})
    return sorted(rows, key=lambda row: (row["run_id"], row["is_gone"], row["file_id"]))


def lake_files(rows: Iterable[Record], up_to: int | None = None) -> set[str]:
    """The file_ids that the lake held at a run, from the rows of `run_files`; None: the last one.

    >>> rows = [{"run_id": 1, "file_id": "a", "is_gone": False},
    ...         {"run_id": 2, "file_id": "b", "is_gone": False},
    ...         {"run_id": 3, "file_id": "a", "is_gone": True}]
    >>> sorted(lake_files(rows, 2)), sorted(lake_files(rows))
    (['a', 'b'], ['b'])
    """
    held: set[str] = set()
    for row in rows:
        if up_to is not None and row["run_id"] > up_to:
            continue
        (held.discard if row["is_gone"] else held.add)(row["file_id"])
    return held


def hashes(home: Path, manifest: Manifest) -> dict[str, str]:
    """What the numbers depend on, as hashes: the inputs, the fences and the registers.

    The registers are the bundled lists, the imported ones and analysts' decisions.
    """
    registers = hashlib.blake2b(folder_hash(data_path("registers")).encode(), digest_size=16)
    for _, record, _ in standing_imports(home):
        registers.update(f"{record['register']} {record['published_on']} ".encode())
        registers.update(record["file_hash"].encode())
    registers.update(str(read_decisions(home)[0].to_pylist()).encode())
    return {
        "inputs_hash": inputs_hash(manifest.entries),
        "fences_hash": folder_hash(data_path("ports")),
        "registers_hash": registers.hexdigest(),
    }


def inputs_hash(file_ids: Iterable[str]) -> str:
    """A hash of which files the lake holds, whatever the order in which they came."""
    return text_hash("".join(sorted(file_ids)), 16)


def registers_in_use(home: Path, today: date) -> list[Record]:
    """The newest version of each register, which today's links follow, and its age.

    Returns
    -------
    list of dict
        register, link_source, published_on (ISO text), age_days, file_hash; by register.
    """
    folder = data_path("registers")
    versions: list[Record] = []
    for path in sorted(folder.glob("*.toml")):
        about = tomllib.loads(path.read_text(encoding="utf-8"))
        versions.append(
            {
                "register": about["register"],
                "link_source": about["link_source"],
                "published_on": about["as_of"].isoformat(),
                "file_hash": file_hash(folder / about["file"]),
            }
        )
    versions += [standing.record for standing in standing_imports(home)]
    # Sorting keeps the order of equal days: of two versions of one day the later import stands.
    newest = {v["register"]: v for v in sorted(versions, key=lambda v: str(v["published_on"]))}
    return [
        {
            "register": register,
            "link_source": version["link_source"],
            "published_on": version["published_on"],
            "age_days": (today - date.fromisoformat(version["published_on"])).days,
            "file_hash": version["file_hash"],
        }
        for register, version in sorted(newest.items())
    ]


def _decisions_hash(home: Path) -> str:
    return text_hash(str(read_decisions(home)[0].to_pylist()), 16)


def _file(entry: Entry) -> Record:
    return {
        "file_id": entry.file_id,
        "name": entry.name,
        "first_reported_at": entry.first_reported_at and entry.first_reported_at.isoformat(),
        "last_reported_at": entry.last_reported_at and entry.last_reported_at.isoformat(),
    }
