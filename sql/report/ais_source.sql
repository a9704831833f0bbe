-- The AIS sources with fixes in a week, and their terms.
-- Grain: one source.
with heard as (
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
)

select
    heard.source,
    heard.files,
    heard.first_reported_at,
    heard.last_reported_at,
    source_terms.publisher,
    source_terms.licence,
    source_terms.citation
from heard
left join source_terms on heard.source = source_terms.source
order by heard.source
