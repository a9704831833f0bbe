-- Every ship of every register, as the newest version that holds it describes it, and since and until when it was there.
-- Grain: one entry of one hull under one programme. Inputs: version_entry, register_version, programme, meta.
with clock as (
    -- What was known on a day: today, unless the catalogue was asked for an earlier one.
    select coalesce((max(value) filter (where key = 'known_on'))::date, 'infinity'::date) as known_on
    from meta
),

-- The versions of that day; where a register has none so old, its first: the listing dates in it
-- say what was public before.
known_version as (
    select
        version.version,
        version.register,
        version.published_on,
        row_number() over (partition by version.register order by version.version) as place
    from register_version as version
    cross join clock
    qualify
        version.published_on <= clock.known_on
        or version.version = min(version.version) over (partition by version.register)
),

entry as (
    select
        version_entry.*,
        known_version.published_on,
        known_version.place,
        -- Publishers renumber entries: a hull under a programme is the same listing.
        coalesce(
            'IMO ' || version_entry.imo, 'MMSI ' || version_entry.mmsis[1], version_entry.vessel_name
        ) as hull
    from version_entry
    inner join known_version on version_entry.version = known_version.version
),

off as (
    select
        *,
        bool_and(is_delisted) over (partition by register, hull, programme, place) as is_off
    from entry
),

span as (
    select
        register,
        hull,
        programme,
        min(published_on) as first_seen_on,
        max(published_on) as last_seen_on,
        max(place) as last_place,
        -- A newer file may lack the dates that an older one had: OFAC's CSV has none.
        min(listed_on) as listed_on,
        -- The first version in which every entry of the hull is off the list.
        min(published_on) filter (where is_off) as said_delisted_by
    from off
    group by register, hull, programme
),

tag as (
    select distinct
        register,
        programme
    from version_entry
),

meaning as (
    select
        tag.register,
        tag.programme,
        programme.country,
        programme.link_tier,
        programme.link_reason,
        programme.link_source,
        programme.register is not null as is_known_programme
    from tag
    left join programme
        on
            (tag.register = programme.register)
            and (
                tag.programme = programme.programme
                or (programme.is_prefix and starts_with(tag.programme, programme.programme))
            )
    qualify row_number() over (
        partition by tag.register, tag.programme
        order by programme.is_prefix, length(programme.programme) desc, programme.programme
    ) = 1
),

-- The first later version that lacks the ship; one of a day before the listing could not have it.
lacking as (
    select
        last_entry.register,
        last_entry.last_place,
        last_entry.listed_on,
        min(after.published_on) as published_on
    from (select distinct register, last_place, listed_on from span) as last_entry
    inner join known_version as after
        on
            last_entry.register = after.register
            and after.place > last_entry.last_place
            and (last_entry.listed_on is null or after.published_on >= last_entry.listed_on)
    group by last_entry.register, last_entry.last_place, last_entry.listed_on
),

dated as (
    select
        entry.*,
        span.first_seen_on,
        span.last_seen_on,
        coalesce(entry.listed_on, span.listed_on) as known_listed_on,
        -- The first day on which the list is known to lack the ship; the day it went is not known.
        least(span.said_delisted_by, lacking.published_on) as gone_by
    from entry
    inner join span
        on
            entry.register = span.register
            and entry.hull is not distinct from span.hull
            and entry.programme is not distinct from span.programme
            and entry.place = span.last_place
    left join lacking
        on
            span.register = lacking.register
            and span.last_place = lacking.last_place
            and span.listed_on is not distinct from lacking.listed_on
)

select
    dated.register,
    coalesce(meaning.link_source, dated.link_source) as link_source,
    dated.reference,
    dated.programme,
    dated.imo,
    dated.mmsis,
    dated.vessel_name,
    dated.former_names,
    dated.call_sign,
    dated.flag,
    dated.vessel_type,
    dated.deadweight_t,
    dated.gross_t,
    dated.length_m,
    dated.built_year,
    dated.ground,
    -- A team's own list is about Russia and says itself what it proves.
    case when dated.link_tier is not null then 'RU' else meaning.country end as country,
    coalesce(dated.link_tier, meaning.link_tier) as link_tier,
    coalesce(dated.link_reason, meaning.link_reason) as link_reason,
    dated.link_reason is not null or coalesce(meaning.is_known_programme, false)
        as is_known_programme,
    dated.known_listed_on as listed_on,
    case when dated.delisted_on <= clock.known_on then dated.delisted_on end as delisted_on,
    dated.gone_by,
    dated.valid_from::timestamp as valid_from,
    -- A last day is meant whole.
    dated.valid_to::timestamp + interval 1 day as valid_to,
    dated.first_seen_on,
    dated.last_seen_on,
    -- The first day on which anyone could know it from this list.
    coalesce(dated.known_listed_on, dated.first_seen_on) as known_from
from dated
cross join clock
left join meaning
    on
        dated.register = meaning.register
        and dated.programme is not distinct from meaning.programme
where coalesce(dated.known_listed_on, dated.first_seen_on) <= clock.known_on
order by
    dated.register,
    dated.imo,
    dated.vessel_name,
    dated.programme,
    dated.reference,
    dated.line
