"""A catalogue opened for reading, as the home is now."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb

from flows.catalogue.records import SENT, given_table, sent_records
from flows.catalogue.relations import add_comments, create, define, quoted
from flows.home import durable
from flows.home.settings import BarometerError, Settings
from flows.lake import compact, damage, store
from flows.lake.columns import POSITION, REJECT
from flows.lake.entry import KINDS, Manifest
from flows.lake.manifest import CATALOGUE, SESSION, part_paths, read_manifest

WRITING = """
attach {path} as catalogue (storage_version 'v1.1.0', recovery_mode no_wal_writes);
use catalogue
"""
"""The storage version is one that DuckDB clients from 1.1 on can open (tried with 1.1.0 and 1.1.3);
a file of v1.0.0 takes twice as long to open, as its statistics are converted. A file in which
nobody looks before it is whole needs no write-ahead log: with one, DuckDB waits for the disk after
every statement, and a build has a thousand."""

LAKE_VIEWS = {
    "position": (*POSITION, "source", "file_id"),
    "reject": ("file_id", *REJECT),
}
"""The views over the lake and their columns; `source` and `file_id` come from the files' paths."""

PLAN = {
    "position": "select json_serialize_plan('from position')",
    "reject": "select json_serialize_plan('from reject')",
}
"""DuckDB's plan of a view over the lake, the only way to get the files that it reads."""

DROP_SENT = "drop table if exists outbox; drop table if exists alert_delivery"

HOME = "home"
"""The key of `meta` for the place of the lake that the views read."""

HOME_OF = "select value from meta where key = 'home'"
SET_HOME = "update meta set value = $home where key = 'home'"


def swap_in(settings: Settings, built: Path) -> None:
    """Replace the catalogue in use by a built one. Clients that have the old one open keep it."""
    with built.open("rb") as raw:
        os.fsync(raw.fileno())
    built.replace(settings.home / CATALOGUE)
    durable.sync_folder(settings.home)


def repoint(settings: Settings) -> None:
    """Make the views of the catalogue read the lake at the home's present place."""
    manifest = read_manifest(settings.place)
    with scratch(settings.home) as folder, explained(settings):
        path = folder / CATALOGUE
        shutil.copyfile(existing(settings.home), path)
        point(path, settings, manifest)
        with open_for_writing(path, settings) as con:
            con.execute(SET_HOME, {"home": str(settings.place)})
        swap_in(settings, path)


def point(path: Path, settings: Settings, manifest: Manifest) -> None:
    """Update a catalogue file that no client has open: its views read the lake's present files, and
    it has all mail and alerts sent so far."""
    with open_for_writing(path, settings) as con:
        for name in LAKE_VIEWS:
            lake_view(con, settings, manifest, name)
        con.register("given", given_table(sent_records(settings.home)))
        con.execute(DROP_SENT)
        for name in SENT:
            create(con, name)
        # The other relations may come from other code, with other columns, and keep their comments.
        add_comments(con, *LAKE_VIEWS, *SENT)


@contextmanager
def reading(settings: Settings, manifest: Manifest | None = None) -> Iterator[Any]:
    """A read-only connection to a catalogue that matches the present home.

    The views of the catalogue in use may read other files than the manifest lists: the home was
    moved or copied, or files were ingested since the last run; and mail is sent after a run. Then
    an updated copy is opened instead.
    """
    manifest = read_manifest(settings.place) if manifest is None else manifest
    with _matching(existing(settings.home), settings, manifest) as con:
        yield con


@contextmanager
def reading_apart(settings: Settings) -> Iterator[Any]:
    """As `reading`, on a name of the file of its own.

    All connections of a process to one name share one database, its settings with it, and get the
    old one as long as any is open, also after a run replaced the file.
    """
    manifest = read_manifest(settings.place)
    path = existing(settings.home)
    with scratch(settings.home) as folder:
        own = folder / path.name
        try:
            own.hardlink_to(path)
        except OSError:  # the temporary folder is on another disk
            shutil.copyfile(path, own)
        with _matching(own, settings, manifest) as con:
            yield con


