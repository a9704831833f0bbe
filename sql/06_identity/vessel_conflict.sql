-- Contradictions in the identities that ships send; they are shown, not corrected.
-- Grain: one conflict.
with two_hulls as (
    select
        'imo_on_two_hulls' as conflict,
        imo,
        mmsi,
        'also sent at once by MMSI ' || string_agg(other_mmsi::varchar, ', ' order by other_mmsi)
        || ', too far away for one ship; '
        || case
            when bool_and(has_it) then 'this one is taken for the hull'
            when bool_or(has_lost_it) then 'it is not taken for the hull on those days'
            else 'nothing tells which is the hull on those days, and what lists say of the number '
                || 'stands for each'
        end as detail,
        min(first_day)::timestamp as valid_from,
        max(last_day)::timestamp as valid_to
    from imo_rival
    inner join imo_claim using (imo, track_id)
    where first_day is not null
    group by imo, mmsi, track_id
),

unlike as (
    select
        'imo_of_unlike_ships' as conflict,
        imo,
        mmsi,
        'also sent by MMSI ' || string_agg(other_mmsi::varchar, ', ' order by other_mmsi)
        || ', a ship of another size; '
        || case
            when bool_and(has_it) then 'this one is taken for the hull'
            when bool_or(has_lost_it) then 'it is not taken for the hull'
            else 'nothing tells which is the hull, and what lists say of the number stands for each'
        end as detail,
        any_value(first_at) as valid_from,
        any_value(last_at) as valid_to
    from imo_rival
    inner join imo_claim using (imo, track_id)
    where is_unlike
    group by imo, mmsi, track_id
),

of_many as (
    select
        'imo_of_many_ships' as conflict,
        imo,
        mmsi,
        'more than ' || rule('crowd_of_one_imo')::integer
        || ' ships send the number, so it is not used' as detail,
        first_at as valid_from,
        last_at as valid_to
    from imo_claim
    where is_of_many
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

-- Renamed since, or another ship.
unknown_name as (
    select
        'imo_under_unknown_name' as conflict,
        imo,
        mmsi,
        'no register knows the hull by this name, call sign or MMSI' as detail,
        first_at as valid_from,
        last_at as valid_to
    from imo_claim
    where
        is_registered
        and not is_known_so
        and not (is_of_many or is_other_size)
        and len(vessel_names) > 0
),

held as (
    select
        mmsi,
        imo,
        min(first_at) as first_at,
        max(last_at) as last_at
    from hull_spell
    where imo is not null
    group by mmsi, imo
),

followed as (
    select
        *,
        lag(imo) over (partition by mmsi order by first_at, imo) as imo_before,
        lag(last_at) over (partition by mmsi order by first_at, imo) as last_before_at
    from held
),

handed_on as (
    select
        case when first_at > last_before_at then 'mmsi_handed_on' else 'mmsi_on_two_hulls' end
            as conflict,
        imo,
        mmsi,
        'the MMSI was sent by IMO ' || imo_before || ' before' as detail,
        least(first_at, last_before_at) as valid_from,
        greatest(first_at, last_before_at) as valid_to
    from followed
    where imo_before is not null
),

second_track as (
    select
        'mmsi_on_two_hulls' as conflict,
        any_value(imo) as imo,
        mmsi,
        'two ships sail under the MMSI at once' as detail,
        min(first_at) as valid_from,
        max(last_at) as valid_to
    from hull_spell
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

-- What is one hull by its IMO number changed its MMSI, which is no conflict.
one_call as (
    select
        case when other.arrived_at <= joined.ended_at and call.arrived_at <= joined_too.ended_at
            then 'two_transmitters' else 'mmsi_changed_in_port' end as conflict,
        call.imo,
        call.mmsi,
        'one ship with MMSI ' || other.mmsi || coalesce(' (IMO ' || other.imo || ')', '')
        || case when other.arrived_at <= joined.ended_at and call.arrived_at <= joined_too.ended_at
            then ', beside which it came to ' || call.port_id || ', lay there and left'
            else ', one after the other in one place in ' || call.port_id
                || ' under one name or call sign'
        end || ': one call' as detail,
        least(call.arrived_at, other.arrived_at) as valid_from,
        greatest(joined.ended_at, joined_too.ended_at) as valid_to
    from joined_call as joined
    inner join joined_call as joined_too
        on
            joined.joined_id = joined_too.joined_id
            and joined.port_call_id <> joined_too.port_call_id
    inner join port_call as call on joined.port_call_id = call.port_call_id
    inner join port_call as other on joined_too.port_call_id = other.port_call_id
    where call.mmsi <> other.mmsi and coalesce(call.imo <> other.imo, true)
),

-- Shown elsewhere all through a stay: the place of one of the two is false. Interference throws a
-- ship for some hours; from 12 on (a choice) more is at work. Within 20 km it may have strayed
-- (STRAY_NEAR_M of geo/tracks.py).
in_two_places as (
    select
        'sent_from_two_places' as conflict,
        any_value(call.imo) as imo,
        call.mmsi,
        'while it lay in ' || any_value(call.port_id) || ' it was shown up to '
        || round(max(away.km))::integer || ' km away too, in '
        || count(distinct time_bucket(interval 1 hour, fix.reported_at)) || ' hours' as detail,
        min(fix.reported_at) as valid_from,
        max(fix.reported_at) as valid_to
    from port_call as call
    inner join joined_call as joined on call.port_call_id = joined.port_call_id
    inner join track_call as place on call.port_call_id = place.port_call_id
    inner join flagged_position as fix
        on
            call.mmsi = fix.mmsi
            and fix.verdict = 'implausible'
            and fix.reason = 'joined to the track at neither end'
            and fix.reported_at between call.arrived_at and joined.ended_at
    cross join lateral (
        select
            great_circle_km(place.lon, place.lat, fix.lon, fix.lat) as km
    ) as away
    where away.km > rule('seen_near_km')
    group by call.port_call_id, call.mmsi
    having count(distinct time_bucket(interval 1 hour, fix.reported_at)) >= 12
),

conflict as (
    select * from two_hulls
    union all
    select * from other_size
    union all
    select * from scrapped
    union all
    select * from unlike
    union all
    select * from of_many
    union all
    select * from unknown_name
    union all
    select * from handed_on
    union all
    select * from second_track
    union all
    select * from other_type
    union all
    select * from one_call
    union all
    select * from in_two_places
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
