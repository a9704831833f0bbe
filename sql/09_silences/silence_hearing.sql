-- Other ships heard during each silence by the source that heard the ship last: around its start, ahead of it and at the port.
-- Grain: one silence of a hull of `unread` (hull_id, silent_from).
with silence as (
    select
        hull_id,
        silent_from,
        source,
        port_id,
        from_lon,
        from_lat,
        ahead_lon,
        ahead_lat,
        own_mmsis,
        date_trunc('hour', silent_from) as from_hour,
        date_trunc('hour', silent_to) as to_hour
    from unread
),

step as (
    select
        step_x,
        step_y
    from (select unnest([-1, 0, 1]) as step_x)
    cross join (select unnest([-1, 0, 1]) as step_y)
),

-- Around a ship: its cell of a quarter degree and the eight next to it, some 20 nautical miles, the
-- range of a receiver on shore. Ahead of it: one cell. At the port: the cells of its limit and those
-- next to them.
port_cell as (
    select distinct
        point.port_id,
        floor(point.lon * 4)::integer + step.step_x as cell_x,
        floor(point.lat * 4)::integer + step.step_y as cell_y
    from limit_point as point
    cross join step
),

place as (
    select
        silence.hull_id,
        silence.silent_from,
        'around' as part,
        floor(silence.from_lon * 4)::integer + step.step_x as cell_x,
        floor(silence.from_lat * 4)::integer + step.step_y as cell_y
    from silence
    cross join step
    union all
    select
        hull_id,
        silent_from,
        'ahead' as part,
        floor(ahead_lon * 4)::integer as cell_x,
        floor(ahead_lat * 4)::integer as cell_y
    from silence
    where ahead_lon is not null
    union all
    select
        silence.hull_id,
        silence.silent_from,
        'port' as part,
        port_cell.cell_x,
        port_cell.cell_y
    from silence
    inner join port_cell on silence.port_id = port_cell.port_id
),

cell as (
    select distinct
        cell_x,
        cell_y
    from place
),

box as (
    select
        min(cell_x) / 4 as west,
        (max(cell_x) + 1) / 4 as east,
        min(cell_y) / 4 as south,
        (max(cell_y) + 1) / 4 as north
    from cell
),

-- The only scan of the lake: ship-hours in the cells, without implausible fixes.
ship_hour as (
    select
        fix.source,
        fix.mmsi,
        date_trunc('hour', fix.reported_at) as hour,
        cell.cell_x,
        cell.cell_y
    from track_fix as fix
    inner join cell
        on
            floor(fix.lon * 4)::integer = cell.cell_x
            and floor(fix.lat * 4)::integer = cell.cell_y
    where
        fix.lon >= (select west from box)
        and fix.lon < (select east from box)
        and fix.lat >= (select south from box)
        and fix.lat < (select north from box)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and fix.verdict <> 'implausible'
    group by fix.source, fix.mmsi, hour, cell.cell_x, cell.cell_y
),

neighbour as (
    select
        silence.hull_id,
        silence.silent_from,
        place.part,
        ship_hour.mmsi,
        ship_hour.hour,
        ship_hour.hour <= silence.from_hour as is_before,
        ship_hour.hour > silence.from_hour and ship_hour.hour < silence.to_hour as is_during,
        ship_hour.hour > silence.from_hour as is_again,
        -- Again within half of the silence.
        ship_hour.hour > silence.from_hour
        and epoch_us(ship_hour.hour) - epoch_us(silence.from_hour)
        <= (epoch_us(silence.to_hour) - epoch_us(silence.from_hour)) // 2 as is_soon
    from silence
    inner join place
        on silence.hull_id = place.hull_id and silence.silent_from = place.silent_from
    inner join ship_hour
        on
            place.cell_x = ship_hour.cell_x
            and place.cell_y = ship_hour.cell_y
            and silence.source = ship_hour.source
            and ship_hour.hour >= silence.from_hour - interval 6 hour
            and ship_hour.hour <= silence.to_hour + interval 24 hour
    where not list_contains(silence.own_mmsis, ship_hour.mmsi)
),

counted as (
    select
        hull_id,
        silent_from,
        count(distinct mmsi) filter (where part = 'around' and is_during) as neighbours_heard,
        count(distinct hour) filter (where part = 'around' and is_during) as around_hours,
        count(distinct hour) filter (where part = 'ahead' and is_during) as ahead_hours,
        count(distinct hour) filter (where part = 'port' and is_during) as port_hours,
        coalesce(list(distinct mmsi) filter (where part = 'around' and is_before), []) as before,
        coalesce(list(distinct mmsi) filter (where part = 'around' and is_soon), []) as soon,
        coalesce(list(distinct mmsi) filter (where part = 'around' and is_again), []) as again
    from neighbour
    group by hull_id, silent_from
)

select
    silence.hull_id,
    silence.silent_from,
    -- The whole hours of the silence.
    datediff('hour', silence.from_hour, silence.to_hour) - 1 as silent_hours,
    coalesce(counted.neighbours_heard, 0) as neighbours_heard,
    coalesce(len(list_intersect(counted.before, counted.soon)), 0) as went_on,
    -- Who came back only after that had as long a silence; who never did may have sailed away.
    coalesce(
        len(list_intersect(counted.before, counted.again))
        - len(list_intersect(counted.before, counted.soon)),
        0
    ) as fell_silent_too,
    coalesce(counted.around_hours, 0) as around_hours,
    case when silence.ahead_lon is not null then coalesce(counted.ahead_hours, 0) end
        as ahead_hours,
    coalesce(counted.port_hours, 0) as port_hours
from silence
left join counted
    on silence.hull_id = counted.hull_id and silence.silent_from = counted.silent_from
order by silence.hull_id, silence.silent_from
