"""Static reports in rows of their own: joined to the fixes of their ship's day in the same file."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.rows.values import STATIC_SCHEMA

JOIN = """
copy (
    with report as (
        select
            mmsi,
            reported_at,
            null::bigint as fix,
            imo, vessel_name, call_sign, ship_type, length_m, beam_m, draught_m, destination
        from read_parquet($static, hive_partitioning = false)
        union all
        select
            mmsi,
            reported_at,
            file_row_number as fix,
            null, null, null, null, null, null, null, null
        from read_parquet($part, file_row_number = true, hive_partitioning = false)
        where mmsi in (select mmsi from read_parquet($static, hive_partitioning = false))
    ),

    -- The last that the ship said of each field that day, or else the first that it said later.
    told as (
        select
            fix,
            coalesce(
                last_value(imo ignore nulls) over so_far,
                first_value(imo ignore nulls) over later
            ) as imo,
            coalesce(
                last_value(vessel_name ignore nulls) over so_far,
                first_value(vessel_name ignore nulls) over later
            ) as vessel_name,
            coalesce(
                last_value(call_sign ignore nulls) over so_far,
                first_value(call_sign ignore nulls) over later
            ) as call_sign,
            coalesce(
                last_value(ship_type ignore nulls) over so_far,
                first_value(ship_type ignore nulls) over later
            ) as ship_type,
            coalesce(
                last_value(length_m ignore nulls) over so_far,
                first_value(length_m ignore nulls) over later
            ) as length_m,
            coalesce(
                last_value(beam_m ignore nulls) over so_far,
                first_value(beam_m ignore nulls) over later
            ) as beam_m,
            coalesce(
                last_value(draught_m ignore nulls) over so_far,
                first_value(draught_m ignore nulls) over later
            ) as draught_m,
            coalesce(
                last_value(destination ignore nulls) over so_far,
                first_value(destination ignore nulls) over later
            ) as destination
        from report
        window
            so_far as (
                partition by mmsi, reported_at::date
                -- At one time the reports stand before the fixes, and among themselves in the
                -- order of what they say, so that no line's place counts.
                order by
                    reported_at, fix nulls first,
                    imo, vessel_name, call_sign, ship_type, length_m, beam_m, draught_m, destination
                rows between unbounded preceding and current row
            ),
            later as (
                partition by mmsi, reported_at::date
                order by
                    reported_at, fix nulls first,
                    imo, vessel_name, call_sign, ship_type, length_m, beam_m, draught_m, destination
                rows between current row and unbounded following
            )
    )

    select
        mine.mmsi,
        mine.reported_at,
        mine.lon,
        mine.lat,
        mine.sog_kn,
        mine.cog_deg,
        mine.heading_deg,
        mine.nav_status,
        coalesce(mine.imo, told.imo) as imo,
        coalesce(mine.vessel_name, told.vessel_name) as vessel_name,
        coalesce(mine.call_sign, told.call_sign) as call_sign,
        coalesce(mine.ship_type, told.ship_type) as ship_type,
        coalesce(mine.length_m, told.length_m) as length_m,
        coalesce(mine.beam_m, told.beam_m) as beam_m,
        coalesce(mine.draught_m, told.draught_m) as draught_m,
        coalesce(mine.destination, told.destination) as destination
    from read_parquet($part, file_row_number = true, hive_partitioning = false) as mine
    left join told on mine.file_row_number = told.fix
    order by mine.mmsi, mine.reported_at, mine.lon, mine.lat
) to $out (format parquet, compression zstd, compression_level 1, parquet_version v2)
"""
UNJOINED = """
select count(*)
from read_parquet($static, hive_partitioning = false) as report
anti join (
    select distinct
        mmsi,
        reported_at::date as day
    from read_parquet($part, hive_partitioning = false)
) as heard
    on report.mmsi = heard.mmsi and report.reported_at::date = heard.day
"""


class StaticReports:
    """The static reports of a file, kept in a Parquet file of their own while it is read. There is
    no such file as long as there is no such report."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows = path, 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> StaticReports:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, reports: pa.RecordBatch) -> None:
        """Keep some more."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, STATIC_SCHEMA)
        self._writer.write_batch(reports)
        self.rows += reports.num_rows

    def close(self) -> None:
        """To be called before they are joined."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def joined(con: duckdb.DuckDBPyConnection, part: Path, reports: Path, out: Path) -> int:
    """Write the fixes of a part with what the static reports say of their ships, by MMSI and day.

    What a fix says itself stands. Returns the number of reports without a fix of their ship and
    day.
    """
    names = {"part": str(part), "static": str(reports)}
    con.execute(JOIN, names | {"out": str(out)})
    row = con.execute(UNJOINED, names).fetchone()
    assert row is not None
    return int(row[0])
