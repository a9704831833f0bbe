-- Visits that witnesses saw, each with every call of ours that it may be: the same ship and port, and times that overlap within a day.
-- Grain: one visit and call (witness_event_id, port_call_id).
with visit as (
    select
        witness_event.*,
        coalesce(witness_event.ended_at, clock.as_of) as to_at
    from witness_event
    inner join visit_hearing on witness_event.witness_event_id = visit_hearing.witness_event_id
    cross join clock
)

select
    visit.witness,
    visit.witness_event_id,
    call.port_call_id,
    abs(epoch(call.arrived_at - visit.began_at)) as seconds_apart
from visit
inner join port_call as call
    on
        visit.port_id = call.port_id
        and (visit.mmsi = call.mmsi or visit.imo = call.imo)
        and call.confidence >= rule('counted_confidence')
inner join joined_call on call.port_call_id = joined_call.port_call_id
where
    visit.began_at <= joined_call.ended_at + to_hours(rule('witness_slack_h')::integer)
    and visit.to_at + to_hours(rule('witness_slack_h')::integer) >= call.arrived_at
order by seconds_apart, visit.witness_event_id, call.port_call_id
