-- The AIS sources with fixes in a week.
-- Grain: one source.
select
    source_file.source,
    count(*) as files,
    min(source_file.first_reported_at) as first_reported_at,
    max(source_file.last_reported_at) as last_reported_at
from source_file
inner join week
    on
        source_file.first_reported_at < week.ends_at
        and source_file.last_reported_at >= week.starts_at
where week.week = $week
group by source_file.source
order by source_file.source
