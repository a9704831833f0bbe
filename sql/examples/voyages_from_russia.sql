-- The Russian oil ports before and after each call of a Russian-linked tanker, with the days in between.
-- Grain: one call of the headline that is linked to Russia.
select
    port_call.arrived_at,
    port_call.vessel_name,
    port_call.imo,
    port_call.mmsi,
    port_call.flag,
    voyage.is_first_call,
    voyage.last_russian_port,
    round(datediff('minute', voyage.last_russian_at, port_call.arrived_at) / 1440, 1)
        as days_from_russia,
    port.name as port_name,
    cargo.direction,
    cargo.direction_by,
    cargo.payload_t,
    cargo.payload_low_90_t,
    cargo.payload_high_90_t,
    cargo.method,
    voyage.next_russian_port,
    round(
        datediff('minute', coalesce(port_call.departed_at, port_call.arrived_at), voyage.next_russian_at)
        / 1440, 1
    ) as days_to_russia,
    port_call.link_tier,
    port_call.link_reasons
from counted_call
inner join call_voyage as voyage
    on
        counted_call.series = voyage.series
        and counted_call.port_call_id = voyage.port_call_id
inner join call_cargo as cargo on voyage.port_call_id = cargo.port_call_id
inner join port_call on voyage.port_call_id = port_call.port_call_id
inner join port on port_call.port_id = port.port_id
where
    counted_call.series = 'russian_linked_tankers'
    and counted_call.is_headline
    and counted_call.is_russian_linked
order by port_call.arrived_at, port_call.port_call_id
