-- Rows published by this run: of closed weeks, new or different from the last publication.
-- Grain: one series, week, port and link_tier.
with last_published as (
    select
        series,
        week,
        port_id,
        link_tier,
        port_calls,
        state
    from published_before
    qualify row_number() over (
        partition by series, week, port_id, link_tier
        order by publication_id desc
    ) = 1
)

select
    coalesce((select max(publication_id) from published_before), 0)
    + row_number() over (
        order by current.week, current.port_id, current.link_tier, current.series
    ) as publication_id,
    publishing.run_id,
    publishing.published_at,
    current.week,
    current.port_id,
    current.link_tier,
    current.port_calls,
    current.state,
    current.series
from weekly_count as current
cross join publishing
left join last_published as previous
    on
        current.series = previous.series
        and current.week = previous.week
        and current.port_id = previous.port_id
        and current.link_tier = previous.link_tier
where
    current.state <> 'open'
    and (
        previous.week is null
        or current.port_calls is distinct from previous.port_calls
        or current.state <> previous.state
    )
order by publication_id
