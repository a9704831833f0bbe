-- Visits that witnesses saw against our calls, each at most once: seen by both, by them alone or by us alone, and why.
-- Grain: one visit, or one call that a witness of visits did not see (witness, witness_event_id, port_call_id).
with visit as (
    select
        event.*,
        hearing.is_in_data,
        hearing.heard_share,
        paired.port_call_id
    from witness_event as event
    inner join visit_hearing as hearing on event.witness_event_id = hearing.witness_event_id
    left join witness_paired as paired on event.witness_event_id = paired.witness_event_id
),

-- What a witness can have seen: the ports that it names, from its first visit to its last.
cover as (
    select
        witness,
        min(began_at) as first_at,
        max(began_at) as last_at,
        list(distinct port_id) as port_ids
    from visit
    where kind = 'port_visit'
    group by witness
),

-- The transmitters of a ship that is known by its IMO number alone.
known_as as (
    select distinct
        imo,
        mmsi
    from vessel
    where imo is not null and mmsi is not null
),

heard_near as (
    select distinct visit.witness_event_id
    from visit
    inner join (
        select
            witness_event_id,
            mmsi
        from visit
        where mmsi is not null
        union
        select
            visit.witness_event_id,
            known_as.mmsi
        from visit
        inner join known_as on visit.imo = known_as.imo
    ) as ship on visit.witness_event_id = ship.witness_event_id
    inner join heard as slot
        on
            ship.mmsi = slot.mmsi
            and visit.port_id = slot.port_id
            and slot.slot_at >= slot_of(visit.began_at)
            and slot.slot_at < coalesce(visit.ended_at, 'infinity'::timestamp)
    where visit.port_call_id is null
),

theirs as (
    select
        visit.witness,
        case when visit.port_call_id is null then 'theirs alone' else 'both' end as match,
        visit.kind,
        visit.witness_event_id,
        visit.port_call_id,
        visit.port_id,
        coalesce(visit.mmsi, call.mmsi) as mmsi,
        coalesce(visit.imo, call.imo) as imo,
        visit.began_at,
        visit.ended_at,
        visit.confidence,
        visit.heard_share,
        coalesce(visit.is_in_data and visit.heard_share >= rule('witness_heard_share'), false)
            as is_in_recall,
        visit.kind = 'port_visit' and visit.port_call_id is not null as is_in_precision,
        case
            when not visit.is_in_data then 'outside our data'
            when visit.heard_share < rule('witness_heard_share') then 'port not heard then'
            when visit.port_call_id is not null then null
            when heard_near.witness_event_id is not null then 'ship heard near the port, no call found'
            else 'ship not heard near the port'
        end as reason
    from visit
    left join port_call as call on visit.port_call_id = call.port_call_id
    left join heard_near on visit.witness_event_id = heard_near.witness_event_id
),

-- Of the calls of several transmitters that are one call of one ship, those of one transmitter.
our_call as (
    select
        port_call.*,
        joined_call.joined_id
    from port_call
    inner join joined_call on port_call.port_call_id = joined_call.port_call_id
    where port_call.confidence >= rule('counted_confidence')
    qualify
        port_call.mmsi = first_value(port_call.mmsi) over (
            partition by joined_call.joined_id order by port_call.port_call_id
        )
),

-- A visit seen by another transmitter of the ship is seen.
seen as (
    select distinct
        visit.witness,
        our_call.port_call_id
    from visit
    inner join port_call as call on visit.port_call_id = call.port_call_id
    inner join joined_call on call.port_call_id = joined_call.port_call_id
    inner join our_call
        on
            joined_call.joined_id = our_call.joined_id
            and (call.port_call_id = our_call.port_call_id or call.mmsi <> our_call.mmsi)
),

ours_alone as (
    select
        cover.witness,
        'ours alone' as match,
        'port_visit' as kind,
        null as witness_event_id,
        call.port_call_id,
        call.port_id,
        call.mmsi,
        call.imo,
        null as began_at,
        null as ended_at,
        null as confidence,
        null as heard_share,
        false as is_in_recall,
        list_contains(cover.port_ids, call.port_id)
        and call.arrived_at between cover.first_at and cover.last_at as is_in_precision,
        case
            when not call.arrived_at between cover.first_at and cover.last_at
                then 'outside the witness''s dates'
            when not list_contains(cover.port_ids, call.port_id)
                then 'the witness names no visit at this port'
            else 'not seen by the witness'
        end as reason
    from cover
    cross join our_call as call
    anti join seen on cover.witness = seen.witness and call.port_call_id = seen.port_call_id
),

matched as (
    from theirs
    union all
    from ours_alone
)

select
    matched.witness,
    matched.match,
    matched.kind,
    matched.witness_event_id,
    matched.port_call_id,
    matched.port_id,
    matched.mmsi,
    matched.imo,
    matched.began_at,
    matched.ended_at,
    call.arrived_at,
    call.departed_at,
    matched.confidence,
    call.confidence as call_confidence,
    matched.heard_share,
    matched.is_in_recall,
    matched.is_in_precision,
    matched.reason,
    strftime(coalesce(matched.began_at, call.arrived_at), '%G-W%V') as week
from matched
left join port_call as call on matched.port_call_id = call.port_call_id
order by
    coalesce(matched.began_at, call.arrived_at),
    matched.witness,
    matched.witness_event_id nulls last,
    matched.port_call_id
