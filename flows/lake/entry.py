"""The manifest's records: an input file and a Parquet file of the lake."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from flows.home.file_names import shown_name
from flows.home.settings import Place

KINDS = ("position", "reject")

Span = tuple[datetime | None, datetime | None]
"""From when to when fixes reach, UTC; None where there is no fix."""


class Part(NamedTuple):
    """A Parquet file. `path` is relative to the lake's place; `hash` is its blake2b-256."""

    path: str
    rows: int
    bytes: int
    hash: str

    @property
    def version(self) -> int:
        """Version of the file's rows, counted from 0."""
        return version_of_path(self.path)


class Entry(NamedTuple):
    """An input file in the ledger: where its rows went. See `rows_accounted`.

    Attributes
    ----------
    file_id : str
        blake2b-256 of the decompressed content, hexadecimal.
    name, source : str
        As it was called when it came in first; id of its source.
    fingerprint : str
        Hash of its first bytes, by which a known file is suspected.
    rows_read, rows_kept, rows_repeated, rows_rejected, rows_static : int
        Lines that are not empty, without headers; a fix that another line or file holds too is
        repeated; a static report in a row of its own stands in the fixes of its ship.
    first_reported_at, last_reported_at : datetime or None
        Of the rows that are not rejected, UTC: the same whatever other files hold.
    ingested_at : datetime
        The as-of time of the run that read it, UTC.
    position, reject : Part or None
        None where there is no such row.
    """

    file_id: str
    name: str
    source: str
    fingerprint: str
    rows_read: int
    rows_kept: int
    rows_repeated: int
    rows_rejected: int
    rows_static: int
    first_reported_at: datetime | None
    last_reported_at: datetime | None
    ingested_at: datetime
    position: Part | None
    reject: Part | None

    @property
    def parts(self) -> list[Part]:
        """The Parquet files of the entry."""
        return [part for part in (self.position, self.reject) if part is not None]

    @property
    def rows_accounted(self) -> int:
        """The sum of the counts of rows; equal to `rows_read` in a sound ledger."""
        return self.rows_kept + self.rows_repeated + self.rows_rejected + self.rows_static

    @property
    def span(self) -> Span:
        """First and last time of its fixes."""
        return self.first_reported_at, self.last_reported_at


class Manifest(NamedTuple):
    """The lake at one moment: its entries by `file_id`, sorted.

    `tag` is that of the object that was read, where the lake is on object storage.
    """

    entries: dict[str, Entry]
    tag: str | None = None

    def with_entries(self, changed: Iterable[Entry]) -> Manifest:
        """The manifest with these entries added or put in place of those with the same id."""
        entries = self.entries | {entry.file_id: entry for entry in changed}
        return self._replace(entries=dict(sorted(entries.items())))


def address(place: Place, part: Part | str) -> str:
    """Absolute path or address of a file of the lake.

    >>> address("s3://bucket/prefix", "manifest.json")
    's3://bucket/prefix/manifest.json'
    """
    path = part if isinstance(part, str) else part.path
    return f"{place}/{path}" if isinstance(place, str) else str(place / path)


def part_path(kind: str, source: str, file_id: str, version: int) -> str:
    """Path of a part in the lake. `source` and `file_id` contain no path separators."""
    return f"{kind}/source={source}/file_id={file_id}/{version}.parquet"


def version_of_path(path: str) -> int:
    """Version of a Parquet file of the lake by its path.

    >>> version_of_path("position/source=s/file_id=f/3-c0ffee.parquet")
    3
    """
    number = Path(path).stem.split("-")[0]
    return int(number) if number.isdecimal() else 0


def overlap(left: Span, right: Span) -> bool:
    """Whether two spans share a moment."""
    if left[0] is None or left[1] is None or right[0] is None or right[1] is None:
        return False
    return left[0] <= right[1] and right[0] <= left[1]


def raw_of(entry: Entry) -> dict[str, Any]:
    raw = entry._asdict()
    return raw | {k: raw[k]._asdict() for k in KINDS if raw[k] is not None}


def entry_of(raw: dict[str, Any]) -> Entry:
    times = ("first_reported_at", "last_reported_at", "ingested_at")
    read = {k: datetime.fromisoformat(raw[k]) if raw[k] else None for k in times}
    parts = {k: Part(**raw[k]) if raw[k] else None for k in KINDS}
    return Entry(**(raw | read | parts | {"name": shown_name(raw["name"])}))


def iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a manifest")
