-- How many calls of ships of unknown type there were, which a count may lack.
-- Grain: one series, week and water with such a call; water is null for all ports of the series.
with of_water as (
    select
        series,
        week,
        is_russian_linked,
        unnest([null, water]) as water
    from untyped_call
)

select
    series,
    week,
    water,
    count(*) as calls,
    count(*) filter (where is_russian_linked) as linked_calls
from of_water
group by series, week, water
order by series, week, water
