-- The times that the catalogue is made for: the as-of time, and the last day whose knowledge of ships is used.
-- Grain: one row.
select
    (max(value) filter (where key = 'as_of'))::timestamp as as_of,
    -- Today's knowledge, unless the catalogue was asked for that of an earlier day.
    coalesce((max(value) filter (where key = 'known_on'))::date, 'infinity'::date) as known_on
from meta
order by as_of
