-- What a reader of a week's report must know of weeks that were reported before: numbers that were changed since.
-- Grain: one changed number of a week (of the coast, or of a port and link_tier), or one change of its ports' states alone.
with first_time as (
    select
        week,
        min(run_id) as run_id
    from published_port_calls
    group by week
),

-- From the last run before that brought a new week, to the one that brought this: what changed
-- between two reports, and it stays the same once the week is out. Before it is, up to now.
reported as (
    select
        coalesce(
            (select max(run_id) from first_time where run_id < coalesce(this.run_id, 'infinity'::double)),
            0
        ) as after_run_id,
        coalesce(this.run_id, 'infinity'::double) as last_run_id
    from (select max(run_id) filter (where week = $week) as run_id from first_time) as this
),

wanted as (
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
        -- Of a null that became 0, or the other way, the state says all.
        restatement.number <> 'port_calls'
        or coalesce(restatement.old_port_calls, 0) <> coalesce(restatement.new_port_calls, 0)
            as is_told
    from restatement
    cross join reported
    where
        restatement.week = $week
        or (
            restatement.run_id > reported.after_run_id
            and restatement.run_id <= reported.last_run_id
        )
),

-- A file that fills a silence changes the state of every port and tier: a row each would bury the
-- counts.
told as (
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
    from wanted
    where is_told
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
    from wanted
    where not is_told
    group by restated_at, run_id, week, old_state, new_state, reasons, detail
)

select
    told.restated_at,
    told.run_id,
    told.week,
    told.number,
    told.port_id,
    port.name as port_name,
    told.link_tier,
    told.ports,
    told.old_port_calls,
    told.new_port_calls,
    told.old_state,
    told.new_state,
    told.reasons,
    told.detail,
    told.calls_came,
    told.calls_went
from told
left join port on told.port_id = port.port_id
order by
    told.week desc,
    told.run_id desc,
    list_position(
        [
            'russian_linked_berth_calls', 'russian_linked_tanker_calls', 'tanker_calls',
            'port_calls', 'state'
        ],
        told.number
    ),
    told.port_id,
    list_position(['strong', 'moderate', 'weak', 'none'], told.link_tier),
    told.restatement_id
