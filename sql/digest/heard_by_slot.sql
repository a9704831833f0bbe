-- Reception around each port in slots of 6 hours.
-- Grain: one port, source and slot of 6 hours.
select
    port_id,
    source,
    slot_at,
    sum(fixes)::bigint as fixes,
    count(*) as vessels,
    bit_or(hour_bits) as hour_bits
from new_heard
group by port_id, source, slot_at
order by port_id, source, slot_at
