-- The ships heard around each port in slots of 6 hours.
-- Grain: one port, source, slot of 6 hours and MMSI.
select
    cell.port_id,
    fix.source,
    slot_of(fix.reported_at) as slot_at,
    fix.mmsi,
    count(*) as fixes,
    -- The hours of the slot with a fix of the ship: bit 0 is the first hour.
    bit_or((1 << (hour(fix.reported_at) % 6)::integer))::tinyint as hour_bits
from new_position as fix
inner join surrounding_cell as cell
    on
        floor(fix.lon * getvariable('near').cells_per_degree)::integer = cell.cell_x
        and floor(fix.lat * getvariable('near').cells_per_degree)::integer = cell.cell_y
where
    fix.lon between getvariable('near').west and getvariable('near').east
    and fix.lat between getvariable('near').south and getvariable('near').north
group by all
