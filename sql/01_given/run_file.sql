-- Which run found which input file in the lake first: the inputs of a run are those of all runs up to it.
-- Grain: one run and file (run_id, file_id). Inputs: run_file_record, from flows/derive/record.
select
    run_id,
    file_id,
    name,
    first_reported_at,
    last_reported_at,
    is_gone
from run_file_record
order by run_id, file_id
