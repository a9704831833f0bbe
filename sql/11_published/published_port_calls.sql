-- Every published version of every row of weekly_port_calls.
-- Grain: one publication of one series, week, port and link_tier (publication_id).
with version as (
    from published_before
    union all by name
    from publication
),

dated_run as (
    select
        as_of,
        min(run_id) as run_id
    from run
    group by as_of
)

select
    version.publication_id,
    version.published_at,
    -- Early publications did not record their run: take the first one with that as-of time.
    coalesce(version.run_id, dated_run.run_id) as run_id,
    version.week,
    version.port_id,
    version.link_tier,
    version.port_calls,
    version.state,
    version.series
from version
left join dated_run on version.published_at = dated_run.as_of
order by version.publication_id
