-- Which version of each register a run used, and how old it was.
-- Grain: one run and register (run_id, register). Inputs: run_register_record, the home's history and this run.
select
    run_id,
    register,
    link_source,
    published_on,
    age_days,
    file_hash
from run_register_record
order by run_id, register
