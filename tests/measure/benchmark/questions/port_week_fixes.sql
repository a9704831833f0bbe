-- The fixes in the box round a port in a week, by hour.
-- Grain: one hour. Inputs: position.
select
    date_trunc('hour', reported_at) as hour,
    count(*) as fixes,
    count(distinct mmsi) as ships
from position
where
    lon between $west and $east
    and lat between $south and $north
    and reported_at >= $moment
    and reported_at < $moment + interval 7 days
group by hour
order by hour
