-- Calls surer than their own track makes them, or inside interference and no less sure.
-- Grain: one port call (port_call_id).
select
    port_call.port_call_id,
    port_call.confidence,
    track_call.confidence as on_its_own
from port_call
inner join track_call on port_call.port_call_id = track_call.port_call_id
where
    port_call.confidence > track_call.confidence
    or (
        port_call.confidence = track_call.confidence
        and track_call.confidence > 1
        and port_call.port_call_id in (select port_call_id from call_interference)
    )
order by port_call.port_call_id
