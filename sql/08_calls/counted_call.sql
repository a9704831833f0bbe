-- The calls that each series counts, each once, and whether they are arrivals and in the headline.
-- Grain: one series and call with confidence 2 or more (series, port_call_id).
-- Key: series, port_call_id.
with cargo_call as (
    select
        hull_cargo.cargo,
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
    inner join hull_cargo on port_call.hull_id = hull_cargo.hull_id
    where
        hull_cargo.cargo in (select cargo from series)
        and port_call.confidence >= rule('counted_confidence')
),

-- One ship heard under several MMSIs, at the same time or in sequence: one track represents it, with
-- all its calls; separate calls on one track stay separate.
representative as (
    select
        cargo,
        joined_id,
        track_id
    from cargo_call
    group by cargo, joined_id, track_id
    qualify row_number() over (
        partition by cargo, joined_id
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
        cargo,
        joined_id,
        first(track_id order by arrived_at, port_call_id) as track_id,
        first(is_arrival order by arrived_at, port_call_id) as is_arrival
    from cargo_call
    group by cargo, joined_id
),

counted as (
    select
        cargo_call.* exclude (is_arrival),
        case
            when cargo_call.track_id = first_call.track_id then cargo_call.is_arrival
            else first_call.is_arrival
        end as is_arrival
    from cargo_call
    inner join representative
        on
            cargo_call.cargo = representative.cargo
            and cargo_call.joined_id = representative.joined_id
            and cargo_call.track_id = representative.track_id
    inner join first_call
        on cargo_call.cargo = first_call.cargo and cargo_call.joined_id = first_call.joined_id
),

-- A ship may transmit its IMO number only after it waited: match by track too.
identified as (
    select
        unnest([hull_id, 'track ' || track_id]) as caller_id,
        cargo,
        joined_id,
        area_kind,
        water,
        arrived_at,
        ended_at
    from cargo_call
),

-- Every hull and track of a group of calls.
caller as (
    select distinct
        cargo,
        joined_id,
        caller_id
    from identified
),

-- Materialized: the few that anchored are joined to the berth calls of their ships, not these to each other.
anchored as materialized (
    select
        cargo_call.port_call_id,
        cargo_call.cargo,
        cargo_call.water,
        cargo_call.arrived_at,
        cargo_call.ended_at,
        caller.caller_id
    from cargo_call
    inner join caller
        on cargo_call.cargo = caller.cargo and cargo_call.joined_id = caller.joined_id
    where cargo_call.area_kind = 'anchorage'
),

-- An anchorage call within 10 days of the ship's berth call in the same water is part of that
-- voyage (docs/method.md, "The headline").
waited as (
    select distinct anchored.port_call_id
    from anchored
    inner join identified as berthed
        on
            anchored.cargo = berthed.cargo
            and anchored.caller_id = berthed.caller_id
            and anchored.water = berthed.water
            and berthed.arrived_at <= anchored.ended_at + to_days(rule('same_voyage_days')::integer)
            and anchored.arrived_at <= berthed.ended_at + to_days(rule('same_voyage_days')::integer)
    where berthed.area_kind = 'berth'
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
    counted.is_arrival,
    series_port.series
from counted
inner join series_port
    on counted.cargo = series_port.cargo and counted.port_id = series_port.port_id
left join waited on counted.port_call_id = waited.port_call_id
order by series_port.series, counted.port_call_id
