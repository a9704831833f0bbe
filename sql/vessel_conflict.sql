-- Where what a ship says of itself cannot all be true: shown here, and never smoothed away.
-- Grain: one conflict. Inputs: imo_claim, hull_day, hull, register_ship, register_entry.
with two_hulls as (
    select
        'imo_on_two_hulls' as conflict,
        imo,
        mmsi,
        'also sent at once by MMSI ' || other_mmsis || ', too far away for one ship; '
        || case
            when is_contested then 'neither is taken for the hull while both are heard'
            else 'this one is in the registers'
        end as detail,
        contested_from as valid_from,
        contested_to as valid_to
    from imo_claim
    where contested_from is not null
),

other_size as (
    select
        'imo_of_other_size' as conflict,
        imo,
        mmsi,
        'sends a length of ' || round(length_m)::integer || ' m, and the hull has about '
        || round(register_length_m)::integer || ' m by the registers' as detail,
        first_at as valid_from,
        last_at as valid_to
    from imo_claim
    where is_other_size
),

scrapped as (
    select
        'imo_of_scrapped_ship' as conflict,
        imo,
        mmsi,
        'the hull was scrapped by ' || scrapped_on as detail,
        first_at as valid_from,
        last_at as valid_to
    from imo_claim
    where scrapped_on <= last_at
),

held as (
    select
        mmsi,
        imo,
        min(first_at) as first_at,
        max(last_at) as last_at
    from hull_day
    where imo is not null
    group by mmsi, imo
),

handed_on as (
    select
        case
            when later.first_at > earlier.last_at then 'mmsi_handed_on' else 'mmsi_on_two_hulls'
        end as conflict,
        later.imo,
        later.mmsi,
        'the MMSI was also sent by IMO ' || earlier.imo as detail,
        earlier.last_at as valid_from,
        later.first_at as valid_to
    from held as later
    inner join held as earlier
        on
            later.mmsi = earlier.mmsi
            and (earlier.first_at, earlier.imo) < (later.first_at, later.imo)
),

second_track as (
    select
        'mmsi_on_two_hulls' as conflict,
        any_value(imo) as imo,
        mmsi,
        'two ships sail under the MMSI at once' as detail,
        min(first_at) as valid_from,
        max(last_at) as valid_to
    from hull_day
    where track_id <> mmsi
    group by mmsi, track_id
),

other_type as (
    select
        'type_differs' as conflict,
        hull.imo,
        hull.mmsi,
        case
            when ship.is_tanker then 'no tanker by AIS, and by the registers: '
            else 'a tanker by AIS, and by the registers: '
        end || ship.vessel_types as detail,
        hull.first_at as valid_from,
        hull.last_at as valid_to
    from hull
    inner join register_ship as ship on hull.imo = ship.imo
    where hull.is_ais_tanker <> ship.is_tanker
),

conflict as (
    select * from two_hulls
    union all
    select * from other_size
    union all
    select * from scrapped
    union all
    select
        conflict,
        imo,
        mmsi,
        detail,
        least(valid_from, valid_to) as valid_from,
        greatest(valid_from, valid_to) as valid_to
    from handed_on
    union all
    select * from second_track
    union all
    select * from other_type
)

select
    conflict,
    imo,
    mmsi,
    detail,
    valid_from,
    valid_to
from conflict
order by mmsi, imo, conflict, valid_from, detail
