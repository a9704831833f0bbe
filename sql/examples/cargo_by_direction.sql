-- Russian-linked berth calls by water and direction of the oil, with tonnes where they can be estimated.
-- Grain: one water and direction.
select
    counted_call.water,
    cargo.direction,
    count(*) as linked_berth_calls,
    count(*) filter (where cargo.direction_by in ('draught', 'draught; terminal'))
        as direction_by_draught,
    count(*) filter (where cargo.direction_by = 'draught, against the terminal')
        as draught_against_terminal,
    -- A sum of estimates; oil_volume has sums with their interval.
    count(cargo.payload_t) as calls_with_payload,
    count(*) filter (where cargo.method = 'terminal') as payload_by_terminal,
    sum(cargo.payload_t)::bigint as payload_t_estimate,
    count(cargo.deadweight_t) as calls_with_deadweight,
    median(cargo.deadweight_t)::integer as median_deadweight_t
from counted_call
inner join call_cargo as cargo on counted_call.port_call_id = cargo.port_call_id
where
    counted_call.series = 'russian_linked_tankers'
    and counted_call.is_headline
    and counted_call.is_russian_linked
    and counted_call.area_kind = 'berth'
group by counted_call.water, cargo.direction
order by counted_call.water, cargo.direction
