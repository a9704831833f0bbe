-- Fixes that should have been rejected: no ship's MMSI, a place not on Earth or not rounded, a time in the future.
-- Grain: one fix at fault.
select
    fix.mmsi,
    fix.reported_at,
    fix.lon,
    fix.lat,
    fix.file_id
from position as fix
left join source_file on fix.file_id = source_file.file_id
where
    coalesce(fix.mmsi not between 200000000 and 799999999, true)
    or coalesce(abs(fix.lon) > 180 or isnan(fix.lon), true)
    or coalesce(abs(fix.lat) > 90 or isnan(fix.lat), true)
    or abs(fix.lon - round(fix.lon, 5)) > 1e-9
    or abs(fix.lat - round(fix.lat, 5)) > 1e-9
    or fix.reported_at is null
    or fix.reported_at > source_file.ingested_at + interval 10 minute
order by fix.mmsi, fix.reported_at, fix.lon, fix.lat, fix.file_id
