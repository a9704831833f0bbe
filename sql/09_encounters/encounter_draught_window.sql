-- The time around each encounter in which the draughts of both ships are looked for.
-- Grain: one encounter and ship (encounter_id, side).
with side as (
    select
        encounter_id,
        'a' as side,
        mmsis_a as mmsis,
        tracks_a as tracks,
        began_at,
        last_at
    from encounter
    where is_alongside and not is_one_ship and not is_fast
    union all
    select
        encounter_id,
        'b' as side,
        mmsis_b as mmsis,
        tracks_b as tracks,
        began_at,
        last_at
    from encounter
    where is_alongside and not is_one_ship and not is_fast
)

select
    encounter_id,
    side,
    mmsis,
    tracks,
    began_at,
    last_at,
    -- A week before, as for a call; two days after, as for a loading (sql/08_cargo/unexplained_loading.sql):
    -- crews set it hours after sailing, and the next port changes it.
    began_at - interval 7 day as from_at,
    last_at + interval 2 day as to_at
from side
order by encounter_id, side
