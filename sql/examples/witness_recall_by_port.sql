-- How much of each port was heard, and how many of the visits that a witness saw there are calls of ours.
-- Grain: one Iranian port and witness; null where no witness saw a visit.
with heard as (
    select
        port_id,
        sum(observed_hours) as observed_hours
    from coverage
    group by port_id
)

select
    port.port_id,
    port.name,
    heard.observed_hours,
    score.witness,
    score.events,
    score.events_found,
    score.recall,
    score.recall_low_95,
    score.recall_high_95,
    score.events_set_aside
from port
left join heard on port.port_id = heard.port_id
left join witness_score as score on port.port_id = score.port_id
where port.country = 'IR'
order by port.port_id, score.witness
