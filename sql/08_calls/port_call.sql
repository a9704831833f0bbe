-- Every stay of a ship at an Iranian port, with the ship's identity and its link to Russia.
-- Grain: one port call (port_call_id).
-- Key: port_call_id.
with link as (
    select
        port_call_id,
        min(
            case link_tier when 'strong' then 1 when 'moderate' then 2 else 3 end
        ) as tier_rank,
        -- Weak evidence is given only where there is no strong or moderate evidence.
        coalesce(
            string_agg(distinct link_reason, ', ' order by link_reason)
            filter (where link_tier <> 'weak'),
            string_agg(distinct link_reason, ', ' order by link_reason)
        ) as link_reasons,
        bool_or(was_known_at_call and link_tier <> 'weak') as was_known_at_call
    from call_evidence
    group by port_call_id
),

-- Ships listed under a programme concerning Iran too: they may only load for China.
iran_list as (
    select
        imo,
        max(coalesce(delisted_on, gone_by, 'infinity'::date)) as listed_to
    from register_entry
    where country = 'IR' and imo is not null
    group by imo
),

-- A listed IMO number on any transmitter of the ship applies to all of its joined calls.
iran_listed as (
    select
        own_call.port_call_id,
        max(iran_list.listed_to) as listed_to
    from joined_call as own_call
    inner join joined_call as other on own_call.joined_id = other.joined_id
    inner join call_identity as identity on other.port_call_id = identity.port_call_id
    inner join iran_list on identity.listed_imo = iran_list.imo
    group by own_call.port_call_id
)

select
    call.port_call_id,
    call.track_id,
    call.mmsi,
    identity.imo,
    identity.vessel_name,
    mid.country_code as flag,
    call.port_id,
    call.area_kind,
    call.arrived_after,
    call.arrived_at,
    call.berthed_at,
    call.departed_at,
    call.departed_by,
    call.fixes,
    call.longest_gap_h,
    identity.draught_in_m,
    identity.draught_out_m,
    call_confidence.confidence,
    hull.is_tanker,
    hull.tanker_kind,
    coalesce(link.tier_rank <= 2, false) as is_russian_linked,
    case link.tier_rank
        when 1 then 'strong' when 2 then 'moderate' when 3 then 'weak' else 'none'
    end as link_tier,
    link.link_reasons,
    -- Null where the ship has no IMO number, or no list is available.
    case
        when
            (identity.listed_imo is not null or iran_listed.port_call_id is not null)
            and evidence_at_hand.has_iran_list
            then coalesce(call.arrived_at < iran_listed.listed_to, false)
    end as is_iran_listed,
    case when link.tier_rank <= 2 then link.was_known_at_call end as was_known_at_call,
    strftime(call.arrived_at, '%G-W%V') as week,
    identity.hull_id,
    port.name as port_name,
    call.arrived_at::date as arrived_on,
    identity.claimed_imo,
    unheard_arrival.port_call_id is null as is_arrival,
    call.anchored_at,
    call.unberthed_at
from track_call as call
inner join call_confidence on call.port_call_id = call_confidence.port_call_id
inner join call_identity as identity on call.port_call_id = identity.port_call_id
inner join port on call.port_id = port.port_id and port.country = 'IR'
left join evidence_at_hand on strftime(call.arrived_at, '%G-W%V') = evidence_at_hand.week
left join unheard_arrival on call.port_call_id = unheard_arrival.port_call_id
left join hull on identity.hull_id = hull.hull_id
left join iran_listed on call.port_call_id = iran_listed.port_call_id
left join link on call.port_call_id = link.port_call_id
left join mid on call.mmsi // 1000000 = mid.mid
order by call.arrived_at, call.port_call_id
