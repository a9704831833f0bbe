-- Every entry of every register on a ship, whatever the programme is about.
-- Grain: one entry. Inputs: register_entry. Parameter: $imo.
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
where imo = $imo
order by country, link_source, programme, reference
