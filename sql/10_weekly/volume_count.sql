-- Calls that move oil, and sums of their estimates, by week, water, direction and strength of the link; input of flows/derive/volume.py.
-- Grain: one series of tankers, week, water, direction and link_tier, a full grid; null for all directions, and for strong and moderate.
with kind as (
    select
        direction,
        link_tier
    from (select unnest([null, 'loading', 'discharging', 'unknown']) as direction)
    cross join (select unnest([null, 'strong', 'moderate']) as link_tier)
),

-- A call of unknown direction counts in each by its chance.
shared as (
    select
        call.*,
        kind.direction as kind_direction,
        kind.link_tier as kind_tier,
        coalesce(kind.direction = call.direction, true) as is_of_direction,
        case kind.direction
            when 'loading' then call.loading_p
            when 'discharging' then 1 - call.loading_p
            when 'unknown' then (call.direction = 'unknown')::integer
            else 1
        end::double as share,
        -- Taken for the other of the two directions, and with oil that may have gone this way.
        kind.direction in ('loading', 'discharging') and share = 0 and call.payload_t is not null
            as is_other_way
    from volume_call as call
    inner join kind on coalesce(kind.link_tier = call.link_tier, true)
),

summed as (
    select
        series,
        week,
        water,
        kind_direction as direction,
        kind_tier as link_tier,
        count(*) filter (where is_of_direction) as calls,
        count(payload_t) filter (where is_of_direction) as estimated_calls,
        count(*) filter (where is_of_direction and method = 'two draughts') as two_draught_calls,
        count(*) filter (where is_of_direction and method = 'one draught') as one_draught_calls,
        count(*) filter (where is_of_direction and method = 'terminal') as terminal_calls,
        count(*) filter (where is_of_direction and is_in_port) as in_port_calls,
        -- A fixed order makes the float sums reproducible.
        list_sum(list(share order by port_call_id) filter (where payload_t is not null))
            as estimated,
        list_sum(list(share order by port_call_id) filter (where payload_t is null)) as lacking,
        list_sum(
            list(share * (1 - share) order by port_call_id) filter (where payload_t is null)
        ) as lacking_variance,
        list_sum(list(share * payload_t order by port_call_id)) as payload_t,
        list_sum(list(share * pow(payload_t, 2) order by port_call_id)) as square_t2,
        list_sum(list(share * pow(payload_sd_t, 2) order by port_call_id)) as error_t2,
        -- An amount whose direction may be wrong may be missing here.
        list_sum(
            list(
                share * pow(payload_sd_t, 2)
                + case when kind_direction is null or share = 0 then 0 else wrong_p * (1 - wrong_p) end
                * pow(payload_t, 2)
                order by port_call_id
            )
        ) as variance_t2,
        -- And one taken for the other direction may have to be added: the chance of any, mean and variance.
        1 - exp(
            list_sum(list(ln(1 - wrong_p) order by port_call_id) filter (where is_other_way))
        ) as other_way_p,
        list_sum(
            list(wrong_p * payload_t order by port_call_id) filter (where is_other_way)
        ) as other_way_t,
        list_sum(
            list(wrong_p * (1 - wrong_p) * pow(payload_t, 2) order by port_call_id)
            filter (where is_other_way)
        ) as other_way_t2,
        list_sum(list(share * payload_bbl order by port_call_id)) as payload_bbl
    from shared
    group by series, week, water, kind_direction, kind_tier
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
    coalesce(summed.in_port_calls, 0) as in_port_calls,
    coalesce(summed.estimated, 0) as estimated,
    coalesce(summed.lacking, 0) as lacking,
    coalesce(summed.lacking_variance, 0) as lacking_variance,
    coalesce(summed.payload_t, 0) as payload_t,
    coalesce(summed.square_t2, 0) as square_t2,
    coalesce(summed.error_t2, 0) as error_t2,
    coalesce(summed.variance_t2, 0) as variance_t2,
    coalesce(summed.other_way_p, 0) as other_way_p,
    coalesce(summed.other_way_t, 0) as other_way_t,
    coalesce(summed.other_way_t2, 0) as other_way_t2,
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
