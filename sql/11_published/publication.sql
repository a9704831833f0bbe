-- What this run publishes: rows of closed weeks that are new, or differ from what was published last.
-- Grain: one week, port and link_tier.
with last_published as (
    select
        week,
        port_id,
        link_tier,
        port_calls,
        state
    from published_before
    qualify row_number() over (
        partition by week, port_id, link_tier
        order by publication_id desc
    ) = 1
)

select
    coalesce((select max(publication_id) from published_before), 0)
    + row_number() over (order by now.week, now.port_id, now.link_tier) as publication_id,
    publishing.run_id,
    publishing.published_at,
    now.week,
    now.port_id,
    now.link_tier,
    now.port_calls,
    now.state
from weekly_count as now
cross join publishing
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
order by publication_id