@contextmanager
def _matching(path: Path, settings: Settings, manifest: Manifest) -> Iterator[Any]:
    with explained(settings), open_catalogue(path, settings) as con:
        if _is_up_to_date(con, settings, manifest):
            yield con
            return
    with scratch(settings.home) as folder:
        copy = folder / path.name  # DuckDB calls the database by the name of its file
        shutil.copyfile(path, copy)
        with explained(settings):
            point(copy, settings, manifest)
        with explained(settings), open_catalogue(copy, settings) as con:
            yield con


def _is_up_to_date(con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest) -> bool:
    for name in LAKE_VIEWS:
        (plan,) = con.execute(PLAN[name]).fetchone() or ("{}",)
        files = lake_files(settings, manifest, name)
        if set(_files_of(json.loads(plan))) != {*files.parts, *files.compact}:
            return False
    records = sent_records(settings.home)
    try:
        return all(
            con.table(name).aggregate("count(*)").fetchone() == (len(records[history]),)
            for name, history in SENT.items()
        )
    except duckdb.CatalogException:  # a catalogue of an earlier release has fewer relations
        return False


def _files_of(plan: Any) -> Iterator[str]:
    """The files that a plan of DuckDB reads; none if DuckDB could not make a plan."""
    if isinstance(plan, list):
        for step in plan:
            yield from _files_of(step)
    elif isinstance(plan, dict):
        yield from plan.get("files", ())
        for step in plan.values():
            yield from _files_of(step)


@contextmanager
def scratch(home: Path) -> Iterator[Path]:
    """A temporary folder: in the home, or the system's if the home is read-only."""
    try:
        (home / "tmp").mkdir(exist_ok=True)
        made = TemporaryDirectory(dir=home / "tmp", ignore_cleanup_errors=True)
    except OSError:
        made = TemporaryDirectory(ignore_cleanup_errors=True)
    with made as folder:
        yield Path(folder)


@contextmanager
def open_catalogue(path: Path, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to a catalogue file.

    A name in a query is one of the catalogue, never a variable of the Python code that runs it.
    """
    config = _config(settings) | {"python_enable_replacements": False}
    with duckdb.connect(str(path), read_only=True, config=config) as con:
        define(con)
        con.execute(SESSION)
        store.attach(con, settings.place)
        yield con


@contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Explain why the catalogue, or the lake through it, cannot be read, with a remedy.

    Raises
    ------
    BarometerError
        In the place of DuckDB's error.
    """
    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, OTHER_VERSION):
            raise BarometerError(other_version(error)) from error
        raise BarometerError(_why_unreadable(settings, str(error))) from error


OTHER_VERSION = (duckdb.CatalogException, duckdb.BinderException)
"""What a query of this version meets in a catalogue that has other relations or columns."""


def other_version(error: duckdb.Error) -> str:
    """A message for a catalogue that another version of the program built."""
    return (
        "the catalogue was built by another version of barometer and does not fit this one "
        f"({str(error).splitlines()[0]}). Rebuild it from the lake: barometer run"
    )


def _why_unreadable(settings: Settings, message: str) -> str:
    path = settings.home / CATALOGUE
    why = (message or "no reason given").splitlines()[0]
    if "lock" in why and str(path) in why:
        holder = re.search(r"held in (.+?)( \(PID \d+\))?( by user \S+)?\. ", message)
        who = f"by {''.join(part or '' for part in holder.groups())}" if holder else "elsewhere"
        return (
            f"{path}: is open for writing {who}, which locks it for all others. "
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
        f"{path}: cannot be read ({why}). Check its permissions. barometer check lists damaged "
        "files of the lake; if there is none, the catalogue is damaged or of another version: move "
        f"{CATALOGUE} out of the home, and barometer run builds it again."
    )


