-- Pairs of ships, tankers or not, that lay slowly within about 500 m of each other in a week.
-- Grain: one week of `unread` and pair of transmitters (week_at, mmsi_a, mmsi_b).
-- A hash join of cells and slots: it grows with the ships that lie slowly, not with their pairs.
with wanted as (
    select week_at::date as week_at
    from unread
    where number between getvariable('batch').first and getvariable('batch').last
),

-- Places that are good to half the distance at least: of a cell of 0.01 degrees it cannot be told who lay within
-- 500 m.
exact_source as (
    select source
    from source_terms
    where coalesce(position_accuracy_m, rule('receiver_accuracy_m')) <= rule('sts_accuracy_m')
),

-- Of all digests together, so that it does not matter which fixes came in which file.
slow as (
    select
        mmsi,
        slot_at,
        cell_x,
        cell_y,
        min(west) as west,
        max(east) as east,
        min(south) as south,
        max(north) as north
    from slow_slot
    where
        source in (select source from exact_source)
        and date_trunc('week', slot_at)::date in (select week_at from wanted)
    group by mmsi, slot_at, cell_x, cell_y
),

-- A kilometre is at least 1 / 112 of a degree of latitude, and the more degrees of longitude the further north.
wide as (
    select
        mmsi,
        slot_at,
        west - rule('sts_km') / 110 / cos(radians(least(abs(north) + 0.1, 89))) as west,
        east + rule('sts_km') / 110 / cos(radians(least(abs(north) + 0.1, 89))) as east,
        south - rule('sts_km') / 110 as south,
        north + rule('sts_km') / 110 as north
    from slow
),

touched_column as (
    select
        *,
        unnest(range(floor(west * 50)::integer, floor(east * 50)::integer + 1))::integer as cell_x
    from wide
),

touched as (
    select
        *,
        unnest(range(floor(south * 50)::integer, floor(north * 50)::integer + 1))::integer as cell_y
    from touched_column
),

pair as (
    select distinct
        one.mmsi as mmsi_a,
        other.mmsi as mmsi_b,
        one.slot_at
    from touched as one
    inner join slow as other
        on
            one.slot_at = other.slot_at
            and one.cell_x = other.cell_x
            and one.cell_y = other.cell_y
            and one.mmsi < other.mmsi
            and other.west <= one.east
            and other.east >= one.west
            and other.south <= one.north
            and other.north >= one.south
)

select
    date_trunc('week', slot_at)::timestamp as week_at,
    mmsi_a,
    mmsi_b,
    min(slot_at) as from_slot_at,
    max(slot_at) as to_slot_at
from pair
group by week_at, mmsi_a, mmsi_b
order by week_at, mmsi_a, mmsi_b
