-- The pieces of evidence that link the ship of a call to Russia, as valid for that call.
-- Grain: one call and piece of evidence. Inputs: track_call, port, call_identity, vessel_link.
with call as (
    select
        track_call.port_call_id,
        track_call.mmsi,
        track_call.arrived_at,
        call_identity.imo,
        call_identity.imo_by
    from track_call
    inner join call_identity on track_call.port_call_id = call_identity.port_call_id
    inner join port on track_call.port_id = port.port_id
    where port.country = 'IR'
),

-- By hull first; by transmitter only where the ship tells no hull, or the evidence knows none,
-- within its dates.
matched as (
    select
        call.port_call_id,
        call.arrived_at,
        link.* exclude (matched_by),
        -- That the ship is this hull was a person's decision, and not its own word.
        case when call.imo_by = 'decision' then 'decision' else 'imo' end as matched_by
    from call
    inner join vessel_link as link on call.imo = link.imo and link.matched_by = 'imo'
    union all by name
    select
        call.port_call_id,
        call.arrived_at,
        link.*
    from call
    inner join vessel_link as link
        on
            call.mmsi = link.mmsi
            and link.matched_by = 'mmsi'
            and (call.imo is null or link.imo is null)
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
    known_from <= arrived_at as was_known_at_call
from matched
where
    (valid_from is null or valid_from <= arrived_at)
    and (valid_to is null or arrived_at < valid_to)
order by
    port_call_id,
    list_position(['strong', 'moderate', 'weak'], link_tier),
    link_reason,
    link_source,
    listed_on,
    reference,
    programme,
    matched_by
