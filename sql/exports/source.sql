-- What a home's numbers are made of: its AIS sources and the newest version of each list, with their terms.
-- Grain: one source.
with used as (
    select distinct
        source,
        null as link_source
    from source_file
    union all
    select distinct
        register as source,
        link_source
    from register_version
    where is_newest
)

select
    used.source,
    used.link_source,
    coalesce(source_terms.publisher, used.link_source) as publisher,
    source_terms.licence,
    source_terms.citation
from used
left join source_terms on used.source = source_terms.source
order by used.link_source nulls first, used.source
