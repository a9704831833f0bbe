-- The hours of observed_slot, one by one.
-- Grain: one port and hour.
with hour_of_slot as (
    select unnest(range(6)) as offset_h
)

select
    observed_slot.port_id,
    observed_slot.slot_at + to_hours(hour_of_slot.offset_h::integer) as hour
from observed_slot
inner join hour_of_slot on observed_slot.hour_bits & (1 << hour_of_slot.offset_h::integer) > 0
order by observed_slot.port_id, hour
