-- Calls with a value that the words of this project do not have, or at a port that is none of Iran's.
-- Grain: one call at fault.
select
    port_call.port_call_id,
    port_call.port_id,
    port_call.area_kind,
    port_call.confidence,
    port_call.link_tier,
    port_call.tanker_kind,
    port_call.fixes,
    port_call.longest_gap_h
from port_call
left join port on port_call.port_id = port.port_id
where
    port.country is distinct from 'IR'
    or coalesce(port_call.area_kind not in ('berth', 'anchorage'), true)
    or coalesce(port_call.confidence not between 1 and 4, true)
    or coalesce(port_call.link_tier not in ('strong', 'moderate', 'weak', 'none'), true)
    or port_call.tanker_kind not in ('crude', 'product', 'chemical', 'gas')
    or coalesce(port_call.fixes < 1, true)
    or coalesce(port_call.longest_gap_h < 0, true)
order by port_call.port_call_id
