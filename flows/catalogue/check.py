"""The checks: the manifest against the files, the sums, and every query of `sql/checks`."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.catalogue import access
from flows.catalogue import build as catalogue
from flows.derive import digest
from flows.derive.record import inputs_hash, lake_files, run_files
from flows.home import cache as derived
from flows.home.history import RUN, read_history
from flows.home.resources import sql_path
from flows.home.settings import BarometerError, Settings
from flows.ingest import known
from flows.ingest.recover import recover
from flows.lake import compact, damage, losses, store
from flows.lake.entry import KINDS, Manifest, Part
from flows.lake.manifest import read_manifest
from flows.lake.schema import POSITION_SCHEMA, REJECT_SCHEMA
from flows.registers.decisions import read_decisions
from flows.registers.store import load_junk, load_versions

MAX_ROWS = 20
"""A check tells so many rows: one that fails on more has one cause."""


RUN_RELATIONS = {"run", "run_file", "run_register", "outbox"}
"""History and no result: a run that was killed before its catalogue was in place stands in them,
and what was sent since."""

RELATIONS = """
select table_name from information_schema.tables where table_type = 'BASE TABLE' order by all
"""
DIFFERENCE = """
select
    (select count(*) from (from in_use except all from anew)),
    (select count(*) from (from anew except all from in_use))
"""


DOUBTED_LISTS = """
select link_source, published_on, import_number, accepted
from register_version
where accepted is not null and is_newest
order by all
"""
UNKNOWN_PROGRAMMES = """
select link_source, programme, count(distinct coalesce(imo::varchar, vessel_name)) as hulls
from register_entry
where not is_known_programme and gone_by is null
group by all
order by all
"""

UNOBSERVED = """
select week
from barometer
where series = getvariable('series') and state = 'unobserved'
order by week
"""


class Finding(NamedTuple):
    """One thing that a check found. `is_fault`: false for what the data just cannot support."""

    check: str
    message: str
    is_fault: bool


def check(settings: Settings) -> list[Finding]:
    """Everything that is wrong with a home, and what its data cannot support.

    Reads every Parquet file of the lake once, for its hash.
    """
    manifest = read_manifest(settings.place)
    found = _check_files(settings, manifest)
    if any(finding.check in ("files", "schema") for finding in found):
        return found  # the queries would only stumble over the same files
    found += [_fault("link_decisions", fault) for fault in read_decisions(settings.home)[1]]
    found += _check_registers(settings)
    found += _check_runs(settings, manifest)
    found += _check_clock(settings)
    try:
        with access.reading(settings, manifest) as con:
            if moved := access.told_of_move(con, settings):
                found.append(_fault("moved", moved))
            found += _check_queries(con)
            found += _unsupported(con, settings)
    except BarometerError as error:
        found.append(_fault("catalogue", str(error)))
    return found


def recovered(settings: Settings) -> list[Finding]:
    """Rebuild what was lost of a home, as far as it can be; see `flows.ingest.recover`."""
    return [_limit("recover", told) for told in (*losses.restore(settings), *recover(settings))]


def check_rebuild(settings: Settings) -> list[Finding]:
    """Where the catalogue differs from one that is built anew from the lake, every ship worked.

    A run works only the ships with new fixes and takes the rest over: this shows that it may. The
    catalogue in use stays as it is.
    """
    with (
        access.reading(settings) as used,
        catalogue.built_beside(settings, from_scratch=True) as rebuilt,
    ):
        return _differences(used, rebuilt)


def _differences(
    used: duckdb.DuckDBPyConnection, rebuilt: duckdb.DuckDBPyConnection
) -> list[Finding]:
    """A finding for each stored relation of two catalogues that has not the same rows in both."""
    in_use, anew = (
        {name for (name,) in con.execute(RELATIONS).fetchall()} for con in (used, rebuilt)
    )
    found = [
        _fault("rebuild", f"{name}: only one of the two has it. Run barometer again.")
        for name in sorted(in_use ^ anew)
    ]
    for name in sorted((in_use & anew) - RUN_RELATIONS):
        with duckdb.connect() as both:
            for which, con in (("in_use", used), ("anew", rebuilt)):
                rows = con.table(name)
                if name == "meta":  # where the home lies is told by `told_of_move`
                    rows = rows.filter(
                        duckdb.ColumnExpression("key") != duckdb.ConstantExpression(access.HOME)
                    )
                both.register(which, rows.to_arrow_table())
            only_used, only_anew = both.execute(DIFFERENCE).fetchone() or (0, 0)
        if only_used or only_anew:
            found.append(
                _fault(
                    "rebuild",
                    f"{name}: {only_used} rows that a rebuild does not have, {only_anew} that "
                    "only it has. Take barometer.duckdb out of the home and run again; and "
                    "please report this.",
                )
            )
    return found


def _check_files(settings: Settings, manifest: Manifest) -> list[Finding]:
    found = []
    damaged = damage.damage(settings.place, manifest, is_hashed=True)
    for entry in manifest.entries.values():
        total = entry.rows_accounted
        if total != entry.rows_read:
            found.append(_fault("sums", f"{entry.name}: {entry.rows_read} read, {total} accounted"))
        rows = {"position": entry.rows_kept, "reject": entry.rows_rejected}
        for kind in KINDS:
            part: Part | None = getattr(entry, kind)
            if (part.rows if part else 0) != rows[kind]:
                found.append(_fault("sums", f"{entry.name}: {kind} rows differ from the ledger"))
            if part and part not in damaged and (drift := _drift(settings, kind, part)):
                found.append(_fault("schema", f"{part.path}: {drift}"))
    faults = damage.sentences(settings.place, manifest, damaged)
    if faults:
        known.forget(settings.home)
    for kept in (digest.kept, compact.kept):
        faults += derived.faults(kept(settings.home, manifest))
    return found + [_fault("files", fault) for fault in faults]


def _drift(settings: Settings, kind: str, part: Part) -> str | None:
    """Where a sound file has other columns, types or rows than this version writes."""
    schema: pa.Schema = POSITION_SCHEMA if kind == "position" else REJECT_SCHEMA
    try:
        file = pq.ParquetFile(store.readable(settings.place, part.path))
    except (OSError, pa.ArrowException) as error:
        return f"is no Parquet file that can be read ({error})"
    if file.metadata.num_rows != part.rows:
        return f"has {file.metadata.num_rows:,} rows, and the manifest says {part.rows:,}"
    if not file.schema_arrow.equals(schema):
        has, writes = (
            {f"{field.name} {field.type}" for field in fields}
            for fields in (file.schema_arrow, schema)
        )
        odd = sorted(has ^ writes)
        return (
            f"has other columns than this version writes ({', '.join(odd) or 'their order'}). "
            "Take the inputs into a new home with this version"
        )
    return None


def _check_registers(settings: Settings) -> list[Finding]:
    try:
        load_versions(settings.home)
        load_junk(settings.home)
    except BarometerError as error:
        return [_fault("registers", str(error))]
    return []


def _check_clock(settings: Settings) -> list[Finding]:
    """Runs whose number or as-of time goes back against the run before."""
    found = []
    for before, after in pairwise(read_history(settings.home, RUN)):
        if after["run_id"] <= before["run_id"]:
            found.append(
                _fault(
                    "run_order",
                    f"run {after['run_id']} stands after run {before['run_id']}: history/run.jsonl "
                    "was changed by hand or put together. Restore it.",
                )
            )
        if datetime.fromisoformat(after["as_of"]) < datetime.fromisoformat(before["as_of"]):
            found.append(
                _limit(
                    "run_order",
                    f"run {after['run_id']} is as of {after['as_of']}, before run "
                    f"{before['run_id']}'s {before['as_of']}: was the clock wrong, or --as-of?",
                )
            )
    return found


def _check_runs(settings: Settings, manifest: Manifest) -> list[Finding]:
    """Runs whose inputs, as far as the history names them, are not those that the run had."""
    records = read_history(settings.home, RUN)
    rows = run_files(records, manifest)
    found = []
    for record in records:
        if inputs_hash(lake_files(rows, record["run_id"])) == record["inputs_hash"]:
            continue
        if "files" in record:
            why = "the history names other files than it had. Restore history/run.jsonl"
            found.append(_fault("run_files", f"run {record['run_id']}: {why}."))
        else:
            why = "it did not record its files, and the as-of times do not tell them"
            found.append(_limit("run_files", f"run {record['run_id']}: {why}"))
    return found


def _check_queries(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Rows that should not be: a check is a query that returns them."""
    found = []
    for path in sorted(sql_path("checks").glob("*.sql")):
        try:
            result = con.execute(path.read_text(encoding="utf-8"))
            names = [column[0] for column in result.description]
            rows = result.fetchmany(MAX_ROWS + 1)
        except duckdb.Error as error:
            found.append(_fault(path.stem, f"could not be run: {error}"))
            continue
        for row in rows[:MAX_ROWS]:
            told = ", ".join(f"{n} {v}" for n, v in zip(names, row, strict=True))
            found.append(_fault(path.stem, told))
        if len(rows) > MAX_ROWS:
            found.append(_fault(path.stem, "and more rows like these"))
    return found


