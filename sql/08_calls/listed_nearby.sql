-- Tankers on a list about Russia that were heard near an Iranian port in a week in which they were at none.
-- Grain: one hull, week and port within whose surroundings it was heard.
with listing as (
    select
        imo,
        link_source,
        valid_from,
        valid_to
    from vessel_link
    where matched_by = 'imo' and link_reason = 'listed' and link_tier = 'strong'
),

ship as (
    select
        hull_spell.mmsi,
        hull_spell.imo,
        hull_spell.hull_id,
        hull_spell.first_day,
        hull_spell.last_day
    from hull_spell
    inner join hull on hull_spell.hull_id = hull.hull_id
    where
        hull.is_tanker
        and hull_spell.imo in (select imo from listing)
),

displaced as (
    select
        mmsi,
        slot_of(reported_at) as slot_at,
        count(*) as fixes
    from flagged_position
    where verdict = 'implausible'
    group by mmsi, slot_of(reported_at)
),

-- Six hours count where more fixes near the port were received than fixes that cannot be true.
slot as (
    select
        ship.hull_id,
        heard.port_id,
        heard.slot_at,
        max(ship.imo) as imo,
        bit_or(heard.hour_bits)::integer as hour_bits
    from (
        select
            port_id,
            source,
            slot_at,
            mmsi,
            sum(fixes)::bigint as fixes,
            bit_or(hour_bits) as hour_bits
        from heard
        where mmsi in (select mmsi from ship)
        group by port_id, source, slot_at, mmsi
    ) as heard
    inner join port on heard.port_id = port.port_id and port.country = 'IR'
    inner join ship
        on
            heard.mmsi = ship.mmsi
            and heard.slot_at::date between ship.first_day and ship.last_day
    left join displaced on heard.mmsi = displaced.mmsi and heard.slot_at = displaced.slot_at
    where displaced.fixes is null or heard.fixes > displaced.fixes
    group by ship.hull_id, heard.port_id, heard.slot_at
),

nearby as (
    select
        slot.hull_id,
        week.week,
        slot.port_id,
        max(slot.imo) as imo,
        any_value(week.starts_at) as starts_at,
        any_value(week.ends_at) as ends_at,
        -- The lowest bit is the first hour of the slot, the highest one the last.
        min(slot.slot_at + to_hours(log2(slot.hour_bits & -slot.hour_bits)::integer)) as first_hour_at,
        max(slot.slot_at + to_hours(floor(log2(slot.hour_bits))::integer)) as last_hour_at,
        sum(bit_count(slot.hour_bits))::smallint as hours
    from slot
    inner join week on slot.slot_at >= week.starts_at and slot.slot_at < week.ends_at
    group by slot.hull_id, week.week, slot.port_id
),

list as (
    select
        nearby.hull_id,
        nearby.week,
        string_agg(distinct listing.link_source, ', ' order by listing.link_source) as lists
    from nearby
    inner join listing
        on
            nearby.imo = listing.imo
            and (listing.valid_from is null or listing.valid_from < nearby.ends_at)
            and (listing.valid_to is null or listing.valid_to > nearby.starts_at)
    group by nearby.hull_id, nearby.week
)

select
    nearby.week,
    nearby.hull_id,
    nearby.imo,
    hull.mmsi,
    hull.vessel_name,
    hull.flag,
    list.lists,
    nearby.port_id,
    nearby.first_hour_at,
    nearby.last_hour_at,
    nearby.hours
from nearby
inner join hull on nearby.hull_id = hull.hull_id
inner join list on nearby.hull_id = list.hull_id and nearby.week = list.week
where not exists (
    select 1
    from port_call
    where
        port_call.hull_id = nearby.hull_id
        and port_call.arrived_at < nearby.ends_at
        and coalesce(port_call.departed_at, 'infinity'::timestamp) >= nearby.starts_at
)
order by nearby.week, nearby.hull_id, nearby.port_id
