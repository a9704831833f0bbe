-- The times in which two tankers lay within 500 m of each other at less than 2 knots, as far as they were heard, week by week.
-- Grain: one pair of tracks, week and such time (week_at, track_a, track_b, from_slot).
-- Both tracks are compared at each full ten minutes, interpolated between fixes at most four hours apart: a ship
-- that reports every ten seconds and one that reports every hour are compared alike.
with pair as (
    select
        * exclude (number),
        number as pair
    from unread
    where number between getvariable('batch').first and getvariable('batch').last
),

ship as (
    select
        week_at,
        mmsi,
        min(from_at) as from_at,
        max(to_at) as to_at
    from (
        select
            week_at,
            unnest(mmsis) as mmsi,
            from_at,
            to_at
        from pair
    )
    group by week_at, mmsi
),

exact_source as (
    select source
    from source_terms
    where coalesce(position_accuracy_m, rule('receiver_accuracy_m')) <= rule('sts_accuracy_m')
),

slot_fix as (
    select
        ship.week_at,
        fix.mmsi,
        fix.track_id,
        -- Slots of ten minutes since 1970.
        epoch_us(fix.reported_at) // 600000000 as slot,
        min({'at': fix.reported_at, 'lon': fix.lon, 'lat': fix.lat, 'heading_deg': fix.heading_deg}) as first_fix,
        max({'at': fix.reported_at, 'lon': fix.lon, 'lat': fix.lat, 'heading_deg': fix.heading_deg}) as last_fix
    from track_fix as fix
    inner join ship
        on
            fix.mmsi = ship.mmsi
            and fix.reported_at between ship.from_at and ship.to_at
    where
        fix.mmsi in (select mmsi from ship)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and fix.verdict <> 'implausible'
        and fix.source in (select source from exact_source)
    group by ship.week_at, fix.mmsi, fix.track_id, slot
),

step as (
    select
        *,
        lag(slot) over onward as slot_before,
        lag(last_fix) over onward as fix_before
    from slot_fix
    window onward as (partition by week_at, mmsi, track_id order by slot)
),

moment as (
    select
        week_at,
        mmsi,
        track_id,
        slot as to_slot,
        fix_before,
        first_fix,
        unnest(range(slot_before + 1, slot + 1)) as slot
    from step
    where first_fix.at - fix_before.at <= to_hours(rule('sts_gap_h')::integer)
),

shared as (
    select
        *,
        (slot * 600000000 - epoch_us(fix_before.at))
        / (epoch_us(first_fix.at) - epoch_us(fix_before.at)) as share
    from moment
),

placed as (
    select
        week_at,
        mmsi,
        track_id,
        slot,
        to_slot,
        fix_before.at as from_at,
        first_fix.at as to_at,
        fix_before.lon + share * (first_fix.lon - fix_before.lon) as lon,
        fix_before.lat + share * (first_fix.lat - fix_before.lat) as lat,
        -- That of the nearer fix.
        case when share < 0.5 then fix_before.heading_deg else first_fix.heading_deg end as heading_deg
    from shared
),

-- Speed to the next full ten minutes and from the last: between fixes ten seconds apart a few metres make knots.
moved as (
    select
        *,
        lead(to_at) over onward as next_to_at,
        lag(from_at) over onward as last_from_at,
        case
            when lead(slot) over onward = slot + 1
                then 6 / 1.852 * great_circle_km(lon, lat, lead(lon) over onward, lead(lat) over onward)
        end as next_kn,
        case
            when lag(slot) over onward = slot - 1
                then 6 / 1.852 * great_circle_km(lon, lat, lag(lon) over onward, lag(lat) over onward)
        end as last_kn
    from placed
    window onward as (partition by week_at, mmsi, track_id order by slot)
),

