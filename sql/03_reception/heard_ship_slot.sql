-- The ships heard around each port (60 km) in slots of 6 hours, from all digests of the lake.
-- Grain: one port, source, slot of 6 hours and MMSI.
select
    port_id,
    source,
    slot_at,
    mmsi,
    sum(fixes)::bigint as fixes,
    -- The hours of the slot with a fix of the ship: bit 0 is the first hour.
    bit_or(hour_bits) as hour_bits
from heard
group by all
