-- The weeks in which two tankers lay slowly within about 500 m of each other, each with the time in which their fixes are read.
-- Grain: one week and pair of transmitters (week_at, mmsi_a, mmsi_b).
with tanker as (
    select distinct hull_spell.mmsi
    from hull_spell
    inner join hull on hull_spell.hull_id = hull.hull_id
    where hull.is_tanker
)

-- By week, so that a week of neighbours is not read again with the next.
select
    week_at,
    mmsi_a,
    mmsi_b,
    [mmsi_a, mmsi_b] as mmsis,
    -- With the hours in which they came and went (a choice: twice the longest gap), which tell two ships from one.
    from_slot_at - to_hours(2 * rule('sts_gap_h')::integer) as from_at,
    to_slot_at + to_hours(6 + 2 * rule('sts_gap_h')::integer) as to_at
from near_pair
where
    mmsi_a in (select mmsi from tanker)
    and mmsi_b in (select mmsi from tanker)
order by week_at, mmsi_a, mmsi_b
