-- How much of each visit to an Iranian port was heard at that port: whether a call could have been found.
-- Grain: one port visit or inspection (witness_event_id).
with span as (
    select
        min(week.starts_at) as first_at,
        least(max(week.ends_at), any_value(clock.as_of)) as last_at
    from week
    cross join clock
),

visit as (
    select
        event.witness_event_id,
        event.port_id,
        date_trunc('hour', greatest(event.began_at, span.first_at)) as from_at,
        least(coalesce(event.ended_at, span.last_at), span.last_at) as to_at,
        event.began_at < span.last_at
        and coalesce(event.ended_at, span.last_at) >= span.first_at as is_in_data
    from witness_event as event
    inner join port on event.port_id = port.port_id and port.country = 'IR'
    left join span on true
    where event.kind in ('port_visit', 'inspection')
),

slot as (
    select
        port_id,
        slot_at,
        hour_bits,
        sum(bit_count(hour_bits)) over (
            partition by port_id order by slot_at
        ) - bit_count(hour_bits) as earlier_hours
    from observed_slot
    where port_id in (select port_id from visit)
),

-- The hours heard up to the end of the visit, and up to its start.
up_to as (
    select
        visit.witness_event_id,
        slot.earlier_hours + hours_started(slot.hour_bits, slot.slot_at, visit.to_at) as hours
    from visit
    asof left join slot on visit.port_id = slot.port_id and visit.to_at > slot.slot_at
),

before as (
    select
        visit.witness_event_id,
        slot.earlier_hours + hours_started(slot.hour_bits, slot.slot_at, visit.from_at) as hours
    from visit
    asof left join slot on visit.port_id = slot.port_id and visit.from_at > slot.slot_at
)

select
    visit.witness_event_id,
    coalesce(visit.is_in_data, false) as is_in_data,
    case
        when visit.is_in_data
            then
                least(
                    1.0,
                    (coalesce(up_to.hours, 0) - coalesce(before.hours, 0))
                    / greatest(1, ceil(epoch(visit.to_at - visit.from_at) / 3600))
                )::float
    end as heard_share
from visit
inner join up_to on visit.witness_event_id = up_to.witness_event_id
inner join before on visit.witness_event_id = before.witness_event_id
order by visit.witness_event_id
