-- What persons decided about a transmitter and a hull; it wins over everything else.
-- Grain: one row of link_decisions.csv in the home. Inputs: decision_row, from flows/registers.
select
    line,
    mmsi,
    imo,
    decision,
    valid_from::timestamp as valid_from,
    -- A last day is meant whole.
    valid_to::timestamp + interval 1 day as valid_to,
    decided_by,
    decided_on,
    why
from decision_row
order by line
