-- Recall and precision of our calls against each witness, over all weeks, with the week's own visits.
-- Grain: one witness.
with matched as (
    select
        witness,
        count(*) filter (where witness_event_id is not null and is_in_recall) as week_events,
        count(*) filter (where match = 'both' and is_in_recall) as week_found,
        count(*) filter (where witness_event_id is not null and not is_in_recall)
            as week_set_aside,
        count(*) filter (where is_in_precision) as week_calls,
        count(*) filter (where match = 'both' and is_in_precision) as week_seen
    from witness_match
    where week = $week
    group by witness
)

select
    score.witness,
    score.events,
    score.events_found,
    score.events_set_aside,
    score.calls,
    score.calls_seen,
    round(score.recall::double, 3) as recall,
    round(score.recall_low_95::double, 3) as recall_low_95,
    round(score.recall_high_95::double, 3) as recall_high_95,
    round(score.precision::double, 3) as precision,
    round(score.precision_low_95::double, 3) as precision_low_95,
    round(score.precision_high_95::double, 3) as precision_high_95,
    coalesce(matched.week_events, 0) as week_events,
    coalesce(matched.week_found, 0) as week_found,
    coalesce(matched.week_set_aside, 0) as week_set_aside,
    coalesce(matched.week_calls, 0) as week_calls,
    coalesce(matched.week_seen, 0) as week_seen
from witness_score as score
left join matched on score.witness = matched.witness
where score.port_id is null and score.confidence is null
order by score.witness
