-- Detections inside the limits of Iranian ports against the ships that AIS heard: seen by both, by the sensor alone or by AIS alone, and why.
-- Grain: one detection, or one ship that AIS heard in a pass and the sensor did not detect (look_id, witness_event_id, track_id).
with nearest as (
    select
        nearest.witness_event_id as witness_event_id,
        track_id,
        nearest.distance_m as distance_m
    from (
        select
            track_id,
            unnest(nearest_to) as nearest
        from look_ship
    )
),

-- Another ship that it may be: near enough, of such a length as far as known, and not matched to a
-- detection of her own. One that was not heard within an hour, although AIS was, was silent then.
possible as (
    select
        pair.witness_event_id,
        arg_min(pair.track_id, (pair.distance_m / pair.error_m, pair.track_id))
            filter (where pair.is_heard_near) as track_id,
        -- Where she may be anywhere she tells nothing: 10 km, a choice.
        arg_min(pair.track_id, (pair.distance_m / pair.error_m, pair.track_id)) filter (
            where not pair.is_heard_near and pair.error_m <= 10000
        ) as silent_track_id
    from look_pair as pair
    anti join look_match as taken
        on pair.look_id = taken.look_id and pair.track_id = taken.track_id
    where coalesce(pair.length_errors <= 6, true)
    group by pair.witness_event_id
),

sensed as (
    select
        look.look_id,
        event.witness_event_id,
        look_match.track_id,
        event.witness,
        look.sensor,
        look.port_id,
        event.area_kind,
        look_part.began_at as seen_at,
        event.lon,
        event.lat,
        event.length_m,
        event.confidence,
        event.mmsi as publishers_mmsi,
        look.has_pass,
        look.is_heard,
        pair.distance_m,
        pair.error_m,
        coalesce(pair.is_heard_near, false) as is_heard_near,
        nearest.track_id as nearest_track_id,
        nearest.distance_m as nearest_m,
        possible.track_id as possible_track_id,
        possible.silent_track_id
    from look_part
    inner join sensor_look as look on look_part.look_id = look.look_id
    inner join witness_event as event on look_part.witness_event_id = event.witness_event_id
    left join look_match on event.witness_event_id = look_match.witness_event_id
    left join look_pair as pair
        on
            event.witness_event_id = pair.witness_event_id
            and look_match.track_id = pair.track_id
    left join nearest on event.witness_event_id = nearest.witness_event_id
    left join possible on event.witness_event_id = possible.witness_event_id
),

ais_alone as (
    select
        look.look_id,
        null as witness_event_id,
        look_inside.track_id,
        null as witness,
        look.sensor,
        look.port_id,
        look_inside.area_kind,
        look.began_at as seen_at,
        ship.lon,
        ship.lat,
        null as length_m,
        null as confidence,
        null as publishers_mmsi,
        look.has_pass,
        look.is_heard,
        null as distance_m,
        ship.error_m,
        true as is_heard_near,
        null as nearest_track_id,
        null as nearest_m,
        null as possible_track_id,
        null as silent_track_id
    from look_inside
    inner join sensor_look as look on look_inside.look_id = look.look_id
    inner join look_ship as ship
        on look_inside.look_id = ship.look_id and look_inside.track_id = ship.track_id
    anti join look_match as taken
        on look_inside.look_id = taken.look_id and look_inside.track_id = taken.track_id
),

either as (
    from sensed
    union all
    from ais_alone
),

-- The length by which a ship belongs to those that are counted: that of AIS or a register, else the
-- sensor's.
described as (
    select
        either.*,
        case
            when either.witness_event_id is null then 'AIS alone'
            when either.track_id is null then 'sensor alone'
            else 'both'
        end as match,
        coalesce(ship.mmsi, either.publishers_mmsi) as mmsi,
        ship.hull_id,
        ship.imo,
        ship.vessel_name,
        ship.length_m as ais_length_m,
        coalesce(ship.length_m, either.length_m) as known_length_m,
        nearest.mmsi as nearest_mmsi,
        possible.mmsi as possible_mmsi,
        either.witness_event_id is null
        and (either.look_id, either.track_id) in (
            select
                look_id,
                possible_track_id
            from sensed
            where track_id is null and possible_track_id is not null
        ) as may_be_detected,
        silent.mmsi as silent_mmsi
    from either
    left join look_ship as ship
        on either.look_id = ship.look_id and either.track_id = ship.track_id
    left join look_ship as nearest
        on either.look_id = nearest.look_id and either.nearest_track_id = nearest.track_id
    left join look_ship as possible
        on either.look_id = possible.look_id and either.possible_track_id = possible.track_id
    left join look_ship as silent
        on either.look_id = silent.look_id and either.silent_track_id = silent.track_id
)

select
    look_id,
    match,
    witness,
    sensor,
    seen_at::timestamp as seen_at,
    strftime(seen_at, '%G-W%V') as week,
    port_id,
    area_kind,
    witness_event_id,
    lon,
    lat,
    length_m,
    confidence,
    track_id,
    mmsi,
    imo,
    hull_id,
    vessel_name,
    ais_length_m,
    distance_m::float as distance_m,
    error_m::float as error_m,
    nearest_mmsi,
    nearest_m::float as nearest_m,
    silent_mmsi,
    case
        when match = 'both' then null
        when known_length_m is null then 'of unknown length'
        when known_length_m < rule('least_length_m') then 'shorter than a tanker'
        when area_kind = 'land' then 'on land'
        when not is_heard then 'AIS not heard well enough then'
        when may_be_detected then 'may be one that was detected'
        when match = 'AIS alone' then 'not detected'
        when publishers_mmsi is not null then 'a ship of AIS by its publisher'
        when possible_mmsi is not null then 'may be MMSI ' || possible_mmsi
        else 'no ship that AIS heard'
    end as reason,
    has_pass,
    -- Counted where both could have seen a ship, in a known pass around which AIS was heard, and where
    -- it is known whether they did.
    coalesce(
        has_pass
        and is_heard
        and area_kind <> 'land'
        and known_length_m >= rule('least_length_m')
        and not may_be_detected
        and (match = 'both' or possible_mmsi is null),
        false
    ) as is_counted,
    is_heard_near
from described
order by seen_at, look_id, witness_event_id nulls last, track_id
