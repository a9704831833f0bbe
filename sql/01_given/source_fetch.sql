-- Attempts of the schedule to fetch from sources and witnesses, up to the as-of time.
-- Grain: one attempt at one source.
with record as (
    select
        number,
        unnest(json_transform(record, '{
            "source": "varchar",
            "tried_at": "timestamp",
            "state": "varchar",
            "message": "varchar"
        }'))
    from given
    where kind = 'source_fetch'
)

select
    record.number as attempt,
    record.source,
    record.tried_at,
    record.state,
    nullif(record.message, '') as message
from record
cross join clock
where record.tried_at <= clock.as_of
order by record.number
