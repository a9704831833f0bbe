-- Restatements that are none: of what was not published so, without a difference, or without a known reason.
-- Grain: one restatement at fault (restatement_id).
with published as (
    select
        'port_calls' as number,
        run_id,
        week,
        port_id,
        link_tier,
        port_calls as calls,
        state
    from published_port_calls
    union all
    select
        'russian_linked_tanker_calls' as number,
        run_id,
        week,
        null as port_id,
        null as link_tier,
        russian_linked_tanker_calls as calls,
        state
    from published_week
    union all
    select
        'russian_linked_berth_calls' as number,
        run_id,
        week,
        null as port_id,
        null as link_tier,
        russian_linked_berth_calls as calls,
        state
    from published_week
    union all
    select
        'tanker_calls' as number,
        run_id,
        week,
        null as port_id,
        null as link_tier,
        tanker_calls as calls,
        state
    from published_week
),

unpublished as (
    select restatement.restatement_id
    from restatement
    anti join published as now
        on
            restatement.number = now.number
            and restatement.run_id is not distinct from now.run_id
            and restatement.week = now.week
            and restatement.port_id is not distinct from now.port_id
            and restatement.link_tier is not distinct from now.link_tier
            and restatement.new_port_calls is not distinct from now.calls
            and restatement.new_state = now.state
    union
    select restatement.restatement_id
    from restatement
    anti join published as before
        on
            restatement.number = before.number
            and restatement.old_run_id is not distinct from before.run_id
            and restatement.week = before.week
            and restatement.port_id is not distinct from before.port_id
            and restatement.link_tier is not distinct from before.link_tier
            and restatement.old_port_calls is not distinct from before.calls
            and restatement.old_state = before.state
    -- Null before: the port had no fence then.
    where restatement.old_state is not null
),

without_reason as (
    select distinct told.restatement_id
    from (
        select
            restatement_id,
            unnest(split(reasons, '; ')) as reason
        from restatement
    ) as told
    where
        told.reason not in (
            'late file', 'later data', 'file gone', 'new listing', 'link decision',
            'changed fence', 'code version', 'unknown'
        )
)

select
    restatement.restatement_id,
    restatement.week,
    restatement.number,
    restatement.port_id,
    restatement.link_tier,
    restatement.old_port_calls,
    restatement.new_port_calls,
    restatement.reasons
from restatement
left join unpublished on restatement.restatement_id = unpublished.restatement_id
left join without_reason on restatement.restatement_id = without_reason.restatement_id
where
    unpublished.restatement_id is not null
    or without_reason.restatement_id is not null
    or (
        restatement.old_port_calls is not distinct from restatement.new_port_calls
        and restatement.old_state is not distinct from restatement.new_state
    )
order by restatement.restatement_id
