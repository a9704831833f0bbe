-- Tanker calls by week, port and strength of the link to Russia, as counted now. A full grid.
-- Grain: one week, port and link_tier.
with tier as (
    select unnest(['strong', 'moderate', 'weak', 'none']) as link_tier
),

counted as (
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
),

stated as (
    select
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
        -- A count above zero always stands; a zero is said only where 0.3 of the hours were heard.
        coalesce(port_week.observed_share, 0) >= 0.3::float as is_zero_said
    from port_week
    cross join tier
    left join counted
        on
            port_week.week = counted.week
            and port_week.port_id = counted.port_id
            and tier.link_tier = counted.link_tier
)

select
    stated.week,
    stated.week_start,
    stated.port_id,
    stated.link_tier,
    case when stated.port_calls > 0 or stated.is_zero_said then stated.port_calls end
        as port_calls,
    case when stated.berth_calls > 0 or stated.is_zero_said then stated.berth_calls end
        as berth_calls,
    case when stated.vessels > 0 or stated.is_zero_said then stated.vessels end as vessels,
    stated.observed_share,
    case
        when stated.is_open then 'open'
        when stated.port_calls = 0 and not stated.is_zero_said then 'unobserved'
        when stated.observed_share >= 0.95::float then 'complete'
        else 'partial'
    end as state,
    case when stated.in_port_calls > 0 or stated.is_zero_said then stated.in_port_calls end
        as in_port_calls
from stated
order by stated.week, stated.port_id, stated.link_tier
