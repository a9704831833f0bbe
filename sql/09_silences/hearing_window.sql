-- The time around each silence in which other ships are looked for, and where.
-- Grain: one silence of a hull (hull_id, silent_from).
with own_mmsi as (
    select
        hull_id,
        list_sort(list(distinct mmsi)) as own_mmsis
    from hull_spell
    where hull_id in (select hull_id from tanker_silence)
    group by hull_id
)

select
    silence.hull_id,
    silence.silent_from,
    silence.silent_to,
    silence.source,
    silence.port_id,
    silence.from_lon,
    silence.from_lat,
    silence.ahead_lon,
    silence.ahead_lat,
    own_mmsi.own_mmsis,
    null::integer[] as mmsis,
    date_trunc('hour', silence.silent_from) - interval 6 hour as from_at,
    date_trunc('hour', silence.silent_to) + interval 25 hour - interval 1 microsecond as to_at
from tanker_silence as silence
inner join own_mmsi on silence.hull_id = own_mmsi.hull_id
order by silence.hull_id, silence.silent_from
