-- A ship's indicators, with dates and sources.
-- Grain: one indicator. Parameter: $hull_id.
select
    indicator,
    began_at,
    ended_at,
    detail,
    source,
    reference
from ship_indicator
where hull_id = $hull_id
order by began_at, indicator, source, reference, detail, ended_at
