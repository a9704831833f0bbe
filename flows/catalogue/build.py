"""Step 8, catalogue: `barometer.duckdb`, the relations of `sql/`, swapped in whole."""

from __future__ import annotations

import glob
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow as pa

from flows import __version__
from flows.catalogue.access import (
    HOME,
    LAKE_VIEWS,
    existing,
    explained,
    lake_view,
    open_catalogue,
    open_for_writing,
)
from flows.catalogue.cells import (
    grid,
    limit_cells,
    limit_points,
    near_box,
    surrounding_cells,
    with_geometry,
)
from flows.catalogue.histories import (
    PUBLICATIONS,
    as_table,
    ledger_table,
    outbox_table,
    run_tables,
    version_entries,
    version_records,
)
from flows.catalogue.relations import (
    DROP_STEPS,
    FOLLOWING,
    KNOWN,
    PUBLISHED_RELATIONS,
    TIME_ZONE,
    add_comments,
    create_relations,
    relation_sql,
)
from flows.derive import calls, digest
from flows.derive import events as derive_events
from flows.derive.record import hashes, next_id
from flows.home.hashes import folder_hash
from flows.home.history import RUN, read_history
from flows.home.resources import data_path, port_files
from flows.home.settings import Settings
from flows.lake.entry import Manifest, address
from flows.lake.manifest import CATALOGUE, FORMAT, connect, read_manifest
from flows.registers.codes import (
    load_destinations,
    load_foreign_ports,
    load_mid,
    load_programmes,
    load_straits,
    load_terminals,
    load_vessel_types,
)
from flows.registers.decisions import read_decisions
from flows.registers.store import load_junk, load_versions
from geo.ports import Ports, load_ports


def digest_new(settings: Settings, manifest: Manifest) -> None:
    """Store a digest of the lake's parts that none covers yet; see `flows.derive.digest`."""
    with connect(settings) as con:
        ports, fences = _fences(tuple(port_files()), folder_hash(data_path("ports")))
        for name, table in {**fences, "strait_side": load_straits()}.items():
            con.register(name, table)
        con.execute("set variable near = $near", {"near": near_box(ports)})
        digest.store(con, settings, manifest)


