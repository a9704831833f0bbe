-- Evidence that links a ship to Russia, with dates and sources.
-- Grain: one piece of evidence. Parameters: $hull_id, $imo (null for a ship without an IMO number), $mmsi.
with transmitter as (
    select distinct mmsi
    from vessel
    where hull_id = $hull_id and source = 'AIS'
)

select
    link_tier,
    link_reason,
    link_source,
    reference,
    programme,
    listed_on,
    delisted_on,
    known_from,
    valid_from,
    valid_to,
    matched_by
from vessel_link
where
    (matched_by = 'imo' and imo = $imo)
    or (imo is null and hull_id = $hull_id)
    -- By an MMSI in a list: only for a ship without an IMO number, or one that is only listed.
    or (
        $imo is null
        and matched_by = 'mmsi'
        and hull_id is null
        and (mmsi = $mmsi or mmsi in (select mmsi from transmitter))
    )
order by
    list_position(['strong', 'moderate', 'weak'], link_tier),
    known_from,
    link_source,
    reference,
    programme,
    valid_from
