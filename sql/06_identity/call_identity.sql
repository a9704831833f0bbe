-- The ship of each call: the hull and name of its track at the time, and its draught before and after.
-- Grain: one port call (port_call_id).
with identity as (
    select
        call.port_call_id,
        vessel.hull_id,
        vessel.imo,
        vessel.imo_by,
        vessel.claimed_imo,
        vessel.is_imo_contested,
        vessel.vessel_name,
        vessel.call_sign,
        vessel.length_m,
        vessel.beam_m
    from track_call as call
    inner join vessel on call.track_id = vessel.track_id
    -- The description that held on arrival, else the nearest in time.
    qualify row_number() over (
        partition by call.port_call_id
        order by
            greatest(
                vessel.valid_from - call.arrived_at,
                call.arrived_at - vessel.valid_to,
                interval 0 hour
            ),
            vessel.valid_from desc
    ) = 1
),

report as (
    select
        -- Of two hulls on one MMSI each has the draught that it sent itself.
        fix.track_id,
        fix.reported_at,
        min(fix.draught_m) as draught_m
    from track_fix as fix
    where
        fix.mmsi in (select mmsi from track_call)
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
    from track_call as call
    asof inner join report
        on call.track_id = report.track_id and call.arrived_at >= report.reported_at
),

after_arrival as (
    select
        call.port_call_id,
        report.reported_at,
        report.draught_m
    from track_call as call
    asof inner join report
        on call.track_id = report.track_id and call.arrived_at < report.reported_at
),

before_departure as (
    select
        call.port_call_id,
        report.reported_at,
        report.draught_m
    from track_call as call
    asof inner join report
        on call.track_id = report.track_id and call.departed_at >= report.reported_at
),

after_departure as (
    select
        call.port_call_id,
        report.reported_at,
        report.draught_m
    from track_call as call
    asof inner join report
        on call.track_id = report.track_id and call.departed_at < report.reported_at
),

-- On arrival the last one before it, else the first one in the call; on departure the first one after
-- it, else the last one in the call. Null while the ship is in port. A week on either side: an older
-- draught is of another voyage.
draught as (
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
    from track_call as call
    left join before_arrival on call.port_call_id = before_arrival.port_call_id
    left join after_arrival on call.port_call_id = after_arrival.port_call_id
    left join before_departure on call.port_call_id = before_departure.port_call_id
    left join after_departure on call.port_call_id = after_departure.port_call_id
)

select
    call.port_call_id,
    identity.hull_id,
    identity.imo,
    identity.imo_by,
    identity.claimed_imo,
    -- The number to look up in the lists. A contested number identifies no hull, but contesting it
    -- must not take a ship off a list.
    coalesce(
        identity.imo, case when identity.is_imo_contested then identity.claimed_imo end
    ) as listed_imo,
    identity.vessel_name,
    identity.call_sign,
    identity.length_m,
    identity.beam_m,
    draught.draught_in_m,
    draught.draught_out_m
from track_call as call
left join identity on call.port_call_id = identity.port_call_id
left join draught on call.port_call_id = draught.port_call_id
order by call.port_call_id
