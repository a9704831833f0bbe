-- Weekly counts that are not the number of counted calls.
-- Grain: one week, port and link_tier at fault.
with counted as (
    select
        week,
        port_id,
        link_tier,
        count(*) filter (where is_arrival) as port_calls,
        count(*) filter (where is_arrival and area_kind = 'berth') as berth_calls,
        count(distinct hull_id) filter (where is_arrival) as vessels,
        count(*) filter (where not is_arrival) as in_port_calls
    from counted_call
    group by week, port_id, link_tier
)

select
    coalesce(weekly.week, counted.week) as week,
    coalesce(weekly.port_id, counted.port_id) as port_id,
    coalesce(weekly.link_tier, counted.link_tier) as link_tier,
    weekly.port_calls,
    counted.port_calls as counted_port_calls,
    weekly.berth_calls,
    counted.berth_calls as counted_berth_calls,
    weekly.vessels,
    counted.vessels as counted_vessels,
    weekly.in_port_calls,
    counted.in_port_calls as counted_in_port_calls
from weekly_port_calls as weekly
full join counted
    on
        weekly.week = counted.week
        and weekly.port_id = counted.port_id
        and weekly.link_tier = counted.link_tier
where
    -- Null means that none was counted; whether a zero may be said is another check.
    weekly.week is null
    or coalesce(weekly.port_calls, 0) <> coalesce(counted.port_calls, 0)
    or coalesce(weekly.berth_calls, 0) <> coalesce(counted.berth_calls, 0)
    or coalesce(weekly.vessels, 0) <> coalesce(counted.vessels, 0)
    or coalesce(weekly.in_port_calls, 0) <> coalesce(counted.in_port_calls, 0)
order by
    coalesce(weekly.week, counted.week),
    coalesce(weekly.port_id, counted.port_id),
    coalesce(weekly.link_tier, counted.link_tier)
