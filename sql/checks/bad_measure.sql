-- Fixes with a value that AIS cannot carry, or its code for "not available", which is null here.
-- Grain: one fix at fault.
select
    mmsi,
    reported_at,
    sog_kn,
    cog_deg,
    heading_deg,
    nav_status,
    ship_type,
    length_m,
    beam_m,
    draught_m,
    file_id
from position
where
    sog_kn not between 0 and 102.25
    or cog_deg < 0
    or cog_deg >= 360
    or heading_deg < 0
    or heading_deg >= 360
    or nav_status not between 0 and 14
    or ship_type not between 1 and 99
    or length_m <= 0
    or length_m > 1022
    or beam_m <= 0
    or beam_m > 126
    or draught_m <= 0
    or draught_m > 25.55
order by mmsi, reported_at, lon, lat, file_id
