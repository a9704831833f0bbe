-- Fixes in the boxes on either side of the Danish straits, from which passages are derived.
-- Grain: one fix and side of a strait.
select
    fix.mmsi,
    fix.reported_at,
    fix.lon,
    fix.lat,
    side.strait,
    side.side,
    fix.draught_m,
    fix.length_m
from new_position as fix
inner join strait_side as side
    on
        fix.lon between side.west and side.east
        and fix.lat between side.south and side.north
order by side.strait, side.side, fix.mmsi, fix.reported_at, fix.lon, fix.lat
