-- Attempts to refresh lists from their publishers, up to the as-of time.
-- Grain: one attempt at one list.
with record as (
    select
        number,
        unnest(json_transform(record, '{
            "list_id": "varchar",
            "register": "varchar",
            "tried_at": "timestamp",
            "state": "varchar",
            "message": "varchar",
            "in_force_on": "date"
        }'))
    from given
    where kind = 'list_fetch'
)

select
    record.number as attempt,
    record.list_id,
    record.register,
    record.tried_at,
    record.state,
    nullif(record.message, '') as message,
    record.in_force_on
from record
cross join clock
-- Those of a fetch without a run come into the next one.
where record.tried_at <= clock.as_of
order by record.number
