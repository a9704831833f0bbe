-- The periods of followed_track, whatever the hull.
-- Grain: one track and period (track_id, first_day).
select
    track_id,
    first_day,
    mmsi,
    last_day,
    [mmsi] as mmsis,
    first_day::timestamp as from_at,
    last_day + interval 1 day - interval 1 microsecond as to_at
from followed_track
order by track_id, first_day
