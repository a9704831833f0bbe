-- A port's calls in a week.
-- Grain: one port call. Inputs: port_call.
select
    port_call_id,
    mmsi,
    imo,
    vessel_name,
    arrived_at,
    departed_at,
    link_tier,
    link_reasons,
    confidence
from port_call
where port_id = $port_id and week = $week
order by arrived_at, port_call_id
