-- Calls that move oil, and sums of their estimates, by week and water in the two views of the change test; input of flows/derive/volume_change.py.
-- Grain: one series of tankers, week, water and view, a full grid: with all links known today, or those known at the call.
with viewed as (
    select
        series,
        week,
        water,
        unnest(case when was_known_at_call then ['today', 'at_call'] else ['today'] end) as view,
        port_call_id,
        payload_t,
        payload_sd_t,
        payload_bbl
    from volume_call
),

summed as (
    select
        series,
        week,
        water,
        view,
        count(*) as calls,
        count(payload_t) as estimated_calls,
        -- A fixed order makes the float sums reproducible.
        list_sum(list(payload_t order by port_call_id)) as payload_t,
        list_sum(list(pow(payload_t, 2) order by port_call_id)) as square_t2,
        list_sum(list(pow(payload_sd_t, 2) order by port_call_id)) as variance_t2,
        list_sum(list(payload_bbl order by port_call_id)) as payload_bbl
    from viewed
    group by series, week, water, view
)

select
    series_count.series,
    series_count.week,
    series_count.water,
    kind.view,
    null::varchar as direction,
    null::varchar as link_tier,
    series_count.is_open,
    series_count.observed_share,
    series_count.untyped_linked_calls,
    coalesce(summed.calls, 0) as calls,
    coalesce(summed.estimated_calls, 0) as estimated_calls,
    coalesce(summed.estimated_calls, 0)::double as estimated,
    coalesce(summed.calls - summed.estimated_calls, 0)::double as lacking,
    0.0::double as lacking_variance,
    coalesce(summed.payload_t, 0) as payload_t,
    coalesce(summed.square_t2, 0) as square_t2,
    coalesce(summed.variance_t2, 0) as error_t2,
    coalesce(summed.variance_t2, 0) as variance_t2,
    0.0::double as other_way_p,
    0.0::double as other_way_t,
    0.0::double as other_way_t2,
    coalesce(summed.payload_bbl, 0) as payload_bbl
from series_count
inner join series on series_count.series = series.series and series.cargo = 'tanker'
cross join (select unnest(['today', 'at_call']) as view) as kind
left join summed
    on
        series_count.series = summed.series
        and series_count.week = summed.week
        and series_count.water = summed.water
        and kind.view = summed.view
where series_count.water is not null
order by series_count.series, series_count.week, series_count.water, kind.view
