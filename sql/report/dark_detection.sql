-- A week's ships of a tanker's length that a second sensor saw in an Iranian port and AIS did not; not counted.
-- Grain: one detection in $week (detection_id).
-- Key: detection_id.
select
    dark.week,
    dark.port_id,
    port.name as port_name,
    port.water,
    dark.detected_at,
    round(dark.lon, 3) as lon,
    round(dark.lat, 3) as lat,
    dark.area_kind,
    round(dark.length_m::double) as length_m,
    dark.sensor,
    dark.witness,
    dark.confidence,
    dark.reasons,
    dark.detection_id
from dark_detection as dark
inner join port on dark.port_id = port.port_id
where dark.week = $week
order by dark.detected_at, dark.detection_id
