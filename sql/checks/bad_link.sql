-- Evidence without a ship, a source or a known word, or with dates in disorder.
-- Grain: one piece of evidence at fault.
select
    imo,
    mmsi,
    link_tier,
    link_reason,
    link_source,
    reference,
    listed_on,
    delisted_on,
    valid_from,
    valid_to,
    matched_by
from vessel_link
where
    coalesce(link_tier not in ('strong', 'moderate', 'weak'), true)
    or coalesce(link_reason not in ('listed', 'flag', 'owner', 'trade', 'destination', 'switch'), true)
    or coalesce(link_source = '', true)
    or coalesce(reference = '', true)
    or coalesce(matched_by not in ('imo', 'mmsi'), true)
    or (matched_by = 'imo' and imo is null)
    or (matched_by = 'mmsi' and mmsi is null)
    or known_from is null
    or listed_on > known_from
    or listed_on > delisted_on
    or valid_from > valid_to
order by imo, mmsi, link_source, listed_on, reference
