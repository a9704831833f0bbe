-- Log of the mails: recipients and results, a record before and after each attempt.
-- Grain: one record of the outbox (outbox_id).
with record as (
    select
        number,
        unnest(json_transform(record, '{
            "week": "varchar",
            "week_state": "varchar",
            "version": "varchar",
            "to": ["varchar"],
            "state": "varchar",
            "at": "timestamp",
            "attempt": "bigint",
            "message_id": "varchar",
            "error": "varchar",
            "next_try_at": "timestamp"
        }'))
    from given
    where kind = 'outbox'
)

select
    number as outbox_id,
    week,
    week_state,
    version,
    "to" as recipients,
    state,
    "at" as recorded_at,
    attempt,
    message_id,
    error,
    next_try_at
from record
order by outbox_id
