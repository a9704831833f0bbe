-- Tankers that may be linked to Russia at any time, or called in Iran; tanker_silence checks each silence on its day.
-- Grain: one hull (hull_id).
with caller as (
    select distinct identity.hull_id
    from counted_call
    inner join call_identity as identity on counted_call.port_call_id = identity.port_call_id
    where counted_call.series = 'russian_linked_tankers'
)

select hull_id
from hull
where
    is_tanker
    and (
        hull_id in (select hull_id from caller)
        or imo in (select imo from vessel_link where matched_by = 'imo' and link_tier <> 'weak')
        or hull_id in (select hull_id from vessel_link where link_tier <> 'weak')
        or hull_id in (
            select hull_spell.hull_id
            from hull_spell
            inner join vessel_link as link on hull_spell.mmsi = link.mmsi
            where hull_spell.imo is null and link.link_tier <> 'weak'
        )
    )
order by hull_id