-- A ship's fixes are read for all its pairs together. Only those in a pair's own window count for it, else its rows
-- would depend on the pairs that are read with it.
beside as (
    select
        pair.pair,
        pair.week_at,
        one.mmsi as mmsi_a,
        other.mmsi as mmsi_b,
        one.track_id as track_a,
        other.track_id as track_b,
        one.slot,
        one.to_slot as to_slot_a,
        other.to_slot as to_slot_b,
        one.lon as lon_a,
        one.lat as lat_a,
        other.lon as lon_b,
        other.lat as lat_b,
        1000 * great_circle_km(one.lon, one.lat, other.lon, other.lat) as apart_m,
        -- Metres from the one to the other, to the east and to the north.
        111200 * (other.lon - one.lon) * cos(radians(one.lat)) as east_m,
        111200 * (other.lat - one.lat) as north_m,
        greatest(
            coalesce(
                case when one.next_to_at <= pair.to_at then one.next_kn end,
                case when one.last_from_at >= pair.from_at then one.last_kn end
            ),
            coalesce(
                case when other.next_to_at <= pair.to_at then other.next_kn end,
                case when other.last_from_at >= pair.from_at then other.last_kn end
            )
        ) as speed_kn,
        -- Degrees between their keels, 0 to 90: ships lie alongside with bows in one direction or in
        -- opposite ones.
        degrees(abs(asin(sin(radians(one.heading_deg - other.heading_deg))))) as across_deg
    from pair
    inner join moved as one on pair.week_at = one.week_at and pair.mmsi_a = one.mmsi
    inner join moved as other
        on
            pair.week_at = other.week_at
            and pair.mmsi_b = other.mmsi
            and one.slot = other.slot
    where
        one.slot * 600000000 between epoch_us(greatest(pair.week_at, pair.from_at))
        and epoch_us(least(pair.week_at + interval 7 day - interval 1 second, pair.to_at))
        and least(one.from_at, other.from_at) >= pair.from_at
        and greatest(one.to_at, other.to_at) <= pair.to_at
),

judged as materialized (
    select
        *,
        apart_m <= 1000 * rule('sts_km') and speed_kn < rule('sts_speed_kn') as is_together,
        -- Seven knots and more: ships come alongside at five or six at most (general knowledge, unverified).
        apart_m <= 1000 * rule('sts_km') and speed_kn >= 7 as is_in_company
    from beside
    where speed_kn is not null
),

-- Most pairs of neighbours never were so close: what follows costs more.
close as (
    select
        pair,
        track_a,
        track_b,
        count(*) filter (where not is_together) as all_apart,
        count(*) filter (where is_in_company) as in_company
    from judged
    group by pair, track_a, track_b
    having count(*) filter (where is_together) > 0
),

counted as (
    select
        judged.*,
        close.all_apart,
        close.in_company,
        count(*) filter (where not judged.is_together) over (
            partition by judged.pair, judged.track_a, judged.track_b order by judged.slot
        ) as apart
    from judged
    inner join close
        on
            judged.pair = close.pair
            and judged.track_a = close.track_a
            and judged.track_b = close.track_b
),

-- Apart for half an hour and more is another time, and so is a silence of more than twelve hours (choices).
compared as (
    select
        *,
        coalesce(slot - lag(slot) over onward > 72 or apart - lag(apart) over onward > 3, true) as is_new
    from counted
    where is_together
    window onward as (partition by pair, track_a, track_b order by slot)
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by pair, track_a, track_b order by slot
        ) as spell
    from compared
)

select
    week_at,
    mmsi_a,
    mmsi_b,
    track_a,
    track_b,
    min(slot) as from_slot,
    max(slot) as to_slot,
    count(*) as slots,
    -- Fixes of each, ten minutes apart at least.
    count(distinct to_slot_a) as heard_a,
    count(distinct to_slot_b) as heard_b,
    -- Before it and after it, in the same week.
    min(apart) as apart_before,
    min(all_apart) - max(apart) as apart_after,
    any_value(in_company) as in_company,
    round(min(apart_m))::integer as closest_m,
    -- How often they lay so far apart, in steps of 10 m: a later week adds to it.
    histogram((apart_m / 10)::integer) as apart_10_m,
    -- In whole metres, as sums of these do not depend on their order.
    sum(round(east_m)::bigint)::bigint as east_m,
    sum(round(north_m)::bigint)::bigint as north_m,
    count(across_deg) as with_heading,
    count(*) filter (where across_deg <= 30) as parallel,
    quantile_disc(lon_a, 0.5) as lon,
    quantile_disc(lat_a, 0.5) as lat,
    -- Where each lay in eight tenths of the time.
    [quantile_disc(lon_a, 0.1), quantile_disc(lat_a, 0.1), quantile_disc(lon_a, 0.9), quantile_disc(lat_a, 0.9)]
        as box_a,
    [quantile_disc(lon_b, 0.1), quantile_disc(lat_b, 0.1), quantile_disc(lon_b, 0.9), quantile_disc(lat_b, 0.9)]
        as box_b
from numbered
group by week_at, mmsi_a, mmsi_b, track_a, track_b, spell
order by week_at, track_a, track_b, from_slot