def moved_message(con: duckdb.DuckDBPyConnection, settings: Settings) -> str | None:
    """A message if the views read files of another place; None if they do not.

    Barometer's own commands read the lake of the settings. Other clients read through the views:
    those of a copied home show the positions of the original home.
    """
    row = con.execute(HOME_OF).fetchone()
    if row is None or row[0] == str(settings.place):
        return None
    return (
        f"the catalogue was built at {row[0]} and is now in {settings.home}: other DuckDB clients "
        "read the positions at the old place, or none. To point it to this place: "
        "barometer check --repoint"
    )


def damage_hint(settings: Settings, message: str) -> str:
    """The missing or truncated files of the lake, or else how to find a damaged one; nothing where
    DuckDB's message names a file that is not of the lake."""
    folders = (f"{settings.place}/{kind}/" for kind in (*KINDS, compact.FOLDER))
    if re.search("[\"']", message) and not any(folder in message for folder in folders):
        return ""
    return _missing(settings) or (
        "If the query is right, a file of the lake may be damaged: barometer check names it."
    )


def _missing(settings: Settings) -> str:
    """The first missing or truncated file of the lake and the number of others; empty if none."""
    try:
        manifest = read_manifest(settings.place)
        faults = damage.faults(settings.place, manifest, is_hashed=False)
    except BarometerError as error:
        return str(error)
    more = f"\nAnd {len(faults) - 1:,} more; barometer check lists them." if faults[1:] else ""
    return f"{faults[0]}.{more}" if faults else ""


def existing(home: Path) -> Path:
    """The catalogue of a home.

    Raises
    ------
    BarometerError
        If there is none yet.
    """
    path = home / CATALOGUE
    if not path.exists():
        raise BarometerError(
            f"{home}: no catalogue yet. Ingest AIS files with: barometer run PATH; or fetch what "
            "hears Iran's coast, with a token (docs/sources.md): barometer run --fetch"
        )
    return path


@contextmanager
def open_for_writing(path: Path, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose catalogue is this file, which no other process has open yet.

    The file is complete once the block has ended without an error, and not before.
    """
    with duckdb.connect(config=_config(settings)) as con:
        con.execute(SESSION)
        store.attach(con, settings.place)
        con.execute(WRITING.format(path=quoted(str(path))))
        yield con
        con.execute("checkpoint catalogue")  # an error while closing would pass unnoticed


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.home / "tmp"),
    }


def lake_view(
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
    """Paths of files of the lake. DuckDB takes them as patterns, so `*` and `[` need escaping."""

    parts: list[str]
    compact: list[str]


def lake_files(settings: Settings, manifest: Manifest, kind: str) -> LakeFiles:
    """The parts to read, and the compact files that replace the other parts."""
    holding = compact.kept(settings.home, manifest) if kind == "position" else []
    covered = {part for one in holding for part in one.parts}
    rest = {
        file_id: entry
        for file_id, entry in manifest.entries.items()
        if entry.position is None or entry.position.hash not in covered
    }
    parts = part_paths(settings.place, Manifest(rest), kind)
    whole = [str(one.folder / name) for one in holding for name in one.files]
    return LakeFiles(parts, whole)


def require_week(con: duckdb.DuckDBPyConnection, week: str | None) -> str:
    """The week, or the newest week that is not open, or the newest at all.

    Raises
    ------
    BarometerError
        If the catalogue holds no such week, or none at all.
    """
    weeks = con.execute("select week, is_open from week order by week").fetchall()
    if not weeks:
        raise BarometerError("the lake has no positions yet, so there is no week to report.")
    if week is None:
        closed = [name for name, is_open in weeks if not is_open]
        return str((closed or [weeks[-1][0]])[-1])
    if week not in {name for name, _ in weeks}:
        raise BarometerError(
            f"{week}: no such week; the input covers {weeks[0][0]} to {weeks[-1][0]}."
        )
    return week
