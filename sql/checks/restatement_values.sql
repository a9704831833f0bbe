-- Restatements that are none: of nothing that was published, without a difference, or without a reason.
-- Grain: one restatement at fault (restatement_id). Inputs: restatement, published_port_calls.
select
    restatement.restatement_id,
    restatement.week,
    restatement.port_id,
    restatement.link_tier,
    restatement.old_port_calls,
    restatement.new_port_calls,
    restatement.reasons
from restatement
left join published_port_calls as now on restatement.restatement_id = now.publication_id
left join published_port_calls as before
    on
        restatement.week = before.week
        and restatement.port_id = before.port_id
        and restatement.link_tier = before.link_tier
        and restatement.restatement_id > before.publication_id
        and restatement.old_port_calls is not distinct from before.port_calls
        and restatement.old_state = before.state
where
    now.publication_id is null
    or restatement.new_port_calls is distinct from now.port_calls
    or restatement.new_state is distinct from now.state
    -- Null before: the port had no fence then.
    or (restatement.old_state is not null and before.publication_id is null)
    or (
        restatement.old_port_calls is not distinct from restatement.new_port_calls
        and restatement.old_state is not distinct from restatement.new_state
    )
    or restatement.reasons = ''
    or exists (
        select 1
        from (select unnest(split(restatement.reasons, '; ')) as reason) as told
        where
            told.reason not in (
                'late file', 'later data', 'file gone', 'new listing', 'link decision',
                'changed fence', 'code version', 'unknown'
            )
    )
group by all
order by restatement.restatement_id
