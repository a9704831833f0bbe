-- Ships newly listed or delisted under a programme about Russia: each imported list against the one in force before it.
-- Grain: one hull on one register in one version (version, imo).
with in_force as (
    select
        version.version,
        version.register,
        version.published_on,
        version.imported_at,
        version.import_number,
        -- Links follow the newest of those at hand, whatever the order in which they came.
        max(version.version) over so_far as newest,
        max(version.version) over before as newest_before,
        max(version.published_on) over before as published_before
    from register_version as version
    cross join clock
    where version.published_on <= clock.known_on
    window
        so_far as (
            partition by version.register
            order by coalesce(version.import_number, 0), version.version
            rows between unbounded preceding and current row
        ),
        before as (
            partition by version.register
            order by coalesce(version.import_number, 0), version.version
            rows between unbounded preceding and 1 preceding
        )
),

taken as (
    select *
    from in_force
    where import_number is not null and version = newest and newest_before < version
),

meaning as (
    select distinct
        register,
        programme,
        link_source,
        is_known_programme,
        country = 'RU' and link_reason = 'listed' as is_of_russia,
        link_tier
    from register_entry
),

-- Bundled lists have only hulls with an IMO number, so that others are not compared.
stated as (
    select
        entry.version,
        entry.register,
        entry.imo,
        entry.vessel_name,
        entry.programme,
        entry.listed_on,
        meaning.link_source,
        meaning.link_tier,
        meaning.is_known_programme,
        coalesce(meaning.is_of_russia, false) as is_of_russia
    from version_entry as entry
    inner join register_version as version on entry.version = version.version
    inner join meaning
        on
            entry.register = meaning.register
            and entry.programme is not distinct from meaning.programme
    where
        entry.imo is not null
        and not entry.is_delisted
        and coalesce(entry.delisted_on > version.published_on, true)
        and entry.version in (select unnest([version, newest_before]) from taken)
),

held as (
    select
        version,
        imo,
        min(vessel_name) as vessel_name,
        array_to_string(list(distinct programme order by programme), '; ') as programmes,
        min(link_source) as link_source,
        case
            when bool_or(link_tier = 'strong') then 'strong'
            when bool_or(link_tier = 'moderate') then 'moderate'
            else 'weak'
        end as link_tier,
        min(listed_on) as listed_on
    from stated
    where is_of_russia
    group by version, imo
),

-- An unknown tag is evidence of nothing, nor of a delisting.
of_unknown_tag as (
    select distinct
        version,
        imo
    from stated
    where not is_known_programme
),

changed as (
    select
        taken.version,
        'listed' as change,
        now.* exclude (version)
    from taken
    inner join held as now on taken.version = now.version
    anti join held as earlier
        on taken.newest_before = earlier.version and now.imo = earlier.imo
    anti join of_unknown_tag
        on taken.newest_before = of_unknown_tag.version and now.imo = of_unknown_tag.imo
    union all
    select
        taken.version,
        'delisted' as change,
        earlier.* exclude (version)
    from taken
    inner join held as earlier on taken.newest_before = earlier.version
    anti join held as now on taken.version = now.version and earlier.imo = now.imo
    anti join of_unknown_tag
        on taken.version = of_unknown_tag.version and earlier.imo = of_unknown_tag.imo
    -- A list cannot contain what was listed after its day.
    where coalesce(earlier.listed_on <= taken.published_on, true)
)

select
    changed.version,
    -- The report of the week that ended last names it.
    strftime(taken.imported_at - interval 7 day, '%G-W%V') as week,
    changed.change,
    taken.register,
    changed.link_source,
    changed.imo,
    changed.vessel_name,
    changed.programmes,
    changed.link_tier,
    changed.listed_on,
    taken.published_on,
    taken.published_before
from changed
inner join taken on changed.version = taken.version
order by changed.version, changed.change, changed.imo
