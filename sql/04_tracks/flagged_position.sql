-- The fixes of candidates that are not plainly credible on their MMSI's first track, with the reason.
-- Grain: one fix (mmsi, reported_at, lon, lat). Inputs: found_flag, from flows/derive/calls.
select
    mmsi,
    reported_at,
    lon,
    lat,
    track_id,
    verdict,
    reason,
    port_id
from found_flag
order by mmsi, reported_at, lon, lat
