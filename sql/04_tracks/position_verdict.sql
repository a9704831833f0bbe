-- The verdict on every fix of a ship that ever came near a port, and the track that it belongs to.
-- Grain: one fix (mmsi, reported_at, lon, lat).
select
    mmsi,
    reported_at,
    lon,
    lat,
    track_id,
    verdict,
    reason
from track_fix
where mmsi in (select mmsi from candidate_ship)
