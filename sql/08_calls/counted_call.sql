-- The tanker calls that counts take, each once, and which of them are no arrivals or not in the headline.
-- Grain: one call of a tanker with confidence 2 and up.
with tanker_call as (
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
        port_call.imo,
        joined_call.ended_at,
        port_call.hull_id,
        port_call.port_name,
        port.water,
        joined_call.joined_id
    from port_call
    inner join port on port_call.port_id = port.port_id
    inner join joined_call on port_call.port_call_id = joined_call.port_call_id
    where port_call.is_tanker and port_call.confidence >= rule('counted_confidence')
),

-- One ship heard under several MMSIs, at once or one after the other. One track stands for it, with
-- all its calls: what one track tells apart is apart.
standing as (
    select
        joined_id,
        track_id
    from tanker_call
    group by joined_id, track_id
    qualify row_number() over (
        partition by joined_id
        order by
            count(*) filter (where area_kind = 'berth') desc,
            count(*) desc,
            min(imo) nulls last,
            min(arrived_at),
            min(port_call_id)
    ) = 1
),

-- Under a second MMSI a ship arrives when it did under the first.
begun as (
    select
        joined_id,
        first(track_id order by arrived_at, port_call_id) as track_id,
        first(is_arrival order by arrived_at, port_call_id) as is_arrival
    from tanker_call
    group by joined_id
),

counted as (
    select
        tanker_call.* exclude (is_arrival),
        case
            when tanker_call.track_id = begun.track_id then tanker_call.is_arrival
            else begun.is_arrival
        end as is_arrival
    from tanker_call
    inner join standing
        on
            tanker_call.joined_id = standing.joined_id
            and tanker_call.track_id = standing.track_id
    inner join begun on tanker_call.joined_id = begun.joined_id
),

-- A ship may send its IMO number only after it waited: it is the same by the track too.
named as (
    select
        unnest([hull_id, 'track ' || track_id]) as called,
        joined_id,
        area_kind,
        water,
        arrived_at,
        ended_at
    from tanker_call
),

-- Every hull and track that a call was made by.
caller as (
    select distinct
        joined_id,
        called
    from named
),

-- An anchorage call within 10 days of the ship's berth call in the same water is part of that
-- voyage (docs/method.md, "The headline").
waited as (
    select distinct anchored.port_call_id
    from tanker_call as anchored
    inner join caller on anchored.joined_id = caller.joined_id
    inner join named as berthed
        on
            caller.called = berthed.called
            and anchored.water = berthed.water
            and berthed.arrived_at <= anchored.ended_at + to_days(rule('same_voyage_days')::integer)
            and anchored.arrived_at <= berthed.ended_at + to_days(rule('same_voyage_days')::integer)
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
