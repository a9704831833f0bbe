-- Passages of the Danish straits out of the Baltic, and whether the ship was laden.
-- Grain: one passage of one transmitter.
with seen as (
    select
        fix.mmsi,
        fix.reported_at,
        fix.lon,
        fix.lat,
        fix.strait,
        fix.side,
        fix.draught_m,
        fix.length_m
    from strait_fix as fix
    left join flagged_position as flag
        on
            fix.mmsi = flag.mmsi
            and fix.reported_at = flag.reported_at
            and fix.lon = flag.lon
            and fix.lat = flag.lat
    -- The fixes of a second hull on the MMSI would combine with these into false passages.
    where coalesce(flag.verdict, 'credible') = 'credible' and coalesce(flag.track_id, fix.mmsi) = fix.mmsi
),

followed as (
    select
        *,
        lag(side) over way as side_before,
        lag(reported_at) over way as before_at
    from seen
    window way as (
        partition by mmsi, strait
        order by reported_at, side, lon, lat, draught_m, length_m
    )
),

-- The eastern side is crossed in hours: after a day without a fix on it the ship comes from a port
-- of the Baltic, with another draught.
entered as (
    select
        *,
        count(*) filter (
            where side = 'east'
            and (side_before is distinct from 'east' or reported_at - before_at >= interval 1 day)
        ) over (
            partition by mmsi, strait
            order by reported_at, side, lon, lat, draught_m, length_m
            rows between unbounded preceding and current row
        ) as entry
    from followed
),

reported as (
    select
        *,
        last_value(
            case when draught_m is not null then {'draught_m': draught_m, 'at': reported_at} end
            ignore nulls
        ) over past as last_draught,
        last_value(
            case when length_m is not null then {'length_m': length_m, 'at': reported_at} end
            ignore nulls
        ) over past as last_length
    from entered
    window past as (
        partition by mmsi, strait, entry
        order by reported_at, side, lon, lat, draught_m, length_m
        rows between unbounded preceding and current row
    )
),

-- Two days are usual; ten leave time to wait for a pilot, for weather or for orders off Skagen. Older
-- reports do not belong to this passage.
passage as (
    select
        mmsi,
        strait,
        before_at as left_east_at,
        reported_at as reached_west_at,
        case when reported_at - last_draught.at <= interval 10 day then last_draught.draught_m end
            as draught_m,
        case when reported_at - last_length.at <= interval 10 day then last_length.length_m end
            as length_m
    from reported
    where
        side_before = 'east'
        and side = 'west'
        and reported_at - before_at <= interval 10 day
)

select
    mmsi,
    strait,
    left_east_at,
    reached_west_at,
    draught_m,
    length_m,
    -- A laden tanker draws 0.06 to 0.07 of its length, one in ballast 0.03 to 0.04 (an Aframax of
    -- 245 m some 15 m and 7.5 m; general knowledge, unverified): the limit is in between.
    -- Null: no draught or no length was transmitted.
    draught_m / length_m >= 0.05 as is_laden
from passage
order by mmsi, strait, reached_west_at
