-- The hours that count as heard: a source heard the port, and interference did not displace about half of its ships.
-- Grain: one port and slot of 6 hours with such an hour.
select
    reception_slot.port_id,
    reception_slot.slot_at,
    reception_slot.hour_bits
from reception_slot
anti join jammed_slot
    on
        reception_slot.port_id = jammed_slot.port_id
        and reception_slot.slot_at = jammed_slot.slot_at
order by reception_slot.port_id, reception_slot.slot_at
