-- Two tankers alongside each other or close by for two hours and more: how they lay, and what that may be.
-- Grain: one pair of hulls and such time (encounter_id).
with identified as (
    select
        spell.*,
        one.hull_id as hull_one,
        other.hull_id as hull_other
    from encounter_spell as spell
    inner join hull_spell as one
        on
            spell.track_a = one.track_id
            and make_timestamp(spell.from_slot * 600000000)::date between one.first_day and one.last_day
    inner join hull_spell as other
        on
            spell.track_b = other.track_id
            and make_timestamp(spell.from_slot * 600000000)::date between other.first_day and other.last_day
    where
        one.hull_id <> other.hull_id
        and one.hull_id in (select hull_id from hull where is_tanker)
        and other.hull_id in (select hull_id from hull where is_tanker)
),

-- The lower hull_id first, whichever MMSI is lower.
sided as (
    select
        least(hull_one, hull_other) as hull_a,
        greatest(hull_one, hull_other) as hull_b,
        case when hull_one < hull_other then mmsi_a else mmsi_b end as mmsi_a,
        case when hull_one < hull_other then mmsi_b else mmsi_a end as mmsi_b,
        case when hull_one < hull_other then track_a else track_b end as track_a,
        case when hull_one < hull_other then track_b else track_a end as track_b,
        case when hull_one < hull_other then heard_a else heard_b end as heard_a,
        case when hull_one < hull_other then heard_b else heard_a end as heard_b,
        case when hull_one < hull_other then box_a else box_b end as box_a,
        case when hull_one < hull_other then box_b else box_a end as box_b,
        from_slot,
        to_slot,
        slots,
        apart_before,
        apart_after,
        in_company,
        closest_m,
        apart_10_m,
        case when hull_one < hull_other then east_m else -east_m end as east_m,
        case when hull_one < hull_other then north_m else -north_m end as north_m,
        with_heading,
        parallel,
        lon,
        lat
    from identified
),

-- What a Monday's midnight cut is joined again, by the rule of encounter_spell.
compared as (
    select
        *,
        coalesce(
            from_slot - max(to_slot) over earlier > 72
            or (
                from_slot > max(to_slot) over earlier
                and apart_before + arg_max(apart_after, (to_slot, track_a, track_b)) over earlier > 3
            ),
            true
        ) as is_new
    from sided
    window earlier as (
        partition by hull_a, hull_b order by from_slot, track_a, track_b
        rows between unbounded preceding and 1 preceding
    )
),

numbered as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by hull_a, hull_b order by from_slot, track_a, track_b
        ) as number
    from compared
),

joined as (
    select
        hull_a,
        hull_b,
        number,
        arg_min(mmsi_a, (from_slot, track_a, track_b)) as mmsi_a,
        arg_min(mmsi_b, (from_slot, track_a, track_b)) as mmsi_b,
        list_sort(list(distinct mmsi_a)) as mmsis_a,
        list_sort(list(distinct mmsi_b)) as mmsis_b,
        list_sort(list(distinct track_a)) as tracks_a,
        list_sort(list(distinct track_b)) as tracks_b,
        min(from_slot) as from_slot,
        max(to_slot) as to_slot,
        sum(slots)::bigint as slots,
        sum(heard_a)::bigint as heard_a,
        sum(heard_b)::bigint as heard_b,
        arg_max(apart_after, (to_slot, track_a, track_b)) as apart_after,
        max(in_company) as in_company,
        min(closest_m) as closest_m,
        sqrt(pow(sum(east_m)::bigint, 2) + pow(sum(north_m)::bigint, 2)) / sum(slots)::bigint as off_m,
        sum(with_heading)::bigint as with_heading,
        sum(parallel)::bigint as parallel,
        arg_min(lon, (from_slot, track_a, track_b)) as lon,
        arg_min(lat, (from_slot, track_a, track_b)) as lat,
        1000 * greatest(
            great_circle_km(min(box_a[1]), min(box_a[2]), max(box_a[3]), max(box_a[4])),
            great_circle_km(min(box_b[1]), min(box_b[2]), max(box_b[3]), max(box_b[4]))
        ) as moved_m
    from numbered
    group by hull_a, hull_b, number
    -- As long as that, heard so long, and for half of the time (a choice).
    having
        max(to_slot) - min(from_slot) + 1 >= 6 * rule('sts_h')
        and sum(slots) >= greatest(6 * rule('sts_h'), (max(to_slot) - min(from_slot) + 1) / 2)
        and sum(heard_a) >= 3
        and sum(heard_b) >= 3
),

