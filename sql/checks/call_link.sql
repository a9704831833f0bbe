-- Calls linked without a reason or a reason without a link: link and evidence must agree.
-- Grain: one call at fault.
with evidence as (
    select
        port_call_id,
        min(
            case link_tier when 'strong' then 1 when 'moderate' then 2 else 3 end
        ) as tier_rank,
        bool_or(was_known_at_call and link_tier <> 'weak') as was_known_at_call
    from call_evidence
    group by port_call_id
),

expected as (
    select
        port_call.port_call_id as known_id,
        evidence.port_call_id as evidence_id,
        port_call.is_russian_linked,
        port_call.link_tier,
        port_call.link_reasons,
        port_call.was_known_at_call,
        case evidence.tier_rank
            when 1 then 'strong' when 2 then 'moderate' when 3 then 'weak' else 'none'
        end as evidence_tier,
        case when evidence.tier_rank <= 2 then evidence.was_known_at_call end as evidence_known
    from port_call
    full join evidence on port_call.port_call_id = evidence.port_call_id
)

select
    coalesce(known_id, evidence_id) as port_call_id,
    is_russian_linked,
    link_tier,
    evidence_tier,
    link_reasons,
    was_known_at_call
from expected
where
    known_id is null
    or link_tier is distinct from evidence_tier
    or is_russian_linked is distinct from (link_tier in ('strong', 'moderate'))
    or (link_tier = 'none') <> (link_reasons is null)
    or link_reasons = ''
    or was_known_at_call is distinct from evidence_known
order by coalesce(known_id, evidence_id)
