-- A ship's silences of 24 hours and more, while it was within what the lake covers: where it fell silent and came back.
-- Grain: one silence. Inputs: position, flagged_position, vessel. Parameter: $hull_id.
with span as (
    select
        track_id,
        mmsi,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from vessel
    where hull_id = $hull_id and source = 'AIS'
    group by track_id, mmsi
),

fix as (
    select distinct
        position.reported_at,
        position.lon,
        position.lat,
        position.mmsi
    from span
    inner join position
        on
            span.mmsi = position.mmsi
            and position.reported_at between span.valid_from and span.valid_to
    left join flagged_position as flag
        on
            position.mmsi = flag.mmsi
            and position.reported_at = flag.reported_at
            and position.lon = flag.lon
            and position.lat = flag.lat
    where
        coalesce(flag.track_id, position.mmsi) = span.track_id
        and coalesce(flag.verdict, 'credible') <> 'implausible'
),

followed as (
    select
        lag(reported_at) over way as silent_from,
        lag(lon) over way as from_lon,
        lag(lat) over way as from_lat,
        reported_at as silent_to,
        lon as to_lon,
        lat as to_lat
    from fix
    window way as (order by reported_at, mmsi, lon, lat)
)

select
    silent_from,
    silent_to,
    datediff('hour', silent_from, silent_to) as hours,
    from_lat,
    from_lon,
    to_lat,
    to_lon,
    -- On a sphere: good to a kilometre in a hundred.
    round(
        111.2 * sqrt(
            pow(to_lat - from_lat, 2)
            + pow((to_lon - from_lon) * cos(radians((to_lat + from_lat) / 2)), 2)
        )
    ) as moved_km
from followed
where silent_to - silent_from >= interval 24 hour
order by silent_from
