-- The port calls as the detector found them on each ship's own track, without who the ship is.
-- Grain: one port call (port_call_id). Inputs: found_call, from flows/derive/calls.
select
    port_call_id,
    track_id,
    mmsi,
    port_id,
    area_kind,
    arrived_after,
    arrived_at,
    berthed_at,
    departed_at,
    departed_by,
    fixes,
    longest_gap_h,
    outside_m,
    lon,
    lat,
    confidence
from found_call
order by mmsi, track_id, arrived_at, port_id
