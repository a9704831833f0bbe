-- How many ships both AIS and the second sensor missed in the passes of a week.
-- Grain: one port with a pass in $week, and all ports together.
-- Key: port_name.
select
    unseen.week,
    unseen.port_id,
    coalesce(port.name, 'all ports') as port_name,
    unseen.looks,
    unseen.looks_unheard,
    unseen.ais_ships,
    unseen.sensor_ships,
    unseen.both_ships,
    unseen.estimate,
    unseen.low_95,
    unseen.high_95,
    unseen.reason
from unseen_estimate as unseen
left join port on unseen.port_id = port.port_id
where unseen.week = $week
order by unseen.port_id nulls first
