-- The published weeks of the headline, with the times of their first publication and of the numbers in force.
-- Grain: one week.
select
    published_week.week,
    arg_min(published_week.published_at, published_week.run_id) as published_at,
    max(published_week.published_at) as updated_at
from published_week
inner join week on published_week.week = week.week
where published_week.series = getvariable('series')
group by published_week.week
order by published_week.week
