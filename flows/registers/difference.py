"""The differences between two versions of a list."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from flows.home.resources import sql_text
from flows.registers import staging


class Listing(NamedTuple):
    """A hull under a programme, as an import shows its changes."""

    hull: str
    vessel_name: str
    programme: str


def difference(con: duckdb.DuckDBPyConnection) -> dict[str, list[Listing]]:
    """Listings ``added``, ``changed`` and ``gone``, by hull and programme.

    Publishers renumber entries. Listings of which only the programme key is new, of the same hull
    and day, are changed; they follow the others.

    Parameters
    ----------
    con : DuckDBPyConnection
        A session of `flows.registers.staging` with the list and the version before.
    """
    count = max(con.table(name).count("*").fetchall()[0][0] for name in ("entry", "entry_before"))
    changes: dict[str, list[Listing]] = {"added": [], "changed": [], "gone": []}
    renamed: list[Listing] = []
    for part in staging.parts(count):
        result = con.execute(sql_text("lists/change"), part)
        while rows := result.fetchmany(staging.BATCH_ROWS):
            for change, is_renamed, *listing in rows:
                (renamed if is_renamed else changes[change]).append(Listing(*listing))
    for listings in (*changes.values(), renamed):
        listings.sort(key=lambda listing: listing.hull)  # its own are in one part, in order
    changes["changed"] += renamed
    return changes
