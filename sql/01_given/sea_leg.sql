-- The legs of the ways by sea between waypoints and ports, in both directions, with their length.
-- Grain: one pair of neighbouring points (from_point, to_point).
with waypoint as (
    select
        point,
        lon,
        lat
    from read_csv(
        getvariable('data') || '/sea_ways/point.csv',
        header = true,
        auto_detect = false,
        columns = {point: 'varchar', lon: 'double', lat: 'double', source: 'varchar'}
    )
    union all
    select
        port_id as point,
        lon,
        lat
    from port
),

drawn as (
    select
        from_point,
        to_point
    from read_csv(
        getvariable('data') || '/sea_ways/leg.csv',
        header = true,
        auto_detect = false,
        columns = {from_point: 'varchar', to_point: 'varchar', narrow_water: 'varchar'}
    )
    union all
    -- Open water between a port and the network: a property of its limit in data/ports.
    select
        port_id as from_point,
        unnest(waypoints) as to_point
    from fenced_port
),

leg as (
    select
        from_point,
        to_point
    from drawn
    union
    select
        to_point as from_point,
        from_point as to_point
    from drawn
)

select
    leg.from_point,
    leg.to_point,
    -- Whole metres, so that the sum of a way does not depend on its order.
    round(1000 * great_circle_km(start.lon, start.lat, finish.lon, finish.lat))::integer as length_m
from leg
inner join waypoint as start on leg.from_point = start.point
inner join waypoint as finish on leg.to_point = finish.point
order by leg.from_point, leg.to_point
