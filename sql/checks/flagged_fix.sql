-- Flagged fixes that are no position, or whose verdict, reason and track do not fit together.
-- Grain: one fix (mmsi, reported_at, lon, lat).
select
    flag.mmsi,
    flag.reported_at,
    flag.lon,
    flag.lat,
    flag.track_id,
    flag.verdict,
    flag.reason,
    fix.mmsi is not null as is_position
from flagged_position as flag
left join position as fix
    on
        flag.mmsi = fix.mmsi
        and flag.reported_at = fix.reported_at
        and flag.lon = fix.lon
        and flag.lat = fix.lat
where
    fix.mmsi is null
    or flag.verdict not in ('credible', 'disputed', 'implausible')
    or flag.reason is null
    or flag.track_id % 1000000000 <> flag.mmsi
    or (flag.verdict = 'credible') <> (flag.track_id <> flag.mmsi)
order by all
