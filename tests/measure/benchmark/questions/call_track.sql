-- The fixes of a ship from a day before a call of its to a day after it, the first of the week.
-- Grain: one fix. Inputs: port_call, position.
with call as (
    select
        mmsi,
        arrived_at,
        coalesce(departed_at, arrived_at + interval 7 days) as departed_at
    from port_call
    where mmsi = $mmsi and week = $week
    order by arrived_at, port_call_id
    limit 1
)

select
    fix.reported_at,
    fix.lon,
    fix.lat,
    fix.sog_kn
from position as fix
inner join call on fix.mmsi = call.mmsi
where
    fix.reported_at between call.arrived_at - interval 1 day and call.departed_at + interval 1 day
order by fix.reported_at, fix.lon, fix.lat
