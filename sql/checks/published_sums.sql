-- Published counts that are not the sum of the calls published with them.
-- Grain: one published number at fault.
with call_known as (
    select
        week,
        min(run_id) as from_run_id
    from published_week
    group by week
),

headline as (
    select
        published.week,
        published.run_id,
        published.russian_linked_tanker_calls as told,
        count(call.port_call_id) filter (where call.link_tier in ('strong', 'moderate')) as counted
    from published_week as published
    left join published_call as call
        on
            published.week = call.week
            and published.run_id >= call.run_id
            and coalesce(published.run_id < call.until_run_id, true)
            and call.is_counted
            and call.is_headline
    group by published.week, published.run_id, published.russian_linked_tanker_calls
),

all_tankers as (
    select
        published.week,
        published.run_id,
        published.tanker_calls as told,
        count(call.port_call_id) as counted
    from published_week as published
    left join published_call as call
        on
            published.week = call.week
            and published.run_id >= call.run_id
            and coalesce(published.run_id < call.until_run_id, true)
            and call.is_counted
            and call.is_headline
    group by published.week, published.run_id, published.tanker_calls
),

port_count as (
    select
        published.week,
        published.run_id,
        published.port_id,
        published.link_tier,
        published.port_calls as told,
        count(call.port_call_id) as counted
    from published_port_calls as published
    inner join call_known
        on published.week = call_known.week and published.run_id >= call_known.from_run_id
    left join published_call as call
        on
            published.week = call.week
            and published.port_id = call.port_id
            and published.link_tier = call.link_tier
            and published.run_id >= call.run_id
            and coalesce(published.run_id < call.until_run_id, true)
            and call.is_counted
    group by
        published.publication_id,
        published.week,
        published.run_id,
        published.port_id,
        published.link_tier,
        published.port_calls
),

either as (
    select
        week,
        run_id,
        null as port_id,
        null as link_tier,
        told,
        counted
    from headline
    union all
    select
        week,
        run_id,
        null as port_id,
        null as link_tier,
        told,
        counted
    from all_tankers
    union all
    select
        week,
        run_id,
        port_id,
        link_tier,
        told,
        counted
    from port_count
)

select
    week,
    run_id,
    port_id,
    link_tier,
    told,
    counted
from either
where coalesce(told, 0) <> counted
order by week, run_id, port_id nulls first, link_tier, told, counted
