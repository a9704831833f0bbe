"""Step 8, catalogue: `barometer.duckdb`, the relations of `sql/`, swapped in whole."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from flows import __version__
from flows.derive import calls, digest
from flows.derive.record import hashes, next_id, run_files
from flows.home import durable
from flows.home.history import OUTBOX, PUBLISHED, PUBLISHED_CALL, PUBLISHED_WEEK, RUN, read_history
from flows.home.resources import data_path, port_files, sql_path
from flows.home.settings import BarometerError, Settings
from flows.lake import compact, store
from flows.lake import manifest as lake
from flows.lake.manifest import Manifest
from flows.lake.schema import POSITION_SCHEMA, REJECT_SCHEMA
from flows.registers.bundled import Version
from flows.registers.codes import (
    folder_hash,
    load_destinations,
    load_foreign_ports,
    load_mid,
    load_programmes,
    load_straits,
    load_terminals,
    load_vessel_types,
)
from flows.registers.decisions import read_decisions
from flows.registers.entry import ENTRY_SCHEMA
from flows.registers.store import load_junk, load_versions
from geo.fences import METRES_A_DEGREE, near
from geo.ports import Ports, load_ports

Cells = np.ndarray[Any, Any]

STORAGE_VERSION = "v1.0.0"
"""Written so that DuckDB clients from 1.1 on can open it (tried with 1.1.3)."""

SURROUNDINGS_KM = 60.0
"""How far from a port its reception is judged (README, "How it decides")."""

LIMIT_STEP_DEG = 0.02
"""Points along a port's limit, to measure how far off a ship is, lie no further apart: 2 km."""

CELLS_PER_DEGREE = 20
"""A cell is 0.05 degrees, some 5 km: the surroundings' edge is that rough."""

BATCHED = {
    "ship_spell": (
        """
        select mmsi, count(*) as said from said anti join steady_ship using (mmsi) group by mmsi
        union all
        select mmsi, 1 as said from steady_ship
        order by mmsi
        """,
        100_000,
    ),
    "claim_spell": ("select mmsi, count(*) from ship_spell group by mmsi order by mmsi", 1_000_000),
    "hull": (
        "select hash(hull_id) as h, count(*) from hull_spell group by h order by h",
        1_000_000,
    ),
    "vessel": ("select mmsi, count(*) from hull_spell group by mmsi order by mmsi", 1_000_000),
    "company": ("select pair, 1 from company_pair order by pair", 500),
}
"""Relations that are made for some ships at a time: the rows of each ship in their input, and how
many go into one batch.

DuckDB keeps the groups of an aggregate over texts, and windows over structs, in memory, whatever
its limit. Of 300 MB, 100,000 rows for `ship_spell` take some 100 (600,000 fail, 290,000 do not);
the others fail at three to five million.
"""

LAKE_VIEWS = {
    "position": (*POSITION_SCHEMA.names, "source", "file_id"),
    "reject": ("file_id", *REJECT_SCHEMA.names),
}
"""The views over the lake, and their columns; `source` and `file_id` are in the files' paths."""

PLAN = {
    "position": "select json_serialize_plan('from position')",
    "reject": "select json_serialize_plan('from reject')",
}
"""What DuckDB would read for a view over the lake: the one way to learn which files it names."""

TIME_ZONE = (
    "All times are in UTC, without a zone. A client's own zone enters where they meet now(), "
    "current_date, a cast to timestamptz or a time with an offset. In another client, first: "
    "set TimeZone = 'UTC'"
)
"""For people who open the catalogue with another client: a session's zone is not in the file."""

ABOUT = re.compile(r"^\s*comment on (?:table|view|column) (\w+)", re.MULTILINE)
"""The relation that a statement of sql/comments.sql is about."""

KNOWN = (
    *("meta", "run_file", "run_register", "run", "mid", "source_file", "port", "port_area", "week"),
    *("register_version", "register_age", "register_reject", "programme", "link_decision"),
    *("register_entry", "register_ship", "outbox"),
)
"""Relations that need no fix, in an order in which each finds its inputs."""