def build(
    settings: Settings,
    manifest: Manifest,
    run: dict[str, Any],
    *,
    publish: bool,
    from_scratch: bool = False,
    known_on: date | None = None,
    spread: calls.Spread | None = None,
) -> tuple[Path, dict[str, list[dict[str, Any]]]]:
    """Build the catalogue beside the one in use.

    Parameters
    ----------
    settings : Settings
        Home, as-of time and limits.
    manifest : Manifest
        What the lake holds.
    run : dict
        The record of this run, a row of the relation `run`; empty for a catalogue of no run.
    publish : bool
        Whether this run publishes the weeks that are new or changed.
    from_scratch : bool
        Work every ship anew, instead of those alone that the catalogue in use does not settle.
    known_on : date or None
        Link ships by what was known on that day; None for all that is known.
    spread : callable, optional
        Works the ships elsewhere; see `flows.derive.calls.Spread`.

    Returns
    -------
    path, published : Path, dict of list of dict
        The file, closed, to be put in place with `swap_in`; and the rows that this run publishes,
        by the history that they belong into before that, in the order of appending.
    """
    path = settings.home / "tmp" / f"{uuid.uuid4().hex}.duckdb"
    path.parent.mkdir(exist_ok=True)
    ports, fences = _fences(tuple(port_files()), folder_hash(data_path("ports")))
    runs = [*read_history(settings.home, RUN), *([run] if run else [])]
    with open_for_writing(path, settings) as con:
        for name in LAKE_VIEWS:
            lake_view(con, settings, manifest, name)
        con.register("ledger", ledger_table(manifest))
        for name, table in _knowledge(settings.home).items():
            con.register(name, table)
        con.register("meta_pair", _meta(settings, manifest, known_on))
        con.register("outbox_record", outbox_table(settings.home))
        for name, table in run_tables(runs, manifest).items():
            con.register(name, table)
        for name, table in fences.items():
            con.register(name, table)
        create_relations(con, *KNOWN)
        con.execute("set variable near = $near", {"near": near_box(ports)})
        digest.relate(con, settings, manifest, from_scratch=from_scratch)
        create_relations(
            con, "heard_ship_slot", "heard_slot", "heard_hour", "source_hour", "reception_hour"
        )
        candidate = con.sql(relation_sql("candidate")).to_arrow_table()
        con.register("candidate", candidate)
        kept = calls.NO_WORK if from_scratch else _settled(con, settings, manifest, candidate)
        work = calls.find_calls(con, ports, _data_end(manifest), kept, spread)
        events = derive_events.find_events(work, _data_end(manifest))
        for name, table in zip(("found_call", "found_flag", "found_ship"), work, strict=True):
            con.register(name, table)
        for name, table in zip(("found_event", "affected_port", "found_stay"), events, strict=True):
            con.register(name, table)
        con.register("lake_part", _lake_part(manifest))
        create_relations(con, "track_call", "flagged_position", "candidate_ship", "worked_part")
        con.sql(relation_sql("position_verdict")).create_view("position_verdict")
        create_relations(con, "jammed_slot", "observed_hour", "coverage")
        create_relations(con, "interference", "call_interference")
        create_relations(con, *FOLLOWING)
        for name, table in _series(con).items():
            con.register(name, table)
        create_relations(con, "series_window", "barometer", "weekly_water")
        new = _publish(con, settings.home, run if publish else None)
        create_relations(con, *PUBLISHED_RELATIONS)
        con.execute(DROP_STEPS)
        add_comments(con)
    return path, new


def _publish(
    con: duckdb.DuckDBPyConnection, home: Path, run: Mapping[str, Any] | None
) -> dict[str, list[dict[str, Any]]]:
    """What the run publishes, by history; what was published with it stands under its name in SQL.

    Without a run nothing is.
    """
    new = {}
    for history, schema, query, record in PUBLICATIONS:
        before = read_history(home, history)
        con.register(record, as_table(before, schema))
        rows = [] if run is None else con.sql(relation_sql(query)).to_arrow_table().to_pylist()
        first = next_id(before, "publication_id")
        new[history] = [
            {"publication_id": number, "run_id": run and run["run_id"]} | row
            for number, row in enumerate(rows, first)
        ]
        con.unregister(record)
        con.register(record, as_table([*before, *new[history]], schema))
    return new


