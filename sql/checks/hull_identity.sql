-- Hulls whose identity through time does not add up: a description of a hull that is none, in disorder, or two at once on a track.
-- Grain: one description at fault.
with described as (
    select
        vessel.hull_id,
        vessel.track_id,
        vessel.imo,
        vessel.valid_from,
        vessel.valid_to,
        vessel.imo_by,
        vessel.source,
        hull.hull_id as known_hull_id,
        hull.imo as known_imo,
        hull.first_at,
        hull.last_at,
        max(vessel.valid_to) over (
            partition by vessel.track_id
            order by vessel.valid_from, vessel.hull_id
            rows between unbounded preceding and 1 preceding
        ) as valid_to_before
    from vessel
    left join hull on vessel.hull_id = hull.hull_id
)

select
    hull_id,
    track_id,
    imo,
    valid_from,
    valid_to,
    imo_by,
    source
from described
where
    known_hull_id is null
    or imo is distinct from known_imo
    or (
        source = 'AIS'
        and (
            track_id is null
            or valid_from > valid_to
            or valid_from < first_at
            or valid_to > last_at
            or (imo is null) <> (imo_by is null)
            or valid_from < valid_to_before
        )
    )
order by hull_id, track_id, valid_from
