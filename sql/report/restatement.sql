-- Restatements for a week's report: numbers of previously published weeks that changed since the last report.
-- Grain: one changed number of a week (of the coast, or of a port and link_tier), or one change of states only.
with first_time as (
    select
        week,
        min(run_id) as run_id
    from published_port_calls
    where series = getvariable('series')
    group by week
),

-- From the last earlier run that published a new week to the run that published this week: the
-- changes between two reports. The result is final once the week is published; before, it runs to now.
reported as (
    select
        coalesce(
            (select max(run_id) from first_time where run_id < coalesce(this_week.run_id, 'infinity'::double)),
            0
        ) as after_run_id,
        coalesce(this_week.run_id, 'infinity'::double) as last_run_id
    from (select max(run_id) filter (where week = $week) as run_id from first_time) as this_week
),

selected as (
    select
        restatement.restatement_id,
        restatement.restated_at,
        restatement.run_id,
        restatement.week,
        restatement.number,
        restatement.port_id,
        restatement.link_tier,
        restatement.old_port_calls,
        restatement.new_port_calls,
        restatement.old_state,
        restatement.new_state,
        restatement.reasons,
        restatement.detail,
        restatement.calls_came,
        restatement.calls_went,
        -- For a null that became 0, or the reverse, the change of state is enough.
        restatement.number <> 'port_calls'
        or coalesce(restatement.old_port_calls, 0) <> coalesce(restatement.new_port_calls, 0)
            as is_number_change
    from restatement
    cross join reported
    where
        restatement.series = getvariable('series')
        and (
            restatement.week = $week
            or (
                restatement.run_id > reported.after_run_id
                and restatement.run_id <= reported.last_run_id
            )
        )
),

-- A file that fills a gap in reception changes the state of every port and tier: such changes are
-- grouped, so that changed counts remain visible.
change as (
    select
        restatement_id,
        restated_at,
        run_id,
        week,
        number,
        port_id,
        link_tier,
        case when port_id is null then null else 1 end as ports,
        old_port_calls,
        new_port_calls,
        old_state,
        new_state,
        reasons,
        detail,
        calls_came,
        calls_went
    from selected
    where is_number_change
    union all
    select
        min(restatement_id) as restatement_id,
        restated_at,
        run_id,
        week,
        'state' as number,
        null as port_id,
        null as link_tier,
        count(distinct port_id) as ports,
        null as old_port_calls,
        null as new_port_calls,
        old_state,
        new_state,
        reasons,
        detail,
        null as calls_came,
        null as calls_went
    from selected
    where not is_number_change
    group by restated_at, run_id, week, old_state, new_state, reasons, detail
)

select
    change.restated_at,
    change.run_id,
    change.week,
    change.number,
    change.port_id,
    port.name as port_name,
    change.link_tier,
    change.ports,
    change.old_port_calls,
    change.new_port_calls,
    change.old_state,
    change.new_state,
    change.reasons,
    change.detail,
    change.calls_came,
    change.calls_went
from change
left join port on change.port_id = port.port_id
order by
    change.week desc,
    change.run_id desc,
    list_position(
        [
            'russian_linked_berth_calls', 'russian_linked_tanker_calls', 'tanker_calls',
            'port_calls', 'state'
        ],
        change.number
    ),
    change.port_id,
    list_position(['strong', 'moderate', 'weak', 'none'], change.link_tier),
    change.restatement_id
