-- Calls of each series by week, port and strength of the link to Russia, as counted by this run. A full grid.
-- Grain: one series, week, port and link_tier.
with tier as (
    select unnest(['strong', 'moderate', 'weak', 'none']) as link_tier
),

counted as (
    select
        series,
        week,
        port_id,
        link_tier,
        count(*) filter (where is_arrival) as port_calls,
        count(*) filter (where is_arrival and area_kind = 'berth') as berth_calls,
        count(distinct hull_id) filter (where is_arrival) as vessels,
        count(*) filter (where not is_arrival) as in_port_calls
    from counted_call
    group by series, week, port_id, link_tier
),

-- Linked ships of unknown type: those of the tier that may be ones that count.
untyped as (
    select
        series,
        week,
        port_id,
        link_tier,
        count(*) as calls
    from untyped_call
    where link_tier <> 'none'
    group by series, week, port_id, link_tier
),

grid as (
    select
        series_port.series,
        port_week.week,
        port_week.week_start,
        port_week.port_id,
        tier.link_tier,
        coalesce(counted.port_calls, 0) as port_calls,
        coalesce(counted.berth_calls, 0) as berth_calls,
        coalesce(counted.vessels, 0) as vessels,
        coalesce(counted.in_port_calls, 0) as in_port_calls,
        port_week.observed_share,
        port_week.is_open,
        -- A count above zero is always reported; a zero only where 0.3 of the hours were heard, and
        -- no linked ship of unknown type called.
        coalesce(port_week.observed_share, 0) >= rule('least_share')::float
        and untyped.calls is null as is_zero_reported,
        untyped.calls is null as is_typed
    from port_week
    inner join series_port on port_week.port_id = series_port.port_id
    cross join tier
    left join counted
        on
            series_port.series = counted.series
            and port_week.week = counted.week
            and port_week.port_id = counted.port_id
            and tier.link_tier = counted.link_tier
    left join untyped
        on
            series_port.series = untyped.series
            and port_week.week = untyped.week
            and port_week.port_id = untyped.port_id
            and tier.link_tier = untyped.link_tier
)

select
    grid.week,
    grid.week_start,
    grid.port_id,
    grid.link_tier,
    case when grid.port_calls > 0 or grid.is_zero_reported then grid.port_calls end
        as port_calls,
    case when grid.berth_calls > 0 or grid.is_zero_reported then grid.berth_calls end
        as berth_calls,
    case when grid.vessels > 0 or grid.is_zero_reported then grid.vessels end as vessels,
    grid.observed_share,
    case
        when grid.is_open then 'open'
        when grid.port_calls = 0 and not grid.is_zero_reported then 'unobserved'
        when grid.observed_share >= rule('whole_share')::float and grid.is_typed then 'complete'
        else 'partial'
    end as state,
    case when grid.in_port_calls > 0 or grid.is_zero_reported then grid.in_port_calls end
        as in_port_calls,
    grid.series
from grid
order by grid.series, grid.week, grid.port_id, grid.link_tier
