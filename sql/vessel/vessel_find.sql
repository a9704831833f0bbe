-- Ships that match a number or part of a name, heard or only listed.
-- Grain: one hull. Parameters: $number (IMO number or MMSI; null for a name), $name (null for a number).
with entry as (
    select
        -- Formed as for hulls that were heard; an entry may have a name and no number.
        coalesce('IMO ' || imo, 'MMSI ' || mmsis[1], vessel_name) as hull_id,
        imo,
        case when imo is null then mmsis[1] end as mmsi,
        vessel_name,
        last_seen_on
    from register_entry
    where
        imo = $number
        or list_contains(mmsis, $number)
        or contains(upper(vessel_name), upper($name))
        or len(list_filter(former_names, lambda x: contains(upper(x), upper($name)))) > 0
),

matched as (
    select hull_id
    from vessel
    where
        imo = $number
        or mmsi = $number
        or contains(upper(vessel_name), upper($name))
    union
    select hull_id
    from entry
    union
    -- The ship whose last MMSI is that of an entry without an IMO number.
    select hull.hull_id
    from hull
    inner join entry on hull.mmsi = entry.mmsi
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
    inner join matched on hull.hull_id = matched.hull_id
),

listed as (
    select
        hull_id,
        imo,
        mmsi,
        arg_max(vessel_name, (last_seen_on, vessel_name)) as vessel_name,
        null as flag,
        null::boolean as is_tanker,
        null::timestamp as first_at,
        null::timestamp as last_at
    from entry
    where
        hull_id not in (select hull_id from hull)
        and coalesce(mmsi not in (select mmsi from hull), true)
    group by hull_id, imo, mmsi
),

ship as (
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
from ship
order by first_at is null, vessel_name, hull_id
