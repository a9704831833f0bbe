-- Weeks whose split lacks a value, or does not add up to the series, and calls whose cargo cannot be.
-- Grain: one week and dimension, or call, at fault.
with summed as (
    select
        week,
        dimension,
        coalesce(sum(tanker_calls), 0) as tanker_calls,
        coalesce(sum(linked_calls), 0) as linked_calls,
        coalesce(sum(linked_berth_calls), 0) as linked_berth_calls,
        bool_or(linked_berth_calls > linked_calls or linked_vessels > linked_calls) as is_mixed_up
    from weekly_split
    group by week, dimension
)

select
    week.week,
    summed.dimension,
    null as port_call_id,
    'does not add up to the series' as fault
from week
inner join barometer on week.week = barometer.week
left join summed on week.week = summed.week
where
    summed.week is null
    or summed.is_mixed_up
    or (
        summed.dimension <> 'link_reason'
        and (
            summed.tanker_calls <> coalesce(barometer.tanker_calls, 0)
            or summed.linked_calls <> coalesce(barometer.russian_linked_tanker_calls, 0)
            or summed.linked_berth_calls <> coalesce(barometer.russian_linked_berth_calls, 0)
        )
    )
union all
select
    week,
    null as dimension,
    port_call_id,
    'moved nothing, or more than the ship carries' as fault
from call_cargo
inner join counted_call using (port_call_id)
where
    call_cargo.moved_t <= 0
    or call_cargo.moved_t > call_cargo.deadweight_t
    or (call_cargo.moved_t is not null and call_cargo.direction = 'unknown')
union all
select
    counted_call.week,
    null as dimension,
    counted_call.port_call_id,
    'a counted call without cargo or voyage' as fault
from counted_call
left join call_cargo on counted_call.port_call_id = call_cargo.port_call_id
left join call_voyage on counted_call.port_call_id = call_voyage.port_call_id
where call_cargo.port_call_id is null or call_voyage.port_call_id is null
order by week, dimension, port_call_id
