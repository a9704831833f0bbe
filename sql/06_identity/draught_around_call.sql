-- The draught of each call's ship before it and after it.
-- Grain: one port call of `unread` (port_call_id).
with report as (
    select
        -- Of two hulls on one MMSI each has the draught that it sent itself.
        fix.track_id,
        fix.reported_at,
        min(fix.draught_m) as draught_m
    from track_fix as fix
    where
        fix.mmsi in (select mmsi from unread)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and fix.draught_m is not null
        and fix.verdict <> 'implausible'
    group by fix.track_id, fix.reported_at
),

-- The reports next to the ends of the call. Crews set the draught around it.
before_arrival as (
    select
        call.port_call_id,
        report.reported_at,
        report.draught_m
    from unread as call
    asof inner join report
        on call.track_id = report.track_id and call.arrived_at >= report.reported_at
),

after_arrival as (
    select
        call.port_call_id,
        report.reported_at,
        report.draught_m
    from unread as call
    asof inner join report
        on call.track_id = report.track_id and call.arrived_at < report.reported_at
),

before_departure as (
    select
        call.port_call_id,
        report.reported_at,
        report.draught_m
    from unread as call
    asof inner join report
        on call.track_id = report.track_id and call.departed_at >= report.reported_at
),

after_departure as (
    select
        call.port_call_id,
        report.reported_at,
        report.draught_m
    from unread as call
    asof inner join report
        on call.track_id = report.track_id and call.departed_at < report.reported_at
)

-- On arrival the last one before it, else the first one in the call; on departure the first one after
-- it, else the last one in the call. Null while the ship is in port.
select
    call.port_call_id,
    case
        when before_arrival.reported_at >= call.arrived_at - interval 7 day
            then before_arrival.draught_m
        when after_arrival.reported_at <= coalesce(call.departed_at, 'infinity'::timestamp)
            then after_arrival.draught_m
    end as draught_in_m,
    case
        when call.departed_at is null then null
        when after_departure.reported_at <= call.departed_at + interval 7 day
            then after_departure.draught_m
        when before_departure.reported_at >= call.arrived_at then before_departure.draught_m
    end as draught_out_m
from unread as call
left join before_arrival on call.port_call_id = before_arrival.port_call_id
left join after_arrival on call.port_call_id = after_arrival.port_call_id
left join before_departure on call.port_call_id = before_departure.port_call_id
left join after_departure on call.port_call_id = after_departure.port_call_id
order by call.port_call_id
