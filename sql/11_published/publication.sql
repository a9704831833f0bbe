-- What this run publishes: rows of closed weeks that are new, or differ from what was published last.
-- Grain: one week, port and link_tier. Inputs: weekly_count, published, meta.
with last_published as (
    select
        week,
        port_id,
        link_tier,
        port_calls,
        state
    from published
    qualify row_number() over (
        partition by week, port_id, link_tier
        order by publication_id desc
    ) = 1
),

clock as (
    select value::timestamp as as_of
    from meta
    where key = 'as_of'
)

select
    clock.as_of as published_at,
    now.week,
    now.port_id,
    now.link_tier,
    now.port_calls,
    now.state
from weekly_count as now
cross join clock
left join last_published as before
    on
        now.week = before.week
        and now.port_id = before.port_id
        and now.link_tier = before.link_tier
where
    now.state <> 'open'
    and (
        before.week is null
        or now.port_calls is distinct from before.port_calls
        or now.state <> before.state
    )
order by now.week, now.port_id, now.link_tier
