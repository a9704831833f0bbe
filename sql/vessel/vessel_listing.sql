-- Every entry of every register on a ship, whatever the programme concerns.
-- Grain: one entry. Parameters: $hull_id, $imo and $mmsi, null where the ship has none.
select
    link_source,
    reference,
    programme,
    country,
    vessel_name,
    flag,
    vessel_type,
    listed_on,
    delisted_on,
    gone_by,
    first_seen_on,
    last_seen_on
from register_entry
where
    imo = $imo
    or (
        imo is null
        and (
            list_contains(mmsis, $mmsi)
            -- The list has a name and no number: hull_id is the name, as in vessel_find.
            or ($imo is null and $mmsi is null and len(mmsis) = 0 and vessel_name = $hull_id)
        )
    )
order by country, link_source, programme, reference
