-- A ship's fixes around its last call, from two days before to two days after.
-- Grain: one fix.
with selected as (
    -- Replace a null by an IMO number or an MMSI; with both null, the ship that called last.
    select
        null::integer as imo,
        null::integer as mmsi
),

call as (
    select
        port_call.port_call_id,
        port_call.mmsi,
        port_call.port_id,
        port_call.arrived_at,
        port_call.departed_at
    from port_call
    cross join selected
    where
        (selected.imo is null or port_call.imo = selected.imo)
        and (selected.mmsi is null or port_call.mmsi = selected.mmsi)
    order by port_call.is_tanker desc nulls last, port_call.arrived_at desc, port_call.port_call_id
    limit 1
)

select
    fix.reported_at,
    fix.lon,
    fix.lat,
    fix.sog_kn,
    fix.nav_status,
    fix.draught_m,
    fix.destination,
    fix.mmsi,
    fix.imo,
    fix.vessel_name,
    call.port_id,
    case
        when fix.reported_at < call.arrived_at then 'before'
        when fix.reported_at > call.departed_at then 'after'
        else 'in port'
    end as phase
from call
inner join position as fix
    on
        call.mmsi = fix.mmsi
        and fix.reported_at >= call.arrived_at - interval 2 day
        and (
            call.departed_at is null
            or fix.reported_at <= call.departed_at + interval 2 day
        )
order by fix.reported_at, fix.lon, fix.lat
