-- The ships that AIS heard near a port within hours of a look: where each must have been at its time, and how far from the detections.
-- Grain: one look of `unread` and track that may be a detection or in the port, and one more (look_id, track_id).
with look as (
    select
        look_id,
        port_id,
        began_at,
        ended_at,
        from_at,
        to_at,
        detections
    from unread
    where number between getvariable('batch').first and getvariable('batch').last
),

-- By cell and day, so that the join stays linear in the fixes.
cell as (
    select
        look.look_id,
        look.began_at,
        look.ended_at,
        look.from_at,
        look.to_at,
        surrounding_cell.cell_x,
        surrounding_cell.cell_y,
        unnest(generate_series(look.from_at::date, look.to_at::date, interval 1 day))::date as day
    from look
    inner join surrounding_cell on look.port_id = surrounding_cell.port_id
),

fix as (
    select
        cell.look_id,
        fix.track_id,
        fix.mmsi,
        cell.began_at,
        cell.ended_at,
        fix.reported_at,
        fix.source,
        {
            'heard_at': fix.reported_at,
            'lon': fix.lon,
            'lat': fix.lat,
            'sog_kn': fix.sog_kn,
            'cog_deg': fix.cog_deg
        } as fix
    from track_fix as fix
    inner join cell
        on
            floor(fix.lon * getvariable('near').cells_per_degree)::integer = cell.cell_x
            and floor(fix.lat * getvariable('near').cells_per_degree)::integer = cell.cell_y
            and fix.reported_at::date = cell.day
            and fix.reported_at between cell.from_at and cell.to_at
    where
        fix.lon between getvariable('near').west and getvariable('near').east
        and fix.lat between getvariable('near').south and getvariable('near').north
        and fix.reported_at between getvariable('unread').from_at and getvariable('unread').to_at
        and fix.verdict <> 'implausible'
),

-- The last fix before the look, the first after it, and of a look that is known by its hour alone those
-- in it, one in five minutes (a choice).
kept as (
    select
        look_id,
        track_id,
        max(fix) as fix
    from fix
    where reported_at <= began_at
    group by look_id, track_id
    union all
    select
        look_id,
        track_id,
        min(fix) as fix
    from fix
    where reported_at >= ended_at
    group by look_id, track_id
    union all
    select
        look_id,
        track_id,
        min(fix) as fix
    from fix
    where reported_at > began_at and reported_at < ended_at
    group by look_id, track_id, time_bucket(interval 5 minute, reported_at)
),

knot as (
    select distinct
        look_id,
        track_id,
        unnest(fix)
    from kept
),

leg as (
    select
        *,
        lead(heard_at) over along as next_at,
        lead(lon) over along as next_lon,
        lead(lat) over along as next_lat,
        lead(sog_kn) over along as next_sog_kn,
        row_number() over along as number
    from knot
    window along as (partition by look_id, track_id order by heard_at, lon, lat)
),

exactness as (
    select
        sent.look_id,
        sent.track_id,
        max(coalesce(terms.position_accuracy_m, rule('receiver_accuracy_m'))) as accuracy_m,
        max(coalesce(terms.time_step_s, 1)) as time_step_s
    from (
        select distinct
            look_id,
            track_id,
            source
        from fix
    ) as sent
    left join source_terms as terms on sent.source = terms.source
    group by sent.look_id, sent.track_id
),

summed as (
    select
        look_id,
        track_id,
        any_value(mmsi) as mmsi,
        bool_or(reported_at < began_at - to_hours(rule('detection_near_h')::integer))
        and bool_or(reported_at > ended_at + to_hours(rule('detection_near_h')::integer))
            as is_neighbour,
        bool_or(
            reported_at between began_at - to_hours(rule('detection_near_h')::integer)
            and ended_at + to_hours(rule('detection_near_h')::integer)
        ) as is_heard_near,
        max(reported_at)::date as day
    from fix
    group by look_id, track_id
),

