-- Silences near an Iranian port, long enough for a call there, of tankers linked to Russia by then or that had called in Iran before.
-- Grain: one silence of a hull (hull_id, silent_from).
with caller as (
    select
        identity.hull_id,
        min(port_call.arrived_at) as first_called_at
    from counted_call
    inner join port_call on counted_call.port_call_id = port_call.port_call_id
    inner join call_identity as identity on counted_call.port_call_id = identity.port_call_id
    group by identity.hull_id
),

sailed_as as (
    select
        hull_id,
        track_id,
        mmsi,
        first_day,
        last_day
    from hull_spell
    where hull_id in (select hull_id from tanker_gap)
),

-- Near: within the 60 km in which a port's reception is judged. On a sphere, as in geo/earth.py.
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

way as (
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
-- VLCCs make 12 knots (VesselsValue, in Ship & Bunker of 10 June 2020); the rest is for the way
-- round, since these are straight lines.
reached as (
    select
        hull_id,
        silent_from,
        port_id,
        from_km,
        to_km
    from way
    where silent_us / 3.6e9
        >= rule('dark_stay_h') + (from_km + to_km) / (rule('dark_speed_kn') * 1.852)
    qualify row_number() over (
        partition by hull_id, silent_from order by from_km, to_km, port_id
    ) = 1
),

-- What a call explains, as far as it may have lasted, is no silence of another kind.
called as (
    select distinct
        reached.hull_id,
        reached.silent_from
    from reached
    inner join tanker_gap as silence
        on reached.hull_id = silence.hull_id and reached.silent_from = silence.silent_from
    inner join call_identity as identity on reached.hull_id = identity.hull_id
    inner join track_call as call
        on
            identity.port_call_id = call.port_call_id
            and coalesce(call.arrived_after, call.arrived_at) < silence.silent_to
            and coalesce(call.departed_by, call.departed_at, 'infinity'::timestamp)
            > silence.silent_from
),

uncalled as materialized (
    select
        silence.*,
        reached.port_id,
        reached.from_km,
        reached.to_km,
        -- How far it would have come in two hours on its course, in degrees of latitude; no further
        -- than to the port, beyond which may be land. Null for one that lay still.
        case
            when silence.sog_kn is not null
                then least(silence.sog_kn * 1.852 * 2, reached.from_km) / 111.2
        end as ahead_deg,
        said.imo,
        said.claimed_imo,
        said.vessel_name,
        coalesce(caller.first_called_at < silence.silent_from, false) as has_called
    from reached
    inner join tanker_gap as silence
        on reached.hull_id = silence.hull_id and reached.silent_from = silence.silent_from
    inner join hull_spell as said
        on
            silence.track_id = said.track_id
            and silence.silent_from::date between said.first_day and said.last_day
    left join called
        on reached.hull_id = called.hull_id and reached.silent_from = called.silent_from
    left join caller on reached.hull_id = caller.hull_id
    where called.hull_id is null
),

-- As call_evidence judges a call: by hull first, ...
matched as (
    select
        uncalled.hull_id,
        uncalled.silent_from,
        link.link_tier,
        link.link_reason,
        link.valid_from,
        link.valid_to
    from uncalled
    inner join vessel_link as link on uncalled.imo = link.imo and link.matched_by = 'imo'
    union all
    -- ... by what was heard of a ship that tells no hull, ...
    select
        uncalled.hull_id,
        uncalled.silent_from,
        link.link_tier,
        link.link_reason,
        link.valid_from,
        link.valid_to
    from uncalled
    inner join vessel_link as link on uncalled.hull_id = link.hull_id and link.imo is null
    union all
    -- ... and by a list's MMSI only a ship that sends no number, while nobody else had it.
    select
        uncalled.hull_id,
        uncalled.silent_from,
        link.link_tier,
        link.link_reason,
        link.valid_from,
        link.valid_to
    from uncalled
    inner join vessel_link as link
        on uncalled.mmsi = link.mmsi and link.matched_by = 'mmsi' and link.hull_id is null
    where
        uncalled.imo is null
        and uncalled.claimed_imo is null
        and uncalled.track_id = uncalled.mmsi
        and not exists (
            select 1
            from hull_spell as other
            where
                other.mmsi = uncalled.mmsi
                and other.hull_id <> uncalled.hull_id
                and other.last_at >= link.valid_from
                and other.first_at <= uncalled.silent_from
        )
        and not exists (
            select 1
            from link_decision as decision
            where
                decision.mmsi = uncalled.mmsi
                and decision.imo = link.imo
                and uncalled.silent_from >= coalesce(decision.valid_from, '-infinity'::timestamp)
                and uncalled.silent_from < coalesce(decision.valid_to, 'infinity'::timestamp)
            having arg_max(decision.decision, decision.line) = 'refuse'
        )
),

link as (
    select
        hull_id,
        silent_from,
        min(case link_tier when 'strong' then 1 when 'moderate' then 2 else 3 end) as tier_rank,
        coalesce(
            string_agg(distinct link_reason, ', ' order by link_reason)
            filter (where link_tier <> 'weak'),
            string_agg(distinct link_reason, ', ' order by link_reason)
        ) as link_reasons
    from matched
    where
        (valid_from is null or valid_from <= silent_from)
        and (valid_to is null or silent_from < valid_to)
    group by hull_id, silent_from
),

around as materialized (
    select
        uncalled.hull_id,
        uncalled.silent_from,
        sailed_as.track_id,
        sailed_as.mmsi,
        greatest(sailed_as.first_day, uncalled.silent_from::date - 21) as first_day,
        least(sailed_as.last_day, uncalled.silent_to::date + 7) as last_day
    from uncalled
    inner join sailed_as
        on
            uncalled.hull_id = sailed_as.hull_id
            and sailed_as.last_day >= uncalled.silent_from::date - 21
            and sailed_as.first_day <= uncalled.silent_to::date + 7
),

-- The hours in which the source that heard it last had heard it, in as long a time before; and the
-- draught that it sent last and first, within a week, as of a call.
own as (
    select
        uncalled.hull_id,
        uncalled.silent_from,
        count(distinct date_trunc('hour', fix.reported_at)) filter (
            where fix.source = uncalled.source
            and fix.reported_at <= uncalled.silent_from
            and epoch_us(fix.reported_at) > epoch_us(uncalled.silent_from) - uncalled.silent_us
        ) as own_hours,
        arg_max(fix.draught_m, (fix.reported_at, fix.mmsi, fix.lon, fix.lat)) filter (
            where fix.draught_m is not null
            and fix.reported_at <= uncalled.silent_from
            and fix.reported_at >= uncalled.silent_from - interval 7 day
        ) as draught_before_m,
        arg_min(fix.draught_m, (fix.reported_at, fix.mmsi, fix.lon, fix.lat)) filter (
            where fix.draught_m is not null
            and fix.reported_at >= uncalled.silent_to
            and fix.reported_at <= uncalled.silent_to + interval 7 day
        ) as draught_after_m
    from position as fix
    inner join around
        on
            fix.mmsi = around.mmsi
            and fix.reported_at::date between around.first_day and around.last_day
    inner join uncalled
        on around.hull_id = uncalled.hull_id and around.silent_from = uncalled.silent_from
    left join flagged_position as flag
        on
            fix.mmsi = flag.mmsi
            and fix.reported_at = flag.reported_at
            and fix.lon = flag.lon
            and fix.lat = flag.lat
    where
        coalesce(flag.track_id, fix.mmsi) = around.track_id
        and flag.verdict is distinct from 'implausible'
    group by uncalled.hull_id, uncalled.silent_from
),

-- It went on sending, if only false positions.
thrown as (
    select distinct
        uncalled.hull_id,
        uncalled.silent_from
    from uncalled
    inner join flagged_position as flag
        on
            uncalled.track_id = flag.track_id
            and flag.verdict = 'implausible'
            and flag.reported_at > uncalled.silent_from
            and flag.reported_at < uncalled.silent_to
),

-- Another country's port is a point here; 10 km stand for the limit that it has none of.
beside as (
    select distinct
        uncalled.hull_id,
        uncalled.silent_from
    from uncalled
    inner join foreign_port as foreign_one
        on
            great_circle_km(uncalled.from_lon, uncalled.from_lat, foreign_one.lon, foreign_one.lat) - 10 <= uncalled.from_km
)

select
    uncalled.hull_id,
    uncalled.track_id,
    uncalled.mmsi,
    uncalled.imo,
    uncalled.vessel_name,
    mid.country_code as flag,
    case link.tier_rank
        when 1 then 'strong' when 2 then 'moderate' when 3 then 'weak' else 'none'
    end as link_tier,
    link.link_reasons,
    uncalled.has_called,
    uncalled.source,
    uncalled.silent_from,
    uncalled.silent_to,
    uncalled.from_lon,
    uncalled.from_lat,
    uncalled.to_lon,
    uncalled.to_lat,
    uncalled.from_lon
    + uncalled.ahead_deg * sin(radians(uncalled.cog_deg)) / cos(radians(uncalled.from_lat))
        as ahead_lon,
    uncalled.from_lat + uncalled.ahead_deg * cos(radians(uncalled.cog_deg)) as ahead_lat,
    uncalled.port_id,
    round(uncalled.from_km, 1) as from_km,
    round(uncalled.to_km, 1) as to_km,
    round(
        great_circle_km(uncalled.from_lon, uncalled.from_lat, uncalled.to_lon, uncalled.to_lat), 1
    ) as moved_km,
    own.own_hours,
    own.draught_before_m,
    own.draught_after_m,
    thrown.hull_id is not null as is_thrown,
    beside.hull_id is not null as is_nearer_abroad
from uncalled
inner join own on uncalled.hull_id = own.hull_id and uncalled.silent_from = own.silent_from
left join link on uncalled.hull_id = link.hull_id and uncalled.silent_from = link.silent_from
left join thrown
    on uncalled.hull_id = thrown.hull_id and uncalled.silent_from = thrown.silent_from
left join beside
    on uncalled.hull_id = beside.hull_id and uncalled.silent_from = beside.silent_from
left join mid on uncalled.mmsi // 1000000 = mid.mid
where link.tier_rank <= 2 or uncalled.has_called
order by uncalled.hull_id, uncalled.silent_from
