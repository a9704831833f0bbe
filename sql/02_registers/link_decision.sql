-- What persons decided about a transmitter and a hull; it wins over what the ship sends.
-- Grain: one row of link_decisions.csv in the home. Inputs: decision_row, from flows/registers; meta.
with clock as (
    select coalesce((max(value) filter (where key = 'known_on'))::date, 'infinity'::date) as known_on
    from meta
)

select
    decision_row.line,
    decision_row.mmsi,
    decision_row.imo,
    decision_row.decision,
    decision_row.valid_from::timestamp as valid_from,
    -- A last day is meant whole.
    decision_row.valid_to::timestamp + interval 1 day as valid_to,
    decision_row.decided_by,
    decision_row.decided_on,
    decision_row.why
from decision_row
cross join clock
where decision_row.decided_on is null or decision_row.decided_on <= clock.known_on
order by decision_row.line
