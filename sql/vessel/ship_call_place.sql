-- Positions of a ship's calls, for a map.
-- Grain: one call. Parameter: $port_call_ids.
select
    port_call_id,
    lon,
    lat
from track_call
where list_contains($port_call_ids, port_call_id)
order by port_call_id
