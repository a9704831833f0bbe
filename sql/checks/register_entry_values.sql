-- Entries of registers without what makes them one, or with dates that cannot be.
-- Grain: one entry at fault.
select
    entry.register,
    entry.reference,
    entry.imo,
    entry.programme,
    entry.listed_on,
    entry.delisted_on,
    entry.gone_by,
    entry.known_from
from register_entry as entry
where
    coalesce(entry.reference = '', true)
    or coalesce(entry.link_source = '', true)
    or (entry.imo is null and len(entry.mmsis) = 0 and entry.vessel_name is null)
    or entry.link_tier not in ('strong', 'moderate', 'weak')
    or (entry.link_tier is not null and entry.country is distinct from 'RU')
    or entry.listed_on > entry.delisted_on
    or entry.known_from is null
    or entry.first_seen_on > entry.last_seen_on
    or entry.gone_by < entry.last_seen_on
order by entry.register, entry.reference, entry.imo, entry.programme
