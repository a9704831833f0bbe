"""The versions of registers that a home holds: imported, compared, and never thrown away.

A version is a Parquet file below `registers/` in the home, and a line in its history, which is the
commit point: a file that no line names is garbage of an import that was killed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, date
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.durable import make_folder, write_durably
from flows.home.file_names import shown_name
from flows.home.hashes import file_hash
from flows.home.history import REGISTER, append_history, begin_history
from flows.home.settings import BarometerError, Settings
from flows.lists.entry import CUT, ENTRY_SCHEMA, Entry, Junk, ListFile, as_table
from flows.publishers.formats import open_list
from flows.registers import guard
from flows.registers.bundled import Version, bundled_versions
from flows.registers.difference import Listing, difference
from flows.registers.ledger import all_imports, standing_imports

JUNK_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("reason", pa.string()),
        ("raw", pa.string()),
        ("is_whole", pa.bool_()),
    ]
)


class Imported(NamedTuple):
    """What an import did.

    state: ``imported``, or ``known`` where the same file was imported before. published_by: what
    gave the day: ``operator``, ``list``, ``newest day in it``, or ``import`` for a team's own list.
    compared_with: the day of the version before, null where this is the first. added, changed,
    gone: against that. is_newest: whether links follow this version; else it only tells what was
    known then. unknown_keys: programme keys that are not known, with their hulls. accepted: what
    spoke against the list and was accepted; null for nothing.
    """

    state: str
    register: str
    published_on: date
    published_by: str
    entries: int
    hulls: int
    junk: list[Junk]
    compared_with: date | None
    added: list[Listing]
    changed: list[Listing]
    gone: list[Listing]
    is_newest: bool
    unknown_keys: dict[str, int]
    accepted: str | None


def import_list(
    settings: Settings, path: Path, *, published_on: date | None, accept_loss: bool
) -> Imported:
    """Take a list file into the home as a new version of its register.

    Parameters
    ----------
    settings : Settings
        The home, and the as-of time: no list is of a day after it.
    path : Path
        In any of the formats of `flows.publishers.formats`.
    published_on : date or None
        The day of the list, where the file does not give it; over what the file gives.
    accept_loss : bool
        Also take a list that is cut, has lost more than a few of its ships, or has keys that are
        not known for most of them. What spoke against it is kept, and the report names it.

    Raises
    ------
    BarometerError
        If the file is no list, holds no ship, is of no day that can be told or of one after the
        as-of time; and, unless accepted, if it is cut or `flows.registers.guard` doubts it.
    """
    content = _hash(path)
    found = open_list(path)
    rows = list(found.rows)
    junk = [row for row in rows if isinstance(row, Junk)]
    entries = _without_repetition(row for row in rows if isinstance(row, Entry))
    mine = [i for i in standing_imports(settings.home) if i.record["register"] == found.register]
    day, published_by = _day_of(settings, found, published_on, entries)
    if day is None:
        again = [i.record for i in mine if i.record["file_hash"] == content]
        if again:
            return _known(again[-1])
        if entries:
            raise BarometerError(
                f"{path}: the list does not give its day, and no day is in it. Give the day on "
                "which it was published, such as --published-on 2026-04-13. The day of import is "
                "not taken: an old list would end the links of the newer one."
            )
    same_day = [i.record for i in mine if day and i.record["published_on"] == day.isoformat()]
    if same_day and same_day[-1]["file_hash"] == content:  # else another of that day came after it
        return _known(same_day[-1])
    if not entries or day is None:
        why = f"line {junk[0].line}: {junk[0].reason}" if junk else "it names no ship"
        raise BarometerError(f"{path}: nothing to take from it ({why}).")
    latest = _latest_day(settings, found.zone)
    if day > latest:
        raise BarometerError(
            f"{path}: is of {day}, after the as-of time {settings.as_of:%Y-%m-%d %H:%M} UTC."
        )
    versions = [v for v in load_versions(settings.home) if v.register == found.register]
    versions = [v for v in versions if v.removed_number is None]
    before = [v for v in versions if v.published_on <= day]
    last = before[-1] if before else None
    # A list cannot have what was listed after its day.
    then = [] if last is None else [e for e in _entries(last) if not _is_later(e, day)]
    doubts = guard.doubts(found.register, entries, then, last and last.published_on)
    cut = next((row for row in junk if row.is_whole and row.reason.startswith(CUT)), None)
    if cut is not None:
        doubts.append(f"{cut.reason} (line {cut.line}); what a cut list lacks counts as delisted")
    if doubts and not accept_loss:
        raise BarometerError(
            f"{path}: {'; '.join(doubts)}. Is it whole, is it this list, and is it of {day}? Fetch "
            "it again, give its day with --published-on, or take it as it is with --accept-loss."
        )
    added, changed, gone = difference(then, entries)
    name = f"registers/{found.register.replace(':', '-')}/{day}-{content[:16]}.parquet"
    begin_history(settings.home, REGISTER)
    _write(settings.home / name, as_table(entries))
    _write(settings.home / name.replace(".parquet", ".junk.parquet"), _junk_table(junk))
    accepted = "; ".join(doubts) or None
    record = {
        "register": found.register,
        "link_source": _readers_name(found.register, entries),
        "published_on": day.isoformat(),
        "imported_at": settings.as_of.isoformat(),
        "name": shown_name(path.name),
        "file_hash": content,
        "path": name,
        "entries": len(entries),
        "hulls": len(_hulls(entries)),
        "junk": len(junk),
        "added": len(added),
        "changed": len(changed),
        "gone": len(gone),
        "accepted": accepted,
    }
    append_history(settings.home, REGISTER, [record])
    return Imported(
        state="imported",
        register=found.register,
        published_on=day,
        published_by=published_by,
        entries=len(entries),
        hulls=len(_hulls(entries)),
        junk=junk,
        compared_with=None if last is None else last.published_on,
        added=added,
        changed=changed,
        gone=gone,
        is_newest=all(version.published_on <= day for version in versions),
        unknown_keys=guard.unknown_keys(entries),
        accepted=accepted,
    )


def _day_of(
    settings: Settings, found: ListFile, given: date | None, entries: list[Entry]
) -> tuple[date | None, str]:
    """The day of a list, and what gives it; never that of the import, but for a team's own list.

    Of the days that a list holds, those to come are no sign of its age.
    """
    if given or found.published_on:
        return given or found.published_on, "operator" if given else "list"
    if found.register.startswith("team:"):  # the team publishes it by importing it
        return settings.as_of.date(), "import"
    latest = _latest_day(settings, found.zone)
    days = [d for e in entries for d in (e.listed_on, e.delisted_on) if d and d <= latest]
    return max(days, default=None), "newest day in it"


def _latest_day(settings: Settings, zone: str) -> date:
    """The day of the as-of time in UTC or where the publisher is, whichever is later.

    East of Greenwich a list of tomorrow's date is out before midnight in UTC.
    """
    as_of = settings.as_of.replace(tzinfo=UTC)
    return max(as_of.date(), as_of.astimezone(ZoneInfo(zone)).date())


def _without_repetition(entries: Iterable[Entry]) -> list[Entry]:
    """Entries, each fact once: a list that repeats a ship does not list it twice."""
    facts: dict[Entry, Entry] = {}
    for entry in entries:
        facts.setdefault(entry._replace(line=0), entry)
    return list(facts.values())


def remove_import(settings: Settings, number: int) -> dict[str, Any]:
    """Take an import back: it counts no more, and its version and its line stay for what it did.

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
        If no such import stands.
    """
    standing = {found.number: found.record for found in standing_imports(settings.home)}
    if number not in standing:
        known = ", ".join(map(str, standing)) or "none"
        raise BarometerError(
            f"import {number}: no such import to remove (imports of this home: {known}). Their "
            "numbers are in: barometer register list. The lists that come with Barometer stay."
        )
    removal = {
        "removes": number,
        "register": standing[number]["register"],
        "removed_at": settings.as_of.isoformat(),
    }
    append_history(settings.home, REGISTER, [removal])
    return standing[number]


class Held(NamedTuple):
    """A version at hand, as `register list` shows it.

    number: of the import, null for a list that comes with Barometer. ships, linked_ships: hulls in
    it, and those of them that it links to Russia. is_newest: whether today's links follow it.
    """

    number: int | None
    register: str
    link_source: str
    published_on: date
    ships: int
    linked_ships: int
    name: str
    imported_at: str | None
    is_newest: bool
    accepted: str | None


def held_versions(home: Path) -> list[Held]:
    """Every version that counts, bundled and imported, by register and day."""
    versions = [v for v in load_versions(home) if v.removed_number is None]
    newest = {version.register: version for version in versions}
    held = []
    for version in sorted(versions, key=lambda v: v.register):  # of one register still by day
        entries = _entries(version)
        held.append(
            Held(
                number=version.import_number,
                register=version.register,
                link_source=version.link_source,
                published_on=version.published_on,
                ships=len(_hulls(entries)),
                linked_ships=len(_hulls(e for e in entries if guard.is_linked(e))),
                name=version.name,
                imported_at=version.imported_at,
                is_newest=version is newest[version.register],
                accepted=version.accepted,
            )
        )
    return held


def _readers_name(register: str, entries: list[Entry]) -> str:
    """What readers call a register: the entries' one source; a team's list has many, and its id."""
    sources = {entry.link_source for entry in entries}
    return sources.pop() if len(sources) == 1 and not register.startswith("team:") else register


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

    Those taken back are among them, with the number of their removal. Of two versions of one day
    the one that came later stands last.

    Raises
    ------
    BarometerError
        If the file of a version is missing or damaged.
    """
    found = bundled_versions()
    for number, record, removed_number in all_imports(home):
        path = home / record["path"]
        try:
            entries = pq.read_table(path, schema=ENTRY_SCHEMA)
        except (OSError, pa.ArrowInvalid) as error:
            raise _unreadable(path, record, error) from error
        found.append(
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
    return sorted(found, key=lambda version: version.published_on)


def _unreadable(path: Path, record: dict[str, Any], error: Exception) -> BarometerError:
    return BarometerError(
        f"{path}: a version of {record['register']} cannot be read ({error}). Restore it "
        "from a backup; the history of the home names it."
    )


def load_junk(home: Path) -> pa.Table:
    """What the imports of this home did not take over: register, published_on, then `Junk`."""
    head = pa.schema([("register", pa.string()), ("published_on", pa.date32())])
    schema = pa.unify_schemas([head, JUNK_SCHEMA])
    tables = [schema.empty_table()]
    for _, record, _ in standing_imports(home):
        path = home / record["path"].replace(".parquet", ".junk.parquet")
        try:
            junk = pq.read_table(path, schema=JUNK_SCHEMA)
        except (OSError, pa.ArrowInvalid) as error:
            raise _unreadable(path, record, error) from error
        day = date.fromisoformat(record["published_on"])
        constant = [[record["register"]] * junk.num_rows, [day] * junk.num_rows]
        columns = [pa.array(c, f.type) for c, f in zip(constant, head, strict=True)]
        tables.append(pa.Table.from_arrays([*columns, *junk.columns], schema=schema))
    return pa.concat_tables(tables)


def _is_later(entry: Entry, day: date) -> bool:
    return entry.listed_on is not None and entry.listed_on > day


def _hulls(entries: Iterable[Entry]) -> set[str]:
    return {guard.hull_key(entry) for entry in entries}


def _entries(version: Version) -> list[Entry]:
    rows: list[dict[str, Any]] = version.entries.to_pylist()
    return [
        Entry(**{**row, "mmsis": tuple(row["mmsis"]), "former_names": tuple(row["former_names"])})
        for row in rows
    ]


def _junk_table(junk: list[Junk]) -> pa.Table:
    return pa.Table.from_pylist([row._asdict() for row in junk], schema=JUNK_SCHEMA)


def _write(path: Path, table: pa.Table) -> None:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    make_folder(path.parent)
    write_durably(path, out.getvalue())


def _hash(path: Path) -> str:
    try:
        return file_hash(path)
    except OSError as error:
        raise BarometerError(f"{path}: cannot be read ({error.strerror}).") from error
