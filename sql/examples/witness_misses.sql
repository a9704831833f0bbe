-- Visits to Iranian ports that a witness saw, that could have been heard, and that are no call of ours: what to look at first.
-- Grain: one visit.
select
    witness_match.witness,
    witness_match.port_id,
    witness_match.mmsi,
    witness_match.began_at,
    witness_match.ended_at,
    witness_match.confidence,
    witness_match.heard_share,
    witness_match.reason,
    witness_event.reference
from witness_match
inner join witness_event on witness_match.witness_event_id = witness_event.witness_event_id
where witness_match.match = 'theirs alone' and witness_match.is_in_recall
order by witness_match.began_at, witness_match.witness_event_id
