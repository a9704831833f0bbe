-- The looks of sensors at Iranian ports: when, whether the pass is known, and how well AIS was heard around them.
-- Grain: one look of a sensor at a port (look_id).
-- Key: look_id.
with hearing as (
    select
        look_id,
        any_value(neighbours) as neighbours,
        any_value(neighbours_near) as neighbours_near
    from look_track
    group by look_id
),

part as (
    select
        look_id,
        any_value(sensor) as sensor,
        any_value(port_id) as port_id,
        bool_or(has_pass) as has_pass,
        min(began_at) as began_at,
        max(ended_at) as ended_at,
        count(witness_event_id) as detections
    from look_part
    group by look_id
)

select
    part.look_id,
    part.sensor,
    part.port_id,
    strftime(part.began_at, '%G-W%V') as week,
    part.began_at::timestamp as began_at,
    part.ended_at::timestamp as ended_at,
    part.has_pass,
    part.detections::integer as detections,
    coalesce(hearing.neighbours, 0)::integer as neighbours,
    coalesce(hearing.neighbours_near, 0)::integer as neighbours_near,
    -- As for silences: three neighbours, of which nine in ten were heard.
    coalesce(
        hearing.neighbours_near >= rule('dark_neighbours')
        and hearing.neighbours_near
        >= rule('dark_neighbours_ratio') * (hearing.neighbours - hearing.neighbours_near),
        false
    ) as is_heard
from part
left join hearing on part.look_id = hearing.look_id
order by part.began_at, part.look_id
