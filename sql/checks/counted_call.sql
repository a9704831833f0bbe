-- Tanker calls with confidence 2 and up that are not counted, and counted calls that are none of them.
-- Grain: one call at fault. Inputs: port_call, counted_call.
select
    coalesce(port_call.port_call_id, counted_call.port_call_id) as port_call_id,
    port_call.is_tanker,
    port_call.confidence,
    port_call.week,
    counted_call.week as counted_week,
    port_call.port_id,
    counted_call.port_id as counted_port_id
from port_call
full join counted_call on port_call.port_call_id = counted_call.port_call_id
where
    (counted_call.port_call_id is not null)
    is distinct from coalesce(port_call.is_tanker and port_call.confidence >= 2, false)
    or (
        counted_call.port_call_id is not null
        and (
            port_call.week is distinct from counted_call.week
            or port_call.port_id is distinct from counted_call.port_id
            or port_call.area_kind is distinct from counted_call.area_kind
            or port_call.link_tier is distinct from counted_call.link_tier
            or port_call.is_russian_linked is distinct from counted_call.is_russian_linked
            or (counted_call.area_kind = 'berth' and not counted_call.is_headline)
        )
    )
order by coalesce(port_call.port_call_id, counted_call.port_call_id)
