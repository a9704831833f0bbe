-- All fixes, anywhere, of the candidates with an MMSI from $first to $last whose calls are to be detected.
-- Grain: one fix.
select
    position.mmsi,
    position.reported_at,
    position.lon,
    position.lat,
    position.sog_kn,
    position.imo,
    -- Null: the definition of the source is gone.
    source_terms.position_accuracy_m,
    source_terms.time_step_s
from position
left join source_terms on position.source = source_terms.source
where
    position.mmsi between $first and $last
    and position.mmsi in (select mmsi from candidate)
    and position.mmsi not in (select mmsi from settled_ship)
order by position.mmsi, position.reported_at, position.lon, position.lat
