-- The hours in which a source heard a port, interference aside: a fix of any ship within heard_within_h.
-- Grain: one port and slot of 6 hours with such an hour.
-- docs/method.md, "Heard": exposure is the chance that a usual stay would be heard.
select
    port_id,
    slot_at,
    bit_or(heard_bits) as hour_bits
from heard_slot
where heard_bits > 0
group by port_id, slot_at
