-- Which ship made a call: the hull and name that it sent around then, and its draught before and after.
-- Grain: one port call (port_call_id). Inputs: track_call; position; flagged_position; vessel.
with report as (
    select
        -- Of two hulls on one MMSI each is named by what it sent itself.
        coalesce(flag.track_id, fix.mmsi) as track_id,
        fix.reported_at,
        fix.imo,
        fix.vessel_name,
        fix.draught_m
    from position as fix
    left join flagged_position as flag
        on
            fix.mmsi = flag.mmsi
            and fix.reported_at = flag.reported_at
            and fix.lon = flag.lon
            and fix.lat = flag.lat
    where
        fix.mmsi in (select mmsi from track_call)
        and (fix.imo is not null or fix.vessel_name is not null or fix.draught_m is not null)
        and coalesce(flag.verdict, 'credible') <> 'implausible'
),

-- A week on either side: static data come and go, and an MMSI may be handed on.
around as (
    select
        call.port_call_id,
        call.arrived_at,
        coalesce(call.departed_at, 'infinity'::timestamp) as departed_at,
        report.*
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

sent_imo as (
    select
        port_call_id,
        imo
    from around
    where imo is not null
    group by port_call_id, imo
    qualify row_number() over (
        partition by port_call_id
        order by count(*) desc, imo
    ) = 1
),

only_imo as (
    select
        mmsi,
        min(imo) as imo
    from vessel
    group by mmsi
    having count(distinct imo) = 1
),

sent_name as (
    select
        port_call_id,
        vessel_name
    from around
    where vessel_name is not null
    group by port_call_id, vessel_name
    qualify row_number() over (
        partition by port_call_id
        order by count(*) desc, vessel_name
    ) = 1
),

only_name as (
    select
        mmsi,
        imo,
        vessel_name
    from vessel
),

-- Crews set the draught around the call: the last one before it, else the first one in it ...
draught_in as (
    select
        port_call_id,
        draught_m
    from around
    where draught_m is not null and reported_at <= departed_at
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
        draught_m is not null
        and reported_at >= arrived_at
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
    coalesce(sent_imo.imo, only_imo.imo) as imo,
    coalesce(sent_name.vessel_name, only_name.vessel_name) as vessel_name,
    draught_in.draught_m as draught_in_m,
    draught_out.draught_m as draught_out_m
from track_call as call
left join sent_imo on call.port_call_id = sent_imo.port_call_id
left join only_imo on call.mmsi = only_imo.mmsi
left join sent_name on call.port_call_id = sent_name.port_call_id
left join only_name
    on
        call.mmsi = only_name.mmsi
        and coalesce(sent_imo.imo, only_imo.imo) is not distinct from only_name.imo
left join draught_in on call.port_call_id = draught_in.port_call_id
left join draught_out on call.port_call_id = draught_out.port_call_id
order by call.port_call_id
