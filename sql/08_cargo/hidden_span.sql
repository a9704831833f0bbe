-- The times in which a tanker's place is not known: silences, and false positions.
-- Grain: one such time of a hull (kind, hull_id, from_at).
select
    'silence' as kind,
    hull_id,
    mmsi,
    silent_from as from_at,
    silent_to as to_at,
    silent_us / 3.6e9 as hours,
    from_lon,
    from_lat,
    to_lon,
    to_lat
from tanker_gap
union all
select
    'spoofed' as kind,
    hull_id,
    mmsi,
    spoofed_from as from_at,
    spoofed_to as to_at,
    epoch_us(spoofed_to - spoofed_from) / 3.6e9 as hours,
    from_lon,
    from_lat,
    to_lon,
    to_lat
from spoofed_span
where spoofed_from is not null and spoofed_to is not null
order by kind, hull_id, from_at
