-- The hours in which a source gave a fix of any ship in a port's surroundings.
-- Grain: one port, source and hour with a fix.
with hour_of_slot as (
    select unnest(range(6)) as offset_h
)

select
    heard_slot.port_id,
    heard_slot.source,
    heard_slot.slot_at + to_hours(hour_of_slot.offset_h::integer) as hour
from heard_slot
inner join hour_of_slot on heard_slot.hour_bits & (1 << hour_of_slot.offset_h::integer) > 0
order by heard_slot.port_id, heard_slot.source, hour
