-- The ships of look_track with their hull, name and length.
-- Grain: one look and track (look_id, track_id).
-- The description of the day; two of one track on one day do not happen.
with described as (
    select
        track.look_id,
        track.track_id,
        spell.hull_id
    from look_track as track
    inner join hull_spell as spell
        on
            track.track_id = spell.track_id
            and track.day between spell.first_day and spell.last_day
    qualify row_number() over (
        partition by track.look_id, track.track_id order by spell.first_day desc
    ) = 1
)

select
    track.look_id,
    track.track_id,
    track.mmsi,
    track.is_heard_near,
    track.lon,
    track.lat,
    track.error_m,
    track.pairs,
    track.nearest_to,
    hull.hull_id,
    hull.imo,
    hull.vessel_name,
    -- As for tankers (hull): a register's, or else as sent.
    coalesce(
        register_length(ship.length_m, ship.gross_t, ship.deadweight_t), hull.length_m
    )::float as length_m
from look_track as track
left join described on track.look_id = described.look_id and track.track_id = described.track_id
left join hull on described.hull_id = hull.hull_id
left join register_ship as ship on hull.imo = ship.imo
order by track.look_id, track.track_id
