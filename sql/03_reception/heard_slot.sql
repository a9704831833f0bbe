-- Reception around each port by source in slots of 6 hours, with the usual number of ships there at that hour.
-- Grain: one port, source and slot of 6 hours with a fix, or next to one with a fix.
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

-- The neighbouring slots too: a fix makes the hours before and after it count as heard, and those may
-- hold no fix at all.
grid as (
    select distinct
        port_id,
        source,
        -- As many slots of 6 hours as heard_within_h reaches into.
        slot_at + to_hours(6 * unnest(range(
            -ceil(rule('heard_within_h') / 6)::integer, ceil(rule('heard_within_h') / 6)::integer + 1
        ))::integer) as slot_at
    from heard_once
),

slot as (
    select
        grid.port_id,
        grid.source,
        grid.slot_at,
        coalesce(heard_once.fixes, 0) as fixes,
        coalesce(heard_once.vessels, 0) as vessels,
        coalesce(heard_once.hour_bits, 0)::tinyint as hour_bits
    from grid
    left join heard_once
        on
            grid.port_id = heard_once.port_id
            and grid.source = heard_once.source
            and grid.slot_at = heard_once.slot_at
),

-- The number used to judge reception in the slot: the most ships among it and its neighbours.
near as (
    select
        *,
        max(vessels) over (
            partition by port_id, source
            order by slot_at
            -- One slot, whatever the reach of a fix is.
            range between interval 6 hour preceding and interval 6 hour following
        ) as vessels_around
    from slot
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
    from near
)

select
    port_id,
    source,
    slot_at,
    fixes,
    vessels,
    hour_bits,
    vessels_around,
    usual_vessels,
    -- Less than a fifth of the usual, where the usual is 5 ships or more: for 5 to 25 ships the
    -- chance of so few is 1 in 140 or less (Poisson), and lower still with stationary ships.
    -- Both numbers are choices (docs/method.md, "Heard").
    usual_vessels >= rule('failing_source_ships')
    and vessels_around < rule('failing_source_share')::float * usual_vessels as is_suspect
from usual
order by port_id, source, slot_at
