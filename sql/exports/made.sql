-- When a catalogue was made, and whether of simulated files.
-- Grain: one row.
select
    value::timestamp as as_of,
    -- File names of the simulator (flows/simulate).
    coalesce((select bool_or(starts_with(name, 'simulated-')) from source_file), false)
        as is_simulated
from meta
where key = 'as_of'
order by as_of
