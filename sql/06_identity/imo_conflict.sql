-- Hours in which one IMO number was sent from two places too far apart for one ship.
-- Grain: one IMO number, two tracks and UTC day.
with pair as (
    select
        one.imo,
        one.track_id,
        one.mmsi,
        other.track_id as other_track_id,
        other.mmsi as other_mmsi,
        date_trunc('hour', greatest(one.first_at, other.first_at)) as both_from,
        least(one.last_at, other.last_at) as both_to
    from imo_claim as one
    inner join imo_claim as other on one.imo = other.imo and one.track_id < other.track_id
    where
        one.first_at <= other.last_at
        and other.first_at <= one.last_at
        and not (one.is_of_many or one.is_other_size or other.is_other_size)
),

track as (
    select
        track_id,
        mmsi
    from pair
    union
    select
        other_track_id as track_id,
        other_mmsi as mmsi
    from pair
),

place as (
    select
        track.track_id,
        date_trunc('hour', fix.reported_at) as hour,
        min((fix.reported_at, fix.lon, fix.lat)) as first_fix
    from track
    inner join track_fix as fix on track.mmsi = fix.mmsi
    where
        fix.mmsi in (select mmsi from track)
        and fix.track_id = track.track_id
        and fix.verdict = 'credible'
    group by track.track_id, hour
)

-- In one hour no ship is in two places 60 km apart (30 knots). A ship with two transmitters, or one
-- that changes its MMSI, is in one place.
select
    pair.imo,
    pair.track_id,
    pair.other_track_id,
    here.hour::date as day,
    count(*) as hours
from pair
inner join place as here
    on pair.track_id = here.track_id and here.hour between pair.both_from and pair.both_to
inner join place as there
    on pair.other_track_id = there.track_id and here.hour = there.hour
where
    great_circle_km(
        here.first_fix[2], here.first_fix[3], there.first_fix[2], there.first_fix[3]
    ) > rule('conflict_km')
group by pair.imo, pair.track_id, pair.other_track_id, day
order by pair.imo, pair.track_id, pair.other_track_id, day
