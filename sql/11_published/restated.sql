-- Published numbers that a later publication changed, with the runs of both publications.
-- Grain: one changed number of a series: of a week, port and link_tier, or of a week of the whole coast (restatement_id).
with version as (
    select
        series,
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
    window earlier as (partition by series, week, port_id, link_tier order by publication_id)
),

published_run as (
    select distinct
        series,
        week,
        run_id
    from published_port_calls
),

-- Ports fenced after the week was published: their calls are new to that week. Other rows without
-- an earlier version are the rest of a publication interrupted by a crash.
fenced_since as (
    select
        version.publication_id,
        max(published_run.run_id) as old_run_id
    from version
    inner join published_run
        on
            version.series = published_run.series
            and version.week = published_run.week
            and version.run_id > published_run.run_id
    inner join run as later on version.run_id = later.run_id
    inner join run as previous on published_run.run_id = previous.run_id
    where
        version.old_publication_id is null
        and version.port_calls > 0
        and later.fences_hash <> previous.fences_hash
    group by version.publication_id
),

-- The first run for which the counted calls of a week are recorded.
call_known as (
    select
        series,
        week,
        min(run_id) as from_run_id
    from published_week
    group by series, week
),

port_changed as (
    select
        version.series,
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

-- The headline may change where no port's count does: an anchorage call is no longer counted
-- separately once the ship's berth call is known.
headline as (
    select
        series,
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
    window earlier as (partition by series, week order by run_id)
),

changed_number as (
    select
        series,
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
        series,
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
        series,
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
        series,
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
    -- The histories are append-only, so existing numbers do not change.
    row_number() over (
        order by
            changed_number.run_id nulls first,
            changed_number.publication_id,
            changed_number.week,
            changed_number.number,
            changed_number.series
    ) as restatement_id,
    changed_number.published_at as restated_at,
    changed_number.run_id,
    changed_number.old_run_id,
    changed_number.week,
    changed_number.number,
    changed_number.port_id,
    changed_number.link_tier,
    changed_number.old_calls as old_port_calls,
    changed_number.new_calls as new_port_calls,
    changed_number.old_state,
    changed_number.new_state,
    coalesce(call_known.from_run_id <= changed_number.old_run_id, false) as has_calls,
    changed_number.series
from changed_number
left join call_known
    on changed_number.series = call_known.series and changed_number.week = call_known.week
order by restatement_id
