-- The static data that each transmitter sent on each day.
-- Grain: one MMSI, UTC day and combination of values.
select
    mmsi,
    reported_at::date as day,
    imo,
    vessel_name,
    call_sign,
    ship_type,
    length_m,
    beam_m,
    destination,
    count(*) as reports,
    min(reported_at) as first_at,
    max(reported_at) as last_at
from new_position
group by all
order by mmsi, day
