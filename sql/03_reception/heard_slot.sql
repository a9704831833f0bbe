-- Reception around each port by source in slots of 6 hours, with the usual number of ships there at that hour.
-- Grain: one port, source and slot of 6 hours with a fix, next to such a slot, or within heard_within_h of a fix.
with summed as (
    select
        port_id,
        source,
        slot_at,
        sum(fixes)::bigint as fixes,
        sum(vessels)::bigint as vessels,
        bit_or(hour_bits) as hour_bits,
        count(*) as digests
    from heard_by_slot
    group by port_id, source, slot_at
),

-- A ship may be in several digests.
recounted as (
    select
        port_id,
        source,
        slot_at,
        count(distinct mmsi) as vessels
    from heard
    semi join (select * from summed where digests > 1) as several using (port_id, source, slot_at)
    group by port_id, source, slot_at
),

heard_once as (
    select
        summed.* exclude (vessels, digests),
        coalesce(recounted.vessels, summed.vessels) as vessels
    from summed
    left join recounted using (port_id, source, slot_at)
),

-- Which hours count as heard because of the hours with a fix in a slot: those within heard_within_h of
-- them, as bits of that slot and of the slots around it. The two neighbours are there in any case.
reach as (
    select
        fix_hours.hour_bits,
        floor(near.hour / 6)::integer as later_slots,
        bit_or(
            case
                when abs(near.hour - fix_hour.hour) <= rule('heard_within_h')
                    then 1 << (near.hour - 6 * floor(near.hour / 6))::integer
                else 0
            end
        )::tinyint as near_bits
    from range(1, 64) as fix_hours(hour_bits)
    inner join range(6) as fix_hour(hour)
        on fix_hours.hour_bits & (1 << fix_hour.hour::integer) > 0
    inner join
        range(
            -greatest(rule('heard_within_h')::integer, 6),
            6 + greatest(rule('heard_within_h')::integer, 6)
        ) as near(hour)
        on abs(near.hour - fix_hour.hour) <= greatest(rule('heard_within_h'), 6)
    group by all
),

slot as (
    select
        heard_once.port_id,
        heard_once.source,
        heard_once.slot_at + to_hours(6 * reach.later_slots) as slot_at,
        max(case when reach.later_slots = 0 then heard_once.fixes else 0 end) as fixes,
        max(case when reach.later_slots = 0 then heard_once.vessels else 0 end) as vessels,
        max(case when reach.later_slots = 0 then heard_once.hour_bits else 0 end)::tinyint as hour_bits,
        bit_or(reach.near_bits) as near_bits,
        -- Reception is judged by the most ships of the slot and its two neighbours, whatever the
        -- reach of a fix is.
        max(case when abs(reach.later_slots) <= 1 then heard_once.vessels else 0 end) as vessels_around
    from heard_once
    inner join reach on heard_once.hour_bits = reach.hour_bits
    group by all
),

-- The usual number at this hour of the day (reception over warm water has a daily cycle), within 14
-- days before and after, so that a real change of traffic becomes the usual after two weeks. Missing
-- slots are ignored: a source that delivers now and then is judged by the times at which it delivers.
usual as (
    select
        *,
        median(vessels_around) over (
            partition by port_id, source, hour(slot_at)
            order by slot_at
            range between to_days(rule('usual_reception_days')::integer) preceding
            and to_days(rule('usual_reception_days')::integer) following
        )::float as usual_vessels
    from slot
),

judged as (
    select
        *,
        -- Less than a fifth of the usual, where the usual is 5 ships or more: for 5 to 25 ships the
        -- chance of so few is 1 in 140 or less (Poisson), and lower still with stationary ships.
        -- Both numbers are choices (docs/method.md, "Heard").
        usual_vessels >= rule('failing_source_ships')
        and vessels_around < rule('failing_source_share')::float * usual_vessels as is_suspect
    from usual
),

-- From the first week with input to the last, up to the as-of time.
span as (
    select
        min(week.starts_at) as first_at,
        least(max(week.ends_at), any_value(clock.as_of)) as last_at
    from week
    cross join clock
)

select
    judged.port_id,
    judged.source,
    judged.slot_at,
    judged.fixes,
    judged.vessels,
    judged.hour_bits,
    judged.vessels_around,
    judged.usual_vessels,
    judged.is_suspect,
    case
        when judged.is_suspect or judged.slot_at < span.first_at then 0
        -- Hours that are over.
        else
            judged.near_bits
            & ((1 << hours_started(63, judged.slot_at, date_trunc('hour', span.last_at))) - 1)
    end::tinyint as heard_bits
from judged
left join span on true
order by judged.port_id, judged.source, judged.slot_at
