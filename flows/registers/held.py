"""The versions at hand, as `barometer register list` shows them and as SQL reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import pyarrow as pa

from flows.home.settings import Settings
from flows.lake.manifest import connect
from flows.registers import staging
from flows.registers.bundled import Version
from flows.registers.lists.entry import ENTRY_SCHEMA
from flows.registers.store import load_versions

HULLS = """
    select count(distinct hull), count(distinct hull) filter (where is_linked)
    from entry
"""


class Held(NamedTuple):
    """A version, as `register list` shows it.

    number: of the import; null for a bundled list. ships, linked_ships: its hulls, and those that
    it links to Russia. is_newest: whether today's links follow it.
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


def held_versions(settings: Settings) -> list[Held]:
    """Every version that is not removed, bundled and imported, by register and day."""
    versions = [v for v in load_versions(settings.home) if v.removed_number is None]
    newest = {version.register: version for version in versions}
    held = []
    for version in sorted(versions, key=lambda v: v.register):  # stable: within a register by day
        with connect(settings) as con:
            staging.stage_version(con, version.entries, version.register)
            ships, linked = con.execute(HULLS).fetchall()[0]
        held.append(
            Held(
                number=version.import_number,
                register=version.register,
                link_source=version.link_source,
                published_on=version.published_on,
                ships=ships,
                linked_ships=linked,
                name=version.name,
                imported_at=version.imported_at,
                is_newest=version is newest[version.register],
                accepted=version.accepted,
            )
        )
    return held


def version_records(versions: Iterable[Version]) -> list[dict[str, Any]]:
    """What each version of a register is, with the number of its entries."""
    return [version._asdict() | {"entries": version.entries.count_rows()} for version in versions]


def version_entries(versions: Sequence[Version]) -> pa.RecordBatchReader:
    """The entries of all versions, with the number of the version, from 1."""
    number_field = pa.field("version", pa.int32())
    schema = pa.schema([number_field, *ENTRY_SCHEMA])

    def batches() -> Iterator[pa.RecordBatch]:
        for number, version in enumerate(versions, 1):
            for batch in version.entries.to_batches():
                numbers = pa.array([number] * batch.num_rows, pa.int32())
                yield pa.RecordBatch.from_arrays([numbers, *batch.columns], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())
