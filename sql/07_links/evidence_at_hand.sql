-- Kinds of evidence available for a week: a kind that is not available cannot be counted as zero.
-- Grain: one week (week).
with russian_day as (
    select
        observed_slot.port_id,
        observed_slot.slot_at::date as day,
        sum(bit_count(observed_slot.hour_bits)) as hours
    from observed_slot
    inner join port on observed_slot.port_id = port.port_id
    where port.trade_tier is not null and port.trade_tier <> 'weak'
    group by all
),

-- A call links for 180 days (relation vessel_link), and a zero is reported from 0.3 of the hours up
-- (docs/method.md, "Heard"), here of the 180 days before the week's end.
russian_port_heard as (
    select
        week.week,
        port.water
    from week
    inner join russian_day
        on
            russian_day.day < week.ends_at
            and russian_day.day >= week.ends_at - to_days(rule('trade_days')::integer)
    inner join port on russian_day.port_id = port.port_id
    group by week.week, russian_day.port_id, port.water
    having sum(russian_day.hours) >= rule('least_share') * rule('trade_days') * 24
),

-- The first three digits of an MMSI give the ship's flag (ITU-R M.585), if allocated to a country.
flag_heard as (
    select distinct time_bucket(interval 7 day, slot.slot_at, timestamp '2000-01-03') as starts_at
    from heard as slot
    inner join mid on slot.mmsi // 1000000 = mid.mid
),

-- Evidence from lists, while in force.
list_evidence as (
    select distinct
        week.week,
        vessel_link.link_reason
    from week
    inner join vessel_link
        on
            coalesce(vessel_link.valid_from < week.ends_at, true)
            and coalesce(vessel_link.valid_to > week.starts_at, true)
    where vessel_link.link_tier <> 'weak' and vessel_link.link_source not in ('AIS', 'MMSI')
)

select
    week.week,
    (week.week, 'listed') in (from list_evidence) as has_listed,
    week.starts_at in (from flag_heard) as has_flag,
    (week.week, 'owner') in (from list_evidence) as has_owner,
    (week.week, 'trade') in (from list_evidence) or week.week in (select week from russian_port_heard) as has_trade,
    exists (
        from register_entry
        where
            country = 'IR'
            and imo is not null
            and coalesce(delisted_on, gone_by, 'infinity'::date) > week.starts_at
    ) as has_iran_list,
    -- What links a dry cargo ship by trade (relation vessel_link).
    (week.week, 'trade') in (from list_evidence)
    or week.week in (select week from russian_port_heard where water = 'Caspian')
        as has_dry_cargo_trade
from week
order by week.week
