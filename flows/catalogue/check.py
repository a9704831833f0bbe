"""`barometer check`: files against the manifest, the histories, the queries of `sql/checks`."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from flows.catalogue import access, lake_copy, reuse
from flows.catalogue import build as catalogue
from flows.catalogue.records import SENT
from flows.catalogue.run_record import hashes, inputs_hash, lake_files, run_files
from flows.derive import digest
from flows.home import cache as derived
from flows.home.code import code_hash
from flows.home.history import RUN, read_history
from flows.home.resources import sql_path
from flows.home.settings import BarometerError, Settings
from flows.lake import compact, damage, losses
from flows.lake.entry import KINDS, Manifest, Part
from flows.lake.manifest import read_manifest
from flows.registers.decisions import read_decisions
from flows.registers.store import load_junk, load_versions
from flows.registers.watchlist import watchlist_faults

if TYPE_CHECKING:
    import pyarrow as pa

HISTORY = "history"
"""The check of a lost history: until it is restored, the catalogue is what shows it."""

BUILT_FROM = {
    "code_hash": "the program",
    "inputs_hash": "the input files",
    "fences_hash": "the port polygons",
    "registers_hash": "the lists or decisions",
    "exactness_hash": "the terms of sources",
}
"""What a catalogue is built from, by the name of its hash: a rebuild differs where one changed."""

MAX_ROWS = 20
"""Most rows reported per check: more of them have the same cause."""

RUN_RELATIONS = {"run", "run_file", "run_register", *SENT}
"""Histories, not results: they hold runs that were killed before their catalogue was in place, and
mail and alerts sent since."""

RELATIONS = """
select table_name from information_schema.tables where table_type = 'BASE TABLE' order by all
"""
DIFFERENCE = """
select
    (select count(*) from (from in_use except all from rebuilt)),
    (select count(*) from (from rebuilt except all from in_use))
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

UNHEARD_VISITS = """
select witness, port_id, count(*) as visits
from witness_match
where reason = 'port not heard then'
group by witness, port_id
order by all
"""

UNDEFINED_SOURCES = """
select source
from source_file
anti join source_terms using (source)
where rows_kept > 0
group by source
order by source
"""

HASHES = """
select key, value from meta
union all
(select 'code_hash', code_hash from run order by run_id desc limit 1)
"""

LOST_FILES = """
select count(*) from source_file where rows_kept > 0 and not list_contains($file_ids, file_id)
"""

RECEPTION = """
with total as (
    select
        port_reception.port_id,
        port_reception.source,
        sum(port_reception.heard_hours) / nullif(sum(week.hours_passed), 0) as heard_share,
        max(port_reception.last_hour) as last_hour
    from port_reception
    inner join week on port_reception.week = week.week
    group by all
)

select
    port.water,
    port.name as port_name,
    total.port_id,
    total.source,
    total.heard_share::float as heard_share,
    total.last_hour
from total
inner join port on total.port_id = port.port_id
order by port.water, total.port_id, total.source
"""

UNOBSERVED = """
select week
from barometer
where series = getvariable('series') and state = 'unobserved'
order by week
"""


class Finding(NamedTuple):
    """A result of a check. `is_fault` is false for what the data cannot support."""

    check: str
    message: str
    is_fault: bool


def check(settings: Settings) -> list[Finding]:
    """Everything that is wrong with a home, and what its data cannot support.

    Reads every Parquet file of the lake once: for its hash, and into a temporary copy, which the
    queries read.
    """
    manifest = read_manifest(settings.place)
    with access.scratch(settings.home) as folder:
        return _check(settings, manifest, folder / "lake_copy.duckdb")


def _check(settings: Settings, manifest: Manifest, copy: Path) -> list[Finding]:
    findings = [_fault(HISTORY, f"{text} {losses.RESTORE}") for text in losses.lost(settings.home)]
    findings += _check_files(settings, manifest, copy)
    if any(finding.check in ("files", "schema") for finding in findings):
        return findings  # the queries would only fail on the same files
    findings += [_fault("link_decisions", fault) for fault in read_decisions(settings.home)[1]]
    registers = _check_registers(settings)
    findings += registers
    if not registers:
        findings += [_fault("watchlist", fault) for fault in watchlist_faults(settings.home)]
    findings += _check_runs(settings, manifest)
    findings += _check_clock(settings)
    try:
        with access.reading(settings, manifest) as con:
            if moved := access.moved_message(con, settings):
                findings.append(_fault("moved", moved))
            if lost := _lost_files(con, manifest):
                findings.append(_fault("catalogue", lost))
            else:
                lake_copy.read_copy(con, copy)
                findings += _check_queries(con)
            findings += _unsupported(con, settings)
    except BarometerError as error:
        findings.append(_fault("catalogue", str(error)))
    return findings


