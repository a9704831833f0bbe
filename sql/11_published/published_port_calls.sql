-- Every version of every row of weekly_port_calls that was published, as it was published.
-- Grain: one publication of one week, port and link_tier (publication_id). Inputs: published, the home's history and this run; run.
with dated_run as (
    select
        as_of,
        min(run_id) as run_id
    from run
    group by as_of
)

select
    published.publication_id,
    published.published_at,
    -- Publications did not name their run at first: it is the first one of that as-of time.
    coalesce(published.run_id, dated_run.run_id) as run_id,
    published.week,
    published.port_id,
    published.link_tier,
    published.port_calls,
    published.state
from published
left join dated_run on published.published_at = dated_run.as_of
order by published.publication_id
