-- Listings added, changed and gone between two versions of a list, by hull and programme: publishers renumber entries.
-- Grain: one hull under one programme that is in one of the versions alone, or changed.
-- There may be a million: each part holds whole hulls.
with version_entry as (
    select
        'now' as version,
        *
    from entry
    where hash(hull) % $parts = $part
    union all
    select
        'before' as version,
        *
    from entry_before
    where hash(hull) % $parts = $part
),

listing as (
    select
        version,
        hull,
        coalesce(programme, '') as programme,
        first(coalesce(vessel_name, '') order by place) as vessel_name,
        min(listed_on) as listed_on,
        bool_or(is_known) as is_known,
        -- What is compared: the values that a version gives.
        [
            list(distinct vessel_name::varchar) filter (where vessel_name is not null),
            list(distinct flag::varchar) filter (where flag is not null),
            list(distinct call_sign::varchar) filter (where call_sign is not null),
            list(distinct vessel_type::varchar) filter (where vessel_type is not null),
            list(distinct listed_on::varchar) filter (where listed_on is not null),
            list(distinct delisted_on::varchar) filter (where delisted_on is not null),
            list(distinct is_delisted::varchar) filter (where is_delisted is not null),
            list(distinct link_tier::varchar) filter (where link_tier is not null),
            list(distinct link_reason::varchar) filter (where link_reason is not null),
            list(distinct valid_from::varchar) filter (where valid_from is not null),
            list(distinct valid_to::varchar) filter (where valid_to is not null),
            list(distinct ground::varchar) filter (where ground is not null)
        ] as field_values
    from version_entry
    group by version, hull, coalesce(programme, '')
),

paired as (
    select
        coalesce(now.hull, before.hull) as hull,
        coalesce(now.programme, before.programme) as programme,
        coalesce(now.vessel_name, before.vessel_name) as vessel_name,
        coalesce(now.listed_on, before.listed_on) as listed_on,
        coalesce(now.is_known, false) as is_known,
        case when before.hull is null then 'added' when now.hull is null then 'gone' else 'changed' end as change
    from (select * from listing where version = 'now') as now
    full join (select * from listing where version = 'before') as before
        on now.hull = before.hull and now.programme = before.programme
    where
        now.hull is null
        or before.hull is null
        or len(
            list_filter(
                list_zip(now.field_values, before.field_values),
                lambda pair: list_sort(pair[1]) <> list_sort(pair[2])
            )
        ) > 0
),

-- Where only the programme key is new, of the same hull and day, the listing was renamed; where the
-- list gives no day, only if the new key is unknown.
numbered as (
    select
        *,
        row_number() over (
            partition by hull, change, listed_on, listed_on is null and is_known order by programme
        ) as number
    from paired
),

renamed as (
    select
        gone.hull,
        gone.programme as programme_before,
        added.programme
    from numbered as gone
    inner join numbered as added
        on
            gone.hull = added.hull
            and gone.listed_on is not distinct from added.listed_on
            and gone.number = added.number
    where
        gone.change = 'gone'
        and added.change = 'added'
        and (added.listed_on is not null or not added.is_known)
)

select
    case when renamed.hull is null then paired.change else 'changed' end as change,
    renamed.hull is not null as is_renamed,
    paired.hull,
    paired.vessel_name,
    case
        when renamed.hull is null then paired.programme
        else concat(renamed.programme_before, ' -> ', renamed.programme)
    end as programme
from paired
left join renamed
    on
        paired.change = 'added'
        and paired.hull = renamed.hull
        and paired.programme = renamed.programme
anti join renamed as old
    on
        paired.change = 'gone'
        and paired.hull = old.hull
        and paired.programme = old.programme_before
order by change, is_renamed, paired.hull, coalesce(renamed.programme_before, paired.programme)
