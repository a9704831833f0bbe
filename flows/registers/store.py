"""The versions of registers in a home: imported, compared, never deleted.

A version is a Parquet file below `registers/` in the home, and a line in its history, which is the
commit point: a file without a line is garbage of an interrupted import.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from flows.home.durable import make_folder, write_durably
from flows.home.file_names import shown_name
from flows.home.hashes import file_hash
from flows.home.history import REGISTER, append_history, begin_history
from flows.home.settings import BarometerError, Settings, refuse_pipe
from flows.lake.manifest import connect
from flows.registers import guard, staging
from flows.registers.bundled import Version, bundled_versions
from flows.registers.difference import Listing, difference
from flows.registers.ledger import all_imports, standing_imports
from flows.registers.lists.entry import CUT, ENTRY_SCHEMA, Junk, ListFile
from flows.registers.publishers.formats import open_list

JUNK_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("reason", pa.string()),
        ("raw", pa.string()),
        ("is_whole", pa.bool_()),
    ]
)


class Imported(NamedTuple):
    """The result of an import.

    state: ``imported``; ``known`` where the same file was imported before, or where a fetched list
    is older than the version in force; or ``restored`` where the home had lost the version of a
    known file. published_by: the source of the day: ``operator``, ``list``, ``newest day in it``,
    ``server``, or ``import`` for a team's own list. compared_with: the day of the version before,
    null where this is the first. added, changed, gone: against that. is_newest: whether links
    follow this version; else it only counts for what was known on earlier days. unknown_keys:
    unknown programme keys, with their number of hulls. accepted: the doubts that were accepted;
    null for none.
    """

    state: str
    register: str
    published_on: date
    published_by: str
    entries: int
    hulls: int
    junk: list[Junk]
    compared_with: date | None
    added: Sequence[Listing]
    changed: Sequence[Listing]
    gone: Sequence[Listing]
    is_newest: bool
    unknown_keys: dict[str, int]
    accepted: str | None


class Expected(NamedTuple):
    """What is known of a fetched list before it is opened.

    register: the one that it must be of. modified_on: the day on which the publisher's server has
    it from (Last-Modified), in UTC; null where it gives none. A list of no day at all is of this
    day: it cannot hold anything later, though it may be older.
    """

    register: str
    modified_on: date | None


def import_list(
    settings: Settings,
    path: Path,
    *,
    published_on: date | None = None,
    accept_loss: bool = False,
    expected: Expected | None = None,
) -> Imported:
    """Import a list file into the home as a new version of its register.

    Parameters
    ----------
    settings : Settings
        The home, and the as-of time, which no list may be later than.
    path : Path
        In any of the formats of `flows.registers.publishers.formats`.
    published_on : date or None
        The day of the list, where the file gives none; it overrides the file's.
    accept_loss : bool
        Also import a list that is cut, has lost more than a few of its ships, or has unknown keys
        for most of them. The doubts are recorded, and the report names them.
    expected : Expected or None
        Of a fetched list; one that is older than the version in force is then left as it is.

    Raises
    ------
    BarometerError
        If the file is not a list, is of another register than expected, has no ship, has no day or
        one after the as-of time; and, unless accepted, if it is cut or `flows.registers.guard`
        doubts it.
    """
    content = _hash(path)
    opened = open_list(path)
    if expected and opened.register != expected.register:
        raise BarometerError(
            f"{path}: a list of {opened.register}, expected {expected.register}. The publisher has "
            "another file at this address now: see its page, and correct the definition of the "
            "list."
        )
    with connect(settings) as con:
        junk = staging.stage_list(con, opened.rows, opened.register)
        given = _Given(path, content, opened, junk, published_on, accept_loss, expected)
        return _import(settings, con, given)


class _Given(NamedTuple):
    """A list that was opened, and how it is to be imported; see `import_list`."""

    path: Path
    content: str
    opened: ListFile
    junk: list[Junk]
    published_on: date | None
    accept_loss: bool
    expected: Expected | None


def _import(settings: Settings, con: duckdb.DuckDBPyConnection, given: _Given) -> Imported:
    path, content, opened, junk, published_on, accept_loss, expected = given
    entries, hulls = con.execute("select count(*), count(distinct hull) from entry").fetchall()[0]
    mine = [i for i in standing_imports(settings.home) if i.record["register"] == opened.register]
    day, published_by = _day_of(settings, opened, published_on, con)
    if day is None and expected:
        day, published_by = expected.modified_on, "server"
    if day is None:
        again = [i.record for i in mine if i.record["file_hash"] == content]
        if again:
            return _held(settings.home, con, again[-1], junk)
        if entries:
            raise BarometerError(
                f"{path}: the list does not give its day, and contains no day. Give the day of its "
                "publication, such as --published-on 2026-04-13. The day of the import is not "
                "used, because an old list would then end the links of a newer one."
            )
    same_day = [i.record for i in mine if day and i.record["published_on"] == day.isoformat()]
    if same_day and same_day[-1]["file_hash"] == content:  # else another of that day came later
        return _held(settings.home, con, same_day[-1], junk)
    if not entries or day is None:
        why = f"line {junk[0].line}: {junk[0].reason}" if junk else "it has no ship"
        raise BarometerError(f"{path}: nothing to import ({why}).")
    latest = _latest_day(settings, opened.zone)
    if day > latest:
        raise BarometerError(
            f"{path}: the list is of {day}, after the as-of time "
            f"{settings.as_of:%Y-%m-%d %H:%M} UTC. Check the day, or give another --as-of."
        )
    versions = [v for v in load_versions(settings.home) if v.register == opened.register]
    versions = [v for v in versions if v.removed_number is None]
    before = [v for v in versions if v.published_on <= day]
    if expected and len(before) < len(versions):
        shown = {"register": opened.register, "published_on": day.isoformat()}
        return _known(shown | {"entries": entries, "hulls": hulls})
    last = before[-1] if before else None
    staging.stage_before(con, last and last.entries, opened.register, day)
    doubts = guard.doubts(con, opened.register, last and last.published_on)
    cut = next((row for row in junk if row.is_whole and row.reason.startswith(CUT)), None)
    if cut is not None:
        doubts.append(
            f"{cut.reason} (line {cut.line}); ships missing from a cut list count as delisted"
        )
    if doubts and not accept_loss:
        raise BarometerError(
            f"{path}: {'; '.join(doubts)}. Is it whole, is it this list, and is it of {day}? Fetch "
            "it again, give its day with --published-on, or import it as it is with --accept-loss."
        )
    changes = difference(con)
    name = f"registers/{opened.register.replace(':', '-')}/{day}-{content[:16]}.parquet"
    begin_history(settings.home, REGISTER)
    _write_version(settings.home / name, con, junk)
    accepted = "; ".join(doubts) or None
    record = {
        "register": opened.register,
        "link_source": _readers_name(opened.register, con),
        "published_on": day.isoformat(),
        "imported_at": settings.as_of.isoformat(),
        "name": shown_name(path.name),
        "file_hash": content,
        "path": name,
        "entries": entries,
        "hulls": hulls,
        "junk": len(junk),
        **{change: len(listings) for change, listings in changes.items()},
        "accepted": accepted,
    }
    append_history(settings.home, REGISTER, [record])
    return Imported(
        state="imported",
        register=opened.register,
        published_on=day,
        published_by=published_by,
        entries=entries,
        hulls=hulls,
        junk=junk,
        compared_with=None if last is None else last.published_on,
        **changes,
        is_newest=all(version.published_on <= day for version in versions),
        unknown_keys=guard.unknown_keys(con),
        accepted=accepted,
    )


def _day_of(
    settings: Settings, opened: ListFile, given: date | None, con: duckdb.DuckDBPyConnection
) -> tuple[date | None, str]:
    """The day of a list, and its source; the day of the import only for a team's own list.

    Future days in a list do not count.
    """
    if given or opened.published_on:
        return given or opened.published_on, "operator" if given else "list"
    if opened.register.startswith("team:"):  # its import is its publication
        return settings.as_of.date(), "import"
    query = """
        select max(day)
        from (select unnest([listed_on, delisted_on]) as day from entry)
        where day <= $latest
    """
    rows = con.execute(query, {"latest": _latest_day(settings, opened.zone)}).fetchall()
    return rows[0][0], "newest day in it"


def _latest_day(settings: Settings, zone: str) -> date:
    """The day of the as-of time in UTC or in the publisher's zone, whichever is later.

    East of Greenwich a list is published with tomorrow's date before midnight in UTC.
    """
    as_of = settings.as_of.replace(tzinfo=UTC)
    return max(as_of.date(), as_of.astimezone(ZoneInfo(zone)).date())


def remove_import(settings: Settings, number: int) -> dict[str, Any]:
    """Undo an import: it no longer counts; its version and its line stay for past publications.

    Parameters
    ----------
    settings : Settings
        The home; the as-of time is that of the removal.
    number : int
        The import's number in the home's register history, as `register list` shows it.

    Returns
    -------
    dict
        The record of the import.

    Raises
    ------
    BarometerError
        If there is no such import, or it was removed before.
    """
    standing = {item.number: item.record for item in standing_imports(settings.home)}
    if number not in standing:
        known = ", ".join(map(str, standing)) or "none"
        raise BarometerError(
            f"import {number}: no such import to remove (imports of this home: {known}). For "
            "the numbers run: barometer register list. Bundled lists cannot be removed."
        )
    removal = {
        "removes": number,
        "register": standing[number]["register"],
        "removed_at": settings.as_of.isoformat(),
    }
    append_history(settings.home, REGISTER, [removal])
    return standing[number]


def held_days(home: Path, register: str) -> list[date]:
    """The days of the versions of a register that are not removed, bundled ones included."""
    bundled = [v.published_on for v in bundled_versions() if v.register == register]
    imports = [item.record for item in standing_imports(home)]
    return bundled + [
        date.fromisoformat(record["published_on"])
        for record in imports
        if record["register"] == register
    ]


def _readers_name(register: str, con: duckdb.DuckDBPyConnection) -> str:
    """A register's name for readers: the only source of its entries; of a team's list its id."""
    sources = con.execute("select distinct link_source from entry limit 2").fetchall()
    is_one = len(sources) == 1 and not register.startswith("team:")
    return str(sources[0][0]) if is_one else register


def _held(
    home: Path, con: duckdb.DuckDBPyConnection, record: dict[str, Any], junk: list[Junk]
) -> Imported:
    """A file that was imported before; where the home has lost its version, that is written again.

    One that is there stays as it was: this release may read the file in another way.
    """
    path = home / record["path"]
    try:
        for part, schema in ((path, ENTRY_SCHEMA), (_junk_path(path), JUNK_SCHEMA)):
            for _ in ds.dataset(part, schema=schema, format="parquet").to_batches():
                pass
    except (OSError, pa.ArrowInvalid):
        _write_version(path, con, junk)
        return _known(record)._replace(state="restored")
    return _known(record)


def _known(record: dict[str, Any]) -> Imported:
    return Imported(
        state="known",
        register=record["register"],
        published_on=date.fromisoformat(record["published_on"]),
        published_by="list",
        entries=record["entries"],
        hulls=record["hulls"],
        junk=[],
        compared_with=None,
        added=[],
        changed=[],
        gone=[],
        is_newest=False,
        unknown_keys={},
        accepted=record.get("accepted"),
    )


def load_versions(home: Path) -> list[Version]:
    """Every version of every register, bundled and imported, oldest list first.

    Removed versions are included, with the number of their removal. Of two versions of one day the
    later import comes last; of two registers it does not matter which was imported first.

    Raises
    ------
    BarometerError
        If the file of a version is missing or damaged.
    """
    versions = bundled_versions()
    for number, record, removed_number in all_imports(home):
        path = home / record["path"]
        try:
            entries = ds.dataset(path, schema=ENTRY_SCHEMA, format="parquet")
            entries.count_rows()  # opens the file
        except (OSError, pa.ArrowInvalid) as error:
            raise _unreadable(path, record, error) from error
        versions.append(
            Version(
                record["register"],
                record["link_source"],
                date.fromisoformat(record["published_on"]),
                record["imported_at"],
                record["name"],
                entries,
                number,
                removed_number,
                record.get("accepted"),
            )
        )
    return sorted(versions, key=lambda version: (version.published_on, version.register))


def _unreadable(path: Path, record: dict[str, Any], error: Exception) -> BarometerError:
    return BarometerError(
        f"{path}: a version of {record['register']} cannot be read ({error}), and the register "
        f"history of this home needs it. Import its file {record['name']} of "
        f"{record['published_on']} again, or restore it from a backup."
    )


def load_junk(home: Path) -> pa.Table:
    """Everything that the imports of this home left out: register, published_on, then `Junk`."""
    head = pa.schema([("register", pa.string()), ("published_on", pa.date32())])
    schema = pa.unify_schemas([head, JUNK_SCHEMA])
    tables = [schema.empty_table()]
    for _, record, _ in standing_imports(home):
        path = _junk_path(home / record["path"])
        try:
            junk = pq.read_table(path, schema=JUNK_SCHEMA)
        except (OSError, pa.ArrowInvalid) as error:
            raise _unreadable(path, record, error) from error
        day = date.fromisoformat(record["published_on"])
        constant = [[record["register"]] * junk.num_rows, [day] * junk.num_rows]
        columns = [pa.array(c, f.type) for c, f in zip(constant, head, strict=True)]
        tables.append(pa.Table.from_arrays([*columns, *junk.columns], schema=schema))
    return pa.concat_tables(tables)


def _junk_reader(junk: list[Junk]) -> pa.RecordBatchReader:
    return pa.Table.from_pylist([row._asdict() for row in junk], schema=JUNK_SCHEMA).to_reader()


def _junk_path(path: Path) -> Path:
    """Where what was left out of a version lies, beside its entries."""
    return path.with_suffix(".junk.parquet")


def _write_version(path: Path, con: duckdb.DuckDBPyConnection, junk: list[Junk]) -> None:
    _write(path, staging.entries(con))
    _write(_junk_path(path), _junk_reader(junk))


def _write(path: Path, rows: pa.RecordBatchReader) -> None:
    out = io.BytesIO()
    with pq.ParquetWriter(out, rows.schema, compression="zstd") as writer:
        for batch in rows:
            writer.write_batch(batch)
    make_folder(path.parent)
    write_durably(path, out.getvalue())


def _hash(path: Path) -> str:
    refuse_pipe(path)
    try:
        return file_hash(path)
    except OSError as error:
        raise BarometerError(f"{path}: cannot be read ({error.strerror}).") from error