def reception(settings: Settings) -> list[dict[str, Any]]:
    """Which source heard which Iranian port: share of the hours of all weeks, last hour with a fix.

    One row per port and source: water, port_name, port_id, source, heard_share (0 to 1, None where
    no hour has passed), last_hour (its start, UTC; None for none). Empty where the lake is empty or
    there is no catalogue.
    """
    try:
        with access.reading(settings) as con:
            rows: list[dict[str, Any]] = con.execute(RECEPTION).to_arrow_table().to_pylist()
            return rows
    except BarometerError:  # `check` reports it
        return []


def check_rebuild(settings: Settings) -> list[Finding]:
    """Differences between the catalogue and one rebuilt from the lake with every ship recomputed.

    A run recomputes only ships with new fixes and reuses earlier results for the rest. The
    catalogue in use is not changed. Nothing is compared where a run is due, as after an upgrade.
    """
    with access.reading(settings) as used:
        if changed := _changed(used, settings):
            what = f"Changed since barometer.duckdb was built: {', '.join(changed)}."
            return [_fault("rebuild", f"{what} Run barometer first, then check again.")]
        with catalogue.built_beside(settings, from_scratch=True) as rebuilt:
            return _differences(used, rebuilt)


def _changed(used: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    """What the catalogue was built from and a rebuild would not be, in words."""
    built = dict(used.execute(HASHES).fetchall())
    manifest = read_manifest(settings.place)
    now = {
        "code_hash": code_hash(),
        **hashes(settings.home, manifest),
        **reuse.method(settings.home, manifest),
    }
    return [words for name, words in BUILT_FROM.items() if built.get(name) != now[name]]


def _differences(
    used: duckdb.DuckDBPyConnection, rebuilt: duckdb.DuckDBPyConnection
) -> list[Finding]:
    """A finding for each stored relation whose rows differ between two catalogues."""
    in_use, in_rebuilt = (
        {name for (name,) in con.execute(RELATIONS).fetchall()} for con in (used, rebuilt)
    )
    findings = [
        _fault("rebuild", f"{name}: only one of the two has it. Run barometer again.")
        for name in sorted(in_use ^ in_rebuilt)
    ]
    with duckdb.connect() as both:
        for name in sorted((in_use & in_rebuilt) - RUN_RELATIONS):
            tables = {"in_use": _rows(used, name), "rebuilt": _rows(rebuilt, name)}
            if tables["in_use"].equals(tables["rebuilt"]):
                continue  # in the same order too, as most are; to compare them as sets takes longer
            for which, table in tables.items():
                both.register(which, table)
            only_used, only_rebuilt = both.execute(DIFFERENCE).fetchone() or (0, 0)
            if only_used or only_rebuilt:
                findings.append(
                    _fault(
                        "rebuild",
                        f"{name}: {only_used} rows are missing in a rebuild, and {only_rebuilt} "
                        "are only there. Move barometer.duckdb out of the home and run again; "
                        "please report this.",
                    )
                )
    return findings


def _rows(con: duckdb.DuckDBPyConnection, name: str) -> pa.Table:
    """The rows of a relation. Of `meta` without the home: `moved_message` reports a moved one."""
    rows = con.table(name)
    if name == "meta":
        rows = rows.filter(duckdb.ColumnExpression("key") != duckdb.ConstantExpression(access.HOME))
    return rows.to_arrow_table()


def _check_files(settings: Settings, manifest: Manifest, copy: Path) -> list[Finding]:
    findings = []
    damaged, drifted = lake_copy.copied(settings, manifest, copy)
    for entry in manifest.entries.values():
        total = entry.rows_accounted
        if total != entry.rows_read:
            message = f"{entry.name}: {entry.rows_read} rows read, {total} accounted for"
            findings.append(_fault("sums", message))
        rows = {"position": entry.rows_kept, "reject": entry.rows_rejected}
        for kind in KINDS:
            part: Part | None = getattr(entry, kind)
            if (part.rows if part else 0) != rows[kind]:
                message = f"{entry.name}: {kind} rows differ from the ledger"
                findings.append(_fault("sums", message))
            if part in drifted:
                findings.append(_fault("schema", f"{part.path}: {drifted[part]}"))
    faults = damage.sentences(settings.place, manifest, damaged)
    for kept in (digest.kept, reuse.kept, compact.kept):
        faults += derived.faults(kept(settings.home, manifest))
    return findings + [_fault("files", fault) for fault in faults]


def _check_registers(settings: Settings) -> list[Finding]:
    try:
        load_versions(settings.home)
        load_junk(settings.home)
    except BarometerError as error:
        return [_fault("registers", str(error))]
    return []


def _check_clock(settings: Settings) -> list[Finding]:
    """Runs whose number or as-of time is before that of the previous run."""
    findings = []
    for before, after in pairwise(read_history(settings.home, RUN)):
        if after["run_id"] <= before["run_id"]:
            findings.append(
                _fault(
                    "run_order",
                    f"run {after['run_id']} follows run {before['run_id']}: history/run.jsonl "
                    "was edited or merged. Restore it from a backup.",
                )
            )
        if datetime.fromisoformat(after["as_of"]) < datetime.fromisoformat(before["as_of"]):
            findings.append(
                _limit(
                    "run_order",
                    f"run {after['run_id']} is as of {after['as_of']}, before run "
                    f"{before['run_id']}'s {before['as_of']}: was the clock wrong, or --as-of?",
                )
            )
    return findings


def _check_runs(settings: Settings, manifest: Manifest) -> list[Finding]:
    """Runs whose recorded inputs do not match the hash of the inputs that the run used."""
    records = read_history(settings.home, RUN)
    rows = run_files(records, manifest)
    findings = []
    for record in records:
        if inputs_hash(lake_files(rows, record["run_id"])) == record["inputs_hash"]:
            continue
        if "files" in record:
            why = "the history lists other files than it used. Restore history/run.jsonl"
            findings.append(_fault("run_files", f"run {record['run_id']}: {why}."))
        else:
            why = "it did not record its files, and the as-of times do not identify them"
            findings.append(_limit("run_files", f"run {record['run_id']}: {why}"))
    return findings


def _lost_files(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> str:
    """What to do where the catalogue is of files that the lake has lost; empty where it has all."""
    (count,) = con.execute(LOST_FILES, {"file_ids": list(manifest.entries)}).fetchone() or (0,)
    if not count:
        return ""
    return (
        f"input files that barometer.duckdb was built from and the lake lacks: {count}. Its rows "
        "were not checked. Give the files again if you have them; barometer run builds it anew."
    )


def _check_queries(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Rows that must not exist: each check is a query that returns them."""
    findings = []
    for path in sorted(sql_path("checks").glob("*.sql")):
        try:
            result = con.execute(path.read_text(encoding="utf-8"))
            names = [column[0] for column in result.description]
            rows = result.fetchmany(MAX_ROWS + 1)
        except access.OTHER_VERSION:
            raise  # the same for every query; `access.reading` has the remedy
        except duckdb.Error as error:
            findings.append(_fault(path.stem, f"could not be run: {error}"))
            continue
        for row in rows[:MAX_ROWS]:
            message = ", ".join(f"{n} {v}" for n, v in zip(names, row, strict=True))
            findings.append(_fault(path.stem, message))
        if len(rows) > MAX_ROWS:
            findings.append(_fault(path.stem, "and more such rows"))
    return findings


def _unsupported(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[Finding]:
    """What the data cannot support."""
    findings = []
    unobserved = [week for (week,) in con.execute(UNOBSERVED).fetchall()]
    if unobserved:
        message = f"{_spans(unobserved)}: too little reception to report a zero"
        findings.append(_limit("unobserved", message))
    never = con.execute(
        "select port_id from coverage group by port_id having sum(observed_hours) = 0 order by all"
    ).fetchall()
    if never:
        ports = ", ".join(row[0] for row in never)
        findings.append(_limit("never_heard", f"no source ever heard {ports}"))
    findings += [
        _limit(
            "witness",
            f"{witness} saw {visits} visit{'' if visits == 1 else 's'} at {port_id} while no "
            "source heard the port: calls there are missing",
        )
        for witness, port_id, visits in con.execute(UNHEARD_VISITS).fetchall()
    ]
    findings += [
        _limit(
            "undefined_source",
            f"{source} has positions and no definition: they are taken to be as exact as a "
            "receiver's. Put its TOML file back into the home's sources/, and run: barometer run",
        )
        for (source,) in con.execute(UNDEFINED_SOURCES).fetchall()
    ]
    today = settings.as_of.date()
    ages = con.execute("select link_source, published_on, old_from from register_age").fetchall()
    findings += [
        _limit(
            "register_age",
            f"{source} is from {published_on}, {(today - published_on).days} days old: later "
            "listings and delistings are missing. Run: barometer register fetch, or barometer "
            "register import FILE",
        )
        for source, published_on, old_from in sorted(ages)
        if today >= old_from
    ]
    findings += [
        _limit(
            "register",
            f"{source} of {published_on} was imported despite a warning: {accepted}. To remove it: "
            f"barometer register remove {number}",
        )
        for source, published_on, number, accepted in con.execute(DOUBTED_LISTS).fetchall()
    ]
    unknown = con.execute(UNKNOWN_PROGRAMMES).fetchall()
    findings += [
        _limit(
            "programme",
            f"{source}: {hulls} hulls under {programme!r}, which is not in data/registers/"
            "programmes.csv: it neither links a ship nor ends a link",
        )
        for source, programme, hulls in unknown
    ]
    return findings


def _spans(weeks: list[str]) -> str:
    return weeks[0] if len(weeks) == 1 else f"{len(weeks)} weeks from {weeks[0]} to {weeks[-1]}"


def _fault(name: str, message: str) -> Finding:
    return Finding(name, message, is_fault=True)


def _limit(name: str, message: str) -> Finding:
    return Finding(name, message, is_fault=False)


def as_record(finding: Finding) -> dict[str, Any]:
    """A finding for a script that reads JSON."""
    return finding._asdict()