-- How well AIS was heard: of the ships heard before and after, those heard near the look.
ship as (
    select
        *,
        count(*) filter (where is_neighbour) over (partition by look_id) as neighbours,
        count(*) filter (where is_neighbour and is_heard_near) over (partition by look_id)
            as neighbours_near,
        row_number() over (partition by look_id order by track_id) as number
    from summed
),

detection as (
    select
        look_id,
        unnest(detections, recursive := true)
    from (
        select
            look_id,
            detections
        from look
    )
),

moment as (
    select
        look_id,
        began_at + (ended_at - began_at) / 2 as moment_at
    from look
    union
    select
        look_id,
        unnest(generate_series(began_at, ended_at, interval 5 minute)) as moment_at
    from detection
),

ship_moment as (
    select
        moment.look_id,
        moment.moment_at,
        exactness.track_id,
        exactness.accuracy_m,
        exactness.time_step_s / 7200.0 as half_step_h
    from moment
    inner join exactness on moment.look_id = exactness.look_id
),

on_leg as (
    select
        ship_moment.*,
        leg.* exclude (look_id, track_id)
    from ship_moment
    asof inner join leg
        on
            ship_moment.look_id = leg.look_id
            and ship_moment.track_id = leg.track_id
            and ship_moment.moment_at >= leg.heard_at
    union all
    -- Heard for the first time only after it.
    select
        ship_moment.*,
        leg.* exclude (look_id, track_id) replace (null as next_at)
    from ship_moment
    inner join leg
        on
            ship_moment.look_id = leg.look_id
            and ship_moment.track_id = leg.track_id
            and ship_moment.moment_at < leg.heard_at
            and leg.number = 1
),

moved as (
    select
        *,
        epoch_us(moment_at - heard_at) / 3.6e9 as since_h,
        epoch_us(next_at - moment_at) / 3.6e9 as until_h,
        case
            when next_at > heard_at
                then
                    great_circle_km(lon, lat, next_lon, next_lat) / 1.852
                    / (epoch_us(next_at - heard_at) / 3.6e9)
        end as made_kn
    from on_leg
),

-- Between two fixes on the straight line; else on with speed and course, as far as they are known.
expected as (
    select
        look_id,
        track_id,
        moment_at,
        accuracy_m,
        next_at is not null as is_between,
        case
            when next_at is not null
                then lon + coalesce((next_lon - lon) * since_h / nullif(since_h + until_h, 0), 0)
            else
                lon + coalesce(sog_kn * 1.852 * since_h * sin(radians(cog_deg)), 0)
                / (111.2 * cos(radians(lat)))
        end as lon,
        case
            when next_at is not null
                then lat + coalesce((next_lat - lat) * since_h / nullif(since_h + until_h, 0), 0)
            else lat + coalesce(sog_kn * 1.852 * since_h * cos(radians(cog_deg)), 0) / 111.2
        end as lat,
        half_step_h + coalesce(least(since_h, until_h), abs(since_h)) as gap_h,
        case
            when next_at is not null
                then greatest(coalesce(made_kn, 0), coalesce(sog_kn, 0), coalesce(next_sog_kn, 0))
            -- Nothing is known of her way: a slow tanker's speed, as for silences.
            else coalesce(sog_kn, rule('dark_speed_kn'))
        end::double as speed_kn
    from moved
),

place as (
    select
        look_id,
        track_id,
        moment_at,
        round(lon, 5) as lon,
        round(lat, 5) as lat,
        speed_kn,
        -- Choices: a ship is off the line between two fixes by a fifth of what she sails to the nearer of
        -- them, off a line that is only drawn on by half of it; and drifts by a third of a knot. How exact
        -- a source is counts as two standard errors.
        sqrt(
            pow(accuracy_m / 2, 2)
            + pow(1852 * gap_h * (case when is_between then 0.2 else 0.5 end * speed_kn + 0.3), 2)
        ) as error_m
    from expected
),

