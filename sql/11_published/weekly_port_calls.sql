-- Tanker calls by week, port and strength of the link to Russia, with their history of publication.
-- Grain: one week, port and link_tier, a full grid.
with first_time as (
    select
        week,
        port_id,
        link_tier,
        min(published_at) as first_published_at
    from published_port_calls as published
    group by week, port_id, link_tier
),

-- The last count that was published and is no longer true.
restated as (
    select
        published.week,
        published.port_id,
        published.link_tier,
        published.port_calls as restated_from
    from published_port_calls as published
    inner join weekly_count as now
        on
            published.week = now.week
            and published.port_id = now.port_id
            and published.link_tier = now.link_tier
    where published.port_calls is distinct from now.port_calls
    qualify row_number() over (
        partition by published.week, published.port_id, published.link_tier
        order by published.publication_id desc
    ) = 1
)

select
    now.week,
    now.week_start,
    now.port_id,
    now.link_tier,
    now.port_calls,
    now.berth_calls,
    now.vessels,
    now.observed_share,
    now.state,
    first_time.first_published_at,
    restated.restated_from,
    now.in_port_calls
from weekly_count as now
left join first_time
    on
        now.week = first_time.week
        and now.port_id = first_time.port_id
        and now.link_tier = first_time.link_tier
left join restated
    on
        now.week = restated.week
        and now.port_id = restated.port_id
        and now.link_tier = restated.link_tier
order by now.week, now.port_id, now.link_tier
