-- Moments at which it matters whether a ship was linked to Russia, beside its calls: the start of a silence, or of an encounter.
-- Grain: one hull, track and moment (hull_id, track_id, moment_at).
with met as (
    select
        began_at,
        unnest([
            {'hull_id': hull_a, 'track_id': tracks_a[1], 'mmsi': mmsi_a},
            {'hull_id': hull_b, 'track_id': tracks_b[1], 'mmsi': mmsi_b}
        ]) as ship
    from encounter
    where is_alongside and not is_one_ship and not is_fast
)

select
    hull_id,
    track_id,
    mmsi,
    silent_from as moment_at
from tanker_gap
union
select
    ship.hull_id as hull_id,
    ship.track_id as track_id,
    ship.mmsi as mmsi,
    began_at as moment_at
from met
order by hull_id, track_id, moment_at
