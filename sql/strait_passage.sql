-- Passages of the Danish straits out of the Baltic, and whether the ship was laden.
-- Grain: one passage of one transmitter. Inputs: position, flagged_position, strait_side, from data/straits.
with seen as (
    select
        fix.mmsi,
        fix.reported_at,
        side.strait,
        side.side,
        fix.draught_m,
        fix.length_m
    from position as fix
    inner join strait_side as side
        on
            fix.lon between side.west and side.east
            and fix.lat between side.south and side.north
    left join flagged_position as flag
        on
            fix.mmsi = flag.mmsi
            and fix.reported_at = flag.reported_at
            and fix.lon = flag.lon
            and fix.lat = flag.lat
    -- A second hull on an MMSI would make passages of its own out of two half ones.
    where coalesce(flag.verdict, 'credible') = 'credible' and coalesce(flag.track_id, fix.mmsi) = fix.mmsi
),

followed as (
    select
        *,
        lag(side) over way as side_before,
        lag(reported_at) over way as before_at,
        last_value(draught_m ignore nulls) over (
            partition by mmsi, strait order by reported_at, side
            rows between unbounded preceding and current row
        ) as draught_now_m,
        last_value(length_m ignore nulls) over (
            partition by mmsi, strait order by reported_at, side
            rows between unbounded preceding and current row
        ) as length_now_m
    from seen
    window way as (partition by mmsi, strait order by reported_at, side)
)

select
    mmsi,
    strait,
    before_at as left_east_at,
    reported_at as reached_west_at,
    draught_now_m as draught_m,
    length_now_m as length_m,
    -- A laden tanker draws 0.06 to 0.07 of its length, one in ballast 0.03 to 0.04 (an Aframax of
    -- 245 m some 15 m and 7.5 m; general knowledge, unverified): the middle tells them apart. Null:
    -- no draught or no length was sent.
    draught_now_m / length_now_m >= 0.05 as is_laden
from followed
-- Two days are usual; ten leave time to wait for a pilot, for weather or for orders off Skagen.
where
    side_before = 'east'
    and side = 'west'
    and reported_at - before_at <= interval 10 day
order by mmsi, strait, reached_west_at
