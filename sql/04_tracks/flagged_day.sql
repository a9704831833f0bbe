-- The days on which a transmitter has a fix of another track, or an implausible one.
-- Grain: one transmitter (mmsi) and UTC day.
select distinct
    mmsi,
    reported_at::date as day,
    [mmsi] as mmsis,
    reported_at::date::timestamp as from_at,
    reported_at::date + interval 1 day - interval 1 microsecond as to_at
from flagged_position
order by mmsi, day
