-- The tanker calls that counts take, and which of them the headline leaves out.
-- Grain: one call of a tanker with confidence 2 and up. Inputs: port_call, port.
with counted as (
    select
        port_call.port_call_id,
        port_call.week,
        port_call.port_id,
        port_call.area_kind,
        port_call.link_tier,
        port_call.link_reasons,
        port_call.is_russian_linked,
        port_call.arrived_at,
        coalesce(port_call.departed_at, 'infinity'::timestamp) as departed_at,
        coalesce('imo ' || port_call.imo, 'track ' || port_call.track_id) as hull,
        port.water
    from port_call
    inner join port on port_call.port_id = port.port_id
    where port_call.is_tanker and port_call.confidence >= 2
),

-- An anchorage call within 10 days of the ship's berth call in the same water is part of that
-- voyage (README, "How it decides").
waited as (
    select distinct anchored.port_call_id
    from counted as anchored
    inner join counted as berthed
        on
            anchored.hull = berthed.hull
            and anchored.water = berthed.water
            and berthed.arrived_at <= anchored.departed_at + interval 10 day
            and anchored.arrived_at <= berthed.departed_at + interval 10 day
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
    counted.hull,
    waited.port_call_id is null as is_headline
from counted
left join waited on counted.port_call_id = waited.port_call_id
order by counted.port_call_id
