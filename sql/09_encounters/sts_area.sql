-- Waters known for transfers of oil between ships.
-- Grain: one area (sts_area_id).
-- Key: sts_area_id.
select
    sts_area_id,
    name,
    kind,
    has_bunkering,
    geometry_wkb,
    geometry_geojson,
    source,
    accuracy_m::float as accuracy_m,
    lon,
    lat
from fenced_sts_area
order by sts_area_id
