-- The verdict on every fix of a ship that ever came near a port, and the track that it belongs to.
-- Grain: one fix (mmsi, reported_at, lon, lat).
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
        and fix.lat = flag.lat
