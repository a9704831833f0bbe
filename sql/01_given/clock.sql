-- The reference times of the catalogue: the as-of time, and the last day of which information about ships is used.
-- Grain: one row.
select
    (max(value) filter (where key = 'as_of'))::timestamp as as_of,
    -- All information, unless the catalogue is built as known on an earlier day.
    coalesce((max(value) filter (where key = 'known_on'))::date, 'infinity'::date) as known_on
from meta
order by as_of
