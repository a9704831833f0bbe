-- The tanker calls that counts take, each once, and which of them are no arrivals or not in the headline.
-- Grain: one call of a tanker with confidence 2 and up. Inputs: port_call, port, vessel.
with last_heard as (
    select
        track_id,
        max(valid_to) as last_at
    from vessel
    where source = 'AIS'
    group by track_id
),

tanker_call as (
    select
        port_call.port_call_id,
        port_call.track_id,
        port_call.week,
        port_call.port_id,
        port_call.area_kind,
        port_call.link_tier,
        port_call.link_reasons,
        port_call.is_russian_linked,
        port_call.was_known_at_call,
        port_call.is_arrival,
        port_call.arrived_at,
        -- Still in port: as far as the track was heard. One that fell silent there says nothing of
        -- the hull's later calls.
        coalesce(port_call.departed_at, last_heard.last_at, port_call.arrived_at) as ended_at,
        port_call.hull_id,
        port_call.port_name,
        port.water
    from port_call
    inner join port on port_call.port_id = port.port_id
    left join last_heard on port_call.track_id = last_heard.track_id
    where port_call.is_tanker and port_call.confidence >= 2
),

-- One hull heard under two MMSIs, at once or one after the other: calls at a port that overlap, or
-- begin within 12 hours of the end of the ones before, as out and back within 12 hours is one call
-- (geo/port_calls.py).
followed as (
    select
        *,
        coalesce(
            arrived_at > max(ended_at) over (
                partition by hull_id, port_id order by arrived_at, port_call_id
                rows between unbounded preceding and 1 preceding
            ) + interval 12 hour,
            true
        ) as is_apart
    from tanker_call
),

chained as (
    select
        *,
        count(*) filter (where is_apart) over (
            partition by hull_id, port_id order by arrived_at, port_call_id
            rows between unbounded preceding and current row
        ) as chain
    from followed
),

-- One track stands for the hull, with all its calls: what one track tells apart is apart.
standing as (
    select
        hull_id,
        port_id,
        chain,
        track_id
    from chained
    group by hull_id, port_id, chain, track_id
    qualify row_number() over (
        partition by hull_id, port_id, chain
        order by
            count(*) filter (where area_kind = 'berth') desc,
            count(*) desc,
            min(arrived_at),
            min(port_call_id)
    ) = 1
),

-- Under a second MMSI a hull arrives when it did under the first.
begun as (
    select
        hull_id,
        port_id,
        chain,
        first(track_id order by arrived_at, port_call_id) as track_id,
        first(is_arrival order by arrived_at, port_call_id) as is_arrival
    from chained
    group by hull_id, port_id, chain
),

counted as (
    select
        chained.* exclude (is_arrival),
        case
            when chained.track_id = begun.track_id then chained.is_arrival else begun.is_arrival
        end as is_arrival
    from chained
    inner join standing
        on
            chained.hull_id = standing.hull_id
            and chained.port_id = standing.port_id
            and chained.chain = standing.chain
            and chained.track_id = standing.track_id
    inner join begun
        on
            chained.hull_id = begun.hull_id
            and chained.port_id = begun.port_id
            and chained.chain = begun.chain
),

-- A ship may send its IMO number only after it waited: it is the same by the track too.
named as (
    select
        unnest([hull_id, 'track ' || track_id]) as called,
        port_call_id,
        area_kind,
        water,
        arrived_at,
        ended_at
    from tanker_call
),

-- An anchorage call within 10 days of the ship's berth call in the same water is part of that
-- voyage (README, "How it decides").
waited as (
    select distinct anchored.port_call_id
    from named as anchored
    inner join named as berthed
        on
            anchored.called = berthed.called
            and anchored.water = berthed.water
            and berthed.arrived_at <= anchored.ended_at + interval 10 day
            and anchored.arrived_at <= berthed.ended_at + interval 10 day
    where anchored.area_kind = 'anchorage' and berthed.area_kind = 'berth'
)

select
    counted.port_call_id,
    counted.week,
    counted.port_id,
    counted.water,
    counted.area_kind,
    counted.link_tier,
    counted.link_reasons,
    counted.is_russian_linked,
    counted.was_known_at_call,
    counted.hull_id,
    counted.is_arrival and waited.port_call_id is null as is_headline,
    counted.port_name,
    counted.is_arrival
from counted
left join waited on counted.port_call_id = waited.port_call_id
order by counted.port_call_id