FOLLOWING = (
    *("steady_ship", "ship_spell", "claim_spell", "imo_held", "imo_apart", "imo_rival"),
    *("hull_spell", "hull", "vessel"),
    *("link_candidate", "call_identity", "call_confidence", "company_pair", "company"),
    *("joined_call", "unheard_arrival", "trade_call"),
    *("strait_passage", "russian_destination", "vessel_link", "evidence_at_hand"),
    *("call_evidence", "port_call", "vessel_conflict"),
    *("counted_call", "port_week", "weekly_count"),
    *("call_cargo", "coast_week", "call_voyage", "weekly_split", "series_count"),
    *("tanker_gap", "tanker_silence", "silence_hearing", "coast_silence", "possible_dark_call"),
)
"""Relations that follow from the calls, in such an order too."""

PUBLISHED_RELATIONS = (
    *("published_call", "published_week", "published_port_calls", "weekly_port_calls"),
    *("restated", "restated_ship", "restated_listing", "restatement"),
)
"""Relations that tell what was published, in such an order too."""

HOME = "home"
"""The key of `meta` of where the lake lay that the views name. A DuckDB client reads it there."""

SET_HOME = "update meta set value = $home where key = 'home'"

DROP_STEPS = """
drop view said; drop view heard; drop view close; drop view strait_fix;
drop table heard_ship_slot; drop table source_hour; drop table reception_hour;
drop table unheard_arrival; drop table series_count;
drop table call_identity; drop table weekly_count; drop table coast_week;
drop table call_confidence; drop table company_pair; drop table company;
drop table imo_held; drop table imo_apart; drop table imo_rival;
drop table steady_ship; drop table ship_spell; drop table claim_spell; drop table hull_spell;
drop table restated; drop table restated_ship; drop table restated_listing;
drop table tanker_gap; drop table tanker_silence; drop table silence_hearing;
"""
"""Relations that only the way to others needs."""

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


def digest_new(settings: Settings, manifest: Manifest) -> None:
    """Store a digest of the lake's parts that none covers yet; see `flows.derive.digest`."""
    with lake.connect(settings) as con:
        ports, fences = _fences(tuple(port_files()), folder_hash(data_path("ports")))
        for name, table in {**fences, "strait_side": load_straits()}.items():
            con.register(name, table)
        con.execute("set variable near = $near", {"near": _box(ports)})
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
    with _writing(path, settings) as con:
        for name in LAKE_VIEWS:
            _lake_view(con, settings, manifest, name)
        con.register("ledger", _ledger(manifest))
        for name, table in _knowledge(settings.home).items():
            con.register(name, table)
        con.register("meta_pair", _meta(settings, manifest, known_on))
        con.register("outbox_record", _outbox(settings.home))
        for name, table in _run_tables(runs, manifest).items():
            con.register(name, table)
        for name, table in fences.items():
            con.register(name, table)
        _create(con, *KNOWN)
        con.execute("set variable near = $near", {"near": _box(ports)})
        digest.relate(con, settings, manifest, from_scratch=from_scratch)
        _create(con, "heard_ship_slot", "heard_slot", "heard_hour", "source_hour", "reception_hour")
        candidate = con.sql(_sql("candidate")).to_arrow_table()
        con.register("candidate", candidate)
        kept = calls.NO_WORK if from_scratch else _settled(con, settings, manifest, candidate)
        work = calls.find_calls(con, ports, _data_end(manifest), kept, spread)
        events = calls.find_events(work, _data_end(manifest))
        for name, table in zip(("found_call", "found_flag", "found_ship"), work, strict=True):
            con.register(name, table)
        for name, table in zip(("found_event", "struck_port", "found_stay"), events, strict=True):
            con.register(name, table)
        con.register("lake_part", _lake_part(manifest))
        _create(con, "track_call", "flagged_position", "candidate_ship", "worked_part")
        con.sql(_sql("position_verdict")).create_view("position_verdict")
        _create(con, "jammed_slot", "observed_hour", "coverage")
        _create(con, "interference", "call_interference")
        _create(con, *FOLLOWING)
        for name, table in _series(con).items():
            con.register(name, table)
        _create(con, "series_window", "barometer", "weekly_water")
        new = _publish(con, settings.home, run if publish else None)
        _create(con, *PUBLISHED_RELATIONS)
        con.execute(DROP_STEPS)
        _comment(con)
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
        con.register(record, _records(before, schema))
        rows = [] if run is None else con.sql(_sql(query)).to_arrow_table().to_pylist()
        first = next_id(before, "publication_id")
        new[history] = [
            {"publication_id": number, "run_id": run and run["run_id"]} | row
            for number, row in enumerate(rows, first)
        ]
        con.unregister(record)
        con.register(record, _records([*before, *new[history]], schema))
    return new


