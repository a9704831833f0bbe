-- Published numbers that a later publication changed, each with the run of the one and of the other.
-- Grain: one changed number: of a week, port and link_tier, or of the coast's week (restatement_id).
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
),

port_changed as (
    select
        'port_calls' as number,
        version.publication_id,
        version.published_at,
        version.run_id,
        coalesce(fenced_since.old_run_id, version.old_run_id) as old_run_id,
        version.week,
        version.port_id,
        version.link_tier,
        version.old_port_calls as old_calls,
        version.port_calls as new_calls,
        version.old_state,
        version.state as new_state
    from version
    left join fenced_since on version.publication_id = fenced_since.publication_id
    where
        fenced_since.publication_id is not null
        or (
            version.old_publication_id is not null
            and (
                version.port_calls is distinct from version.old_port_calls
                or version.state <> version.old_state
            )
        )
),

-- The headline may change where no port's count does: a wait at anchor is no call of its own once
-- the ship's berth call is known.
headline as (
    select
        week,
        published_at,
        run_id,
        russian_linked_tanker_calls as new_calls,
        russian_linked_berth_calls as new_berth_calls,
        tanker_calls as new_tanker_calls,
        state as new_state,
        lag(run_id) over earlier as old_run_id,
        lag(russian_linked_tanker_calls) over earlier as old_calls,
        lag(russian_linked_berth_calls) over earlier as old_berth_calls,
        lag(tanker_calls) over earlier as old_tanker_calls,
        lag(state) over earlier as old_state
    from published_week
    window earlier as (partition by week order by run_id)
),

either as (
    select
        number,
        publication_id,
        published_at,
        run_id,
        old_run_id,
        week,
        port_id,
        link_tier,
        old_calls,
        new_calls,
        old_state,
        new_state
    from port_changed
    union all
    select
        'russian_linked_tanker_calls' as number,
        0 as publication_id,
        published_at,
        run_id,
        old_run_id,
        week,
        null as port_id,
        null as link_tier,
        old_calls,
        new_calls,
        old_state,
        new_state
    from headline
    where
        old_run_id is not null
        and (new_calls is distinct from old_calls or new_state <> old_state)
    union all
    select
        'russian_linked_berth_calls' as number,
        0 as publication_id,
        published_at,
        run_id,
        old_run_id,
        week,
        null as port_id,
        null as link_tier,
        old_berth_calls as old_calls,
        new_berth_calls as new_calls,
        old_state,
        new_state
    from headline
    where old_run_id is not null and new_berth_calls is distinct from old_berth_calls
    union all
    select
        'tanker_calls' as number,
        0 as publication_id,
        published_at,
        run_id,
        old_run_id,
        week,
        null as port_id,
        null as link_tier,
        old_tanker_calls as old_calls,
        new_tanker_calls as new_calls,
        old_state,
        new_state
    from headline
    where old_run_id is not null and new_tanker_calls is distinct from old_tanker_calls
)

select
    -- Histories only grow at their end, and so do these numbers.
    row_number() over (
        order by
            either.run_id nulls first,
            either.publication_id,
            either.week,
            either.number
    ) as restatement_id,
    either.published_at as restated_at,
    either.run_id,
    either.old_run_id,
    either.week,
    either.number,
    either.port_id,
    either.link_tier,
    either.old_calls as old_port_calls,
    either.new_calls as new_port_calls,
    either.old_state,
    either.new_state,
    coalesce(call_known.from_run_id <= either.old_run_id, false) as has_calls
from either
left join call_known on either.week = call_known.week
order by restatement_id
