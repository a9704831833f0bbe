-- A week's calls of Russian-linked tankers, each with the evidence for its link.
-- Grain: one call and piece of evidence.
with selected as (
    -- Replace null by a week such as '2026-W16'; null is the newest closed week.
    select coalesce(null, max(week) filter (where state <> 'open'), max(week)) as week
    from barometer
    where series = 'russian_linked_tankers'
)

select
    port_call.week,
    port_call.port_name,
    port_call.area_kind,
    port_call.arrived_at,
    port_call.departed_at,
    port_call.hull_id,
    port_call.vessel_name,
    port_call.imo,
    port_call.mmsi,
    port_call.flag,
    port_call.confidence,
    counted_call.is_headline,
    evidence.link_tier,
    evidence.link_reason,
    evidence.link_source,
    evidence.reference,
    evidence.listed_on,
    evidence.was_known_at_call
from selected
inner join port_call on selected.week = port_call.week
inner join counted_call on port_call.port_call_id = counted_call.port_call_id
inner join call_evidence as evidence on port_call.port_call_id = evidence.port_call_id
where counted_call.series = 'russian_linked_tankers' and port_call.is_russian_linked
order by
    port_call.arrived_at,
    port_call.port_call_id,
    list_position(['strong', 'moderate', 'weak'], evidence.link_tier),
    evidence.link_reason,
    evidence.link_source,
    evidence.listed_on,
    evidence.reference,
    evidence.matched_by
