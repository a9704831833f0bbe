-- Times of calls at which the ship gave no fix: each of them is heard, none is made up.
-- Grain: one call and time at fault.
with call_time as (
    select
        port_call_id,
        mmsi,
        moment,
        reported_at
    from port_call
    unpivot (
        reported_at for moment in (
            arrived_after,
            arrived_at,
            anchored_at,
            berthed_at,
            unberthed_at,
            departed_at,
            departed_by
        )
    )
),

-- The begin and the end of the step in which a fix was made: one moment for times to the second.
heard as (
    select distinct
        position.mmsi,
        unnest([
            position.reported_at,
            position.reported_at + to_seconds(coalesce(source_terms.time_step_s, 1) - 1)
        ]) as reported_at
    from position
    left join source_terms on position.source = source_terms.source
    where
        (position.mmsi, position.reported_at) in (select (mmsi, reported_at) from call_time)
        or (
            source_terms.time_step_s > 1
            and position.mmsi in (select mmsi from call_time)
        )
)

select
    call_time.port_call_id,
    call_time.mmsi,
    call_time.moment,
    call_time.reported_at
from call_time
anti join heard on call_time.mmsi = heard.mmsi and call_time.reported_at = heard.reported_at
order by call_time.port_call_id, call_time.moment
