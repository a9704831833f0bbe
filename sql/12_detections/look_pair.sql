-- Each detection with the ships of AIS that it may be.
-- Grain: one detection and track (witness_event_id, track_id).
with pair as (
    select
        look_id,
        track_id,
        is_heard_near,
        length_m as ais_length_m,
        unnest(pairs) as pair
    from look_ship
)

select
    pair.look_id,
    event.witness_event_id,
    pair.track_id,
    pair.pair.distance_m as distance_m,
    pair.pair.error_m as error_m,
    -- A choice: lengths of radar and of AIS differ by a fifth, and by one cell of the image, 20 m.
    abs(event.length_m - pair.ais_length_m)
    / sqrt(pow(rule('length_error_share') * pair.ais_length_m, 2) + 400) as length_errors,
    pair.is_heard_near
from pair
inner join witness_event as event on pair.pair.witness_event_id = event.witness_event_id
order by pair.look_id, event.witness_event_id, pair.track_id
