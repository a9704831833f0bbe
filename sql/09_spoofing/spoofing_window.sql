-- The periods of followed_track with ten days on either side, in which false tracks are looked for.
-- Grain: one track and period (track_id, first_day).
-- Ten days, so that a stretch across the border of two periods is seen whole in one of them (a choice).
select
    track_id,
    first_day,
    mmsi,
    [mmsi] as mmsis,
    first_day::timestamp - interval 10 day as from_at,
    last_day + interval 11 day - interval 1 microsecond as to_at
from followed_track
order by track_id, first_day
