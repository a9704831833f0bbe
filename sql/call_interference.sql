-- The calls that an interference event covers for at least half of their time, at a port it threw ships into.
-- Grain: one port call and event (port_call_id, interference_id). Inputs: found_inside, from flows/calls.
select
    port_call_id,
    interference_id,
    is_seen_near
from found_inside
order by port_call_id, interference_id
