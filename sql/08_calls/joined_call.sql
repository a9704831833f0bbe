-- Groups of calls of several transmitters that are one call of one ship.
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

-- One hull under several MMSIs. The previous call is the one with the latest end so far.
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

-- One transmitter falls silent in port and is not heard again, another starts there, within a ship's
-- length, with the same size and the same name or call sign: the ship changed its MMSI. A name alone
-- is not enough.
handed_over as (
    select
        earlier.port_call_id,
        later.port_call_id as other_port_call_id,
        earlier.port_id,
        earlier.ended_at,
        later.arrived_at,
        earlier.area_kind = 'berth' and later.area_kind = 'berth' as is_same_berth
    from call as earlier
    inner join call as later
        on
            earlier.port_id = later.port_id
            and earlier.mmsi <> later.mmsi
            and earlier.ended_at <= later.arrived_at
            and later.arrived_at <= earlier.ended_at + to_days(rule('silence_days')::integer)
            and earlier.length_m = later.length_m
            and earlier.beam_m is not distinct from later.beam_m
    where
        (earlier.imo is null or later.imo is null)
        and earlier.is_tanker is distinct from false
        and later.is_tanker is distinct from false
        and (earlier.vessel_name = later.vessel_name or earlier.call_sign = later.call_sign)
        and earlier.outside_at is null
        and later.arrived_after is null
        and 1000 * great_circle_km(earlier.lon, earlier.lat, later.lon, later.lat)
        <= greatest(earlier.length_m, 100)
    -- Only the next one.
    qualify row_number() over (
        partition by earlier.port_call_id order by later.arrived_at, later.port_call_id
    ) = 1
    and row_number() over (
        partition by later.port_call_id order by earlier.ended_at desc, earlier.port_call_id
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

-- As for one transmitter (geo/stays.py): 21 days, or seven days in which the port was heard unless
-- the next fix is in the same berth.
joined_silence as (
    select
        silence.port_call_id,
        silence.silent_from
    from silence
    left join reception_slot as heard
        on
            silence.port_id = heard.port_id
            and heard.slot_at > silence.silent_from - interval 6 hour
            and heard.slot_at < silence.silent_to
    group by silence.port_call_id, silence.silent_from, silence.is_same_berth
    having
        silence.is_same_berth
        -- Whole hours: those that start before the hour of the silence's end.
        or coalesce(
            sum(
                hours_started(
                    heard.hour_bits, heard.slot_at, date_trunc('hour', silence.silent_to)
                )
                - hours_started(heard.hour_bits, heard.slot_at, silence.silent_from)
            ),
            0
        ) < rule('heard_silence_h')
),

-- The hull had left if it was heard in another port in between, or elsewhere by a third transmitter.
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

separated as (
    select
        hull_step.*,
        case
            when hull_step.before_ended_at is null then true
            when hull_step.arrived_at <= hull_step.before_ended_at then false
            when elsewhere.port_call_id is not null then true
            when joined_silence.port_call_id is not null then false
            -- An absence of up to out_and_back_h is part of the call. The limit is crossed half-way between
            -- the fixes on its two sides (geo/port_calls.py).
            else
                hull_step.arrived_at - hull_step.before_ended_at + case
                    when hull_step.arrived_after <= hull_step.before_outside_at then interval 0 hour
                    else coalesce(
                        hull_step.arrived_after - hull_step.before_outside_at,
                        hull_step.arrived_at - hull_step.before_ended_at
                    )
                end > to_hours(2 * rule('out_and_back_h')::integer)
        end as is_separate
    from hull_step
    left join elsewhere on hull_step.port_call_id = elsewhere.port_call_id
    left join joined_silence
        on
            hull_step.port_call_id = joined_silence.port_call_id
            and hull_step.before_ended_at = joined_silence.silent_from
),

numbered as (
    select
        *,
        count(*) filter (where is_separate) over (
            partition by hull_id, port_id order by arrived_at, port_call_id
            rows between unbounded preceding and current row
        ) as chain
    from separated
),

chained as (
    select
        port_call_id,
        min(port_call_id) over (partition by hull_id, port_id, chain) as chain_id
    from numbered
),

-- A ship has two transmitters, rarely three. Five or more on one track are spoofed, as in rings.
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
    inner join joined_silence
        on
            handed_over.other_port_call_id = joined_silence.port_call_id
            and handed_over.ended_at = joined_silence.silent_from
),

chain_tie as (
    select distinct
        earlier.chain_id,
        later.chain_id as other_chain_id
    from tie
    inner join chained as earlier on tie.port_call_id = earlier.port_call_id
    inner join chained as later on tie.other_port_call_id = later.port_call_id
    where earlier.chain_id <> later.chain_id
),

symmetric_tie as (
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

connected as (
    with recursive path as (
        select
            chain_id,
            other_chain_id
        from symmetric_tie
        union
        select
            path.chain_id,
            symmetric_tie.other_chain_id
        from path
        inner join symmetric_tie on path.other_chain_id = symmetric_tie.chain_id
    )

    select
        chain_id,
        min(other_chain_id) as other_chain_id
    from path
    group by chain_id
)

select
    call.port_call_id,
    coalesce(least(chained.chain_id, connected.other_chain_id), call.port_call_id) as joined_id,
    call_confidence.ended_at
from track_call as call
inner join port on call.port_id = port.port_id and port.country = 'IR'
inner join call_confidence on call.port_call_id = call_confidence.port_call_id
left join chained on call.port_call_id = chained.port_call_id
left join connected on chained.chain_id = connected.chain_id
order by call.port_call_id
