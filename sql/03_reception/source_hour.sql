-- The hours in which a source listened to a port: it gave a fix of any ship within 6 hours of them, and heard not far less than usual.
-- Grain: one port, source and hour.
with spread as (
    -- docs/method.md, "Heard": exposure is the chance that a usual stay would be heard.
    select distinct
        port_id,
        source,
        hour + to_hours(unnest(range(-6, 7))::integer) as hour
    from heard_hour
),

span as (
    select
        min(starts_at) as first_hour,
        least(max(ends_at), any_value(clock.as_of)) as end_hour
    from week
    cross join clock
)

select
    spread.port_id,
    spread.source,
    spread.hour::timestamp as hour
from spread
inner join span
    on spread.hour >= span.first_hour and spread.hour + interval 1 hour <= span.end_hour
inner join heard_slot
    on
        spread.port_id = heard_slot.port_id
        and spread.source = heard_slot.source
        and time_bucket(interval 6 hour, spread.hour, timestamp '2000-01-03') = heard_slot.slot_at
where not heard_slot.is_suspect
order by spread.port_id, spread.source, hour
