"""Static reports in separate rows, joined to the fixes of the same ship and day in the file."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.ingest.rows.values import STATIC_SCHEMA

JOIN = """
copy (
    with report as (
        select
            mmsi,
            reported_at,
            null::bigint as fix,
            imo, vessel_name, call_sign, ship_type, length_m, beam_m, draught_m, destination
        from read_parquet($static, hive_partitioning = false)
        union all by name
        select
            mmsi,
            reported_at,
            file_row_number as fix
        from read_parquet($part, file_row_number = true, hive_partitioning = false)
        where mmsi in (select mmsi from read_parquet($static, hive_partitioning = false))
    ),

    -- The ship's last value of each field so far that day, or else its first later one.
    latest_static as (
        select
            fix,
            coalesce(
                last_value(columns(* exclude (mmsi, reported_at, fix)) ignore nulls) over so_far,
                first_value(columns(* exclude (mmsi, reported_at, fix)) ignore nulls) over later
            )
        from report
        window
            so_far as (
                partition by mmsi, reported_at::date
                -- At equal times reports come before fixes, and are ordered among themselves by
                -- their values, so that the order of lines does not matter.
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
        coalesce(mine.imo, latest_static.imo) as imo,
        coalesce(mine.vessel_name, latest_static.vessel_name) as vessel_name,
        coalesce(mine.call_sign, latest_static.call_sign) as call_sign,
        coalesce(mine.ship_type, latest_static.ship_type) as ship_type,
        coalesce(mine.length_m, latest_static.length_m) as length_m,
        coalesce(mine.beam_m, latest_static.beam_m) as beam_m,
        coalesce(mine.draught_m, latest_static.draught_m) as draught_m,
        coalesce(mine.destination, latest_static.destination) as destination
    from read_parquet($part, file_row_number = true, hive_partitioning = false) as mine
    left join latest_static on mine.file_row_number = latest_static.fix
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
        """Append reports."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, STATIC_SCHEMA)
        self._writer.write_batch(reports)
        self.rows += reports.num_rows

    def close(self) -> None:
        """Finish the file; required before `joined`."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def joined(con: duckdb.DuckDBPyConnection, part: Path, reports: Path, out: Path) -> int:
    """Write the fixes of a part with the static data of their ships, joined by MMSI and day.

    Values of the fix itself take precedence. Returns the number of reports without a fix of their
    ship and day.
    """
    names = {"part": str(part), "static": str(reports)}
    con.execute(JOIN, names | {"out": str(out)})
    row = con.execute(UNJOINED, names).fetchone()
    assert row is not None
    return int(row[0])
