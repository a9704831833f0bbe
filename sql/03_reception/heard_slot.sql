-- Reception around each port by source, a quarter of a day at a time, beside what is usual there and then.
-- Grain: one port, source and slot of 6 hours that was heard, or lies next to one.
with heard as (
    select
        port_id,
        source,
        slot_at,
        sum(fixes)::bigint as fixes,
        count(*) as vessels,
        bit_or(hour_bits) as hour_bits
    from heard_ship_slot
    group by port_id, source, slot_at
),

-- The slots on either side too: a fix lends its hearing to the 6 hours around it, and there nobody
-- may have been heard at all.
grid as (
    select distinct
        port_id,
        source,
        slot_at + to_hours(unnest([-6, 0, 6])) as slot_at
    from heard
),

slot as (
    select
        grid.port_id,
        grid.source,
        grid.slot_at,
        coalesce(heard.fixes, 0) as fixes,
        coalesce(heard.vessels, 0) as vessels,
        coalesce(heard.hour_bits, 0)::tinyint as hour_bits
    from grid
    left join heard
        on
            grid.port_id = heard.port_id
            and grid.source = heard.source
            and grid.slot_at = heard.slot_at
),

-- What an hour of the slot is judged by: the most ships of the slot and of those on either side.
near as (
    select
        *,
        max(vessels) over (
            partition by port_id, source
            order by slot_at
            range between interval 6 hour preceding and interval 6 hour following
        ) as vessels_around
    from slot
),

-- There and then: at this hour of the day (reception over warm water has a daily course), 14 days
-- to either side, so that a true change of traffic is the usual after two weeks. Slots that are not
-- here count for nothing: a source that delivers now and then is judged by what it hears then.
usual as (
    select
        *,
        median(vessels_around) over (
            partition by port_id, source, hour(slot_at)
            order by slot_at
            range between interval 14 day preceding and interval 14 day following
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
    -- Under a fifth of the usual, where the usual is 5 ships or more: of 5 to 25 ships chance
    -- leaves so few once in 140 times or less (Poisson), and ships that lie still make it rarer.
    -- Both numbers are choices (docs/method.md, "Heard").
    usual_vessels >= 5 and vessels_around < 0.2 * usual_vessels as is_suspect
from usual
order by port_id, source, slot_at
