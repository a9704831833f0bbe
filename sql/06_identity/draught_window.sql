-- The time around each call in which its draughts are looked for.
-- Grain: one port call (port_call_id).
select
    port_call_id,
    track_id,
    mmsi,
    arrived_at,
    departed_at,
    [mmsi] as mmsis,
    -- A week on either side: an older draught is of another voyage. Of a call that goes on, all since.
    arrived_at - interval 7 day as from_at,
    coalesce(departed_at + interval 7 day, 'infinity'::timestamp) as to_at
from track_call
order by port_call_id
