-- A week's possible dark calls, which are not counted, with the reasons for each.
-- Grain: one silence of a tanker that began in $week (dark_id).
-- Key: dark_id.
select
    week,
    port_id,
    port_name,
    water,
    vessel_name,
    imo,
    mmsi,
    flag,
    link_tier,
    link_reasons,
    silent_from,
    silent_to,
    hours,
    round(from_lon, 3) as from_lon,
    round(from_lat, 3) as from_lat,
    round(to_lon, 3) as to_lon,
    round(to_lat, 3) as to_lat,
    neighbours_heard,
    round(draught_before_m::double, 1) as draught_before_m,
    round(draught_after_m::double, 1) as draught_after_m,
    reasons,
    dark_id
from possible_dark_call
where week = $week
order by silent_from, dark_id
