-- Every ship of every register, as described by the newest version that has it, with the days on which its listing began and ended.
-- Grain: one entry of one hull under one programme.
-- Versions are numbered by date, so those known on clock.known_on come first.
with ranked as (
    select
        version.version,
        version.register,
        version.published_on,
        row_number() over (partition by version.register order by version.version) as place,
        -- The last version before this one among those known.
        count(*) filter (where version.published_on <= clock.known_on) over earlier as place_before,
        max(version.published_on) filter (where version.published_on <= clock.known_on)
            over earlier as published_before
    from register_version as version
    cross join clock
    window earlier as (
        partition by version.register order by version.version
        rows between unbounded preceding and 1 preceding
    )
),

-- Keys, dates and numbers only: there may be a million rows, so the descriptions are joined at the end.
keyed as (
    select
        entry.version,
        ranked.register,
        entry.programme,
        -- Publishers renumber entries: the same hull under the same programme is the same listing.
        entry.imo,
        case when entry.imo is null then coalesce('MMSI ' || entry.mmsis[1], entry.vessel_name) end
            as other_hull,
        ranked.place,
        ranked.place_before,
        ranked.published_on,
        ranked.published_before,
        entry.listed_on,
        case when entry.delisted_on <= clock.known_on then entry.delisted_on end as delisted_on,
        entry.is_delisted
    from version_entry as entry
    inner join ranked on entry.version = ranked.version
    cross join clock
    -- An entry of a later version counts as public earlier only from its listing date.
    where ranked.published_on <= clock.known_on or entry.listed_on <= clock.known_on
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
        first(
            definition
            order by definition.is_prefix, length(definition.programme) desc, definition.programme
        ) as definition
    from tag
    left join programme as definition
        on
            -- A register of a publisher with several, such as opensanctions:us_ofac_sdn, uses the publisher's tags.
            split_part(tag.register, ':', 1) = definition.register
            and (
                tag.programme = definition.programme
                or (definition.is_prefix and starts_with(tag.programme, definition.programme))
            )
    group by tag.register, tag.programme
),

-- An unknown tag is evidence of nothing, nor of a delisting: a ship that moves to one (with the same
-- listing date, where both have one) stays listed under its old tag as long as it has the new one.
unknown_key as (
    select
        keyed.*,
        list(keyed.place) over (
            partition by keyed.register, keyed.programme, keyed.imo, keyed.other_hull
        ) as places
    from keyed
    inner join meaning
        on
            keyed.register = meaning.register
            and keyed.programme is not distinct from meaning.programme
    where meaning.definition.register is null and not keyed.is_delisted
),

known_key as (
    select
        keyed.register,
        keyed.programme,
        keyed.imo,
        keyed.other_hull,
        list(distinct keyed.place) as printed_places,
        list(distinct keyed.place) filter (where not keyed.is_delisted) as places,
        list(distinct keyed.listed_on) filter (where keyed.listed_on is not null) as days
    from keyed
    inner join meaning
        on
            keyed.register = meaning.register
            and keyed.programme is not distinct from meaning.programme
    where meaning.definition.register is not null
    group by keyed.register, keyed.programme, keyed.imo, keyed.other_hull
),

carried as (
    select distinct
        moved.version,
        moved.register,
        known_key.programme,
        moved.imo,
        moved.other_hull,
        moved.place,
        moved.place_before,
        moved.published_on,
        moved.published_before,
        list_max(list_filter(known_key.printed_places, lambda p: p < moved.place)) as last_place,
        known_key.places as listed_places,
        list_distinct(moved.places) as new_places
    from unknown_key as moved
    inner join known_key
        on
            moved.register = known_key.register
            and moved.imo is not distinct from known_key.imo
            and moved.other_hull is not distinct from known_key.other_hull
    where
        not list_contains(known_key.printed_places, moved.place)
        and not list_has_any(known_key.places, moved.places)
        and (
            moved.listed_on is null
            or known_key.days is null
            or list_contains(known_key.days, moved.listed_on)
        )
),

listed_version as (
    select
        *,
        false as is_carried
    from keyed
    union all by name
    select
        * exclude (last_place, listed_places, new_places),
        false as is_delisted,
        true as is_carried
    from carried
    -- In every version since the last one with the old tag, which did not print it as off.
    where
        list_contains(listed_places, last_place)
        and len(list_filter(new_places, lambda p: p > last_place and p <= place))
        = place - last_place
),

-- A version that has a ship only as removed does not have it.
present as (
    select
        *,
        row_number() over earlier as nth,
        lag(place) over earlier as seen_place,
        last_value(listed_on ignore nulls) over (
            earlier rows between unbounded preceding and 1 preceding
        ) as seen_listed_on
    from listed_version
    where not is_delisted
    window earlier as (
        partition by register, programme, imo, other_hull
        order by place, listed_on desc nulls first
    )
),

-- Runs of consecutive versions that have the ship: a ship that returns is a new listing. A version
-- dated before the listing cannot have it, and does not end a run.
island as (
    select
        *,
        count(*) filter (
            where
            seen_place is null
            or (place_before > seen_place and coalesce(published_before >= seen_listed_on, true))
        ) over (
            partition by register, programme, imo, other_hull
            order by place, listed_on desc nulls first
            rows between unbounded preceding and current row
        ) as listing
    from present
),

