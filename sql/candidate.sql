-- Ships that may have been inside a port limit, with the number of all their fixes.
-- Grain: one transmitter (mmsi). Inputs: position, limit_cell, from data/ports.
with close as (
    select distinct fix.mmsi
    from position as fix
    inner join limit_cell as cell
        on
            floor(fix.lon * $cells_per_degree)::integer = cell.cell_x
            and floor(fix.lat * $cells_per_degree)::integer = cell.cell_y
    where
        fix.lon between $west and $east
        and fix.lat between $south and $north
)

select
    fix.mmsi,
    count(*) as fixes
from position as fix
where fix.mmsi in (select mmsi from close)
group by fix.mmsi
order by fix.mmsi
