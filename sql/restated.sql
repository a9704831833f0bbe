-- Published counts that a later publication changed, each with the run of the one and of the other.
-- Grain: one later publication of one week, port and link_tier (restatement_id). Inputs: published_port_calls, published_week, run.
with version as (
    select
        publication_id,
        published_at,
        run_id,
        week,
        port_id,
        link_tier,
        port_calls,
        state,
        lag(publication_id) over earlier as old_publication_id,
        lag(run_id) over earlier as old_run_id,
        lag(port_calls) over earlier as old_port_calls,
        lag(state) over earlier as old_state
    from published_port_calls
    window earlier as (partition by week, port_id, link_tier order by publication_id)
),

published_run as (
    select distinct
        week,
        run_id
    from published_port_calls
),

-- A port that got its fence when the week was out already: its calls are new to that week. Other
-- rows without a version before are the rest of a publication that a crash cut.
fenced_since as (
    select
        version.publication_id,
        max(published_run.run_id) as old_run_id
    from version
    inner join published_run
        on version.week = published_run.week and version.run_id > published_run.run_id
    inner join run as now on version.run_id = now.run_id
    inner join run as before on published_run.run_id = before.run_id
    where
        version.old_publication_id is null
        and version.port_calls > 0
        and now.fences_hash <> before.fences_hash
    group by version.publication_id
),

-- From which run on it is known which calls were counted for a week.
call_known as (
    select
        week,
        min(run_id) as from_run_id
    from published_week
    group by week
)

select
    version.publication_id as restatement_id,
    version.published_at as restated_at,
    version.run_id,
    coalesce(fenced_since.old_run_id, version.old_run_id) as old_run_id,
    version.week,
    version.port_id,
    version.link_tier,
    version.old_port_calls,
    version.port_calls as new_port_calls,
    version.old_state,
    version.state as new_state,
    coalesce(
        call_known.from_run_id <= coalesce(fenced_since.old_run_id, version.old_run_id), false
    ) as has_calls
from version
left join fenced_since on version.publication_id = fenced_since.publication_id
left join call_known on version.week = call_known.week
where
    fenced_since.publication_id is not null
    or (
        version.old_publication_id is not null
        and (
            version.port_calls is distinct from version.old_port_calls
            or version.state <> version.old_state
        )
    )
order by version.publication_id
