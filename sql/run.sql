-- The runs of this home; the last one made this catalogue.
-- Grain: one run (run_id). Inputs: run_record, the home's history and this run.
select
    run_id,
    as_of,
    code_version,
    inputs_hash,
    fences_hash,
    registers_hash,
    files_ingested,
    files_known,
    files_failed
from run_record
order by run_id
