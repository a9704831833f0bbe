-- Flagged fixes that are no position, or whose verdict, reason and track do not fit together.
-- Grain: one fix (mmsi, reported_at, lon, lat). Inputs: flagged_position, position.
with stray as (
    select
        flag.mmsi,
        flag.reported_at,
        flag.lon,
        flag.lat,
        'not a position' as fault
    from flagged_position as flag
    anti join position as fix
        on
            flag.mmsi = fix.mmsi
            and flag.reported_at = fix.reported_at
            and flag.lon = fix.lon
            and flag.lat = fix.lat
),

odd as (
    select
        mmsi,
        reported_at,
        lon,
        lat,
        'verdict, reason and track do not fit' as fault
    from flagged_position
    where
        verdict not in ('credible', 'disputed', 'implausible')
        or reason is null
        or track_id % 1000000000 <> mmsi
        or (verdict = 'credible') <> (track_id <> mmsi)
)

select
    mmsi,
    reported_at,
    lon,
    lat,
    fault
from stray
union all
select
    mmsi,
    reported_at,
    lon,
    lat,
    fault
from odd
order by all
