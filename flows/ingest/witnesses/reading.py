"""A witness's file read completely: what can be used of it, and what not."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.hashes import new_hash
from flows.home.settings import BarometerError
from flows.ingest.tables.parquet import MAGIC
from flows.ingest.witnesses.formats import (
    publisher_of_columns,
    publisher_of_json,
    publisher_of_table,
)
from flows.ingest.witnesses.parquet import column_names
from flows.ingest.witnesses.records import MOST_DOCUMENT_BYTES, is_json, records
from flows.ingest.witnesses.rows import (
    EVENT_SCHEMA,
    JUNK_SCHEMA,
    PASS_SCHEMA,
    VALUE_SCHEMA,
    Aside,
    Event,
    Pass,
    Value,
)
from flows.registers.lists.entry import Junk
from flows.sources.packings import Member, opened

HEAD_BYTES = 1 << 20
"""What is read of a file to recognise it; an event has a kilobyte or two."""

BATCH_ROWS = 20_000
"""Rows that are held in memory (a choice)."""

LEAST_SHARE = 10
"""A file of which not a tenth can be used has another layout, and is refused, as one of positions
is (`flows.ingest.refusal`)."""

SCHEMAS = {"events": EVENT_SCHEMA, "series": VALUE_SCHEMA, "passes": PASS_SCHEMA}
HOLDS = {"portwatch": "series", "passes": "passes"}
"""What the files of a witness hold, where that is not events."""
ROWS, JUNK = "rows.parquet", "junk.parquet"


class Reading(NamedTuple):
    """A witness's file; its rows are in the folder `work`, as `ROWS` and `JUNK`.

    source: name of the witness's definition. holds: events, series or passes, of which the rows
    are: rows_read are those kept, rejected and aside (of other countries or kinds). oldest_on,
    newest_on: first and last day of what is kept; null for nothing. reasons: rejects by reason,
    with the line of the first.
    """

    name: str
    file_id: str
    source: str
    holds: str
    rows_kept: int
    rows_rejected: int
    rows_aside: int
    oldest_on: date | None
    newest_on: date | None
    reasons: dict[str, tuple[int, int]]
    work: Path

    @property
    def rows_read(self) -> int:
        return self.rows_kept + self.rows_rejected + self.rows_aside


def read_json(member: Member, work: Path, known: Collection[str] = ()) -> Reading | None:
    """The reading of a witness's JSON; None for any other file.

    Of a content whose `file_id` is known no row is read.

    Raises
    ------
    BarometerError
        If it cannot be read, is an error answer, or hardly a row of it can be used.
    """
    with opened(member) as stream:
        head = stream.content.read(HEAD_BYTES)
        if not is_json(head):
            return None
        # The first lines identify a file of lines; a document must be there whole.
        is_lines = _is_object(head.lstrip().partition(b"\n")[0])
        with (work / "plain").open("wb") as out:
            while head and out.tell() <= MOST_DOCUMENT_BYTES:
                out.write(head)
                head = b"" if is_lines else stream.content.read(HEAD_BYTES)
    publisher = publisher_of_json(work / "plain")
    return None if publisher is None else _read(member, publisher, work, known)


def _is_object(line: bytes) -> bool:
    return line.startswith(b"{") and line.rstrip().endswith(b"}")


def read_table(member: Member, work: Path, known: Collection[str] = ()) -> Reading | None:
    """The same for a witness's CSV or Parquet."""
    with opened(member) as stream:
        head = stream.content.read(HEAD_BYTES)
    if head.startswith(MAGIC):
        # The names of the columns are at its end.
        with opened(member) as stream, (work / "plain").open("wb") as out:
            shutil.copyfileobj(stream.content, out)
        publisher = publisher_of_columns(column_names(work / "plain"))
    else:
        publisher = publisher_of_table(head)
    return None if publisher is None else _read(member, publisher, work, known)


def _read(member: Member, publisher: ModuleType, work: Path, known: Collection[str]) -> Reading:
    plain, digest = work / "plain", new_hash()
    with opened(member) as stream, plain.open("wb") as out:
        while piece := stream.content.read(HEAD_BYTES):
            digest.update(piece)
            out.write(piece)
    holds = HOLDS.get(publisher.WITNESS, "events")
    kept, rejected, aside = 0, 0, 0
    days: set[date] = set()
    reasons: dict[str, tuple[int, int]] = {}
    every_row = publisher.rows(iter(()) if digest.hexdigest() in known else records(plain))
    with (
        pq.ParquetWriter(work / ROWS, SCHEMAS[holds], compression="zstd") as rows,
        pq.ParquetWriter(work / JUNK, JUNK_SCHEMA, compression="zstd") as left_out,
    ):
        while batch := list(islice(every_row, BATCH_ROWS)):
            good = [row for row in batch if isinstance(row, Event | Value | Pass)]
            bad = [row for row in batch if isinstance(row, Junk)]
            kept, rejected = kept + len(good), rejected + len(bad)
            aside += sum(isinstance(row, Aside) for row in batch)
            days |= {row.day if isinstance(row, Value) else row.began_at.date() for row in good}
            for row in bad:
                count, first = reasons.get(row.reason, (0, row.line))
                reasons[row.reason] = count + 1, first
            rows.write_table(_table(good, SCHEMAS[holds]))
            left_out.write_table(_table(bad, JUNK_SCHEMA))
    if rejected and LEAST_SHARE * (kept + aside) < kept + aside + rejected:
        why, (_, line) = max(reasons.items(), key=lambda item: item[1][0])
        raise BarometerError(
            f"{rejected:,} of {kept + aside + rejected:,} rows cannot be used (line {line:,}: "
            f"{why}). Is it whole, and has its layout changed? The file was not taken in."
        )
    return Reading(
        member.name,
        digest.hexdigest(),
        publisher.WITNESS,
        holds,
        kept,
        rejected,
        aside,
        min(days, default=None),
        max(days, default=None),
        reasons,
        work,
    )


def _table(rows: Iterable[Any], schema: pa.Schema) -> pa.Table:
    records = [{name: getattr(row, name) for name in schema.names} for row in rows]
    return pa.Table.from_pylist(records, schema=schema)


def counted(reasons: dict[str, tuple[int, int]]) -> Iterator[str]:
    """The reasons of rejects in words, the most frequent first."""
    ranked = sorted(reasons.items(), key=lambda item: (-item[1][0], item[1][1]))
    for reason, (count, line) in ranked:
        yield f"{count:,} {reason} (first in line {line:,})"
