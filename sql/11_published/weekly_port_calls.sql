-- Calls of each series by week, port and strength of the link to Russia, with their history of publication.
-- Grain: one series, week, port and link_tier, a full grid.
-- Key: series, week, port_id, link_tier.
with first_time as (
    select
        series,
        week,
        port_id,
        link_tier,
        -- By the order of the runs: the as-of time of a later run may be the earlier one.
        arg_min(published_at, publication_id) as first_published_at
    from published_port_calls as published
    group by series, week, port_id, link_tier
),

-- The last published count that differs from the current one.
restated as (
    select
        published.series,
        published.week,
        published.port_id,
        published.link_tier,
        published.port_calls as restated_from
    from published_port_calls as published
    inner join weekly_count as current
        on
            published.series = current.series
            and published.week = current.week
            and published.port_id = current.port_id
            and published.link_tier = current.link_tier
    where published.port_calls is distinct from current.port_calls
    qualify row_number() over (
        partition by
            published.series, published.week, published.port_id, published.link_tier
        order by published.publication_id desc
    ) = 1
)

select
    current.week,
    current.week_start,
    current.port_id,
    current.link_tier,
    current.port_calls,
    current.berth_calls,
    current.vessels,
    current.observed_share,
    current.state,
    first_time.first_published_at,
    restated.restated_from,
    current.in_port_calls,
    current.series
from weekly_count as current
left join first_time
    on
        current.series = first_time.series
        and current.week = first_time.week
        and current.port_id = first_time.port_id
        and current.link_tier = first_time.link_tier
left join restated
    on
        current.series = restated.series
        and current.week = restated.week
        and current.port_id = restated.port_id
        and current.link_tier = restated.link_tier
order by current.series, current.week, current.port_id, current.link_tier
