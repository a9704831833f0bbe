-- Calls that move oil, and sums of their estimates, by week, water, direction and strength of the link; input of flows/derive/volume.py.
-- Grain: one series of tankers, week, water, direction and link_tier, a full grid; null for all directions, and for strong and moderate.
with kind as (
    select
        direction,
        link_tier
    from (select unnest([null, 'loading', 'discharging', 'unknown']) as direction)
    cross join (select unnest([null, 'strong', 'moderate']) as link_tier)
),

summed as (
    select
        call.series,
        call.week,
        call.water,
        kind.direction,
        kind.link_tier,
        count(*) as calls,
        count(call.payload_t) as estimated_calls,
        count(*) filter (where call.method = 'two draughts') as two_draught_calls,
        count(*) filter (where call.method = 'one draught') as one_draught_calls,
        count(*) filter (where call.method = 'terminal') as terminal_calls,
        -- A fixed order makes the float sums reproducible.
        list_sum(list(call.payload_t order by call.port_call_id)) as payload_t,
        list_sum(list(pow(call.payload_t, 2) order by call.port_call_id)) as square_t2,
        list_sum(list(pow(call.payload_sd_t, 2) order by call.port_call_id)) as variance_t2,
        list_sum(list(call.payload_bbl order by call.port_call_id)) as payload_bbl
    from volume_call as call
    inner join kind
        on
            coalesce(kind.direction = call.direction, true)
            and coalesce(kind.link_tier = call.link_tier, true)
    group by call.series, call.week, call.water, kind.direction, kind.link_tier
)

select
    series_count.series,
    series_count.week,
    series_count.water,
    kind.direction,
    kind.link_tier,
    series_count.is_open,
    series_count.observed_share,
    series_count.untyped_linked_calls,
    coalesce(summed.calls, 0) as calls,
    coalesce(summed.estimated_calls, 0) as estimated_calls,
    coalesce(summed.two_draught_calls, 0) as two_draught_calls,
    coalesce(summed.one_draught_calls, 0) as one_draught_calls,
    coalesce(summed.terminal_calls, 0) as terminal_calls,
    coalesce(summed.payload_t, 0) as payload_t,
    coalesce(summed.square_t2, 0) as square_t2,
    coalesce(summed.variance_t2, 0) as variance_t2,
    coalesce(summed.payload_bbl, 0) as payload_bbl
from series_count
inner join series on series_count.series = series.series and series.cargo = 'tanker'
cross join kind
left join summed
    on
        series_count.series = summed.series
        and series_count.week = summed.week
        and series_count.water = summed.water
        and kind.direction is not distinct from summed.direction
        and kind.link_tier is not distinct from summed.link_tier
where series_count.water is not null
order by
    series_count.series,
    series_count.week,
    series_count.water,
    kind.direction nulls first,
    kind.link_tier nulls first
