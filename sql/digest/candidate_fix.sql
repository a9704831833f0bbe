-- All fixes, anywhere, of the candidates with an MMSI from $first to $last whose calls are to be detected.
-- Grain: one fix.
select
    mmsi,
    reported_at,
    lon,
    lat,
    sog_kn,
    imo
from position
where
    mmsi between $first and $last
    and mmsi in (select mmsi from candidate)
    and mmsi not in (select mmsi from settled_ship)
order by mmsi, reported_at, lon, lat
