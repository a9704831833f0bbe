-- Calls at Russian oil ports, detected in the same way: evidence for later calls in Iran.
-- Grain: one port call (port_call_id).
with call_there as (
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
),

-- A ship that waits in a port's roads and then loads where most of the oil is another country's: weak.
waited as (
    select distinct anchored.port_call_id
    from call_there as anchored
    inner join call_there as berthed
        on
            anchored.hull_id = berthed.hull_id
            and berthed.arrived_at between anchored.arrived_at
            and anchored.departed_at + to_days(rule('same_voyage_days')::integer)
    where
        anchored.area_kind = 'anchorage'
        and berthed.area_kind = 'berth'
        and berthed.trade_tier = 'weak'
)

select
    call_there.port_call_id,
    call_there.track_id,
    call_there.mmsi,
    call_there.hull_id,
    call_there.imo,
    call_there.vessel_name,
    call_there.is_tanker,
    call_there.port_id,
    call_there.port_name,
    case when waited.port_call_id is not null then 'weak' else call_there.trade_tier end as trade_tier,
    call_there.area_kind,
    call_there.arrived_at,
    call_there.departed_at,
    call_there.departed_by,
    call_there.fixes,
    call_there.confidence,
    call_there.port_water
from call_there
left join waited on call_there.port_call_id = waited.port_call_id
order by call_there.arrived_at, call_there.port_call_id