listed as (
    select
        register,
        programme,
        imo,
        other_hull,
        listing,
        min(version) as first_version,
        max(version) filter (where not is_carried) as last_version,
        max(version) as last_held_version,
        min(published_on) as first_seen_on,
        max(published_on) as last_seen_on,
        -- From the newest version with a date: OFAC's CSV has none, an older file of another format may.
        coalesce(
            arg_max_null(listed_on, nth) filter (where not is_carried), min(listed_on)
        ) as listed_on,
        case when coalesce(max(listed_on) <= max(delisted_on), true) then max(delisted_on) end
            as delisted_on
    from island
    group by register, programme, imo, other_hull, listing
),

-- Ships that occur only as removed, with the first such version.
never_listed as (
    select
        off.register,
        off.programme,
        off.imo,
        off.other_hull,
        min(off.version) as version,
        min(off.published_on) as seen_on,
        min(off.listed_on) as listed_on
    from keyed as off
    anti join listed
        on
            off.register = listed.register
            and off.programme is not distinct from listed.programme
            and off.imo is not distinct from listed.imo
            and off.other_hull is not distinct from listed.other_hull
    where off.is_delisted
    group by off.register, off.programme, off.imo, off.other_hull
),

-- The first later version without the ship; versions dated before the listing cannot have it.
lacking as (
    select
        last_held.last_held_version,
        last_held.listed_on,
        min(after.version) as version,
        min(after.published_on) as published_on
    from (select distinct last_held_version, listed_on from listed) as last_held
    inner join ranked as last_of on last_held.last_held_version = last_of.version
    inner join ranked as after
        on
            last_of.register = after.register
            and last_of.place < after.place
            and (last_held.listed_on is null or last_held.listed_on <= after.published_on)
    cross join clock
    where after.published_on <= clock.known_on
    group by last_held.last_held_version, last_held.listed_on
),

span as (
    select
        listed.*,
        lacking.version as lacking_version,
        lacking.published_on as gone_by,
        false as is_off,
        clock.known_on
    from listed
    cross join clock
    left join lacking
        on
            listed.last_held_version = lacking.last_held_version
            and listed.listed_on is not distinct from lacking.listed_on
    union all
    select
        never_listed.register,
        never_listed.programme,
        never_listed.imo,
        never_listed.other_hull,
        1 as listing,
        never_listed.version as first_version,
        never_listed.version as last_version,
        never_listed.version as last_held_version,
        never_listed.seen_on as first_seen_on,
        never_listed.seen_on as last_seen_on,
        never_listed.listed_on,
        null as delisted_on,
        null as lacking_version,
        case when never_listed.seen_on <= clock.known_on then never_listed.seen_on end as gone_by,
        true as is_off,
        clock.known_on
    from never_listed
    cross join clock
),

-- Where an entry has another hull from the version on that lacks the old one, the publisher corrected
-- it: the old hull was never listed.
corrected as (
    select distinct
        span.register,
        span.programme,
        span.first_version,
        entry.reference
    from span
    inner join version_entry as entry
        on
            span.first_version = entry.version
            and span.imo = entry.imo
            and span.programme is not distinct from entry.programme
    where span.first_version in (select version from lacking)
)

select
    entry.register,
    coalesce(meaning.definition.link_source, entry.link_source) as link_source,
    entry.reference,
    entry.programme,
    entry.imo,
    entry.mmsis,
    entry.vessel_name,
    entry.former_names,
    entry.call_sign,
    entry.flag,
    entry.vessel_type,
    entry.deadweight_t,
    entry.gross_t,
    entry.length_m,
    entry.built_year,
    entry.ground,
    -- A team's own list concerns Russia and gives the link tier itself.
    case when entry.link_tier is not null then 'RU' else meaning.definition.country end as country,
    coalesce(entry.link_tier, meaning.definition.link_tier) as link_tier,
    coalesce(entry.link_reason, meaning.definition.link_reason) as link_reason,
    entry.link_reason is not null or meaning.definition.register is not null as is_known_programme,
    coalesce(entry.listed_on, span.listed_on) as listed_on,
    case
        when entry.delisted_on <= span.known_on then entry.delisted_on
        when span.delisted_on >= coalesce(entry.listed_on, span.delisted_on) then span.delisted_on
    end as delisted_on,
    span.gone_by,
    -- A second listing applies from its own day: there was none between the two.
    coalesce(
        entry.valid_from,
        case
            when span.listing > 1 then coalesce(entry.listed_on, span.listed_on, span.first_seen_on)
        end
    )::timestamp as valid_from,
    -- valid_to in the file is a day, inclusive.
    end_after(entry.valid_to) as valid_to,
    span.first_seen_on,
    span.last_seen_on,
    -- The first day on which the entry was public.
    coalesce(entry.listed_on, span.listed_on, span.first_seen_on) as known_from
from span
inner join version_entry as entry
    on
        span.last_version = entry.version
        and span.imo is not distinct from entry.imo
        and span.programme is not distinct from entry.programme
left join meaning
    on
        span.register = meaning.register
        and span.programme is not distinct from meaning.programme
anti join corrected
    on
        span.register = corrected.register
        and span.programme is not distinct from corrected.programme
        and span.lacking_version = corrected.first_version
        and entry.reference = corrected.reference
where
    (span.is_off or not entry.is_delisted)
    and span.other_hull is not distinct from
    case when entry.imo is null then coalesce('MMSI ' || entry.mmsis[1], entry.vessel_name) end
    and coalesce(entry.listed_on, span.listed_on, span.first_seen_on) <= span.known_on
order by
    entry.register,
    entry.imo,
    entry.vessel_name,
    entry.programme,
    entry.reference,
    entry.line