def swap_in(settings: Settings, built: Path) -> None:
    """Put a built catalogue in the place of the one in use. Who has that open keeps it."""
    with built.open("rb") as raw:
        os.fsync(raw.fileno())
    built.replace(settings.home / lake.CATALOGUE)
    durable.sync_folder(settings.home)


def repoint(settings: Settings, manifest: Manifest) -> None:
    """Let the views of the catalogue name the lake's files where the home lies now."""
    with _scratch(settings.home) as folder, _explained(settings):
        path = folder / lake.CATALOGUE
        shutil.copyfile(existing(settings.home), path)
        point(path, settings, manifest)
        with _writing(path, settings) as con:
            con.execute(SET_HOME, {"home": str(settings.place)})
        swap_in(settings, path)


def point(path: Path, settings: Settings, manifest: Manifest) -> None:
    """Let the views of a catalogue file that nobody reads name the lake's files as they lie now,
    and its outbox hold what was sent up to now."""
    with _writing(path, settings) as con:
        for name in LAKE_VIEWS:
            _lake_view(con, settings, manifest, name)
        con.register("outbox_record", _outbox(settings.home))
        con.execute("drop table outbox")
        _create(con, "outbox")
        # The rest keeps its comments, and may be of other code, with other columns.
        _comment(con, *LAKE_VIEWS, "outbox")


@contextmanager
def reading(settings: Settings, manifest: Manifest | None = None) -> Iterator[Any]:
    """A read-only connection to a catalogue that fits the home as it is now.

    The views of the one in use may name other files than the manifest: the home was moved or
    copied, or files came in since the last run; and mail goes out after a run. A copy that is
    brought up to date is read then, so that every relation is there once, under its own name.
    """
    manifest = lake.read_manifest(settings.place) if manifest is None else manifest
    path = existing(settings.home)
    with _explained(settings), open_catalogue(path, settings) as con:
        if _is_up_to_date(con, settings, manifest):
            yield con
            return
    with _scratch(settings.home) as folder:
        copy = folder / path.name  # DuckDB calls the database by the name of its file
        shutil.copyfile(path, copy)
        with _explained(settings):
            point(copy, settings, manifest)
        with _explained(settings), open_catalogue(copy, settings) as con:
            yield con


def _is_up_to_date(con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest) -> bool:
    for name in LAKE_VIEWS:
        (plan,) = con.execute(PLAN[name]).fetchone() or ("{}",)
        files = lake_files(settings, manifest, name)
        if set(_files_of(json.loads(plan))) != {*files.parts, *files.compact}:
            return False
    (sent,) = con.execute("select count(*) from outbox").fetchone() or (0,)
    return bool(sent == len(read_history(settings.home, OUTBOX)))


