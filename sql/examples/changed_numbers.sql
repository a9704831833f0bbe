-- Published numbers that a later run changed, newest change first, with the reasons and the calls.
-- Grain: one change of a published number.
select
    restatement.series,
    restatement.restated_at,
    restatement.week,
    restatement.port_id,
    port.name as port_name,
    restatement.link_tier,
    restatement.number,
    restatement.old_port_calls,
    restatement.new_port_calls,
    restatement.old_state,
    restatement.new_state,
    restatement.reasons,
    restatement.detail
from restatement
left join port on restatement.port_id = port.port_id
order by restatement.restatement_id desc
