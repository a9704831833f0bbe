-- The evidence that links the ship of a call to Russia and is valid at that call.
-- Grain: one call and piece of evidence.
with call as (
    select
        track_call.port_call_id,
        track_call.mmsi,
        track_call.track_id,
        track_call.arrived_at,
        call_identity.hull_id,
        call_identity.imo,
        call_identity.listed_imo,
        call_identity.imo_by,
        call_identity.claimed_imo
    from track_call
    inner join call_identity on track_call.port_call_id = call_identity.port_call_id
    inner join port on track_call.port_id = port.port_id
    where port.country = 'IR'
),

transmitter_use as (
    select
        mmsi,
        hull_id,
        min(valid_from) as first_at,
        max(valid_to) as last_at
    from vessel
    where source = 'AIS'
    group by mmsi, hull_id
),

-- The last decision on a transmitter and a hull that is valid at the time of the call.
decided as (
    select
        call.port_call_id,
        decision.imo,
        arg_max(decision.decision, decision.line) as decision,
        arg_max(decision.decided_on, decision.line) as decided_on
    from call
    inner join link_decision as decision
        on
            call.mmsi = decision.mmsi
            and call.arrived_at >= coalesce(decision.valid_from, '-infinity'::timestamp)
            and call.arrived_at < coalesce(decision.valid_to, 'infinity'::timestamp)
    group by call.port_call_id, decision.imo
),

-- First by IMO number.
by_hull as (
    select
        call.port_call_id,
        call.arrived_at,
        link.* exclude (matched_by, known_from, hull_id),
        -- The hull may come from a person's decision instead of the transmitted IMO number.
        case
            when call.imo is null then 'contested imo'
            when call.imo_by = 'decision' then 'decision'
            else 'imo'
        end as matched_by,
        greatest(
            link.known_from, case when call.imo_by = 'decision' then decided.decided_on end
        ) as known_from
    from call
    inner join vessel_link as link on call.listed_imo = link.imo and link.matched_by = 'imo'
    left join decided
        on call.port_call_id = decided.port_call_id and call.imo = decided.imo
    -- For a number that another ship transmits too, only evidence from lists: evidence from AIS
    -- may belong to the other ship.
    where call.imo is not null or link.link_source not in ('MMSI', 'AIS')
),

-- AIS-derived evidence on a vessel without an IMO number applies to that vessel only.
by_description as (
    select
        call.port_call_id,
        call.arrived_at,
        link.* exclude (hull_id)
    from call
    inner join vessel_link as link on call.hull_id = link.hull_id and link.imo is null
),

-- By an MMSI in a list only a ship that transmits no IMO number at all, within the dates, and only
-- while no other ship used the MMSI: it may have been reassigned.
by_list as (
    select
        call.port_call_id,
        call.arrived_at,
        link.* exclude (hull_id)
    from call
    inner join vessel_link as link
        on call.mmsi = link.mmsi and link.matched_by = 'mmsi' and link.hull_id is null
    left join decided
        on call.port_call_id = decided.port_call_id and link.imo = decided.imo
    where
        call.imo is null
        and call.claimed_imo is null
        and call.track_id = call.mmsi
        and decided.decision is distinct from 'refuse'
        and not exists (
            select 1
            from transmitter_use
            where
                transmitter_use.mmsi = call.mmsi
                and transmitter_use.hull_id <> call.hull_id
                and transmitter_use.last_at >= link.valid_from
                and transmitter_use.first_at <= call.arrived_at
        )
),

matched as (
    select * from by_hull
    union all by name
    select * from by_description
    union all by name
    select * from by_list
),

own as (
    select
        port_call_id,
        link_tier,
        link_reason,
        link_source,
        reference,
        programme,
        listed_on,
        delisted_on,
        matched_by,
        known_from,
        known_from <= arrived_at as was_known_at_call
    from matched
    where
        (valid_from is null or valid_from <= arrived_at)
        and (valid_to is null or arrived_at < valid_to)
),

-- Several transmitters in one call of one ship: evidence on any of them links the call.
taken_over as (
    select distinct
        call.port_call_id,
        own.* exclude (port_call_id, matched_by),
        'same call' as matched_by
    from call
    inner join joined_call as this_call on call.port_call_id = this_call.port_call_id
    inner join joined_call as same_call
        on this_call.joined_id = same_call.joined_id and this_call.port_call_id <> same_call.port_call_id
    inner join call as other
        on same_call.port_call_id = other.port_call_id and call.track_id <> other.track_id
    inner join own on other.port_call_id = own.port_call_id
    where not exists (
        select 1
        from own as own_evidence
        where
            own_evidence.port_call_id = call.port_call_id
            and own_evidence.link_reason = own.link_reason
            and own_evidence.link_source = own.link_source
            and own_evidence.reference is not distinct from own.reference
            and own_evidence.programme is not distinct from own.programme
    )
),

evidence as (
    select * from own
    union all by name
    select * from taken_over
)

select
    port_call_id,
    link_tier,
    link_reason,
    link_source,
    reference,
    programme,
    listed_on,
    delisted_on,
    matched_by,
    known_from,
    was_known_at_call
from evidence
order by
    port_call_id,
    list_position(['strong', 'moderate', 'weak'], link_tier),
    link_reason,
    link_source,
    listed_on,
    reference,
    programme,
    matched_by
