-- The draught of each call's ship before it and after it.
-- Grain: one port call of `unread` (port_call_id).
with report as (
    select
        call.port_call_id,
        call.arrived_at,
        call.departed_at,
        fix.reported_at,
        fix.draught_m,
        -- Of two at one time the lesser, whether the last is sought or the first.
        {'at': fix.reported_at, 'then': -fix.draught_m} as from_the_end,
        {'at': fix.reported_at, 'then': fix.draught_m} as from_the_start
    from track_fix as fix
    inner join unread as call
        on fix.mmsi = call.mmsi and fix.reported_at between call.from_at and call.to_at
    where
        fix.mmsi in (select mmsi from unread)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        -- Of two hulls on one MMSI each has the draught that it sent itself.
        and fix.track_id = call.track_id
        and fix.draught_m is not null
        and fix.verdict <> 'implausible'
),

-- The reports next to the ends of the call. Crews set the draught around it.
next_to_it as (
    select
        port_call_id,
        arg_max(draught_m, from_the_end) filter (where reported_at <= arrived_at)
            as before_arrival_m,
        arg_min(draught_m, from_the_start) filter (
            where reported_at > arrived_at
            and reported_at <= coalesce(departed_at, 'infinity'::timestamp)
        ) as after_arrival_m,
        arg_max(draught_m, from_the_end) filter (
            where reported_at >= arrived_at and reported_at <= departed_at
        ) as before_departure_m,
        arg_min(draught_m, from_the_start) filter (where reported_at > departed_at)
            as after_departure_m
    from report
    group by port_call_id
)

-- On arrival the last one before it, else the first one in the call; on departure the first one after
-- it, else the last one in the call. Null while the ship is in port.
select
    call.port_call_id,
    coalesce(report.before_arrival_m, report.after_arrival_m) as draught_in_m,
    coalesce(report.after_departure_m, report.before_departure_m) as draught_out_m
from unread as call
left join next_to_it as report on call.port_call_id = report.port_call_id
order by call.port_call_id
