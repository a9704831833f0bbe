-- The times and places of the spoofed spans from which a tanker came with another draught: who else was heard there.
-- Grain: one spoofed span (hull_id, from_at).
with own_mmsi as (
    select
        hull_id,
        list_sort(list(distinct mmsi)) as own_mmsis
    from hull_spell
    where hull_id in (select hull_id from hidden_change where kind = 'spoofed')
    group by hull_id
)

select
    hidden.hull_id,
    hidden.from_at,
    hidden.to_at,
    span.shown_lon,
    span.shown_lat,
    own_mmsi.own_mmsis,
    null::integer[] as mmsis
from hidden_change as hidden
inner join spoofed_span as span
    on hidden.hull_id = span.hull_id and hidden.from_at = span.spoofed_from
inner join own_mmsi on hidden.hull_id = own_mmsi.hull_id
where hidden.kind = 'spoofed'
order by hidden.hull_id, hidden.from_at
