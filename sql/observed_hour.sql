-- The hours that count as heard: a fix of any ship in a port's surroundings within 6 hours of them.
-- Grain: one port and hour. Inputs: heard_hour, week, meta.
with spread as (
    -- README, "How it decides": exposure is the chance that a usual stay would be heard.
    select distinct
        port_id,
        hour + to_hours(unnest(range(-6, 7))) as hour
    from heard_hour
),

span as (
    select
        min(starts_at) as first_hour,
        least(max(ends_at), any_value(meta.value::timestamp)) as end_hour
    from week
    cross join meta
    where meta.key = 'as_of'
)

select
    spread.port_id,
    spread.hour::timestamp as hour
from spread
inner join span
    on spread.hour >= span.first_hour and spread.hour + interval 1 hour <= span.end_hour
order by spread.port_id, spread.hour
