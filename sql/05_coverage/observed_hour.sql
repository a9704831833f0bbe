-- The hours that count as heard: a source heard the port, and interference did not displace about half of its ships.
-- Grain: one port and hour.
select
    reception_hour.port_id,
    reception_hour.hour
from reception_hour
left join jammed_slot
    on
        reception_hour.port_id = jammed_slot.port_id
        and slot_of(reception_hour.hour)
        = jammed_slot.slot_at
where jammed_slot.port_id is null
