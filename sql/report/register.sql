-- The registers used, their age at the end of a week, and open questions on each.
-- Grain: one register.
with unknown as (
    select
        register,
        programme,
        count(distinct coalesce(imo::varchar, mmsis[1]::varchar, vessel_name)) as hulls
    from register_entry
    where not is_known_programme and gone_by is null
    group by register, programme
),

unknown_key as (
    select
        register,
        sum(hulls)::integer as hulls,
        array_to_string(
            list(coalesce(programme, 'no key') order by hulls desc, programme)[1:3], ', '
        )
        || case when count(*) > 3 then ' and ' || (count(*) - 3) || ' more' else '' end as keys
    from unknown
    group by register
)

select
    version.link_source,
    version.published_on,
    version.entries,
    (week.ends_at::date - version.published_on)::integer as age_days,
    -- The EU lists ships every two to four months (relation register_age).
    week.ends_at::date - version.published_on > 60 as is_old,
    version.accepted,
    unknown_key.hulls as unknown_hulls,
    unknown_key.keys as unknown_keys,
    version.register as source,
    coalesce(source_terms.publisher, version.link_source) as publisher,
    source_terms.licence,
    source_terms.citation
from register_version as version
inner join week on week.week = $week
left join unknown_key on version.register = unknown_key.register
left join source_terms on version.register = source_terms.source
where version.is_newest
order by version.link_source, version.register
