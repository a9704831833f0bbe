-- What the number of a week is expected to become by late data; none where nothing can be said.
-- Grain: one row for $week, or none.
select
    settles_at,
    pairs,
    settled_calls,
    low_80,
    high_80
from nowcast
where
    series = getvariable('series')
    and week = $week
    and settled_calls is not null
    -- As known on an earlier day the number is another one than was published.
    and not exists (select 1 as found from meta where key = 'known_on')
order by settles_at
