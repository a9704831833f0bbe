-- The hours in which a port's surroundings (60 km) gave a fix of any ship.
-- Grain: one port and hour with at least one fix. Inputs: position, surrounding_cell, from data/ports.
select
    cell.port_id,
    date_trunc('hour', fix.reported_at) as hour,
    count(*) as fixes
from position as fix
inner join surrounding_cell as cell
    on
        floor(fix.lon * $cells_per_degree)::integer = cell.cell_x
        and floor(fix.lat * $cells_per_degree)::integer = cell.cell_y
where
    fix.lon between $west and $east
    and fix.lat between $south and $north
group by cell.port_id, hour
order by cell.port_id, hour
