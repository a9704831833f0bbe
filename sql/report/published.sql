-- When the numbers of a week in force were published, and by which version of the code.
-- Grain: one row for $week; none before its first publication.
select
    published_week.published_at,
    run.code_version
from published_week
inner join run on published_week.run_id = run.run_id
where published_week.series = getvariable('series') and published_week.week = $week
order by published_week.run_id desc
limit 1
