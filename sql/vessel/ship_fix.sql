-- A ship's fixes, with the verdict and whether they belong to its own track, for a map.
-- Grain: one fix (mmsi, reported_at, lon, lat). Parameter: $hull_id.
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

-- A hull with two tracks on one transmitter has the fixes of both.
fix as (
    select
        position.mmsi,
        position.reported_at,
        position.lon,
        position.lat,
        any_value(position.sog_kn) as sog_kn,
        any_value(coalesce(flag.track_id, position.mmsi)) as track_id,
        bool_or(coalesce(flag.track_id, position.mmsi) = span.track_id) as is_own,
        any_value(case when ship.mmsi is not null then coalesce(flag.verdict, 'credible') end)
            as verdict,
        any_value(flag.reason) as reason
    from span
    inner join position
        on
            span.mmsi = position.mmsi
            and position.reported_at between span.valid_from and span.valid_to
    left join candidate_ship as ship on position.mmsi = ship.mmsi
    left join flagged_position as flag
        on
            position.mmsi = flag.mmsi
            and position.reported_at = flag.reported_at
            and position.lon = flag.lon
            and position.lat = flag.lat
    group by position.mmsi, position.reported_at, position.lon, position.lat
)

select
    mmsi,
    reported_at,
    lon,
    lat,
    sog_kn,
    track_id,
    is_own,
    -- Null: the ship was never near a port, and its fixes have no verdict.
    verdict,
    reason
from fix
order by track_id, reported_at, mmsi, lon, lat
