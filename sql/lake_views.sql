-- The lake's views for one session, over the files where the home lies now: it may have been moved.
-- Grain: as position and reject. Inputs: the session's variables position_parts, compact_files and reject_parts.
create or replace temp view position as
select
    * exclude (source, file_id),
    source,
    file_id
from read_parquet(
    getvariable('position_parts'), hive_partitioning = true, hive_types_autocast = false
)
union all
select
    * exclude (source, file_id),
    source,
    file_id
from read_parquet(getvariable('compact_files'), hive_partitioning = false);

create or replace temp view reject as
select
    file_id,
    line,
    reason,
    raw
from read_parquet(
    getvariable('reject_parts'), hive_partitioning = true, hive_types_autocast = false
);

create or replace temp view position_verdict as
select
    fix.mmsi,
    fix.reported_at,
    fix.lon,
    fix.lat,
    coalesce(flag.track_id, fix.mmsi) as track_id,
    coalesce(flag.verdict, 'credible') as verdict,
    flag.reason
from position as fix
inner join candidate_ship as ship on fix.mmsi = ship.mmsi
left join flagged_position as flag
    on
        fix.mmsi = flag.mmsi
        and fix.reported_at = flag.reported_at
        and fix.lon = flag.lon
        and fix.lat = flag.lat;
