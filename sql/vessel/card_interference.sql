-- Interference at the port and time of a call.
-- Grain: one interference event. Parameter: $port_call_id.
select
    event.interference_id,
    event.began_at,
    event.ended_at,
    event.ships
from call_interference as met
inner join interference as event on met.interference_id = event.interference_id
where met.port_call_id = $port_call_id
order by event.began_at, event.interference_id