bin as (
    select
        hull_a,
        hull_b,
        number,
        entry.key as apart_10_m,
        sum(entry.value) as slots
    from (
        select
            hull_a,
            hull_b,
            number,
            unnest(map_entries(apart_10_m)) as entry
        from numbered
    )
    group by hull_a, hull_b, number, entry.key
),

summed as (
    select
        *,
        sum(slots) over (partition by hull_a, hull_b, number order by apart_10_m)
        / sum(slots) over (partition by hull_a, hull_b, number) as share
    from bin
),

distance as (
    select
        hull_a,
        hull_b,
        number,
        10 * min(apart_10_m) filter (where share >= 0.2) as near_m,
        10 * min(apart_10_m) filter (where share >= 0.5) as apart_m,
        10 * min(apart_10_m) filter (where share >= 0.8) as far_m
    from summed
    group by hull_a, hull_b, number
),

sized as (
    select
        joined.*,
        distance.near_m,
        distance.apart_m,
        distance.far_m,
        one.length_m as length_a,
        other.length_m as length_b,
        -- A tanker is some six times as long as it is wide (general knowledge, unverified).
        coalesce(one.beam_m, one.length_m / 6, 20) + coalesce(other.beam_m, other.length_m / 6, 20)
            as beams_m,
        -- Between the antennas of two ships abreast, manifold at manifold: bridges lie up to 0.4 of the length
        -- aft of the middle (general knowledge, unverified), and bows may point opposite ways. Ships at anchor so
        -- near would touch. At most 220 m, and 150 m without lengths (choices).
        20 + coalesce(least(0.4 * (one.length_m + other.length_m), 200), 130) as alongside_m,
        -- Ten minutes at least, minutes from fix to fix.
        10 * joined.slots / least(joined.heard_a, joined.heard_b) as step_min
    from joined
    inner join distance
        on
            joined.hull_a = distance.hull_a
            and joined.hull_b = distance.hull_b
            and joined.number = distance.number
    inner join hull as one on joined.hull_a = one.hull_id
    inner join hull as other on joined.hull_b = other.hull_id
)

select
    left(md5(concat_ws(' ', 'sts', hull_a, hull_b, from_slot)), 16) as encounter_id,
    hull_a,
    hull_b,
    mmsi_a,
    mmsi_b,
    mmsis_a,
    mmsis_b,
    tracks_a,
    tracks_b,
    make_timestamp(from_slot * 600000000) as began_at,
    make_timestamp(to_slot * 600000000) as last_at,
    (to_slot - from_slot) / 6 as hours,
    slots / 6 as heard_h,
    apart_after = 0 as is_last,
    closest_m,
    near_m,
    apart_m,
    far_m,
    moved_m,
    off_m,
    step_min,
    alongside_m,
    with_heading,
    parallel,
    lon,
    lat,
    length_a,
    length_b,
    -- Two ships at anchor 400 m apart swing, each about its own anchor: on the mean they lie as far from each
    -- other as their anchors, whereas ships alongside are on the mean no further apart than antennas of ships
    -- abreast. They keep their distance, which is the less well known the longer it is from fix to fix, as they
    -- swing and yaw (choices, by simulated ships: tests/measure/evaluation/STS.md).
    off_m <= alongside_m
    and apart_m <= alongside_m
    and far_m - near_m <= 40 + 5 * step_min
    and (with_heading < 3 or parallel >= 0.7 * with_heading) as is_alongside,
    -- Two transmitters of one ship: nearer than two hulls can be, or together at seven knots.
    apart_m < beams_m / 3 or in_company >= 3 as is_one_ship,
    -- Moored to something fixed: by the noise of receivers alone, 5 to 7 m, eight tenths of the fixes lie within
    -- 25 m; ships alongside at anchor moved 80 m and more (measured off Fujairah and Sohar in April 2026).
    moved_m <= 40 as is_fast
from sized
order by encounter_id
