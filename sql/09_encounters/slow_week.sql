-- The weeks in which ships that may be tankers lay slowly.
-- Grain: one week (week_at).
select
    date_trunc('week', slot_at)::timestamp as week_at,
    -- The window of near_pair: every ship.
    null::integer[] as mmsis,
    min(slot_at) as from_at,
    max(slot_at) + interval 6 hour - interval 1 microsecond as to_at
from slow_slot
group by week_at
order by week_at
