-- What a list has and lacks against the version before it: hulls, links to Russia, programme keys.
-- Grain: one row.
with now as (
    select
        hull,
        bool_or(is_known) as is_known,
        -- An unknown key is no evidence of a delisting either; it is counted apart.
        bool_or(is_linked or not is_known) as is_no_end
    from entry
    group by hull
),

before as (
    select
        hull,
        not bool_and(is_delisted) as is_listed,
        bool_or(is_linked) as is_linked
    from entry_before
    group by hull
),

compared as (
    select
        count(*) filter (where before.is_listed) as hulls_before,
        count(*) filter (where before.is_listed and now.hull is null) as gone,
        count(*) filter (where before.is_linked) as linked_before,
        count(*) filter (where before.is_linked and not coalesce(now.is_no_end, false)) as unlinked
    from before
    left join now on before.hull = now.hull
),

current as (
    select
        count(*) as hulls,
        count(*) filter (where not is_known) as unknown
    from now
),

key_now as (
    select distinct programme
    from entry
    where programme <> ''
),

key_before as (
    select distinct programme
    from entry_before
    where programme <> ''
),

key as (
    select
        (select count(*) from key_now) as keys,
        (select count(*) from key_before) as keys_before,
        (select count(*) from key_now where programme in (select programme from key_before)) as kept
)

select
    current.hulls,
    current.unknown,
    compared.hulls_before,
    compared.gone,
    compared.linked_before,
    compared.unlinked,
    key.keys > 0 and key.keys_before > 0 and key.kept = 0 as has_other_keys
from current
cross join compared
cross join key
