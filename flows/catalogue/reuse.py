"""What of earlier runs still holds, so that a closed week is not read again.

It is only ever a saving: what is missing, damaged or of other code is passed over, and `barometer
check --rebuild` compares with a catalogue for which nothing was reused.
"""

from __future__ import annotations

import glob
import json
import uuid
from collections.abc import Collection
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.catalogue import relations
from flows.catalogue.access import open_catalogue
from flows.catalogue.given import source_terms
from flows.catalogue.windows import KEPT
from flows.derive import calls
from flows.home import cache
from flows.home.cache import Kept
from flows.home.code import code_hash, method_hash
from flows.home.hashes import folder_hash, text_hash
from flows.home.resources import data_path
from flows.home.settings import Settings
from flows.lake.entry import Manifest, address
from flows.lake.manifest import CATALOGUE

FOLDER = "windows"
"""Of the home: what the last run read window by window (`flows.catalogue.windows`), with the
verdicts that it was read with."""

TOUCHED = "select distinct mmsi from read_parquet($parts, hive_partitioning = false)"
KEEP = "copy (from {name} order by all) to $file (format parquet, compression zstd)"
NEW_DAYS = """
select distinct mmsi, reported_at::date as day
from read_parquet($parts, hive_partitioning = false)
"""
NEW_DAY = pa.schema([("mmsi", pa.int32()), ("day", pa.date32())])


def settled(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest, candidate: pa.Table
) -> calls.Work:
    """The calls in the catalogue in use that need no new search; see `calls.settled`."""
    path = settings.home / CATALOGUE
    if not path.exists():
        return calls.NO_WORK
    try:
        with open_catalogue(path, settings) as old:
            meta = dict(old.execute("select key, value from meta").fetchall())
            if any(meta.get(k) != v for k, v in method(settings.home, manifest).items()):
                return calls.NO_WORK
            before = calls.Work(
                old.table("track_call").to_arrow_table().cast(calls.CALL_SCHEMA),
                old.table("flagged_position").to_arrow_table().cast(calls.FLAGGED_SCHEMA),
                old.table("candidate_ship").to_arrow_table().cast(calls.SHIP_SCHEMA),
            )
            worked = {
                part for (part,) in old.execute("select part_hash from worked_part").fetchall()
            }
    except (duckdb.Error, pa.ArrowException):
        return calls.NO_WORK
    touched = pa.array([], pa.int32())
    if new := _beside(settings, manifest, worked):
        table = con.execute(TOUCHED, {"parts": new}).to_arrow_table()
        touched = table["mmsi"].combine_chunks()
    return calls.settled(before, candidate, touched)


def take_over(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest, *, from_scratch: bool
) -> None:
    """Into the schema `before` what an earlier run read, and as steps what is new since.

    The steps are `new_day`, the days of each ship in parts of the lake that are new, and
    `flagged_before`, the verdicts then.
    """
    # Of two, where a run was killed before it removed the first, any holds.
    stored = [] if from_scratch else kept(settings.home, manifest)
    sound = [entry for entry in stored if not cache.faults([entry])]
    new_day, flagged = NEW_DAY.empty_table(), calls.FLAGGED_SCHEMA.empty_table()
    if sound:
        tables = {
            name: con.read_parquet(glob.escape(str(sound[0].folder / f"{name}.parquet")))
            for name in (*KEPT, "flagged_position")
        }
        flagged = tables.pop("flagged_position").to_arrow_table()
        for name, table in tables.items():
            table.create(f"before.{name}")
        if new := _beside(settings, manifest, sound[0].parts):
            new_day = con.execute(NEW_DAYS, {"parts": new}).to_arrow_table()
    relations.store(con, "new_day", new_day)
    relations.store(con, "flagged_before", flagged)


def keep(con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest) -> None:
    """Store what the next run takes over, and remove what this one took over."""
    if not (parts := _parts(manifest)):
        return
    folder = settings.home / "tmp" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    for name in (*KEPT, "flagged_position"):
        # In order: the same rows are the same bytes, whichever of them were taken over.
        con.execute(KEEP.format(name=name), {"file": str(folder / f"{name}.parquet")})
    top = settings.home / FOLDER
    cache.keep(top, _method(settings.home, manifest), folder, dict.fromkeys(parts, ""))
    cache.prune(top, [e for e in kept(settings.home, manifest) if e.parts == set(parts)])


def kept(home: Path, manifest: Manifest) -> list[Kept]:
    """What is stored that is valid: of this code, and of parts that the lake still holds."""
    return cache.kept(home / FOLDER, _method(home, manifest), _parts(manifest))


def worked_part(manifest: Manifest) -> pa.Table:
    """The relation of the parts of the lake that a catalogue is made from."""
    return pa.table({"part_hash": pa.array(_parts(manifest), pa.string())})


def method(home: Path, manifest: Manifest) -> dict[str, str]:
    """What the calls depend on beside the fixes: the code that finds them, the fences, and how
    exact the sources are."""
    known = {entry.source for entry in manifest.entries.values()}
    exactness = [
        (terms["source"], terms.get("position_accuracy_m"), terms.get("time_step_s"))
        for terms in source_terms(home)
        if terms["source"] in known
    ]
    return {
        "method_hash": method_hash(),
        "fences_hash": folder_hash(data_path("ports")),
        "exactness_hash": text_hash(json.dumps(exactness)),
    }


def _method(home: Path, manifest: Manifest) -> str:
    """What the windows depend on beside the fixes and the verdicts."""
    return text_hash(json.dumps([code_hash(), method(home, manifest)]))


def _parts(manifest: Manifest) -> list[str]:
    return [e.position.hash for e in manifest.entries.values() if e.position is not None]


def _beside(settings: Settings, manifest: Manifest, worked: Collection[str]) -> list[str]:
    """Addresses, as patterns, of the parts of the lake that are not among these."""
    return [
        glob.escape(address(settings.place, entry.position))
        for entry in manifest.entries.values()
        if entry.position is not None and entry.position.hash not in worked
    ]
