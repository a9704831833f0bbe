-- Every fix of a ship in all the time that the lake holds.
-- Grain: one fix. Inputs: position.
select
    reported_at,
    lon,
    lat,
    sog_kn,
    draught_m,
    destination
from position
where mmsi = $mmsi
order by reported_at, lon, lat
