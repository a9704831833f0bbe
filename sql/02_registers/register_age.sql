-- The age of each register: after 60 days a sanctions list has usually missed a round of listings.
-- Grain: one register.
select
    version.link_source,
    version.published_on,
    -- The EU lists ships every two to four months (dates in Annex XLII).
    version.published_on + 1 + rule('list_old_days')::integer as old_from,
    clock.as_of::date > version.published_on + rule('list_old_days')::integer as is_old
from register_version as version
cross join clock
where version.is_newest
order by version.link_source, version.register
