-- The evidence for a week's linked calls, for the report page.
-- Grain: one piece of evidence of one linked tanker call that arrived in $week.
select
    evidence.port_call_id,
    evidence.link_tier,
    evidence.link_reason,
    evidence.link_source,
    evidence.reference,
    evidence.programme,
    evidence.listed_on,
    evidence.delisted_on,
    evidence.matched_by,
    evidence.was_known_at_call
from call_evidence as evidence
inner join port_call on evidence.port_call_id = port_call.port_call_id
where port_call.week = $week and port_call.is_tanker and port_call.is_russian_linked
order by
    evidence.port_call_id,
    list_position(['strong', 'moderate', 'weak'], evidence.link_tier),
    evidence.link_reason,
    evidence.link_source,
    evidence.listed_on,
    evidence.reference,
    evidence.programme,
    evidence.matched_by
