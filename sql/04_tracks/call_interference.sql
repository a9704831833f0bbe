-- The calls that an interference event covers for at least half of their time, at a port it affects.
-- Grain: one port call and event (port_call_id, interference_id).
select
    stay.port_call_id,
    event.interference_id,
    stay.is_seen_near
from call_stay as stay
inner join affected_port as affected on stay.port_id = affected.port_id
inner join interference_event as event on affected.interference_id = event.interference_id
where
    stay.arrived_at <= event.ended_at
    and event.began_at <= stay.ended_at
    -- A longer call is supported by the rest of its time.
    and 2 * epoch_us(least(stay.ended_at, event.ended_at) - greatest(stay.arrived_at, event.began_at))
    >= epoch_us(stay.ended_at - stay.arrived_at)
order by stay.port_call_id, event.interference_id
