-- Transmitters that may have been inside a port limit, with the number of all their fixes.
-- Grain: one transmitter (mmsi).
select
    mmsi,
    sum(reports)::bigint as fixes
from static_period
where mmsi in (select mmsi from near_limit)
group by mmsi
order by mmsi
