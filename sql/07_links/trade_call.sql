-- Calls at Russian oil ports, detected in the same way: evidence for later calls in Iran.
-- Grain: one port call (port_call_id).
select
    call.port_call_id,
    call.track_id,
    call.mmsi,
    identity.hull_id,
    identity.imo,
    identity.vessel_name,
    hull.is_tanker,
    call.port_id,
    port.name as port_name,
    port.trade_tier,
    call.area_kind,
    call.arrived_at,
    call.departed_at,
    call.departed_by,
    call.fixes,
    call.confidence,
    port.water as port_water
from track_call as call
inner join port on call.port_id = port.port_id
inner join call_identity as identity on call.port_call_id = identity.port_call_id
left join hull on identity.hull_id = hull.hull_id
where port.trade_tier is not null
order by call.arrived_at, call.port_call_id
