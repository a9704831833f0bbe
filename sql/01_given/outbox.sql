-- What was sent by mail, to whom, and what failed: a record before and after each try.
-- Grain: one record of the outbox (outbox_id). Inputs: outbox_record, the home's history.
select
    outbox_id,
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
from outbox_record
order by outbox_id
