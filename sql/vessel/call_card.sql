-- A call by its key, with the port, what it counts for, the oil, and how far the port was heard in its week.
-- Grain: one call. Parameter: $port_call_id.
select
    call.port_call_id,
    call.hull_id,
    call.mmsi,
    call.imo,
    call.vessel_name,
    call.flag,
    call.week,
    call.port_id,
    call.port_name,
    port.water,
    call.area_kind,
    call.arrived_after,
    call.arrived_at,
    call.anchored_at,
    call.berthed_at,
    call.unberthed_at,
    call.departed_at,
    call.departed_by,
    call.fixes,
    round(call.longest_gap_h::double, 1) as longest_gap_h,
    call.confidence,
    call.is_tanker,
    call.tanker_kind,
    call.is_russian_linked,
    call.link_tier,
    call.link_reasons,
    call.is_iran_listed,
    call.was_known_at_call,
    coalesce(counted.is_headline, false) as is_in_headline,
    round(call.draught_in_m::double, 1) as draught_in_m,
    round(call.draught_out_m::double, 1) as draught_out_m,
    cargo.direction,
    cargo.direction_by,
    cargo.payload_t,
    cargo.payload_low_90_t,
    cargo.payload_high_90_t,
    cargo.method,
    cargo.deadweight_t,
    weekly.observed_share,
    weekly.state
from port_call as call
inner join port on call.port_id = port.port_id
left join counted_call as counted
    on
        call.port_call_id = counted.port_call_id
        and counted.series = getvariable('series')
left join call_cargo as cargo on call.port_call_id = cargo.port_call_id
-- The row of its own tier: a count stands where too little was heard for a zero of the others.
left join weekly_port_calls as weekly
    on
        call.week = weekly.week
        and call.port_id = weekly.port_id
        and coalesce(call.link_tier, 'none') = weekly.link_tier
        and weekly.series = getvariable('series')
where call.port_call_id = $port_call_id
order by call.port_call_id
