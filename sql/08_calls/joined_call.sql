-- Which calls of several transmitters are one call of one ship.
-- Grain: one port call in Iran (port_call_id).
with call as (
    select
        track_call.port_call_id,
        track_call.track_id,
        track_call.mmsi,
        track_call.port_id,
        track_call.area_kind,
        track_call.arrived_after,
        track_call.arrived_at,
        track_call.departed_at,
        track_call.lon,
        track_call.lat,
        call_confidence.ended_at,
        call_confidence.outside_at,
        identity.imo,
        identity.vessel_name,
        identity.call_sign,
        identity.length_m,
        identity.beam_m,
        identity.hull_id,
        hull.is_tanker
    from track_call
    inner join call_confidence on track_call.port_call_id = call_confidence.port_call_id
    inner join call_identity as identity on track_call.port_call_id = identity.port_call_id
    inner join port on track_call.port_id = port.port_id
    left join hull on identity.hull_id = hull.hull_id
    where port.country = 'IR' and call_confidence.confidence >= rule('counted_confidence')
),

-- One hull under several MMSIs. The call before is the one that lasted longest so far.
followed as (
    select
        *,
        arg_max(port_call_id, (ended_at, port_call_id)) over (
            partition by hull_id, port_id order by arrived_at, port_call_id
            rows between unbounded preceding and 1 preceding
        ) as longest_id
    from call
),

hull_step as (
    select
        followed.*,
        before.ended_at as before_ended_at,
        before.outside_at as before_outside_at,
        before.track_id as before_track_id,
        before.area_kind as before_area_kind,
        before.lon as before_lon,
        before.lat as before_lat
    from followed
    left join call as before on followed.longest_id = before.port_call_id
),

-- One transmitter falls silent in port and is not heard again, another begins there, in the same
-- berth and under the same name or call sign and of the same size: it changed its MMSI. A name
-- alone would not do.
handed_over as (
    select
        one.port_call_id,
        other.port_call_id as other_port_call_id,
        one.port_id,
        one.ended_at,
        other.arrived_at,
        one.area_kind = 'berth' and other.area_kind = 'berth' as is_same_berth
    from call as one
    inner join call as other
        on
            one.port_id = other.port_id
            and one.mmsi <> other.mmsi
            and one.ended_at <= other.arrived_at
            and other.arrived_at <= one.ended_at + to_days(rule('silence_days')::integer)
            and one.length_m = other.length_m
            and one.beam_m is not distinct from other.beam_m
    where
        (one.imo is null or other.imo is null)
        and one.is_tanker is distinct from false
        and other.is_tanker is distinct from false
        and (one.vessel_name = other.vessel_name or one.call_sign = other.call_sign)
        and one.outside_at is null
        and other.arrived_after is null
        and 1000 * great_circle_km(one.lon, one.lat, other.lon, other.lat)
        <= greatest(one.length_m, 100)
    -- The next one only.
    qualify row_number() over (
        partition by one.port_call_id order by other.arrived_at, other.port_call_id
    ) = 1
    and row_number() over (
        partition by other.port_call_id order by one.ended_at desc, one.port_call_id
    ) = 1
),

-- Silences between two calls, and how many hours of each the port was heard.
silence as (
    select
        port_call_id,
        port_id,
        before_ended_at as silent_from,
        arrived_at as silent_to,
        area_kind = 'berth'
        and before_area_kind = 'berth'
        and 1000 * great_circle_km(lon, lat, before_lon, before_lat) <= rule('same_berth_m') as is_same_berth
    from hull_step
    where
        arrived_at > before_ended_at
        and arrived_at <= before_ended_at + to_days(rule('silence_days')::integer)
        and coalesce(before_outside_at >= arrived_at, true)
        and coalesce(arrived_after <= before_ended_at, true)
    union all
    select
        other_port_call_id as port_call_id,
        port_id,
        ended_at as silent_from,
        arrived_at as silent_to,
        is_same_berth
    from handed_over
),

-- As for one transmitter (geo/stays.py): 21 days, or seven in which the port was heard, but
-- where the next sign is in the very berth.
quiet as (
    select
        silence.port_call_id,
        silence.silent_from
    from silence
    left join reception_hour as heard
        on
            silence.port_id = heard.port_id
            and heard.hour >= silence.silent_from
            and heard.hour + interval 1 hour <= silence.silent_to
    group by silence.port_call_id, silence.silent_from, silence.is_same_berth
    having silence.is_same_berth or count(heard.hour) < rule('heard_silence_h')
),

