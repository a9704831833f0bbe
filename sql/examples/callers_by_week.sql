-- The counted calls of every series by week, linked ships first, with ship, port, link and oil moved.
-- Grain: one counted call of one series.
select
    counted_call.series,
    counted_call.week,
    port_call.arrived_at,
    port_call.vessel_name,
    port_call.imo,
    port_call.mmsi,
    port_call.flag,
    port_call.port_name,
    port_call.area_kind,
    port_call.is_russian_linked,
    port_call.link_tier,
    port_call.link_reasons,
    cargo.direction,
    cargo.payload_t,
    cargo.payload_low_90_t,
    cargo.payload_high_90_t,
    port_call.departed_at,
    port_call.confidence,
    port_call.was_known_at_call,
    counted_call.is_headline,
    port_call.port_id,
    port_call.hull_id
from counted_call
inner join port_call on counted_call.port_call_id = port_call.port_call_id
left join call_cargo as cargo on counted_call.port_call_id = cargo.port_call_id
order by
    counted_call.series,
    counted_call.week,
    port_call.is_russian_linked desc,
    port_call.arrived_at,
    port_call.port_call_id
