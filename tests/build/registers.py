"""The relations of the registers, from versions of lists alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from flows.catalogue.given import version_entries, version_records
from flows.registers.bundled import Version
from tests.build.derivation import derive, session


def register_rows(
    versions: Sequence[Version],
    known_on: date | None = None,
    relation: str = "register_entry",
    programmes: pa.Table | None = None,
) -> list[dict[str, Any]]:
    """The rows of a relation by these versions, as known on a day, or on 1 December 2026."""
    meta = {"as_of": "2026-12-01"} | ({"known_on": str(known_on)} if known_on else {})
    given = {
        "meta": [{"key": key, "value": value} for key, value in meta.items()],
        "register_version": version_records(versions),
    }
    with session(given, version_entry=version_entries(versions)) as con:
        if programmes is not None:
            con.register("programme", programmes)
        derive(con, relation)
        return list(con.table(relation).to_arrow_table().to_pylist())


def programme_schema() -> pa.Schema:
    """The columns of `programme`."""
    with session() as con:
        derive(con, "programme")
        return con.table("programme").to_arrow_table().schema