def _files_of(plan: Any) -> Iterator[str]:
    """The files that a plan of DuckDB reads; none where it could not make one."""
    if isinstance(plan, list):
        for step in plan:
            yield from _files_of(step)
    elif isinstance(plan, dict):
        yield from plan.get("files", ())
        for step in plan.values():
            yield from _files_of(step)


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """A folder that goes away again: in the home, or where the system keeps such, as a home may be
    read by people who cannot write to it."""
    try:
        (home / "tmp").mkdir(exist_ok=True)
        made = TemporaryDirectory(dir=home / "tmp", ignore_cleanup_errors=True)
    except OSError:
        made = TemporaryDirectory(ignore_cleanup_errors=True)
    with made as folder:
        yield Path(folder)


@contextmanager
def built_beside(
    settings: Settings, *, from_scratch: bool = False, known_on: date | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A catalogue of the same lake and as-of time as the one in use, which stays as it is.

    See `build` for `from_scratch` and `known_on`. It is gone when the connection is closed.
    """
    manifest = lake.read_manifest(settings.place)
    with _explained(settings), open_catalogue(existing(settings.home), settings) as used:
        row = used.execute("select value from meta where key = 'as_of'").fetchone()
    assert row is not None
    then = settings._replace(as_of=datetime.fromisoformat(row[0]))
    with _explained(settings):
        built, _ = build(
            then, manifest, {}, publish=False, from_scratch=from_scratch, known_on=known_on
        )
    try:
        with _explained(settings), open_catalogue(built, settings) as con:
            yield con
    finally:
        built.unlink()


@contextmanager
def open_catalogue(path: Path, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to a catalogue file."""
    with duckdb.connect(str(path), read_only=True, config=_config(settings)) as con:
        con.execute(lake.SESSION)
        store.attach(con, settings.place)
        yield con


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Say what to do where the catalogue, or the lake through it, cannot be read.

    Raises
    ------
    BarometerError
        In the place of DuckDB's error.
    """
    try:
        yield
    except duckdb.Error as error:
        raise BarometerError(_why_unreadable(settings, str(error))) from error


def _why_unreadable(settings: Settings, told: str) -> str:
    path = settings.home / lake.CATALOGUE
    why = (told or "no reason given").splitlines()[0]
    if "lock" in why and str(path) in why:
        holder = re.search(r"held in (.+?)( \(PID \d+\))?( by user \S+)?\. ", told)
        who = f"by {''.join(part or '' for part in holder.groups())}" if holder else "elsewhere"
        return (
            f"{path}: is open for writing {who}, and as long as it is, nobody else can read it. "
            "Close it there, or open it there read-only: duckdb.connect(path, read_only=True)."
        )
    if faults := _missing(settings):
        return f"the lake is damaged. {faults}"
    if settings.lake and settings.lake in why:
        return (
            f"{settings.lake}: the lake could not be read ({why}). Check the network and the "
            "variables AWS_*; barometer check names what is missing."
        )
    return (
        f"{path}: cannot be read ({why}). Check its rights. barometer check names a file of the "
        "lake that is damaged; if none is, the catalogue is, or it is of another version: take "
        f"{lake.CATALOGUE} out of the home, and barometer run makes it again."
    )


def told_of_move(con: duckdb.DuckDBPyConnection, settings: Settings) -> str | None:
    """What to do where the views name the files of another place; None where they do not.

    Barometer's own commands read the lake that is given. Any other client reads the views: those of
    a copied home show the positions of the home that it was copied from.
    """
    row = con.execute("select value from meta where key = $key", {"key": HOME}).fetchone()
    if row is None or row[0] == str(settings.place):
        return None
    return (
        f"the catalogue was built at {row[0]}, and lies in {settings.home}: any other DuckDB "
        "client that opens it reads the positions there, or none. Let it name the files here: "
        "barometer check --repoint"
    )


def damage_hint(settings: Settings) -> str:
    """Which files of the lake are missing or cut, or else how to find one that is damaged."""
    return _missing(settings) or (
        "If the query is right, a file of the lake may be damaged: barometer check names it."
    )


def _missing(settings: Settings) -> str:
    """The first file of the lake that is missing or cut, and how many more; empty if none is."""
    try:
        manifest = lake.read_manifest(settings.place)
        faults = lake.faults(settings.place, manifest, is_hashed=False)
    except BarometerError as error:
        return str(error)
    more = f"\nAnd {len(faults) - 1:,} more; barometer check names them." if faults[1:] else ""
    return f"{faults[0]}.{more}" if faults else ""


def existing(home: Path) -> Path:
    """The catalogue of a home.

    Raises
    ------
    BarometerError
        If there is none yet.
    """
    path = home / lake.CATALOGUE
    if not path.exists():
        raise BarometerError(
            f"{home}: no catalogue yet. Bring AIS files in with: barometer run PATH"
        )
    return path


@contextmanager
def _writing(path: Path, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    config = _config(settings) | {"storage_compatibility_version": STORAGE_VERSION}
    with duckdb.connect(str(path), config=config) as con:
        con.execute(lake.SESSION)
        store.attach(con, settings.place)
        yield con


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.home / "tmp"),
    }


def _sql(name: str) -> str:
    return sql_path(f"{name}.sql").read_text(encoding="utf-8")


def _create(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Create the tables of files of sql/; the relation of DuckDB's API spares a string of SQL.

    With parameters DuckDB would read the whole result into memory first.
    """
    for name in names:
        if name in BATCHED:
            _create_in_batches(con, name)
        else:
            con.sql(_sql(name)).create(name)


def _create_in_batches(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create a table of `BATCHED`; its file takes the range from the session's variable `batch`."""
    query, most = BATCHED[name]
    ships = con.execute(query).fetchall()
    for number, (first, last) in enumerate(list(calls.batches(ships, most)) or [(0, 0)]):
        con.execute("set variable batch = $range", {"range": {"first": first, "last": last}})
        some = con.sql(_sql(name))
        some.insert_into(name) if number else some.create(name)


def _comment(con: duckdb.DuckDBPyConnection, *relations: str) -> None:
    """What every relation and column is, in one transaction: there are hundreds of them.

    With names of relations, of these alone.
    """
    con.begin()
    for statement in duckdb.extract_statements(_sql("comments")):
        (about,) = ABOUT.findall(statement.query)
        if about in relations or not relations:
            con.execute(statement)
    con.commit()


def _lake_view(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest, kind: str
) -> None:
    """A view over the lake's files, each by its absolute path.

    The relation is lazy: `con.sql` with parameters would read the lake into the catalogue instead.
    """
    files = lake_files(settings, manifest, kind)
    columns = LAKE_VIEWS[kind]
    parts = con.read_parquet([glob.escape(path) for path in files.parts], hive_partitioning=True)
    view = parts.select(*columns)
    if files.compact:
        whole = con.read_parquet(
            [glob.escape(path) for path in files.compact], hive_partitioning=False
        )
        view = view.union(whole.select(*columns))
    if kind == "position":
        day = duckdb.ColumnExpression("reported_at").cast("date").alias("reported_on")
        view = view.select(*columns, day)
    view.create_view(kind, replace=True)


class LakeFiles(NamedTuple):
    """Paths of files of the lake. As a pattern for DuckDB each is to be escaped: a home's name may
    hold `*` or `[`."""

    parts: list[str]
    compact: list[str]


def lake_files(settings: Settings, manifest: Manifest, kind: str) -> LakeFiles:
    """The parts to read, and the compact files to read in the place of the others."""
    holding = compact.kept(settings.home, manifest) if kind == "position" else []
    covered = {part for one in holding for part in one.parts}
    rest = {
        file_id: entry
        for file_id, entry in manifest.entries.items()
        if entry.position is None or entry.position.hash not in covered
    }
    parts = lake.part_paths(settings.place, Manifest(rest), kind)
    whole = [str(one.folder / name) for one in holding for name in one.files]
    return LakeFiles(parts, whole)


def _run_tables(runs: list[dict[str, Any]], manifest: Manifest) -> dict[str, pa.Table]:
    registers = [
        {"run_id": run["run_id"]} | register
        for run in runs
        for register in run.get("registers", [])
    ]
    return {
        "run_record": _records(runs, RUN_SCHEMA),
        "run_file_record": _records(run_files(runs, manifest), RUN_FILE_SCHEMA),
        "run_register_record": _records(registers, RUN_REGISTER_SCHEMA),
    }


def _ledger(manifest: Manifest) -> pa.Table:
    return _records([entry._asdict() for entry in manifest.entries.values()], LEDGER_SCHEMA)


def _outbox(home: Path) -> pa.Table:
    records = read_history(home, OUTBOX)
    numbered = [{"outbox_id": number} | record for number, record in enumerate(records, 1)]
    return _records(numbered, OUTBOX_SCHEMA)


def _records(records: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
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


def _meta(settings: Settings, manifest: Manifest, known_on: date | None) -> pa.Table:
    pairs = {
        "format": str(lake.FORMAT),
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
        "version_record": _version_records(versions),
        "version_entry": _version_entries(versions),
        "register_junk": load_junk(home),
        "decision_row": decisions.append_column("line", lines),
    }


def _version_records(versions: list[Version]) -> pa.Table:
    rows = [
        version._asdict() | {"version": number, "entries": version.entries.num_rows}
        for number, version in enumerate(versions, 1)
    ]
    return _records(rows, VERSION_SCHEMA)


def _version_entries(versions: list[Version]) -> pa.Table:
    schema = pa.schema([pa.field("version", pa.int32()), *ENTRY_SCHEMA])
    tables = [
        version.entries.add_column(
            0, schema.field("version"), pa.array([number] * version.entries.num_rows, pa.int32())
        )
        for number, version in enumerate(versions, 1)
    ]
    return pa.concat_tables([schema.empty_table(), *tables])


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
    cell_x, cell_y = _grid(ports)
    tables = {
        "fenced_port": pa.Table.from_pandas(_with_geometry(ports.port), preserve_index=False),
        "fenced_area": pa.Table.from_pandas(_with_geometry(ports.port_area), preserve_index=False),
        "surrounding_cell": _surrounding_cells(ports, cell_x, cell_y),
        "limit_cell": _limit_cells(ports),
        "limit_point": _limit_points(ports),
    }
    return ports, MappingProxyType(tables)


def _settled(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest, candidate: pa.Table
) -> calls.Work:
    """The work of the catalogue in use that still holds; none where there is none to be had.

    It is only ever a saving: a catalogue that is missing, damaged or of other code is passed over.
    """
    path = settings.home / lake.CATALOGUE
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
        glob.escape(lake.address(settings.place, entry.position))
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


def _with_geometry(frame: pd.DataFrame) -> pd.DataFrame:
    shapes = frame["geometry"].to_numpy()
    inside = shapely.point_on_surface(shapes)
    found = frame.drop(columns="geometry").assign(
        geometry_wkb=shapely.to_wkb(shapes),
        geometry_geojson=shapely.to_geojson(shapes),
        lon=np.round(shapely.get_x(inside), 5),
        lat=np.round(shapely.get_y(inside), 5),
    )
    if "serves" in found:
        found["serves"] = [json.dumps(list(ids)) if ids else None for ids in found["serves"]]
    return found


def _grid(ports: Ports) -> tuple[Cells, Cells]:
    """Column and row numbers of the cells round all ports, one array each.

    Of each port those up to its surroundings' edge: the ports lie from the Gulf to the Pacific.
    """
    found = []
    for west, south, east, north in shapely.bounds(ports.port["geometry"].to_numpy()):
        reach = 1.1 * SURROUNDINGS_KM * 1000 / METRES_A_DEGREE
        wide = reach / np.cos(np.radians(north + reach))
        found.append(_cells_of(west - wide, south - reach, east + wide, north + reach))
    return _distinct(found)


def _cells_of(west: float, south: float, east: float, north: float) -> tuple[Cells, Cells]:
    """Column and row numbers of the cells that a box of degrees touches."""
    x = np.arange(np.floor(west * CELLS_PER_DEGREE), np.floor(east * CELLS_PER_DEGREE) + 1)
    y = np.arange(np.floor(south * CELLS_PER_DEGREE), np.floor(north * CELLS_PER_DEGREE) + 1)
    cell_x, cell_y = np.meshgrid(x.astype(np.int32), y.astype(np.int32))
    return cell_x.ravel(), cell_y.ravel()


def _distinct(cells: Iterable[tuple[Cells, Cells]]) -> tuple[Cells, Cells]:
    """The cells of all, each once, by column and row."""
    x, y = (np.concatenate(numbers) for numbers in zip(*cells, strict=True))
    both = np.unique(x.astype(np.int64) << 32 | y.astype(np.uint32))
    return (both >> 32).astype(np.int32), both.astype(np.int32)


def _box(ports: Ports) -> dict[str, Any]:
    """The box round all surroundings, four degrees of longitude and one of latitude beyond the
    limits: 60 km are 1.5 degrees of longitude at 69 N, where the northernmost port lies."""
    west, south, east, north = shapely.total_bounds(ports.port["geometry"].to_numpy())
    return {
        "cells_per_degree": CELLS_PER_DEGREE,
        "west": float(west) - 4,
        "south": float(south) - 1,
        "east": float(east) + 4,
        "north": float(north) + 1,
    }


def _surrounding_cells(ports: Ports, cell_x: Cells, cell_y: Cells) -> pa.Table:
    point, port = near(
        (cell_x + 0.5) / CELLS_PER_DEGREE, (cell_y + 0.5) / CELLS_PER_DEGREE, ports, SURROUNDINGS_KM
    )
    port_ids = ports.port["port_id"].to_numpy()
    return pa.table(
        {"cell_x": cell_x[point], "cell_y": cell_y[point], "port_id": pa.array(port_ids[port])}
    )


def _limit_cells(ports: Ports) -> pa.Table:
    """Cells that a limit touches, if only from outside: what is on an edge may be rounded there."""
    found = []
    for limit in ports.port["geometry"]:
        west, south, east, north = limit.bounds
        cell = 1 / CELLS_PER_DEGREE
        x, y = _cells_of(west - cell, south - cell, east + cell, north + cell)
        in_cells = shapely.transform(limit, lambda degrees: degrees * CELLS_PER_DEGREE)
        touched = shapely.intersects(in_cells, shapely.box(x, y, x + 1, y + 1))
        found.append((x[touched], y[touched]))
    cell_x, cell_y = _distinct(found)
    return pa.table({"cell_x": cell_x, "cell_y": cell_y})


def _limit_points(ports: Ports) -> pa.Table:
    """Points along the limits of Iran's ports: port_id, lon, lat."""
    port = ports.port.loc[ports.port["country"] == "IR"]
    edges = shapely.segmentize(shapely.boundary(port["geometry"].to_numpy()), LIMIT_STEP_DEG)
    points, row = shapely.get_coordinates(edges, return_index=True)
    found = np.unique(np.column_stack([row, points]), axis=0)
    ids = port["port_id"].to_numpy()[found[:, 0].astype(np.int64)]
    return pa.table({"port_id": pa.array(ids), "lon": found[:, 1], "lat": found[:, 2]})


def require_week(con: duckdb.DuckDBPyConnection, week: str | None) -> str:
    """The week, or the newest week that is not open, or the newest at all.

    Raises
    ------
    BarometerError
        If the catalogue holds no such week, or none at all.
    """
    weeks = con.execute("select week, state from barometer order by week").fetchall()
    if not weeks:
        raise BarometerError("the lake holds no position yet, so there is no week to report.")
    if week is None:
        closed = [name for name, state in weeks if state != "open"]
        return str((closed or [weeks[-1][0]])[-1])
    if week not in {name for name, _ in weeks}:
        raise BarometerError(
            f"{week}: no such week here; the input reaches from {weeks[0][0]} to {weeks[-1][0]}."
        )
    return week
