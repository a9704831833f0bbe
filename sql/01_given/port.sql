-- The ports, each with its outer fence.
-- Grain: one port (port_id).
-- Key: port_id.
select
    port_id,
    name,
    water,
    country,
    kind,
    usual_tanker_calls::float as usual_tanker_calls,
    usual_tanker_calls_source,
    geometry_wkb,
    geometry_geojson,
    source,
    accuracy_m::float as accuracy_m,
    trade_tier,
    lon,
    lat
from fenced_port
order by port_id
