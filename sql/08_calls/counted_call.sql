-- The tanker calls that are counted, each once, and whether they are arrivals and in the headline.
-- Grain: one call of a tanker with confidence 2 or more.
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

-- One ship heard under several MMSIs, at the same time or in sequence: one track represents it, with
-- all its calls; separate calls on one track stay separate.
representative as (
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

-- For a ship with a second MMSI the arrival is that under the first.
first_call as (
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
            when tanker_call.track_id = first_call.track_id then tanker_call.is_arrival
            else first_call.is_arrival
        end as is_arrival
    from tanker_call
    inner join representative
        on
            tanker_call.joined_id = representative.joined_id
            and tanker_call.track_id = representative.track_id
    inner join first_call on tanker_call.joined_id = first_call.joined_id
),

-- A ship may transmit its IMO number only after it waited: match by track too.
identified as (
    select
        unnest([hull_id, 'track ' || track_id]) as caller_id,
        joined_id,
        area_kind,
        water,
        arrived_at,
        ended_at
    from tanker_call
),

-- Every hull and track of a group of calls.
caller as (
    select distinct
        joined_id,
        caller_id
    from identified
),

-- An anchorage call within 10 days of the ship's berth call in the same water is part of that
-- voyage (docs/method.md, "The headline").
waited as (
    select distinct anchored.port_call_id
    from tanker_call as anchored
    inner join caller on anchored.joined_id = caller.joined_id
    inner join identified as berthed
        on
            caller.caller_id = berthed.caller_id
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
