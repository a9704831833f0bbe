-- Tanker calls with confidence 2 and up that are not counted once, and counted calls that are none of them.
-- Grain: one call at fault.
with due as (
    select
        port_call.port_call_id,
        port_call.track_id,
        port_call.port_id,
        port_call.hull_id,
        port_call.arrived_at,
        joined_call.ended_at,
        joined_call.joined_id,
        counted_call.port_call_id is not null as is_counted
    from port_call
    left join joined_call on port_call.port_call_id = joined_call.port_call_id
    left join counted_call on port_call.port_call_id = counted_call.port_call_id
    where port_call.is_tanker and port_call.confidence >= 2
),

-- Of the calls that are one, those of one track are counted.
judged as (
    select
        port_call_id,
        min(track_id) filter (where is_counted) over joined as counted_track,
        max(track_id) filter (where is_counted) over joined as other_counted_track,
        track_id,
        is_counted
    from due
    window joined as (partition by joined_id)
),

-- A hull that is counted at one port by two tracks at once.
twice as (
    select one.port_call_id
    from due as one
    inner join due as other
        on
            one.hull_id = other.hull_id
            and one.port_id = other.port_id
            and one.track_id <> other.track_id
            and one.arrived_at <= other.ended_at
            and other.arrived_at <= one.ended_at
    where one.is_counted and other.is_counted
),

rightly as (
    select port_call_id
    from judged
    where counted_track = other_counted_track and is_counted = (track_id = counted_track)
    except
    select port_call_id
    from twice
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
