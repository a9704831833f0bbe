-- The fences: outer limits, anchorages and berths, and dry land within them.
-- Grain: one polygon (area_id).
-- Key: area_id.
select
    area_id,
    port_id,
    name,
    water,
    country,
    kind,
    serves,
    geometry_wkb,
    geometry_geojson,
    source,
    accuracy_m::float as accuracy_m,
    lon,
    lat
from fenced_area
order by area_id
