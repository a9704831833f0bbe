"""The differences between two versions of a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import NamedTuple, overload

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flows.home.resources import sql_text
from flows.registers import staging

CHANGES = ("added", "changed", "gone")
IN_ORDER = [(name, "ascending") for name in ("is_renamed", "hull", "place")]


class Listing(NamedTuple):
    """A hull under a programme, as an import shows its changes."""

    hull: str
    vessel_name: str
    programme: str


class Listings(Sequence[Listing]):
    """Listings held as a table: there may be a million, which take ten times as much one by one.

    >>> Listings(pa.table({"hull": ["IMO 1"], "vessel_name": ["A"], "programme": [""]}))[0]
    Listing(hull='IMO 1', vessel_name='A', programme='')
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @overload
    def __getitem__(self, index: int) -> Listing: ...
    @overload
    def __getitem__(self, index: slice) -> list[Listing]: ...
    def __getitem__(self, index: int | slice) -> Listing | list[Listing]:
        places = range(len(self))[index]
        if isinstance(places, int):
            return next(_listings(self._table.slice(places, 1)))
        return list(_listings(self._table.take(pa.array(places, pa.int64()))))

    def __iter__(self) -> Iterator[Listing]:
        for batch in self._table.to_batches(max_chunksize=staging.BATCH_ROWS):
            yield from _listings(batch)


def _listings(rows: pa.Table | pa.RecordBatch) -> Iterator[Listing]:
    columns = (rows.column(name).to_pylist() for name in Listing._fields)
    return starmap(Listing, zip(*columns, strict=True))


def difference(con: duckdb.DuckDBPyConnection) -> dict[str, Listings]:
    """Listings ``added``, ``changed`` and ``gone``, by hull and programme.

    Publishers renumber entries. Listings of which only the programme key is new, of the same hull
    and day, are changed; they follow the others.

    Parameters
    ----------
    con : DuckDBPyConnection
        A session of `flows.registers.staging` with the list and the version before it.
    """
    count = max(con.table(name).count("*").fetchall()[0][0] for name in ("entry", "entry_before"))
    rows = pa.concat_tables(
        con.execute(sql_text("lists/change"), part).to_arrow_table()
        for part in staging.parts(count)
    )
    # A hull's own are in one part, in order.
    rows = rows.append_column("place", pa.array(range(rows.num_rows), pa.int64())).sort_by(IN_ORDER)
    return {
        change: Listings(rows.filter(pc.equal(rows["change"], change)).select(Listing._fields))
        for change in CHANGES
    }
