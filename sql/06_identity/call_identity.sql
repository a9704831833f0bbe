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
        fix.draught_m
    from track_fix as fix
    where
        fix.mmsi in (select mmsi from track_call)
        and fix.draught_m is not null
        and fix.verdict <> 'implausible'
),

-- A week on either side: an older draught is of another voyage.
around as (
    select
        call.port_call_id,
        call.arrived_at,
        coalesce(call.departed_at, 'infinity'::timestamp) as departed_at,
        report.reported_at,
        report.draught_m
    from track_call as call
    inner join report
        on
            call.track_id = report.track_id
            and report.reported_at >= call.arrived_at - interval 7 day
            and (
                call.departed_at is null
                or report.reported_at <= call.departed_at + interval 7 day
            )
),

-- Crews set the draught around the call: the last one before it, else the first one in it ...
draught_in as (
    select
        port_call_id,
        draught_m
    from around
    where reported_at <= departed_at
    qualify row_number() over (
        partition by port_call_id
        order by
            reported_at <= arrived_at desc,
            case when reported_at <= arrived_at then arrived_at - reported_at end,
            reported_at,
            draught_m
    ) = 1
),

-- ... and the first one after it, else the last one in it. Null while the ship is in port.
draught_out as (
    select
        port_call_id,
        draught_m
    from around
    where
        reported_at >= arrived_at
        and departed_at < 'infinity'::timestamp
    qualify row_number() over (
        partition by port_call_id
        order by
            reported_at > departed_at desc,
            case when reported_at > departed_at then reported_at - departed_at end,
            reported_at desc,
            draught_m
    ) = 1
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
    draught_in.draught_m as draught_in_m,
    draught_out.draught_m as draught_out_m
from track_call as call
left join identity on call.port_call_id = identity.port_call_id
left join draught_in on call.port_call_id = draught_in.port_call_id
left join draught_out on call.port_call_id = draught_out.port_call_id
order by call.port_call_id
