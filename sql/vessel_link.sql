-- Evidence that ties a hull to Russia, each piece dated and sourced.
-- Grain: one piece of evidence. Inputs: register_entry, from data/registers; vessel.
with listed as (
    -- What is known today counts for all weeks, so a listing date makes no step in the series:
    -- valid_from is open. A delisted ship keeps its link for the time before.
    select
        imo,
        null::integer as mmsi,
        link_tier,
        link_reason,
        link_source,
        reference,
        programme,
        listed_on,
        delisted_on,
        null::timestamp as valid_from,
        delisted_on::timestamp as valid_to,
        'imo' as matched_by
    from register_entry
),

flown as (
    -- The Russian flag counts while it is heard and for the year after (README, "How it decides"), under
    -- any MMSI of the same IMO number.
    select
        imo,
        mmsi,
        'strong' as link_tier,
        'flag' as link_reason,
        'MMSI' as link_source,
        'MID ' || (mmsi // 1000000) as reference,
        null::varchar as programme,
        null::date as listed_on,
        null::date as delisted_on,
        valid_from,
        valid_to + interval 1 year as valid_to,
        case when imo is null then 'mmsi' else 'imo' end as matched_by
    from vessel
    where flag = 'RU'
)

select
    imo,
    mmsi,
    link_tier,
    link_reason,
    link_source,
    reference,
    programme,
    listed_on,
    delisted_on,
    valid_from,
    valid_to,
    matched_by
from listed
union all
select
    imo,
    mmsi,
    link_tier,
    link_reason,
    link_source,
    reference,
    programme,
    listed_on,
    delisted_on,
    valid_from,
    valid_to,
    matched_by
from flown
order by imo, mmsi, link_source, listed_on, reference
