-- How many ships of a tanker's length AIS, the sensors and both saw in the passes over Iranian ports.
-- Grain: one week with a pass, and a port or all ports (week, port_id).
-- What was heard hours before or after the pass alone is not heard at it.
with counted as (
    select
        look_id,
        count(*) filter (where is_heard_near) as ais_ships,
        count(*) filter (where match <> 'AIS alone') as sensor_ships,
        count(*) filter (where match = 'both' and is_heard_near) as both_ships
    from detection_match
    where is_counted
    group by look_id
)

select
    look.week,
    look.port_id,
    count(*) as looks,
    count(*) filter (where not look.is_heard) as looks_unheard,
    coalesce(sum(counted.ais_ships), 0)::bigint as ais_ships,
    coalesce(sum(counted.sensor_ships), 0)::bigint as sensor_ships,
    coalesce(sum(counted.both_ships), 0)::bigint as both_ships
from sensor_look as look
left join counted on look.look_id = counted.look_id
where look.has_pass
group by grouping sets ((look.week, look.port_id), (look.week))
order by look.week, look.port_id nulls first
