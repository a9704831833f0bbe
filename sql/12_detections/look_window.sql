-- The time around each look in which the fixes of ships near the port are read, with the detections that they are compared with.
-- Grain: one look of a sensor at a port (look_id).
select
    look_part.look_id,
    any_value(look_part.port_id) as port_id,
    min(look_part.began_at) as began_at,
    max(look_part.ended_at) as ended_at,
    coalesce(
        list(
            {
                'witness_event_id': event.witness_event_id,
                'lon': event.lon,
                'lat': event.lat,
                'length_m': event.length_m,
                'accuracy_m': event.accuracy_m,
                'began_at': look_part.began_at,
                'ended_at': look_part.ended_at
            }
            order by event.witness_event_id
        ) filter (where event.witness_event_id is not null),
        []
    ) as detections,
    null::integer[] as mmsis,
    -- As far as a satellite that receives a ship every six hours needs.
    min(look_part.began_at) - to_hours(rule('heard_within_h')::integer) as from_at,
    max(look_part.ended_at) + to_hours(rule('heard_within_h')::integer) as to_at
from look_part
left join witness_event as event on look_part.witness_event_id = event.witness_event_id
group by look_part.look_id
order by look_part.look_id
