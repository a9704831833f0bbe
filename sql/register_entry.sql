-- Every ship of every register, as the newest version that holds it describes it, and since and until when it was there.
-- Grain: one entry of one hull under one programme. Inputs: version_entry, register_version, programme, meta.
with clock as (
    -- What was known on a day: today, unless the catalogue was asked for an earlier one.
    select coalesce((max(value) filter (where key = 'known_on'))::date, 'infinity'::date) as known_on
    from meta
),

ranked as (
    select
        version,
        register,
        published_on,
        row_number() over (partition by register order by version) as place
    from register_version
),

keyed as (
    select
        entry.version,
        ranked.register,
        ranked.place,
        ranked.published_on,
        -- Publishers renumber entries: a hull under a programme is the same listing.
        coalesce('IMO ' || entry.imo, 'MMSI ' || entry.mmsis[1], entry.vessel_name) as hull,
        entry.programme,
        entry.reference,
        entry.imo,
        entry.listed_on,
        entry.delisted_on,
        entry.is_delisted
    from version_entry as entry
    inner join ranked on entry.version = ranked.version
    cross join clock
    -- What a list of a later day says was public before only by its listing dates.
    where ranked.published_on <= clock.known_on or entry.listed_on <= clock.known_on
),

held as (
    select
        register,
        hull,
        programme,
        place,
        any_value(version) as version,
        any_value(published_on) as published_on,
        min(listed_on) as listed_on,
        max(delisted_on) as delisted_on,
        bool_and(is_delisted) as is_off
    from keyed
    group by register, hull, programme, place
),

-- Versions one after the other that have the ship: who comes back is listed anew. One that prints
-- it as taken off is one without it.
in_a_row as (
    select
        *,
        place - row_number() over (partition by register, hull, programme order by place) as island
    from held
    where not is_off
),

-- A ship that is only ever printed as taken off, at the first such version.
never_on as (
    select
        *,
        0 as island
    from held
    qualify
        bool_and(is_off) over (partition by register, hull, programme)
        and row_number() over (partition by register, hull, programme order by place) = 1
),

span as (
    select
        register,
        hull,
        programme,
        bool_and(is_off) as is_off,
        min(published_on) as first_seen_on,
        max(published_on) as last_seen_on,
        max(place) as last_place,
        max(version) as last_version,
        -- The newest version that says it: OFAC's CSV has no dates, and an older file may.
        arg_max(listed_on, place) as listed_on,
        arg_max(delisted_on, place) as delisted_on,
        row_number() over (
            partition by register, hull, programme order by max(place)
        ) as listing
    from (select * from in_a_row union all select * from never_on)
    group by register, hull, programme, island
),

-- The first later version without the ship; one of a day before the listing could not have it.
lacking as (
    select
        last_entry.register,
        last_entry.last_place,
        last_entry.listed_on,
        min(ranked.place) as place,
        min(ranked.published_on) as published_on
    from (select distinct register, last_place, listed_on from span) as last_entry
    cross join clock
    inner join ranked
        on
            last_entry.register = ranked.register
            and ranked.place > last_entry.last_place
            and ranked.published_on <= clock.known_on
            and (last_entry.listed_on is null or ranked.published_on >= last_entry.listed_on)
    group by last_entry.register, last_entry.last_place, last_entry.listed_on
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

dated as (
    select
        entry.*,
        span.hull,
        span.listing,
        span.first_seen_on,
        span.last_seen_on,
        coalesce(entry.listed_on, span.listed_on) as known_listed_on,
        coalesce(entry.delisted_on, span.delisted_on) as known_delisted_on,
        -- The first day on which the list is known to lack the ship; the day it went is not known.
        case when span.is_off then span.first_seen_on else lacking.published_on end as gone_by,
        lacking.place as lacking_place
    from span
    inner join version_entry as entry
        on
            span.last_version = entry.version
            and span.hull is not distinct from
            coalesce('IMO ' || entry.imo, 'MMSI ' || entry.mmsis[1], entry.vessel_name)
            and span.programme is not distinct from entry.programme
    left join lacking
        on
            span.register = lacking.register
            and span.last_place = lacking.last_place
            and span.listed_on is not distinct from lacking.listed_on
),

-- The same entry on another hull is the publisher's correction: the old one was never true.
corrected as (
    select distinct
        register,
        programme,
        reference,
        place,
        hull
    from keyed
    where imo is not null
),

standing as (
    select dated.*
    from dated
    anti join corrected
        on
            dated.register = corrected.register
            and dated.programme is not distinct from corrected.programme
            and dated.reference = corrected.reference
            and dated.lacking_place = corrected.place
            and dated.hull <> corrected.hull
)

select
    standing.register,
    coalesce(meaning.link_source, standing.link_source) as link_source,
    standing.reference,
    standing.programme,
    standing.imo,
    standing.mmsis,
    standing.vessel_name,
    standing.former_names,
    standing.call_sign,
    standing.flag,
    standing.vessel_type,
    standing.deadweight_t,
    standing.gross_t,
    standing.length_m,
    standing.built_year,
    standing.ground,
    -- A team's own list is about Russia and says itself what it proves.
    case when standing.link_tier is not null then 'RU' else meaning.country end as country,
    coalesce(standing.link_tier, meaning.link_tier) as link_tier,
    coalesce(standing.link_reason, meaning.link_reason) as link_reason,
    standing.link_reason is not null or coalesce(meaning.is_known_programme, false)
        as is_known_programme,
    standing.known_listed_on as listed_on,
    case when standing.known_delisted_on <= clock.known_on then standing.known_delisted_on end
        as delisted_on,
    standing.gone_by,
    -- A second listing counts from its own day on: between the two there was none.
    coalesce(
        standing.valid_from,
        case
            when standing.listing > 1
                then coalesce(standing.known_listed_on, standing.first_seen_on)
        end
    )::timestamp as valid_from,
    -- A last day is meant whole.
    standing.valid_to::timestamp + interval 1 day as valid_to,
    standing.first_seen_on,
    standing.last_seen_on,
    -- The first day on which anyone could know it from this list.
    coalesce(standing.known_listed_on, standing.first_seen_on) as known_from
from standing
cross join clock
left join meaning
    on
        standing.register = meaning.register
        and standing.programme is not distinct from meaning.programme
where coalesce(standing.known_listed_on, standing.first_seen_on) <= clock.known_on
order by
    standing.register,
    standing.imo,
    standing.vessel_name,
    standing.programme,
    standing.reference,
    standing.line
