-- Visits that witnesses saw in a week against our calls, as the report's CSV.
-- Grain: one visit that began in $week, or one call that a witness did not see.
select
    witness_match.week,
    witness_match.witness,
    witness_match.match,
    witness_match.kind,
    witness_match.port_id,
    port.name as port_name,
    witness_match.mmsi,
    witness_match.imo,
    witness_match.began_at,
    witness_match.ended_at,
    witness_match.arrived_at,
    witness_match.departed_at,
    witness_match.confidence,
    witness_match.call_confidence,
    round(witness_match.heard_share::double, 3) as heard_share,
    witness_match.is_in_recall,
    witness_match.is_in_precision,
    witness_match.reason,
    witness_match.port_call_id,
    witness_match.witness_event_id
from witness_match
inner join port on witness_match.port_id = port.port_id
where witness_match.week = $week
order by
    coalesce(witness_match.began_at, witness_match.arrived_at),
    witness_match.witness,
    witness_match.witness_event_id nulls last,
    witness_match.port_call_id
