-- The ships that a number or a part of a name may mean, heard or only listed.
-- Grain: one hull. Inputs: vessel, hull, register_entry. Parameters: $number (IMO number or MMSI; null for a name), $name (capitals; null for a number).
with named as (
    select distinct hull_id
    from vessel
    where
        imo = $number
        or mmsi = $number
        or contains(upper(vessel_name), $name)
),

heard as (
    select
        hull.hull_id,
        hull.imo,
        hull.mmsi,
        hull.vessel_name,
        hull.flag,
        hull.is_tanker,
        hull.first_at,
        hull.last_at
    from hull
    inner join named on hull.hull_id = named.hull_id
),

listed as (
    select
        'IMO ' || entry.imo as hull_id,
        entry.imo,
        null::integer as mmsi,
        arg_max(entry.vessel_name, (entry.last_seen_on, entry.vessel_name)) as vessel_name,
        null as flag,
        null::boolean as is_tanker,
        null::timestamp as first_at,
        null::timestamp as last_at
    from register_entry as entry
    where
        entry.imo is not null
        and entry.imo not in (select imo from hull where imo is not null)
        and (
            entry.imo = $number
            or list_contains(entry.mmsis, $number)
            or contains(upper(entry.vessel_name), $name)
            or len(list_filter(entry.former_names, lambda x: contains(upper(x), $name))) > 0
        )
    group by entry.imo
),

found as (
    select * from heard
    union all
    select * from listed
)

select
    hull_id,
    imo,
    mmsi,
    vessel_name,
    flag,
    is_tanker,
    first_at,
    last_at
from found
order by first_at is null, vessel_name, hull_id
