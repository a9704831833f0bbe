-- Silences near an Iranian port, long enough for a call there, of tankers linked to Russia at the time or with an earlier call in Iran.
-- Grain: one silence of a hull (hull_id, silent_from).
with caller as (
    select
        identity.hull_id,
        min(port_call.arrived_at) as first_called_at
    from counted_call
    inner join port_call on counted_call.port_call_id = port_call.port_call_id
    inner join call_identity as identity on counted_call.port_call_id = identity.port_call_id
    where counted_call.series = 'russian_linked_tankers'
    group by identity.hull_id
),

-- Near: within the surroundings in which a port's reception is judged. On a sphere, as in geo/earth.py.
near_port as (
    select
        silence.hull_id,
        silence.silent_from,
        point.port_id,
        min(
            great_circle_km(silence.from_lon, silence.from_lat, point.lon, point.lat)
        ) as from_km
    from tanker_gap as silence
    inner join limit_point as point
        on
            point.lat between silence.from_lat - 0.6 and silence.from_lat + 0.6
            and point.lon between silence.from_lon - 1 and silence.from_lon + 1
    group by silence.hull_id, silence.silent_from, point.port_id
    having from_km <= rule('surroundings_km')
),

distance as (
    select
        silence.hull_id,
        silence.silent_from,
        near_port.port_id,
        any_value(near_port.from_km) as from_km,
        any_value(silence.silent_us) as silent_us,
        min(
            great_circle_km(silence.to_lon, silence.to_lat, point.lon, point.lat)
        ) as to_km
    from tanker_gap as silence
    inner join near_port
        on silence.hull_id = near_port.hull_id and silence.silent_from = near_port.silent_from
    inner join limit_point as point on near_port.port_id = point.port_id
    group by silence.hull_id, silence.silent_from, near_port.port_id
),

-- Time to sail there at 10 knots, to stay for 24 hours and to sail to where it came back. Laden
-- VLCCs make 12 knots (VesselsValue, in Ship & Bunker of 10 June 2020); the margin is for
-- detours, since these are straight lines.
reachable as (
    select
        hull_id,
        silent_from,
        port_id,
        from_km,
        to_km
    from distance
    where silent_us / 3.6e9
        >= rule('dark_stay_h') + (from_km + to_km) / (rule('dark_speed_kn') * 1.852)
    qualify row_number() over (
        partition by hull_id, silent_from order by from_km, to_km, port_id
    ) = 1
),

-- Silences explained by a detected call, taken at its greatest possible length.
explained as (
    select distinct
        reachable.hull_id,
        reachable.silent_from
    from reachable
    inner join tanker_gap as silence
        on reachable.hull_id = silence.hull_id and reachable.silent_from = silence.silent_from
    inner join call_identity as identity on reachable.hull_id = identity.hull_id
    inner join track_call as call
        on
            identity.port_call_id = call.port_call_id
            and coalesce(call.arrived_after, call.arrived_at) < silence.silent_to
            and coalesce(call.departed_by, call.departed_at, 'infinity'::timestamp)
            > silence.silent_from
),

unexplained as materialized (
    select
        silence.*,
        reachable.port_id,
        reachable.from_km,
        reachable.to_km,
        -- Distance sailed in two hours on its last course, in degrees of latitude, but not beyond the
        -- port, where there may be land. Null for a stationary ship.
        case
            when silence.sog_kn is not null
                then least(silence.sog_kn * 1.852 * 2, reachable.from_km) / 111.2
        end as ahead_deg,
        description.imo,
        description.vessel_name,
        coalesce(caller.first_called_at < silence.silent_from, false) as has_called
    from reachable
    inner join tanker_gap as silence
        on reachable.hull_id = silence.hull_id and reachable.silent_from = silence.silent_from
    inner join hull_spell as description
        on
            silence.track_id = description.track_id
            and silence.silent_from::date between description.first_day and description.last_day
    left join explained
        on reachable.hull_id = explained.hull_id and reachable.silent_from = explained.silent_from
    left join caller on reachable.hull_id = caller.hull_id
    where explained.hull_id is null
),

-- It kept transmitting, but only false positions.
displaced as (
    select distinct
        unexplained.hull_id,
        unexplained.silent_from
    from unexplained
    inner join flagged_position as flag
        on
            unexplained.track_id = flag.track_id
            and flag.verdict = 'implausible'
            and flag.reported_at > unexplained.silent_from
            and flag.reported_at < unexplained.silent_to
),

-- Ports of other countries are points without a limit; 10 km are used for the limit.
nearer_abroad as (
    select distinct
        unexplained.hull_id,
        unexplained.silent_from
    from unexplained
    inner join foreign_port as abroad
        on
            great_circle_km(unexplained.from_lon, unexplained.from_lat, abroad.lon, abroad.lat) - 10 <= unexplained.from_km
)

select
    unexplained.hull_id,
    unexplained.track_id,
    unexplained.mmsi,
    unexplained.imo,
    unexplained.vessel_name,
    mid.country_code as flag,
    case link.tier_rank
        when 1 then 'strong' when 2 then 'moderate' when 3 then 'weak' else 'none'
    end as link_tier,
    link.link_reasons,
    unexplained.has_called,
    unexplained.source,
    unexplained.silent_from,
    unexplained.silent_to,
    unexplained.from_lon,
    unexplained.from_lat,
    unexplained.to_lon,
    unexplained.to_lat,
    unexplained.from_lon
    + unexplained.ahead_deg * sin(radians(unexplained.cog_deg)) / cos(radians(unexplained.from_lat))
        as ahead_lon,
    unexplained.from_lat + unexplained.ahead_deg * cos(radians(unexplained.cog_deg)) as ahead_lat,
    unexplained.port_id,
    round(unexplained.from_km, 1) as from_km,
    round(unexplained.to_km, 1) as to_km,
    round(
        great_circle_km(unexplained.from_lon, unexplained.from_lat, unexplained.to_lon, unexplained.to_lat), 1
    ) as moved_km,
    displaced.hull_id is not null as is_displaced,
    nearer_abroad.hull_id is not null as is_nearer_abroad
from unexplained
left join moment_link as link
    on
        unexplained.hull_id = link.hull_id
        and unexplained.track_id = link.track_id
        and unexplained.silent_from = link.moment_at
left join displaced
    on unexplained.hull_id = displaced.hull_id and unexplained.silent_from = displaced.silent_from
left join nearer_abroad
    on unexplained.hull_id = nearer_abroad.hull_id and unexplained.silent_from = nearer_abroad.silent_from
left join mid on unexplained.mmsi // 1000000 = mid.mid
where link.tier_rank <= 2 or unexplained.has_called
order by unexplained.hull_id, unexplained.silent_from
