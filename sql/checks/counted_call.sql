-- Tanker calls with confidence 2 and up that are not counted once, and counted calls that are none of them.
-- Grain: one call at fault. Inputs: port_call, counted_call, vessel.
with last_heard as (
    select
        track_id,
        max(valid_to) as last_at
    from vessel
    where source = 'AIS'
    group by track_id
),

due as (
    select
        port_call.port_call_id,
        port_call.port_id,
        port_call.track_id,
        port_call.arrived_at,
        coalesce(port_call.imo, -port_call.track_id) as ship,
        coalesce(port_call.departed_at, last_heard.last_at, port_call.arrived_at) as ended_at,
        counted_call.port_call_id is not null as is_counted
    from port_call
    left join last_heard on port_call.track_id = last_heard.track_id
    left join counted_call on port_call.port_call_id = counted_call.port_call_id
    where port_call.is_tanker and port_call.confidence >= 2
),

-- Calls of one hull at one port with less than 12 hours between them are one, by whatever tracks.
parted as (
    select
        *,
        arrived_at > max(ended_at) over (
            partition by ship, port_id order by arrived_at, port_call_id
            rows between unbounded preceding and 1 preceding
        ) + interval 12 hour as is_apart
    from due
),

chained as (
    select
        *,
        count(*) filter (where is_apart) over (
            partition by ship, port_id order by arrived_at, port_call_id
        ) as chain
    from parted
),

-- Of each chain one track is counted, whole.
judged as (
    select
        port_call_id,
        min(track_id) filter (where is_counted) over same_stay as counted_track,
        max(track_id) filter (where is_counted) over same_stay as other_counted_track,
        track_id,
        is_counted
    from chained
    window same_stay as (partition by ship, port_id, chain)
),

rightly as (
    select port_call_id
    from judged
    where counted_track = other_counted_track and is_counted = (track_id = counted_track)
)

select
    coalesce(port_call.port_call_id, counted_call.port_call_id) as port_call_id,
    port_call.is_tanker,
    port_call.confidence,
    port_call.week,
    counted_call.week as counted_week,
    port_call.port_id,
    counted_call.port_id as counted_port_id
from port_call
full join counted_call on port_call.port_call_id = counted_call.port_call_id
left join due on port_call.port_call_id = due.port_call_id
left join rightly on due.port_call_id = rightly.port_call_id
where
    due.port_call_id is distinct from rightly.port_call_id
    or (
        counted_call.port_call_id is not null
        and (
            due.port_call_id is null
            or port_call.week is distinct from counted_call.week
            or port_call.port_id is distinct from counted_call.port_id
            or port_call.area_kind is distinct from counted_call.area_kind
            or port_call.link_tier is distinct from counted_call.link_tier
            or port_call.is_russian_linked is distinct from counted_call.is_russian_linked
            or (
                counted_call.area_kind = 'berth'
                and counted_call.is_headline <> counted_call.is_arrival
            )
        )
    )
order by coalesce(port_call.port_call_id, counted_call.port_call_id)
