-- Estimates of the calls that move oil by week and water, by the two views of the change test; input of flows/derive/volume_change.py.
-- Grain: one series of tankers, week, water and view: with all links known today, or those known at the call.
with viewed as (
    select
        series,
        week,
        water,
        unnest(case when was_known_at_call then ['today', 'at_call'] else ['today'] end) as view,
        port_call_id,
        payload_t,
        payload_sd_t
    from volume_call
)

select
    series,
    week,
    water,
    view,
    count(*) as calls,
    count(payload_t) as estimated_calls,
    -- A fixed order makes the float sums reproducible.
    coalesce(list_sum(list(payload_t order by port_call_id)), 0) as payload_t,
    coalesce(list_sum(list(pow(payload_t, 2) order by port_call_id)), 0) as square_t2,
    coalesce(list_sum(list(pow(payload_sd_t, 2) order by port_call_id)), 0) as variance_t2
from viewed
group by series, week, water, view
order by series, week, water, view
