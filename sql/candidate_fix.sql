-- Every fix, anywhere, of the candidates with an MMSI from $first to $last.
-- Grain: one fix. Inputs: position, candidate.
select
    mmsi,
    reported_at,
    lon,
    lat,
    sog_kn
from position
where
    mmsi between $first and $last
    and mmsi in (select mmsi from candidate)
order by mmsi, reported_at, lon, lat
