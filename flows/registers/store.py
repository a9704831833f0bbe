"""The versions of registers that a home holds: imported, compared, and never thrown away.

A version is a Parquet file below `registers/` in the home, and a line in its history, which is the
commit point: a file that no line names is garbage of an import that was killed.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from flows.durable import make_folder, write_durably
from flows.files import shown_name
from flows.history import REGISTER, append_history, begin_history, read_history
from flows.registers.bundled import Version, bundled_versions
from flows.registers.entry import CUT, ENTRY_SCHEMA, Entry, Junk, as_table
from flows.registers.formats import open_list
from flows.settings import BarometerError, Settings

FEWEST_SHARE = 0.5
"""A list with less than half of the hulls of the one before is cut, or another list; a publisher
never dropped half of one. A bound, not a measurement."""

JUNK_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("reason", pa.string()),
        ("raw", pa.string()),
        ("is_whole", pa.bool_()),
    ]
)

_COMPARED = (
    *("vessel_name", "flag", "call_sign", "vessel_type", "listed_on", "delisted_on"),
    *("is_delisted", "link_tier", "link_reason", "valid_from", "valid_to", "ground"),
)


class Listing(NamedTuple):
    """A hull under a programme, as a person reads it in what an import changed."""

    hull: str
    vessel_name: str
    programme: str


class Imported(NamedTuple):
    """What an import did.

    state: ``imported``, or ``known`` where the same file was imported before. compared_with: the
    day of the version before, null where this is the first. added, changed, gone: against that.
    is_newest: whether links follow this version; else it only tells what was known then.
    """

    state: str
    register: str
    published_on: date
    entries: int
    hulls: int
    junk: list[Junk]
    compared_with: date | None
    added: list[Listing]
    changed: list[Listing]
    gone: list[Listing]
    is_newest: bool


def import_list(
    settings: Settings, path: Path, *, published_on: date | None, accept_loss: bool
) -> Imported:
    """Take a list file into the home as a new version of its register.

    Parameters
    ----------
    settings : Settings
        The home; the as-of time is the day of a list that does not say its own.
    path : Path
        In any of the formats of `flows.registers.formats`.
    published_on : date or None
        The day of the list, where the file does not say it; over what the file says.
    accept_loss : bool
        Also take a list that is cut or has lost more than half of its hulls.

    Raises
    ------
    BarometerError
        If the file is no list, holds no ship, is cut, lost more than half of the hulls of the
        version before, or is of a day after the as-of time.
    """
    content = _hash(path)
    found = open_list(path)
    day = published_on or found.published_on or settings.as_of.date()
    for record in reversed(read_history(settings.home, REGISTER)):
        if (record["register"], record["published_on"]) == (found.register, day.isoformat()):
            if record["file_hash"] == content:
                return _known(record)
            break  # another file of the day came after it
    rows = list(found.rows)
    junk = [row for row in rows if isinstance(row, Junk)]
    entries = [row for row in rows if isinstance(row, Entry)]
    if day > settings.as_of.date():
        raise BarometerError(f"{path}: is of {day}, after the as-of time {settings.as_of:%F}.")
    if not entries:
        why = f"line {junk[0].line}: {junk[0].reason}" if junk else "it names no ship"
        raise BarometerError(f"{path}: nothing to take from it ({why}).")
    versions = [v for v in load_versions(settings.home) if v.register == found.register]
    before = [v for v in versions if v.published_on <= day]
    last = before[-1] if before else None
    hulls = _hulls(entries)
    if last is not None and not accept_loss:
        fewest = FEWEST_SHARE * len(_hulls(_entries(last)))
        if len(hulls) < fewest:
            raise BarometerError(
                f"{path}: {len(hulls)} hulls, and {found.register} had "
                f"{len(_hulls(_entries(last)))} on {last.published_on}. Is it whole, and is it of "
                f"{day}? Give its day with --published-on, or take it with --accept-loss."
            )
    cut = next((row for row in junk if row.is_whole and row.reason.startswith(CUT)), None)
    if cut is not None and not accept_loss:
        raise BarometerError(
            f"{path}: {cut.reason} (line {cut.line}). What a cut list lacks would count as "
            "delisted. Fetch it again, or take it with --accept-loss."
        )
    # A list cannot have what was listed after its day.
    then = [] if last is None else [e for e in _entries(last) if not _is_later(e, day)]
    added, changed, gone = _difference(then, entries)
    name = f"registers/{found.register.replace(':', '-')}/{day}-{content[:16]}.parquet"
    begin_history(settings.home, REGISTER)
    _write(settings.home / name, as_table(entries))
    _write(settings.home / name.replace(".parquet", ".junk.parquet"), _junk_table(junk))
    record = {
        "register": found.register,
        "link_source": _readers_name(found.register, entries),
        "published_on": day.isoformat(),
        "imported_at": settings.as_of.isoformat(),
        "name": shown_name(path.name),
        "file_hash": content,
        "path": name,
        "entries": len(entries),
        "hulls": len(hulls),
        "junk": len(junk),
        "added": len(added),
        "changed": len(changed),
        "gone": len(gone),
    }
    append_history(settings.home, REGISTER, [record])
    return Imported(
        state="imported",
        register=found.register,
        published_on=day,
        entries=len(entries),
        hulls=len(hulls),
        junk=junk,
        compared_with=None if last is None else last.published_on,
        added=added,
        changed=changed,
        gone=gone,
        is_newest=all(version.published_on <= day for version in versions),
    )


def _readers_name(register: str, entries: list[Entry]) -> str:
    """What readers call a register: the entries' one source; a team's list has many, and its id."""
    sources = {entry.link_source for entry in entries}
    return sources.pop() if len(sources) == 1 and not register.startswith("team:") else register


def _known(record: dict[str, Any]) -> Imported:
    return Imported(
        state="known",
        register=record["register"],
        published_on=date.fromisoformat(record["published_on"]),
        entries=record["entries"],
        hulls=record["hulls"],
        junk=[],
        compared_with=None,
        added=[],
        changed=[],
        gone=[],
        is_newest=False,
    )


def load_versions(home: Path) -> list[Version]:
    """Every version of every register, bundled and imported, oldest list first.

    Of two versions of one day the one that came later stands last.

    Raises
    ------
    BarometerError
        If the file of a version is missing or damaged.
    """
    found = bundled_versions()
    for number, record in enumerate(read_history(home, REGISTER), 1):
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
    for record in read_history(home, REGISTER):
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


def newest_days(versions: Iterable[Version]) -> dict[str, date]:
    """Up to which day each register is right, by its `link_source` for readers."""
    newest = {version.register: version for version in versions}
    return {version.link_source: version.published_on for version in newest.values()}


def _difference(
    before: Iterable[Entry], after: Iterable[Entry]
) -> tuple[list[Listing], list[Listing], list[Listing]]:
    """What was added, changed and gone, by hull and programme: publishers renumber entries."""
    old, new = _by_key(before), _by_key(after)
    added = sorted(key for key in new if key not in old)
    gone = sorted(key for key in old if key not in new)
    changed = sorted(key for key in new if key in old and _is_changed(old[key], new[key]))
    return (
        [_listing(key, new[key]) for key in added],
        [_listing(key, new[key]) for key in changed],
        [_listing(key, old[key]) for key in gone],
    )


def _is_later(entry: Entry, day: date) -> bool:
    return entry.listed_on is not None and entry.listed_on > day


def _by_key(entries: Iterable[Entry]) -> dict[tuple[str, str], list[Entry]]:
    found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        found[hull_key(entry), entry.programme or ""].append(entry)
    return found


def hull_key(entry: Entry) -> str:
    """What a hull is called within its register: by IMO number, else MMSI, else name.

    >>> hull_key(Entry("r", "s", "1", imo=9187629)), hull_key(Entry("r", "s", "1"))
    ('IMO 9187629', '?')
    """
    if entry.imo is not None:
        return f"IMO {entry.imo}"
    return f"MMSI {entry.mmsis[0]}" if entry.mmsis else entry.vessel_name or "?"


def _is_changed(old: list[Entry], new: list[Entry]) -> bool:
    """Whether any statement differs that both versions make."""
    for field in _COMPARED:
        then = {value for e in old if (value := getattr(e, field)) is not None}
        now = {value for e in new if (value := getattr(e, field)) is not None}
        if then and now and then != now:
            return True
    return False


def _listing(key: tuple[str, str], entries: list[Entry]) -> Listing:
    return Listing(key[0], entries[0].vessel_name or "", key[1])


def _hulls(entries: Iterable[Entry]) -> set[str]:
    return {hull_key(entry) for entry in entries}


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
        with path.open("rb") as raw:
            return hashlib.file_digest(raw, lambda: hashlib.blake2b(digest_size=32)).hexdigest()
    except OSError as error:
        raise BarometerError(f"{path}: cannot be read ({error.strerror}).") from error
