-- The hours in which a source heard a port: a fix of any ship within heard_within_h, in a slot with not far fewer ships than usual.
-- Grain: one port, source and hour.
-- docs/method.md, "Heard": exposure is the chance that a usual stay would be heard. Of two fixes less
-- than twice the reach apart, the hours between count to the first.
with reach as (
    select
        port_id,
        source,
        greatest(
            hour - to_hours(rule('heard_within_h')::integer),
            lag(hour) over (partition by port_id, source order by hour)
            + to_hours(rule('heard_within_h')::integer + 1)
        ) as first_hour,
        hour + to_hours(rule('heard_within_h')::integer) as last_hour
    from heard_hour
),

near_fix as (
    select
        port_id,
        source,
        unnest(range(first_hour, last_hour + interval 1 hour, interval 1 hour)) as hour
    from reach
),

span as (
    select
        min(starts_at) as first_hour,
        least(max(ends_at), any_value(clock.as_of)) as end_hour
    from week
    cross join clock
),

suspect as (
    select
        port_id,
        source,
        slot_at
    from heard_slot
    where is_suspect
)

select
    near_fix.port_id,
    near_fix.source,
    near_fix.hour::timestamp as hour
from near_fix
inner join span
    on near_fix.hour >= span.first_hour and near_fix.hour + interval 1 hour <= span.end_hour
-- Every hour near a fix lies in a slot of heard_slot, and those that are suspect are few.
anti join suspect
    on
        near_fix.port_id = suspect.port_id
        and near_fix.source = suspect.source
        and slot_of(near_fix.hour) = suspect.slot_at
