-- What recall and precision are taken from: visits that could have been heard, and calls that the witness could have seen.
-- Grain: one witness, and all of it, a port or a confidence.
with event as (
    select
        witness,
        port_id,
        confidence,
        count(*) filter (where is_in_recall) as events,
        count(*) filter (where is_in_recall and match = 'both') as events_found,
        count(*) filter (where not is_in_recall) as events_set_aside
    from witness_match
    where witness_event_id is not null
    group by grouping sets ((witness), (witness, port_id), (witness, confidence))
    -- A visit without a confidence counts in all but the rows by confidence.
    having grouping(confidence) = 1 or confidence is not null
),

call as (
    select
        witness,
        port_id,
        call_confidence as confidence,
        count(*) filter (where is_in_precision) as calls,
        count(*) filter (where is_in_precision and match = 'both') as calls_seen,
        count(*) filter (where not is_in_precision) as calls_set_aside
    from witness_match
    where kind = 'port_visit' and port_call_id is not null
    group by grouping sets ((witness), (witness, port_id), (witness, call_confidence))
)

select
    coalesce(event.witness, call.witness) as witness,
    coalesce(event.port_id, call.port_id) as port_id,
    coalesce(event.confidence, call.confidence)::smallint as confidence,
    coalesce(event.events, 0) as events,
    coalesce(event.events_found, 0) as events_found,
    coalesce(event.events_set_aside, 0) as events_set_aside,
    coalesce(call.calls, 0) as calls,
    coalesce(call.calls_seen, 0) as calls_seen,
    coalesce(call.calls_set_aside, 0) as calls_set_aside
from event
full join call
    on
        event.witness = call.witness
        and event.port_id is not distinct from call.port_id
        and event.confidence is not distinct from call.confidence
order by witness, port_id nulls first, confidence nulls first
