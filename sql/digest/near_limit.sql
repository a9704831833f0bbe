-- Transmitters with a fix in a grid cell that intersects a port limit: they may have been inside it.
-- Grain: one transmitter (mmsi).
select distinct fix.mmsi
from new_position as fix
inner join limit_cell as cell
    on
        floor(fix.lon * getvariable('near').cells_per_degree)::integer = cell.cell_x
        and floor(fix.lat * getvariable('near').cells_per_degree)::integer = cell.cell_y
where
    fix.lon between getvariable('near').west and getvariable('near').east
    and fix.lat between getvariable('near').south and getvariable('near').north
order by fix.mmsi