@contextmanager
def built_beside(
    settings: Settings, *, from_scratch: bool = False, known_on: date | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A catalogue of the same lake and as-of time as the one in use, which stays as it is.

    See `build` for `from_scratch` and `known_on`. It is gone when the connection is closed.
    """
    manifest = read_manifest(settings.place)
    with explained(settings), open_catalogue(existing(settings.home), settings) as used:
        row = used.execute("select value from meta where key = 'as_of'").fetchone()
    assert row is not None
    then = settings._replace(as_of=datetime.fromisoformat(row[0]))
    with explained(settings):
        built, _ = build(
            then, manifest, {}, publish=False, from_scratch=from_scratch, known_on=known_on
        )
    try:
        with explained(settings), open_catalogue(built, settings) as con:
            yield con
    finally:
        built.unlink()


def _meta(settings: Settings, manifest: Manifest, known_on: date | None) -> pa.Table:
    pairs = {
        "format": str(FORMAT),
        "code_version": __version__,
        "as_of": settings.as_of.isoformat(sep=" "),
        HOME: str(settings.place),
        "time_zone": TIME_ZONE,
        **hashes(settings.home, manifest),
        **_method(),
    }
    if known_on is not None:
        pairs["known_on"] = known_on.isoformat()
    return pa.table({"key": list(pairs), "value": list(pairs.values())})


def _knowledge(home: Path) -> dict[str, pa.Table]:
    """What is known beside the fixes, as tables: code tables, registers, persons' decisions."""
    versions = load_versions(home)
    decisions, _ = read_decisions(home)
    lines = pa.array(range(1, decisions.num_rows + 1), pa.int64())
    return {
        "mid_table": load_mid(),
        "programme_table": load_programmes(),
        "vessel_type": load_vessel_types(),
        "destination_text": load_destinations(),
        "strait_side": load_straits(),
        "terminal": load_terminals(),
        "foreign_port": load_foreign_ports(),
        "version_record": version_records(versions),
        "version_entry": version_entries(versions),
        "register_junk": load_junk(home),
        "decision_row": decisions.append_column("line", lines),
    }


def _data_end(manifest: Manifest) -> datetime | None:
    ends = [e.last_reported_at for e in manifest.entries.values() if e.last_reported_at is not None]
    return max(ends, default=None)


def _series(con: duckdb.DuckDBPyConnection) -> dict[str, pa.Table]:
    """What the counts say: each week's windows, and each week's limits, test and word."""
    weeks = con.sql("from series_count order by week, water nulls first").df()
    # scipy takes a second to load, and most commands only read.
    from flows.derive import series  # noqa: PLC0415

    found = series.windows(weeks)
    tables = {"found_window": found, "found_week": series.weekly(weeks, found)}
    return {
        name: pa.Table.from_pandas(table, preserve_index=False) for name, table in tables.items()
    }


# A service builds every week, a check builds twice: the same files give the same tables.
@lru_cache(maxsize=1)
def _fences(files: tuple[Path, ...], _content: str) -> tuple[Ports, Mapping[str, pa.Table]]:
    """The ports and fences, as read and as tables, and the cells of the map that lie near a port or
    touch its limit. Of the files' paths and a hash of their contents; not to be changed."""
    ports = load_ports(*files)
    cell_x, cell_y = grid(ports)
    tables = {
        "fenced_port": pa.Table.from_pandas(with_geometry(ports.port), preserve_index=False),
        "fenced_area": pa.Table.from_pandas(with_geometry(ports.port_area), preserve_index=False),
        "surrounding_cell": surrounding_cells(ports, cell_x, cell_y),
        "limit_cell": limit_cells(ports),
        "limit_point": limit_points(ports),
    }
    return ports, MappingProxyType(tables)


def _settled(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest, candidate: pa.Table
) -> calls.Work:
    """The work of the catalogue in use that still holds; none where there is none to be had.

    It is only ever a saving: a catalogue that is missing, damaged or of other code is passed over.
    """
    path = settings.home / CATALOGUE
    if not path.exists():
        return calls.NO_WORK
    try:
        with open_catalogue(path, settings) as old:
            meta = dict(old.execute("select key, value from meta").fetchall())
            if any(meta.get(k) != v for k, v in _method().items()):
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
    new = [
        glob.escape(address(settings.place, entry.position))
        for entry in manifest.entries.values()
        if entry.position is not None and entry.position.hash not in worked
    ]
    touched = pa.array([], pa.int32())
    if new:
        query = "select distinct mmsi from read_parquet($parts, hive_partitioning = false)"
        touched = con.execute(query, {"parts": new}).to_arrow_table()["mmsi"].combine_chunks()
    return calls.settled(before, candidate, touched)


def _lake_part(manifest: Manifest) -> pa.Table:
    hashes = [e.position.hash for e in manifest.entries.values() if e.position is not None]
    return pa.table({"part_hash": pa.array(hashes, pa.string())})


def _method() -> dict[str, str]:
    """What the calls depend on beside the fixes: the code that finds them, and the fences."""
    return {"method_hash": calls.method_hash(), "fences_hash": folder_hash(data_path("ports"))}
