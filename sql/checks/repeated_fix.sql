-- The same fix more than once: equal mmsi, reported_at, lon and lat.
-- Grain: one fix at fault.
select
    mmsi,
    reported_at,
    lon,
    lat,
    count(*) as copies,
    min(file_id) as first_file_id,
    max(file_id) as last_file_id
from position
group by mmsi, reported_at, lon, lat
having count(*) > 1
order by mmsi, reported_at, lon, lat
