-- Confidence of each call with interference taken into account, and the end of the stay.
-- Grain: one port call (port_call_id).
with jammed as (
    select distinct
        port_call_id,
        is_seen_near
    from call_interference
),

last_heard as (
    select
        track_id,
        max(valid_to) as last_at
    from vessel
    where source = 'AIS'
    group by track_id
)

select
    call.port_call_id,
    -- A ship at a place to which others are displaced may be displaced itself: contested, unless
    -- it was seen outside near the port.
    case
        when jammed.port_call_id is null then call.confidence
        when jammed.is_seen_near then greatest(call.confidence - 1, 1)
        else 1
    end::smallint as confidence,
    -- Still in port: up to the last time that the track was heard. A track that fell silent there
    -- does not affect later calls of the hull.
    coalesce(call.departed_at, last_heard.last_at, call.arrived_at) as ended_at,
    -- The first time that the track is known to be outside after the call; null where it was not
    -- heard again, or next inside the port.
    case
        when call.departed_at is null then null
        when call.departed_by is not null then call.departed_by
        when
            lead(call.arrived_at) over track is not null
            and coalesce(lead(call.arrived_after) over track <= call.departed_at, true)
            then null
        when last_heard.last_at > call.departed_at then call.departed_at
    end as outside_at
from track_call as call
left join jammed on call.port_call_id = jammed.port_call_id
left join last_heard on call.track_id = last_heard.track_id
window track as (partition by call.track_id order by call.arrived_at, call.port_call_id)
order by call.port_call_id
