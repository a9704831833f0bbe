-- Whether a ship was laden on each leg between its stops in Iran and at Russian oil ports.
-- Grain: one leg. Parameter: $hull_id.
select
    leg.began_at,
    leg.ended_at,
    leg.from_port_id,
    departure.name as from_port_name,
    leg.to_port_id,
    arrival.name as to_port_name,
    leg.draught_m,
    leg.state,
    leg.state_by,
    leg.laden_probability
from leg_state as leg
left join port as departure on leg.from_port_id = departure.port_id
left join port as arrival on leg.to_port_id = arrival.port_id
where leg.hull_id = $hull_id
order by leg.began_at nulls first, leg.ended_at
