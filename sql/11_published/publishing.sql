-- The run that publishes; no row where nothing is published, as in a check.
-- Grain: one run, or none.
with record as (
    select
        unnest(json_transform(record, '{
            "run_id": "bigint"
        }'))
    from given
    where kind = 'publishing'
)

select
    record.run_id,
    clock.as_of as published_at
from record
cross join clock
order by record.run_id