apart as (
    select
        place.look_id,
        place.track_id,
        detection.witness_event_id,
        1000 * great_circle_km(detection.lon, detection.lat, place.lon, place.lat) as distance_m,
        -- Radar shifts the echo of a moving ship along the satellite's way by its range over its speed,
        -- some 120 s, times the ship's speed towards it, 0.7 of her speed at most: 90 s of her way at most
        -- (general knowledge, unverified), half of it as a standard error. The antenna is off the ship's
        -- middle by half her length at most.
        sqrt(
            pow(detection.accuracy_m / 2, 2)
            + pow(place.error_m, 2)
            + pow(45 * place.speed_kn * 1852 / 3600, 2)
            + pow(coalesce(detection.length_m, 0) / 4, 2)
        ) as error_m
    from detection
    inner join place
        on
            detection.look_id = place.look_id
            and place.moment_at between detection.began_at and detection.ended_at
),

-- Beyond six standard errors it is not the ship (a choice; three match, flows/derive/detections.py). Of
-- the moments of an hour the best.
possible as (
    select
        look_id,
        track_id,
        witness_event_id,
        arg_min(distance_m, (distance_m / error_m, distance_m)) as distance_m,
        arg_min(error_m, (distance_m / error_m, distance_m)) as error_m
    from apart
    where distance_m <= 6 * error_m
    group by look_id, track_id, witness_event_id
),

nearest as (
    select
        apart.look_id,
        apart.witness_event_id,
        arg_min(apart.track_id, (apart.distance_m, apart.track_id)) as track_id,
        min(apart.distance_m) as distance_m
    from apart
    inner join ship on apart.look_id = ship.look_id and apart.track_id = ship.track_id
    where ship.is_heard_near
    group by apart.look_id, apart.witness_event_id
),

possible_of as (
    select
        look_id,
        track_id,
        list(
            {
                'witness_event_id': witness_event_id,
                'distance_m': distance_m,
                'error_m': error_m
            }
            order by witness_event_id
        ) as pairs
    from possible
    group by look_id, track_id
),

nearest_of as (
    select
        look_id,
        track_id,
        list(
            {'witness_event_id': witness_event_id, 'distance_m': distance_m}
            order by witness_event_id
        ) as nearest_to
    from nearest
    group by look_id, track_id
),

-- Where it was at the look itself, and whether that may be inside a limit.
at_look as (
    select
        place.*,
        limit_cell.cell_x is not null as is_by_limit
    from place
    inner join look
        on
            place.look_id = look.look_id
            and place.moment_at = look.began_at + (look.ended_at - look.began_at) / 2
    left join (
        select distinct
            cell_x,
            cell_y
        from limit_cell
    ) as limit_cell
        on
            floor(place.lon * getvariable('near').cells_per_degree)::integer = limit_cell.cell_x
            and floor(place.lat * getvariable('near').cells_per_degree)::integer = limit_cell.cell_y
)

select
    ship.look_id,
    ship.track_id,
    ship.mmsi,
    ship.day,
    ship.is_heard_near,
    ship.neighbours,
    ship.neighbours_near,
    at_look.lon,
    at_look.lat,
    at_look.error_m,
    coalesce(possible_of.pairs, []) as pairs,
    coalesce(nearest_of.nearest_to, []) as nearest_to
from ship
inner join at_look on ship.look_id = at_look.look_id and ship.track_id = at_look.track_id
left join possible_of
    on ship.look_id = possible_of.look_id and ship.track_id = possible_of.track_id
left join nearest_of on ship.look_id = nearest_of.look_id and ship.track_id = nearest_of.track_id
where
    at_look.is_by_limit
    or possible_of.track_id is not null
    or nearest_of.track_id is not null
    or ship.number = 1
order by ship.look_id, ship.track_id