-- Heard in another port between, or anywhere else by a third transmitter, the hull had left.
elsewhere as (
    select distinct hull_step.port_call_id
    from hull_step
    inner join call as other
        on
            hull_step.hull_id = other.hull_id
            and hull_step.port_id <> other.port_id
            and other.arrived_at between hull_step.before_ended_at and hull_step.arrived_at
    union
    select distinct hull_step.port_call_id
    from hull_step
    inner join vessel
        on
            hull_step.imo is not null
            and hull_step.hull_id = vessel.hull_id
            and vessel.source = 'AIS'
            and vessel.track_id <> hull_step.track_id
            and vessel.track_id <> hull_step.before_track_id
            and vessel.valid_from > hull_step.before_ended_at
            and vessel.valid_to < hull_step.arrived_at
),

stepped as (
    select
        hull_step.*,
        case
            when hull_step.before_ended_at is null then true
            when hull_step.arrived_at <= hull_step.before_ended_at then false
            when elsewhere.port_call_id is not null then true
            when quiet.port_call_id is not null then false
            -- Out and back within 12 hours is one call. The border is crossed half-way between the
            -- fixes on its two sides (geo/port_calls.py).
            else
                hull_step.arrived_at - hull_step.before_ended_at + case
                    when hull_step.arrived_after <= hull_step.before_outside_at then interval 0 hour
                    else coalesce(
                        hull_step.arrived_after - hull_step.before_outside_at,
                        hull_step.arrived_at - hull_step.before_ended_at
                    )
                end > to_hours(2 * rule('out_and_back_h')::integer)
        end as is_apart
    from hull_step
    left join elsewhere on hull_step.port_call_id = elsewhere.port_call_id
    left join quiet
        on
            hull_step.port_call_id = quiet.port_call_id
            and hull_step.before_ended_at = quiet.silent_from
),

numbered as (
    select
        *,
        count(*) filter (where is_apart) over (
            partition by hull_id, port_id order by arrived_at, port_call_id
            rows between unbounded preceding and current row
        ) as chain
    from stepped
),

chained as (
    select
        port_call_id,
        min(port_call_id) over (partition by hull_id, port_id, chain) as chain_id
    from numbered
),

-- A ship has two transmitters, seldom three. Five and more on one track are spoofed, as rings are.
companion as (
    select
        port_call_id,
        other_port_call_id
    from company
    union all
    select
        other_port_call_id as port_call_id,
        port_call_id as other_port_call_id
    from company
),

crowded as (
    select port_call_id
    from companion
    group by port_call_id
    having count(*) > 3
),

tie as (
    select
        port_call_id,
        other_port_call_id
    from company
    where
        port_call_id not in (select port_call_id from crowded)
        and other_port_call_id not in (select port_call_id from crowded)
    union
    select
        handed_over.port_call_id,
        handed_over.other_port_call_id
    from handed_over
    inner join quiet
        on
            handed_over.other_port_call_id = quiet.port_call_id
            and handed_over.ended_at = quiet.silent_from
),

chain_tie as (
    select distinct
        one.chain_id,
        other.chain_id as other_chain_id
    from tie
    inner join chained as one on tie.port_call_id = one.port_call_id
    inner join chained as other on tie.other_port_call_id = other.port_call_id
    where one.chain_id <> other.chain_id
),

either_way as (
    select
        chain_id,
        other_chain_id
    from chain_tie
    union
    select
        other_chain_id as chain_id,
        chain_id as other_chain_id
    from chain_tie
),

reached as (
    with recursive onward as (
        select
            chain_id,
            other_chain_id
        from either_way
        union
        select
            onward.chain_id,
            either_way.other_chain_id
        from onward
        inner join either_way on onward.other_chain_id = either_way.chain_id
    )

    select
        chain_id,
        min(other_chain_id) as other_chain_id
    from onward
    group by chain_id
)

select
    call.port_call_id,
    coalesce(least(chained.chain_id, reached.other_chain_id), call.port_call_id) as joined_id,
    call_confidence.ended_at
from track_call as call
inner join port on call.port_id = port.port_id and port.country = 'IR'
inner join call_confidence on call.port_call_id = call_confidence.port_call_id
left join chained on call.port_call_id = chained.port_call_id
left join reached on chained.chain_id = reached.chain_id
order by call.port_call_id
