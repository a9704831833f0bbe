-- Pairs of transmitters that moved together through a call, and so are on one ship, whatever numbers they send.
-- Grain: one pair of calls.
with pair as (
    select
        * exclude (number),
        number as pair,
        both_from + (both_to - both_from) / 2 as middle_at,
        -- Two antennas of one ship are at most its length apart; 100 m, position error included,
        -- where no length is sent (a choice). Ships in line, and at neighbouring berths, are
        -- further apart.
        coalesce(greatest(length_m, 100), 100) as within_m
    from unread
    where number between getvariable('batch').first and getvariable('batch').last
),

side as (
    select
        pair,
        track_id,
        mmsi,
        both_from,
        both_to,
        false as is_other
    from pair
    union all
    select
        pair,
        other_track_id as track_id,
        other_mmsi as mmsi,
        both_from,
        both_to,
        true as is_other
    from pair
),

-- The way in and out, which ships beside each other at berths do not share: a day before and
-- after, and the first and last hours in port. One fix of five minutes is enough.
fix as (
    select
        side.pair,
        side.is_other,
        min((fix.reported_at, fix.lon, fix.lat)) as here
    from side
    inner join track_fix as fix
        on
            side.mmsi = fix.mmsi
            and (
                fix.reported_at between side.both_from - interval 24 hour
                and side.both_from + interval 6 hour
                or fix.reported_at between side.both_to - interval 6 hour
                and side.both_to + interval 24 hour
            )
    where
        fix.mmsi in (select mmsi from side)
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and fix.track_id = side.track_id
        and fix.verdict = 'credible'
    group by
        side.pair,
        side.is_other,
        time_bucket(interval 5 minute, fix.reported_at)
),

step as (
    select
        pair,
        is_other,
        here[1] as seen_at,
        here[2] as lon,
        here[3] as lat,
        lead(here[1]) over onward as next_at,
        lead(here[2]) over onward as next_lon,
        lead(here[3]) over onward as next_lat,
        count(*) over (partition by pair, is_other) as fixes
    from fix
    window onward as (partition by pair, is_other order by here)
),

moved as (
    select
        *,
        1000 * great_circle_km(lon, lat, next_lon, next_lat)
        / epoch(next_at - seen_at) * 3600 / 1852 as speed_kn
    from step
),

-- The fixes of the one that reports less often are compared with the other's interpolated track:
-- they seldom report in the same second.
sampled as (
    select
        moved.*,
        pair.middle_at,
        pair.within_m
    from moved
    inner join pair on moved.pair = pair.pair
    qualify (moved.fixes, moved.is_other) = min((moved.fixes, moved.is_other)) over (
        partition by moved.pair
    )
),

beside as (
    select
        sampled.pair,
        sampled.within_m,
        sampled.seen_at < sampled.middle_at as is_arrival,
        -- Three knots made good, not the speed sent: a ship at rest may lie beside any other.
        coalesce(sampled.speed_kn >= 3, false) or coalesce(other.speed_kn >= 3, false)
            as is_under_way,
        sampled.lon,
        sampled.lat,
        (sampled.seen_at, sampled.lon, sampled.lat) = (other.seen_at, other.lon, other.lat)
            as is_copy,
        other.lon as other_lon,
        other.lat as other_lat,
        coalesce(
            (other.next_lon - other.lon)
            * (epoch(sampled.seen_at - other.seen_at) / epoch(other.next_at - other.seen_at)),
            0
        ) as further_lon,
        coalesce(
            (other.next_lat - other.lat)
            * (epoch(sampled.seen_at - other.seen_at) / epoch(other.next_at - other.seen_at)),
            0
        ) as further_lat
    from sampled
    asof inner join moved as other
        on
            sampled.pair = other.pair
            and sampled.is_other = (not other.is_other)
            and sampled.seen_at >= other.seen_at
    -- No interpolation between fixes more than two hours apart (geo/stays.py, THIN_US), except
    -- within a minute of one of them.
    where
        other.next_at - other.seen_at <= interval 2 hour
        or sampled.seen_at - other.seen_at <= interval 1 minute
        or other.next_at - sampled.seen_at <= interval 1 minute
),

apart as (
    select
        pair,
        within_m,
        is_arrival,
        is_under_way,
        is_copy,
        1000 * great_circle_km(
            lon, lat, other_lon + further_lon, other_lat + further_lat
        ) as apart_m
    from beside
),

measured as (
    select
        pair,
        count(*) filter (where is_under_way) as under_way,
        -- The median: interpolation cuts corners.
        quantile_disc(apart_m, 0.5) filter (where is_under_way and is_arrival) as in_m,
        quantile_disc(apart_m, 0.5) filter (where is_under_way and not is_arrival) as out_m,
        quantile_disc(apart_m, 0.5) filter (where not is_under_way) as in_port_m,
        any_value(within_m) as within_m,
        count(*) filter (where is_copy) as copies,
        count(*) as places
    from apart
    group by pair
)

select
    pair.port_call_id,
    pair.other_port_call_id,
    pair.mmsi,
    pair.other_mmsi,
    greatest(measured.in_m, measured.out_m, measured.in_port_m)::float as apart_m
from measured
inner join pair on measured.pair = pair.pair
where
    -- At least three such places (a choice, as in imo_rival): a single close pass does not count.
    measured.under_way >= 3
    and coalesce(measured.in_m <= measured.within_m, true)
    and coalesce(measured.out_m <= measured.within_m, true)
    and coalesce(measured.in_port_m <= measured.within_m, true)
    -- Two antennas do not report the same place in the same second throughout: that is one invented
    -- track sent under several numbers, which identifies none of them.
    and 2 * measured.copies <= measured.places
order by pair.port_call_id, pair.other_port_call_id