def _unsupported(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[Finding]:
    """What the data cannot support, said before somebody asks it of them."""
    found = []
    unobserved = [week for (week,) in con.execute(UNOBSERVED).fetchall()]
    if unobserved:
        found.append(_limit("unobserved", f"{_spans(unobserved)}: too little heard to say zero"))
    never = con.execute(
        "select port_id from coverage group by port_id having sum(observed_hours) = 0 order by all"
    ).fetchall()
    if never:
        found.append(
            _limit("never_heard", f"no source ever heard {', '.join(row[0] for row in never)}")
        )
    today = settings.as_of.date()
    ages = con.execute("select link_source, published_on, old_from from register_age").fetchall()
    found += [
        _limit(
            "register_age",
            f"{source} is of {published_on}, {(today - published_on).days} days old: later "
            "listings and delistings are not in it. Fetch the list and: barometer register import "
            "FILE",
        )
        for source, published_on, old_from in sorted(ages)
        if today >= old_from
    ]
    found += [
        _limit(
            "register",
            f"{source} of {published_on} was taken although: {accepted}. To take it back: "
            f"barometer register remove {number}",
        )
        for source, published_on, number, accepted in con.execute(DOUBTED_LISTS).fetchall()
    ]
    unknown = con.execute(UNKNOWN_PROGRAMMES).fetchall()
    found += [
        _limit(
            "programme",
            f"{source}: {hulls} hulls under {programme!r}, a tag that data/registers/"
            "programmes.csv does not know: it makes no link, and ends none of the same ship",
        )
        for source, programme, hulls in unknown
    ]
    return found


def _spans(weeks: list[str]) -> str:
    return weeks[0] if len(weeks) == 1 else f"{len(weeks)} weeks from {weeks[0]} to {weeks[-1]}"


def _fault(name: str, message: str) -> Finding:
    return Finding(name, message, is_fault=True)


def _limit(name: str, message: str) -> Finding:
    return Finding(name, message, is_fault=False)


def as_record(finding: Finding) -> dict[str, Any]:
    """A finding for a script that reads JSON."""
    return finding._asdict()
