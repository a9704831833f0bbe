-- Interference events that make no sense: too few ships, fewer fixes than ships, or an end before the beginning.
-- Grain: one event (interference_id).
select
    interference_id,
    ships,
    displaced_fixes,
    began_at,
    ended_at
from interference
where
    ships < 3
    or displaced_fixes < ships
    or ended_at < began_at
    or radius_m < 0
    or evidence not in ('jumps', 'crowd')
order by interference_id
