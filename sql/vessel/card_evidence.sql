-- The evidence for the link of a call's ship to Russia.
-- Grain: one piece of evidence. Parameter: $port_call_id.
select
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
from call_evidence
where port_call_id = $port_call_id
order by
    list_position(['strong', 'moderate', 'weak'], link_tier),
    link_reason,
    link_source,
    listed_on,
    reference,
    programme,
    matched_by
