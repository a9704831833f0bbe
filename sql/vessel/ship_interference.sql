-- The interference events while a ship was heard, for a map.
-- Grain: one event. Parameters: $first_at, $last_at.
select
    interference_id,
    place,
    lon,
    lat,
    radius_m,
    began_at,
    ended_at,
    ships,
    evidence
from interference
where began_at <= $last_at and ended_at >= $first_at
order by interference_id
